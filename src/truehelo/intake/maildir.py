"""A Maildir: the messages in `new` and `cur`, in the order of their names, which is about that of their arrival.

Read as a folder, it is left as it is. As a mailbox of the configuration it is followed: what is not seen yet is read, and
then marked as seen, moved into another Maildir, or deleted, once it is stored. Names are as in maildir(5): flags follow
":2,". Does not look into messages (`reports.read`).
"""

import os
from collections.abc import Iterator
from pathlib import Path

from truehelo.configuration.mailboxes import MaildirSettings
from truehelo.intake.item import IntakeError, Item, Outcome, cause

_MARK = ":2,"


def is_one(path: Path) -> bool:
    """Tell whether a folder is a Maildir."""
    return all((path / sub).is_dir() for sub in ("cur", "new", "tmp"))


def items(path: Path, origin: str = "file") -> Iterator[Item]:
    """Yield every message, and change nothing.

    Raises:
        IntakeError: It cannot be read.
    """
    for file in _files(path):
        yield Item(name=str(file), origin=origin, open=lambda file=file: file.open("rb"), path=file)  # type: ignore[misc]


def unseen(settings: MaildirSettings, path: Path) -> Iterator[Item]:
    """Yield every message that is not seen yet; what becomes of it is done once it is stored.

    Raises:
        IntakeError: It is no Maildir, or cannot be read.
    """
    if not is_one(path):
        raise IntakeError(f"{path}: is no Maildir: it has no folders cur, new and tmp")
    for file in _files(path):
        if "S" in file.name.partition(_MARK)[2]:
            continue
        yield _item(settings, path, file)


def _item(settings: MaildirSettings, path: Path, file: Path) -> Item:
    def done(outcome: Outcome) -> None:
        try:
            _finish(settings, path, file, refused=outcome is Outcome.REFUSED)
        except FileNotFoundError:
            return  # somebody else has moved or deleted it meanwhile: it is stored, and need not be anywhere
        except OSError as error:
            raise IntakeError(f"{file}: is stored, and cannot be put away ({cause(error)})") from None

    return Item(
        name=file.name,
        origin=f"maildir:{settings.name}",
        open=lambda: file.open("rb"),
        done=done,
        by_mail=True,
        path=file,
    )


def _finish(settings: MaildirSettings, path: Path, file: Path, *, refused: bool) -> None:
    if settings.after == "delete" and not refused:
        file.unlink()
        return
    folder = path
    if settings.after == "move" and not refused:
        folder = path / settings.folder_done
        for sub in ("cur", "new", "tmp"):
            (folder / sub).mkdir(parents=True, exist_ok=True, mode=0o700)
    file.rename(folder / "cur" / _seen(file.name))


def _seen(name: str) -> str:
    """Return a name with the flag S among its flags, which are in the order of the alphabet."""
    plain, _, flags = name.partition(_MARK)
    return f"{plain}{_MARK}{''.join(sorted({*flags, 'S'}))}"


def _files(path: Path) -> list[Path]:
    found = []
    for sub in ("new", "cur"):
        try:
            with os.scandir(path / sub) as entries:
                found += [
                    Path(entry.path)
                    for entry in entries
                    if not entry.name.startswith(".") and entry.is_file(follow_symlinks=False)
                ]
        except OSError as error:
            raise IntakeError(f"{path / sub}: cannot be read ({cause(error)})") from None
    return sorted(found, key=lambda file: file.name)
