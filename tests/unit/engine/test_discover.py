"""What names lead to, kept up to date: an answer adds and removes, silence and a single liar remove nothing."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.ports import FakePorts
from support.world import FakeResolver, World
from truehelo.engine.discover import discover
from truehelo.engine.subjects import MAX_OF_NAME
from truehelo.facts.address import Address, parse_address
from truehelo.facts.dns import AuthoritativeView, Question
from truehelo.inventory.discovered import Merge, Sight, merge
from truehelo.inventory.model import Line

TABLE = """
example.com MX 10 mx1.example.com
example.com MX 20 mx2.example.com
example.com TXT v=spf1 ip4:192.0.2.80 include:_spf.example.com -all
_spf.example.com TXT v=spf1 ip4:198.51.100.7 -all
mx1.example.com A 192.0.2.25
mx1.example.com AAAA 2001:db8::25
mx2.example.com A 192.0.2.26
"""
ALL = "192.0.2.25 192.0.2.26 192.0.2.80 198.51.100.7 2001:db8::25"
GONE = "192.0.2.99"
"""An address that the table does not lead to."""


@dataclass
class Knowing(FakeResolver):
    """Resolvers of one world, before authoritative servers of another: the resolvers may lie, or be behind."""

    truth: World | None = None

    async def authoritative(self, question: Question) -> AuthoritativeView:
        if self.truth is None:
            return AuthoritativeView(question=question, apex="example.com", exchanges=())
        said = self.truth.exchange(question)
        exchange = type(said)(**{name: getattr(said, name) for name in said.__dataclass_fields__} | {"flags": ("AA",)})
        return AuthoritativeView(question=question, apex="example.com", exchanges=(exchange,))


def ips(text: str) -> tuple[Address, ...]:
    return tuple(ip for ip in map(parse_address, text.split()) if ip is not None)


def look(
    kept: str,
    target: str = "domain:example.com",
    table: str = TABLE,
    *,
    discover_: tuple[str, ...] = ("mx", "spf"),
    fail: Mapping[str, str] | None = None,
    truth: World | None = None,
) -> Merge:
    world = World(table, fail=fail or {})
    resolver = Knowing(world, truth=truth or world)
    line = Line(target=target, discover=discover_ if target.startswith("domain") else ())
    return asyncio.run(discover(line, ips(kept), resolver, FakePorts(world).ports().suffixes))


@pytest.mark.parametrize(
    ("target", "which", "found"),
    [
        ("domain:example.com", ("mx", "spf"), ALL),
        ("domain:example.com", ("mx",), "192.0.2.25 192.0.2.26 2001:db8::25"),
        ("domain:example.com", ("spf",), "192.0.2.80 198.51.100.7"),
        ("host:mx1.example.com", (), "192.0.2.25 2001:db8::25"),
    ],
)
def test_a_name_leads_to_what_it_is_asked_for(target: str, which: tuple[str, ...], found: str) -> None:
    merged = look("", target, discover_=which)
    assert merged.addresses == merged.added == ips(found)
    assert (merged.removed, merged.unseen) == ((), ())


def test_what_is_there_already_changes_nothing() -> None:
    assert look(ALL).changed is False


def test_an_address_that_the_answers_no_longer_name_is_removed() -> None:
    merged = look(f"{ALL} {GONE}")
    assert (merged.addresses, merged.removed, merged.added) == (ips(ALL), ips(GONE), ())


@pytest.mark.parametrize("how", ["servfail", "timeout", "refused"])
@pytest.mark.parametrize(
    "question",
    ["example.com MX", "mx1.example.com A", "mx2.example.com AAAA", "example.com TXT", "_spf.example.com TXT"],
)
def test_silence_on_any_step_removes_nothing(question: str, how: str) -> None:
    merged = look(f"{ALL} {GONE}", fail={question: how})
    assert merged.removed == ()
    assert set(ips(ALL)) | set(ips(GONE)) == set(merged.addresses)
    assert set(ips(GONE)) <= set(merged.unseen)
    assert any(how in note for note in merged.notes)


def test_silence_about_what_is_not_asked_for_holds_nothing_back() -> None:
    assert look(f"192.0.2.80 198.51.100.7 {GONE}", discover_=("spf",), fail={"example.com MX": "timeout"}).removed == ips(
        GONE
    )
    kept = f"192.0.2.25 192.0.2.26 2001:db8::25 {GONE}"
    assert look(kept, discover_=("mx",), fail={"example.com TXT": "timeout"}).removed == ips(GONE)


@pytest.mark.parametrize(
    "question", ["example.com MX", "example.com TXT", "mx1.example.com AAAA", "mx1.example.com A", "_spf.example.com TXT"]
)
@pytest.mark.parametrize("lie", ["nxdomain", "nodata"])
def test_resolvers_that_deny_what_the_zones_servers_have_remove_nothing(question: str, lie: str) -> None:
    merged = look(ALL, fail={question: lie}, truth=World(TABLE))
    assert (merged.addresses, merged.removed) == (ips(ALL), ())


def test_a_removal_that_only_one_resolver_speaks_for_is_not_believed() -> None:
    world = World(TABLE)
    resolver = Knowing(world, truth=None)
    line = Line(target="host:mx1.example.com")
    merged = asyncio.run(
        discover(line, ips(f"192.0.2.25 2001:db8::25 {GONE}"), resolver, FakePorts(world).ports().suffixes)
    )
    assert (merged.removed, merged.unseen) == ((), ips(GONE))


def test_a_domain_that_is_gone_for_everybody_leads_nowhere() -> None:
    merged = look(ALL, table="other.example A 192.0.2.1")
    assert (merged.addresses, merged.removed) == ((), ips(ALL))


@pytest.mark.parametrize(
    "record",
    ["v=spf1 ip4:192.0.2.80 ip4:nonsense -all", "v=spf1 include:missing.example.com -all"],
)
def test_an_spf_record_with_a_mistake_removes_nothing(record: str) -> None:
    table = TABLE.replace("v=spf1 ip4:192.0.2.80 include:_spf.example.com -all", record)
    assert look(ALL, table=table).removed == ()


def test_a_name_with_more_addresses_than_are_followed_removes_nothing() -> None:
    table = "\n".join(f"mx1.example.com A 203.0.{number // 256}.{number % 256}" for number in range(MAX_OF_NAME + 5))
    merged = look(GONE, "host:mx1.example.com", table)
    assert len(merged.added) == MAX_OF_NAME
    assert (merged.removed, merged.unseen) == ((), ips(GONE))


def test_addresses_that_nobody_outside_can_judge_are_left_out_and_told() -> None:
    merged = look("", table="example.com MX 10 mx.example.com\nmx.example.com A 10.0.0.1\nmx.example.com A 192.0.2.1")
    assert merged.addresses == ips("192.0.2.1")
    assert [note for note in merged.notes if "10.0.0.1" in note] == [
        "domain:example.com: leads to 10.0.0.1, which nobody outside can judge; it is left out"
    ]


SOME = st.sets(st.integers(0, 7).map(lambda n: parse_address(f"192.0.2.{n}")), max_size=8)
SIGHTS = st.lists(st.builds(lambda ips_, whole: Sight(addresses=tuple(ips_), whole=whole), SOME, st.booleans()), max_size=3)


@given(kept=SOME, sights=SIGHTS)
def test_nothing_is_lost_that_a_look_did_not_rule_out(kept: set[Address], sights: list[Sight]) -> None:
    merged = merge(kept, *sights)
    seen = {ip for sight in sights for ip in sight.addresses}
    assert seen <= set(merged.addresses)
    assert set(merged.addresses) == (kept | set(merged.added)) - set(merged.removed)
    assert not set(merged.removed) & seen
    if not sights or not all(sight.whole for sight in sights):
        assert merged.removed == ()
        assert kept <= set(merged.addresses)
