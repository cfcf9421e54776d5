"""Waiting: what the rounds say while a PTR moves from the old name to the new one."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from support.ports import FrozenClock
from truehelo.engine.wait import Wait, WaitRound, waited_target, wanted_record
from truehelo.errors import InputError
from truehelo.facts.dns import AuthoritativeView, Exchange, Lookup, Outcome, Question, Record
from truehelo.records.txt import quoted

AT = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
QUESTION = Question(name="25.2.0.192.in-addr.arpa", rdtype="PTR")


def said(server: str, data: str | Outcome, ttl: int = 3600) -> Exchange:
    base = Exchange(server=server, transport="udp", vantage="t", at=AT, took_s=0.01, outcome=Outcome.ANSWER)
    if isinstance(data, Outcome):
        soa = Record(owner="2.0.192.in-addr.arpa", ttl=ttl, rdtype="SOA", data=f"ns1.example. host.example. 1 2 3 4 {ttl}")
        return replace(base, outcome=data, soa=soa if data.is_denial else None)
    return replace(base, records=(Record(owner=QUESTION.name, ttl=ttl, rdtype="PTR", data=f"{data}."),))


@dataclass
class Moving:
    """`ports.Resolver` whose servers say, round by round, what the lists hold (the last entry stays)."""

    owners: list[list[Exchange]]
    caches: list[list[Exchange]]
    servers: tuple[str, ...] = ("r1",)
    cache_rounds: int = 0
    rounds: int = 0
    forgotten: int = 0
    seen: list[WaitRound] = field(default_factory=list)

    async def lookup(self, question: Question) -> Lookup:
        return Lookup(question=question, exchanges=())

    async def ask_each(self, question: Question) -> tuple[Exchange, ...]:
        self.cache_rounds += 1
        return tuple(self.caches[min(self.cache_rounds, len(self.caches)) - 1])

    def forget(self) -> None:
        self.forgotten += 1

    async def aclose(self) -> None:
        return

    async def authoritative(self, question: Question) -> AuthoritativeView:
        self.rounds += 1
        held = self.owners[min(self.rounds, len(self.owners)) - 1]
        return AuthoritativeView(question=question, apex="2.0.192.in-addr.arpa", exchanges=tuple(held))


def wait(moving: Moving, **settings: float) -> WaitRound:
    waiting = Wait(
        resolver=moving, clock=FrozenClock(), question=QUESTION, wanted=("new.example",), interval=0.0, **settings
    )
    return asyncio.run(waiting.run(moving.seen.append))


def test_it_ends_when_every_server_says_the_new() -> None:
    moving = Moving(
        owners=[
            [said("ns1", "old.example"), said("ns2", "old.example")],
            [said("ns1", "new.example"), said("ns2", "new.example")],
        ],
        caches=[[said("r1", "old.example")], [said("r1", "new.example")]],
    )
    last = wait(moving)
    assert last.everywhere
    assert [round_.everywhere for round_ in moving.seen] == [False, True]


def test_a_cached_old_answer_tells_by_when_it_is_gone_at_the_latest() -> None:
    moving = Moving(owners=[[said("ns1", "new.example")]], caches=[[said("r1", "old.example", ttl=1800)]])
    last = wait(moving, give_up=0.0)
    assert not last.everywhere
    assert last.latest == AT + timedelta(seconds=1800)


def test_a_cached_denial_counts_by_the_lower_of_soa_ttl_and_minimum() -> None:
    moving = Moving(owners=[[said("ns1", "new.example")]], caches=[[said("r1", Outcome.NXDOMAIN, ttl=600)]])
    assert wait(moving, give_up=0.0).latest == AT + timedelta(seconds=600)


def test_while_a_name_server_is_old_nobody_can_say_when() -> None:
    moving = Moving(owners=[[said("ns1", "new.example"), said("ns2", "old.example")]], caches=[[said("r1", "old.example")]])
    assert wait(moving, give_up=0.0).latest is None


def test_without_an_authoritative_server_to_ask_nobody_can_say_when() -> None:
    moving = Moving(owners=[[]], caches=[[said("r1", "old.example", ttl=60)]])
    assert wait(moving, give_up=0.0).latest is None


@pytest.mark.parametrize("silent", [Outcome.TIMEOUT, Outcome.SERVFAIL, Outcome.REFUSED])
def test_a_server_that_cannot_be_heard_is_neither_new_nor_old(silent: Outcome) -> None:
    moving = Moving(owners=[[said("ns1", "new.example"), said("ns2", silent)]], caches=[[said("r1", "new.example")]])
    last = wait(moving, give_up=0.0)
    assert not last.everywhere
    assert last.undetermined
    assert [row.state for row in last.rows] == ["new", "failed", "new"]


NO_WAY = replace(said("ns1@[2001:db8::53]:53", Outcome.TIMEOUT), detail="not contacted: network is unreachable")


def test_a_name_servers_other_address_that_this_machine_has_no_way_to_is_not_waited_for() -> None:
    moving = Moving(owners=[[said("ns1@192.0.2.53:53", "new.example"), NO_WAY]], caches=[[said("r1", "new.example")]])
    last = wait(moving, give_up=0.0)
    assert last.everywhere
    assert [row.server for row in last.rows] == ["ns1@192.0.2.53:53", "r1"]


def test_a_name_server_with_no_address_that_this_machine_has_a_way_to_leaves_the_end_open() -> None:
    moving = Moving(owners=[[said("ns2@192.0.2.54:53", "new.example"), NO_WAY]], caches=[[said("r1", "new.example")]])
    assert wait(moving, give_up=0.0).undetermined


def test_resolvers_are_left_alone_until_the_authoritative_servers_are_new() -> None:
    old, new = [said("ns1", "old.example")], [said("ns1", "new.example")]
    moving = Moving(owners=[old, old, old, new], caches=[[said("r1", "old.example")], [said("r1", "new.example")]])
    wait(moving)
    assert moving.rounds == 4
    assert moving.cache_rounds == 2


@pytest.mark.parametrize(
    ("target", "wanted", "name", "values"),
    [
        ("192.0.2.25", "PTR=Mail.Example.com.", "25.2.0.192.in-addr.arpa", ("mail.example.com",)),
        ("2001:db8::1", "ptr=mail.example.com", "1." + "0." * 23 + "8.b.d.0.1.0.0.2.ip6.arpa", ("mail.example.com",)),
        ("mail.example.com", "A=192.0.2.25", "mail.example.com", ("192.0.2.25",)),
        ("mail.example.com", "AAAA=2001:DB8::0:25", "mail.example.com", ("2001:db8::25",)),
        ("example.com", "MX=10 Mail.example.com.", "example.com", ("10 mail.example.com",)),
        ("example.com", "TXT=v=spf1 -all", "example.com", ('"v=spf1 -all"',)),
        ("example.com", 'TXT="v=spf1" " -all"', "example.com", ('"v=spf1 -all"',)),
        ("example.com", 'TXT=say "hi"', "example.com", ('"say \\"hi\\""',)),
        ("_dmarc.Example.com.", "TXT=v=DMARC1; p=none", "_dmarc.example.com", ('"v=DMARC1; p=none"',)),
        ("domain:_dmarc.bücher.example", "txt=x", "_dmarc.xn--bcher-kva.example", ('"x"',)),
        (
            "s1._domainkey.example.com",
            "CNAME=s1._domainkey.p.example.",
            "s1._domainkey.example.com",
            ("s1._domainkey.p.example",),
        ),
    ],
)
def test_what_is_waited_for_is_read(target: str, wanted: str, name: str, values: tuple[str, ...]) -> None:
    question, read = wanted_record(waited_target(target, wanted), wanted)
    assert (question.name, read) == (name, values)


@pytest.mark.parametrize(
    ("target", "wanted", "says"),
    [
        ("192.0.2.25", "mail.example.com", "is not TYPE=VALUE"),
        ("192.0.2.25", "SOA=x", "types are"),
        ("192.0.2.25", "PTR=", "is not TYPE=VALUE"),
        ("192.0.2.25", "PTR=mail", "single label"),
        ("192.0.2.25", "A=192.0.2.25", "is no name"),
        ("mail.example.com", "PTR=mail.example.com", "is no address"),
        ("mail.example.com", "A=2001:db8::1", "is not an address for a record of type A"),
        ("_dmarc.example.com", "A=192.0.2.25", "holds an underscore"),
        ("a_b.example.com", "TXT=x", "holds an underscore"),
        ("_dmarc", "TXT=x", "single label"),
        ("_dmarc..example.com", "TXT=x", "has an empty label"),
    ],
)
def test_what_cannot_be_waited_for_is_said(target: str, wanted: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        wanted_record(waited_target(target, wanted), wanted)
    assert says in str(caught.value)


LONG = "v=spf1 " + " ".join(f"ip4:192.0.2.{i}" for i in range(20)) + " -all"


@pytest.mark.parametrize(
    ("why", "value", "strings"),
    [
        ("more than one string holds", LONG, (LONG[:255], LONG[255:])),
        ("strings that are cut elsewhere", LONG, (LONG[:7], LONG[7:200], LONG[200:])),
        ("a quote and a backslash", 'say "hi" \\o/', ('say "hi" \\o/',)),
        ("as a zone file has it", '"say \\"hi\\"" "\\195\\188"', ('say "hi"', "ü")),
        ("octets beyond ASCII", "grün", ("grün",)),
    ],
)
@pytest.mark.parametrize("on_the_wire", [True, False])
def test_the_strings_of_a_txt_record_are_one_text(
    why: str, value: str, strings: tuple[str, ...], on_the_wire: bool
) -> None:
    octets = [string.encode() for string in strings]
    raw = b"".join(bytes([len(each)]) + each for each in octets).hex() if on_the_wire else ""
    data = " ".join(quoted(string) for string in strings)
    record = Record(owner="example.com", ttl=60, rdtype="TXT", data=data, raw=raw)
    exchange = replace(said("ns1", "x"), records=(record,))
    question, values = wanted_record(waited_target("example.com", "TXT=x"), f"TXT={value}")
    moving = Moving(owners=[[exchange]], caches=[[exchange]])
    waiting = Wait(resolver=moving, clock=FrozenClock(), question=question, wanted=values)
    assert asyncio.run(waiting.look()).everywhere, why


def test_the_zone_cut_is_looked_for_again_after_ten_minutes() -> None:
    clock = FrozenClock()
    moving = Moving(owners=[[said("ns1", "old.example")]], caches=[[said("r1", "old.example")]])
    waiting = Wait(resolver=moving, clock=clock, question=QUESTION, wanted=("new.example",))

    async def rounds() -> list[int]:
        seen = []
        for _ in range(4):
            await waiting.look()
            seen.append(moving.forgotten)
            clock.step(300)
        return seen

    assert asyncio.run(rounds()) == [1, 1, 2, 2]
