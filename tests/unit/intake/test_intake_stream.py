"""What comes as a stream, from standard input or an object store: a mailbox is taken apart, all else is one thing."""

import gzip
import io

import pytest

from truehelo.intake.item import IntakeError, Item, spooled
from truehelo.intake.stream import taken_apart

ONE = b"From a@example.com Thu Nov 26 18:00:00 2026\n"
TWO = ONE + b"A: 1\n\nx\n\n" + ONE + b"B: 2\n"


def item(octets: bytes | Exception, *, stream: bool = True) -> Item:
    def fail() -> None:
        assert isinstance(octets, Exception)
        raise octets

    opened = (lambda: spooled(io.BytesIO(octets))) if isinstance(octets, bytes) else fail
    return Item(name="standard input", origin="stdin", open=opened, stream=stream)  # type: ignore[arg-type]


def parts(found: Item) -> list[tuple[str, bytes | str]]:
    told: list[tuple[str, bytes | str]] = []
    for part in taken_apart(found):
        assert (part.origin, part.stream) == ("stdin", False)
        try:
            with part.open() as stream:
                told.append((part.name.removeprefix("standard input"), stream.read()))
        except (IntakeError, OSError) as error:
            told.append((part.name.removeprefix("standard input"), str(error)))
    return told


@pytest.mark.parametrize(
    ("why", "octets", "found"),
    [
        ("a mailbox is taken apart", TWO, [(" message 1", b"A: 1\n\nx\n"), (" message 2", b"B: 2\n")]),
        ("so is one in gzip", gzip.compress(TWO), [(" message 1", b"A: 1\n\nx\n"), (" message 2", b"B: 2\n")]),
        ("a mailbox of one message is one", ONE + b"A: 1\n", [(" message 1", b"A: 1\n")]),
        ("a report is one thing", b"<feedback/>", [("", b"<feedback/>")]),
        ("a mail is one thing", b"From: a@example.com\n\nx\n", [("", b"From: a@example.com\n\nx\n")]),
        ("a report in gzip is one thing", gzip.compress(b"<x/>", mtime=0), [("", gzip.compress(b"<x/>", mtime=0))]),
        ("what only begins like gzip is one thing", b"\x1f\x8bFrom ", [("", b"\x1f\x8bFrom ")]),
        ("nothing is one thing", b"", [("", b"")]),
        ("what cannot be had is one thing, and says why", IntakeError("is gone"), [("", "is gone")]),
        ("so is what cannot be read", OSError(5, "Input/output error"), [("", "[Errno 5] Input/output error")]),
    ],
)
def test_what_a_stream_holds(why: str, octets: bytes | Exception, found: list[tuple[str, bytes | str]]) -> None:
    assert parts(item(octets)) == found, why


def test_a_gzip_file_that_breaks_off_gives_what_it_holds_and_says_so() -> None:
    lines = b"".join(b"%d %d\n" % (number, number**7) for number in range(20_000))
    *good, last = parts(item(gzip.compress(ONE + b"A: 1\n\n" + ONE + lines)[:-2000]))
    assert good == [(" message 1", b"A: 1\n")]
    assert last == (" after message 1", "cannot be read (the gzip file is broken off or damaged)")


def test_a_message_that_is_too_large_stops_no_other() -> None:
    large = ONE + b"x\n" * 2**20 + b"\n"
    found = list(taken_apart(item(large + ONE + b"B: 2\n"), most=2**20))
    with pytest.raises(IntakeError, match="is larger than 1 MiB"):
        found[0].open()
    assert found[1].open().read() == b"B: 2\n"


def test_what_is_no_stream_is_left_as_it_is() -> None:
    whole = item(TWO, stream=False)
    assert list(taken_apart(whole)) == [whole]
