"""A name server is there when it speaks at one of its addresses: a machine without IPv6 must not doubt every zone."""

from dataclasses import replace

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
