"""An mbox: where one message ends and the next begins, and what is bounded of it."""

import gzip
import io
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truehelo.intake import mbox
from truehelo.intake.item import IntakeError

ONE = b"From a@example.com Thu Nov 26 18:00:00 2026\n"


def read(text: bytes, most: int = 1000) -> list[bytes | None]:
    return list(mbox.messages(io.BytesIO(text), most))


@pytest.mark.parametrize(
    ("why", "text", "found"),
    [
        ("nothing holds nothing", b"", []),
        ("one message ends with the file", ONE + b"A: 1\n\nx\n", [b"A: 1\n\nx\n"]),
        (
            "the empty line before the next one is the mailbox's",
            ONE + b"A: 1\n\n" + ONE + b"B: 2\n",
            [b"A: 1\n", b"B: 2\n"],
        ),
        ("lines may end in CRLF", b"From a\r\nA: 1\r\n\r\nFrom b\r\nB: 2\r\n", [b"A: 1\r\n", b"B: 2\r\n"]),
        ("From within a paragraph begins nothing", ONE + b"A: 1\n\nx\nFrom here\n", [b"A: 1\n\nx\nFrom here\n"]),
        ("From after an empty line begins the next", ONE + b"A: 1\n\nFrom here\n", [b"A: 1\n", b""]),
        ("one > goes", ONE + b"A: 1\n\n>From x\n>>From y\n", [b"A: 1\n\nFrom x\n>From y\n"]),
        ("> before anything else stays", ONE + b"\n>Fromage\n> From x\n", [b"\n>Fromage\n> From x\n"]),
        ("what stands before the first is left out", b"junk\n\n" + ONE + b"A: 1\n", [b"A: 1\n"]),
        ("a last line may have no end", ONE + b"A: 1\n\nx", [b"A: 1\n\nx"]),
        ("one that is too large is told", ONE + b"x" * 2000 + b"\n\n" + ONE + b"B: 2\n", [None, b"B: 2\n"]),
    ],
)
def test_messages(why: str, text: bytes, found: list[bytes | None]) -> None:
    assert read(text) == found, why


def test_a_long_line_in_pieces_begins_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mbox, "MAX_LINE", 8)
    assert read(b"From a\n\n" + b"x" * 8 + b"From b\n") == [b"\n" + b"x" * 8 + b"From b\n"]
    assert read(b"From a\n\n" + b"x" * 8 + b">From b\n") == [b"\n" + b"x" * 8 + b">From b\n"]


def test_a_mailbox_without_end_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mbox, "MAX_ALL", 2**30)
    with pytest.raises(IntakeError, match="is larger than 1 GiB"):
        list(mbox.messages(Endless()))


def test_a_small_file_that_holds_very_much_ends_at_the_ratio(tmp_path: Path) -> None:
    path = tmp_path / "bomb.mbox"
    with gzip.open(path, "wb", 9) as packed:
        packed.write(ONE)
        for _ in range(40):
            packed.write(b"\n" * 2**20)
    assert path.stat().st_size * 400 < 40 * 2**20
    found = list(mbox.items(path))
    with pytest.raises(IntakeError, match="unpacks to more than 400 times its size"):
        found[-1].open()


def test_a_message_of_short_lines_is_held_in_one_piece() -> None:
    source = io.BytesIO(ONE + b"\n" * 2**20)
    tracemalloc.start()
    try:
        [message] = mbox.messages(source, 2**21)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert message is not None
    assert most < 6 * len(message)


class Endless(io.RawIOBase):
    def readline(self, size: int | None = -1) -> bytes:
        return b"x" * 2**20


def items(path: Path) -> list[bytes | str]:
    found: list[bytes | str] = []
    for item in mbox.items(path, 1000):
        try:
            with item.open() as stream:
                found.append(stream.read())
        except IntakeError as error:
            found.append(str(error))
    return found


def test_a_gzip_file_that_breaks_off_gives_what_it_holds_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "all.gz"
    path.write_bytes(gzip.compress(ONE + b"A: 1\n\n" + ONE + b"B: 2\n")[:-9])
    found = items(path)
    assert found[-1] == "cannot be read (the gzip file is broken off or damaged)"
    assert found[:-1] in ([b"A: 1\n"], [])


def test_a_message_that_is_too_large_stops_no_other(tmp_path: Path) -> None:
    path = tmp_path / "all"
    path.write_bytes(ONE + b"x\n" * 1000 + b"\n" + ONE + b"B: 2\n")
    assert items(path) == ["is larger than 0 MiB", b"B: 2\n"]


@pytest.mark.parametrize(
    ("octets", "one"),
    [
        (ONE, True),
        (gzip.compress(ONE), True),
        (b"From: a@example.com\n", False),
        (b"<feedback/>", False),
        (b"\x1f\x8b", False),
        (gzip.compress(b"<feedback/>"), False),
        (b"", False),
    ],
)
def test_what_is_a_mailbox(tmp_path: Path, octets: bytes, one: bool) -> None:
    path = tmp_path / "file"
    path.write_bytes(octets)
    assert mbox.is_one(path) is one


@given(st.lists(st.binary(max_size=60).filter(lambda body: not body.startswith(b"From ")), max_size=6))
def test_what_is_written_as_a_mailbox_is_read_from_it(bodies: list[bytes]) -> None:
    """As mboxrd writes it: a > before every line of any number of > and From."""
    text = b""
    wanted = []
    for body in bodies:
        lines = (body.removesuffix(b"\n") + b"\n").split(b"\n")[:-1]
        text += ONE + b"".join(_quoted(line) + b"\n" for line in lines) + b"\n"
        wanted.append(b"".join(line + b"\n" for line in lines))
    assert read(text) == wanted


def _quoted(line: bytes) -> bytes:
    return b">" + line if line.lstrip(b">").startswith(b"From ") else line


@given(st.binary(max_size=300))
def test_no_octets_make_it_fall_over(octets: bytes) -> None:
    assert all(isinstance(each, bytes) for each in read(octets))
