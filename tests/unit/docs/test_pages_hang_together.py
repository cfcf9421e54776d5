"""Relative links in the README and the docs lead somewhere, and the index of the checks is complete."""

import re
from pathlib import Path

import pytest

from truehelo.checks import all_checks
from truehelo.findings import Check

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
INDEX = (ROOT / "docs" / "checks" / "README.md").read_text("utf-8")


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as a forge makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


LINKS = [
    (page.relative_to(ROOT).as_posix(), link)
    for page in PAGES
    for link in LINK.findall(page.read_text("utf-8"))
    if "://" not in link
]


@pytest.mark.parametrize(("page", "link"), LINKS)
def test_the_link_leads_somewhere(page: str, link: str) -> None:
    path, _, anchor = link.partition("#")
    target = (ROOT / page).parent / path if path else ROOT / page
    assert target.exists()
    assert not anchor or anchor in anchors(target)


def test_every_page_of_the_docs_is_linked_to() -> None:
    reached = {((ROOT / page).parent / link.partition("#")[0]).resolve() for page, link in LINKS}
    alone = [page for page in PAGES if page not in reached and page.name != "README.md"]
    assert alone == []


@pytest.mark.parametrize("check", all_checks(), ids=lambda check: check.id)
def test_the_index_has_the_check_with_its_title_and_every_tag(check: Check) -> None:
    row = next(
        (line for line in INDEX.splitlines() if line.startswith(f"| [{check.id}]({check.id}.md) | {check.title} |")), ""
    )
    assert re.findall(r"\[`([A-Z_0-9]+)`\]", row) == [tag.name for tag in check.tags]


def test_the_index_names_no_check_that_does_not_exist() -> None:
    assert re.findall(r"^\| \[(\w+)\]", INDEX, re.MULTILINE) == [check.id for check in all_checks()]
