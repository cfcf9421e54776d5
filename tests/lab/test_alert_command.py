"""The command channel with real processes: what they get, what their end means, and that none outlives its time."""

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from support.messages import EVIL, KEY, OPENED
from truehelo.alerts import Place
from truehelo.alerts.command import CommandChannel, build
from truehelo.configuration.channels import CommandSettings
from truehelo.monitoring import Message
from truehelo.ports import ChannelError

ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": "/nowhere", "DATABASE_URL": "secret", "PAGER_TOKEN": "hunter2hunter2"}


def channel(folder: Path, *argv: str, timeout_s: float = 10.0, **more: Any) -> CommandChannel:
    settings = CommandSettings(name="run", kind="command", timeout_s=timeout_s, argv=argv, **more)
    return build(settings, Place(folder=folder, environment=ENVIRONMENT))


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def ran(folder: Path, *argv: str, message: Message = OPENED, **more: Any) -> str:
    return asyncio.run(channel(folder, *argv, **more).send(message, KEY))


def refused(folder: Path, *argv: str, **more: Any) -> ChannelError:
    with pytest.raises(ChannelError) as raised:
        ran(folder, *argv, **more)
    assert raised.value.temporary
    assert raised.value.detail.isprintable()
    return raised.value


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def gone(pid: int) -> bool:
    until = time.monotonic() + 5
    while alive(pid) and time.monotonic() < until:
        time.sleep(0.02)
    return not alive(pid)


def until_written(path: Path) -> None:
    until = time.monotonic() + 20
    while not (path.exists() and path.read_text()) and time.monotonic() < until:
        time.sleep(0.02)


KEEP = (
    "import sys, os, json; open('got', 'wb').write(sys.stdin.buffer.read()); json.dump(dict(os.environ), open('env', 'w'))"
)


@pytest.mark.parametrize("message", [OPENED, EVIL], ids=["a tame message", "a hostile one"])
def test_a_program_gets_the_message_and_a_few_variables(message: Message, tmp_path: Path) -> None:
    assert ran(tmp_path, *python(KEEP), message=message, pass_env=("PAGER_TOKEN",)) == "ended with 0"
    got = json.loads((tmp_path / "got").read_text())
    assert (got["key"], got["subject"], got["text"], got["html"]) == (KEY, message.subject, message.text, message.html)
    assert got["notice"] == json.loads(json.dumps(message.data))
    seen = json.loads((tmp_path / "env").read_text())
    assert seen["TRUEHELO_KEY"] == KEY
    assert seen["TRUEHELO_SUBJECT"] == message.subject
    assert seen["PAGER_TOKEN"] == "hunter2hunter2"
    assert "DATABASE_URL" not in seen


def test_no_shell_takes_the_arguments_apart(tmp_path: Path) -> None:
    told = ran(tmp_path, *python("import sys; print(sys.argv[1:])"), "$(touch here)", "; touch here", "*")
    assert told == "['$(touch here)', '; touch here', '*']"
    assert list(tmp_path.iterdir()) == []


def test_a_program_beside_the_configuration_may_be_named_by_a_relative_path(tmp_path: Path) -> None:
    (tmp_path / "page").write_text("#!/bin/sh\necho told\n")
    (tmp_path / "page").chmod(0o755)
    assert ran(tmp_path, "./page") == "told"


@pytest.mark.parametrize(
    ("why", "code", "tries", "told"),
    [
        ("75 says: later", "print('busy'); sys.exit(75)", None, "ended with 75 busy"),
        ("1 is believed after some tries", "print('no', file=sys.stderr); sys.exit(1)", 3, "ended with 1 no"),
        ("so is a signal", "os.kill(os.getpid(), 11)", 3, "was ended by signal 11"),
    ],
)
def test_an_end(why: str, code: str, tries: int | None, told: str, tmp_path: Path) -> None:
    error = refused(tmp_path, *python(f"import os, sys; {code}"))
    assert error.tries == tries, why
    assert told in error.detail


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    error = refused(tmp_path, "/usr/local/bin/no-such-pager")
    assert error.detail == "no-such-pager cannot be started: No such file or directory"
    assert error.tries == 3


def test_a_file_that_is_no_program(tmp_path: Path) -> None:
    (tmp_path / "page").write_text("text")
    assert "Permission denied" in refused(tmp_path, "./page").detail


def test_what_it_prints_is_told_bounded_made_visible_and_without_secrets(tmp_path: Path) -> None:
    code = "import os; print('\\x1b[2J' + os.environ['PAGER_TOKEN'] + 'x' * 10_000_000)"
    told = ran(tmp_path, *python(code), pass_env=("PAGER_TOKEN",))
    assert told.startswith(r"\x1b[2J***xxx")
    assert len(told) == 300


def test_a_program_need_not_read_its_input(tmp_path: Path) -> None:
    long = Message(**{field: getattr(OPENED, field) for field in Message.__dataclass_fields__} | {"html": "x" * 2_000_000})
    assert ran(tmp_path, "true", message=long) == "ended with 0"


SPAWN = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import signal, time; {ignore}; print('up', flush=True); time.sleep(60)"],
                         stdout=subprocess.PIPE)
child.stdout.readline()
open("pids", "w").write(f"{{os.getpid()}} {{child.pid}}")
"""
IGNORE = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"


def pids(folder: Path) -> list[int]:
    return [int(pid) for pid in (folder / "pids").read_text().split()]


@pytest.mark.parametrize("ignore", ["pass", IGNORE], ids=["that ends when asked", "that does not listen"])
def test_a_program_that_takes_too_long_is_ended_with_its_children(ignore: str, tmp_path: Path) -> None:
    began = time.monotonic()
    error = refused(tmp_path, *python(SPAWN.format(ignore=ignore) + "time.sleep(60)"), timeout_s=2.0)
    assert "took longer than 2 s" in error.detail
    assert error.tries == 3
    assert time.monotonic() - began < 8
    assert all(gone(pid) for pid in pids(tmp_path))


HOLD = SPAWN.replace("stdout=subprocess.PIPE", "stdout=None").replace("child.stdout.readline()", "time.sleep(0.3)")


def test_what_a_program_leaves_behind_is_ended_and_holds_nobody_up(tmp_path: Path) -> None:
    began = time.monotonic()
    assert ran(tmp_path, *python(HOLD.format(ignore="pass"))) == "up"
    assert time.monotonic() - began < 6
    assert gone(pids(tmp_path)[1])


def test_a_program_is_ended_when_the_watch_is_stopped(tmp_path: Path) -> None:
    async def run() -> None:
        task = asyncio.create_task(
            channel(tmp_path, *python(SPAWN.format(ignore=IGNORE) + "time.sleep(60)")).send(OPENED, KEY)
        )
        await asyncio.to_thread(until_written, tmp_path / "pids")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())
    assert all(gone(pid) for pid in pids(tmp_path))


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    async def run() -> list[int]:
        counts = []
        for _ in range(3):
            await channel(tmp_path, "true").send(OPENED, KEY)
            with pytest.raises(ChannelError):
                await channel(tmp_path, "/no/such/program").send(OPENED, KEY)
            counts.append(await asyncio.to_thread(lambda: len(list(Path("/proc/self/fd").iterdir()))))
        return counts

    counts = asyncio.run(run())
    assert counts[0] == counts[-1]
