"""Starting: what is imported for what, help that says exit codes and gives examples, streams that close early."""

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

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
    "arguments",
    [("--version",), ("--help",), ("check", "--help"), ("check", "-fnagios")],
)
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_is_told_in_one_sentence(arguments: tuple[str, ...], unbuffered: str) -> None:
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "truehelo", *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env=environment,
        )
    assert done.returncode in (2, 3)
    assert done.stderr.startswith("truehelo: ")
    assert done.stderr.count("\n") == 1, done.stderr


@pytest.mark.parametrize("arguments", [("--version",), ("--help",), ("check", "--help")])
def test_a_reader_that_has_gone_before_the_start_is_no_error(arguments: tuple[str, ...]) -> None:
    assert _ends_early(*arguments) == (0, b"")


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


def _watches(database: Path) -> bool:
    """Whether a watch has given its first sign of life: it takes signals from then on."""
    with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(database)) as store:
        return bool(store.execute("SELECT count(*) FROM meta WHERE key LIKE 'heartbeat%'").fetchone()[0])
    return False


@pytest.mark.parametrize("into", ["a reader that has gone", "/dev/full"])
def test_a_watch_whose_log_nobody_takes_goes_on_and_stops_when_it_is_told(tmp_path: Path, into: str) -> None:
    database = tmp_path / "watch.db"
    reader, writer = (None, os.open(into, os.O_WRONLY)) if into.startswith("/") else os.pipe()
    if reader is not None:
        os.close(reader)
    with subprocess.Popen(
        [sys.executable, "-m", "truehelo", "watch", "--database", str(database)], stderr=writer, cwd=tmp_path
    ) as process:
        os.close(writer)
        until = time.monotonic() + 60
        while process.poll() is None and not _watches(database) and time.monotonic() < until:
            time.sleep(0.05)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        try:
            assert process.wait(30) == 0
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("arguments", "stream", "code"), [(("watch", "--check-config"), 1, 2), (("watch", "--config", "none.toml"), 2, 2)]
)
def test_a_full_disk_is_no_bug_of_what_a_watch_is_asked(
    tmp_path: Path, arguments: tuple[str, ...], stream: int, code: int
) -> None:
    with Path("/dev/full").open("wb") as full:
        outputs = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, ("stdout", "stderr")[stream - 1]: full}
        words = [sys.executable, "-m", "truehelo", *arguments]
        done = subprocess.run(words, check=False, cwd=tmp_path, timeout=60, **outputs)
    assert (done.returncode, b"bug" in (done.stderr or b"")) == (code, False)


CHANNEL = '[[channel]]\nname = "pager"\nkind = "command"\nargv = ["true"]\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[watch]\nresolvers = ["bogus"]', "watch.toml: [watch] resolvers: bogus: is not the address of a resolver; "),
        ('[watch]\nconnect_to = ["bogus"]', "watch.toml: [watch] connect_to: bogus: "),
        ('[blocklists]\nlists = ["nosuch"]', "watch.toml: [blocklists]: the blocklist 'nosuch': is not known; "),
        ('[blocklists]\nkeys_file = "none.toml"', "watch.toml: [blocklists]: none.toml: "),
        ('[store]\ndatabase = "mysql://x/y"', "watch.toml: [store]: mysql://x/y: is of a kind that is not supported; "),
        ('[store]\ndatabase_env = "THERE_IS_NONE"', "THERE_IS_NONE"),
        (
            '[watch]\nignore = ["PTR_MISISNG"]',
            "] ignore: tag 'PTR_MISISNG': is no tag, and fits none; near to it are ",
        ),
        (
            '[watch]\nignore = ["ptr_missing"]',
            "tag 'ptr_missing': is no tag, and fits none; PTR_MISSING is one: case ",
        ),
        (
            '[watch]\nignore = ["SPF_RECORD_CHANGED"]',
            "tag 'SPF_RECORD_CHANGED': is no finding of a check; ",
        ),
        (
            f'{CHANNEL}[[route]]\nchannels = ["pager"]\ntags = ["PTR_MISISNG"]',
            "[[route]] 1 tags: tag 'PTR_MISISNG': is ",
        ),
    ],
)
def test_check_config_refuses_what_a_watch_cannot_use(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TRUEHELO_DATABASE", raising=False)
    Path("watch.toml").write_text(text)
    code, out, err = cli("watch", "--check-config", "-c", "watch.toml")
    assert (code, out) == (2, "")
    assert said in err


def test_check_config_takes_what_a_watch_can_use(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TRUEHELO_DATABASE", raising=False)
    Path("watch.toml").write_text(
        '[watch]\nresolvers = ["192.0.2.53"]\nconnect_to = [":25::2525"]\nignore = ["PTR_GENERIC", "HELO_SPF_*"]\n'
        f'[blocklists]\nlists = ["spamcop"]\n[store]\ndatabase = "watch.db"\n{CHANNEL}[[route]]\nchannels = ["pager"]\n'
        'tags = ["DNSBL_LISTED", "DNSBL_LISTED:spamcop", "*_RECORD_CHANGED", "PTR_[GM]*", "CANNOT_SEE"]\n'
    )
    assert cli("watch", "--check-config", "-c", "watch.toml") == (0, "watch.toml: good\n", "")
    assert not Path("watch.db").exists()


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
