"""A Maildir: read as a folder it stays as it is; followed as a mailbox, what is stored is put away, and nothing before."""

from pathlib import Path

import pytest

from truehelo.configuration.mailboxes import MaildirSettings
from truehelo.intake import files, maildir
from truehelo.intake.item import IntakeError, Outcome


@pytest.fixture
def box(tmp_path: Path) -> Path:
    path = tmp_path / "Maildir"
    for sub in ("cur", "new", "tmp"):
        (path / sub).mkdir(parents=True)
    for name in ("new/1.a", "cur/2.a:2,", "cur/3.a:2,FS", "cur/4.a:2,F", "tmp/5.a", "new/.hidden"):
        (path / name).write_text(f"Subject: {name}\n\n")
    return path


def there(path: Path) -> list[str]:
    return sorted(str(file.relative_to(path)) for file in path.rglob("*") if file.is_file() and "hidden" not in file.name)


def settings(path: Path, after: str = "seen", done: str = "") -> MaildirSettings:
    return MaildirSettings(name="box", path=str(path), after=after, folder_done=done)


def test_a_folder_that_is_one_is_read_and_left_as_it_is(box: Path) -> None:
    before = there(box)
    found = list(files.items(box.parent))
    assert [Path(item.name).name for item in found] == ["1.a", "2.a:2,", "3.a:2,FS", "4.a:2,F"]
    with found[0].open() as stream:
        assert stream.read() == b"Subject: new/1.a\n\n"
    for item in found:
        item.done(Outcome.STORED)
    assert there(box) == before


@pytest.mark.parametrize(
    ("after", "done", "outcome", "left"),
    [
        ("seen", "", Outcome.STORED, ["cur/1.a:2,S", "cur/2.a:2,S", "cur/3.a:2,FS", "cur/4.a:2,FS", "tmp/5.a"]),
        ("delete", "", Outcome.STORED, ["cur/3.a:2,FS", "tmp/5.a"]),
        (
            "move",
            ".Reports",
            Outcome.STORED,
            [".Reports/cur/1.a:2,S", ".Reports/cur/2.a:2,S", ".Reports/cur/4.a:2,FS", "cur/3.a:2,FS", "tmp/5.a"],
        ),
        ("delete", "", Outcome.REFUSED, ["cur/1.a:2,S", "cur/2.a:2,S", "cur/3.a:2,FS", "cur/4.a:2,FS", "tmp/5.a"]),
        ("move", ".Reports", Outcome.REFUSED, ["cur/1.a:2,S", "cur/2.a:2,S", "cur/3.a:2,FS", "cur/4.a:2,FS", "tmp/5.a"]),
    ],
)
def test_what_is_stored_is_put_away_and_what_is_refused_is_seen(
    box: Path, after: str, done: str, outcome: Outcome, left: list[str]
) -> None:
    before = there(box)
    found = list(maildir.unseen(settings(box, after, done), box))
    assert [item.name for item in found] == ["1.a", "2.a:2,", "4.a:2,F"]
    assert there(box) == before
    for item in found:
        item.done(outcome)
    assert there(box) == left
    assert [item.name for item in maildir.unseen(settings(box, after, done), box)] == []


def test_the_items_come_by_mail_and_say_from_which_mailbox(box: Path) -> None:
    assert {(item.origin, item.by_mail) for item in maildir.unseen(settings(box), box)} == {("maildir:box", True)}


def test_a_message_that_somebody_else_has_moved_meanwhile_is_no_trouble(box: Path) -> None:
    item = next(maildir.unseen(settings(box), box))
    (box / "new" / "1.a").unlink()
    item.done(Outcome.STORED)


def test_a_message_that_cannot_be_put_away_is_told(box: Path) -> None:
    item = next(maildir.unseen(settings(box, "move", "x"), box))
    (box / "x").write_text("in the way")
    with pytest.raises(IntakeError, match="is stored, and cannot be put away"):
        item.done(Outcome.STORED)


def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(IntakeError, match="is no Maildir: it has no folders cur, new and tmp"):
        list(maildir.unseen(settings(tmp_path), tmp_path))


def test_a_folder_that_cannot_be_looked_at_is_told(box: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(_: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "is_dir", denied)
    assert not maildir.is_one(box)
    with pytest.raises(IntakeError, match=r"Maildir: cannot be read \(permission denied\)$"):
        list(maildir.unseen(settings(box), box))


@pytest.mark.parametrize(
    ("why", "octets", "told"),
    [
        ("a message as large as it may be is read", 2**20, ""),
        ("a larger one is refused", 2**20 + 1, "is larger than 1 MiB"),
    ],
)
def test_a_message_is_read_up_to_the_size_of_the_settings(box: Path, why: str, octets: int, told: str) -> None:
    (box / "new" / "1.a").write_bytes(b"x" * octets)
    item = next(maildir.unseen(MaildirSettings(name="box", path=str(box), max_octets=2**20), box))
    said = ""
    try:
        item.open().close()
    except IntakeError as error:
        said = str(error)
    assert said == told, why
