"""What one look says of each tag: what was found is bad, what could be seen and was not found is good, the rest unknown."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.talk import Script
from support.world import World
from truehelo.checks import run_checks
from truehelo.drift.sighting import fingerprint, hidden, needs, sightings, undetermined_cause
from truehelo.facts.dns import Lookup
from truehelo.facts.subject import SubjectFacts
from truehelo.findings import Severity
from truehelo.identity import Identity
from truehelo.monitoring import Seen

RIGHT = """
192.0.2.25 PTR mail.example.com
mail.example.com A 192.0.2.25
example.com TXT v=spf1 a:mail.example.com -all
"""
HELLO: Mapping[int, Script] = {25: "mail.example.com"}


def facts(
    table: str = RIGHT, fail: Mapping[str, str] | None = None, smtp: Mapping[int, Script] | None = None
) -> SubjectFacts:
    world = World(table, fail=fail or {})
    return world.facts("192.0.2.25", smtp=smtp, expect="mail.example.com")


def seen(found: SubjectFacts, *standing: str, watched: Severity = Severity.WARNING) -> dict[str, Seen]:
    return sightings(run_checks(Identity(found)), found, standing, watched)


GOOD, BAD, UNKNOWN = Seen.GOOD, Seen.BAD, Seen.UNDETERMINED
GONE = RIGHT.replace("192.0.2.25 PTR mail.example.com", "192.0.2.26 PTR mail.example.com")
MOVED = RIGHT.replace("A 192.0.2.25", "A 192.0.2.99")


@pytest.mark.parametrize(
    ("sentence", "table", "fail", "smtp", "tag", "expected"),
    [
        ("a PTR that is not there is bad", GONE, {}, None, "PTR_MISSING", BAD),
        ("one that is there is good", RIGHT, {}, None, "PTR_MISSING", GOOD),
        ("silence is neither", RIGHT, {"192.0.2.25 PTR": "timeout"}, None, "PTR_MISSING", UNKNOWN),
        ("nor is SERVFAIL", RIGHT, {"192.0.2.25 PTR": "servfail"}, None, "PTR_MISSING", UNKNOWN),
        ("nor is a refusal", RIGHT, {"192.0.2.25 PTR": "refused"}, None, "PTR_MISSING", UNKNOWN),
        ("nor is what cannot be read", RIGHT, {"192.0.2.25 PTR": "malformed"}, None, "PTR_MISSING", UNKNOWN),
        ("NXDOMAIN is an answer", RIGHT, {"192.0.2.25 PTR": "nxdomain"}, None, "PTR_MISSING", BAD),
        ("a name that leads elsewhere is bad", MOVED, {}, None, "IPREV_MISMATCH", BAD),
        ("one that leads back is good", RIGHT, {}, None, "IPREV_MISMATCH", GOOD),
        (
            "whose forward record is silent is unknown",
            RIGHT,
            {"mail.example.com A": "timeout"},
            None,
            "IPREV_MISMATCH",
            UNKNOWN,
        ),
        (
            "the PTR is seen though the forward record is not",
            RIGHT,
            {"mail.example.com A": "timeout"},
            None,
            "PTR_MISSING",
            GOOD,
        ),
        ("a greeting that is right is good", RIGHT, {}, HELLO, "GREETING_DIFFERS", GOOD),
        ("another greeting is bad", RIGHT, {}, {25: "other.example.com"}, "GREETING_DIFFERS", BAD),
        ("no greeting is unknown", RIGHT, {}, {25: {"ended": "unreachable"}}, "GREETING_DIFFERS", UNKNOWN),
        ("a refusal is about the asker", RIGHT, {}, {25: {"greeting": "554 no"}}, "GREETING_DIFFERS", UNKNOWN),
        ("no greeting leaves the PTR seen", RIGHT, {}, {25: {"ended": "unreachable"}}, "PTR_MISSING", GOOD),
        (
            "no greeting leaves its forward record unknown",
            RIGHT,
            {},
            {25: {"ended": "timeout"}},
            "GREETING_FORWARD_MISSING",
            UNKNOWN,
        ),
        ("HTTP on port 25 is an answer", RIGHT, {}, {25: {"ended": "http"}}, "NOT_SMTP", BAD),
        ("a tag of no known kind needs everything", RIGHT, {"192.0.2.25 PTR": "timeout"}, None, "SOMETHING_NEW", UNKNOWN),
    ],
)
def test_of_a_subject_that_does_not_stand_well_in_a_tag(
    sentence: str, table: str, fail: dict[str, str], smtp: Mapping[int, Script] | None, tag: str, expected: Seen
) -> None:
    assert seen(facts(table, fail, smtp), tag)[tag] is expected, sentence


def test_what_is_well_and_was_well_is_not_mentioned() -> None:
    assert seen(facts()) == {}


def test_only_what_is_as_bad_as_is_watched_counts() -> None:
    differing = facts(RIGHT, smtp={25: "other.example.com"})
    assert "GREETING_DIFFERS" in seen(differing)
    assert "GREETING_DIFFERS" not in seen(differing, watched=Severity.ERROR)


def test_what_could_not_be_determined_is_never_bad() -> None:
    found = facts(RIGHT, {"192.0.2.25 PTR": "timeout"}, {25: {"ended": "unreachable"}})
    assert set(seen(found, watched=Severity.NOTE)) <= {"HELO_NOT_OBSERVED"}, "which is so for good"


@pytest.mark.parametrize(
    ("sentence", "fail", "smtp", "parts"),
    [
        ("everything is seen", {}, HELLO, set()),
        ("without the PTR its names are not either", {"192.0.2.25 PTR": "servfail"}, None, {"ptr", "iprev", "family"}),
        ("without the forward record", {"mail.example.com A": "servfail"}, None, {"iprev", "family"}),
        ("without the other family", {"mail.example.com AAAA": "timeout"}, None, {"family"}),
        ("without a greeting", {}, {25: {"ended": "unreachable"}}, {"smtp", "stated"}),
        ("without one of two greetings", {}, {25: "mail.example.com", 587: {"ended": "timeout"}}, {"smtp", "stated"}),
        ("where nobody asks for a greeting none is missed", {}, None, set()),
    ],
)
def test_what_is_hidden(sentence: str, fail: dict[str, str], smtp: Mapping[int, Script] | None, parts: set[str]) -> None:
    assert hidden(facts(RIGHT, fail, smtp)) == parts, sentence


@pytest.mark.parametrize(
    ("sentence", "fail", "smtp", "cause"),
    [
        ("nothing is unseen", {}, None, None),
        ("silence is about the resolver", {"192.0.2.25 PTR": "timeout"}, None, "resolver 192.0.2.53:53: timeout"),
        ("a refusal too", {"192.0.2.25 PTR": "refused"}, None, "resolver 192.0.2.53:53: refused"),
        ("SERVFAIL is about the zone", {"192.0.2.25 PTR": "servfail"}, None, "zone 2.0.192.in-addr.arpa: servfail"),
        ("a forward zone is its domain", {"mail.example.com A": "servfail"}, None, "zone example.com: servfail"),
        ("a silent mail server is about its port", {}, {25: {"ended": "timeout"}}, "port 25: timeout"),
        ("one that refuses says so", {}, {25: {"greeting": "554 no"}}, "port 25: refused"),
    ],
)
def test_the_cause_is_shared_by_all_that_cannot_be_seen_for_it(
    sentence: str, fail: dict[str, str], smtp: Mapping[int, Script] | None, cause: str | None
) -> None:
    assert undetermined_cause(facts(RIGHT, fail, smtp)) == cause, sentence


def test_when_no_resolver_can_be_believed_that_is_the_cause() -> None:
    found = facts()
    unasked = tuple(Lookup(question=lookup.question, exchanges=()) for lookup in found.lookups)
    assert undetermined_cause(replace(found, lookups=unasked)) == "no resolver that can be believed"


def test_of_ipv6_the_cause_is_the_zone_of_the_64() -> None:
    world = World("", fail={"2001:db8::25 PTR": "servfail"})
    assert undetermined_cause(world.facts("2001:db8::25")) == "zone 0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa: servfail"


TWO = "192.0.2.25 PTR mail.example.com\n192.0.2.25 PTR other.example.com\nmail.example.com A 192.0.2.25\n"


@pytest.mark.parametrize(
    ("sentence", "one", "other", "same"),
    [
        ("the order of records does not matter", facts(TWO), facts("\n".join(reversed(TWO.split("\n")))), True),
        ("another TTL does not matter", facts(RIGHT), facts(RIGHT.replace(" A ", " 60 A ")), True),
        ("another record does", facts(RIGHT), facts(MOVED), False),
        ("a denial of another kind does", facts(GONE), facts(RIGHT, {"192.0.2.25 PTR": "nodata"}), False),
        ("silence does", facts(RIGHT), facts(RIGHT, {"192.0.2.25 PTR": "timeout"}), False),
        (
            "what a greeting says beside its name does not",
            facts(smtp={25: {"greeting": "220 mail.example.com ESMTP 10:01"}}),
            facts(smtp={25: {"greeting": "220 mail.example.com ESMTP 10:02"}}),
            True,
        ),
        ("its name does", facts(smtp=HELLO), facts(smtp={25: "other.example.com"}), False),
        ("its code does", facts(smtp=HELLO), facts(smtp={25: {"greeting": "421 mail.example.com busy"}}), False),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_fingerprints(sentence: str, one: SubjectFacts, other: SubjectFacts, same: bool) -> None:
    assert (fingerprint(one) == fingerprint(other)) is same, sentence
    assert 0 <= fingerprint(one) < 2**63, "as a database keeps it"


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ_", max_size=30))
def test_whatever_a_tag_is_called_it_is_known_what_it_rests_on(tag: str) -> None:
    assert needs(tag) <= {"ptr", "iprev", "smtp", "stated", "spf", "family"}


SILENCES = ("unreachable", "connect_timeout", "silence", "closed", "refused", "tls_failed", "timeout", "interrupted")
_OUTCOMES = st.sampled_from(["answer", "timeout", "servfail", "refused", "malformed"])


@given(_OUTCOMES, _OUTCOMES, st.sampled_from(SILENCES) | st.none())
def test_no_silence_of_any_kind_is_ever_bad(ptr: str, forward: str, ended: str | None) -> None:
    """The address is right in every name; whatever is not heard of that, nothing of it is held against it."""
    fail = {"192.0.2.25 PTR": ptr, "mail.example.com A": forward}
    smtp: Mapping[int, Script] = HELLO if ended is None else {25: {"ended": ended}}
    found = facts(RIGHT, {key: value for key, value in fail.items() if value != "answer"}, smtp)
    assert BAD not in seen(found, "PTR_MISSING", "IPREV_MISMATCH", "GREETING_DIFFERS", "PTR_UNEXPECTED").values()
