"""Every format of a run over domains is read back by a reader that is not ours, for tame and for hostile facts alike."""

import csv
import io
import json
import re
from dataclasses import replace
from importlib.resources import files

import jsonschema
import junitparser
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families
from sarif_pydantic import Sarif

from support.domainruns import audits, hostile
from truehelo.domains import DomainRun, State
from truehelo.findings import Severity
from truehelo.render.domains import FORMATS, render
from truehelo.render.domains.exitcode import exit_code, plugin_state
from truehelo.render.look import EVIDENCE, QUIET, TRACE, Look

SCHEMA = json.loads((files("truehelo.render") / "schema" / "domain-1.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())
PLUGIN_LINE = re.compile(r"(OK|WARNING|CRITICAL|UNKNOWN) - [^|\n]+ \| (\S+=[\d.]+(s|%|B)?(;[\d.]*){0,4} ?)+")
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
TEXTS = st.lists(
    st.text(max_size=40)
    | st.sampled_from(
        ["=1+1", "|", "`", "\x1b[2J", "]]>", "\ud800", "--", "\n", "; p=reject", "mx: x\nmode: none", '"', "{x}"]
    ),
    min_size=1,
    max_size=8,
)
RUNS = audits()


@pytest.fixture(params=sorted(RUNS))
def run(request: pytest.FixtureRequest) -> DomainRun:
    return RUNS[request.param]


def test_json_is_valid_by_the_schema_that_ships_and_jsonl_is_the_same_line_by_line(run: DomainRun) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    whole = json.loads(render(run, "json"))
    VALIDATOR.validate(whole)
    assert [json.loads(line) for line in render(run, "jsonl").splitlines()] == whole["domains"]


def test_the_evidence_of_every_finding_exists(run: DomainRun) -> None:
    for domain in json.loads(render(run, "json"))["domains"]:
        for finding in domain["findings"]:
            assert set(finding["evidence"]) <= set(domain["evidence"]), finding["tag"]


def test_csv_has_one_row_a_domain_with_its_name_first(run: DomainRun) -> None:
    head, *rows = csv.reader(io.StringIO(render(run, "csv"), newline=""), strict=True)
    assert head[0] == "domain"
    assert [row[0] for row in rows] == [domain.facts.name for domain in run.domains]
    assert all(len(row) == len(head) for row in rows)


@pytest.mark.parametrize("fail_on", [Severity.ERROR, Severity.WARNING, None])
def test_junit_counts_what_it_holds_and_skips_what_is_undetermined(run: DomainRun, fail_on: Severity | None) -> None:
    suites = junitparser.JUnitXml.fromstring(render(run, "junit", Look(fail_on=fail_on)).encode())
    assert len(suites) == len(run.domains)
    results = [result for suite in suites for case in suite for result in case.result]
    assert suites.failures == sum(isinstance(result, junitparser.Failure) for result in results)
    undetermined = sum(finding.tag.undetermined for domain in run.domains for finding in domain.findings)
    assert suites.skipped == sum(isinstance(result, junitparser.Skipped) for result in results) == undetermined
    assert suites.failures == 0 or fail_on is not None


@pytest.mark.parametrize("fail_on", [Severity.ERROR, Severity.WARNING, None])
def test_a_plugin_line_is_as_the_guidelines_say(run: DomainRun, fail_on: Severity | None) -> None:
    first, *details = render(run, "nagios", Look(fail_on=fail_on)).splitlines()
    assert PLUGIN_LINE.fullmatch(first), first
    assert not [line for line in details if "|" in line]
    assert first.split(" ", 1)[0] == ("OK", "WARNING", "CRITICAL", "UNKNOWN")[plugin_state(run, fail_on)]


def test_prometheus_reads_one_state_a_domain(run: DomainRun) -> None:
    families = {family.name: family for family in text_string_to_metric_families(render(run, "prometheus"))}
    ones = [sample.labels["state"] for sample in families["truehelo_domain_state"].samples if sample.value == 1]
    assert sorted(ones) == sorted(str(domain.state) for domain in run.domains)


def test_sarif_results_name_a_rule_and_a_place_and_a_model_reads_it(run: DomainRun) -> None:
    look = Look(where={"s.example": "lists/domains.txt:3"})
    log = json.loads(render(run, "sarif", look))
    Sarif.model_validate(log)
    (only,) = log["runs"]
    rules = only["tool"]["driver"]["rules"]
    for result in only["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in (("error", "warning", "note") if result["kind"] == "fail" else ("none",))
        place = result["locations"][0]["physicalLocation"]
        assert place == {"artifactLocation": {"uri": "lists/domains.txt"}, "region": {"startLine": 3}}


def test_a_message_in_sarif_holds_no_link() -> None:
    """A bracket that no backslash takes the meaning from begins an embedded link (SARIF 2.1.0 §3.11.6)."""
    run = replace(hostile(["[click](http://evil.example)", "\\[a](b)"]), notes=("[note](x)",))
    (only,) = json.loads(render(run, "sarif"))["runs"]
    said = [each["message"]["text"] for each in (*only["results"], *only["invocations"][0]["toolExecutionNotifications"])]
    assert any("\\[click\\](http" in text for text in said)
    assert "\\[note\\](x)" in said
    assert [text for text in said if re.search(r"(?<!\\)(?:\\\\)*[\[\]]", text)] == []


@pytest.mark.parametrize("width", [40, 80, 100])
def test_no_line_is_wider_than_the_terminal_unless_it_is_to_be_copied(run: DomainRun, width: int) -> None:
    for line in render(run, "text", Look(width=width)).splitlines():
        copied = " IN " in line or "truehelo " in line or len(line.split()) <= 3
        assert len(line) <= width or copied, line


def test_a_missing_fact_is_neither_good_nor_bad() -> None:
    run = RUNS["undetermined"]
    assert [domain.state for domain in run.domains] == [State.UNDETERMINED]
    assert (exit_code(run, Severity.WARNING), plugin_state(run, Severity.WARNING)) == (3, 3)
    assert (exit_code(RUNS["good"], Severity.WARNING), plugin_state(RUNS["good"], Severity.WARNING)) == (0, 0)
    assert (exit_code(RUNS["error"], None), plugin_state(RUNS["error"], Severity.WARNING)) == (0, 2)
    assert (exit_code(RUNS["warning"], Severity.ERROR), plugin_state(RUNS["warning"], Severity.WARNING)) == (0, 1)
    assert exit_code(RUNS["interrupted"], Severity.WARNING) == 130


@given(TEXTS)
def test_no_hostile_text_breaks_a_machine_format(texts: list[str]) -> None:
    run = hostile(texts)
    VALIDATOR.validate(json.loads(render(run, "json")))
    rows = list(csv.reader(io.StringIO(render(run, "csv"), newline=""), strict=True))
    assert len(rows) == 2
    assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for cell in rows[1])
    junitparser.JUnitXml.fromstring(render(run, "junit").encode())
    first, *_ = render(run, "nagios").splitlines()
    assert PLUGIN_LINE.fullmatch(first)
    assert list(text_string_to_metric_families(render(run, "prometheus")))
    json.loads(render(run, "sarif"))


@given(TEXTS, st.sampled_from(sorted(FORMATS)), st.sampled_from([QUIET, 0, EVIDENCE, TRACE]), st.booleans())
def test_no_hostile_text_reaches_the_reader_raw(
    texts: list[str], format_name: str, verbosity: int, ascii_only: bool
) -> None:
    text = render(hostile(texts), format_name, Look(verbosity=verbosity, ascii=ascii_only, width=60))
    shown = text.replace("\r\n", "\n") if format_name == "csv" else text
    assert not CONTROL.search(shown)
    text.encode("utf-8")
    if ascii_only and format_name == "text":
        text.encode("ascii")
