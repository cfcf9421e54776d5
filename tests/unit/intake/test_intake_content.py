"""What comes after DATA: where it ends, which dots go, and what is held of it."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truehelo.intake.content import END, Content


def come(blocks: list[bytes], most: int = 1000, line: int = 100) -> tuple[bytes | None, bytes, str]:
    """The message (None as long as it goes on), what came after it, and what is wrong with it."""
    content, after = Content(most, line), None
    for number, block in enumerate(blocks):
        after = content.feed(block)
        if after is not None:
            after += b"".join(blocks[number + 1 :])
            break
    wrong = "too large" if content.too_large else "too long" if content.too_long else ""
    return (None, b"", wrong) if after is None else (content.take(), after, wrong)


ENDS = [
    ("a dot alone ends it", b"x\r\n.\r\n", b"x\r\n", b""),
    ("a dot in the first line ends it, too", b".\r\n", b"", b""),
    ("an empty line before the dot is its own", b"\r\n.\r\n", b"\r\n", b""),
    ("what comes after it is not part of it", b"x\r\n.\r\nRSET\r\n.\r\n", b"x\r\n", b"RSET\r\n.\r\n"),
    ("a line feed before the dot ends nothing", b"x\n.\r\ny\r\n.\r\n", b"x\n.\r\ny\r\n", b""),
    ("a line feed after the dot ends nothing", b"x\r\n.\ny\r\n.\r\n", b"x\r\n\ny\r\n", b""),
    ("a return before the dot ends nothing", b"x\r.\r\ny\r\n.\r\n", b"x\r.\r\ny\r\n", b""),
    ("a return after the dot ends nothing", b"x\r\n.\ry\r\n.\r\n", b"x\r\n\ry\r\n", b""),
    ("two returns after the dot end nothing", b"x\r\n.\r\r\ny\r\n.\r\n", b"x\r\n\r\r\ny\r\n", b""),
    ("a line feed in the first line ends nothing", b".\ny\r\n.\r\n", b"\ny\r\n", b""),
    ("one dot goes of each line", b"..\r\n...x\r\nx..\r\n.y\r\n.\r\n", b".\r\n..x\r\nx..\r\ny\r\n", b""),
    ("a dot after a line feed stays", b"x\n..y\r\n.\r\n", b"x\n..y\r\n", b""),
    ("without an end it goes on", b"x\r\n.\r", None, b""),
    ("nothing goes on", b"", None, b""),
]


@pytest.mark.parametrize(("why", "octets", "message", "after"), ENDS, ids=[row[0] for row in ENDS])
@pytest.mark.parametrize("size", [1, 2, 3, 5, 1000])
def test_where_it_ends(why: str, octets: bytes, message: bytes | None, after: bytes, size: int) -> None:
    blocks = [octets[at : at + size] for at in range(0, len(octets), size)]
    assert come(blocks) == (message, after, ""), why


WRONG = [
    ("as many octets as there may be", (b"x" * 8 + b"\r\n") * 100 + b".\r\n", ""),
    ("one octet more", (b"x" * 8 + b"\r\n") * 99 + b"x" * 9 + b"\r\n.\r\n", "too large"),
    ("dots that were added are not counted", (b".." + b"x" * 7 + b"\r\n") * 100 + b".\r\n", ""),
    ("a line as long as it may be", b"y\r\n" + b"x" * 98 + b"\r\n.\r\n", ""),
    ("a line that is longer by one", b"y\r\n" + b"x" * 99 + b"\r\n.\r\n", "too long"),
    ("a first line that is longer by one", b"x" * 99 + b"\r\n.\r\n", "too long"),
    ("a line that is long by line feeds", b"x\n" * 60 + b"\r\n.\r\n", "too long"),
    ("many lines that are as long as they may be", (b"x" * 98 + b"\r\n") * 9 + b".\r\n", ""),
    ("a line without end", b"x" * 5000 + b"\r\n.\r\n", "too large"),
]


@pytest.mark.parametrize(("what", "octets", "wrong"), WRONG, ids=[row[0] for row in WRONG])
@pytest.mark.parametrize("size", [1, 7, 64, 10_000])
def test_what_is_too_much(what: str, octets: bytes, wrong: str, size: int) -> None:
    blocks = [octets[at : at + size] for at in range(0, len(octets), size)]
    message, after, found = come(blocks)
    assert (found, after) == (wrong, b"")
    assert message == (b"" if wrong else octets[:-3].replace(b"..", b"."))


@given(st.lists(st.sampled_from([b"\r", b"\n", b".", b"x", b"\r\n", b"\r\n.", END]), max_size=30), st.data())
def test_blocks_of_any_size_come_to_what_lines_come_to(pieces: list[bytes], data: st.DataObject) -> None:
    octets = b"".join(pieces)
    size = data.draw(st.integers(1, 9))
    blocks = [octets[at : at + size] for at in range(0, len(octets), size)]
    wanted = b""
    after: bytes | None = None
    lines = octets.split(b"\r\n")
    for number, line in enumerate(lines[:-1]):
        if line == b".":
            after = b"\r\n".join(lines[number + 1 :])
            break
        wanted += line.removeprefix(b".") + b"\r\n"
    assert come(blocks) == ((None, b"", "") if after is None else (wanted, after, ""))


@pytest.mark.parametrize(
    "block", [b"x" * 2**16, b"\r\n" * 2**15, b"x\r\n." * 2**14], ids=["no line end", "empty lines", "dots"]
)
@pytest.mark.parametrize("line", [1000, 2**30])
def test_what_is_held_is_bounded_whatever_comes(block: bytes, line: int) -> None:
    most = 2**20
    content = Content(most, line)
    tracemalloc.start()
    for _ in range(64):
        assert content.feed(block) is None
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert content.too_large or content.too_long
    assert peak < 2 * most
