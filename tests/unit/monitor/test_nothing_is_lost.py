"""Whatever joins whatever, and whatever the clock does: each cause is told once to each channel, and none is lost."""

import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import Connection, event, select, update

from truehelo.alerts.command import CommandChannel
from truehelo.configuration.alerting import Alerting
from truehelo.configuration.channels import CommandSettings
from truehelo.configuration.digest import Digest, next_digest
from truehelo.configuration.routes import Route
from truehelo.drift.routing import MAX_TRIES
from truehelo.findings import Severity
from truehelo.inventory.model import Line
from truehelo.monitor import incidents, pump
from truehelo.monitor import upkeep as chores
from truehelo.monitor.incidents import Failure, Told
from truehelo.monitor.policy import Policy
from truehelo.monitor.pump import Pump
from truehelo.monitor.stored import Inline
from truehelo.monitoring import Message
from truehelo.ports import ChannelError
from truehelo.store import incidents as rows
from truehelo.store import inventory, membership, migrate, outbox, tables, upkeep
from truehelo.store.database import Database
from truehelo.store.schedule import watched_of

START = 1_800_000_000.0
MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
ONE, TWO, THREE = "192.0.2.1", "192.0.2.2", "192.0.2.3"
WARNING, ERROR = Severity.WARNING, Severity.ERROR
OPS = Route(channels=("ops",), severity=WARNING)
DAILY = Digest(every="daily", hour=8, channels=("ops",))
PAGER = Route(channels=("pager",), severity=ERROR, continues=True)


