"""What is said of every MX host rests on each of them: those that nobody looked at are undetermined (RFC 7672 §2.2)."""

import time

import pytest

from support.domains import facts
from truehelo.domains import run_checks
from truehelo.engine.domain_run import judge_domain

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


MANY = [
    # hosts, how many the policy names (0 for all), what is said, what is not
    ("as many as are looked at", 20, 0, {"MX_GOOD", "DANE_GOOD", "MTA_STS_GOOD"}, {"MX_UNKNOWN", "DANE_UNKNOWN"}),
    ("one more than that", 21, 0, {"MX_UNKNOWN", "DANE_UNKNOWN", "MTA_STS_GOOD"}, {"MX_GOOD", "DANE_GOOD"}),
    ("one more, which the policy does not name", 21, 20, {"MTA_STS_MX_MISMATCH", "MX_UNKNOWN"}, {"MTA_STS_GOOD"}),
]


@pytest.mark.parametrize(("why", "hosts", "named", "tags", "others"), MANY, ids=[row[0] for row in MANY])
def test_nothing_is_said_of_hosts_that_are_too_many_to_be_looked_at(
    why: str, hosts: int, named: int, tags: set[str], others: set[str]
) -> None:
    found = said(zone(hosts), named)
    assert tags <= found.keys()
    assert not others & found.keys()


def test_who_is_not_looked_at_is_told() -> None:
    found = said(zone(25), 24)
    assert found["MX_UNKNOWN"].endswith("only the first 20 of its 25 MX hosts were looked at")
    assert found["DANE_UNKNOWN"].startswith("the TLSA records of MX host mx21.s.example, mx22.s.example, ")
    assert found["DANE_UNKNOWN"].endswith("only the first 20 of the 25 MX hosts of s.example were looked at")
    assert found["MTA_STS_MX_MISMATCH"].endswith("mx25.s.example")


def test_a_policy_that_is_advised_names_them_all() -> None:
    audit = judge_domain(facts({"signed": "yes", "zone": zone(25), "policy": {"text": POLICY.format(hosts="mx: mx1\r\n")}}))
    steps = [step for step in audit.advice if "MTA_STS_MX_MISMATCH" in step.resolves]
    assert [f"mx: mx{host}.s.example" in step.records for step in steps for host in (1, 20, 21, 25)] == [True] * 4


def test_more_hosts_than_anybody_has_cost_no_time() -> None:
    lines = "\n".join(f"@ MX {number} h{number}" for number in range(3000))
    policy = "".join(f"mx: m{number}.a\r\n" for number in range(4000))
    text = f'{lines}\n_mta-sts TXT "v=STSv1; id=1;"\nmta-sts A 192.0.2.80'
    seen = facts({"zone": text, "policy": {"text": POLICY.format(hosts=policy)}})
    began = time.process_time()
    assert "MTA_STS_MX_MISMATCH" in {finding.tag.name for finding in run_checks(seen)}
    assert time.process_time() - began < 1.5
