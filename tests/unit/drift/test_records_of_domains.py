"""Records of domains: what stands there, when a change is believed, and what is weaker than before."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truehelo.drift import records
from truehelo.drift.machine import Thresholds
from truehelo.drift.records import Suspicion, believe, key_trouble, noted_date, questions, to_publish, value_of, weakened
from truehelo.facts.dns import Exchange, Lookup, Outcome, Question, Record

DOMAIN = "shop.example"


def lookup(what: str, outcome: Outcome, *data: str) -> Lookup:
    question = questions(DOMAIN, [f"s1._domainkey.{DOMAIN}"])[what]
    exchange = Exchange(
        server="192.0.2.53",
        transport="udp",
        vantage="here",
        at=datetime(2027, 1, 1, tzinfo=UTC),
        took_s=0.0,
        outcome=outcome,
        records=tuple(Record(owner=question.name, ttl=300, rdtype=question.rdtype, data=each) for each in data),
    )
    return Lookup(question=question, exchanges=(exchange,))


KEY = f"dkim:s1._domainkey.{DOMAIN}"
VALUES = [
    ("an SPF record among others", "spf", ('"other"', '"v=spf1 " "mx -all"'), "v=spf1 mx -all"),
    ("two SPF records, in order", "spf", ('"v=spf1 b"', '"v=spf1 a"'), "v=spf1 a\nv=spf1 b"),
    ("nearly an SPF record", "spf", ('"v=spf10 mx"',), ""),
    ("an SPF record in capitals", "spf", ('"V=SPF1 mx"',), "V=SPF1 mx"),
    ("a DMARC record", "dmarc", ('"v=DMARC1; p=none"',), "v=DMARC1; p=none"),
    ("exchangers in any order and case", "mx", ("20 B.example.", "10 A.example."), "10 a.example.\n20 b.example."),
    ("an octet that no database takes", "spf", (r'"v=spf1 a\000b -all"',), "v=spf1 a\ufffdb -all"),
    ("a key without v=", KEY, ('"k=rsa; p=AAAA"',), "k=rsa; p=AAAA"),
]


@pytest.mark.parametrize(("sentence", "what", "data", "value"), VALUES, ids=[row[0] for row in VALUES])
def test_what_stands_there(sentence: str, what: str, data: tuple[str, ...], value: str) -> None:
    assert value_of(what, lookup(what, Outcome.ANSWER, *data)) == value, sentence


@pytest.mark.parametrize("outcome", list(Outcome))
def test_only_a_denial_says_that_nothing_stands_there(outcome: Outcome) -> None:
    expected = "" if outcome.is_denial or outcome is Outcome.ANSWER else None
    assert value_of("spf", lookup("spf", outcome)) == expected


def looks(held: str | None, *seen: tuple[str | None, bool]) -> list[bool]:
    """Which of these looks makes the change believed."""
    suspected: Suspicion | None = None
    found = []
    for number, (value, sure) in enumerate(seen):
        suspected, believed = believe(held, suspected, value, float(number), sure=sure, thresholds=Thresholds())
        found.append(believed)
    return found


BELIEF = [
    ("the first sight of all, for certain", None, [("a", True)], [True]),
    ("the first sight, of one resolver", None, [("a", False)] * 5, [False, False, False, False, True]),
    ("three sure looks", "a", [("b", True)] * 3, [False, False, True]),
    ("five unsure looks", "a", [("b", False)] * 5, [False, False, False, False, True]),
    ("what could not be seen counts for nothing", "a", [("b", True), (None, True), ("b", True)], [False, False, False]),
    (
        "what could not be seen takes nothing away",
        "a",
        [("b", True), ("b", True), (None, True), ("b", True)],
        [False] * 3 + [True],
    ),
    ("the old one between them", "a", [("b", True), ("b", True), ("a", True), ("b", True)], [False] * 4),
    ("another one between them", "a", [("b", True), ("b", True), ("c", True), ("b", True)], [False] * 4),
    ("nothing new", "a", [("a", True)] * 5, [False] * 5),
]


@pytest.mark.parametrize(("sentence", "held", "seen", "expected"), BELIEF, ids=[row[0] for row in BELIEF])
def test_when_a_change_is_believed(
    sentence: str, held: str | None, seen: list[tuple[str | None, bool]], expected: list[bool]
) -> None:
    assert looks(held, *seen) == expected, sentence


@given(st.lists(st.sampled_from(["a", "b", "", None])))
def test_what_is_believed_was_seen_three_times_in_a_row_but_for_silence(values: list[str | None]) -> None:
    for place, believed in enumerate(looks("a", *((value, True) for value in values))):
        if believed:
            spoke = [value for value in values[: place + 1] if value is not None]
            assert len(set(spoke[-3:])) == 1
            assert spoke[-1] != "a"


WEAKER = [
    ("reject to none", "v=DMARC1; p=reject", "v=DMARC1; p=none", "the policy (p) from reject to none"),
    ("reject to quarantine", "v=DMARC1; p=reject", "v=DMARC1; p=quarantine", "the policy (p) from reject to quarantine"),
    ("the record is gone", "v=DMARC1; p=reject", "", "the record is gone"),
    (
        "a second record",
        "v=DMARC1; p=reject",
        "v=DMARC1; p=none\nv=DMARC1; p=reject",
        "there are several records, and none of them counts",
    ),
    (
        "subdomains are let off",
        "v=DMARC1; p=reject",
        "v=DMARC1; p=reject; sp=none",
        "that of subdomains (sp) from reject to none",
    ),
    ("test mode", "v=DMARC1; p=reject", "v=DMARC1; p=reject; t=y", "the policy (p) from reject to quarantine"),
    ("a tenth of it", "v=DMARC1; p=quarantine", "v=DMARC1; p=quarantine; pct=10", "the policy (p) from quarantine to none"),
    (
        "a policy that there is not",
        "v=DMARC1; p=reject",
        "v=DMARC1; p=refuse; rua=mailto:a@b",
        "the policy (p) from reject to none",
    ),
    ("stronger", "v=DMARC1; p=none", "v=DMARC1; p=reject", ""),
    ("the same in other words", "v=DMARC1; p=reject", "v=DMARC1;p=REJECT;sp=reject", ""),
    ("another address for reports", "v=DMARC1; p=reject; rua=mailto:a@b", "v=DMARC1; p=reject; rua=mailto:c@d", ""),
    ("nothing was asked for before", "v=DMARC1; p=none", "", ""),
    ("there was none", "", "v=DMARC1; p=none", ""),
]


@pytest.mark.parametrize(("sentence", "old", "new", "how"), WEAKER, ids=[row[0] for row in WEAKER])
def test_what_is_weaker(sentence: str, old: str, new: str, how: str) -> None:
    found = weakened(old, new)
    assert (found == how) if not how or "," not in found else how in found, sentence


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_two_texts_can_be_held_against_each_other(old: str, new: str) -> None:
    assert weakened(old, old) == ""
    assert isinstance(weakened(old, new), str)
    assert key_trouble(old) in ("", "gone", "revoked")
    noted_date(new)


KEYS = [
    ("a key", "v=DKIM1; p=AAAA", ""),
    ("nothing", "", "gone"),
    ("an empty one", "v=DKIM1; p=", "revoked"),
    ("an empty one with blanks", "v=DKIM1; k=rsa; p= ;", "revoked"),
    ("one of two is empty", "v=DKIM1; p=\nv=DKIM1; p=AAAA", ""),
    ("no key at all", "hello", ""),
]


@pytest.mark.parametrize(("sentence", "value", "trouble"), KEYS, ids=[row[0] for row in KEYS])
def test_which_key_verifies_nothing(sentence: str, value: str, trouble: str) -> None:
    assert key_trouble(value) == trouble, sentence


def test_what_is_to_be_published_is_a_line_of_a_zone_file() -> None:
    asked = questions(DOMAIN)
    assert to_publish(asked["spf"], 'v=spf1 "a" -all') == [rf'{DOMAIN}. TXT "v=spf1 \"a\" -all"']
    assert to_publish(asked["mx"], "10 a.example.\n20 b.example.") == [
        f"{DOMAIN}. MX 10 a.example.",
        f"{DOMAIN}. MX 20 b.example.",
    ]
    assert to_publish(Question(name="x.example", rdtype="TXT"), "") == []
    assert records.shown("a\nb") == "a | b"
