"""Large inventories through the command line, on both databases: ten thousand lines there and back, fifty thousand too."""

import io
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from truehelo.cli.main import run
from truehelo.inventory.model import Line, in_order
from truehelo.inventory.read import FORMATS, read
from truehelo.inventory.write import write
from truehelo.store.database import Database
from truehelo.store.tables import schedule

pytestmark = pytest.mark.integration

COUNT = 10_000
PROGRESS = re.compile(r"truehelo: [\d,]+ of [\d,]+, the last of them \w+")
NOTES = (
    "",
    "=1+1",
    "'quoted",
    'a "b", c; d\\e',
    "first\nsecond",
    "naïve \U0001f4e7 ＝x",
    "-",
    "@sum",
    "#no comment",
    "[[x]]",
)


def big() -> list[Line]:
    """Lines of all kinds, each with other values; the same every time."""
    return sorted(map(_line, range(COUNT)), key=in_order)


def _line(number: int) -> Line:
    high, low = divmod(number, 256)
    target = {
        7: f"2001:db8:{number:x}::25",
        8: f"host:mx{number}.example.net",
        9: f"domain:d{number}.example.org",
        6: f"20.{100 + high}.{low}.0/{28 + number % 4}",
    }.get(number % 10, f"20.{high}.{low}.{number % 250}")
    network = "/" in target
    return Line(
        target=target,
        expected=(f"out-{{d}}.n{number}.example.com",) if network else (f"m{number}.example.com", f"n{number}.example.com"),
        helo="" if number % 3 else f"m{number}.example.com",
        domains=(f"d{number % 500}.example.com",) if number % 4 == 0 else (),
        groups=("eu", "bulk", f"g{number % 7}")[: number % 4],
        owner=("", "Ann", "Zoë O'Neil", "+49 30 1")[number % 4],
        vantage="berlin" if number % 11 == 0 else "",
        interval_s=(None, 60, 300, 3600)[number % 4],
        ports=(None, (), (25,), (25, 465))[number % 4],
        pool=f"pool-{number % 20}" if network else "",
        discover=(("mx", "spf"), ("mx",), ("spf",))[number % 3] if target.startswith("domain:") else (),
        note=NOTES[number % len(NOTES)],
    )


@pytest.fixture
def other_url(store_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """A second empty database of the same kind."""
    if store_url.startswith("sqlite"):
        yield str(tmp_path / "other.db")
        return
    server = request.getfixturevalue("postgres_server")
    yield server.create_database("other")
    server.drop_database("other")


@pytest.fixture
def truehelo(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run `truehelo inventory`, and return what it prints when all goes well."""

    def call(*arguments: str) -> str:
        code = run(("inventory", *arguments))
        out, err = capsys.readouterr()
        complaints = [line for line in err.splitlines() if not PROGRESS.fullmatch(line)]
        assert (code, complaints) == (0, [])
        return out

    return call


def test_ten_thousand_lines_imported_exported_and_imported_again_are_the_same(
    store_url: str, other_url: str, tmp_path: Path, truehelo: Callable[..., str]
) -> None:
    lines = big()
    source = tmp_path / "inventory.toml"
    source.write_text(write(lines, "toml"), encoding="utf-8", newline="")
    said = truehelo("import", str(source), "--as", "inventory", "-d", store_url)
    assert f"lines: {COUNT:,} added, 0 changed, 0 removed, 0 unchanged" in said
    for format_name in FORMATS:
        first, second = tmp_path / f"first.{format_name}", tmp_path / f"second.{format_name}"
        truehelo("export", "-o", str(first), "-d", store_url)
        # Into the same database: nothing changes. Into another one: all is there, whatever was there before.
        said = truehelo("import", str(first), "--as", "inventory", "-d", store_url)
        assert f"lines: 0 added, 0 changed, 0 removed, {COUNT:,} unchanged" in said
        said = truehelo("import", str(first), "--as", "inventory", "-d", other_url)
        assert "0 changed, 0 removed" in said
        truehelo("export", "-o", str(second), "-d", other_url)
        assert first.read_bytes() == second.read_bytes()
        text = io.TextIOWrapper(io.BytesIO(first.read_bytes()), encoding="utf-8", newline="").read()
        assert list(read(text, "first", format_name).lines) == lines
    database = Database(other_url)
    with database.read() as connection:
        waiting = connection.scalar(select(func.count()).where(schedule.c.next_run_at.is_not(None)))
    database.close()
    addresses = sum(1 if line.aim.ip else line.aim.network.num_addresses if line.aim.network else 0 for line in lines)
    assert waiting == addresses


def test_fifty_thousand_entries_are_taken_in_a_few_seconds(
    store_url: str, tmp_path: Path, truehelo: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    rows = (f"20.{n // 65_536}.{n // 256 % 256}.{n % 256},m{n}.example.com,bulk,300\r\n" for n in range(50_000))
    source = tmp_path / "fleet.csv"
    source.write_text("target,expected,groups,interval\r\n" + "".join(rows), encoding="utf-8", newline="")
    took = {}
    for what in ("first import", "second import"):
        began, worked = time.perf_counter(), time.process_time()
        said = truehelo("import", str(source), "-d", store_url)
        took[what] = time.perf_counter() - began, time.process_time() - worked
        assert "watched: 50,000 addresses" in said
    with capsys.disabled():
        kind = store_url.partition(":")[0]
        sys.stderr.write(
            f"\n50,000 entries on {kind}: "
            + ", ".join(f"{what} {seconds:.1f} s ({cpu:.1f} s of CPU)" for what, (seconds, cpu) in took.items())
            + "\n"
        )
    assert max(cpu for _, cpu in took.values()) < 60, "bulk means seconds; the bound is wide, since machines are shared"
