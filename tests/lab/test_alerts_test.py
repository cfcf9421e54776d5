"""`alerts test` through real channels over loopback: what arrives, and what each answer of the other side makes of it."""

import asyncio
import json
import sys
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.alertservers import Asked, Mailbox, http_server, reply, smtp_server
from truehelo.cli.main import run

MAIL = """
[[channel]]
name = "mail"
kind = "email"
host = "127.0.0.1"
port = {port}
tls = "none"
from = "truehelo@example.net"
to = ["ops@example.net"]
"""
HOOK = """
[[channel]]
name = "hook"
kind = "webhook"
url = "http://127.0.0.1:{port}/t0ken-of-ours"
secret_env = "HOOK_KEY"
timeout = "3s"
"""
PROGRAM = """
[[channel]]
name = "program"
kind = "command"
argv = ["{python}", "-c", "import sys; open('{folder}/got', 'w').write(sys.stdin.read()); sys.exit({code})"]
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRUEHELO_CONFIG", str(tmp_path / "truehelo.toml"))
    monkeypatch.setenv("HOOK_KEY", "whsec_" + b64encode(bytes(range(32))).decode())
    return tmp_path


def told(here: Path, capsys: pytest.CaptureFixture[str], config: str, *words: str) -> tuple[int, list[str]]:
    (here / "truehelo.toml").write_text(config, encoding="utf-8")
    code = run(["alerts", "test", *words])
    said = capsys.readouterr()
    assert said.err == ""
    return code, sorted(said.out.splitlines())


@contextmanager
def hook_server(answer: Callable[[Asked], bytes]) -> Iterator[tuple[int, list[Asked]]]:
    """An HTTP endpoint in a loop and a thread of its own."""
    loop, ready, over = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    found: list[tuple[int, list[Asked]]] = []

    async def serve() -> None:
        async with http_server(answer) as each:
            found.append(each)
            ready.set()
            await over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield found[0]
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(10)
        loop.close()


def test_all_of_them_take_it_and_say_so(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mailbox = Mailbox()
    with smtp_server(mailbox) as mail, hook_server(lambda _: reply("202 Accepted", b"thanks")) as (hook, asked):
        program = PROGRAM.format(python=sys.executable, folder=here, code=0)
        config = MAIL.format(port=mail) + HOOK.format(port=hook) + program
        code, said = told(here, capsys, config)
    assert code == 0
    assert [line.split(": ")[:2] for line in said] == [["hook", "taken"], ["mail", "taken"], ["program", "taken"]]
    assert said[0] == "hook: taken: 202 thanks"
    assert "queued as 4F2A" in said[1]
    assert b"Subject: [truehelo] test: the channel mail reaches you" in (mailbox.envelopes[0].original_content or b"")
    assert json.loads(asked[0].body)["type"] == "notice.test"
    assert json.loads((here / "got").read_text())["notice"]["summary"] == "the channel program reaches you"


def test_each_test_has_a_key_of_its_own(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with hook_server(lambda _: reply("200 OK")) as (port, asked):
        for _ in range(2):
            assert told(here, capsys, HOOK.format(port=port), "hook")[0] == 0
    assert len({each.headers["webhook-id"] for each in asked}) == 2


def test_one_that_fails_is_told_and_the_others_are_tested_all_the_same(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox = Mailbox(rcpt={"ops@example.net": "550 5.7.1 who are you"})
    with smtp_server(mailbox) as mail, hook_server(lambda _: reply("503 Later", b"busy")) as (hook, _):
        program = PROGRAM.format(python=sys.executable, folder=here, code=0)
        code, said = told(here, capsys, MAIL.format(port=mail) + HOOK.format(port=hook) + program)
        assert code == 1
        assert said[0] == "hook: FAILED: 127.0.0.1 answered 503 busy (the watch would try again)"
        assert said[1].startswith(f"mail: FAILED: 127.0.0.1:{mail} refused ops@example.net: 550 5.7.1 who are you")
        assert said[1].endswith("(the watch would give up)")
        assert said[2].startswith("program: taken")
        monkeypatch.delenv("HOOK_KEY")
        code, said = told(here, capsys, HOOK.format(port=hook), "hook")
    assert code == 1
    assert said == ["hook: FAILED: environment variable HOOK_KEY: is not set, or empty; the channel hook needs it"]
    assert "t0ken" not in "".join(said)


def test_nobody_at_the_other_side(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = told(here, capsys, MAIL.format(port=1))
    assert code == 1
    assert said[0].startswith("mail: FAILED: 127.0.0.1:1 cannot be reached")
