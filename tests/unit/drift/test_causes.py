"""What failures have in common, and what was seen in words that stay the same while it stays so."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.talk import Script
from support.world import World
from truehelo.checks import all_tags
from truehelo.drift.cause import (
    absorbs,
    cause_key,
    locus,
    longest_cached,
    neighbourhood,
    observed,
    primary,
    what_of,
)
from truehelo.drift.sighting import hidden
from truehelo.facts.subject import SubjectFacts
from truehelo.findings import Severity

ERROR, WARNING = Severity.ERROR, Severity.WARNING
RIGHT = "192.0.2.25 PTR mail.example.com\nmail.example.com A 192.0.2.25\n"


@pytest.mark.parametrize(
    ("sentence", "failed", "tag"),
    [
        ("what is worse tells the story", {"GREETING_DIFFERS": WARNING, "IPREV_MISMATCH": ERROR}, "IPREV_MISMATCH"),
        ("a missing PTR explains what follows from it", {"PTR_UNEXPECTED": ERROR, "PTR_MISSING": ERROR}, "PTR_MISSING"),
        (
            "a forward record comes before who is expected",
            {"PTR_UNEXPECTED": ERROR, "IPREV_MISMATCH": ERROR},
            "IPREV_MISMATCH",
        ),
        (
            "the address of a name comes before the name",
            {"GREETING_DIFFERS": WARNING, "GREETING_FORWARD_MISSING": WARNING},
            "GREETING_FORWARD_MISSING",
        ),
        ("what has no place is told by its name", {"SPF_BROKEN": WARNING, "FAMILY_ASYMMETRY": WARNING}, "FAMILY_ASYMMETRY"),
    ],
)
def test_one_tag_tells_the_story(sentence: str, failed: Mapping[str, Severity], tag: str) -> None:
    assert primary(failed) == tag, sentence


@given(st.dictionaries(st.sampled_from(sorted(all_tags())), st.sampled_from([ERROR, WARNING]), min_size=1))
def test_the_story_does_not_depend_on_the_order(failed: dict[str, Severity]) -> None:
    assert primary(failed) == primary(dict(reversed(failed.items())))
    assert primary(failed) in failed


@pytest.mark.parametrize(
    ("held", "other", "explained"),
    [
        ("PTR_UNEXPECTED", "GREETING_DIFFERS", True),
        ("PTR_UNEXPECTED", "SPF_OMITS_HOST", True),
        ("PTR_MISSING", "IPREV_MISMATCH", True),
        ("GREETING_DIFFERS", "PTR_MISSING", False),
        ("SPF_OMITS_HOST", "PTR_MISSING", False),
        ("GREETING_DIFFERS", "SPF_OMITS_HOST", False),
        ("PTR_MISSING", "DNSBL_LISTED:spamcop", False),
        ("DNSBL_LISTED:spamcop", "PTR_MISSING", False),
        ("DNSBL_LISTED:spamcop", "DNSBL_LISTED:psbl", False),
        ("DNSBL_LISTED:spamcop", "DNSBL_LISTED:spamcop", True),
    ],
)
def test_what_an_incident_explains(held: str, other: str, explained: bool) -> None:
    assert absorbs(locus(held), locus(other)) is explained


@pytest.mark.parametrize(
    ("tag", "what"),
    [
        ("PTR_MISSING", "ptr"),
        ("PTR_UNEXPECTED", "ptr"),
        ("IPREV_MISMATCH", "forward"),
        ("NAME_SHARED", "forward"),
        ("GREETING_DIFFERS", "greeting"),
        ("GREETING_FORWARD_ELSEWHERE", "stated"),
        ("HELO_FORWARD_MISSING", "stated"),
        ("EHLO_REPLY_NOT_FQDN", "ehlo_reply"),
        ("EHLO_REPLY_FORWARD_MISSING", "stated"),
        ("NOT_SMTP", "greeting"),
        ("SPF_OMITS_HOST", ""),
        ("DNSBL_LISTED:spamcop", ""),
    ],
)
def test_what_shows_that_it_changed(tag: str, what: str) -> None:
    assert what_of(tag) == what


@pytest.mark.parametrize(
    ("ip", "network"),
    [
        ("192.0.2.25", "192.0.2.0/24"),
        ("192.0.2.255", "192.0.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("no address", "no address"),
    ],
)
def test_neighbours(ip: str, network: str) -> None:
    assert neighbourhood(ip) == network


def test_causes() -> None:
    assert cause_key("PTR_MISSING", "192.0.2.0/24", from_the_start=False) == "PTR_MISSING 192.0.2.0/24"
    first = cause_key("PTR_MISSING", "192.0.2.0/24", from_the_start=True)
    assert first == cause_key("PTR_MISSING", "198.51.100.0/24", from_the_start=True), "one for each tag, not each network"


def facts(
    table: str = RIGHT, smtp: Mapping[int, Script] | None = None, helo: str | None = None, **fail: str
) -> SubjectFacts:
    failing = {"192.0.2.25 PTR" if key == "ptr" else "mail.example.com A": how for key, how in fail.items()}
    return World(table, fail=failing).facts("192.0.2.25", smtp=smtp, helo=helo)


MANY = RIGHT + "".join(f"mail.example.com A 198.51.100.{host}\n" for host in range(1, 6))


@pytest.mark.parametrize(
    ("sentence", "found", "values"),
    [
        ("a name that leads back", facts(), {"ptr": "mail.example.com", "forward": "mail.example.com leads back"}),
        (
            "one of many addresses is this",
            facts(MANY),
            {"ptr": "mail.example.com", "forward": "mail.example.com leads back"},
        ),
        (
            "one that leads elsewhere",
            facts(RIGHT.replace("A 192.0.2.25", "A 192.0.2.99")),
            {"ptr": "mail.example.com", "forward": "mail.example.com leads to 192.0.2.99"},
        ),
        (
            "to many other addresses, whichever they are now",
            facts(MANY.replace("A 192.0.2.25", "A 192.0.2.99")),
            {"ptr": "mail.example.com", "forward": "mail.example.com leads to 6 other addresses"},
        ),
        ("none", facts("192.0.2.26 PTR other.example.com"), {"ptr": "none (nxdomain)"}),
        ("what is not seen is not told", facts(ptr="timeout"), {}),
        ("the PTR is told where only its address is not seen", facts(forward="servfail"), {"ptr": "mail.example.com"}),
        (
            "two names, in the order of the alphabet",
            facts("192.0.2.25 PTR b.example\n192.0.2.25 PTR a.example\nb.example A 192.0.2.25"),
            {"ptr": "a.example, b.example", "forward": "a.example has no address (nxdomain); b.example leads back"},
        ),
        (
            "what the server calls itself, and where that leads",
            facts(smtp={25: {"greeting": "220 old.example.com ESMTP", "ehlo": "mail.example.com"}}),
            {
                "ptr": "mail.example.com",
                "forward": "mail.example.com leads back",
                "greeting": "old.example.com",
                "ehlo_reply": "mail.example.com",
                "stated": "mail.example.com leads back; old.example.com has no address (nxdomain)",
            },
        ),
        (
            "on two ports differently",
            facts(smtp={25: "mail.example.com", 587: "submit.example.com"}),
            {
                "ptr": "mail.example.com",
                "forward": "mail.example.com leads back",
                "greeting": "mail.example.com on port 25; submit.example.com on port 587",
                "ehlo_reply": "mail.example.com on port 25; submit.example.com on port 587",
                "stated": "mail.example.com leads back; submit.example.com has no address (nxdomain)",
            },
        ),
        (
            "a declared HELO without any greeting",
            facts(helo="mail.example.com"),
            {
                "ptr": "mail.example.com",
                "forward": "mail.example.com leads back",
                "stated": "mail.example.com leads back",
            },
        ),
        (
            "a server that is silent",
            facts(smtp={25: {"ended": "timeout"}}),
            {"ptr": "mail.example.com", "forward": "mail.example.com leads back"},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_was_seen(sentence: str, found: SubjectFacts, values: dict[str, str]) -> None:
    assert observed(found, hidden(found)) == values, sentence


def test_what_was_seen_is_bounded() -> None:
    names = "".join(f"192.0.2.25 PTR {'x' * 50}{number}.example.com\n" for number in range(100))
    found = facts(names)
    assert max(map(len, observed(found, hidden(found)).values())) == 1000


def test_how_long_caches_may_hold_it() -> None:
    found = facts(RIGHT.replace(" PTR ", " 600 PTR "))
    assert found.ptr is not None
    assert longest_cached([found.ptr]) == 600
    gone = facts("192.0.2.26 PTR other.example.com\n2.0.192.in-addr.arpa 900 SOA ns1.example. host.example. 1 2 3 4 300")
    assert gone.ptr is not None
    assert longest_cached([gone.ptr]) == 300, "the smaller of the SOA's TTL and its MINIMUM field (RFC 2308 §5)"
    assert longest_cached([]) == 0
