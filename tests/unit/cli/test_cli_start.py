"""Starting: what is imported for what, help that says exit codes and gives examples, streams that close early."""

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from truehelo import __version__
from truehelo.cli.main import COMMANDS

Cli = Callable[..., tuple[int, str, str]]
HEAVY = (
    "dns",
    "rich",
    "cryptography",
    "whoisit",
    "publicsuffixlist",
    "asyncio",
    "truehelo.engine",
    "truehelo.lab",
    "truehelo.checks",
)


def _modules(*arguments: str) -> set[str]:
    """The modules that are imported by a command line, in a process of its own."""
    script = (
        "import sys, atexit\n"
        "atexit.register(lambda: sys.stderr.write('MODULES ' + ' '.join(sorted(sys.modules))))\n"
        f"sys.argv = ['truehelo', *{arguments!r}]\n"
        "from truehelo.__main__ import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.rpartition("MODULES ")[2].split())


def test_version_imports_next_to_nothing() -> None:
    loaded = _modules("--version")
    assert not loaded & {"click", *HEAVY}
    assert not [name for name in loaded if name.startswith("truehelo.") and name != "truehelo.__main__"]


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_help_imports_neither_dns_nor_rich(command: str) -> None:
    assert not _modules(command, "--help") & set(HEAVY)


@pytest.mark.parametrize("command", ["json", "csv", "junit"])
def test_a_format_imports_no_other(command: str) -> None:
    script = (
        "import sys\n"
        "from truehelo.render import render, FORMATS\n"
        "from truehelo.findings import Audit\n"
        "from datetime import datetime, UTC\n"
        "audit = Audit(asked=(), started=datetime.now(UTC), elapsed_s=0.0, resolvers=(), subjects=())\n"
        f"render(audit, {command!r})\n"
        "print(' '.join(name for name in sys.modules if name.startswith('truehelo.render.')))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "truehelo.render.sarif" not in done.stdout.split()
    assert "truehelo.render.text" not in done.stdout.split()


def test_version_is_the_version(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from truehelo.__main__ import main

    monkeypatch.setattr(sys, "argv", ["truehelo", "--version"])
    main()
    assert capsys.readouterr().out == f"truehelo {__version__}\n"


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_help_has_examples_and_exit_codes(cli: Cli, command: str) -> None:
    code, out, _ = cli(command, "--help")
    assert code == 0
    assert f"truehelo {command}" in out.partition("Examples:")[2]
    assert "Exit codes:" in out


@pytest.mark.parametrize("command", ["", *sorted(COMMANDS)])
def test_every_help_keeps_to_eighty_columns(cli: Cli, command: str) -> None:
    _, out, _ = cli(*([command] if command else []), "--help")
    assert [line for line in out.splitlines() if len(line) > 80] == []


def test_the_list_of_commands_is_complete(cli: Cli) -> None:
    _, out, _ = cli("--help")
    assert all(f"  {command}" in out for command in COMMANDS)


def test_no_command_at_all_prints_the_help_and_fails(cli: Cli) -> None:
    code, _, err = cli()
    assert code == 2
    assert "Usage:" in err


def _ends_early(*arguments: str) -> tuple[int, bytes]:
    process = subprocess.Popen(
        [sys.executable, "-m", "truehelo", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ}
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    return process.wait(), err


def test_a_reader_that_goes_away_is_no_error() -> None:
    assert _ends_early("explain") == (0, b"")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(("--version",), 0), (("explain", "PTR_MISSING"), 0), (("check", "-"), 2), (("check", "1.2.3"), 2)],
)
@pytest.mark.parametrize("closed", [0, 1, 2])
def test_a_stream_that_is_closed_from_the_start_is_no_bug(arguments: tuple[str, ...], code: int, closed: int) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "truehelo", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        preexec_fn=lambda: os.close(closed),
    )
    assert done.returncode == code
    assert b"bug" not in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("asked", [{"PYTHONIOENCODING": "latin-1"}, {"LC_ALL": "C"}])
def test_another_encoding_gets_ascii(asked: dict[str, str]) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in ("LC_ALL", "PYTHONIOENCODING")}
    done = subprocess.run(
        [sys.executable, "-m", "truehelo", "explain", "PTR_MISSING"],
        capture_output=True,
        check=True,
        env={**environment, **asked},
    )
    assert done.stdout.isascii()
