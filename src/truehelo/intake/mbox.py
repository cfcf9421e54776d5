r"""An mbox, message by message: a line "From " after an empty line (or at the beginning) begins the next one (RFC 4155).

Of the variants mboxo and mboxrd, `>From ` and `>>From ` lose one `>`; Content-Length is not believed. Compressed by gzip it
is read as it is decompressed, within a ratio. No more than one message is in memory, in one piece, and of no message more
than a bound. Does not look into messages (`reports.read`).
"""

import gzip
import os
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from truehelo.intake.item import IntakeError, Item, cause, held, unreadable
from truehelo.reports.model import Budget

MAX_MESSAGE = 64 * 2**20
MAX_LINE = 2**20
MAX_ALL = 16 * 2**30
"""The most octets of one mailbox: a gzip file of some megabytes could hold as many as there are."""
_BUDGET = Budget()
FROM = b"From "
_GZIP = b"\x1f\x8b"
_QUOTED = re.compile(rb">+From ")


def is_one(path: Path) -> bool:
    """Tell whether a file begins as a mailbox does, compressed or not; one that cannot be read is none."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as stream:
            if stream.read(2) != _GZIP:
                stream.seek(0)
                return stream.read(len(FROM)) == FROM
            stream.seek(0)
            with gzip.GzipFile(fileobj=stream) as packed:
                return packed.read(len(FROM)) == FROM
    except (OSError, EOFError, zlib.error):
        return False


def items(path: Path, most: int = MAX_MESSAGE) -> Iterator[Item]:
    """Yield each message; one that is too large, and what is broken of the file, is an item that cannot be opened."""
    number = 0
    try:
        with path.open("rb") as stream:
            packed = stream.read(2) == _GZIP
            stream.seek(0)
            source, bound = unpacked(stream) if packed else (stream, None)
            for number, octets in enumerate(messages(source, most, bound), 1):
                name = f"{path} message {number}"
                if octets is None:
                    yield unreadable(name, f"is larger than {most // 2**20:,} MiB", "file")
                else:
                    yield Item(name=name, origin="file", open=held(octets))
    except (OSError, ValueError) as error:  # gzip.BadGzipFile is an OSError
        yield unreadable(f"{path} after message {number}", f"cannot be read ({cause(error)})", "file")
    except (EOFError, zlib.error):
        problem = "cannot be read (the gzip file is broken off or damaged)"
        yield unreadable(f"{path} after message {number}", problem, "file")
    except IntakeError as error:
        yield unreadable(f"{path} after message {number}", str(error), "file")


def unpacked(stream: BinaryIO) -> tuple[BinaryIO, int]:
    """Return what a gzip file holds, and the most octets of it that may come out: so many times its size.

    Raises:
        OSError: The stream cannot be measured.
    """
    size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    source = cast("BinaryIO", gzip.GzipFile(fileobj=stream, mode="rb"))
    return source, max(_BUDGET.ratio_free, int(_BUDGET.ratio * size))


def messages(source: BinaryIO, most: int = MAX_MESSAGE, bound: int | None = None) -> Iterator[bytes | None]:
    """Yield the octets of each message, None for one of more than `most`; what stands before the first "From " is left out.

    Args:
        source: The mailbox, at its beginning.
        most: Octets of a message.
        bound: Octets of all of it, where it is compressed (`unpacked`); None for `MAX_ALL`.

    Raises:
        IntakeError: There is no end of it.
        OSError: It cannot be read; what gzip raises, too.
    """
    # In one piece: an object for each line would be some sixty times as large as a line of one octet.
    message: bytearray | None = None
    last, size, empty, whole, total = b"", 0, True, True, 0
    while line := source.readline(MAX_LINE):
        total += len(line)
        if total > MAX_ALL:
            raise IntakeError(f"is larger than {MAX_ALL // 2**30} GiB")
        if bound is not None and total > bound:
            raise IntakeError(f"unpacks to more than {_BUDGET.ratio:g} times its size")
        if whole and empty and line.startswith(FROM):
            if message is not None:
                yield _ended(message, size, most, last)
            message, size, empty, whole = bytearray(), 0, False, line.endswith(b"\n")
            continue
        begins, whole, empty = whole, line.endswith(b"\n"), whole and line in (b"\n", b"\r\n")
        if message is None:
            continue
        size, last = size + len(line), line
        if size > most:
            message.clear()
        else:
            message += line[1:] if begins and line[:1] == b">" and _QUOTED.match(line) else line
    if message is not None:
        yield _ended(message, size, most, last)


def _ended(message: bytearray, size: int, most: int, last: bytes) -> bytes | None:
    """Return a message without the empty line that ends it in a mailbox: `last` is its last line."""
    if size > most:
        return None
    if message and last in (b"\n", b"\r\n"):
        del message[-len(last) :]
    return bytes(message)
