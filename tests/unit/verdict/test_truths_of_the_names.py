"""The greeting is not the HELO, any PTR name may confirm, and every finding points at evidence: over all scenarios."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.audits import audit
from support.scenarios import Scenario, facts, load
from support.world import World
from truehelo.engine.judge import judge
from truehelo.findings import Result
from truehelo.identity import Identity, StatedBy
from truehelo.render import render
from truehelo.render.look import Look

SCENARIOS = load()
WITHOUT_HELO = [each for each in SCENARIOS if "helo" not in each]
ABOUT_THE_HELO = "HELO_"
# What these say rests on what the operator declared, or on the address itself: there is no answer to point at.
NO_ANSWER_NEEDED = {
    "ADDRESS_NOT_PUBLIC",
    "HELO_NOT_OBSERVED",
    "HELO_NOT_FQDN",
    "HELO_LITERAL",
    "HELO_LITERAL_WRONG",
    "HELO_INVALID",
}


@pytest.mark.parametrize("scenario", WITHOUT_HELO, ids=[each["name"] for each in WITHOUT_HELO])
def test_without_a_declared_helo_nothing_is_said_of_it_whatever_the_greeting_is(scenario: Scenario) -> None:
    judged = judge(facts(scenario))
    assert judged.identity.stated_by(StatedBy.HELO) == ()
    tags = {each.tag.name for each in judged.findings if each.tag.name.startswith(ABOUT_THE_HELO)}
    assert tags <= {"HELO_NOT_OBSERVED"}
    document = json.loads(render(audit(judged), "json", Look()))
    assert document["subjects"][0]["names"]["helo"] is None


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[each["name"] for each in SCENARIOS])
def test_what_is_found_of_the_helo_does_not_change_with_the_greeting(scenario: Scenario) -> None:
    seen = facts(scenario)

    def of_helo(sessions: bool) -> list[str]:
        found = judge(seen if sessions else replace(seen, sessions=())).findings
        return [each.message for each in found if each.tag.name.startswith(ABOUT_THE_HELO)]

    assert of_helo(sessions=True) == of_helo(sessions=False)


@pytest.mark.parametrize(
    ("helo", "words"),
    [
        (None, "judged by PTR, greeting and EHLO reply; the HELO that it sends is not known"),
        ("old.example.com", "judged by PTR, greeting, EHLO reply and HELO (declared)"),
    ],
)
def test_the_verdict_says_which_names_it_is_about(helo: str | None, words: str) -> None:
    world = World("192.0.2.25 PTR mail.example.com", smtp={"192.0.2.25": {25: "mail.example.com"}})
    text = render(audit(judge(world.facts("192.0.2.25", helo=helo))), "text", Look())
    assert words in " ".join(text.split())


ptr_names = st.lists(st.sampled_from([f"m{i}.example.com" for i in range(10)]), min_size=1, max_size=10, unique=True)


@given(names=ptr_names, confirming=st.sets(st.integers(0, 9)), data=st.data())
def test_one_name_that_leads_back_is_enough_wherever_it_stands(
    names: list[str], confirming: set[int], data: st.DataObject
) -> None:
    forward = [f"m{i}.example.com A 192.0.2.{25 if i in confirming else 99}" for i in range(10)]
    order = data.draw(st.permutations(names))
    found = Identity(World("\n".join([f"192.0.2.25 PTR {name}" for name in order] + forward)).facts("192.0.2.25"))
    enough = any(f"m{i}.example.com" in names for i in confirming)
    assert found.iprev is (Result.PASS if enough else Result.FAIL)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[each["name"] for each in SCENARIOS])
def test_every_finding_points_at_the_answers_it_rests_on(scenario: Scenario) -> None:
    bare = {each.tag.name for each in judge(facts(scenario)).findings if not each.evidence}
    assert bare <= NO_ANSWER_NEEDED
