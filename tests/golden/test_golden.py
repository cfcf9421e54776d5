"""What each format looks like, to the character. Each case is an audit of `support.audits` and a look."""

from pathlib import Path

import pytest

from support.audits import audits
from truehelo.findings import Severity
from truehelo.render import render
from truehelo.render.look import EVIDENCE, QUIET, TRACE, Look

EXPECTED = Path(__file__).parent / "expected"

CASES = {
    "a failing server shows its chain, its findings and one fix": ("fail.txt", "fail", "text", Look()),
    "a passing server is one line": ("pass.txt", "pass", "text", Look()),
    "a passing server beside a failing one": ("pair.txt", "pair", "text", Look()),
    "a server that differs says that most receivers let it pass": ("differs.txt", "differs", "text", Look()),
    "an expected name and a single-label HELO": ("expected.txt", "expected", "text", Look()),
    "undetermined is neither pass nor fail": ("undetermined.txt", "undetermined", "text", Look()),
    "an IPv6 address is judged by AAAA records": ("ipv6.txt", "ipv6", "text", Look()),
    "a private address cannot be judged": ("private.txt", "private", "text", Look()),
    "targets without an address are told apart": ("unresolved.txt", "unresolved", "text", Look()),
    "an interrupted run says so": ("interrupted.txt", "interrupted", "text", Look()),
    "a run without any subject": ("nothing.txt", "nothing", "text", Look()),
    "many targets are grouped by finding": ("many.txt", "many", "text", Look()),
    "many targets with evidence list all records": ("many-v.txt", "many", "text", Look(verbosity=EVIDENCE)),
    "hostile names are shown, never obeyed": ("hostile.txt", "hostile", "text", Look()),
    "ASCII marks where the encoding asks for them": ("fail-ascii.txt", "fail", "text", Look(ascii=True)),
    "hostile names in ASCII": ("hostile-ascii.txt", "hostile", "text", Look(ascii=True)),
    "a narrow terminal": ("fail-narrow.txt", "fail", "text", Look(width=50)),
    "colours beside the words": ("pair-color.txt", "pair", "text", Look(color=True)),
    "quiet gives the verdict lines": ("pair-q.txt", "pair", "text", Look(verbosity=QUIET)),
    "evidence of a failing server": ("fail-v.txt", "fail", "text", Look(verbosity=EVIDENCE)),
    "every exchange and the transcript": ("fail-vv.txt", "fail", "text", Look(verbosity=TRACE)),
    "a passing server with evidence shows its chain": ("pass-v.txt", "pass", "text", Look(verbosity=EVIDENCE)),
    "hostile evidence": ("hostile-vv.txt", "hostile", "text", Look(verbosity=TRACE)),
    "the checklist of the pair": ("pair-checklist.txt", "pair", "text", Look(checklist=True)),
    "the checklist of what is undetermined": ("undetermined-checklist.txt", "undetermined", "text", Look(checklist=True)),
    "JSON of the pair": ("pair.json", "pair", "json", Look()),
    "JSON of hostile names": ("hostile.json", "hostile", "json", Look()),
    "CSV of the pair": ("pair.csv", "pair", "csv", Look()),
    "CSV of hostile names": ("hostile.csv", "hostile", "csv", Look()),
    "Markdown of the pair with a checklist": ("pair.md", "pair", "markdown", Look(checklist=True)),
    "Markdown of hostile names": ("hostile.md", "hostile", "markdown", Look()),
    "JUnit of what is undetermined": ("undetermined.xml", "undetermined", "junit", Look()),
    "JUnit of the pair": ("pair.xml", "pair", "junit", Look()),
    "Nagios: names that contradict each other": ("fail.nagios", "fail", "nagios", Look()),
    "Nagios: a warning": ("differs.nagios", "differs", "nagios", Look()),
    "Nagios: all is well": ("pass.nagios", "pass", "nagios", Look()),
    "Nagios: unknown is a state of its own": ("undetermined.nagios", "undetermined", "nagios", Look()),
    "Nagios: only errors count": ("fail-error.nagios", "fail", "nagios", Look(fail_on=Severity.ERROR)),
    "Nagios: hostile names end no part of the line": ("hostile.nagios", "hostile", "nagios", Look()),
    "Prometheus of the pair": ("pair.prom", "pair", "prometheus", Look()),
    "the fix at this provider and with this mail server": ("guided.txt", "guided", "text", Look()),
    "every way, and where it is from": ("guided-v.txt", "guided", "text", Look(verbosity=EVIDENCE)),
    "the fix as a page": ("guided.md", "guided", "markdown", Look()),
    "the fix as JSON": ("guided.json", "guided", "json", Look()),
    "a mail server that the reader named": ("guided-mta.txt", "guided-mta", "text", Look()),
    "a listing, and lists that could not say": ("listed.txt", "listed", "text", Look()),
    "what each blocklist said": ("listed-v.txt", "listed", "text", Look(verbosity=EVIDENCE)),
    "blocklists as JSON": ("listed.json", "listed", "json", Look()),
    "blocklists in Markdown": ("listed.md", "listed", "markdown", Look()),
    "blocklists as metrics": ("listed.prom", "listed", "prometheus", Look()),
    "blocklists in CSV": ("listed.csv", "listed", "csv", Look()),
    "a message to the holder of one address, and sentences for the others": (
        "ticket.txt",
        "ticket",
        "text",
        Look(ticket=True),
    ),
    "a message in a narrow terminal": ("ticket-narrow.txt", "ticket", "text", Look(ticket=True, width=50, ascii=True)),
    "a message with hostile names": ("hostile-ticket.txt", "hostile", "text", Look(ticket=True)),
    "the matrix of the pair": ("pair-matrix.txt", "pair", "text", Look(matrix=True)),
    "what would change if the PTR were right": ("what-if.txt", "what-if", "text", Look()),
    "what would change in a narrow terminal": ("what-if-narrow.txt", "what-if", "text", Look(width=50, ascii=True)),
    "what would change, as JSON": ("what-if.json", "what-if", "json", Look()),
}


@pytest.mark.parametrize(("file", "name", "format_name", "look"), CASES.values(), ids=CASES.keys())
def test_output_is_as_expected(file: str, name: str, format_name: str, look: Look, update_golden: bool) -> None:
    path = EXPECTED / file
    got = render(audits()[name], format_name, look)
    if update_golden:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(got.encode())
    assert got.encode().decode() == path.read_bytes().decode()


def test_every_expected_file_belongs_to_a_case() -> None:
    assert {path.name for path in EXPECTED.iterdir()} == {file for file, *_ in CASES.values()}


@pytest.mark.parametrize("name", audits())
@pytest.mark.parametrize("width", [40, 80, 100])
def test_no_line_is_wider_than_the_terminal_unless_one_word_or_record_is(name: str, width: int) -> None:
    text = render(audits()[name], "text", Look(width=width))
    long = [line for line in text.splitlines() if len(line) > width]
    for line in long:
        copied = " IN " in line or "truehelo " in line or " = " in line or line.lstrip().startswith(("$ ", "PS> "))
        label_mark_name = len(line.lstrip(" │└").split()) <= 4
        assert copied or "→" in line or label_mark_name, line
