"""A look at sources that nobody watches: what is asked, of how many at once, and whose turn it is."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from support.world import FakeResolver, World
from truehelo.facts.dns import Lookup, Question
from truehelo.monitor.sources.observe import AGAIN_S, AT_ONCE, RETRY_S, Observer, due
from truehelo.probes.suffixes import PublicSuffixes
from truehelo.store.sources.standings import Authorised, Standing

TABLE = """
192.0.2.25 PTR mail.business.example
mail.business.example A 192.0.2.25
198.51.100.4 PTR 198-51-100-4.dynamic.cloudhost.example
198-51-100-4.dynamic.cloudhost.example A 198.51.100.4
203.0.113.9 PTR relay.other.example
relay.other.example A 203.0.113.77
2001:db8::25 PTR six.business.example
six.business.example AAAA 2001:db8::25
business.example TXT "v=spf1 ip4:192.0.2.0/28 include:_spf.other.example -all"
_spf.other.example TXT "v=spf1 ip4:203.0.113.9 -all"
"""


@dataclass
class Counting(FakeResolver):
    """Knows how many questions were under way at once."""

    now: int = 0
    most: int = 0
    questions: list[Question] = field(default_factory=list)

    async def lookup(self, question: Question) -> Lookup:
        self.now, self.most = self.now + 1, max(self.most, self.now + 1)
        self.questions.append(question)
        await asyncio.sleep(0.001)
        self.now -= 1
        return self.world.lookup(question)


def seen(*ips: str, fail: Mapping[str, str] | None = None) -> list[Standing]:
    async def look() -> list[Standing]:
        return await Observer(FakeResolver(World(TABLE, fail=fail or {})), PublicSuffixes(), 1000.0).names_of(ips)

    return asyncio.run(look())


def said(*pairs: tuple[str, str], fail: Mapping[str, str] | None = None) -> list[Authorised]:
    async def ask() -> list[Authorised]:
        return await Observer(FakeResolver(World(TABLE, fail=fail or {})), PublicSuffixes(), 1000.0).authorised(pairs)

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("ip", "iprev", "confirmed", "generic", "organisation"),
    [
        ("192.0.2.25", "pass", ("mail.business.example",), False, "business.example"),
        ("2001:db8::25", "pass", ("six.business.example",), False, "business.example"),
        ("198.51.100.4", "pass", ("198-51-100-4.dynamic.cloudhost.example",), True, "cloudhost.example"),
        ("203.0.113.9", "fail", (), False, ""),
        ("192.0.2.99", "permerror", (), False, ""),
    ],
)
def test_names_are_judged_as_in_an_audit(
    ip: str, iprev: str, confirmed: tuple[str, ...], generic: bool, organisation: str
) -> None:
    [found] = seen(ip)
    assert (found.iprev, found.confirmed, bool(found.generic), found.organisation) == (
        iprev,
        confirmed,
        generic,
        organisation,
    )
    assert (found.ip, found.at) == (ip, 1000.0)


@pytest.mark.parametrize("how", ["servfail", "timeout", "refused"])
def test_what_cannot_be_seen_is_said_to_be_so(how: str) -> None:
    [ptr] = seen("192.0.2.25", fail={"192.0.2.25 PTR": how})
    [forward] = seen("192.0.2.25", fail={"mail.business.example A": how})
    assert (ptr.iprev, forward.iprev) == ("temperror", "temperror")
    assert how in ptr.detail
    assert "mail.business.example A" in forward.detail


def test_nobody_asks_about_addresses_that_nobody_outside_can_see() -> None:
    assert seen("10.0.0.1", "127.0.0.1", "fe80::1", "no address") == []


@pytest.mark.parametrize(
    ("ip", "word", "told"),
    [
        ("192.0.2.3", "pass", "ip4:192.0.2.0/28 in the record of business.example"),
        ("203.0.113.9", "pass", "include:_spf.other.example in the record of business.example"),
        ("198.51.100.4", "fail", "-all"),
    ],
)
def test_spf_is_asked_with_the_terms_that_decided(ip: str, word: str, told: str) -> None:
    [found] = said((ip, "business.example"))
    assert (found.word, found.sure) == (word, True)
    assert told in found.detail


def test_an_spf_record_that_cannot_be_seen_says_nothing() -> None:
    [found] = said(("203.0.113.9", "business.example"), fail={"_spf.other.example TXT": "servfail"})
    assert found.word == "temperror"
    assert "_spf.other.example" in found.detail


def test_few_are_looked_at_at_once_and_each_question_is_asked_once() -> None:
    async def ask() -> Counting:
        resolver = Counting(World(TABLE))
        observer = Observer(resolver, PublicSuffixes(), 0.0)
        await observer.names_of([f"192.0.2.{host}" for host in range(1, 60)])
        await observer.authorised([(f"192.0.2.{host}", "business.example") for host in range(1, 60)])
        return resolver

    resolver = asyncio.run(ask())
    assert 1 < resolver.most <= AT_ONCE
    assert len(resolver.questions) == len(set(resolver.questions))


@dataclass
class Stuck(FakeResolver):
    """Never answers one question."""

    stuck: str = ""

    async def lookup(self, question: Question) -> Lookup:
        if str(question) == self.stuck:
            await asyncio.sleep(3600)
        return await super().lookup(question)


def test_what_takes_too_long_is_undetermined_and_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("truehelo.monitor.sources.observe.LOOK_S", 0.2)

    async def look() -> tuple[list[Standing], list[Authorised]]:
        observer = Observer(Stuck(World(TABLE), stuck="_spf.other.example TXT"), PublicSuffixes(), 0.0)
        said = await observer.authorised([("203.0.113.9", "business.example"), ("192.0.2.3", "business.example")])
        observer.drop()
        observer = Observer(Stuck(World(TABLE), stuck="mail.business.example A"), PublicSuffixes(), 0.0)
        seen = await observer.names_of(["192.0.2.25", "203.0.113.9"])
        observer.drop()
        return seen, said

    seen_, said_ = asyncio.run(look())
    assert [(each.iprev, bool(each.detail)) for each in seen_] == [("temperror", True), ("fail", False)]
    assert [(each.word, each.sure) for each in said_] == [("temperror", False), ("pass", True)]


@pytest.mark.parametrize(
    ("sentence", "looks", "expected"),
    [
        ("never looked at", {}, ["192.0.2.1", "192.0.2.2"]),
        ("seen of late", {"192.0.2.1": (9_999_000.0, "fail")}, ["192.0.2.2"]),
        ("seen long ago", {"192.0.2.1": (10_000_000.0 - AGAIN_S, "pass")}, ["192.0.2.1", "192.0.2.2"]),
        ("could not be seen a moment ago", {"192.0.2.1": (9_999_000.0, "temperror")}, ["192.0.2.2"]),
        (
            "could not be seen an hour ago",
            {"192.0.2.1": (10_000_000.0 - RETRY_S, "temperror")},
            ["192.0.2.1", "192.0.2.2"],
        ),
    ],
)
def test_whose_turn_it_is(sentence: str, looks: dict[str, tuple[float, str]], expected: list[str]) -> None:
    ips = ["10.1.1.1", "192.0.2.1", "192.0.2.2", "no address"]
    assert due(ips, looks, 10_000_000.0, 10) == expected, sentence
    assert due(ips, looks, 10_000_000.0, 1) == expected[:1]
