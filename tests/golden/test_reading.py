"""What status, history and report look like over a small fleet that has seen everything, to the character."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.fleet import Fleet, fleet, hostile, opened
from truehelo.render import history, history_data, report_html, report_markdown, status, status_data
from truehelo.render.look import Look
from truehelo.render.reading import Asked

EXPECTED = Path(__file__).parent / "reading"
NARROW = Look(width=50, ascii=True)

CASES: dict[str, Callable[[Fleet], str]] = {
    "status.txt": lambda fleet: status.render(fleet.status(), Look()),
    "status-narrow.txt": lambda fleet: status.render(fleet.status(), NARROW),
    "status-color.txt": lambda fleet: status.render(fleet.status(), Look(color=True)),
    "status-group.txt": lambda fleet: status.render(fleet.status(Asked(groups=("customers-*",))), Look()),
    "status-tag.txt": lambda fleet: status.render(fleet.status(Asked(tags=("PTR_*",), owners=("anna",))), Look()),
    "status.json": lambda fleet: status_data.document(fleet.status()),
    "status.nagios": lambda fleet: status_data.nagios(fleet.status(), Look()),
    "status.prom": lambda fleet: status_data.prometheus(fleet.status()),
    "history-well.txt": lambda fleet: history.render(fleet.history("192.0.2.25"), Look()),
    "history-narrow.txt": lambda fleet: history.render(fleet.history("192.0.2.25", most=2), NARROW),
    "history-color.txt": lambda fleet: history.render(fleet.history("192.0.2.25", most=1), Look(color=True)),
    "history-failing.txt": lambda fleet: history.render(fleet.history("198.51.100.4"), Look()),
    "history-vantages.txt": lambda fleet: history.render(fleet.history("twin.example.com"), Look()),
    "history-blind.txt": lambda fleet: history.render(fleet.history("2001:db8:0::25"), Look()),
    "history-removed.txt": lambda fleet: history.render(fleet.history("old.example.com."), Look()),
    "history-new.txt": lambda fleet: history.render(fleet.history("192.0.2.30"), Look()),
    "history-days.txt": lambda fleet: history.render(fleet.history("192.0.2.31"), Look()),
    "history.json": lambda fleet: history_data.document(fleet.history("192.0.2.25")),
    "history-days.json": lambda fleet: history_data.document(fleet.history("192.0.2.31")),
    "report.md": lambda fleet: report_markdown.render(fleet.report()),
    "report.html": lambda fleet: report_html.render(fleet.report()),
    "report-week.md": lambda fleet: report_markdown.render(fleet.report(("192.0.2.0/24",), days=7), "A *week*"),
}
HOSTILE: dict[str, Callable[[Fleet], str]] = {
    "hostile-status.txt": lambda fleet: status.render(fleet.status(), Look()),
    "hostile-status.json": lambda fleet: status_data.document(fleet.status()),
    "hostile-status.nagios": lambda fleet: status_data.nagios(fleet.status(), Look()),
    "hostile-status.prom": lambda fleet: status_data.prometheus(fleet.status()),
    "hostile-history.txt": lambda fleet: history.render(fleet.history("192.0.2.66"), Look()),
    "hostile-history.json": lambda fleet: history_data.document(fleet.history("192.0.2.66")),
    "hostile-report.md": lambda fleet: report_markdown.render(fleet.report()),
    "hostile-report.html": lambda fleet: report_html.render(fleet.report()),
}


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[bool, Fleet]]:
    folder = tmp_path_factory.mktemp("fleet")
    with opened(str(folder / "fleet.db"), fleet) as usual, opened(str(folder / "hostile.db"), hostile) as evil:
        yield {False: usual, True: evil}


@pytest.mark.parametrize("file", [*CASES, *HOSTILE])
def test_it_looks_as_expected(file: str, stores: dict[bool, Fleet], update_golden: bool) -> None:
    got = (CASES | HOSTILE)[file](stores[file in HOSTILE])
    path = EXPECTED / file
    if update_golden:
        EXPECTED.mkdir(exist_ok=True)
        path.write_bytes(got.encode())
    assert got == path.read_bytes().decode()


def test_every_expected_file_belongs_to_a_case() -> None:
    assert {path.name for path in EXPECTED.iterdir()} == {*CASES, *HOSTILE}
