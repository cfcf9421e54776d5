"""What a notice of each kind looks like, to the character: subject and text, the page, the data."""

import json
from pathlib import Path

import pytest

from support.notices import notices
from truehelo.monitoring import NoticeKind
from truehelo.render.notice import message

EXPECTED = Path(__file__).parent / "notices"
PAGES = ("opened", "many", "recovered", "digest", "hostile")
"""The notices whose page and data are kept too; the others have the same parts."""
CASES = [(name, "txt") for name in notices()] + [(name, form) for name in PAGES for form in ("html", "json")]


@pytest.mark.parametrize(("name", "form"), CASES, ids=[f"{name}.{form}" for name, form in CASES])
def test_a_notice_looks_as_expected(name: str, form: str, update_golden: bool) -> None:
    made = message(notices()[name])
    got = {
        "txt": f"Subject: {made.subject}\nThread: {made.thread}\n\n{made.text}",
        "html": made.html,
        "json": json.dumps(made.data, indent=1) + "\n",
    }[form]
    path = EXPECTED / f"{name}.{form}"
    if update_golden:
        EXPECTED.mkdir(exist_ok=True)
        path.write_bytes(got.encode())
    assert got == path.read_bytes().decode()


def test_every_kind_has_a_case() -> None:
    assert {notice.kind for notice in notices().values()} == set(NoticeKind)


def test_every_expected_file_belongs_to_a_case() -> None:
    assert {path.name for path in EXPECTED.iterdir()} == {f"{name}.{form}" for name, form in CASES}
