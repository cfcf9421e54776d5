"""The engine of the blocklists over worlds in memory: what is believed, through whom, at which cost, and for how long."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
import pytest

from support.ports import FrozenClock
from support.world import FakeResolver, World
from truehelo.blocklists import Keys, Listing, State, subscribe
from truehelo.blocklists.read import listing
from truehelo.engine.blocklists import Blocklists
from truehelo.facts.address import Address, parse_address
from truehelo.facts.blocklist import Doubt
from truehelo.facts.dns import Exchange, Lookup, Question

KEY = "abcdefghijklmnopqrstuvwxyz012345"
ZEN = "2.0.0.127.zen.spamhaus.org A 127.0.0.2\n"
MAPPED = "2.0.0.0.0.0.f.7.f.f.f.f." + "0." * 20
UNCLEAN = "1.0.0.127."


def address(text: str) -> Address:
    ip = parse_address(text)
    assert ip is not None
    return ip


@dataclass
class Counting(FakeResolver):
    """Counts what is asked of each kind, and how much at once."""

    each: list[Question] = field(default_factory=list)
    now: int = 0
    most: int = 0

    async def lookup(self, question: Question) -> Lookup:
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            return await super().lookup(question)
        finally:
            self.now -= 1

    async def ask_each(self, question: Question) -> tuple[Exchange, ...]:
        self.each.append(question)
        return await super().ask_each(question)


def made(world: World, names: Sequence[str] = ("spamhaus-zen",), keys: Keys | None = None, **more: object) -> Blocklists:
    clock = FrozenClock()
    return Blocklists(resolver=Counting(world), clock=clock, lists=subscribe(list(names), keys), **more)  # type: ignore[arg-type]


def look(world: World, *names: str, ip: str = "192.0.2.25") -> tuple[Listing, ...]:
    return asyncio.run(made(world, names or ("spamhaus-zen",)).look(address(ip)))


ROWS: dict[str, tuple[str, str, State, str]] = {
    "a listing": ("spamhaus-zen", ZEN + "25.2.0.192.zen.spamhaus.org A 127.0.0.4", State.LISTED, ""),
    "no listing": ("spamhaus-zen", ZEN, State.CLEAN, ""),
    "a name without records, as of an address taken out of a range": (
        "spamhaus-zen",
        ZEN + "x.25.2.0.192.zen.spamhaus.org A 127.0.0.4",
        State.CLEAN,
        "",
    ),
    "several codes, one of them for an error": (
        "spamhaus-zen",
        ZEN + "25.2.0.192.zen.spamhaus.org A 127.0.0.4\n25.2.0.192.zen.spamhaus.org A 127.255.255.255",
        State.UNKNOWN,
        "it refuses to answer: too many queries (127.255.255.255)",
    ),
    "a code for an error of a list that documents none": (
        "spamcop",
        "2.0.0.127.bl.spamcop.net A 127.0.0.2\n25.2.0.192.bl.spamcop.net A 127.255.255.9",
        State.UNKNOWN,
        "the answer 127.255.255.9 is a code for an error, not a listing",
    ),
    "127.0.0.1 where the list does not document it": (
        "spamcop",
        "2.0.0.127.bl.spamcop.net A 127.0.0.2\n25.2.0.192.bl.spamcop.net A 127.0.0.1",
        State.UNKNOWN,
        "the answer is 127.0.0.1, which is how lists refuse a query",
    ),
    "an address from elsewhere": (
        "spamcop",
        "2.0.0.127.bl.spamcop.net A 127.0.0.2\n25.2.0.192.bl.spamcop.net A 203.0.113.80",
        State.UNKNOWN,
        "the answer 203.0.113.80 is outside 127.0.0.0/8",
    ),
    "a code that a list with a whole table does not have": (
        "spamhaus-zen",
        ZEN + "25.2.0.192.zen.spamhaus.org A 127.0.0.99",
        State.UNKNOWN,
        "the answer 127.0.0.99 is none of its codes",
    ),
    "a code that a list without a table gives": (
        "psbl",
        "2.0.0.127.psbl.surriel.com A 127.0.0.2\n25.2.0.192.psbl.surriel.com A 127.0.0.77",
        State.LISTED,
        "",
    ),
    "a TXT record without an A record": (
        "psbl",
        "2.0.0.127.psbl.surriel.com A 127.0.0.2\n25.2.0.192.psbl.surriel.com TXT listed",
        State.UNKNOWN,
        "it has a TXT record for the address and no A record",
    ),
    "a list of TXT records alone that holds the address": (
        "psbl",
        "2.0.0.127.psbl.surriel.com TXT test\n25.2.0.192.psbl.surriel.com TXT listed",
        State.LISTED,
        "",
    ),
    "a list of TXT records alone that does not": ("psbl", "2.0.0.127.psbl.surriel.com TXT test", State.CLEAN, ""),
    "a quota that makes everything trusted": (
        "dnswl",
        "".join(f"{name}.list.dnswl.org A 127.0.10.3\n" for name in ("2.0.0.127", "1.0.0.127", "25.2.0.192")),
        State.UNKNOWN,
        "the limit of queries is passed: every address then gets this code (127.0.10.3)",
    ),
    "a quota that begins after the test": (
        "dnswl",
        "2.0.0.127.list.dnswl.org A 127.0.10.0\n25.2.0.192.list.dnswl.org A 127.0.0.255",
        State.UNKNOWN,
        "the limit of queries is passed, or the resolver is a public one (127.0.0.255)",
    ),
}


@pytest.mark.parametrize(("name", "table", "state", "reason"), ROWS.values(), ids=ROWS.keys())
def test_an_answer_is_listed_clean_or_unknown_with_its_reason(name: str, table: str, state: State, reason: str) -> None:
    (found,) = look(World(table), name)
    assert found.state is state, found
    assert reason in found.reason
    assert bool(found.reason) is (state is State.UNKNOWN)


NOT_BY_A = "2.0.0.127.psbl.surriel.com A 127.0.0.2\nx.25.2.0.192.psbl.surriel.com A 127.0.0.2\n"
WITHOUT_A: dict[str, tuple[str, str | None, State, str]] = {
    "clean where it has no TXT record either": (NOT_BY_A, None, State.CLEAN, ""),
    "clean where there is no such name, says the TXT lookup": (NOT_BY_A, "nxdomain", State.CLEAN, ""),
    "unknown where it has a TXT record": (
        NOT_BY_A + "25.2.0.192.psbl.surriel.com TXT listed",
        None,
        State.UNKNOWN,
        "it has a TXT record for the address and no A record",
    ),
    "unknown where it has a TXT record without a word in it": (
        NOT_BY_A + '25.2.0.192.psbl.surriel.com TXT ""',
        None,
        State.UNKNOWN,
        "it has a TXT record for the address and no A record",
    ),
    "unknown where the TXT lookup had no answer in time": (
        NOT_BY_A,
        "timeout",
        State.UNKNOWN,
        "it has no A record for the address, and may have a TXT record: no answer in time",
    ),
    "unknown where the TXT lookup failed": (NOT_BY_A, "servfail", State.UNKNOWN, "the lookup failed (SERVFAIL)"),
    "unknown where the TXT lookup was refused": (NOT_BY_A, "refused", State.UNKNOWN, "the query was refused (REFUSED)"),
}


@pytest.mark.parametrize(("table", "text", "state", "reason"), WITHOUT_A.values(), ids=WITHOUT_A.keys())
def test_an_address_without_an_a_record_is(table: str, text: str | None, state: State, reason: str) -> None:
    fail = {} if text is None else {"25.2.0.192.psbl.surriel.com TXT": text}
    (found,) = look(World(table, fail=fail), "psbl")
    assert found.state is state, found
    assert reason in found.reason
    assert bool(found.reason) is (state is State.UNKNOWN)


DOUBTS: dict[str, tuple[dict[str, object], Doubt, str]] = {
    "its test entry is not there": ({"table": ""}, Doubt.DEAD, "the list is dead"),
    "it holds what no list may hold": (
        {"table": ZEN + UNCLEAN + "zen.spamhaus.org A 127.0.0.2"},
        Doubt.LISTS_EVERYTHING,
        "it lists everything: 127.0.0.2 for a name that no list holds",
    ),
    "it refuses the resolver by a code": (
        {"table": "2.0.0.127.zen.spamhaus.org A 127.255.255.254"},
        Doubt.REFUSED,
        "it refuses to answer: the query came through a public or shared resolver",
    ),
    "it refuses the resolver by REFUSED": (
        {"table": ZEN, "fail": {"2.0.0.127.zen.spamhaus.org A": "refused"}},
        Doubt.REFUSED,
        "the query was refused (REFUSED), by 192.0.2.53:53; Spamhaus answers no public",
    ),
    "the domain is parked": (
        {"table": "2.0.0.127.zen.spamhaus.org A 203.0.113.9"},
        Doubt.REWRITTEN,
        "203.0.113.9 for a name of the list",
    ),
    "nobody answers in time": (
        {"table": ZEN, "fail": {"2.0.0.127.zen.spamhaus.org A": "timeout"}},
        Doubt.UNREACHABLE,
        "no answer in time",
    ),
    "its servers fail": (
        {"table": ZEN, "fail": {"2.0.0.127.zen.spamhaus.org A": "servfail"}},
        Doubt.UNREACHABLE,
        "SERVFAIL",
    ),
    "only the entry that must not be there cannot be looked up": (
        {"table": ZEN, "fail": {"1.0.0.127.zen.spamhaus.org A": "servfail"}},
        Doubt.UNREACHABLE,
        "SERVFAIL",
    ),
}


@pytest.mark.parametrize(("world", "doubt", "reason"), DOUBTS.values(), ids=DOUBTS.keys())
def test_a_list_that_fails_its_test_says_nothing_of_an_address(world: dict[str, object], doubt: Doubt, reason: str) -> None:
    table = f"{world['table']}\n25.2.0.192.zen.spamhaus.org A 127.0.0.2"
    here = made(World(table, fail=world.get("fail")))  # type: ignore[arg-type]
    fact = asyncio.run(here.ask(here.lists[0], address("192.0.2.25")))
    assert fact.doubt is doubt
    assert {lookup.question.name.split(".", 4)[4] for lookup in fact.lookups} == {"zen.spamhaus.org"}
    assert not any("25.2.0.192" in lookup.question.name for lookup in fact.lookups), "it was not even asked"
    found = listing(fact, here.lists[0].entry, address("192.0.2.25"))
    assert found.state is State.UNKNOWN
    assert reason in found.reason


def test_a_resolver_that_answers_for_a_name_that_cannot_exist_is_believed_by_no_list() -> None:
    class Rewriting(Counting):
        async def ask_each(self, question: Question) -> tuple[Exchange, ...]:
            if question.name.endswith(".invalid"):
                question = Question(name="ads.isp.example", rdtype="A")
            return await super().ask_each(question)

    world = World(ZEN + "ads.isp.example A 203.0.113.80\n2.0.0.127.bl.spamcop.net A 127.0.0.2")
    here = Blocklists(resolver=Rewriting(world), clock=FrozenClock(), lists=subscribe(["spamhaus-zen", "spamcop"]))
    found = asyncio.run(here.look(address("192.0.2.25")))
    assert [each.state for each in found] == [State.UNKNOWN, State.UNKNOWN]
    assert all("the resolvers answer for names that do not exist" in each.reason for each in found)
    assert sum(question.rdtype == "A" and "ads" in question.name for question in here.resolver.each) == 1  # type: ignore[attr-defined]


class TwoResolvers(Counting):
    """The first resolver is refused by the list; the second is good."""

    async def ask_each(self, question: Question) -> tuple[Exchange, ...]:
        self.each.append(question)
        return self.world.exchange(question, 0), OTHER.exchange(question, 1)

    async def lookup(self, question: Question) -> Lookup:
        self.asked.append(question)
        return self.world.lookup(question)


REFUSED = World("2.0.0.127.zen.spamhaus.org A 127.255.255.254\n25.2.0.192.zen.spamhaus.org A 127.255.255.254", resolvers=2)
OTHER = World(ZEN + "25.2.0.192.zen.spamhaus.org A 127.0.0.3", resolvers=2)


def test_where_a_list_refuses_one_resolver_the_other_is_heard_alone() -> None:
    resolver = TwoResolvers(REFUSED)
    here = Blocklists(resolver=resolver, clock=FrozenClock(), lists=subscribe(["spamhaus-zen"]))
    (found,) = asyncio.run(here.look(address("192.0.2.25")))
    assert (found.state, found.codes) == (State.LISTED, ("127.0.0.3",))
    assert resolver.asked == []


def test_an_address_costs_one_question_and_a_listed_one_two() -> None:
    here = made(World(ZEN + "25.2.0.192.zen.spamhaus.org A 127.0.0.4\n25.2.0.192.zen.spamhaus.org TXT why"))

    async def run() -> None:
        await here.look(address("192.0.2.1"))
        tests = len(here.resolver.each)  # type: ignore[attr-defined]
        for number in range(2, 12):
            await here.look(address(f"192.0.2.{number}"))
        assert len(here.resolver.each) == tests == 3  # type: ignore[attr-defined]
        assert len(here.resolver.asked) == 11  # type: ignore[attr-defined]
        (found,) = await here.look(address("192.0.2.25"))
        assert [str(each) for each in here.resolver.asked[11:]] == [  # type: ignore[attr-defined]
            "25.2.0.192.zen.spamhaus.org A",
            "25.2.0.192.zen.spamhaus.org TXT",
        ]
        assert found.text == "why"

    asyncio.run(run())


def test_a_test_holds_for_an_hour_and_a_doubt_for_five_minutes() -> None:
    here = made(World(ZEN), ["spamhaus-zen", "spamcop"])
    clock = here.clock
    assert isinstance(clock, FrozenClock)

    async def tested_after(seconds: float) -> list[str]:
        clock.step(seconds)
        here.resolver.each.clear()  # type: ignore[attr-defined]
        await here.look(address("192.0.2.1"))
        zones = {question.name.split(".", 4)[-1] for question in here.resolver.each}  # type: ignore[attr-defined]
        return sorted(zone for zone in zones if "." in zone and not zone.endswith("invalid"))

    async def run() -> None:
        assert await tested_after(0) == ["bl.spamcop.net", "zen.spamhaus.org"]
        assert await tested_after(299) == []
        assert await tested_after(2) == ["bl.spamcop.net"]
        assert await tested_after(3400) == ["bl.spamcop.net", "zen.spamhaus.org"]

    asyncio.run(run())


def test_a_list_that_recovers_is_believed_again() -> None:
    world = World(ZEN, fail={"2.0.0.127.zen.spamhaus.org A": "servfail"})
    here = made(world)

    async def run() -> list[State]:
        first = (await here.look(address("192.0.2.1")))[0].state
        world.fail.clear()
        second = (await here.look(address("192.0.2.1")))[0].state
        here.clock.step(301)  # type: ignore[attr-defined]
        return [first, second, (await here.look(address("192.0.2.1")))[0].state]

    assert asyncio.run(run()) == [State.UNKNOWN, State.UNKNOWN, State.CLEAN]


def test_many_addresses_at_once_share_the_test_and_spare_the_zone() -> None:
    here = made(World(ZEN), per_zone=4)
    here.resolver.delay_s = 0.001  # type: ignore[attr-defined]

    async def run() -> None:
        await asyncio.gather(*(here.look(address(f"192.0.2.{number}")) for number in range(200)))

    asyncio.run(run())
    assert len(here.resolver.each) == 3  # type: ignore[attr-defined]
    assert len(here.resolver.asked) == 200  # type: ignore[attr-defined]
    assert here.resolver.most == 4  # type: ignore[attr-defined]


def test_one_who_gives_up_does_not_take_the_test_from_the_others() -> None:
    here = made(World(ZEN))
    here.resolver.delay_s = 0.01  # type: ignore[attr-defined]

    async def run() -> State:
        first = asyncio.ensure_future(here.look(address("192.0.2.1")))
        second = asyncio.ensure_future(here.look(address("192.0.2.2")))
        await asyncio.sleep(0.005)
        first.cancel()
        return (await second)[0].state

    assert asyncio.run(run()) is State.CLEAN


@pytest.mark.parametrize(
    ("ip", "asked"),
    [
        ("192.0.2.25", ["spamhaus-zen", "spamcop"]),
        ("2001:db8::25", ["spamhaus-zen", "spam-eating-monkey-6"]),
        ("192.168.1.1", []),
    ],
)
def test_a_list_is_asked_about_the_families_that_it_holds(ip: str, asked: list[str]) -> None:
    here = made(World(ZEN), ["spamhaus-zen", "spamcop", "spam-eating-monkey-6"])
    assert [each.entry.id for each in here.lists_for(address(ip))] == asked


def test_ipv6_is_tested_by_mapped_entries_where_the_list_has_them() -> None:
    table = f"{MAPPED}bl.nordspam.com A 127.0.0.2\n2.0.0.127.bl.nordspam.com A 127.0.0.2"
    (found,) = look(World(table), "nordspam", ip="2001:db8::25")
    assert found.state is State.CLEAN
    (found,) = look(World("2.0.0.127.bl.nordspam.com A 127.0.0.2"), "nordspam", ip="2001:db8::25")
    assert "the list is dead" in found.reason


def test_a_key_is_asked_with_and_kept_nowhere() -> None:
    zone = f"{KEY}.zen.dq.spamhaus.net"
    table = f"2.0.0.127.{zone} A 127.0.0.2\n25.2.0.192.{zone} A 127.0.0.2\n25.2.0.192.{zone} TXT https://x.example/{KEY}"
    here = made(World(table), ["spamhaus-zen"], Keys({"spamhaus-zen": KEY.upper()}))
    fact = asyncio.run(here.ask(here.lists[0], address("192.0.2.25")))
    assert any(KEY in question.name for question in here.resolver.asked)  # type: ignore[attr-defined]
    assert fact.zone == "-key-.zen.dq.spamhaus.net"
    for kept in (repr(fact), msgspec.json.encode(fact).decode(), repr(here)):
        assert KEY not in kept.lower()
    found = listing(fact, here.lists[0].entry, address("192.0.2.25"))
    assert found.text == "https://x.example/-key-"


def test_a_key_that_is_not_valid_is_a_doubt_that_says_so_without_it() -> None:
    here = made(World(""), ["spamhaus-zen"], Keys({"spamhaus-zen": KEY}))
    fact = asyncio.run(here.ask(here.lists[0], address("192.0.2.25")))
    found = listing(fact, here.lists[0].entry, address("192.0.2.25"))
    assert found.reason.startswith("the list is dead or the key is not valid")
    assert KEY not in msgspec.json.encode(fact).decode() + repr(found)
