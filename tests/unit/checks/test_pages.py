"""Every check has a page, and every tag a section on it that says what it is, by example, why, and what to do."""

import re
from pathlib import Path

import pytest

from truehelo.checks import all_checks
from truehelo.findings import Check, Tag

PAGES = Path(__file__).parents[3] / "docs" / "checks"
CASES = [(check, tag) for check in all_checks() for tag in check.tags]


def section(check: Check, tag: Tag) -> str:
    text = (PAGES / f"{check.id}.md").read_text("utf-8")
    found = re.search(rf"^## {tag.name}$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None, f"no section on {tag.name}"
    return found.group(1)


@pytest.mark.parametrize("check", all_checks(), ids=lambda check: check.id)
def test_the_page_says_objective_clauses_inputs_and_procedure(check: Check) -> None:
    text = (PAGES / f"{check.id}.md").read_text("utf-8")
    for word in ("Objective", "Clauses", "Inputs", "Procedure"):
        assert f"**{word}.**" in text
    assert "| tag | severity | means | what to do |" in text


@pytest.mark.parametrize(("check", "tag"), CASES, ids=[tag.name for _, tag in CASES])
def test_the_tag_has_its_row_with_the_severity_that_the_code_has(check: Check, tag: Tag) -> None:
    text = (PAGES / f"{check.id}.md").read_text("utf-8")
    word = f"{tag.severity}, undetermined" if tag.undetermined else str(tag.severity)
    assert re.search(rf"^\| `{tag.name}` \| {word}(?:;[^|]*)? \|", text, re.MULTILINE)


@pytest.mark.parametrize(("check", "tag"), CASES, ids=[tag.name for _, tag in CASES])
def test_the_section_gives_an_example_the_receivers_reasons_and_the_fix(check: Check, tag: Tag) -> None:
    text = section(check, tag)
    first = text.strip().splitlines()[0]
    assert not first.startswith(("#", "|", "-", "*", "`")), "it begins with a sentence"
    for words in (r"Example", r"Why receivers mind", r"How to fix|Fix"):
        assert re.search(rf"^\*\*(?:{words})\.\*\*", text, re.MULTILINE), words


def test_no_page_tells_of_a_tag_that_does_not_exist() -> None:
    known = {tag.name for check in all_checks() for tag in check.tags}
    ours = {check.id for check in all_checks()}
    told = {
        tag
        for path in PAGES.glob("*.md")
        if path.stem in ours
        for tag in re.findall(r"^## ([A-Z][A-Z0-9_]+)$", path.read_text("utf-8"), re.MULTILINE)
    }
    assert told - known == set()


def test_pages_hold_no_real_addresses() -> None:
    allowed = re.compile(r"^(192\.0\.2|198\.51\.100|203\.0\.113|10|100\.64|127)\.")
    for path in PAGES.glob("*.md"):
        for found in re.findall(r"(?<![\d.§])\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?![\d.])", path.read_text("utf-8")):
            assert allowed.match(found), f"{path.name}: {found}"
