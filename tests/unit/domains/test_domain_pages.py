"""Every check of domains has a page, and every tag a section on it: what it is, by example, why, and what to do."""

import re
from pathlib import Path

import pytest

from truehelo.checks import all_tags as tags_of_addresses
from truehelo.domains import DomainCheck, all_checks, all_tags
from truehelo.findings import Tag

PAGES = Path(__file__).parents[3] / "docs" / "domains"
INDEX = (PAGES / "README.md").read_text("utf-8")
CASES = [(check, tag) for check in all_checks() for tag in check.tags]


def page(check: DomainCheck) -> str:
    return (PAGES / f"{check.id}.md").read_text("utf-8")


@pytest.mark.parametrize("check", all_checks(), ids=lambda check: check.id)
def test_the_page_says_objective_clauses_inputs_and_procedure(check: DomainCheck) -> None:
    for word in ("Objective", "Clauses", "Inputs", "Procedure"):
        assert f"**{word}.**" in page(check)
    assert "| tag | severity | means | what to do |" in page(check)
    assert "What is *not* decided:" in page(check)


@pytest.mark.parametrize(("check", "tag"), CASES, ids=[tag.name for _, tag in CASES])
def test_the_tag_has_its_row_with_the_severity_that_the_code_has(check: DomainCheck, tag: Tag) -> None:
    word = f"{tag.severity}, undetermined" if tag.undetermined else str(tag.severity)
    assert re.search(rf"^\| `{tag.name}` \| {word}(?:;[^|]*)? \|", page(check), re.MULTILINE)


@pytest.mark.parametrize(("check", "tag"), CASES, ids=[tag.name for _, tag in CASES])
def test_the_section_gives_an_example_the_receivers_reasons_and_the_fix(check: DomainCheck, tag: Tag) -> None:
    found = re.search(rf"^## {tag.name}$(.*?)(?=^## |\Z)", page(check), re.MULTILINE | re.DOTALL)
    assert found is not None
    first = found.group(1).strip().splitlines()[0]
    assert not first.startswith(("#", "|", "-", "*", "`")), "it begins with a sentence"
    for words in ("Example", "Why receivers mind", "How to fix"):
        assert re.search(rf"^\*\*{words}\.\*\*", found.group(1), re.MULTILINE), words


@pytest.mark.parametrize("check", all_checks(), ids=lambda check: check.id)
def test_the_index_has_the_check_with_its_title_and_every_tag(check: DomainCheck) -> None:
    rows = (line for line in INDEX.splitlines() if line.startswith(f"| [{check.id}]({check.id}.md) | {check.title} |"))
    assert re.findall(r"\[`([A-Z_0-9]+)`\]", next(rows, "")) == [tag.name for tag in check.tags]


def test_no_page_and_no_row_tells_of_what_does_not_exist() -> None:
    told = {
        tag
        for path in PAGES.glob("*.md")
        for tag in re.findall(r"^## ([A-Z][A-Z0-9_]+)$", path.read_text("utf-8"), re.MULTILINE)
    }
    assert told == set(all_tags())
    assert re.findall(r"^\| \[(\w+)\]", INDEX, re.MULTILINE) == [check.id for check in all_checks()]
    assert {path.stem for path in PAGES.glob("*.md")} == {"README", *(check.id for check in all_checks())}


def test_no_tag_of_a_domain_is_one_of_an_address() -> None:
    assert set(all_tags()) & set(tags_of_addresses()) == set()


def test_pages_hold_no_real_addresses() -> None:
    allowed = re.compile(r"^(192\.0\.2|198\.51\.100|203\.0\.113|10|127)\.")
    for path in PAGES.glob("*.md"):
        for found in re.findall(r"(?<![\d.§])\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?![\d.])", path.read_text("utf-8")):
            assert allowed.match(found), f"{path.name}: {found}"
