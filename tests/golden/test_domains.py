"""What `truehelo domain` prints, to the character. Each case is a run of `support.domainruns` and a look."""

from pathlib import Path

import pytest

from support.domainruns import audits
from truehelo.render.domains import render
from truehelo.render.look import EVIDENCE, QUIET, Look

EXPECTED = Path(__file__).parent / "domains"
RUNS = audits()

CASES = {
    "an error shows the records, the findings and the fix": ("error.txt", "error", "text", Look()),
    "a narrow terminal without Unicode": ("error-narrow.txt", "error", "text", Look(width=50, ascii=True)),
    "colours beside the words": ("error-color.txt", "error", "text", Look(color=True)),
    "nothing could be looked up": ("undetermined.txt", "undetermined", "text", Look()),
    "a signed domain with all networks and steps": ("signed-v.txt", "signed", "text", Look(verbosity=EVIDENCE)),
    "one line a domain": ("all-q.txt", "all", "text", Look(verbosity=QUIET)),
    "many domains": ("all.txt", "all", "text", Look()),
    "interrupted": ("interrupted.txt", "interrupted", "text", Look()),
    "Markdown": ("error.md", "error", "markdown", Look()),
    "CSV": ("all.csv", "all", "csv", Look()),
    "Nagios": ("error.nagios", "error", "nagios", Look()),
    "Prometheus": ("good.prom", "good", "prometheus", Look()),
    "JSON": ("good.json", "good", "json", Look()),
}


@pytest.mark.parametrize(("file", "name", "format_name", "look"), CASES.values(), ids=CASES.keys())
def test_output_is_as_expected(file: str, name: str, format_name: str, look: Look, update_golden: bool) -> None:
    path = EXPECTED / file
    got = render(RUNS[name], format_name, look)
    if update_golden:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(got.encode())
    assert got.encode().decode() == path.read_bytes().decode()


def test_every_expected_file_belongs_to_a_case() -> None:
    assert {path.name for path in EXPECTED.iterdir()} == {file for file, *_ in CASES.values()}
