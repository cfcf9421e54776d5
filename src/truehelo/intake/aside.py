"""What came and could not be read, kept aside in a folder, so that nothing is lost that nobody else has.

Each in a file of its own that only its owner may read, with the reason in a file beside it. The folder is bounded: the
oldest go first. The same octets are kept once.
"""

import contextlib
import os
import time
from pathlib import Path
from typing import BinaryIO

from truehelo.intake.item import IntakeError, cause

_CHUNK = 2**18
_OCTETS, _REASON = ".bin", ".txt"


class Aside:
    """The folder. It is made when there is something to keep."""

    def __init__(self, folder: Path, files: int = 1000, octets: int = 256 * 2**20) -> None:
        """Take the folder, and how many files and octets it may hold; with either at 0 nothing is kept."""
        self.folder, self._files, self._octets = folder, files, octets

    def place(self, digest: str) -> Path | None:
        """Return where octets of this digest are, or would be, kept; None where nothing is."""
        if not (self._files and self._octets):
            return None
        name = f"{digest[:32]}{_OCTETS}"
        held = next(iter(sorted(self.folder.glob(f"*-{name}"))), None)
        return held or self.folder / f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{name}"

    def keep(self, stream: BinaryIO, place: Path, words: str) -> None:
        """Keep all of a stream at its place, and in words what it was and why it was refused.

        Raises:
            IntakeError: It cannot be written.
        """
        part = place.with_suffix(f".{os.getpid()}.part")
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not place.exists():
                stream.seek(0)
                self._copy(stream, part)
                place.with_suffix(_REASON).write_text(words, encoding="utf-8")
                part.replace(place)
                self._sync()
                self._prune(place)
        except OSError as error:
            raise IntakeError(f"{self.folder}: what was refused cannot be kept there ({cause(error)})") from None
        finally:
            with contextlib.suppress(OSError):
                part.unlink()

    def _copy(self, stream: BinaryIO, part: Path) -> None:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as copy:
            while chunk := stream.read(_CHUNK):
                copy.write(chunk)
            copy.flush()
            os.fsync(copy.fileno())

    def _sync(self) -> None:
        """Have the name on the disk too: what is kept here may be deleted where it came from."""
        folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _prune(self, newest: Path) -> None:
        """Remove the oldest, as their names tell, until what is left is within the bounds."""
        found = sorted(self.folder.glob(f"*{_OCTETS}"), key=lambda file: file.name)
        size = sum(file.stat().st_size for file in found)
        while found and (len(found) > self._files or size > self._octets) and found[0] != newest:
            oldest = found.pop(0)
            size -= oldest.stat().st_size
            oldest.unlink()
            oldest.with_suffix(_REASON).unlink(missing_ok=True)
