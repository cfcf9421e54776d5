"""Which resolvers are left out since they tell lies, and for how long an answer is remembered."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from support.ports import FrozenClock
from support.scripteddns import PTR, exchange
from truehelo.facts.dns import Exchange, Question
from truehelo.probes.dns.resolver import DnsResolver
from truehelo.probes.dns.upstream import Upstream, parse_resolver
from truehelo.probes.routes import Routes

ONE, TWO = "192.0.2.1", "192.0.2.2"


@dataclass
class Habits:
    """Each server has a habit: what it says to a name that cannot exist, to one that must, and to any other."""

    habits: dict[str, tuple[str, str, str]]
    ttl: int = 60
    asked: list[tuple[str, str]] = field(default_factory=list)

    async def ask(self, upstream: Upstream, question: Question, *, recursive: bool = True) -> Exchange:
        self.asked.append((upstream.text, question.name))
        nothing, there, else_ = self.habits[upstream.text]
        word = nothing if question.name.endswith(".invalid") else there if question.name == "arpa" else else_
        found = exchange(upstream.text, question, word)
        records = tuple(replace(record, ttl=self.ttl) for record in found.records)
        return replace(found, records=records)

    async def aclose(self) -> None:
        """Nothing is kept open."""

    def whom(self, name: str = PTR.name) -> list[str]:
        return [server for server, asked in self.asked if asked == name]


def resolver(habits: Habits, clock: FrozenClock, remember_s: float | None = 60.0) -> DnsResolver:
    return DnsResolver(
        [parse_resolver(each) for each in habits.habits],
        timeout=0.001,
        retries=0,
        routes=Routes(),
        vantage="test",
        clock=clock,
        asker=habits,
        remember_s=remember_s,
    )


HONEST = ("nxdomain", "a.example", "mail.example.")
ROWS: Sequence[tuple[str, tuple[str, str, str], bool]] = [
    ("an honest one", HONEST, False),
    ("one that answers for what cannot exist", ("203.0.113.1", "a.example", "landing.example."), True),
    ("one that denies what must exist", ("nxdomain", "nxdomain", "nxdomain"), True),
    ("one that says that it holds nothing", ("nxdomain", "nodata", "nodata"), True),
    ("one whose root knows of it for what is below", ("nxdomain", "soa=example nodata", "mail.example."), False),
    ("one that is silent is no liar for that", ("timeout", "timeout", "timeout"), False),
    ("nor is one that fails", ("servfail", "servfail", "servfail"), False),
    ("nor one that refuses", ("refused", "refused", "refused"), False),
]


@pytest.mark.parametrize(("sentence", "habit", "lies"), ROWS, ids=[row[0] for row in ROWS])
def test_who_is_left_out(sentence: str, habit: tuple[str, str, str], lies: bool) -> None:
    habits = Habits({ONE: habit, TWO: HONEST})

    async def play() -> None:
        asks = resolver(habits, FrozenClock())
        assert await asks.examine() == ((ONE,) if lies else ())
        found = await asks.lookup(PTR)
        assert (ONE in {each.server for each in found.exchanges}) is not lies, sentence
        assert [record.data for record in found.records] == ["mail.example."]
        assert {each.server for each in await asks.ask_each(PTR)} == ({TWO} if lies else {ONE, TWO})

    asyncio.run(play())


def test_what_a_liar_said_before_it_was_found_out_is_forgotten() -> None:
    habits = Habits({ONE: ("203.0.113.1", "a.example", "landing.example."), TWO: HONEST})

    async def play() -> None:
        asks = resolver(habits, FrozenClock())
        assert [record.data for record in (await asks.lookup(PTR)).records] == ["landing.example."]
        await asks.examine()
        assert [record.data for record in (await asks.lookup(PTR)).records] == ["mail.example."]

    asyncio.run(play())


def test_they_are_examined_once_a_minute_however_many_ask() -> None:
    habits, clock = Habits({ONE: HONEST, TWO: HONEST}), FrozenClock()

    async def play() -> None:
        asks = resolver(habits, clock)
        await asyncio.gather(*(asks.examine() for _ in range(50)))
        assert len(habits.asked) == 4
        clock.step(59)
        await asks.examine()
        assert len(habits.asked) == 4
        clock.step(2)
        await asks.examine()
        assert len(habits.asked) == 8

    asyncio.run(play())


def test_one_that_stops_lying_is_asked_again() -> None:
    habits, clock = Habits({ONE: ("203.0.113.1", "a.example", "landing.example."), TWO: HONEST}), FrozenClock()

    async def play() -> None:
        asks = resolver(habits, clock)
        assert await asks.examine() == (ONE,)
        habits.habits[ONE] = HONEST
        clock.step(61)
        assert await asks.examine() == ()
        assert {each.server for each in await asks.ask_each(PTR)} == {ONE, TWO}

    asyncio.run(play())


def test_where_all_of_them_lie_nobody_is_asked() -> None:
    habits = Habits({ONE: ("203.0.113.1", "a.example", "landing.example.")})

    async def play() -> None:
        asks = resolver(habits, FrozenClock())
        await asks.examine()
        found = await asks.lookup(PTR)
        assert found.exchanges == ()
        assert found.outcome.is_undetermined

    asyncio.run(play())


@pytest.mark.parametrize(
    ("sentence", "ttl", "habit", "remember_s", "held_s"),
    [
        ("an answer is remembered for its TTL", 20, "mail.example.", 60.0, 20.0),
        ("and no longer than is allowed, whatever its TTL", 86400, "mail.example.", 60.0, 60.0),
        ("a TTL of nought is not remembered", 0, "mail.example.", 60.0, 0.0),
        ("a denial is remembered for the TTL of its SOA", 20, "soa=example nxdomain", 90.0, 60.0),
        ("a denial without one is not remembered", 20, "nxdomain", 60.0, 0.0),
        ("the alias counts too", 3600, "cname=x.example mail.example.", 90.0, 60.0),
        ("a failure is remembered for a moment (RFC 9520 §3.2)", 20, "servfail", 60.0, 5.0),
        ("silence too", 20, "timeout", 60.0, 5.0),
    ],
)
def test_how_long_it_is_remembered(sentence: str, ttl: int, habit: str, remember_s: float, held_s: float) -> None:
    habits, clock = Habits({ONE: ("nxdomain", "a.example", habit)}, ttl), FrozenClock()

    async def play() -> None:
        asks = resolver(habits, clock, remember_s)
        await asks.lookup(PTR)
        clock.step(held_s - 0.5 if held_s else 0.0)
        await asks.lookup(PTR)
        assert len(habits.whom()) == (1 if held_s else 2), sentence
        clock.step(1.0)
        await asks.lookup(PTR)
        assert len(habits.whom()) == (2 if held_s else 3), sentence

    asyncio.run(play())


def test_without_a_bound_it_is_remembered_until_it_is_forgotten() -> None:
    habits, clock = Habits({ONE: HONEST}, ttl=1), FrozenClock()

    async def play() -> None:
        asks = resolver(habits, clock, None)
        await asks.lookup(PTR)
        clock.step(1e6)
        await asks.lookup(PTR)
        assert len(habits.whom()) == 1
        asks.forget()
        await asks.lookup(PTR)
        assert len(habits.whom()) == 2

    asyncio.run(play())


def test_what_has_expired_takes_no_room() -> None:
    habits, clock = Habits({ONE: HONEST}, ttl=5), FrozenClock()

    async def play() -> None:
        asks = resolver(habits, clock)
        for round_ in range(20):
            for number in range(50):
                await asks.lookup(Question(name=f"{number}.{round_}.example", rdtype="A"))
            clock.step(61)
        assert len(asks._known) == len(asks._expires) <= 100

    asyncio.run(play())


def test_each_question_that_is_put_is_told() -> None:
    """By resolver; all servers with authority are one: their names are those of strangers."""
    heard: list[tuple[str, str]] = []
    asks = DnsResolver(
        [parse_resolver("192.0.2.1")],
        timeout=0.05,
        retries=0,
        routes=Routes.parse((), loopback_only=True),
        vantage="test",
        clock=FrozenClock(),
        heard=lambda who, what: heard.append((who, what)),
    )

    async def play() -> None:
        await asks.lookup(PTR)
        await asks.persist(
            Upstream(text="ns1.example@192.0.2.9:53", ip=parse_resolver("192.0.2.9").ip, port=53), PTR, recursive=False
        )

    asyncio.run(play())
    assert heard == [("192.0.2.1", "timeout"), ("authoritative", "timeout")]
