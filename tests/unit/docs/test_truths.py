"""docs/truths.md names tests that exist, for each of the five truths."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "truths.md").read_text("utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| **")]
NAMED = re.findall(r"`(tests/[^`]*)`", PAGE)
NODE = re.compile(r"(tests/[a-z0-9_/]+\.py)::(test_[a-z0-9_]+)")


def names_in(path: Path) -> set[str]:
    """The tests at the top of a file, by name."""
    tree = ast.parse(path.read_text("utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def test_each_of_the_five_truths_has_a_row_with_tests_of_its_own() -> None:
    assert [row[4] for row in ROWS] == list("12345")
    assert all(len(NODE.findall(row)) >= 3 for row in ROWS)


@pytest.mark.parametrize("node", NAMED)
def test_the_named_test_exists(node: str) -> None:
    found = NODE.fullmatch(node)
    assert found is not None, "written as tests/FILE.py::test_name"
    assert found[2] in names_in(ROOT / found[1])
