"""`wait` and `doctor`: what they print of what `app` tells them, and their exit codes."""

import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from truehelo import app
from truehelo.app import DoctorLine, WaitRound, WaitRow
from truehelo.cli import wait as wait_module
from truehelo.cli.wait import Board, conclusion, matrix
from truehelo.facts.dns import Outcome, Question
from truehelo.render.look import Look
from truehelo.render.style import Style

Cli = Callable[..., tuple[int, str, str]]
AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
QUESTION = Question(name="25.2.0.192.in-addr.arpa", rdtype="PTR")


def _row(kind: str, state: str, ttl: int | None = None, server: str = "192.0.2.53:53") -> WaitRow:
    said = {"new": ("mail.good.example",), "old": ("old.good.example",), "failed": ()}[state]
    outcome = Outcome.TIMEOUT if state == "failed" else Outcome.ANSWER
    return WaitRow(server=server, kind=kind, outcome=outcome, data=said, ttl=ttl, state=state)


def _round(*rows: WaitRow, latest: datetime | None = None, detail: str = "") -> WaitRound:
    return WaitRound(question=QUESTION, wanted=("mail.good.example",), rows=rows, at=AT, latest=latest, detail=detail)


OWNER_NEW, OWNER_OLD = _row("authoritative", "new", server="ns1.good.example@203.0.113.53:53"), _row("authoritative", "old")
CACHE_NEW, CACHE_OLD, CACHE_DEAF = _row("resolver", "new"), _row("resolver", "old", 600), _row("resolver", "failed")
ROUNDS = {
    "everywhere": _round(OWNER_NEW, CACHE_NEW, latest=AT),
    "published": _round(OWNER_NEW, CACHE_OLD, latest=AT + timedelta(seconds=600)),
    "not published": _round(OWNER_OLD, CACHE_OLD),
    "unsure by when": _round(OWNER_NEW, CACHE_OLD, CACHE_DEAF),
    "unheard": _round(OWNER_NEW, CACHE_DEAF),
    "owners unheard": _round(CACHE_OLD, latest=AT + timedelta(seconds=600), detail="no name server has an address"),
    "nobody": _round(detail="the zone cut was not found"),
}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("everywhere", "everywhere: every server"),
        ("published", "at the latest"),
        ("not published", "not published yet"),
        ("unsure by when", "cannot be said"),
        ("owners unheard", "cannot be said"),
        ("unheard", "could not be determined"),
        ("nobody", "could not be determined"),
    ],
)
def test_the_conclusion_says_where_the_change_stands(name: str, said: str) -> None:
    assert said in conclusion(ROUNDS[name])


@pytest.mark.parametrize(
    ("name", "code"), [("everywhere", 0), ("published", 1), ("not published", 1), ("unheard", 3), ("nobody", 3)]
)
def test_the_exit_code_tells_old_from_unheard(cli: Cli, monkeypatch: pytest.MonkeyPatch, name: str, code: int) -> None:
    async def fake_wait(target: str, wanted: str, settings: app.Settings, on_round: Any, **_: object) -> WaitRound:
        on_round(ROUNDS[name])
        return ROUNDS[name]

    monkeypatch.setattr(app, "wait", fake_wait)
    got, out, err = cli("wait", "192.0.2.25", "--for", "PTR=mail.good.example")
    assert got == code
    assert "PTR of 25.2.0.192.in-addr.arpa = mail.good.example" in out
    assert err == ""


def test_a_round_is_a_line_of_json(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fake_wait(target: str, wanted: str, settings: app.Settings, on_round: Any, **_: object) -> WaitRound:
        for name in ("published", "published", "everywhere"):
            on_round(ROUNDS[name])
        return ROUNDS["everywhere"]

    monkeypatch.setattr(app, "wait", fake_wait)
    code, out, _ = cli("wait", "192.0.2.25", "--for", "PTR=mail.good.example", "--format", "json")
    first, last = map(json.loads, out.splitlines())
    assert code == 0
    assert [row["state"] for row in first["servers"]] == ["new", "old"]
    assert (first["everywhere"], first["latest"], last["everywhere"]) == (False, "2026-01-02T03:14:05Z", True)


def test_each_server_has_its_state_in_a_word() -> None:
    lines = matrix(ROUNDS["unsure by when"], Style(Look(width=120)))
    assert [line.split()[1:3] for line in lines[1:4]] == [
        ["new", "authoritative"],
        ["old", "resolver"],
        ["failed", "resolver"],
    ]
    assert lines[2].endswith("old.good.example  (for 600 s more)")


def test_a_long_answer_goes_to_a_line_of_its_own() -> None:
    assert all(len(line) <= 60 for line in matrix(ROUNDS["unsure by when"], Style(Look(width=60)))[1:])


def test_a_hostile_answer_is_made_visible() -> None:
    hostile = replace(CACHE_OLD, data=("\x1b[2J[red]x",), server="\x1b]0;x\x07")
    assert "\x1b" not in "\n".join(matrix(_round(hostile), Style(Look())))


def test_without_a_terminal_only_changes_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with Board(Style(Look()), live=False) as board:
        board.show(ROUNDS["published"])
        board.show(replace(ROUNDS["published"], at=AT + timedelta(seconds=10)))
        board.show(ROUNDS["everywhere"])
    assert capsys.readouterr().out.count("PTR of") == 2


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_the_matrix_is_redrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = _Terminal()
    monkeypatch.setattr(wait_module.sys, "stdout", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with Board(Style(Look(color=True)), live=True) as board:
        board.show(_round(replace(CACHE_OLD, data=("[red]x[/red]",))))
        board.show(ROUNDS["everywhere"])
    shown = terminal.getvalue()
    assert "[red]x[/red]" in shown
    assert "everywhere" in shown
    assert "\x1b[?25h" in shown


LINES = (
    DoctorLine(what="resolver 192.0.2.53:53", state="ok", detail="answers in 4 ms"),
    DoctorLine(what="port 25 to the outside", state="problem", detail="no greeting\x1b[2J", way_out="run it elsewhere"),
    DoctorLine(what="clock", state="unknown", detail="nobody answered"),
)


@pytest.mark.parametrize(("lines", "code"), [(LINES[:1], 0), (LINES, 1), (LINES[::2], 3)])
def test_doctor_tells_problems_from_what_it_cannot_see(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, lines: tuple[DoctorLine, ...], code: int
) -> None:
    async def fake_doctor(_: app.Settings) -> tuple[DoctorLine, ...]:
        return lines

    monkeypatch.setattr(app, "doctor", fake_doctor)
    got, out, _ = cli("doctor")
    assert got == code
    assert "\x1b" not in out
    assert [line.split()[0] for line in out.splitlines() if not line.startswith(" ")] == [line.state for line in lines]
    got, out, _ = cli("doctor", "--json")
    assert got == code
    assert [line["state"] for line in json.loads(out)["lines"]] == [line.state for line in lines]


@pytest.mark.parametrize("command", [("wait", "192.0.2.25", "--for", "PTR=mail.good.example"), ("doctor",)])
def test_json_and_another_format_exclude_each_other(cli: Cli, command: tuple[str, ...]) -> None:
    code, out, err = cli(*command, "--json", "--format", "text")
    assert (code, out) == (2, "")
    assert "exclude each other" in err
