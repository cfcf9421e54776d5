"""What the answers about sources look like, to the character: text, narrow and plain, JSON, CSV; hostile text tamed."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

import truehelo.render
from support import joined
from truehelo.inventory.write import write
from truehelo.monitor.sources.lists import lines_of
from truehelo.render import reports_address, reports_csv, reports_data, reports_lists, reports_sources
from truehelo.render.look import EVIDENCE, Look

EXPECTED = Path(__file__).parent / "joined"
USUAL, NARROW, MORE = Look(), Look(width=50, ascii=True), Look(verbosity=EVIDENCE)
NONE = replace(joined.sources(), rows=(), by_name={}, by_class={}, total=joined.Sums(), sources=0, left_out=0)

CASES: dict[str, Callable[[], str]] = {
    "sources.txt": lambda: reports_sources.render(joined.sources(), USUAL),
    "sources-narrow.txt": lambda: reports_sources.render(joined.sources(), NARROW),
    "sources-more.txt": lambda: reports_sources.render(joined.sources(), MORE),
    "sources-none.txt": lambda: reports_sources.render(NONE, USUAL),
    "sources.json": lambda: reports_data.sources(joined.sources()),
    "sources.csv": lambda: reports_csv.sources(joined.sources()),
    "new.json": lambda: reports_data.sources(joined.sources(), "new"),
    "classes.json": lambda: reports_data.classes(joined.stranger().trail, joined.NOW),
    "new.txt": lambda: reports_sources.render_new(joined.sources(), USUAL),
    "new-none.txt": lambda: reports_sources.render_new(NONE, USUAL),
    "ip.txt": lambda: reports_address.render(joined.story(), USUAL),
    "ip-narrow.txt": lambda: reports_address.render(joined.story(), NARROW),
    "ip-missed.txt": lambda: reports_address.render(joined.missed(), USUAL),
    "ip-missed.json": lambda: reports_data.address(joined.missed()),
    "ip-over.txt": lambda: reports_address.render(joined.over(), USUAL),
    "ip-stranger.txt": lambda: reports_address.render(joined.stranger(), USUAL),
    "ip-steady.txt": lambda: reports_address.render(joined.steady(), MORE),
    "ip-unheard.txt": lambda: reports_address.render(joined.unheard(), USUAL),
    "ip.json": lambda: reports_data.address(joined.story()),
    "ip.csv": lambda: reports_csv.address(joined.story()),
    "reporters.txt": lambda: reports_lists.reporters(joined.reporters(), USUAL),
    "reporters.json": lambda: reports_data.reporters(joined.reporters()),
    "reporters.csv": lambda: reports_csv.reporters(joined.reporters()),
    "trend.txt": lambda: reports_lists.trend(joined.trend(), USUAL),
    "trend-weeks-narrow.txt": lambda: reports_lists.trend(joined.trend(weekly=True), NARROW),
    "trend.json": lambda: reports_data.trend(joined.trend()),
    "trend.csv": lambda: reports_csv.trend(joined.trend()),
    "suggest.txt": lambda: reports_lists.suggested(joined.suggested(), USUAL),
    "suggest-none.txt": lambda: reports_lists.suggested((), USUAL),
    "suggest.json": lambda: reports_data.suggested(joined.suggested(), joined.NOW),
    "suggest.toml": lambda: write(lines_of(joined.suggested()), "toml"),
    "suggest.csv": lambda: write(lines_of(joined.suggested()), "csv"),
}


@pytest.mark.parametrize("file", CASES)
def test_it_looks_as_expected(file: str, update_golden: bool) -> None:
    got, path = CASES[file](), EXPECTED / file
    if update_golden:
        EXPECTED.mkdir(exist_ok=True)
        path.write_bytes(got.encode())
    assert got == path.read_bytes().decode()


def test_every_expected_file_belongs_to_a_case() -> None:
    assert {path.name for path in EXPECTED.iterdir()} == set(CASES)


SCHEMA = json.loads((Path(truehelo.render.__file__).parent / "schema" / "reports-1.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("file", [file for file in CASES if file.endswith(".json")])
def test_every_document_is_what_the_schema_says(file: str) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    document = json.loads(CASES[file]())
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    for name in document:
        broken = {key: value for key, value in document.items() if key != name}
        assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(broken), f"{name} may not be missing"


@pytest.mark.parametrize("file", [file for file in CASES if "narrow" in file])
def test_a_narrow_terminal_gets_narrow_plain_lines(file: str) -> None:
    text = CASES[file]()
    assert text.isascii()
    # A record is copied as a whole, and an address or a name is never broken.
    long = [line for line in text.splitlines() if len(line) > 50 and " IN PTR " not in line and "Verify:" not in line]
    assert long == []


def test_hostile_text_is_harmless_on_a_terminal() -> None:
    sources, address, reporters = joined.hostile()
    texts = (
        reports_sources.render(sources, MORE),
        reports_sources.render_new(sources, MORE),
        reports_address.render(address, MORE),
        reports_lists.reporters(reporters, USUAL),
    )
    for text in texts:
        assert "red" in text
        assert not [char for char in text if not char.isprintable() and char != "\n"]


def test_hostile_text_is_harmless_in_a_table_and_whole_in_json() -> None:
    sources, address, reporters = joined.hostile()
    for text in (reports_csv.sources(sources), reports_csv.address(address), reports_csv.reporters(reporters)):
        for row in csv.reader(io.StringIO(text)):
            assert not [cell for cell in row if cell.startswith(("=", "+", "@", "\t"))]
            assert "\x1b" not in "".join(row)
    text = reports_data.address(address)
    assert text.isascii()
    assert json.loads(text)["days"][0]["reporter"] == joined.HOSTILE


@pytest.mark.parametrize("file", ["sources.txt", "ip.txt"])
def test_the_pages_show_what_is_printed(file: str) -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "trace-a-refusal.md").read_text(encoding="utf-8")
    shown = "".join(f"    {line}\n" if line else "\n" for line in CASES[file]().splitlines())
    assert shown in page
