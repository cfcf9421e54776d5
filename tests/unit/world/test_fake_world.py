"""The tests' own world answers as the DNS would, and its two faces (facts, ports) agree."""

import asyncio
from datetime import UTC, datetime

import pytest

from support.world import FakeResolver, ScriptedSmtp, World
from support.zone import Zone, question
from truehelo.facts.address import parse_address
from truehelo.facts.dns import Outcome
from truehelo.facts.smtp import Ended, greeting_name

TABLE = """
; a comment
192.0.2.25 CNAME 25.0/26.2.0.192.in-addr.arpa
25.0/26.2.0.192.in-addr.arpa 60 PTR mail.example.com
mail.example.com A 192.0.2.25
alias.example.com CNAME mail.example.com
loop.example.com CNAME loop.example.com
example.com TXT "v=spf1 " "-all"
example.com 600 SOA ns1.example.com. host.example.com. 1 2 3 4 300
"""


@pytest.mark.parametrize(
    ("asked", "outcome", "data"),
    [
        ("mail.example.com A", Outcome.ANSWER, ["192.0.2.25"]),
        ("mail.example.com AAAA", Outcome.NODATA, []),
        ("nobody.example.com A", Outcome.NXDOMAIN, []),
        ("alias.example.com A", Outcome.ANSWER, ["192.0.2.25"]),
        ("loop.example.com A", Outcome.SERVFAIL, []),
        ("PTR 192.0.2.25", Outcome.ANSWER, ["mail.example.com."]),
        ("0.192.in-addr.arpa PTR", Outcome.NODATA, []),
        ("example.com TXT", Outcome.ANSWER, ['"v=spf1 " "-all"']),
    ],
)
def test_the_table_answers_as_the_dns_would(asked: str, outcome: Outcome, data: list[str]) -> None:
    lookup = World(TABLE).lookup(question(asked))
    assert (lookup.outcome, [record.data for record in lookup.records]) == (outcome, data)


def test_txt_strings_are_kept_apart_in_the_raw_form() -> None:
    (record,) = World(TABLE).lookup(question("example.com TXT")).records
    assert bytes.fromhex(record.raw) == b"\x07v=spf1 \x04-all"


def test_a_denial_carries_the_soa_of_the_zone_above() -> None:
    believed = World(TABLE).lookup(question("nobody.example.com A")).believed
    assert believed is not None
    assert believed.soa is not None
    assert believed.soa.owner == "example.com"


def test_what_fails_fails_for_each_resolver_as_told() -> None:
    world = World(TABLE, fail={"mail.example.com A": ["nxdomain", "answer"]})
    lookup = world.lookup(question("mail.example.com A"))
    assert [each.outcome for each in lookup.exchanges] == [Outcome.NXDOMAIN, Outcome.ANSWER]
    assert lookup.disagree


def test_facts_and_resolver_show_the_same_world() -> None:
    world = World(TABLE, authority={"ns1.example.com": ["mail.example.com"]})
    facts = world.facts("192.0.2.25", smtp={25: "mail.example.com"})
    resolver = FakeResolver(world)

    async def ask() -> None:
        for lookup in facts.lookups:
            assert await resolver.lookup(lookup.question) == lookup
        assert await resolver.authoritative(question("192.0.2.25 PTR")) == facts.reverse_zone
        assert len(await resolver.ask_each(question("192.0.2.25 PTR"))) == len(resolver.servers)

    asyncio.run(ask())
    assert facts.reverse_zone is not None
    assert facts.reverse_zone.apex == "0/26.2.0.192.in-addr.arpa"


def test_scripted_smtp_reports_names_and_leaves_the_rest_unreachable() -> None:
    ip = parse_address("192.0.2.25")
    assert ip is not None
    probe = ScriptedSmtp(
        {"192.0.2.25": {25: {"greeting": "220-wait\n220 mail.example.com ESMTP", "ehlo": "x.example.com"}}}
    )
    names: list[str] = []
    good = asyncio.run(probe.converse(ip, 25, names.append))
    gone = asyncio.run(probe.converse(ip, 587, names.append))
    assert names == ["mail.example.com", "x.example.com"]
    assert good.greeting is not None
    assert greeting_name(good.greeting).name == "mail.example.com"
    assert good.extensions == ("SIZE",)
    assert gone.ended is Ended.UNREACHABLE
    assert good.at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize("line", ["mail.example.com LOC x", "mail.example.com A mail.example.com"])
def test_a_bad_line_of_a_table_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"unknown record type|IPv4 or IPv6"):
        Zone.parse(line)


def test_a_script_with_an_unknown_word_is_refused() -> None:
    with pytest.raises(ValueError, match="script"):
        World("").facts("192.0.2.25", smtp={25: {"greating": "220 x"}})
