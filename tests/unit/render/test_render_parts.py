"""The parts of the text: ranges, exit codes, the checklist, the chain, wrapping."""

import csv
import io
from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.audits import PROVIDER, TEXTBOOK, audit, audits, judged
from support.world import World
from truehelo.facts.address import Address
from truehelo.facts.cells import cell
from truehelo.facts.subject import Source
from truehelo.findings import Audit, Finding, Result, Severity, SubjectAudit, Tag, Unresolved, Verdict
from truehelo.render import checklist, render
from truehelo.render.chain import rows
from truehelo.render.exitcode import exit_code, plugin_state
from truehelo.render.look import EVIDENCE, TRACE, Look
from truehelo.render.ranges import compress
from truehelo.render.style import Mark, Style, columns, fit
from truehelo.render.text import passes, summary


@pytest.mark.parametrize(
    ("given_addresses", "said"),
    [
        ("", ""),
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.1 192.0.2.2", "192.0.2.1, 192.0.2.2"),
        ("192.0.2.2 192.0.2.1 192.0.2.3", "192.0.2.1-3"),
        ("192.0.2.4 192.0.2.5 192.0.2.6 192.0.2.7 192.0.2.9", "192.0.2.4/30, 192.0.2.9"),
        ("192.0.2.254 192.0.2.255 192.0.3.0", "192.0.2.254-192.0.3.0"),
        ("2001:db8::1 192.0.2.1 2001:db8::2 2001:db8::3", "192.0.2.1, 2001:db8::1-2001:db8::3"),
        ("2001:db8::4 2001:db8::5 2001:db8::6 2001:db8::7", "2001:db8::4/126"),
    ],
)
def test_addresses_are_told_in_networks_and_ranges(given_addresses: str, said: str) -> None:
    assert ", ".join(compress(ip_address(text) for text in given_addresses.split())) == said


def _expand(text: str) -> list[Address]:
    if "/" in text:
        return list(ip_network(text))
    first, dash, last = text.partition("-")
    if not dash:
        return [ip_address(first)]
    start = ip_address(first)
    end = ip_address(last) if "." in last or ":" in last else ip_address(f"{first.rpartition('.')[0]}.{last}")
    return [type(start)(number) for number in range(int(start), int(end) + 1)]


@given(st.lists(st.integers(0, 600), max_size=80))
def test_ranges_hold_exactly_the_addresses(offsets: list[int]) -> None:
    base = int(ip_address("192.0.2.0"))
    ips = [ip_address(base + offset) for offset in offsets]
    assert sorted(ip for text in compress(ips) for ip in _expand(text)) == sorted(set(ips))


def _with(*findings: Finding, verdict: Verdict = Verdict.MATCH) -> Audit:
    return audit(replace(judged(TEXTBOOK, "192.0.2.25"), findings=findings, verdict=verdict))


def _finding(severity: Severity, *, undetermined: bool = False) -> Finding:
    return Finding(tag=Tag(name="SOME_TAG", severity=severity, message="so", undetermined=undetermined), result=Result.FAIL)


ERROR, WARNING, NOTE = (_finding(severity) for severity in (Severity.ERROR, Severity.WARNING, Severity.NOTE))
UNSURE = _finding(Severity.NOTE, undetermined=True)


@pytest.mark.parametrize(
    ("made", "fail_on", "code", "state"),
    [
        (_with(), Severity.WARNING, 0, 0),
        (_with(NOTE), Severity.WARNING, 0, 0),
        (_with(WARNING), Severity.WARNING, 1, 1),
        (_with(WARNING), Severity.ERROR, 0, 0),
        (_with(WARNING), None, 0, 0),
        (_with(ERROR), Severity.WARNING, 1, 2),
        (_with(ERROR), Severity.ERROR, 1, 2),
        (_with(ERROR), None, 0, 0),
        (_with(ERROR, UNSURE, verdict=Verdict.UNDETERMINED), Severity.WARNING, 1, 2),
        (_with(UNSURE, verdict=Verdict.UNDETERMINED), Severity.WARNING, 3, 3),
        (_with(UNSURE, verdict=Verdict.UNDETERMINED), None, 3, 3),
        (_with(UNSURE), Severity.WARNING, 0, 0),
        (audit(unresolved=(Unresolved(asked="x", undetermined=True, detail="y"),)), Severity.WARNING, 3, 3),
        (audit(unresolved=(Unresolved(asked="x", undetermined=False, detail="y"),)), Severity.ERROR, 1, 2),
        (audit(unresolved=(Unresolved(asked="x", undetermined=False, detail="y"),)), None, 0, 0),
        (replace(_with(), interrupted=True), Severity.WARNING, 130, 3),
        (replace(_with(ERROR), interrupted=True), Severity.WARNING, 130, 2),
    ],
)
def test_exit_codes_and_plugin_states(made: Audit, fail_on: Severity | None, code: int, state: int) -> None:
    assert (exit_code(made, fail_on), plugin_state(made, fail_on)) == (code, state)


