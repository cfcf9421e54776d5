"""Guides from everywhere: those that come with truehelo, other packages, the reader's own folder, and --guides.

What is nearer to the reader takes the place of what has the same id. Does not decide which guide fits (`advice.guides`).
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from truehelo.advice.guides import Guides, Library, Need, packaged
from truehelo.advice.guides.library import foreign, joined, read_guide
from truehelo.advice.guides.model import Guide
from truehelo.advice.guides.parse import MAX_BYTES
from truehelo.errors import FileError
from truehelo.files import read_whole
from truehelo.findings import Guidance

_ACCEPTED = "docs/how-to/add-a-guide.md describes a guide"
_FOLDERS = (".", "providers", "mtas")


def own_folder() -> Path:
    """Return the folder of the reader's own guides, whether it exists or not."""
    held = os.environ.get("XDG_CONFIG_HOME")
    return (Path(held) if held else Path.home() / ".config") / "truehelo" / "guides"


def library(mta: str | None = None, folder: str | None = None) -> Guides:
    """Return the guides that there are; `mta` is the mail server that the reader named, `folder` one of further guides.

    Where nothing was asked for, ours are read when a step needs them.

    Raises:
        InputError: There is no such mail server, or a file is no guide.
    """
    if mta is None and folder is None and not own_folder().is_dir():
        return _Later()
    found = everything(folder)
    return found if mta is None else found.named(mta)


def everything(folder: str | None = None) -> Library:
    """Return all guides.

    Raises:
        FileError: A folder or a file cannot be read, or is no guide.
    """
    own = own_folder()
    return joined(
        packaged().guides,
        foreign(),
        _in_folder(own) if own.is_dir() else (),
        () if folder is None else _in_folder(Path(folder)),
    )


def _in_folder(folder: Path) -> Iterator[Guide]:
    """Every *.toml in a folder, or in `providers` and `mtas` below it."""
    if not folder.is_dir():
        raise FileError(str(folder), "is no folder", "give one that holds guides, each a file ending in .toml")
    for below in _FOLDERS:
        for file in sorted((folder / below).glob("*.toml")):
            yield read_guide(read_whole(file, MAX_BYTES, _ACCEPTED), str(file))


@dataclass(frozen=True)
class _Later:
    """All guides, read when the first step needs one: a run without a step is spared 25 ms."""

    @cached_property
    def _library(self) -> Library:
        return everything()

    def guidance(self, need: Need) -> tuple[Guidance, ...]:
        return self._library.guidance(need)
