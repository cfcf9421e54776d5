r"""An mbox, message by message: a line "From " after an empty line (or at the beginning) begins the next one (RFC 4155).

Of the variants mboxo and mboxrd, `>From ` and `>>From ` lose one `>`; Content-Length is not believed. Compressed by gzip it
is read as it is decompressed. No more than one message is in memory, and of no message more than a bound. Does not look
into messages (`reports.read`).
"""

import gzip
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from truehelo.intake.item import IntakeError, Item, cause, held

MAX_MESSAGE = 64 * 2**20
MAX_LINE = 2**20
MAX_ALL = 16 * 2**30
"""The most octets of one mailbox: a gzip file of some megabytes could hold as many as there are."""
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
            source = cast("BinaryIO", gzip.GzipFile(fileobj=stream)) if packed else stream
            for number, octets in enumerate(messages(source, most), 1):
                name = f"{path} message {number}"
                if octets is None:
                    yield _broken(name, f"is larger than {most // 2**20:,} MiB")
                else:
                    yield Item(name=name, origin="file", open=held(octets))
    except (OSError, ValueError) as error:  # gzip.BadGzipFile is an OSError
        yield _broken(f"{path} after message {number}", f"cannot be read ({cause(error)})")
    except (EOFError, zlib.error):
        yield _broken(f"{path} after message {number}", "cannot be read (the gzip file is broken off or damaged)")
    except IntakeError as error:
        yield _broken(f"{path} after message {number}", str(error))


def _broken(name: str, problem: str) -> Item:
    def refuse() -> BinaryIO:
        raise IntakeError(problem)

    return Item(name=name, origin="file", open=refuse)


def messages(source: BinaryIO, most: int = MAX_MESSAGE) -> Iterator[bytes | None]:
    """Yield the octets of each message, None for one of more than `most`; what stands before the first "From " is left out.

    Raises:
        IntakeError: There is no end of it.
        OSError: It cannot be read; what gzip raises, too.
    """
    parts: list[bytes] | None = None
    size, empty, whole, total = 0, True, True, 0
    while line := source.readline(MAX_LINE):
        total += len(line)
        if total > MAX_ALL:
            raise IntakeError(f"is larger than {MAX_ALL // 2**30} GiB")
        if whole and empty and line.startswith(FROM):
            if parts is not None:
                yield _joined(parts, size, most)
            parts, size, empty, whole = [], 0, False, line.endswith(b"\n")
            continue
        begins, whole, empty = whole, line.endswith(b"\n"), whole and line in (b"\n", b"\r\n")
        if parts is None:
            continue
        size += len(line)
        if size > most:
            parts.clear()
        else:
            parts.append(line[1:] if begins and line[:1] == b">" and _QUOTED.match(line) else line)
    if parts is not None:
        yield _joined(parts, size, most)


def _joined(parts: list[bytes], size: int, most: int) -> bytes | None:
    """Return a message without the empty line that ends it in a mailbox."""
    if size > most:
        return None
    if parts and parts[-1] in (b"\n", b"\r\n"):
        parts.pop()
    return b"".join(parts)
