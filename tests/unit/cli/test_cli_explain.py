"""`explain`: pages of the checks as plain text."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truehelo import domains
from truehelo.checks import all_tags as tags_of_addresses
from truehelo.cli import pages
from truehelo.cli.pages import first_sentence, plain, sections
from truehelo.sources.tags import TAGS


def all_tags() -> set[str]:
    """The tags of addresses and those of domains."""
    return {*tags_of_addresses(), *domains.all_tags(), *TAGS}


Cli = Callable[..., tuple[int, str, str]]

PAGE = """Some `code` and **bold** and [a link](https://example.com/x) and *weight*. A second
sentence follows here, long enough that it has to be wrapped at eighty columns of text.

- first item that is long enough to be wrapped onto a second line, which is then indented
- second

| tag | means |
|---|---|
| `X` | a thing |

### Deeper

```
$ truehelo check 192.0.2.25

  kept   as it is
```
1. one
2. two
"""


def test_markdown_becomes_plain_text() -> None:
    assert plain(PAGE) == (
        "Some code and bold and a link and weight. A second sentence follows here, long\n"
        "enough that it has to be wrapped at eighty columns of text.\n\n"
        "- first item that is long enough to be wrapped onto a second line, which is then\n"
        "  indented\n"
        "- second\n\n"
        "tag  means\n"
        "X    a thing\n\n"
        "DEEPER\n\n"
        "    $ truehelo check 192.0.2.25\n\n"
        "      kept   as it is\n\n"
        "1. one\n"
        "2. two\n"
    )


def test_the_first_sentence_is_plain_too() -> None:
    assert first_sentence(PAGE) == "Some code and bold and a link and weight."


@given(st.text())
def test_plain_text_comes_of_any_markdown(text: str) -> None:
    assert plain(text).endswith("\n")


@pytest.mark.parametrize("tag", sorted(all_tags()))
def test_every_tag_can_be_explained(cli: Cli, tag: str) -> None:
    code, out, err = cli("explain", tag)
    assert (code, err) == (0, "")
    assert out.startswith(tag)


def test_a_tag_may_be_written_in_small_letters_and_hyphens(cli: Cli) -> None:
    assert cli("explain", "ptr-missing")[1].startswith("PTR_MISSING")


def test_several_tags_are_explained_in_turn(cli: Cli) -> None:
    code, out, _ = cli("explain", "PTR_MISSING", "helo_differs")
    assert code == 0
    assert out.index("PTR_MISSING  [error]") < out.index("\nHELO_DIFFERS  [warning]")
    code, out, err = cli("explain", "PTR_MISSING", "NO_SUCH_TAG")
    assert (code, out) == (2, "")
    assert "NO_SUCH_TAG: is no tag" in err


@pytest.mark.parametrize("tags", [(), tuple(sorted(all_tags()))])
def test_explanations_keep_to_eighty_columns(cli: Cli, tags: tuple[str, ...]) -> None:
    _, out, _ = cli("explain", *tags)
    assert [line for line in out.splitlines() if len(line) > 80 and not line.startswith("    ")] == []


def test_a_table_that_is_too_wide_has_its_last_column_below() -> None:
    page = f"| said | cause |\n|---|---|\n| short | {'word ' * 20}|\n"
    assert plain(page, 40).splitlines()[:4] == [
        "said",
        "    cause",
        "short",
        "    word word word word word word word",
    ]


def test_without_a_tag_there_is_a_line_on_each(cli: Cli) -> None:
    _, out, _ = cli("explain")
    assert {line.split()[0] for line in out.splitlines() if not line.startswith(" ")} == set(all_tags())


def test_a_section_ends_at_the_next_heading(monkeypatch: pytest.MonkeyPatch) -> None:
    text = (
        "# Check\n\n## Objective\n\nx\n\n## ONE_TAG\n\nfirst\n\n### More\n\nstill\n\n"
        "## TWO_TAG\n\nsecond\n\n## See also\n\nelsewhere\n"
    )
    monkeypatch.setattr(pages, "_texts", lambda: iter([text]))
    sections.cache_clear()
    try:
        assert sections() == {"ONE_TAG": "first\n\n### More\n\nstill", "TWO_TAG": "second"}
    finally:
        sections.cache_clear()
