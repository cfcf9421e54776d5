"""docs/reference/report-formats.md names every dialect that is named, and the bounds as they are."""

import re
from pathlib import Path

import pytest

from truehelo.reports import failure, redact, tls
from truehelo.reports.model import DEFAULT_BUDGET

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "reference" / "report-formats.md").read_text("utf-8")
SAID = set(re.findall(r"`([^`]+)`", PAGE))


@pytest.mark.parametrize("name", tls.DIALECTS + failure.DIALECTS)
def test_every_dialect_is_on_the_page(name: str) -> None:
    assert name in SAID


BOUNDS = [
    ("octets of one report, unpacked", DEFAULT_BUDGET.octets // 2**30, "GiB"),
    ("once it is more than 16 MiB", int(DEFAULT_BUDGET.ratio), "times"),
    ("files in one file", DEFAULT_BUDGET.files, ""),
    ("archives and messages in each other", DEFAULT_BUDGET.nested, ""),
    ("multiparts of a message", DEFAULT_BUDGET.depth, ""),
    ("a message, an archive within another file", DEFAULT_BUDGET.held // 2**20, "MiB"),
    ("a TLS report", DEFAULT_BUDGET.held // 2**22, f"MiB, {DEFAULT_BUDGET.tokens:,} texts, numbers and marks"),
    ("a header of a message", failure._OCTETS // 2**10, "KiB"),
    ("one text of JSON or XML", DEFAULT_BUDGET.text, "characters"),
    ("an aggregate report without a record", 4 * DEFAULT_BUDGET.record // 2**20, "MiB"),
    ("time of CPU for one report", int(DEFAULT_BUDGET.seconds), "s"),
]


@pytest.mark.parametrize(("what", "most", "unit"), BOUNDS, ids=[row[0] for row in BOUNDS])
def test_every_bound_is_on_the_page_as_it_is(what: str, most: int, unit: str) -> None:
    (row,) = [line for line in PAGE.splitlines() if line.startswith("| ") and what in line]
    assert row.endswith(f"| {most:,} {unit}".rstrip() + " |")


def test_free_octets_are_on_the_page_as_they_are() -> None:
    assert f"once it is more than {DEFAULT_BUDGET.ratio_free // 2**20} MiB" in PAGE


@pytest.mark.parametrize("name", sorted(failure._HEADERS))
def test_headers_that_are_kept_are_on_the_page(name: str) -> None:
    assert name in {word.lower() for word in SAID}


def test_what_stands_for_what_was_taken_out_is_on_the_page() -> None:
    assert f"{redact.STARS}@domain" in SAID
