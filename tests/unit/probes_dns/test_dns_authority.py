"""Finding the zone cut above a name, and asking each of its servers."""

import asyncio

import pytest

from support.scripteddns import PTR, ScriptedAsker, exchange, resolver
from truehelo.facts.dns import AuthoritativeView, Exchange, Question
from truehelo.probes.dns.upstream import Upstream

ZONE = "100.51.198.in-addr.arpa"
ALIAS = f"4.0-63.{ZONE}"


class World(ScriptedAsker):
    """A resolver that says what is in the table, and servers asked directly that say what is in the other one."""

    def __init__(self, table: dict[str, str], direct: dict[str, str]) -> None:
        super().__init__({})
        self.table, self.direct = table, direct
        self.asked_directly: list[tuple[str, str]] = []

    async def ask(self, upstream: Upstream, question: Question, *, recursive: bool = True) -> Exchange:
        if recursive:
            self.asked.append((upstream.text, str(question)))
            return exchange(upstream.text, question, self.table.get(str(question), "nxdomain"))
        self.asked_directly.append((upstream.text, str(question)))
        return exchange(upstream.text, question, self.direct.get(upstream.text, "timeout"))


def view(world: World, question: Question = PTR) -> AuthoritativeView:
    return asyncio.run(resolver(world, ["192.0.2.1"], retries=0).authoritative(question))


SERVERS = {
    f"{ZONE} NS": "ns1.example. ns2.example.",
    "ns1.example A": "192.0.2.53",
    "ns1.example AAAA": "2001:db8::53",
    "ns2.example A": "192.0.2.54 192.0.2.55 192.0.2.56",
    "ns2.example AAAA": "nodata",
}
DIRECT = {
    "ns1.example@192.0.2.53:53": "new.example.",
    "ns1.example@[2001:db8::53]:53": "timeout",
    "ns2.example@192.0.2.54:53": "old.example.",
}


def test_the_soa_in_a_denial_names_the_zone_and_its_servers_are_asked() -> None:
    world = World({**SERVERS, str(PTR): "a.example.", f"{PTR.name} SOA": f"nodata soa={ZONE}"}, DIRECT)
    seen = view(world)
    assert (seen.apex, seen.detail, seen.primary, seen.contact) == (ZONE, "", f"ns1.{ZONE}", f"hostmaster@{ZONE}")
    assert [(server.name, server.addresses) for server in seen.servers] == [
        ("ns1.example", ("192.0.2.53", "2001:db8::53")),
        ("ns2.example", ("192.0.2.54", "192.0.2.55")),
    ]
    assert {x.server: x.outcome for x in seen.exchanges} == {
        "ns1.example@192.0.2.53:53": "answer",
        "ns1.example@[2001:db8::53]:53": "timeout",
        "ns2.example@192.0.2.54:53": "answer",
        "ns2.example@192.0.2.55:53": "timeout",
    }
    assert [str(lookup.question) for lookup in seen.lookups][:3] == [str(PTR), f"{PTR.name} SOA", f"{ZONE} NS"]


def test_the_cut_is_that_of_the_alias_targets_zone() -> None:
    child = f"0-63.{ZONE}"
    world = World(
        {
            str(PTR): f"cname={ALIAS} mail.business.example.",
            f"{PTR.name} SOA": f"nodata cname={ALIAS} soa={child}",
            f"{ALIAS} SOA": f"nodata soa={child}",
            f"{child} NS": "ns1.example.",
            "ns1.example A": "192.0.2.53",
        },
        {"ns1.example@192.0.2.53:53": "mail.business.example."},
    )
    assert view(world).apex == child
    assert world.asked_directly == [("ns1.example@192.0.2.53:53", f"{ALIAS} PTR")]


CNAME = Question(name="mail.business.example", rdtype="CNAME")
MOVED = {
    "mail.business.example SOA": "nodata cname=host.other.example soa=other.example",
    "business.example SOA": "business.example",
    "business.example NS": "ns1.example.",
    "other.example NS": "ns2.example.",
    "ns1.example A": "192.0.2.53",
    "ns2.example A": "192.0.2.54",
}


