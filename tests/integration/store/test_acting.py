"""What operators do, on both databases: acknowledged, silenced, sent again; and what the pump then tells whom, and when."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import select, update

from support.watched import DAY, HOUR, MINUTE, NOW, Watched
from truehelo.cli import acting as cli_acting
from truehelo.cli.main import run
from truehelo.configuration.alerting import Alerting
from truehelo.configuration.channels import CommandSettings
from truehelo.configuration.routes import Route
from truehelo.findings import Severity
from truehelo.monitor import upkeep as chores
from truehelo.monitor.incidents import Told, close_if_over
from truehelo.monitor.notices import notice_of
from truehelo.monitor.policy import Policy
from truehelo.monitor.pump import Pump
from truehelo.monitor.stored import Inline
from truehelo.monitor.telling import tell
from truehelo.monitoring import Message, NoticeKind
from truehelo.ports import ChannelError
from truehelo.render.notice import message
from truehelo.store import incidents as rows
from truehelo.store import membership, tables, upkeep
from truehelo.store.database import Database
from truehelo.store.migrate import upgrade

pytestmark = pytest.mark.integration

ROUTES = (
    Route(channels=("ops",), severity=Severity.NOTE, remind_every=timedelta(hours=6), continues=True),
    Route(channels=("pager",), severity=Severity.NOTE, after=timedelta(minutes=30)),
)


@dataclass
class Hand:
    """A channel that keeps what it is handed; `down`: with what it refuses."""

    name: str
    got: list[tuple[str, Message]] = field(default_factory=list)
    down: ChannelError | None = None

    async def send(self, message: Message, key: str) -> str:
        if self.down is not None:
            raise self.down
        self.got.append((key, message))
        return "250 taken"

    async def aclose(self) -> None:
        """Nothing is open."""


@dataclass
class Stage:
    """A database with incidents, a pump over it, and a clock that is set by hand; commands see the same time."""

    store: Database
    url: str
    capsys: pytest.CaptureFixture[str]
    now: float = NOW
    ops: Hand = field(default_factory=lambda: Hand("ops"))
    pager: Hand = field(default_factory=lambda: Hand("pager"))

    def __post_init__(self) -> None:
        self.rows = Watched(self.store)
        channels = tuple(CommandSettings(name=each, kind="command", argv=("true",)) for each in ("ops", "pager"))
        self.policy = Policy(alerting=Alerting(channels=channels, routes=ROUTES))
        self.clock = SimpleNamespace(now=lambda: datetime.fromtimestamp(self.now, UTC), monotonic=lambda: self.now)

    def truehelo(self, *words: str, code: int = 0) -> str:
        """Run a command, and return what it prints."""
        self.capsys.readouterr()
        found = run([*words, "--database", self.url])
        said = self.capsys.readouterr()
        assert found == code, said.err
        assert "bug in truehelo" not in said.err
        return said.out if code in (0, 1) else said.err

    def fails(self, tag: str, *ips: str, also: tuple[str, ...] = (), groups: tuple[str, ...] = ("eu",)) -> int:
        """Open an incident as the watch does, with its messages."""
        subjects = [self.rows.subject(ip, groups=groups, worst="failing") for ip in ips]
        number = self.rows.incident(tag, NOW - self.now, members=subjects, message=f"what {tag} says")
        with self.store.write() as connection:
            for subject in subjects:
                for other in also:
                    membership.add_member(connection, number, subject, other, since=self.now, at=self.now, old="", new="")
            made = rows.incident(connection, number)
            assert made is not None
            tell(connection, made, NoticeKind.UNSEEN if not ips else NoticeKind.OPENED, "", self.policy, self.now)
        return number

    def tells(self, number: int, kind: NoticeKind) -> None:
        """Put a notice of an incident into the outbox, for whoever is to be told."""
        with self.store.write() as connection:
            held = rows.incident(connection, number)
            assert held is not None
            tell(connection, held, kind, "", self.policy, self.now)

    def recovers(self, number: int) -> None:
        with self.store.write() as connection:
            for member in membership.members_of(connection, number):
                membership.change_member(connection, member.id, closed=self.now)
            held = rows.incident(connection, number)
            assert held is not None
            close_if_over(connection, held, self.policy, self.now, Told())

    def turn(self, seconds: float = 0.0) -> list[str]:
        """Let time pass, do what the watch does now and then, and deliver; return what was told: channel and kind."""
        self.now += seconds
        with self.store.write() as connection:
            self.policy.silences = upkeep.silences_now(connection, "silence", self.now)
            self.policy.windows = upkeep.silences_now(connection, "maintenance", self.now)
            chores.remind(connection, self.policy, self.now)
        return self.delivers()

    def delivers(self) -> list[str]:
        """Deliver what is due; return what was told: channel and kind."""
        before = len(self.ops.got), len(self.pager.got)

        async def deliver() -> None:
            pump = Pump(
                self.store, Inline(), {"ops": self.ops, "pager": self.pager}, self.policy, self.clock, "w", lambda *_: None
            )
            for _ in range(20):
                await pump.run_once()
                await pump.finish(5.0)

        asyncio.run(deliver())
        told = [*(("ops", each) for _, each in self.ops.got[before[0] :])]
        told += [*(("pager", each) for _, each in self.pager.got[before[1] :])]
        return [f"{channel} {each.kind}" for channel, each in told]


def _stage(url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path) -> Iterator[Stage]:
    monkeypatch.chdir(folder)
    store = Database(url)
    upgrade(store)
    made = Stage(store, url.removeprefix("sqlite:///"), capsys)
    monkeypatch.setattr(cli_acting, "time", SimpleNamespace(time=lambda: made.now))
    yield made
    store.close()


@pytest.fixture
def stage(
    store_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Iterator[Stage]:
    """One over each kind of database."""
    yield from _stage(store_url, monkeypatch, capsys, tmp_path)


@pytest.fixture
def small(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Iterator[Stage]:
    """One over SQLite alone, for what no other statement is behind than of those that run on both."""
    yield from _stage(sqlite_url, monkeypatch, capsys, tmp_path)


# Acknowledged


def test_without_any_answer_it_is_told_reminded_and_escalated(small: Stage) -> None:
    small.fails("PTR_MISSING", "192.0.2.1")
    assert small.turn() == []
    assert small.turn(MINUTE) == ["ops opened"]
    assert small.turn(29 * MINUTE) == ["pager escalated"]
    assert small.turn(5 * HOUR) == []
    assert small.turn(HOUR) == ["ops reminder"]


def test_an_acknowledgement_stops_reminders_and_escalation_and_the_end_is_told(small: Stage) -> None:
    number = small.fails("PTR_MISSING", "192.0.2.1")
    small.turn(MINUTE)
    assert small.truehelo("ack", str(number), "--by", "ann", "--note", "on it") == "incident 1: acknowledged by ann\n"
    assert small.turn(30 * MINUTE) == []
    assert small.turn(2 * DAY) == []
    small.recovers(number)
    assert small.turn() == ["ops recovered"]


def test_an_acknowledgement_goes_with_its_incident(small: Stage) -> None:
    number = small.fails("PTR_MISSING", "192.0.2.1")
    small.truehelo("ack", str(number))
    small.recovers(number)
    small.turn(DAY)
    other = small.fails("PTR_MISSING", "192.0.2.2")
    assert small.turn(MINUTE) == ["ops opened"]
    assert small.turn(30 * MINUTE) == ["pager escalated"]
    found = json.loads(small.truehelo("incidents", "--json", code=1))["incidents"]
    assert [(each["incident"], each["acknowledged"]) for each in found] == [(other, None)]


def test_an_acknowledgement_that_is_taken_back_lets_go_of_what_it_held(stage: Stage) -> None:
    number = stage.fails("PTR_MISSING", "192.0.2.1")
    stage.turn(MINUTE)
    stage.truehelo("ack", str(number), "--by", "ann")
    assert stage.turn(7 * HOUR) == []
    assert stage.truehelo("ack", str(number), "--undo", "--by", "bob") == "incident 1: no longer acknowledged\n"
    assert sorted(stage.turn()) == ["ops reminder", "pager escalated"]
    assert stage.truehelo("ack", str(number), "--undo") == "incident 1: is not acknowledged\n"


def test_an_escalation_of_what_joined_while_somebody_was_on_it_is_told_when_that_is_taken_back(stage: Stage) -> None:
    routes = (Route(channels=("ops",), groups=("north",)), Route(channels=("pager",), after=timedelta(minutes=30)))
    stage.policy = Policy(alerting=replace(stage.policy.alerting, routes=routes))
    number = stage.fails("PTR_MISSING", "192.0.2.1", groups=("north",))
    assert stage.turn(MINUTE) == ["ops opened"]
    stage.truehelo("ack", str(number), "--by", "ann")
    with stage.store.write() as connection:
        held = rows.incident(connection, number)
        assert held is not None
        tell(connection, held, NoticeKind.OPENED, "", stage.policy, stage.now, whom=[(("south",), "")])
    assert stage.turn(MINUTE) == []
    stage.truehelo("ack", str(number), "--undo", "--by", "ann")
    assert stage.turn(HOUR) == ["pager escalated"]


def test_an_escalation_whose_time_came_while_somebody_was_on_it_is_told_when_that_is_taken_back(stage: Stage) -> None:
    number = stage.fails("PTR_MISSING", "192.0.2.1")
    stage.truehelo("ack", str(number), "--by", "ann")
    stage.tells(number, NoticeKind.OPENED)
    assert stage.turn(HOUR) == ["ops opened"]
    stage.truehelo("ack", str(number), "--undo", "--by", "ann")
    assert stage.turn(MINUTE) == ["pager escalated"]


def test_who_did_what_is_kept_in_order(stage: Stage) -> None:
    number = stage.fails("PTR_MISSING", "192.0.2.1")
    for words in (("--by", "ann", "--note", "first"), ("--by", "bob", "--note", "second"), ("--by", "bob", "--undo")):
        stage.truehelo("ack", str(number), *words)
        stage.now += MINUTE
    stage.recovers(number)
    assert stage.truehelo("ack", str(number), "--by", "eve", "--note", "the provider wrote") == "incident 1: noted\n"
    found = json.loads(stage.truehelo("incidents", str(number), "--json"))["incidents"][0]
    assert [(each["by"], each["what"], each["note"]) for each in found["deeds"]] == [
        ("ann", "ack", "first"),
        ("bob", "note", "second"),
        ("bob", "unack", ""),
        ("eve", "note", "the provider wrote"),
    ]
    assert found["note"] == "the provider wrote"


def test_several_at_once_are_acknowledged_all_or_none(small: Stage) -> None:
    first, second = small.fails("PTR_MISSING", "192.0.2.1"), small.fails("IPREV_MISMATCH", "192.0.2.2")
    said = small.truehelo("ack", str(first), str(second), "99", code=2)
    assert said == "truehelo: incident 99: there is none of that number; truehelo incidents --all lists them\n"
    small.recovers(second)
    said = small.truehelo("ack", str(first), str(second), code=2)
    assert said == "truehelo: incident 2: is over since 2026-03-01 10:15 UTC; --note still adds a note\n"
    with small.store.read() as connection:
        assert connection.execute(select(tables.acts)).all() == []
        assert set(connection.scalars(select(tables.incidents.c.acknowledged))) == {None}
    small.truehelo("ack", str(first), str(first))
    said = small.truehelo("ack", str(first), "--by", "bob")
    assert said.startswith("incident 1: was acknowledged already, by ")


# Silenced


def printed(small: Stage, number: int, kind: NoticeKind) -> list[str]:
    """The commands that a message prints, as somebody would type them."""
    import shlex

    with small.store.read() as connection:
        row = rows.incident(connection, number)
        assert row is not None
        text = message(notice_of(connection, row, kind, small.now)).text
    return [words[1:] for line in text.splitlines() if (words := shlex.split(line.replace("'", "")))[:1] == ["truehelo"]]  # type: ignore[misc]


@pytest.mark.parametrize(
    ("what", "tag", "ips", "also"),
    [
        ("one address, in one tag", "PTR_UNEXPECTED", ("192.0.2.1",), ()),
        ("one address, in several tags", "PTR_UNEXPECTED", ("192.0.2.1",), ("IPREV_MISMATCH", "GREETING_DIFFERS")),
        ("several addresses of one group", "PTR_MISSING", ("192.0.2.1", "192.0.2.2"), ("GREETING_DIFFERS",)),
        ("a resolver that is silent", "CANNOT_SEE", (), ()),
        ("a listing", "DNSBL_LISTED:spamcop", ("192.0.2.1",), ()),
    ],
)
def test_the_commands_that_a_message_prints_do_what_it_says(
    small: Stage, what: str, tag: str, ips: tuple[str, ...], also: tuple[str, ...]
) -> None:
    number = small.fails(tag, *ips, also=also)
    kind = NoticeKind.OPENED if ips else NoticeKind.UNSEEN
    ack, silence = printed(small, number, kind)
    assert (ack[0], silence[0]) == ("ack", "silence")
    said = small.truehelo(*silence)
    assert f"of what is open: incident {number}" in said
    assert small.turn(MINUTE) == []
    assert small.turn(7 * HOUR) == []
    assert small.truehelo(*ack).startswith(f"incident {number}: acknowledged by ")
    assert small.turn(HOUR) == [f"ops {kind}"]


def test_what_is_over_before_its_silence_ends_is_not_told(small: Stage) -> None:
    number = small.fails("PTR_MISSING", "192.0.2.1")
    small.truehelo("silence", "192.0.2.0/24", "--for", "8h", "--reason", "moving", "--yes")
    assert small.turn(MINUTE) == []
    small.recovers(number)
    assert small.turn(HOUR) == []
    assert small.turn(8 * HOUR) == []


def test_a_silence_about_a_part_of_an_incident_does_not_silence_the_rest(small: Stage) -> None:
    small.rows.subject("192.0.2.9")
    small.fails("PTR_MISSING", "192.0.2.1", "192.0.2.2")
    said = small.truehelo("silence", "192.0.2.1", "--for", "8h", "--reason", "moving")
    assert said == "silence 1: until 2026-03-01 18:15 UTC, covers 1 of 3 watched addresses\n"
    assert small.turn(MINUTE) == ["ops opened"]


def test_a_silence_that_is_ended_early_lets_go_of_what_waited(stage: Stage) -> None:
    stage.fails("PTR_MISSING", "192.0.2.1")
    stage.truehelo("silence", "--group", "e*", "--tag", "PTR_*", "--for", "8h", "--reason", "moving")
    assert stage.turn(MINUTE) == []
    assert stage.truehelo("silence", "--end", "1") == "silence 1: ended\n"
    assert stage.turn() == ["ops opened"]
    assert "there is none of that number that is not over" in stage.truehelo("silence", "--end", "1", code=2)
    assert stage.truehelo("silence", "--list") == "no silences\n"


def test_a_silence_that_was_ended_since_the_watch_looked_lets_go_as_well(stage: Stage) -> None:
    stage.fails("PTR_MISSING", "192.0.2.1")
    stage.truehelo("silence", "--group", "e*", "--tag", "PTR_*", "--for", "80d", "--reason", "moving")
    assert stage.turn(MINUTE) == []
    stage.now += 5
    stage.truehelo("silence", "--end", "1")
    assert stage.delivers() == ["ops opened"]


def test_two_silences_one_of_which_is_ended_still_silence(small: Stage) -> None:
    small.fails("PTR_MISSING", "192.0.2.1")
    for length in ("8h", "2h"):
        small.truehelo("silence", "--group", "eu", "--tag", "PTR_MISSING", "--for", length, "--reason", "moving")
    assert small.turn(MINUTE) == []
    small.truehelo("silence", "--end", "1")
    assert small.turn() == []
    assert small.turn(2 * HOUR) == ["ops opened", "pager escalated"]


def test_a_silence_that_begins_later_silences_from_then_on(small: Stage) -> None:
    small.rows.subject("198.51.100.1")
    small.truehelo("silence", "192.0.2.1", "--starts", "1h", "--for", "2h", "--reason", "moving")
    small.fails("PTR_MISSING", "192.0.2.1")
    assert small.turn(MINUTE) == ["ops opened"]
    small.turn(HOUR)
    small.fails("GREETING_DIFFERS", "192.0.2.2")
    assert small.turn(MINUTE) == ["ops opened"]


def test_maintenance_is_kept_apart_from_silences(small: Stage) -> None:
    small.rows.subject("198.51.100.1")
    subject = small.rows.subject("192.0.2.1")
    assert subject
    said = small.truehelo("silence", "192.0.2.1", "--maintenance", "--for", "2h", "--reason", "new disks")
    assert said == "maintenance 1: until 2026-03-01 12:15 UTC, covers 1 of 2 watched addresses\n"
    small.turn()
    assert small.policy.maintenance("192.0.2.1", (), small.now) == "new disks"
    assert small.policy.maintenance("198.51.100.1", (), small.now) is None
    assert small.policy.silences == ()
    assert "maintenance 1: until 2026-03-01 12:15 UTC: 192.0.2.1" in small.truehelo("silence", "--list")
    small.truehelo("silence", "--end", "1")
    small.turn()
    assert small.policy.maintenance("192.0.2.1", (), small.now) is None


def test_what_would_silence_everything_is_refused_unless_it_is_meant(small: Stage) -> None:
    small.rows.subject("192.0.2.1", groups=["eu"])
    small.rows.subject("192.0.2.2", groups=["eu"])
    usual = ("--for", "1h", "--reason", "moving")
    for words in ((), ("0.0.0.0/0",), ("--group", "*"), ("--tag", "*"), ("192.0.2.0/24",), ("--group", "eu")):
        said = small.truehelo("silence", *words, *usual, code=2)
        assert said == (
            "truehelo: this: would silence everything; name an address, a group or a tag, or give --yes if that is meant\n"
        ), words
        assert "everything under maintenance" in small.truehelo("silence", *words, *usual, "--maintenance", code=2)
    with small.store.read() as connection:
        assert connection.execute(select(tables.silences)).all() == []
    assert "covers 2 of 2 watched addresses" in small.truehelo("silence", "--yes", *usual)
    assert "in PTR_MISSING" in small.truehelo("silence", "--tag", "PTR_MISSING", *usual)


# Sent again


def test_what_was_given_up_is_sent_again_with_the_same_key_and_the_same_words(stage: Stage) -> None:
    stage.fails("PTR_MISSING", "192.0.2.1")
    stage.ops.down = ChannelError("ops.example: refused for good", temporary=False)
    assert stage.turn(MINUTE) == []
    said = stage.truehelo("alerts", "deliveries", "--failed", code=1)
    assert said.splitlines() == [
        "1  opened (incident 1) to ops: given up after 1 try",
        "      try 1, 2026-03-01 10:16:30: not taken: ops.example: refused for good",
    ]
    with stage.store.read() as connection:
        key, notice = connection.execute(
            select(tables.outbox.c.key, tables.outbox.c.notice).where(tables.outbox.c.id == 1)
        ).one()
    stage.ops.down = None
    assert stage.turn(MINUTE) == []
    assert stage.truehelo("alerts", "redeliver", "1") == "message 1: to ops, as soon as the watch runs\n"
    assert stage.turn(MINUTE) == ["ops opened"]
    assert stage.ops.got[0][0] == key
    with stage.store.read() as connection:
        assert connection.scalar(select(tables.outbox.c.notice).where(tables.outbox.c.id == 1)) == notice
    said = stage.truehelo("alerts", "deliveries", "1")
    assert "1  opened (incident 1) to ops: delivered 2026-03-01 10:18 UTC" in said
    assert "try 2, 2026-03-01 10:18:30: taken: 250 taken" in said
    assert "Subject: [truehelo #1] ERROR: what PTR_MISSING says" in said


def test_what_is_being_sent_or_was_dropped_is_not_sent_again(small: Stage) -> None:
    number = small.fails("PTR_MISSING", "192.0.2.1")
    with small.store.write() as connection:
        connection.execute(
            update(tables.outbox).where(tables.outbox.c.id == 1).values(claimed_until=NOW + 60, claimed_by="w")
        )
    assert "message 1: is being sent at this moment" in small.truehelo("alerts", "redeliver", "1", code=2)
    small.recovers(number)
    said = small.truehelo("alerts", "redeliver", "2", code=2)
    assert "message 2: was not sent at all, since it was over before it was told; there is nothing to send again" in said
    assert "message 77: there is none of that number" in small.truehelo("alerts", "redeliver", "77", "1", code=2)


def test_a_reminder_that_was_given_up_is_followed_by_the_next_one(stage: Stage) -> None:
    stage.fails("PTR_MISSING", "192.0.2.1")
    assert stage.turn(MINUTE) == ["ops opened"]
    stage.ops.down = ChannelError("refused for good", temporary=False)
    stage.turn(6 * HOUR)
    stage.ops.down = None
    assert stage.turn(HOUR) == []
    assert stage.turn(5 * HOUR) == ["ops reminder"]


def test_deliveries_can_be_chosen(stage: Stage) -> None:
    first = stage.fails("PTR_MISSING", "192.0.2.1")
    stage.fails("GREETING_DIFFERS", "198.51.100.1")
    stage.turn(MINUTE)

    def found(*words: str) -> list[tuple[int, str, str]]:
        listed = json.loads(stage.truehelo("alerts", "deliveries", "--json", *words))["messages"]
        return [(each["incident"], each["channel"], each["state"]) for each in listed]

    assert len(found()) == 4
    assert found("--pending", "--incident", str(first)) == [(first, "pager", "pending")]
    assert found("--channel", "ops", "--limit", "1") == [(2, "ops", "delivered")]
    assert found("--failed") == []


def test_a_preview_says_what_would_be_said_and_sends_nothing(small: Stage) -> None:
    number = small.fails("PTR_MISSING", "192.0.2.1")
    assert "Subject: [truehelo #1] ERROR: what PTR_MISSING says" in small.truehelo("alerts", "preview", str(number))
    said = small.truehelo("alerts", "preview", str(number), "--kind", "reminder", "--format", "json")
    assert json.loads(said)["type"] == "notice.reminder"
    assert small.truehelo("alerts", "preview", str(number), "--format", "html").startswith("<!DOCTYPE html>")
    assert small.ops.got == []


# Customers


def test_a_customer_is_told_of_their_own_addresses_and_of_no_other(stage: Stage) -> None:
    """`ops` is the channel of the north, `pager` that of the south; one cause has hit both."""
    routes = (
        Route(channels=("ops",), groups=("north",), remind_every=timedelta(hours=6)),
        Route(channels=("pager",), groups=("south",), remind_every=timedelta(hours=6)),
    )
    stage.policy = Policy(alerting=replace(stage.policy.alerting, routes=routes))
    north = [stage.rows.subject(ip, groups=("north",), worst="failing") for ip in ("192.0.2.1", "192.0.2.2")]
    south = stage.rows.subject("192.0.2.9", groups=("south",), worst="failing")
    details = {"fix": ("1. Set the PTR of 192.0.2.1",), "receivers": ("gmail: refuses 192.0.2.1",)}
    number = stage.rows.incident("PTR_MISSING", 0.0, members=[*north, south], message="192.0.2.1 has no PTR", **details)
    stage.tells(number, NoticeKind.OPENED)
    assert sorted(stage.turn(60)) == ["ops opened", "pager opened"]
    ops, pager = stage.ops.got[0][1], stage.pager.got[0][1]
    assert "192.0.2.2" in ops.text
    assert "192.0.2.9" not in ops.text + ops.html + json.dumps(ops.data)
    assert "Set the PTR of 192.0.2.1" in ops.text, "the fix is of one of theirs"
    assert "[truehelo #1] ERROR: 192.0.2.9: PTR_MISSING" in pager.subject
    assert "truehelo check 192.0.2.9" in pager.text
    for told in (pager.text, pager.html, json.dumps(pager.data), pager.subject):
        assert "192.0.2.1" not in told
        assert "192.0.2.2" not in told
        assert "north" not in told

    # One more of the north: the south is not told that something has grown.
    another = stage.rows.subject("192.0.2.3", groups=("north",), worst="failing")
    with stage.store.write() as connection:
        membership.add_member(connection, number, another, "PTR_MISSING", since=stage.now, at=stage.now, old="", new="")
    stage.tells(number, NoticeKind.GROWN)
    assert stage.turn(60) == ["ops grown"]
    assert "3 addresses" in stage.ops.got[-1][1].subject

    # The south is well again: reminders go to the north alone, and the end is told to both.
    with stage.store.write() as connection:
        for member in membership.members_of(connection, number):
            if member.ip == "192.0.2.9":
                membership.change_member(connection, member.id, closed=stage.now)
    assert stage.turn(7 * 3600) == ["ops reminder"]
    assert stage.turn(7 * 3600) == ["ops reminder"]
    stage.recovers(number)
    assert sorted(stage.turn(60)) == ["ops recovered", "pager recovered"]
    assert "192.0.2.1" not in stage.pager.got[-1][1].text


def test_a_channel_to_which_no_route_leads_any_more_is_told_the_whole(small: Stage) -> None:
    number = small.fails("PTR_MISSING", "192.0.2.1", "192.0.2.2")
    small.policy = Policy(alerting=replace(small.policy.alerting, routes=()))
    assert "ops opened" in small.turn(60)
    assert "192.0.2.2" in small.ops.got[-1][1].text
    assert number == 1


def test_a_preview_for_a_channel_says_what_it_would_be_told(small: Stage, tmp_path: Path) -> None:
    file = tmp_path / "truehelo.toml"
    file.write_text(
        """
        [[channel]]
        name = "north"
        kind = "command"
        argv = ["true"]
        [[route]]
        groups = ["north"]
        channels = ["north"]
        """
    )
    subjects = [small.rows.subject(f"192.0.2.{each}", groups=(group,)) for each, group in ((1, "north"), (9, "south"))]
    small.rows.incident("PTR_MISSING", 0.0, members=subjects, message="no PTR")
    with_config = ("alerts", "preview", "1", "--config", str(file))
    assert "192.0.2.9" in small.truehelo(*with_config)
    assert "192.0.2.9" not in small.truehelo(*with_config, "--channel", "north")
    assert "channel 'east': is not configured; there are north" in small.truehelo(*with_config, "--channel", "east", code=2)


# Lists


def test_incidents_can_be_chosen(stage: Stage) -> None:
    stage.fails("PTR_MISSING", "192.0.2.1", groups=("customers-north",))
    stage.now += DAY
    second = stage.fails("GREETING_DIFFERS", "192.0.2.2")
    stage.recovers(second)
    stage.now += DAY
    stage.rows.incident("PTR_GENERIC", NOW - stage.now, severity="warning", members=[stage.rows.subject("192.0.2.3")])

    def found(*words: str) -> list[int]:
        said = stage.truehelo("incidents", "--json", *words, code=code(words))
        return [each["incident"] for each in json.loads(said)["incidents"]]

    def code(words: tuple[str, ...]) -> int:
        return 0 if words in (("--tag", "HELO_*"), ("--all", "--tag", "GREETING_*")) else 1

    assert found() == [3, 1]
    assert found("--all") == [3, 2, 1]
    assert found("--all", "--since", "25h") == [3, 2]
    assert found("--all", "--since", "2026-03-02 12:00") == [3]
    assert found("--tag", "PTR_*") == [3, 1]
    assert found("--tag", "HELO_*") == []
    assert found("--all", "--tag", "GREETING_*") == [2]
    assert found("--group", "customers-*") == [1]
    assert found("--severity", "error") == [1]
    assert found("--limit", "1") == [3]
    assert json.loads(stage.truehelo("incidents", "--json", "--limit", "1", code=1))["more"] is True
    assert json.loads(stage.truehelo("incidents", "--json", "--limit", "2", code=1))["more"] is False


def test_many_incidents_come_page_by_page_each_once(stage: Stage) -> None:
    with stage.store.write() as connection:
        for number in range(1203):
            rows.open_incident(
                connection, key=str(number), tag="PTR_MISSING", severity="error", cause="x", details={}, at=NOW + number % 7
            )
    stage.now += HOUR
    found = json.loads(stage.truehelo("incidents", "--json", "--limit", "5000", code=1))["incidents"]
    assert len({each["incident"] for each in found}) == 1203
    assert [each["opened"] for each in found] == sorted((each["opened"] for each in found), reverse=True)