@pytest.mark.parametrize(
    ("subject", "marks"),
    [
        (judged(TEXTBOOK, "192.0.2.25"), "yes yes yes unknown"),
        (judged(PROVIDER, "198.51.100.4"), "no yes yes unknown"),
        (judged(TEXTBOOK, "192.0.2.25", helo="mail.good.example"), "yes yes yes yes yes"),
        (judged(TEXTBOOK, "192.0.2.25", helo="localhost"), "yes yes yes no no"),
        (judged(TEXTBOOK, "2001:db8::25"), "unknown unknown no unknown"),
        (judged(World("", fail={"192.0.2.1 PTR": "timeout"}), "192.0.2.1"), "unknown unknown unknown unknown"),
        (judged(World(""), "192.0.2.1"), "unknown unknown no unknown"),
        (judged(World(""), "10.0.0.1"), "unknown unknown unknown unknown"),
    ],
)
def test_the_checklist_tells_done_from_not_done_from_not_known(subject, marks: str) -> None:
    assert " ".join(mark for mark, _ in checklist.items(subject)) == marks


@pytest.mark.parametrize("outcome", ["servfail", "timeout", "refused", "malformed"])
def test_a_failed_lookup_is_marked_unknown_in_the_chain_and_never_wrong(outcome: str) -> None:
    world = World("192.0.2.1 PTR mail.example.com", fail={"mail.example.com A": outcome, "192.0.2.2 PTR": outcome})
    forward = rows(judged(world, "192.0.2.1"))[1]
    ptr = rows(judged(world, "192.0.2.2"))[0]
    assert (forward.mark, ptr.mark) == (Mark.UNKNOWN, Mark.UNKNOWN)
    assert outcome in forward.why.lower()
    assert outcome in ptr.why.lower()


@pytest.mark.parametrize(("world", "word"), [(World(""), "NXDOMAIN"), (World("192.0.2.1 TXT x"), "NODATA")])
def test_the_two_denials_are_told_apart(world: World, word: str) -> None:
    row = rows(judged(world, "192.0.2.1"))[0]
    assert row.mark is Mark.NO
    assert word in row.why


def test_every_row_of_every_chain_says_why_in_words() -> None:
    assert all(row.why for made in audits().values() for subject in made.subjects[:20] for row in rows(subject))


def test_a_passing_target_is_one_line_of_text() -> None:
    for made in audits().values():
        for subject in made.subjects[:3]:
            if passes(subject) and subject.what_if is None:
                assert render(audit(subject), "text").count("\n") == 1


@pytest.mark.parametrize(
    ("subject", "said"),
    [
        (judged(PROVIDER, "198.51.100.4"), "calls itself mail.business.example, but the PTR name of its address is"),
        (judged(TEXTBOOK, "192.0.2.25", helo="localhost"), "the HELO names localhost, which is not a full host name"),
        (judged(TEXTBOOK, "192.0.2.25", helo="a_b.example"), "the HELO names a_b.example, which is not a valid name"),
        (judged(TEXTBOOK, "192.0.2.25", helo="[192.0.2.9]"), "the HELO names [192.0.2.9], which is another address"),
        (judged(TEXTBOOK, "192.0.2.25", helo="no.good.example"), "names no.good.example, which has no A record"),
        (judged(TEXTBOOK, "192.0.2.25", helo="out.good.example"), "out.good.example, which leads to another address"),
        (judged(TEXTBOOK, "192.0.2.25", expect="mx.good.example"), "the expected name mx.good.example is not the PTR"),
        (judged(TEXTBOOK, "2001:db8::25"), "no PTR name of this address leads back to it"),
        (judged(World(""), "192.0.2.1"), "this address has no name at all"),
    ],
)
def test_the_first_line_says_what_contradicts(subject: SubjectAudit, said: str) -> None:
    headline = " ".join(render(audit(subject), "text", Look(width=200)).splitlines()[0].split())
    assert "✗ mismatch: " in headline
    assert said in headline


