"""What is written is read again to the same lines, in every format; and written again it is the same text."""

import csv
import io

import pytest
from hypothesis import given

from support.inventories import inventories
from truehelo.inventory.model import Line, in_order
from truehelo.inventory.read import FORMATS, read
from truehelo.inventory.write import write

FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


@pytest.mark.parametrize("format_name", FORMATS)
@given(lines=inventories())
def test_written_and_read_again_nothing_has_changed(format_name: str, lines: list[Line]) -> None:
    written = write(lines, format_name)
    reading = read(written, "inventory", format_name)
    assert [str(error) for error in reading.errors] == []
    assert list(reading.lines) == sorted(lines, key=in_order)
    assert write(reading.lines, format_name) == written


@given(lines=inventories())
def test_no_cell_of_a_table_begins_like_a_formula(lines: list[Line]) -> None:
    rows = list(csv.reader(io.StringIO(write(lines, "csv"), newline="")))
    assert len(rows) == len(lines) + 1
    assert [cell for row in rows for cell in row if cell.startswith(FORMULA)] == []


@given(lines=inventories())
def test_a_table_that_a_spreadsheet_saved_with_semicolons_says_the_same(lines: list[Line]) -> None:
    rows = csv.reader(io.StringIO(write(lines, "csv"), newline=""))
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=";").writerows(rows)
    assert read("\ufeff" + out.getvalue(), "inventory.csv", "csv").lines == tuple(sorted(lines, key=in_order))
