"""What is said of every MX host rests on each of them: those that nobody looked at are undetermined (RFC 7672 §2.2)."""

import pytest

from support.domains import facts
from truehelo.domains import run_checks

TLSA = f"TLSA 3 1 1 {'ab' * 32}"
POLICY = "version: STSv1\r\nmode: enforce\r\n{hosts}max_age: 604800\r\n"


def zone(hosts: int, *lines: str) -> str:
    """A zone with MX hosts, all with addresses and TLSA records."""
    each = range(1, hosts + 1)
    mx = [f"@ MX {host} mx{host}\nmx{host} A 192.0.2.{host}\n_25._tcp.mx{host} {TLSA}" for host in each]
    return "\n".join([*mx, '_mta-sts TXT "v=STSv1; id=1;"', "mta-sts A 192.0.2.80", *lines])


def said(text: str, named: int = 0) -> dict[str, str]:
    """The messages about such a zone by tag; its MTA-STS policy names so many of the hosts."""
    hosts = "".join(f"mx: mx{host}.s.example\r\n" for host in range(1, named + 1)) or "mx: *.s.example\r\n"
    seen = facts({"signed": "yes", "zone": text, "policy": {"text": POLICY.format(hosts=hosts)}})
    return {finding.tag.name: finding.message for finding in run_checks(seen)}


UNASKED = [
    ("a host with a space in its name", "@ MX 90 mx\\032two"),
    ("a host with a dot in a label", "@ MX 90 mx\\.two"),
]


@pytest.mark.parametrize(("why", "line"), UNASKED, ids=[row[0] for row in UNASKED])
def test_a_host_that_nobody_can_ask_for_is_undetermined_for_dane(why: str, line: str) -> None:
    assert "DANE_GOOD" in said(zone(2))
    found = said(zone(2, line))
    assert "DANE_GOOD" not in found
    assert found["DANE_UNKNOWN"].endswith("TLSA: not asked")
    assert not found.keys() & {"DANE_BROKEN", "DANE_PARTIAL", "DANE_NOT_SECURE"}
