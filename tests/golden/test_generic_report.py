"""What `truehelo generic` prints, to the character: the report of its classifier, and one name of each kind.

The report lists every name that is judged wrongly, so a change to a rule shows here which names it costs and which it wins.
"""

from pathlib import Path

import pytest

from truehelo.cli.main import run

EXPECTED = Path(__file__).parent / "generic"

CASES = {
    "report.txt": ("--report",),
    "names.txt": (
        "192-0-2-25.pool.example.com=192.0.2.25",
        "ec2-198-51-100-4.compute-1.amazonaws.com",
        "mail.business.example=198.51.100.4",
        "www.business.example",
    ),
    "names.json": ("--json", "192-0-2-25.pool.example.com=192.0.2.25", "mx-pool-1.example.com"),
}


@pytest.mark.parametrize(("file", "args"), CASES.items(), ids=CASES.keys())
def test_generic_prints_what_is_expected(
    file: str,
    args: tuple[str, ...],
    update_golden: bool,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    run(["generic", *args])
    got = capsys.readouterr().out
    if update_golden:
        (EXPECTED / file).write_bytes(got.encode())
    assert got == (EXPECTED / file).read_bytes().decode()


def test_every_expected_file_belongs_to_a_case() -> None:
    assert {path.name for path in EXPECTED.iterdir()} == set(CASES)