class Hand:
    """A channel that keeps what it is handed; `down`: with what it refuses."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.got: list[Message] = []
        self.down: ChannelError | None = None

    async def send(self, message: Message, key: str) -> str:
        if self.down is not None:
            raise self.down
        self.got.append(message)
        return "taken"

    async def aclose(self) -> None:
        """Nothing is open."""


class World:
    """Three addresses of one network, channels, and a clock that is set by hand."""

    def __init__(self, database: Database) -> None:
        self.database, self.now = database, START
        with database.read() as connection:
            found = connection.execute(select(tables.subjects)).mappings()
            self.subjects = {row["ip"]: watched_of(row) for row in found}
        self.routed(OPS)

    def routed(self, *routes: Route) -> None:
        """Have these routes, and the channels that they name."""
        names = sorted({channel for route in routes for channel in route.channels})
        channels = tuple(CommandSettings(name=name, kind="command", argv=("true",)) for name in names)
        self.policy = Policy(alerting=Alerting(channels=channels, routes=routes))
        self.hands = {name: Hand(name) for name in names}
        clock = SimpleNamespace(now=lambda: datetime.fromtimestamp(self.now, UTC), monotonic=lambda: self.now)
        self.pump = Pump(self.database, Inline(), self.hands, self.policy, clock, "w", lambda *_: None)

    def fails(self, ip: str, *tags: str, severity: Severity = ERROR, at: float | None = None, hidden_s: float = 1) -> None:
        """A look at `at` has found what fails, and what it rests on was hidden for so long before."""
        when = self.now if at is None else at
        with self.database.write() as connection:
            known = incidents.fails_again(connection, self.subjects[ip].id, tags)
            incidents.fail(
                connection,
                self.subjects[ip],
                [
                    Failure(tag=tag, severity=severity, since=when - 1, earliest=when - hidden_s)
                    for tag in tags
                    if tag not in known
                ],
                self.policy,
                when,
                from_the_start=False,
                story=lambda tag: {"message": f"{ip} {tag}"},
                told=Told(),
            )

    def recovers(self, ip: str, *tags: str) -> None:
        with self.database.write() as connection:
            incidents.recover(connection, self.subjects[ip].id, tags, self.policy, self.now, Told())

    def turn(self, seconds: float = 0.0) -> list[str]:
        """Let time pass, do what the watch does now and then, and deliver; return what was told."""
        self.now += seconds
        with self.database.write() as connection:
            self.policy.silences = upkeep.silences_now(connection, "silence", self.now)
            outbox.clamp(connection, self.now)
            chores.end_stable(connection, self.policy, self.now, Told())
            chores.remind(connection, self.policy, self.now)
        return self.delivers()

    def delivers(self) -> list[str]:
        """Deliver what is due; return what was told: the channel, the kind, and how bad it is."""
        before = {name: len(hand.got) for name, hand in self.hands.items()}

        async def deliver() -> None:
            for _ in range(10):
                await self.pump.run_once()
                await self.pump.finish(5.0)

        asyncio.run(deliver())
        news = [(name, each) for name, hand in self.hands.items() for each in hand.got[before[name] :]]
        return [f"{name} {each.kind} {each.severity}" for name, each in news]

    def days(self, number: int) -> list[str]:
        """Let days pass, hour by hour; return all that was told."""
        return [each for _ in range(24 * number) for each in self.turn(HOUR)]

    def held(self) -> list[tuple[str, str, list[str]]]:
        """Return of each incident its tag, its severity, and the tags of its members."""
        with self.database.read() as connection:
            found = connection.execute(select(tables.incidents).order_by(tables.incidents.c.id)).mappings().all()
            return [
                (row["tag"], row["severity"], [member.tag for member in membership.members_of(connection, row["id"])])
                for row in found
            ]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("lost") / "made.db"
    database = Database(str(path))
    migrate.upgrade(database)
    with database.write() as connection:
        lines = [Line(target=ip, ports=(), managed_by="file:test") for ip in (ONE, TWO, THREE)]
        inventory.update_inventory(connection, lines, "file:test", START, default_interval_s=300.0)
    database.close()
    return path


@pytest.fixture
def world(made: Path, tmp_path: Path) -> Iterator[World]:
    for each in made.parent.glob("made.db*"):
        shutil.copy(each, tmp_path / each.name)
    database = Database(str(tmp_path / "made.db"))
    yield World(database)
    database.close()


# What is worse than what is open


def test_what_is_worse_than_what_is_open_is_told_and_once_to_each(world: World) -> None:
    world.routed(PAGER, OPS)
    world.fails(ONE, "PTR_GENERIC", severity=WARNING)
    assert world.turn(70) == ["ops opened warning"]
    world.now += 500
    world.fails(ONE, "PTR_MISSING")
    assert sorted(world.days(2)) == ["ops opened error", "pager opened error"]
    assert world.hands["pager"].got[0].subject.endswith("ERROR: 192.0.2.1 PTR_MISSING")
    assert world.held() == [("PTR_MISSING", "error", ["PTR_GENERIC", "PTR_MISSING"])]
    world.recovers(ONE, "PTR_GENERIC", "PTR_MISSING")
    assert sorted(world.turn(MINUTE)) == ["ops recovered error", "pager recovered error"]


def test_what_grows_worse_before_it_was_told_is_told_once(world: World) -> None:
    world.routed(PAGER, OPS)
    world.fails(ONE, "PTR_GENERIC", severity=WARNING)
    world.now += 10
    world.fails(ONE, "PTR_MISSING")
    assert sorted(world.days(1)) == ["ops opened error", "pager opened error"]


def test_what_follows_from_a_change_is_told_with_it_alone(world: World) -> None:
    world.fails(ONE, "PTR_MISSING")
    assert world.turn(70) == ["ops opened error"]
    world.fails(ONE, "GREETING_DIFFERS", severity=WARNING)
    assert world.days(1) == []
    assert len(world.held()) == 1


def test_what_is_worse_joins_the_incident_of_its_own_cause(world: World) -> None:
    world.fails(ONE, "PTR_GENERIC", severity=WARNING)
    world.turn(70)
    world.fails(TWO, "PTR_MISSING")
    world.fails(ONE, "PTR_MISSING")
    assert world.turn(70) == ["ops opened error", "ops recovered warning"]
    assert [(tag, members) for tag, _, members in world.held()] == [
        ("PTR_GENERIC", ["PTR_GENERIC"]),
        ("PTR_MISSING", ["PTR_MISSING", "PTR_MISSING", "PTR_GENERIC"]),
    ]


def test_what_is_milder_takes_nothing_worse_along(world: World) -> None:
    """Both were opened while the mail server was silent: what is seen of it then belongs to one, and ends none."""
    world.fails(ONE, "PTR_GENERIC", severity=WARNING)
    world.turn(HOUR)
    world.fails(ONE, "PTR_MISSING")
    world.turn(HOUR)
    world.fails(ONE, "GREETING_DIFFERS", severity=WARNING, hidden_s=3 * HOUR)
    assert world.turn(70) == []
    assert [(tag, members) for tag, _, members in world.held()] == [
        ("PTR_GENERIC", ["PTR_GENERIC", "GREETING_DIFFERS"]),
        ("PTR_MISSING", ["PTR_MISSING"]),
    ]


def test_what_is_worse_in_one_of_many_is_an_incident_of_its_own(world: World) -> None:
    for ip in (ONE, TWO):
        world.fails(ip, "PTR_GENERIC", severity=WARNING)
    world.turn(70)
    world.fails(ONE, "PTR_MISSING")
    assert world.turn(70) == ["ops opened error"]
    assert [each[:2] for each in world.held()] == [("PTR_GENERIC", "warning"), ("PTR_MISSING", "error")]


def test_one_that_joins_with_something_worse_raises_the_whole(world: World) -> None:
    world.routed(PAGER, OPS)
    world.fails(ONE, "PTR_GENERIC", severity=WARNING)
    assert world.turn(70) == ["ops opened warning"]
    world.fails(TWO, "PTR_GENERIC")
    assert sorted(world.days(1)) == ["ops opened error", "pager opened error"]


def _flaps(world: World, tag: str, severity: Severity) -> None:
    for _ in range(4):
        world.fails(ONE, tag, severity=severity)
        world.turn(20 * MINUTE)
        world.recovers(ONE, tag)
        world.turn(20 * MINUTE)


@pytest.mark.parametrize(
    ("sentence", "tag", "severity", "told"),
    [
        ("an error that lasts", "PTR_MISSING", ERROR, ["ops opened error", "ops stable warning", "pager opened error"]),
        (
            "as little as it flaps itself, a warning",
            "PTR_UNEXPECTED",
            WARNING,
            ["ops opened warning", "ops stable warning"],
        ),
    ],
)
def test_what_flaps_does_not_hide_what_lasts(
    world: World, sentence: str, tag: str, severity: Severity, told: list[str]
) -> None:
    world.routed(PAGER, OPS)
    _flaps(world, "PTR_GENERIC", WARNING)
    world.fails(ONE, tag, severity=severity)
    assert sorted(world.days(7)) == told, sentence


# What has grown


def test_whoever_joins_is_told_however_many_joined_before(world: World) -> None:
    world.fails(ONE, "PTR_MISSING")
    assert world.turn(61) == ["ops opened error"]
    world.now = START + 100
    world.fails(TWO, "PTR_MISSING")
    assert world.turn(65) == ["ops grown error"]
    world.now = START + 300
    world.fails(THREE, "PTR_MISSING")
    assert world.days(1) == ["ops grown error"]
    assert "3 addresses" in world.hands["ops"].got[-1].subject


def test_a_look_that_began_before_it_was_told_and_was_written_after_is_told(world: World) -> None:
    world.fails(ONE, "PTR_MISSING")
    assert world.turn(61) == ["ops opened error"]
    world.now += 9
    world.fails(TWO, "PTR_MISSING", at=START + 58)
    assert world.days(1) == ["ops grown error"]


def test_who_joins_before_it_is_told_is_in_the_first_message(world: World) -> None:
    for after, ip in ((0, ONE), (10, TWO), (50, THREE)):
        world.now = START + after
        world.fails(ip, "PTR_MISSING")
    assert world.days(1) == ["ops opened error"]
    assert "3 addresses" in world.hands["ops"].got[-1].subject


def test_what_grows_while_a_message_is_tried_again_is_told_behind_it(world: World) -> None:
    world.fails(ONE, "PTR_MISSING")
    world.hands["ops"].down = ChannelError("busy", temporary=True)
    assert world.turn(61) == []
    world.fails(TWO, "PTR_MISSING")
    world.fails(THREE, "PTR_MISSING")
    world.hands["ops"].down = None
    assert world.days(1) == ["ops opened error", "ops grown error"]


def test_thousands_that_join_one_after_another_are_a_few_messages_and_little_work(world: World) -> None:
    with world.database.write() as connection:
        lines = [Line(target=f"192.0.2.{each}", ports=(), managed_by="file:test") for each in range(1, 250)]
        inventory.update_inventory(connection, lines, "file:test", START, default_interval_s=300.0)
        found = connection.execute(select(tables.subjects)).mappings()
        world.subjects = {row["ip"]: watched_of(row) for row in found}
    asked: list[str] = []
    event.listen(world.database.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    told, each_cost = [], []
    for each in range(1, 250):
        before = len(asked)
        world.fails(f"192.0.2.{each}", "PTR_MISSING")
        each_cost.append(len(asked) - before)
        told += world.turn(3.4)
    told += world.days(1)
    assert told[0] == "ops opened error"
    assert set(told[1:]) == {"ops grown error"}
    assert len(told) <= 5
    assert "249 addresses" in world.hands["ops"].got[-1].subject
    assert max(each_cost[20:]) <= max(each_cost[:20])


def test_who_was_told_late_hears_the_end(world: World) -> None:
    world.fails(ONE, "PTR_MISSING")
    world.hands["ops"].down = ChannelError("404", temporary=False)
    world.turn(61)
    world.hands["ops"].down = None
    world.fails(TWO, "PTR_MISSING")
    assert world.turn(65) == ["ops grown error"]
    for ip in (ONE, TWO):
        world.recovers(ip, "PTR_MISSING")
    assert world.turn(MINUTE) == ["ops recovered error"]


# The clock


def test_what_was_tried_while_the_clock_was_ahead_is_tried_now(world: World) -> None:
    world.fails(ONE, "PTR_MISSING")
    world.hands["ops"].down = ChannelError("busy", temporary=True)
    world.now = START + 61 + 30 * DAY
    assert world.delivers() == []
    world.now = START + 90
    for _ in range(10):
        assert world.turn(15) == []
    with world.database.read() as connection:
        letters = outbox.letters(connection, state="pending", most=10)
    assert [each.attempts for each in letters] < [8], "it is not tried each time that somebody looks after it"
    world.hands["ops"].down = None
    assert world.days(1) == ["ops opened error"]


def test_what_was_opened_while_the_clock_was_ahead_takes_in_nothing_of_now(world: World) -> None:
    world.now = START + 7 * DAY
    world.fails(ONE, "PTR_MISSING")
    assert world.turn(61) == ["ops opened error"]
    world.now = START + DAY
    world.fails(TWO, "PTR_MISSING")
    world.fails(ONE, "GREETING_DIFFERS")
    assert world.turn(61) == ["ops opened error", "ops opened error"]


def test_reminders_go_on_when_the_clock_was_ahead(world: World) -> None:
    world.routed(replace(OPS, remind_every=timedelta(hours=6)))
    world.fails(ONE, "PTR_MISSING")
    world.now = START + 30 * DAY
    assert world.delivers() == ["ops opened error"]
    world.now = START
    assert world.days(1) == ["ops reminder error"] * 3


@pytest.mark.parametrize(
    ("sentence", "before", "ahead"),
    [("the clock was ahead for a moment", "daily", 365), ("it came once a week, and comes daily", "weekly", 0)],
)
def test_the_digest_comes_when_it_is_due(world: World, sentence: str, before: str, ahead: int) -> None:
    def comes(day: int, every: str = "daily") -> bool:
        digest = Digest(every=every, hour=8, channels=("ops",))
        world.policy.alerting = replace(world.policy.alerting, digest=digest)
        with world.database.write() as connection:
            return chores.digest(connection, world.policy, START + day * DAY)

    comes(0, before)
    if ahead:
        comes(ahead, before)
    assert [comes(day) for day in range(1, 5)] == [False, True, True, True], sentence


@pytest.mark.parametrize(
    ("sentence", "opened", "ended", "opens", "ends"),
    [
        ("it was opened and is over within a day", 1.2, 1.3, 1, 1),
        ("it is over the day after", 1.2, 2.1, 1, 2),
        ("it is over days after", 1.2, 3.5, 1, 3),
        ("it is opened between the end of the day and the digest", 2.0001, 2.5, 2, 2),
        ("it is over between the end of the day and the digest", 1.2, 2.0001, 1, 2),
        ("it is opened just when the day begins", 2.0, 3.0, 2, 3),
    ],
)
def test_each_beginning_and_each_end_is_in_one_digest(
    world: World, sentence: str, opened: float, ended: float, opens: int, ends: int
) -> None:
    """A digest at the end of each of the days 1, 2, 3 and so on, some seconds late."""
    assert in_digests(world, opened, ended, [2.001, 3.001, 4.001, 5.001]) == ([opens], [ends]), sentence


def test_a_digest_that_comes_days_late_tells_of_those_days(world: World) -> None:
    assert in_digests(world, 2.5, 3.5, [2.001, 5.4, 6.001]) == ([2], [2])


def in_digests(world: World, opened: float, ended: float, comes: list[float]) -> tuple[list[int], list[int]]:
    """Return in which digests an incident begins and ends; days since the first one that there might have been."""
    first = next_digest(DAILY, datetime.fromtimestamp(START, UTC)).timestamp()
    world.policy.alerting = replace(world.policy.alerting, digest=DAILY)
    with world.database.write() as connection:
        chores.digest(connection, world.policy, first + 1.001 * DAY - 60)
        number = rows.open_incident(
            connection, key="k", tag="PTR_MISSING", severity="error", cause="the one", details={}, at=first + opened * DAY
        )
        rows.close_incident(connection, number, first + ended * DAY)
        assert all(chores.digest(connection, world.policy, first + day * DAY) for day in comes)
        kept = connection.scalars(select(tables.outbox.c.notice).order_by(tables.outbox.c.created)).all()
    texts = [(notice or b"").decode() for notice in kept]
    begins, ends = ([at for at, text in enumerate(texts, 1) if f"{word}: 1" in text] for word in ("Opened", "Ended"))
    return begins, ends


# What another version wrote


@pytest.mark.parametrize(
    ("sentence", "values"),
    [
        ("a kind that is not known", {"kind": "brandnew"}),
        ("words that cannot be read", {"notice": b'{"kind":"brandnew","tag":"x"}', "attempts": 1}),
    ],
)
def test_one_message_that_cannot_be_made_stops_no_other(world: World, sentence: str, values: dict[str, object]) -> None:
    world.routed(replace(OPS, channels=("other", "ops")))
    world.fails(ONE, "PTR_MISSING")
    with world.database.write() as connection:
        connection.execute(update(tables.outbox).where(tables.outbox.c.channel == "ops").values(**values))
    assert world.turn(61) == ["other opened error"], sentence
    with world.database.read() as connection:
        (kept,) = outbox.letters(connection, state="pending", most=10)
    assert "brandnew" in kept.detail, sentence
    assert kept.attempt_at > world.now, sentence


def test_what_was_told_in_words_that_cannot_be_read_is_told_on(world: World) -> None:
    world.fails(ONE, "PTR_MISSING")
    world.turn(61)
    with world.database.write() as connection:
        connection.execute(update(tables.outbox).values(notice=b"{}"))
    world.fails(TWO, "PTR_MISSING")
    assert world.turn(65) == ["ops grown error"]


# A channel that takes its time


def test_a_channel_is_waited_for_as_long_as_it_may_take(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(pump, "SEND_S", 0.2)
    monkeypatch.setattr(pump, "GRACE_S", 5.0)
    _slow(world, tmp_path, "echo begun >> log; sleep 0.6; echo done >> log", timeout_s=10.0)
    world.fails(ONE, "PTR_MISSING")
    world.turn(61)
    assert (tmp_path / "log").read_text().split() == ["begun", "done"]
    with world.database.read() as connection:
        assert [each.state for each in outbox.letters(connection, state=None, most=10)] == ["delivered"]


def test_a_command_that_takes_too_long_has_a_moment_to_end(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(pump, "SEND_S", 0.2)
    monkeypatch.setattr(pump, "GRACE_S", 5.0)
    _slow(world, tmp_path, "trap 'echo told to end >> log; exit 1' TERM; sleep 9 & wait", timeout_s=0.5)
    world.fails(ONE, "PTR_MISSING")
    world.turn(61)
    assert (tmp_path / "log").read_text() == "told to end\n"
    with world.database.read() as connection:
        (kept,) = outbox.letters(connection, state="pending", most=10)
    assert "took longer than 0.5 s" in kept.detail


def _slow(world: World, folder: Path, script: str, timeout_s: float) -> None:
    settings = CommandSettings(name="ops", kind="command", timeout_s=timeout_s, argv=("sh", "-c", script))
    world.policy.alerting = replace(world.policy.alerting, channels=(settings,))
    channel = CommandChannel(settings, folder, {"PATH": "/usr/bin:/bin"})
    world.pump = Pump(world.database, Inline(), {"ops": channel}, world.policy, world.pump._clock, "w", lambda *_: None)


def test_what_may_take_long_is_nobody_elses_meanwhile(world: World) -> None:
    settings = CommandSettings(name="ops", kind="command", timeout_s=600.0, argv=("true",))
    world.policy.alerting = replace(world.policy.alerting, channels=(settings,))
    clock = world.pump._clock
    mine, others = (Pump(world.database, Inline(), {}, world.policy, clock, name, lambda *_: None) for name in "ab")
    world.fails(ONE, "PTR_MISSING")
    world.now += 61
    assert len(mine._take()) == 1
    world.now += 600 + pump.GRACE_S
    assert others._take() == []
    world.now += 60
    assert len(others._take()) == 1


# Two that write at once


def test_what_fails_again_while_it_is_about_to_be_ended_is_not_stable(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _flaps(world, "PTR_MISSING", ERROR)
    before = membership.stable_members
    world.now += 7 * HOUR

    def overtaken(connection: Connection, at: float) -> list[membership.MemberRow]:
        found = before(connection, at)
        assert found
        assert incidents.fails_again(connection, world.subjects[ONE].id, ["PTR_MISSING"]) == ["PTR_MISSING"]
        return found

    monkeypatch.setattr(membership, "stable_members", overtaken)
    assert world.turn() == []
    monkeypatch.undo()
    assert world.days(1) == []
    world.recovers(ONE, "PTR_MISSING")
    assert world.days(1) == ["ops stable error"]


def test_what_was_ended_as_stable_meanwhile_fails_anew(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    _flaps(world, "PTR_MISSING", ERROR)
    world.now += 7 * HOUR
    with world.database.write() as connection:
        held = membership.of_subject(connection, world.subjects[ONE].id)
        chores.end_stable(connection, world.policy, world.now, Told())
        monkeypatch.setattr(membership, "of_subject", lambda *_: held)
        assert incidents.fails_again(connection, world.subjects[ONE].id, ["PTR_MISSING"]) == []


def test_a_detail_is_added_to_those_that_somebody_else_has_written(world: World) -> None:
    world.fails(ONE, "PTR_MISSING")
    with world.database.write() as connection:
        rows.add_details(connection, 1, flapping=True)
        rows.add_details(connection, 1, silenced=True)
        rows.add_details(connection, 77, silenced=True)
        held = rows.incident(connection, 1)
    assert held is not None
    assert held.details == {"message": f"{ONE} PTR_MISSING", "flapping": True, "silenced": True}


def test_what_was_given_up_and_is_sent_again_is_tried_as_often_as_anew(world: World) -> None:
    world.fails(ONE, "PTR_MISSING")
    world.hands["ops"].down = ChannelError("busy", temporary=True)
    world.now += 10 * DAY
    for _ in range(30):
        world.now += 7 * HOUR
        world.delivers()
    with world.database.write() as connection:
        assert [each.state for each in outbox.letters(connection, state=None, most=10)] == ["failed"]
        assert outbox.redeliver(connection, 1, world.now)
    assert world.delivers() == []
    with world.database.read() as connection:
        assert [each.state for each in outbox.letters(connection, state=None, most=10)] == ["pending"]
        assert [number for _, number, _, _ in outbox.tries(connection, 1)] == list(range(1, MAX_TRIES + 2))
    world.hands["ops"].down = None
    world.now += 7 * HOUR
    assert world.delivers() == ["ops opened error"]
