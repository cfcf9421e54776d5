"""A name server is there when it speaks at one of its addresses: a machine without IPv6 must not doubt every zone.

One that fails on the question is not known to be without the zone (RFC 1912 §2.8).
"""

from dataclasses import replace
from typing import Any

import pytest

from support.domains import facts, load
from truehelo.domains import run_checks
from truehelo.facts.dns import Exchange, Outcome

FACTS = facts(next(each for each in load() if each["name"] == "two servers that agree hold the zone"))


def silent(exchange: Exchange, address: str) -> Exchange:
    server = f"{exchange.server.partition('@')[0]}@{address}:53"
    return replace(exchange, server=server, outcome=Outcome.TIMEOUT, flags=(), records=(), detail="network is unreachable")


@pytest.mark.parametrize(("both", "expected"), [(False, False), (True, True)])
def test_a_server_that_is_silent_at_one_address_is_unreachable_only_if_it_is_so_at_all(both: bool, expected: bool) -> None:
    assert FACTS.zone is not None
    first, *others = FACTS.zone.exchanges
    exchanges = (silent(first, "[2001:db8::53]"), silent(first, "192.0.2.53") if both else first, *others)
    found = {finding.tag.name for finding in run_checks(replace(FACTS, zone=replace(FACTS.zone, exchanges=exchanges)))}
    assert ("NS_UNREACHABLE" in found) is expected
    assert ("NS_GOOD" in found) is not expected


SAID = [
    # what the first server says, what is told of it, what is not
    ("it fails", {"outcome": Outcome.SERVFAIL}, "NS_UNREACHABLE", "NS_LAME"),
    ("it fails, and says why", {"outcome": Outcome.SERVFAIL, "detail": "Not Ready"}, "NS_UNREACHABLE", "NS_LAME"),
    ("it fails with authority", {"outcome": Outcome.SERVFAIL, "flags": ("AA",)}, "NS_UNREACHABLE", "NS_LAME"),
    ("it refuses", {"outcome": Outcome.REFUSED}, "NS_LAME", "NS_UNREACHABLE"),
    ("it refers to others", {"outcome": Outcome.NODATA}, "NS_LAME", "NS_UNREACHABLE"),
    ("it answers without authority", {"outcome": Outcome.ANSWER}, "NS_LAME", "NS_UNREACHABLE"),
]


@pytest.mark.parametrize(("why", "said", "tag", "other"), SAID, ids=[row[0] for row in SAID])
def test_a_server_that_fails_is_undetermined_and_one_without_the_zone_is_lame(
    why: str, said: dict[str, Any], tag: str, other: str
) -> None:
    assert FACTS.zone is not None
    first, *others = FACTS.zone.exchanges
    exchanges = (replace(first, **{"flags": (), "records": (), **said}), *others)
    found = {each.tag.name: each for each in run_checks(replace(FACTS, zone=replace(FACTS.zone, exchanges=exchanges)))}
    assert tag in found
    assert not found.keys() & {other, "NS_GOOD"}
    if said["outcome"] is Outcome.SERVFAIL:
        assert (found[tag].tag.undetermined, "SERVFAIL" in found[tag].message) == (True, True)
        assert said.get("detail", "") in found[tag].message


@pytest.mark.parametrize("speaks", [False, True], ids=["silent at the other", "speaking at the other"])
def test_a_server_that_fails_at_one_address_is_there_and_not_good(speaks: bool) -> None:
    assert FACTS.zone is not None
    first, *others = FACTS.zone.exchanges
    failed = replace(silent(first, "192.0.2.54"), outcome=Outcome.SERVFAIL, detail="")
    exchanges = (failed, first if speaks else silent(first, "[2001:db8::53]"), *others)
    found = run_checks(replace(FACTS, zone=replace(FACTS.zone, exchanges=exchanges)))
    told = [(each.tag.name, each.args.get("server")) for each in found if each.tag.name in ("NS_UNREACHABLE", "NS_GOOD")]
    assert told == [("NS_UNREACHABLE", "ns1.s.example@192.0.2.54:53")]