def test_many_targets_begin_with_who_has_which_verdict() -> None:
    lines = render(audits()["many"], "text", Look(width=100)).splitlines()
    assert [line.split(":")[0] for line in lines[:3]] == ["✗ mismatch", "? undetermined", "✓ match"]
    few = replace(audits()["many"], subjects=audits()["many"].subjects[190:])
    passing = [line for line in render(few, "text").splitlines() if "✓ match  mx" in line]
    assert len(passing) == sum(passes(subject) for subject in few.subjects)


@given(st.text(st.sampled_from("ab 漢字\u0301"), max_size=300))
def test_wide_text_is_wrapped_by_the_columns_that_it_takes(text: str) -> None:
    lines = Style(Look(width=40)).wrap(text, "  * ", "    ")
    assert " ".join(line[4:] for line in lines).split() == text.split()
    assert all(columns(line) <= 40 or len(line[4:].split()) == 1 for line in lines)


@given(st.text(max_size=100), st.integers(3, 60))
def test_text_is_cut_to_the_columns_that_there_are(text: str, limit: int) -> None:
    assert columns(fit(text, limit)) <= limit


@pytest.mark.parametrize("verbosity", [EVIDENCE, TRACE])
def test_evidence_keeps_to_the_width_but_for_records(verbosity: int) -> None:
    text = render(audits()["pair"], "text", Look(verbosity=verbosity))
    assert [line for line in text.splitlines() if len(line) > 80 and " IN " not in line] == []


def test_colour_changes_no_word() -> None:
    for made in audits().values():
        plain, painted = (render(made, "text", Look(color=color)) for color in (False, True))
        for code in ("31", "32", "33", "1", "2", "0"):
            painted = painted.replace(f"\x1b[{code}m", "")
        assert painted == plain


def test_the_summary_counts_with_separators() -> None:
    made = audits()["many"]
    many = replace(made, subjects=made.subjects * 5)
    assert summary(many) == "1,075 targets: 985 match, 80 mismatch, 10 undetermined"


def _from(kind: str, asked: str, detail: str = "") -> str:
    subject = judged(TEXTBOOK, "192.0.2.25")
    facts = replace(subject.facts, sources=(Source(kind=kind, asked=asked, detail=detail),))
    return render(audit(replace(subject, facts=facts)), "text").strip()


@pytest.mark.parametrize(
    ("kind", "asked", "label"),
    [
        ("argument", "192.0.2.25", None),
        ("host", "mail.good.example", None),
        ("host", "www.good.example", "address of www.good.example"),
        ("mx", "good.example", "MX of good.example"),
        ("spf", "good.example", "SPF of good.example"),
        ("network", "192.0.2.24/31", None),
    ],
)
def test_a_passing_line_says_where_the_target_came_from(kind: str, asked: str, label: str | None) -> None:
    line = _from(kind, asked, "MX 10 mail.good.example")
    assert line.startswith("192.0.2.25  ✓ match  mail.good.example")
    assert (f" [{label}]" in line) if label else ("[" not in line)
    assert len(line) <= 80


@pytest.mark.parametrize(("undetermined", "state"), [(False, "CRITICAL"), (True, "UNKNOWN")])
def test_a_plugin_names_the_one_target_that_led_nowhere(undetermined: bool, state: str) -> None:
    made = audit(unresolved=(Unresolved(asked="gone.example", undetermined=undetermined, detail="has no address | x"),))
    assert render(made, "nagios").startswith(f"{state} - gone.example has no address / x | match=0")


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("=1", "'=1"),
        (" =1", "' =1"),
        ("＝1", "'＝1"),
        ("%1", "'%1"),
        ("a;=1+cmd|'/c calc'!a0;b", "a;'=1+cmd|'/c calc'!a0;b"),
        ("a; +1;;-1", "a;' +1;;'-1"),
        ('a ";"=1', 'a ";\'"=1'),
        ("a\t=1", r"a\x09=1"),
        ("v=DMARC1; p=none; rua=mailto:a@b.example", "v=DMARC1; p=none; rua=mailto:a@b.example"),
    ],
)
def test_a_cell_is_no_formula_nor_is_a_part_of_it(text: str, safe: str) -> None:
    assert cell(text) == safe


@given(st.lists(st.text(alphabet=list("=+-@|%;,\"' \t\n\ra1＝"), max_size=8), min_size=1, max_size=4))
def test_no_row_has_a_formula_in_it_wherever_it_is_parted(texts: list[str]) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerow([cell(text) for text in texts])
    for separator in ",;\t":
        for row in csv.reader(io.StringIO(out.getvalue(), newline=""), delimiter=separator):
            assert not [each for each in row if each.lstrip().startswith(("=", "+", "-", "@", "|", "%", "＝"))]
