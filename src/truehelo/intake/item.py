"""One thing that came in, a file or a message: its name, its octets, and whom to tell what became of it.

Every adapter beside yields these. What they hold is for `reports.read`; who keeps it is for `app.reporting`.
"""

import io
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Protocol, cast

MAX_OCTETS = 2 * 2**30
"""Of what is kept in a temporary file before it is read, such as standard input."""
IN_MEMORY = 4 * 2**20
_CHUNK = 2**18


class IntakeError(Exception):
    """Something cannot be had: a file, a mailbox, a server. One sentence without a full stop, and without a secret."""


class LaterError(IntakeError):
    """One item cannot be had, or put away, now: where there is no order among them it may be left, and others go on."""


class GoneError(LaterError):
    """Somebody else has taken the item away before it was opened."""


class Outcome(StrEnum):
    """What became of an item. `STORED`: what it holds is committed, now or before; `REFUSED`: some of it is no report."""

    STORED = "stored"
    REFUSED = "refused"


def _nothing(_: Outcome) -> None:
    """Nobody waits to hear what became of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What came in.

    Args:
        name: How people are told of it: a path, or a message of a mailbox.
        origin: By which way it came: "file", "stdin", "imap:NAME", "maildir:NAME", "smtp", or the kind of a file system.
        open: Give its octets, from the beginning; raises `OSError` or `IntakeError`. Whoever opens it closes it.
        done: To be called once what it holds has been committed, or kept aside, and never before.
        sender: The sender of the envelope, "" where there was none.
        by_mail: Nobody has it but us, once it is taken.
        path: The file on this machine that holds it whole, None where there is none.
        stream: Nobody has looked into it yet: it may be a mailbox (`stream.py`).
    """

    name: str
    origin: str
    open: Callable[[], BinaryIO]
    done: Callable[[Outcome], None] = _nothing
    sender: str = ""
    by_mail: bool = False
    path: Path | None = None
    stream: bool = False


class Memory(Protocol):
    """Small facts that outlive a process, kept in the store. Both raise `IntakeError` where that fails."""

    def get(self, key: str) -> str | None:
        """Return what was kept under a key."""

    def put(self, key: str, value: str) -> None:
        """Keep something."""


def held(octets: bytes) -> Callable[[], BinaryIO]:
    """Return what opens octets that are in memory."""
    return lambda: io.BytesIO(octets)


def unreadable(name: str, problem: str, origin: str = "file") -> Item:
    """Return what stands for something that cannot be read: it is told like whatever is refused, and stops nothing else."""

    def refuse() -> BinaryIO:
        raise IntakeError(problem)

    return Item(name=name, origin=origin, open=refuse)


def cause(error: OSError | ValueError) -> str:
    """Return what went wrong with a file, in words that stand in brackets."""
    return (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)


def spooled(source: BinaryIO, most: int = MAX_OCTETS) -> BinaryIO:
    """Return a copy of a stream that can be read from any place, in a temporary file where it is large.

    Raises:
        IntakeError: There is more than `most`.
        OSError: It cannot be read, or there is no room for it.
    """
    copy = cast("BinaryIO", tempfile.SpooledTemporaryFile(max_size=IN_MEMORY))  # noqa: SIM115  (its reader closes it)
    try:
        _copy(source, copy, most)
        copy.seek(0)
    except BaseException:
        copy.close()
        raise
    return copy


def _copy(source: BinaryIO, copy: BinaryIO, most: int) -> None:
    size = 0
    while chunk := source.read(_CHUNK):
        size += len(chunk)
        if size > most:
            raise IntakeError(f"is larger than {most // 2**20:,} MiB")
        copy.write(chunk)
