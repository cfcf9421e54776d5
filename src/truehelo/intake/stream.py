"""What comes as a stream, from standard input or an object store: a mailbox is taken apart, as one in a file is (`mbox`).

It is looked into when it is its turn, and not before: until then nothing of it is held. Does not look into messages
(`reports.read`).
"""

import gzip
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import BinaryIO

from truehelo.intake.item import IntakeError, Item, cause, held, unreadable
from truehelo.intake.mbox import FROM, MAX_MESSAGE, messages, unpacked

_GZIP = b"\x1f\x8b"


def taken_apart(item: Item, most: int = MAX_MESSAGE) -> Iterator[Item]:
    """Yield the messages of a mailbox; whatever else an item is, itself, and also where it cannot be opened."""
    if not item.stream:
        yield item
        return
    try:
        stream = item.open()
    except (IntakeError, OSError, ValueError) as error:
        yield replace(item, open=_failing(error), stream=False)
        return
    with stream:
        packed = _packed(stream)
        if packed is None:
            yield replace(item, open=lambda: stream, stream=False)
        else:
            source, bound = unpacked(stream) if packed else (stream, None)
            yield from _messages(item, source, most, bound)


def _failing(error: IntakeError | OSError | ValueError) -> Callable[[], BinaryIO]:
    def fail() -> BinaryIO:
        raise error

    return fail


def _packed(stream: BinaryIO) -> bool | None:
    """Tell whether a mailbox is compressed; None for what is no mailbox. The stream is at its beginning again."""
    try:
        head = stream.read(len(FROM))
        stream.seek(0)
        if head == FROM:
            return False
        if head.startswith(_GZIP):
            with gzip.GzipFile(fileobj=stream, mode="rb") as packed:
                return True if packed.read(len(FROM)) == FROM else None
    except (OSError, EOFError, zlib.error):
        return None  # whoever reads it says what is wrong with it
    finally:
        stream.seek(0)
    return None


def _messages(item: Item, source: BinaryIO, most: int, bound: int | None) -> Iterator[Item]:
    number = 0
    try:
        for number, octets in enumerate(messages(source, most, bound), 1):
            name = f"{item.name} message {number}"
            if octets is None:
                yield unreadable(name, f"is larger than {most // 2**20:,} MiB", item.origin)
            else:
                yield replace(item, name=name, open=held(octets), stream=False)
    except (OSError, ValueError) as error:  # gzip.BadGzipFile is an OSError
        yield unreadable(f"{item.name} after message {number}", f"cannot be read ({cause(error)})", item.origin)
    except (EOFError, zlib.error):
        problem = "cannot be read (the gzip file is broken off or damaged)"
        yield unreadable(f"{item.name} after message {number}", problem, item.origin)
    except IntakeError as error:
        yield unreadable(f"{item.name} after message {number}", str(error), item.origin)
