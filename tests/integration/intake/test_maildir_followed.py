"""A Maildir that is followed: one message that cannot be read keeps no other from being stored."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest

from integration.intake.kept import counts, made, mail, numbered
from support.ports import FrozenClock
from truehelo.app.receiving import receiving
from truehelo.cli.main import run
from truehelo.configuration.mailboxes import MaildirSettings
from truehelo.configuration.reports import ReportSettings
from truehelo.intake import maildir
from truehelo.service.health import Health, Part

DENIED = PermissionError(13, "Permission denied")
GONE = FileNotFoundError(2, "No such file or directory")


@pytest.fixture
def box(tmp_path: Path) -> Path:
    path = tmp_path / "Maildir"
    for sub in ("cur", "new", "tmp"):
        (path / sub).mkdir(parents=True)
    for number in range(1, 5):
        (path / "new" / f"{number}.a").write_bytes(mail(numbered(number)))
    return path


@pytest.fixture
def locked(monkeypatch: pytest.MonkeyPatch) -> dict[str, OSError]:
    """What is raised when a file is opened, by its name, whoever runs the test."""
    errors: dict[str, OSError] = {}
    before = maildir._opened

    def opened(file: Path, most: int) -> BinaryIO:
        if file.name in errors:
            raise errors[file.name]
        return before(file, most)

    monkeypatch.setattr(maildir, "_opened", opened)
    return errors


@pytest.mark.parametrize(
    ("why", "errors", "stored", "trouble"),
    [
        ("all is read", {}, 4, ""),
        ("the first cannot be", {"1.a": DENIED}, 3, "1.a: cannot be read (permission denied)"),
        ("one in the midst cannot be", {"3.a": DENIED}, 3, "3.a: cannot be read (permission denied)"),
        ("two cannot be", {"1.a": DENIED, "3.a": DENIED}, 2, "1.a: cannot be read (permission denied), and 1 more like it"),
        ("one was moved meanwhile", {"2.a": GONE}, 3, ""),
        ("one was moved, one cannot be", {"2.a": GONE, "4.a": DENIED}, 2, "4.a: cannot be read (permission denied)"),
    ],
)  # fmt: skip
def test_a_message_that_cannot_be_read_is_told_and_left_and_tried_again(
    tmp_path: Path, box: Path, locked: dict[str, OSError], why: str, errors: dict[str, OSError], stored: int, trouble: str
) -> None:
    database, health, said = made(str(tmp_path / "truehelo.db")), Health(FrozenClock()), []
    locked.update(errors)
    followed = MaildirSettings(name="box", path=str(box), after="delete", interval_s=0.05)

    def told() -> str:
        return "; ".join(each.what for each in health.problems if each.part is Part.REPORTS and each.name == "box")

    async def follow() -> None:
        settings = ReportSettings(mailboxes=(followed,))
        async with asyncio.timeout(60), receiving(settings, database, folder=None, health=health, log=said.append):
            await until(lambda: (counts(database)[0], told()) == (stored, trouble))
            await asyncio.sleep(0.3)  # some passes more
            assert (counts(database), told()) == ((stored, counts(database)[1], 0), trouble), why
            assert sorted(file.name for file in (box / "new").iterdir()) == sorted(errors)
            locked.clear()
            await until(lambda: counts(database)[0] == 4 and not told())

    asyncio.run(follow())
    database.close()
    troubles = [line for line in said if "permission denied" in line]
    assert len(troubles) == bool(trouble), "it is told once"
    assert ("mailbox box: is well again" in said) is bool(trouble)


async def until(true: Callable[[], bool]) -> None:
    while not true():  # noqa: ASYNC110  (nobody tells when a thread has got there)
        await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (DENIED, 2, "truehelo: mailbox box: 1.a: cannot be read (permission denied)\n"),
        (GONE, 0, ""),
    ],
)
def test_an_import_of_the_mailbox_goes_on_as_well(
    box: Path, locked: dict[str, OSError], capsys: pytest.CaptureFixture[str], error: OSError, code: int, told: str
) -> None:
    config = box.parent / "truehelo.toml"
    config.write_text('[store]\ndatabase = "x.db"\n[[reports.mailbox]]\nname = "box"\nkind = "maildir"\npath = "Maildir"\n')
    locked["1.a"] = error
    assert run(["reports", "import", "--mailbox", "box", "-c", str(config)]) == code
    captured = capsys.readouterr()
    assert captured.err == told
    assert captured.out.startswith("3 files and messages: 3 reports stored.\n")
