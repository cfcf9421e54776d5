"""The reference pages name what there is: verdicts, exit codes, severities, and every field of the JSON."""

import json
from pathlib import Path
from typing import Any

import pytest

from truehelo.findings import Result, Severity, Verdict
from truehelo.render import codes

ROOT = Path(__file__).parents[3]
REFERENCE = ROOT / "docs" / "reference"
SCHEMA: dict[str, Any] = json.loads((ROOT / "src" / "truehelo" / "render" / "schema" / "audit-1.json").read_text("utf-8"))
VERDICTS = (REFERENCE / "verdicts.md").read_text("utf-8")
JSON_PAGE = (REFERENCE / "json.md").read_text("utf-8")


def described(section: str) -> list[str]:
    """The fields in the first column of a section's table; one cell may name several."""
    body = JSON_PAGE.split(f"## {section}\n", 1)[1].split("\n## ", 1)[0]
    cells = [line.split("|")[1] for line in body.splitlines() if line.startswith("| `")]
    return [field.strip(" `") for cell in cells for field in cell.split(",")]


SECTIONS = [
    ("The document", SCHEMA["properties"]),
    ("A subject", SCHEMA["$defs"]["subject"]["properties"]),
    ("A finding", SCHEMA["$defs"]["finding"]["properties"]),
    ("A step of advice", SCHEMA["$defs"]["step"]["properties"]),
    ("Guidance", SCHEMA["$defs"]["guidance"]["properties"]),
]


@pytest.mark.parametrize(("section", "fields"), SECTIONS, ids=[row[0] for row in SECTIONS])
def test_every_field_of_the_schema_is_described_and_no_other(section: str, fields: dict[str, Any]) -> None:
    assert sorted(described(section)) == sorted(fields)


def test_every_result_word_and_kind_of_evidence_is_described() -> None:
    kinds = [
        entry["$ref"].rpartition("/")[2]
        for entry in SCHEMA["$defs"]["subject"]["properties"]["evidence"]["additionalProperties"]["oneOf"]
    ]
    words = [*map(str, Result), *map(str, Verdict), *kinds]
    assert [word for word in words if f"`{word}`" not in JSON_PAGE] == []


def test_every_verdict_and_severity_has_a_row() -> None:
    assert [word for word in (*Verdict, *Severity) if f"\n| `{word}` |" not in VERDICTS] == []


def test_every_exit_code_has_a_row() -> None:
    numbers = (codes.GOOD, codes.FINDINGS, codes.USAGE, codes.UNDETERMINED, codes.BUG, codes.INTERRUPTED)
    assert [number for number in numbers if f"\n| {number} |" not in VERDICTS] == []
