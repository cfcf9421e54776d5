"""What incidents look like, to the character: each in full, and lists as text, CSV and JSON."""

import json
import unicodedata
from importlib.resources import files
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from support.dossiers import NOW, SILENCE, dossiers
from truehelo.render import incident as one
from truehelo.render import incidents as rendered
from truehelo.render import silences
from truehelo.render.look import Look

EXPECTED = Path(__file__).parent / "incidents"
SCHEMA = json.loads((files("truehelo.render") / "schema" / "incidents-1.json").read_text(encoding="utf-8"))
LISTS = ("list.txt", "list.csv", "list.json", "full.json", "silences.txt", "silences.json")
CASES = [*(f"{name}.txt" for name in dossiers()), *LISTS]


def made(case: str) -> str:
    everything, look = dossiers(), Look(width=80)
    harmless = [each for name, each in everything.items() if name != "hostile"]
    kept = [("silence", SILENCE), ("maintenance", SILENCE)]
    if case in LISTS:
        return {
            "list.txt": lambda: rendered.text(harmless, look, NOW, more=True, closed=True),
            "list.csv": lambda: rendered.sheet(list(everything.values())),
            "list.json": lambda: rendered.json(harmless[:2], NOW),
            "full.json": lambda: rendered.json([everything["acknowledged"]], NOW, full=True),
            "silences.txt": lambda: silences.text(kept, NOW),
            "silences.json": lambda: silences.json(kept, NOW),
        }[case]()
    return one.text(everything[case.removesuffix(".txt")], look, NOW)


@pytest.mark.parametrize("case", CASES)
def test_it_looks_as_expected(case: str, update_golden: bool) -> None:
    got = made(case)
    path = EXPECTED / case
    if update_golden:
        EXPECTED.mkdir(exist_ok=True)
        path.write_bytes(got.encode())
    assert got == path.read_bytes().decode()


def test_every_expected_file_belongs_to_a_case() -> None:
    assert {path.name for path in EXPECTED.iterdir()} == set(CASES)


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("name", dossiers())
def test_the_json_is_as_the_schema_says(name: str, full: bool) -> None:
    each = dossiers()[name]
    document = json.loads(rendered.json([each], NOW, full=full))
    if name == "hostile":
        document["incidents"][0].pop("deeds", None)  # what was done is of three words, and this is none
    Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(document)
    assert ("members" in document["incidents"][0]) is full


def test_hostile_text_reaches_no_terminal_and_no_formula() -> None:
    hostile = dossiers()["hostile"]
    texts = [
        one.text(hostile, Look(width=80), NOW),
        one.text(hostile, Look(width=80, ascii=True), NOW),
        rendered.text([hostile], Look(width=80), NOW, more=False, closed=False),
        rendered.json([hostile], NOW, full=True),
        silences.text([("silence", hostile.silence or SILENCE)], NOW),
    ]
    for text in texts:
        hidden = [char for char in text if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co") and char != "\n"]
        assert hidden == []
        assert "Bcc" not in [line.split(":")[0] for line in text.splitlines()]
    sheet = rendered.sheet([hostile])
    assert "\x1b" not in sheet
    assert "'=" in sheet


@pytest.mark.parametrize("name", [each for each in dossiers() if each != "hostile"])
def test_it_fits_in_eighty_columns_but_for_what_is_to_be_copied(name: str) -> None:
    lines = one.text(dossiers()[name], Look(width=80), NOW).splitlines()
    assert [line for line in lines if len(line) > 80 and not line.startswith("      ")] == []


def test_colour_says_nothing_that_a_word_does_not() -> None:
    for each in dossiers().values():
        plain, painted = (one.text(each, Look(width=80, color=color), NOW) for color in (False, True))
        assert plain == painted.replace("\x1b[31m", "").replace("\x1b[33m", "").replace("\x1b[2m", "").replace(
            "\x1b[0m", ""
        )


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0s"), (-5, "0s"), (59, "59s"), (60, "1m"), (3599, "59m"), (8100, "2h 15m"), (86400, "1d"), (360_000, "4d 4h")],
)
def test_lengths_are_told_in_two_units(seconds: int, said: str) -> None:
    from datetime import timedelta

    assert rendered.length(timedelta(seconds=seconds)) == said
