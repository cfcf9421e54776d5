"""The same judgement on changed facts: what a change does, and what bad ones get."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.audits import PROVIDER, STARTED, TEXTBOOK, judged, judging
from truehelo.engine.judge import judge
from truehelo.engine.what_if import changed, imagine, read_changes
from truehelo.errors import InputError
from truehelo.findings import SubjectAudit
from truehelo.render.look import Look
from truehelo.render.style import Style
from truehelo.render.what_if import difference, draw


def after(subject: SubjectAudit, *changes: str) -> SubjectAudit:
    imagined = imagine(subject, read_changes(changes), STARTED, judging()).what_if
    assert imagined is not None
    return imagined.after


TEXTBOOK_PAIR = judged(PROVIDER, "198.51.100.4")
GOOD = judged(TEXTBOOK, "192.0.2.25")

ROWS = [
    (
        "the right PTR ends the textbook case",
        TEXTBOOK_PAIR,
        ("ptr=mail.business.example",),
        "match",
        {"IPREV_CONFIRMED"},
        {"PTR_GENERIC"},
    ),
    (
        "a name that nobody has looked up is a missing fact",
        GOOD,
        ("ptr=new.good.example",),
        "undetermined",
        {"IPREV_UNKNOWN"},
        {"IPREV_CONFIRMED"},
    ),
    (
        "a new name that leads back confirms",
        GOOD,
        ("ptr=new.good.example", "forward:new.good.example=this"),
        "differs",
        {"IPREV_CONFIRMED"},
        {"PTR_MISSING"},
    ),
    ("no PTR at all", GOOD, ("ptr=none",), "mismatch", {"PTR_MISSING"}, {"IPREV_CONFIRMED"}),
    (
        "a PTR that cannot be looked up is neither pass nor fail",
        GOOD,
        ("ptr=servfail",),
        "undetermined",
        {"PTR_UNKNOWN"},
        {"PTR_MISSING"},
    ),
    ("a PTR that times out is the same", GOOD, ("ptr=timeout",), "undetermined", {"PTR_UNKNOWN"}, {"PTR_MISSING"}),
    ("the address record vanishes", GOOD, ("forward=none",), "mismatch", {"IPREV_FORWARD_MISSING"}, {"IPREV_CONFIRMED"}),
    (
        "the address record leads to another machine",
        GOOD,
        ("forward=192.0.2.99",),
        "mismatch",
        {"IPREV_MISMATCH"},
        {"IPREV_CONFIRMED"},
    ),
    (
        "another address beside the right one is harmless",
        GOOD,
        ("forward=192.0.2.99,192.0.2.25",),
        "match",
        {"IPREV_CONFIRMED", "NAME_SHARED"},
        set(),
    ),
    ("a HELO of one label", GOOD, ("helo=mail",), "mismatch", {"HELO_NOT_FQDN"}, {"HELO_NOT_OBSERVED"}),
    ("the right HELO", GOOD, ("helo=mail.good.example",), "match", {"HELO_MATCHES"}, {"HELO_NOT_OBSERVED"}),
    (
        "another greeting that leads nowhere known",
        GOOD,
        ("greeting=smtp.good.example", "forward:smtp.good.example=none"),
        "mismatch",
        {"GREETING_DIFFERS", "GREETING_FORWARD_MISSING"},
        {"GREETING_MATCHES"},
    ),
    (
        "two PTR names in their order",
        GOOD,
        ("ptr=old.good.example", "ptr=mail.good.example", "forward:old.good.example=none"),
        "match",
        {"PTR_MULTIPLE", "PTR_PARTLY_CONFIRMED"},
        set(),
    ),
]


@pytest.mark.parametrize(("_said", "subject", "changes", "verdict", "comes", "absent"), ROWS, ids=[row[0] for row in ROWS])
def test_a_change_of_facts_changes_the_judgement(_said, subject, changes, verdict, comes, absent) -> None:
    found = after(subject, *changes)
    tags = {finding.tag.name for finding in found.findings}
    assert found.verdict == verdict
    assert comes <= tags
    assert not absent & tags


def test_the_difference_names_what_goes_what_comes_and_who_changes_their_mind() -> None:
    found = difference(TEXTBOOK_PAIR, after(TEXTBOOK_PAIR, "ptr=mail.business.example", "helo=mail.business.example"))
    assert {"GREETING_DIFFERS", "PTR_GENERIC"} <= {each.tag.name for each in found.gone}
    assert "GREETING_MATCHES" in {each.tag.name for each in found.new}
    assert {(opinion.receiver, str(was.verdict), str(will.verdict)) for opinion, was, will in found.minds} >= {
        ("gmx", "at_risk", "accept")
    }


def test_what_was_seen_is_left_as_it_was() -> None:
    before = GOOD.facts
    changed(before, read_changes(["ptr=none", "helo=x.example", "forward=none", "greeting=y.example"]), STARTED)
    assert judged(TEXTBOOK, "192.0.2.25").facts == before


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("ptr=none", "ptr=mail.example.com"), "contradict each other"),
        (("ptr=servfail", "ptr=none"), "contradict each other"),
        (("helo=a.example", "helo=b.example"), "contradict each other"),
        (("forward=none", "forward=192.0.2.1"), "contradict each other"),
        (("forward:a.example=none", "forward:a.example=this"), "contradict each other"),
        (("ptr",), "is no change of a fact"),
        (("ptr=",), "is no change of a fact"),
        (("mx=mail.example.com",), "is no change of a fact"),
        (("forward=mail.example.com",), "is no address"),
        (("ptr=a..b",), "has an empty label"),
        (("forward:=none",), "the name is empty"),
        (("forward: =none",), "the name is empty"),
        (("forward:a..b=none",), "has an empty label"),
        (("forward:192.0.2.1=this",), "is an address, not a name"),
        (("forwards=none",), "is no change of a fact"),
        (("ptr=192.0.2.1",), "is an address, not a name"),
        (("helo=" + "x" * 600,), "longer than 512"),
        (tuple(f"ptr=m{n}.example" for n in range(33)), "33 times"),
    ],
)
def test_a_change_that_cannot_be_is_an_error_in_one_sentence(words: tuple[str, ...], says: str) -> None:
    with pytest.raises(InputError) as caught:
        read_changes(words)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


UNHEARD = judge(replace(GOOD.facts, sessions=()), judging())


@pytest.mark.parametrize(
    ("subject", "changes", "idle"),
    [
        (UNHEARD, ("greeting=wrong.good.example",), ("greeting=wrong.good.example: no greeting was heard",)),
        (GOOD, ("greeting=wrong.good.example",), ()),
        (
            GOOD,
            ("forward:mail.exmaple.example=none", "ptr=none"),
            ("forward:mail.exmaple.example=none: nobody states that name",),
        ),
        (GOOD, ("forward:Mail.good.example.=none",), ()),
        (GOOD, ("ptr=new.good.example", "forward:new.good.example=this"), ()),
        (GOOD, ("helo=new.good.example", "forward:new.good.example=this"), ()),
        (UNHEARD, ("ptr=none", "forward=none"), ("forward=none: there is no name to look up",)),
    ],
)
def test_a_change_that_has_nothing_to_apply_to_is_told(
    subject: SubjectAudit, changes: tuple[str, ...], idle: tuple[str, ...]
) -> None:
    imagined = imagine(subject, read_changes(changes), STARTED, judging())
    assert imagined.what_if is not None
    assert imagined.what_if.idle == idle
    lines = " ".join("\n".join(draw(imagined, Style(Look(width=100)))).split())
    assert all(f"changes nothing: {each}" in lines for each in idle)
    assert ("changes nothing" in lines) == bool(idle)


def test_the_same_change_twice_is_one() -> None:
    assert read_changes(["helo=a.example", "helo=a.example"]).helo == "a.example"


WORDS = st.text(max_size=40) | st.text(max_size=20).map("ptr={}".format) | st.text(max_size=20).map("forward={}".format)


@given(st.lists(WORDS, max_size=4))
def test_any_words_are_changes_or_an_error_in_one_sentence(words: list[str]) -> None:
    try:
        made = read_changes(words)
    except InputError as error:
        assert "\n" not in error.problem  # noqa: PT017
    else:
        after(GOOD, *made.texts)
