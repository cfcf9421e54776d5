"""docs/rfc.md tells every RFC that the code follows, and where."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SOURCE = ROOT / "src" / "truehelo"
CITED = re.compile(r"RFC ?(\d{3,5})")
OTHERS_WORDS = re.compile(r'"[45]\d\d [^"]*"')
"""A reply that a receiver gives is written as it goes over the wire, citations and all."""
ROW = re.compile(r"\| RFC (\d+) \|(.*)\|([^|]*)\|([^|]*)\|([^|]*)\|")


def cited() -> dict[str, set[str]]:
    """RFC number to the files that cite it, below src/truehelo."""
    found: dict[str, set[str]] = {}
    for path in sorted(SOURCE.rglob("*")):
        if path.suffix in (".py", ".toml"):
            for number in CITED.findall(path.read_text("utf-8")):
                found.setdefault(number, set()).add(path.relative_to(SOURCE).as_posix())
    return found


def rows() -> dict[str, list[str]]:
    """RFC number to the places that the table names."""
    lines = (ROOT / "docs" / "rfc.md").read_text("utf-8").splitlines()
    table = [found for line in lines if (found := ROW.fullmatch(line))]
    return {row[1]: re.findall(r"`([^`]+)`", row[5]) for row in table}


CITES, ROWS = cited(), rows()


def test_the_table_is_not_empty_and_in_order() -> None:
    assert len(ROWS) > 20
    assert list(ROWS) == sorted(ROWS, key=int)


def test_every_rfc_that_the_code_cites_is_in_the_table() -> None:
    missing = {f"RFC {number}": sorted(files) for number, files in CITES.items() if number not in ROWS}
    assert missing == {}, "add a row to docs/rfc.md"


@pytest.mark.parametrize("number", sorted(ROWS, key=int))
def test_every_place_in_the_table_cites_its_rfc(number: str) -> None:
    assert ROWS[number], "the row names no place"
    files = CITES.get(number, set())
    assert [place for place in ROWS[number] if not any(file.startswith(place) for file in files)] == []


def test_clauses_are_cited_in_the_one_form_that_can_be_searched_for() -> None:
    wrong = re.compile(r"\bRFC-?\d+|RFC \d+,? (?:[Ss]ection|[Ss]ec\.|[Pp]aragraph)|RFC \d+§")
    found = {
        path.relative_to(SOURCE).as_posix(): hits
        for path in sorted(SOURCE.rglob("*.py"))
        if (hits := wrong.findall(OTHERS_WORDS.sub("", path.read_text("utf-8"))))
    }
    assert found == {}
