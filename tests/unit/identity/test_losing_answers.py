"""What is not known is neither pass nor fail: losing an answer never makes a verdict firmer, nor claims anything new.

Over every scenario with each single lookup lost, and over generated worlds with any set of lookups lost.
"""

from collections.abc import Set as AbstractSet
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.scenarios import Scenario, facts, load
from support.world import World
from truehelo.checks import run_checks
from truehelo.facts.dns import Lookup, Outcome, Question
from truehelo.facts.subject import SubjectFacts
from truehelo.findings import Verdict
from truehelo.identity import Identity
from truehelo.verdict import verdict

LOST = (Outcome.TIMEOUT, Outcome.SERVFAIL, Outcome.REFUSED, Outcome.MALFORMED)


def lose(seen: SubjectFacts, lost: AbstractSet[Question], how: Outcome) -> SubjectFacts:
    """Return the facts as they would be, had these questions come to nothing."""

    def blind(lookup: Lookup) -> Lookup:
        if lookup.question not in lost:
            return lookup
        exchanges = tuple(
            replace(each, outcome=how, rcode=None, flags=(), chain=(), records=(), soa=None) for each in lookup.exchanges
        )
        return replace(lookup, exchanges=exchanges)

    return replace(
        seen,
        lookups=tuple(blind(lookup) for lookup in seen.lookups),
        siblings=tuple(replace(sibling, ptr=blind(sibling.ptr)) for sibling in seen.siblings),
    )


def judged(seen: SubjectFacts) -> tuple[Verdict, dict[str, bool]]:
    """Return the verdict, and each tag with whether it says only that something is not known."""
    identity = Identity(seen)
    return verdict(identity), {finding.tag.name: finding.tag.undetermined for finding in run_checks(identity)}


def check_loss(seen: SubjectFacts, lost: AbstractSet[Question], how: Outcome) -> None:
    before, tags = judged(seen)
    after, left = judged(lose(seen, lost, how))
    assert after in (before, Verdict.UNDETERMINED)
    new = {name for name, undetermined in left.items() if name not in tags and not undetermined}
    if "IPREV_FORWARD_MISSING" in tags:
        # Both say that iprev fails; which of the two needs the other family, which is now not known.
        new.discard("IPREV_MISMATCH")
    assert new == set()


@pytest.mark.parametrize("scenario", load(), ids=lambda scenario: scenario["name"])
def test_losing_any_one_answer_of_a_scenario_claims_nothing_new(scenario: Scenario) -> None:
    seen = facts(scenario)
    for lookup in seen.lookups:
        for how in LOST:
            check_loss(seen, {lookup.question}, how)
    check_loss(seen, {lookup.question for lookup in seen.lookups}, Outcome.TIMEOUT)


NAMES = ["mail.example.com", "mx.example.net", "192-0-2-25.isp.example", "mail_1.example.com", "localhost"]
ADDRESSES = ["192.0.2.25", "192.0.2.99"]
ADDRESSES_6 = ["2001:db8::25", "2001:db8::99"]
OUTCOMES = ["nxdomain", "nodata", *map(str, LOST)]
lines = st.one_of(
    st.builds("{} PTR {}".format, st.sampled_from(["192.0.2.25", "2001:db8::25"]), st.sampled_from(NAMES)),
    st.builds("{} A {}".format, st.sampled_from(NAMES), st.sampled_from(ADDRESSES)),
    st.builds("{} AAAA {}".format, st.sampled_from(NAMES), st.sampled_from(ADDRESSES_6)),
)
fails = st.dictionaries(
    st.builds("{} {}".format, st.sampled_from(NAMES), st.sampled_from(["A", "AAAA"])),
    st.one_of(st.sampled_from(OUTCOMES), st.lists(st.sampled_from([*OUTCOMES, "answer"]), min_size=2, max_size=2)),
    max_size=2,
)
stated = st.one_of(st.none(), st.sampled_from([*NAMES, "[192.0.2.25]", "[192.0.2.9]", "mail", "192.0.2.25"]))


@st.composite
def worlds(draw: st.DrawFn) -> SubjectFacts:
    """Draw the facts of a small world with any agreement and any trouble in it."""
    greeting, ehlo = draw(stated), draw(stated)
    script = {"greeting": f"220 {greeting} ESMTP" if greeting else "220 ready"} | ({"ehlo": ehlo} if ehlo else {})
    table = dict.fromkeys(draw(st.lists(lines, max_size=10)))
    return World("\n".join(table), fail=draw(fails)).facts(
        draw(st.sampled_from(["192.0.2.25", "2001:db8::25"])),
        helo=draw(stated),
        expect=draw(st.one_of(st.none(), st.sampled_from(NAMES))),
        smtp={25: script},
    )


@settings(max_examples=400, deadline=None)
@given(seen=worlds(), how=st.sampled_from(LOST), data=st.data())
def test_losing_any_answers_of_any_world_claims_nothing_new(seen: SubjectFacts, how: Outcome, data: st.DataObject) -> None:
    lost = data.draw(st.sets(st.sampled_from([lookup.question for lookup in seen.lookups])))
    check_loss(seen, lost, how)