@pytest.mark.parametrize(
    ("sentence", "table"),
    [
        ("it is an alias", {str(CNAME): "host.other.example."}),
        ("it is an alias of what fails", {str(CNAME): "host.other.example.", "mail.business.example SOA": "servfail"}),
        ("the resolver has the denial from before", {str(CNAME): "nodata soa=business.example"}),
        ("it is no alias yet", {str(CNAME): "nodata", "mail.business.example SOA": "nodata soa=business.example"}),
        ("it is not there yet", {str(CNAME): "nxdomain", "mail.business.example SOA": "nxdomain soa=business.example"}),
    ],
)
def test_an_alias_that_is_asked_for_is_asked_of_the_zone_that_holds_it(sentence: str, table: dict[str, str]) -> None:
    world = World({**MOVED, **table}, {"ns1.example@192.0.2.53:53": "host.other.example."})
    assert view(world, CNAME).apex == "business.example", sentence
    assert world.asked_directly == [("ns1.example@192.0.2.53:53", str(CNAME))]


def test_a_name_on_the_way_up_that_is_an_alias_names_no_zone() -> None:
    question = Question(name="a.b.business.example", rdtype="TXT")
    table = {"b.business.example SOA": "nodata cname=x.example soa=example", "business.example SOA": "business.example"}
    assert view(World({**table, "a.b.business.example SOA": "nxdomain"}, {}), question).apex == "business.example"


def test_the_name_may_be_the_apex_itself() -> None:
    question = Question(name="business.example", rdtype="TXT")
    world = World({str(question): "nodata soa=business.example", "business.example SOA": "business.example"}, {})
    assert view(world, question).apex == "business.example"


def test_where_a_denial_names_no_zone_the_labels_are_walked_up() -> None:
    world = World({f"{PTR.name} SOA": "nodata", f"{ZONE} SOA": ZONE}, {})
    assert view(world).apex == ZONE


def test_a_zone_that_is_not_above_the_name_is_not_believed() -> None:
    world = World({f"{PTR.name} SOA": "nodata soa=attacker.example", f"{ZONE} SOA": ZONE}, {})
    assert view(world).apex == ZONE


@pytest.mark.parametrize("outcome", ["servfail", "timeout", "refused", "malformed"])
def test_a_failure_on_the_way_leaves_the_cut_unknown_and_says_why(outcome: str) -> None:
    seen = view(World({f"{PTR.name} SOA": outcome}, {}))
    assert (seen.apex, seen.exchanges) == (None, ())
    assert seen.detail == f"the zone of {PTR.name} could not be found: {PTR.name} SOA gave {outcome}"


def test_a_zone_that_a_validating_resolver_calls_bogus_is_not_overruled_by_its_own_servers() -> None:
    """The SOA fails like the rest, so nobody is asked directly: receivers that validate know no more than this resolver."""
    bogus = {str(PTR): "servfail", f"{PTR.name} SOA": "servfail", f"{ZONE} SOA": ZONE, f"{ZONE} NS": "ns1.example."}
    world = World({**bogus, "ns1.example A": "192.0.2.53"}, {"ns1.example@192.0.2.53:53": "mail.example."})
    assert view(world).apex is None
    assert world.asked_directly == []


def test_up_to_the_root_without_a_zone_is_said() -> None:
    seen = view(World({}, {}))
    assert (seen.apex, seen.detail) == (
        None,
        f"the zone of {PTR.name} could not be found: no reply up to the root named one",
    )


@pytest.mark.parametrize(
    ("sentence", "table", "detail"),
    [
        (
            "name servers unknown",
            {f"{ZONE} NS": "servfail"},
            f"the name servers could not be looked up: {ZONE} NS gave servfail",
        ),
        ("no name servers", {f"{ZONE} NS": "nodata"}, f"the zone names no name servers: {ZONE} NS gave nodata"),
        (
            "no addresses",
            {f"{ZONE} NS": "ns1.example."},
            "none of the name servers has an address that could be looked up",
        ),
        (
            "too many",
            {f"{ZONE} NS": " ".join(f"ns{i}.example." for i in range(9)), "ns1.example A": "192.0.2.53"},
            "only the first 8 name servers were asked",
        ),
    ],
)
def test_what_is_missing_beyond_the_cut_is_said(sentence: str, table: dict[str, str], detail: str) -> None:
    seen = view(World({f"{PTR.name} SOA": f"nodata soa={ZONE}", **table}, {}))
    assert (seen.apex, seen.detail) == (ZONE, detail), sentence
