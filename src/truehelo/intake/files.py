"""Files and folders: what they hold, one item a file, in an order that is always the same.

A folder is walked to its end. What begins with a full stop is hidden, and what ends like a partial file is not whole yet:
neither is read. A symbolic link is followed to a file below the folder that was named, and nowhere else. A folder with
`cur`, `new` and `tmp` in it is a Maildir (`maildir.py`), a file that begins with "From " holds a mailbox (`mbox.py`). A
folder below the one that was named stops nothing else when it cannot be read.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from truehelo.intake import maildir, mbox
from truehelo.intake.item import IntakeError, Item, cause, spooled, unreadable

PARTIAL = (".part", ".partial", ".tmp", ".crdownload", ".filepart", ".swp", "~")
"""How the names of files end that somebody is still writing."""
MAX_DEPTH = 64


def items(path: Path) -> Iterator[Item]:
    """Yield what a file or a folder holds.

    Raises:
        IntakeError: There is no such thing, or the folder itself cannot be read; of what is below it an item says so.
    """
    try:
        folder = path.is_dir()
        if not folder and not path.exists():
            raise IntakeError(f"{path}: there is no such file or folder")
    except (OSError, ValueError) as error:
        raise IntakeError(f"{path}: cannot be read ({cause(error)})") from None
    if folder:
        yield from _folder(path, path.resolve(), 0)
    else:
        yield from _file(path)


def standard_input() -> Item:
    """Return what stands on standard input."""
    return Item(name="standard input", origin="stdin", open=lambda: spooled(sys.stdin.buffer), stream=True)


def _folder(path: Path, root: Path, depth: int) -> Iterator[Item]:
    if maildir.is_one(path):
        yield from maildir.items(path)
        return
    for entry in _entries(path):
        if entry.name.startswith(".") or entry.name.lower().endswith(PARTIAL):
            continue
        try:
            folder = entry.is_dir(follow_symlinks=False)
        except OSError as error:
            yield unreadable(entry.path, f"cannot be read ({cause(error)})")
            continue
        if folder:
            yield from _below(Path(entry.path), root, depth + 1)
        elif _within(entry, root):
            yield from _file(Path(entry.path))


def _entries(path: Path) -> "list[os.DirEntry[str]]":
    try:
        with os.scandir(path) as found:
            return sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        raise IntakeError(f"{path}: cannot be read ({cause(error)})") from None


def _below(path: Path, root: Path, depth: int) -> Iterator[Item]:
    """Yield what a folder within the named one holds; where it cannot be read it is an item that says so."""
    if depth > MAX_DEPTH:
        yield unreadable(str(path), f"is nested more than {MAX_DEPTH} folders deep")
        return
    try:
        yield from _folder(path, root, depth)
    except IntakeError as error:
        yield unreadable(str(path), str(error).removeprefix(f"{path}: "))


def _within(entry: "os.DirEntry[str]", root: Path) -> bool:
    """Tell whether an entry is a file, or a link to one below the folder that was named."""
    try:
        if not entry.is_symlink():
            return entry.is_file(follow_symlinks=False)
        target = Path(entry.path).resolve(strict=True)
        return target.is_file() and target.is_relative_to(root)
    except (OSError, RuntimeError):  # a link that leads nowhere, or in circles
        return False


def _file(path: Path) -> Iterator[Item]:
    """Yield a file, or the messages of a mailbox."""
    if mbox.is_one(path):
        yield from mbox.items(path)
    else:
        yield Item(name=str(path), origin="file", open=lambda: _opened(path), path=path)


def _opened(path: Path) -> BinaryIO:
    stream = path.open("rb")
    if stream.seekable():
        return stream
    with stream:
        return spooled(stream)  # a pipe: an archive is read from its end
