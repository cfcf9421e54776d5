"""Every machine format is read back by a reader that is not ours, for tame and for hostile audits alike."""

import csv
import io
import json
import re
from importlib.resources import files

import jsonschema
import junitparser
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from prometheus_client.parser import text_string_to_metric_families
from sarif_pydantic import Sarif

from support.audits import audits, hostile
from truehelo.facts.text import visible
from truehelo.findings import Audit, Severity, Verdict
from truehelo.render import FORMATS, render
from truehelo.render.look import EVIDENCE, QUIET, TRACE, Look
from truehelo.render.markdown import code, escape

SCHEMA = json.loads((files("truehelo.render") / "schema" / "audit-1.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())
PLUGIN_LINE = re.compile(r"(OK|WARNING|CRITICAL|UNKNOWN) - [^|\n]+ \| (\S+=[\d.]+(s|%|B)?(;[\d.]*){0,4} ?)+")
NAMES = sorted(audits())
TEXTS = st.lists(
    st.text(max_size=40) | st.sampled_from(["=1+1", "|", "`", "\x1b[2J", "]]>", "\ud800", "--", "\n"]),
    min_size=1,
    max_size=8,
)
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")


@pytest.mark.parametrize("name", NAMES)
def test_json_is_valid_by_the_schema_that_ships(name: str) -> None:
    VALIDATOR.validate(json.loads(render(audits()[name], "json")))


def test_the_schema_is_itself_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", NAMES)
def test_the_evidence_of_every_finding_exists(name: str) -> None:
    for subject in json.loads(render(audits()[name], "json"))["subjects"]:
        for finding in subject["findings"]:
            assert set(finding["evidence"]) <= set(subject["evidence"]), finding["tag"]


@pytest.mark.parametrize("name", NAMES)
def test_jsonl_is_one_subject_a_line(name: str) -> None:
    whole = json.loads(render(audits()[name], "json"))["subjects"]
    assert [json.loads(line) for line in render(audits()[name], "jsonl").splitlines()] == whole


@pytest.mark.parametrize("name", NAMES)
def test_csv_has_one_row_a_subject_with_the_address_first(name: str) -> None:
    audit = audits()[name]
    head, *rows = csv.reader(io.StringIO(render(audit, "csv"), newline=""), strict=True)
    assert head[0] == "ip"
    assert [row[0] for row in rows] == [str(subject.facts.ip) for subject in audit.subjects]
    assert all(len(row) == len(head) for row in rows)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("fail_on", [Severity.ERROR, Severity.WARNING, None])
def test_junit_counts_what_it_holds(name: str, fail_on: Severity | None) -> None:
    audit = audits()[name]
    suites = junitparser.JUnitXml.fromstring(render(audit, "junit", Look(fail_on=fail_on)).encode())
    assert len(suites) == len(audit.subjects) + len(audit.unresolved)
    results = [result for suite in suites for case in suite for result in case.result]
    assert suites.failures == sum(isinstance(result, junitparser.Failure) for result in results)
    assert suites.skipped == sum(isinstance(result, junitparser.Skipped) for result in results)
    assert suites.errors == 0
    assert suites.failures == 0 or fail_on is not None


def test_junit_skips_what_is_undetermined() -> None:
    suites = junitparser.JUnitXml.fromstring(render(audits()["undetermined"], "junit").encode())
    skipped = {case.name for suite in suites for case in suite if case.is_skipped}
    assert {"verdict", "PTR_UNKNOWN"} <= skipped
    assert suites.failures == 0


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("fail_on", [Severity.ERROR, Severity.WARNING, None])
def test_a_plugin_line_is_as_the_guidelines_say(name: str, fail_on: Severity | None) -> None:
    text = render(audits()[name], "nagios", Look(fail_on=fail_on))
    first, *details = text.splitlines()
    assert PLUGIN_LINE.fullmatch(first), first
    assert not [line for line in details if "|" in line]


@pytest.mark.parametrize("name", NAMES)
def test_prometheus_reads_one_verdict_a_subject(name: str) -> None:
    audit = audits()[name]
    families = {family.name: family for family in text_string_to_metric_families(render(audit, "prometheus"))}
    set_ones = {s.labels["ip"]: s.labels["verdict"] for s in families["truehelo_subject_verdict"].samples if s.value == 1}
    assert set_ones == {str(subject.facts.ip): str(subject.verdict) for subject in audit.subjects}
    assert families["truehelo_last_check_timestamp_seconds"].samples[0].value == pytest.approx(
        audit.started.timestamp() + audit.elapsed_s
    )
    counted = sum(sample.value for sample in families["truehelo_finding"].samples)
    assert counted == sum(len(subject.findings) for subject in audit.subjects)


@pytest.mark.parametrize("name", NAMES)
def test_sarif_results_name_a_rule_and_a_place(name: str) -> None:
    audit = audits()[name]
    log = json.loads(render(audit, "sarif"))
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert log["version"] == "2.1.0"
    assert len({rule["id"] for rule in rules}) == len(rules)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["kind"] in ("fail", "open")
        assert result["level"] in (("error", "warning", "note") if result["kind"] == "fail" else ("none",))
        assert result["locations"][0]["logicalLocations"][0]["name"]
    wanted = sum(f.severity is not Severity.OK for subject in audit.subjects for f in subject.findings)
    assert len(run["results"]) == wanted


@pytest.mark.parametrize("name", NAMES)
def test_sarif_is_read_by_a_model_that_is_not_ours(name: str) -> None:
    log = Sarif.model_validate(json.loads(render(audits()[name], "sarif")))
    assert all(result.rule_id and result.message.text and result.locations for result in log.runs[0].results or ())


LINK = re.compile(r"(?<!\\)(?:\\\\)*[\[\]]")
"""A bracket that no backslash takes the meaning from: it begins or ends an embedded link (SARIF 2.1.0 §3.11.6)."""


def test_a_message_in_sarif_holds_no_link() -> None:
    texts = ["[click](http://evil.example)", "\\[a](b)", "\\\\[a](b)", "]"]
    (run,) = json.loads(render(hostile(texts), "sarif"))["runs"]
    notes = run["invocations"][0]["toolExecutionNotifications"]
    said = [each["message"]["text"] for each in (*run["results"], *notes)]
    assert any("\\[click\\](http" in text for text in said)
    assert [text for text in said if LINK.search(text)] == []


def test_sarif_points_at_the_line_that_names_the_target() -> None:
    look = Look(where={"198.51.100.4": "lists/my servers.txt:12", "192.0.2.25": "argument 2"})
    (run,) = json.loads(render(audits()["pair"], "sarif", look))["runs"]
    places = {result["properties"]["ip"]: result["locations"][0].get("physicalLocation") for result in run["results"]}
    assert places["198.51.100.4"] == {"artifactLocation": {"uri": "lists/my%20servers.txt"}, "region": {"startLine": 12}}
    assert places["192.0.2.25"] is None


@given(TEXTS)
def test_no_hostile_text_breaks_a_machine_format(texts: list[str]) -> None:
    audit = hostile(texts)
    VALIDATOR.validate(json.loads(render(audit, "json")))
    rows = list(csv.reader(io.StringIO(render(audit, "csv"), newline=""), strict=True))
    assert len(rows) == 2
    assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for cell in rows[1])
    junitparser.JUnitXml.fromstring(render(audit, "junit").encode())
    first, *_ = render(audit, "nagios").splitlines()
    assert PLUGIN_LINE.fullmatch(first)
    assert list(text_string_to_metric_families(render(audit, "prometheus")))
    json.loads(render(audit, "sarif"))


@given(TEXTS, st.sampled_from(sorted(FORMATS)), st.sampled_from([QUIET, 0, EVIDENCE, TRACE]), st.booleans())
def test_no_hostile_text_reaches_the_reader_raw(
    texts: list[str], format_name: str, verbosity: int, ascii_only: bool
) -> None:
    look = Look(verbosity=verbosity, ascii=ascii_only, checklist=True, width=60)
    text = render(hostile(texts), format_name, look)
    shown = text.replace("\r\n", "\n") if format_name == "csv" else text
    assert not CONTROL.search(shown)
    text.encode("utf-8")
    if look.ascii and format_name == "text":
        text.encode("ascii")


def _inline(markdown: MarkdownIt, text: str) -> list[str]:
    return [child.type for token in markdown.parse(text) for child in (token.children or [])]


@given(st.text(max_size=60) | st.text("@`\\\\ a.|", max_size=20))
def test_escaped_markdown_is_text_and_nothing_else(text: str) -> None:
    markdown = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    escaped = escape(f"x {text} x")
    assert set(_inline(markdown, escaped)) <= {"text", "text_special", "code_inline"}
    spans = [child for token in markdown.parse(escaped) for child in token.children or [] if child.type == "code_inline"]
    assert all(set(child.content) == {"@"} for child in spans)
    shown = "".join(child.content for token in markdown.parse(escaped) for child in token.children or [])
    assert shown == visible(f"x {text} x")
    tokens = {token.type for token in markdown.parse(f"- {escape(text)}")}
    blocks = {f"{block}_{end}" for block in ("bullet_list", "list_item", "paragraph") for end in ("open", "close")}
    assert tokens <= blocks | {"inline"}


@pytest.mark.parametrize(
    "text",
    [
        "postmaster@evil.example",
        "mailto:a@evil.example",
        "xmpp:a@evil.example/x",
        "@team",
        "a@@b.example",
        "`@`a@b.example",
    ],
)
def test_no_address_is_left_to_be_made_a_link_of(text: str) -> None:
    """Renderers of GFM look for addresses in what has been read (§6.9), where an entity is the character again."""
    markdown = MarkdownIt("commonmark", {"html": True})
    found = [child for token in markdown.parse(escape(text)) for child in token.children or []]
    assert "".join(child.content for child in found) == text
    assert not [child for child in found if child.type != "code_inline" and "@" in child.content]


@given(st.text(max_size=60))
def test_a_code_span_stays_one_cell_of_a_table(text: str) -> None:
    markdown = MarkdownIt("commonmark", {"html": True}).enable("table")
    tokens = markdown.parse(f"| a | b |\n|---|---|\n| {code(text)} | end |")
    cells = [tokens[i + 1].children or [] for i, token in enumerate(tokens) if token.type == "td_open"]
    assert len(cells) == 2
    assert [child.type for child in cells[0]] == ["code_inline"]


def test_every_format_takes_every_audit() -> None:
    for name, audit in audits().items():
        for format_name in FORMATS:
            text = render(audit, format_name)
            assert text == "" or text.endswith("\n"), (name, format_name)


def test_verdicts_are_counted_as_they_are() -> None:
    audit: Audit = audits()["many"]
    summary = json.loads(render(audit, "json"))["summary"]
    assert summary == {str(verdict): sum(s.verdict is verdict for s in audit.subjects) for verdict in Verdict}
