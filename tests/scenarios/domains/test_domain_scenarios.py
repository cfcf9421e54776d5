"""Every scenario of a domain is judged as it demands, and every tag has one that expects it and one that forbids it."""

import pytest

from support.domains import AT, KEYS, Scenario, facts, load
from truehelo.domains import DomainRun, DomainView, all_tags, run_checks
from truehelo.engine.domain_run import judge_domain
from truehelo.facts.domain import DomainFacts
from truehelo.findings import Severity
from truehelo.render.domains.document import evidence
from truehelo.render.domains.exitcode import exit_code

SCENARIOS = load()


@pytest.fixture(scope="module")
def seen() -> dict[str, DomainFacts]:
    return {scenario["name"]: facts(scenario) for scenario in SCENARIOS}


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario["name"])
def test_the_scenario_is_judged_as_it_demands(scenario: Scenario, seen: dict[str, DomainFacts]) -> None:
    audit = judge_domain(seen[scenario["name"]])
    found = {finding.tag.name for finding in audit.findings}
    said = "\n".join(f"{finding.severity} {finding.tag.name}: {finding.message}" for finding in audit.findings)
    fix = "\n".join(record for step in audit.advice for record in step.records)
    assert set(scenario["expect"]) <= found, said
    assert not set(scenario["forbid"]) & found, said
    assert scenario.get("message", "") in said, said
    assert scenario.get("fix", "") in fix, fix


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario["name"])
def test_the_evidence_of_each_finding_is_among_the_facts(scenario: Scenario, seen: dict[str, DomainFacts]) -> None:
    audit = judge_domain(seen[scenario["name"]])
    keys = set(evidence(audit))
    assert [finding.tag.name for finding in audit.findings if not set(finding.evidence) <= keys] == []
    assert [finding.tag.name for finding in audit.findings if not finding.evidence] == []


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario["name"])
def test_steps_end_findings_that_there_are_and_say_how_to_verify(scenario: Scenario, seen: dict[str, DomainFacts]) -> None:
    audit = judge_domain(seen[scenario["name"]])
    found = {finding.tag.name for finding in audit.findings}
    assert [step.step for step in audit.advice] == list(range(1, len(audit.advice) + 1))
    for step in audit.advice:
        assert set(step.resolves) <= found
        assert step.verify.startswith("truehelo domain ")
        assert step.what
        assert step.who


def test_what_is_undetermined_makes_another_exit_code_than_what_is_wrong(seen: dict[str, DomainFacts]) -> None:
    def code(name: str, fail_on: Severity | None = Severity.WARNING) -> int:
        audit = judge_domain(seen[name])
        run = DomainRun(asked=(), started=AT, elapsed_s=0.0, resolvers=(), domains=(audit,))
        return exit_code(run, fail_on)

    undetermined = "a zone that nobody answers for leaves everything undetermined, and nothing missing"
    assert code(undetermined) == 3
    assert code("everybody is authorised by the end of the record") == 1
    assert code("everybody is authorised by the end of the record", None) == 0
    assert code("one server alone holds the zone", Severity.ERROR) == 0


def test_names_are_unique_sentences_and_keys_are_known() -> None:
    names = [scenario["name"] for scenario in SCENARIOS]
    assert len(names) == len(set(names))
    assert all(" " in name and not name.endswith(".") for name in names)
    assert [sorted(set(scenario) - KEYS) for scenario in SCENARIOS if set(scenario) - KEYS] == []


def test_every_scenario_names_only_tags_that_exist() -> None:
    named = {tag for scenario in SCENARIOS for tag in [*scenario["expect"], *scenario["forbid"]]}
    assert sorted(named - set(all_tags())) == []


@pytest.mark.parametrize("tag", sorted(all_tags()))
def test_every_tag_is_expected_once_and_forbidden_once(tag: str) -> None:
    assert any(tag in scenario["expect"] for scenario in SCENARIOS), "no scenario expects it"
    assert any(tag in scenario["forbid"] for scenario in SCENARIOS), "no scenario forbids it"


def test_an_included_network_names_the_records_that_lead_to_it(seen: dict[str, DomainFacts]) -> None:
    view = DomainView(seen["everybody is authorised by an include"])
    assert view.spf_sources.unlisted == ("+all",)
    view = DomainView(seen["ten lookups are allowed"])
    found = {str(source.network): (source.domain, source.via) for source in view.spf_sources.sources}
    assert found["192.0.2.2/32"] == ("a.s.example", ("s.example",))


def test_nothing_found_is_never_worse_than_undetermined_for_what_could_not_be_seen(seen: dict[str, DomainFacts]) -> None:
    name = "a zone that nobody answers for leaves everything undetermined, and nothing missing"
    assert {finding.severity for finding in run_checks(seen[name])} == {Severity.NOTE}
