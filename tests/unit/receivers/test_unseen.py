"""What stands between a fact that we could not see and a verdict."""

import pytest

from support.clients import client
from truehelo.facts.dns import Outcome
from truehelo.receivers.client import Client
from truehelo.receivers.unseen import HELO, Sighting
from truehelo.reception import Grade, Judgement, Reception, Rule, either

RULE = Rule(id="rule", words="the rule holds", grade=Grade.SOURCE, source="a test", seen="2026-11")
ACCEPT = Judgement(Reception.ACCEPT, RULE)
REFUSE = Judgement(Reception.REFUSE, RULE, "550 no")
TEMPFAIL = Judgement(Reception.TEMPFAIL, RULE, "450 later")
AT_RISK = Judgement(Reception.AT_RISK, RULE, score=2.0)
GOOD = {"mail.example.com": "192.0.2.25"}


def looks_at_nothing(_: Client) -> Judgement:
    return ACCEPT


def wants_a_ptr(seen: Client) -> Judgement:
    if seen.ptr.outcome.is_undetermined:
        return TEMPFAIL
    return ACCEPT if seen.ptr.names else REFUSE


def wants_fcrdns(seen: Client) -> Judgement:
    return ACCEPT if seen.confirmed else REFUSE


def wants_a_dot_in_the_helo(seen: Client) -> Judgement:
    return ACCEPT if "." in seen.helo_said else REFUSE


def asks_the_ptr_first(seen: Client) -> Judgement:
    return REFUSE if seen.ptr.outcome is Outcome.NXDOMAIN else wants_a_dot_in_the_helo(seen)


def scores_the_helo_and_the_ptr(seen: Client) -> Judgement:
    if seen.ptr.names:
        return ACCEPT
    return TEMPFAIL if "." not in seen.helo_said else AT_RISK


ROWS = [
    ("who looks at nothing accepts although the PTR is not known", looks_at_nothing, {"ptr": "servfail"}, "accept", ()),
    ("who wants a PTR waits for it", wants_a_ptr, {"ptr": "servfail"}, "unknown", ("dns:PTR",)),
    ("who wants a PTR waits for one that timed out", wants_a_ptr, {"ptr": "timeout"}, "unknown", ("dns:PTR",)),
    ("a denial is known", wants_a_ptr, {"ptr": "nodata"}, "refuse", ()),
    (
        "a forward record that failed is waited for",
        wants_fcrdns,
        {"ptr": "mail.example.com", "hosts": {"mail.example.com": "servfail"}},
        "unknown",
        ("dns:A:mail.example.com",),
    ),
    (
        "one name that failed does not matter beside one that confirms",
        wants_fcrdns,
        {"ptr": "slow.example.com mail.example.com", "hosts": {**GOOD, "slow.example.com": "timeout"}},
        "accept",
        (),
    ),
    (
        "who looks at the HELO waits for it",
        wants_a_dot_in_the_helo,
        {"ptr": "mail.example.com", "hosts": GOOD, "helo": None},
        "unknown",
        (HELO,),
    ),
    ("who refuses before the HELO need not know it", asks_the_ptr_first, {"helo": None}, "refuse", ()),
    (
        "who would refuse before the HELO waits for both",
        asks_the_ptr_first,
        {"ptr": "servfail", "helo": None},
        "unknown",
        ("dns:PTR", HELO),
    ),
    ("bad either way is at risk at least", scores_the_helo_and_the_ptr, {"helo": None}, "at_risk", (HELO,)),
]


@pytest.mark.parametrize(("_said", "judge", "seen", "verdict", "waits"), ROWS, ids=[row[0] for row in ROWS])
def test_a_verdict_needs_only_the_facts_that_it_hangs_on(_said, judge, seen, verdict, waits) -> None:
    found = Sighting(client(**seen)).judgement(judge)
    assert found.verdict == verdict
    assert [key.startswith(wanted) for key, wanted in zip(found.waits_for, waits, strict=True)] == [True] * len(waits)


def test_an_unknown_verdict_tells_what_happens_while_the_fault_lasts() -> None:
    found = Sighting(client(ptr="servfail")).judgement(wants_a_ptr)
    assert found.outcomes[0] == TEMPFAIL
    assert set(found.outcomes) == {TEMPFAIL, ACCEPT, REFUSE}


def test_many_missing_facts_are_still_weighed_one_by_one() -> None:
    names = [f"m{n}.example.com" for n in range(9)]
    seen = client(ptr=" ".join(names), hosts=dict.fromkeys(names, "servfail"))
    assert Sighting(seen).judgement(wants_fcrdns).verdict is Reception.UNKNOWN
    assert (
        Sighting(seen).judgement(lambda each: REFUSE if each.leads_back(names[4]) else ACCEPT).verdict is Reception.UNKNOWN
    )


@pytest.mark.parametrize(
    ("outcomes", "verdict"),
    [
        pytest.param((ACCEPT, REFUSE), "at_risk", id="a refusal beside an acceptance is a risk"),
        pytest.param((TEMPFAIL, REFUSE), "tempfail", id="refused either way is the milder word"),
        pytest.param((REFUSE, REFUSE), "refuse", id="the same twice is one outcome"),
        pytest.param((ACCEPT, AT_RISK), "at_risk", id="points beside none are a risk"),
    ],
)
def test_several_outcomes_make_one_verdict(outcomes: tuple[Judgement, ...], verdict: str) -> None:
    made = either(outcomes, "record order")
    assert made.verdict == verdict
    assert set(made.possible()) == set(outcomes)
