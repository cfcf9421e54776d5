"""Every scenario is judged as it demands, and every tag has a scenario that expects it and one that forbids it."""

import pytest

from support.scenarios import KEYS, Scenario, exit_code, identity, load
from truehelo.checks import all_tags, run_checks
from truehelo.findings import Verdict
from truehelo.verdict import verdict

SCENARIOS = load()


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario["name"])
def test_the_scenario_is_judged_as_it_demands(scenario: Scenario) -> None:
    judged = identity(scenario)
    findings = run_checks(judged)
    found = {finding.tag.name for finding in findings}
    reached = verdict(judged)
    said = "\n".join(f"{finding.severity} {finding.tag.name}: {finding.message}" for finding in findings)
    assert set(scenario["expect"]) <= found, said
    assert not set(scenario.get("forbid", ())) & found, said
    assert scenario.get("message", "") in said, said
    assert (reached, exit_code(findings, reached)) == (Verdict(scenario["verdict"]), scenario["exit"]), said


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario["name"])
def test_the_evidence_of_each_finding_is_among_the_facts(scenario: Scenario) -> None:
    judged = identity(scenario)
    facts = judged.facts
    keys = {lookup.key for lookup in facts.lookups} | {session.key for session in facts.sessions}
    keys |= {sibling.ptr.key for sibling in facts.siblings}
    keys |= {lookup.key for look in facts.blocklists for lookup in look.lookups}
    if facts.reverse_zone is not None:
        keys.add(facts.reverse_zone.key)
    for finding in run_checks(judged):
        assert set(finding.evidence) <= keys, finding.tag.name


def test_names_are_unique_sentences_and_keys_are_known() -> None:
    names = [scenario["name"] for scenario in SCENARIOS]
    assert len(names) == len(set(names))
    assert all(" " in name and not name.endswith(".") for name in names)
    assert [sorted(set(scenario) - KEYS) for scenario in SCENARIOS if set(scenario) - KEYS] == []


def test_every_scenario_names_only_tags_that_exist() -> None:
    named = {tag for scenario in SCENARIOS for tag in [*scenario["expect"], *scenario.get("forbid", ())]}
    assert sorted(named - set(all_tags())) == []


@pytest.mark.parametrize("tag", sorted(all_tags()))
def test_every_tag_is_expected_once_and_forbidden_once(tag: str) -> None:
    assert any(tag in scenario["expect"] for scenario in SCENARIOS), "no scenario expects it"
    assert any(tag in scenario.get("forbid", ()) for scenario in SCENARIOS), "no scenario forbids it"
