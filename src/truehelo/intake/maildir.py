"""A Maildir: the messages in `new` and `cur`, in the order of their names, which is about that of their arrival.

Read as a folder, it is left as it is. As a mailbox of the configuration it is followed: what is not seen yet is read, and
then marked as seen, moved into another Maildir, or deleted, once it is stored. Names are as in maildir(5): flags follow
":2,". Does not look into messages (`reports.read`).
"""

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO

from truehelo.configuration.mailboxes import MaildirSettings
from truehelo.intake.item import IntakeError, Item, LaterError, Outcome, cause, unreadable

_MARK = ":2,"


def is_one(path: Path) -> bool:
    """Tell whether a folder is a Maildir; one that cannot be looked at is none."""
    try:
        return _has_all(path)
    except OSError:
        return False


def _has_all(path: Path) -> bool:
    return all((path / sub).is_dir() for sub in ("cur", "new", "tmp"))


def items(path: Path, origin: str = "file") -> Iterator[Item]:
    """Yield every message, and change nothing; of a half that cannot be read an item says so."""
    found: list[Path] = []
    for sub in (path / "cur", path / "new"):
        try:
            found += _within(sub)
        except OSError as error:
            yield unreadable(str(sub), f"cannot be read ({cause(error)})", origin)
    for file in _in_order(found):
        yield Item(name=str(file), origin=origin, open=partial(_opened, file), path=file)


def unseen(settings: MaildirSettings, path: Path) -> Iterator[Item]:
    """Yield every message that is not seen yet; what becomes of it is done once it is stored.

    Raises:
        IntakeError: It is no Maildir, or cannot be read.
    """
    try:
        if not _has_all(path):
            raise IntakeError(f"{path}: is no Maildir: it has no folders cur, new and tmp")
    except OSError as error:
        raise IntakeError(f"{path}: cannot be read ({cause(error)})") from None
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
            raise LaterError(f"{file}: is stored, and cannot be put away ({cause(error)})") from None

    return Item(
        name=file.name,
        origin=f"maildir:{settings.name}",
        open=partial(_opened, file, settings.max_octets),
        done=done,
        by_mail=True,
        path=file,
    )


def _opened(file: Path, most: int | None = None) -> BinaryIO:
    """Open a message.

    Raises:
        IntakeError: It is larger than `most`.
        OSError: It cannot be read.
    """
    stream = file.open("rb")
    if most is not None and os.fstat(stream.fileno()).st_size > most:
        stream.close()
        raise IntakeError(f"is larger than {most // 2**20} MiB")
    return stream


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
    found: list[Path] = []
    for sub in (path / "new", path / "cur"):
        try:
            found += _within(sub)
        except OSError as error:
            raise IntakeError(f"{sub}: cannot be read ({cause(error)})") from None
    return _in_order(found)


def _within(sub: Path) -> list[Path]:
    with os.scandir(sub) as entries:
        return [
            Path(entry.path) for entry in entries if not entry.name.startswith(".") and entry.is_file(follow_symlinks=False)
        ]


def _in_order(files: list[Path]) -> list[Path]:
    return sorted(files, key=lambda file: file.name)
