"""What octets are, and the streams inside gzip, zip and base64: row by row, and whatever anybody sends."""

import base64
import contextlib
import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.reportmail import AGGREGATE, SAMPLE, aggregate_mail, tls_json, zipped
from truehelo.reports.model import DEFAULT_BUDGET, Budget, BudgetError, ReportError
from truehelo.reports.sniff import Kind, sniff
from truehelo.reports.unpack import Meter, chunks_of, gunzip, hold, members, peek, unbase64

BEGINNINGS = [
    ("gzip", gzip.compress(AGGREGATE), Kind.GZIP),
    ("zip", zipped(("a.xml", AGGREGATE)), Kind.ZIP),
    ("a zip archive with nothing in it", zipped(), Kind.ZIP),
    ("XML", AGGREGATE, Kind.XML),
    ("XML after a byte order mark", b"\xef\xbb\xbf" + AGGREGATE, Kind.XML),
    ("XML after empty lines", b"\r\n \n" + AGGREGATE, Kind.XML),
    ("XML in UTF-16 with a mark", AGGREGATE.decode().encode("utf-16"), Kind.XML),
    ("XML in UTF-16 without a mark", AGGREGATE.decode().encode("utf-16-be"), Kind.XML),
    ("XML without a declaration", AGGREGATE.partition(b"\n")[2], Kind.XML),
    ("JSON", tls_json(), Kind.JSON),
    ("JSON in UTF-16", tls_json().decode().encode("utf-16"), Kind.JSON),
    ("a message", aggregate_mail(), Kind.MAIL),
    ("a message that begins as in an mbox", b"From a@b.example Sun Mar  1 10:20:30 2026\n" + SAMPLE, Kind.MAIL),
    ("base64 of gzip", base64.encodebytes(gzip.compress(AGGREGATE)), Kind.BASE64),
    ("base64 of zip", base64.encodebytes(zipped(("a.xml", AGGREGATE))), Kind.BASE64),
    ("base64 of XML", base64.encodebytes(AGGREGATE), Kind.BASE64),
    ("base64 of JSON", base64.encodebytes(tls_json()), Kind.BASE64),
    ("prose", b"Dear postmaster, here is your report.", Kind.OTHER),
    ("zeros", bytes(64), Kind.OTHER),
    ("nothing", b"", Kind.OTHER),
    ("white space", b" \n\t ", Kind.OTHER),
]

NAMED = [
    ("bzip2", b"BZh91AY&SY", "bzip2"),
    ("xz", b"\xfd7zXZ\x00", "xz"),
    ("Zstandard", b"(\xb5/\xfd", "Zstandard"),
    ("7z", b"7z\xbc\xaf'\x1c", "7z"),
    ("RAR", b"Rar!\x1a\x07", "RAR"),
    ("a file of Outlook", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", ".eml"),
    ("winmail.dat", b"x\x9f>\x22", "winmail.dat"),
    ("UTF-32", "<feedback/>".encode("utf-32"), "UTF-32"),
    ("nothing", b"", "empty"),
]


@pytest.mark.parametrize(("what", "octets", "kind"), BEGINNINGS, ids=[row[0] for row in BEGINNINGS])
def test_octets_are_known_by_how_they_begin(what: str, octets: bytes, kind: Kind) -> None:
    assert sniff(octets[:4096])[0] is kind


@pytest.mark.parametrize(("what", "octets", "word"), NAMED, ids=[row[0] for row in NAMED])
def test_what_is_not_read_is_called_by_its_name(what: str, octets: bytes, word: str) -> None:
    kind, words = sniff(octets)
    assert kind is Kind.OTHER
    assert word in words


@given(st.binary(max_size=200))
def test_any_octets_are_something(octets: bytes) -> None:
    kind, words = sniff(octets)
    assert (kind is Kind.OTHER) == bool(words)


def unpacked(octets: bytes, budget: Budget = DEFAULT_BUDGET, size: int = 100) -> bytes:
    meter = Meter(budget)
    meter.read(len(octets))
    return b"".join(gunzip((octets[at : at + size] for at in range(0, len(octets), size)), meter))


TWO = gzip.compress(b"one, ") + gzip.compress(b"two")
GZIPS = [
    ("one member", gzip.compress(AGGREGATE), AGGREGATE),
    ("two members", TWO, b"one, two"),
    ("a member that is empty", gzip.compress(b"") + gzip.compress(b"x"), b"x"),
    ("zeros at the end", gzip.compress(AGGREGATE) + bytes(512), AGGREGATE),
    ("a line break at the end", gzip.compress(AGGREGATE) + b"\r\n", AGGREGATE),
    ("one octet at the end, as of another member", gzip.compress(AGGREGATE) + b"\x1f", AGGREGATE),
    (
        "a name and a comment in the header",
        b"\x1f\x8b\x08\x18" + bytes(6) + b"../../a\0why\0" + gzip.compress(AGGREGATE)[10:],
        AGGREGATE,
    ),
    ("no compression at all", gzip.compress(AGGREGATE, compresslevel=0), AGGREGATE),
]


@pytest.mark.parametrize(("what", "octets", "content"), GZIPS, ids=[row[0] for row in GZIPS])
@pytest.mark.parametrize("size", [1, 7, 100, 100_000])
def test_gzip_is_unpacked_however_it_comes(what: str, octets: bytes, content: bytes, size: int) -> None:
    assert unpacked(octets, size=size) == content


BROKEN_GZIPS = [
    ("it ends in the header", gzip.compress(AGGREGATE)[:7], "break off"),
    ("it ends in the data", gzip.compress(AGGREGATE)[:-40], "break off"),
    ("it ends before the checksum", gzip.compress(AGGREGATE)[:-6], "break off"),
    ("the checksum is another", gzip.compress(AGGREGATE)[:-8] + bytes(4) + gzip.compress(AGGREGATE)[-4:], "damaged"),
    ("the size is another", gzip.compress(AGGREGATE)[:-4] + bytes(4), "damaged"),
    ("the data are others", gzip.compress(AGGREGATE)[:30] + b"\xff" * 400, "damaged"),
    ("a second member breaks off", TWO[:-9], "break off"),
    ("the method is not deflate", b"\x1f\x8b\x07" + bytes(20), "damaged"),
]


@pytest.mark.parametrize(("what", "octets", "why"), BROKEN_GZIPS, ids=[row[0] for row in BROKEN_GZIPS])
def test_broken_gzip_is_refused_with_where(what: str, octets: bytes, why: str) -> None:
    with pytest.raises(ReportError, match=why) as refused:
        unpacked(octets)
    assert refused.value.where.startswith("after ")
    assert not isinstance(refused.value, BudgetError)


def test_what_was_unpacked_before_the_break_was_given() -> None:
    content = zlib.adler32(b"x").to_bytes(4, "big") * 100_000
    stream = gunzip([gzip.compress(content)[:-20]], Meter(DEFAULT_BUDGET))
    given_before = next(stream)
    assert content.startswith(given_before)
    with pytest.raises(ReportError):
        list(stream)


@given(st.binary(max_size=5000), st.integers(min_value=1, max_value=600), st.integers(min_value=0, max_value=9))
def test_gzip_of_anything_comes_back(content: bytes, size: int, level: int) -> None:
    assert unpacked(gzip.compress(content, compresslevel=level), size=size) == content


@given(st.binary(max_size=300), st.integers(min_value=0, max_value=300), st.binary(max_size=8))
def test_spoilt_gzip_is_content_or_a_refusal(content: bytes, at: int, junk: bytes) -> None:
    octets = gzip.compress(content)
    with contextlib.suppress(ReportError):
        unpacked(octets[:at] + junk + octets[at + len(junk) :])


BOMBS = [
    ("a ratio above the budget", gzip.compress(bytes(400_000)), Budget(ratio=100, ratio_free=1000)),
    ("more octets than the budget", gzip.compress(bytes(400_000)), Budget(octets=300_000)),
    ("many members", gzip.compress(b"") * 30, Budget(files=20)),
    ("members, each within the ratio", gzip.compress(bytes(50_000)) * 9, Budget(ratio=100, ratio_free=1000)),
]


@pytest.mark.parametrize(("what", "octets", "budget"), BOMBS, ids=[row[0] for row in BOMBS])
def test_gzip_above_its_budget_is_stopped(what: str, octets: bytes, budget: Budget) -> None:
    with pytest.raises(BudgetError):
        unpacked(octets, budget)


def test_a_ratio_within_the_free_octets_is_no_bomb() -> None:
    assert len(unpacked(gzip.compress(bytes(400_000)), Budget(ratio=100, ratio_free=500_000))) == 400_000


def test_time_is_watched_by_the_clock_that_is_given() -> None:
    ticks = iter(range(1000))
    meter = Meter(Budget(seconds=5), clock=lambda: float(next(ticks)))
    with pytest.raises(BudgetError, match="longer than 5 seconds"):
        list(gunzip(chunks_of(io.BytesIO(gzip.compress(bytes(10_000_000))), meter), meter))


def inside(octets: bytes, budget: Budget = DEFAULT_BUDGET) -> list[tuple[str, bytes]]:
    meter = Meter(budget)
    return [(name, b"".join(chunks)) for name, chunks in members(io.BytesIO(octets), meter, outermost=True)]


def streamed(name: str, content: bytes) -> bytes:
    """A zip archive as it is written to a pipe: sizes and checksum follow the data."""

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: int) -> int:
            raise io.UnsupportedOperation

        def tell(self) -> int:
            raise io.UnsupportedOperation

    made = Pipe()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return made.getvalue()


def zip64(name: str, content: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(name, "w", force_zip64=True) as member:
        member.write(content)
    return made.getvalue()


def patched(octets: bytes, *changes: tuple[bytes, int, bytes]) -> bytes:
    """A zip archive with octets changed: after which signature, at which offset from it, to what."""
    made = bytearray(octets)
    for signature, offset, new in changes:
        at = made.index(signature) + offset
        made[at : at + len(new)] = new
    return bytes(made)


TWO_FILES = [("in/a.xml", b"<a/>"), ("b.json", b"{}")]
ELSEWHERE = [("/etc/passwd", b"<a/>"), ("../../x", b"<b/>")]
LOCAL, CENTRAL, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
GOOD = zipped(("a.xml", AGGREGATE))
ZIPS = [
    ("deflated", GOOD, [("a.xml", AGGREGATE)]),
    ("stored", zipped(("a.xml", AGGREGATE), method=zipfile.ZIP_STORED), [("a.xml", AGGREGATE)]),
    ("several files and a folder", zipped(("in/", b""), *TWO_FILES), TWO_FILES),
    ("sizes behind the data", streamed("a.xml", AGGREGATE), [("a.xml", AGGREGATE)]),
    ("zip64", zip64("a.xml", AGGREGATE), [("a.xml", AGGREGATE)]),
    ("octets before the archive", b"MZ this unpacks itself" + GOOD, [("a.xml", AGGREGATE)]),
    ("names that lead elsewhere", zipped(*ELSEWHERE), ELSEWHERE),
    ("a size in the directory that is too great", patched(GOOD, (CENTRAL, 24, b"\xff\xff")), [("a.xml", AGGREGATE)]),
    (
        "a file without a name",
        patched(zipped(("a.x", AGGREGATE)), (LOCAL, 26, b"\0\0\3\0"), (CENTRAL, 28, b"\0\0\3\0")),
        [("", AGGREGATE)],
    ),
    ("nothing", zipped(), []),
]


@pytest.mark.parametrize(("what", "octets", "files"), ZIPS, ids=[row[0] for row in ZIPS])
def test_zip_is_unpacked(what: str, octets: bytes, files: list[tuple[str, bytes]]) -> None:
    assert inside(octets) == files


BROKEN_ZIPS = [
    ("it breaks off in the data", GOOD[:200], "damaged"),
    ("it breaks off in the directory", GOOD[:-30], "damaged"),
    ("it is its beginning alone", b"PK\x03\x04" + bytes(30), "damaged"),
    ("a member is encrypted", patched(GOOD, (LOCAL, 6, b"\1"), (CENTRAL, 8, b"\1")), "encrypted"),
    ("a member is packed by bzip2", zipped(("a.xml", AGGREGATE), method=zipfile.ZIP_BZIP2), "method 12"),
    ("a member is packed by LZMA", zipped(("a.xml", AGGREGATE), method=zipfile.ZIP_LZMA), "method 14"),
    ("the checksum is another", patched(GOOD, (CENTRAL, 16, b"\0\0\0\0")), "CRC"),
    ("the size is smaller than the data", patched(GOOD, (CENTRAL, 24, b"\x10\0\0\0")), "CRC"),
    ("the compressed size is smaller than the data", patched(GOOD, (CENTRAL, 20, b"\x10\0\0\0")), "damaged"),
    ("the two headers give other names", patched(GOOD, (CENTRAL, 46, b"b")), "differ"),
    ("the directory is said to lie before the beginning", patched(GOOD, (END, 12, b"\xff\xff\xff\x7f")), "damaged"),
    ("the data of the first file are junk", patched(GOOD, (LOCAL, 40, b"\xff" * 60)), "damaged"),
    ("a version of zip of the future", patched(GOOD, (CENTRAL, 6, b"\xff")), "damaged"),
    ("a name that is not the UTF-8 it says", patched(GOOD, (CENTRAL, 8, b"\0\x08"), (CENTRAL, 46, b"\xff")), "damaged"),
]


@pytest.mark.parametrize(("what", "octets", "why"), BROKEN_ZIPS, ids=[row[0] for row in BROKEN_ZIPS])
def test_broken_zip_is_refused(what: str, octets: bytes, why: str) -> None:
    with pytest.raises(ReportError, match=why) as refused:
        inside(octets)
    assert not isinstance(refused.value, BudgetError)


def test_one_broken_member_leaves_the_others() -> None:
    octets = patched(zipped(("a", AGGREGATE), ("b", b"<b/>")), (LOCAL, 40, b"\xff" * 60))
    found = members(io.BytesIO(octets), Meter(DEFAULT_BUDGET), outermost=True)
    with pytest.raises(ReportError):
        list(next(found)[1])
    assert [(name, b"".join(chunks)) for name, chunks in found] == [("b", b"<b/>")]


def overlapping(count: int) -> bytes:
    """An archive of many files that are all the same octets of it, as in a zip bomb."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = deflate.compress(bytes(1_000_000)) + deflate.flush()
    both = struct.pack("<HHHHIIIHH", 0, 8, 0, 0, zlib.crc32(bytes(1_000_000)), len(packed), 1_000_000, 1, 0)
    local = LOCAL + b"\x14\0" + both + b"a" + packed
    directory = (CENTRAL + b"\x14\0\x14\0" + both + bytes(14) + b"a") * count
    return local + directory + END + struct.pack("<IHHIIH", 0, count, count, len(directory), len(local), 0)


ZIP_BOMBS = [
    ("members that share octets", overlapping(2), DEFAULT_BUDGET, "overlap"),
    ("more files than the budget", zipped(*((str(number), b"x") for number in range(30))), Budget(files=20), "20 files"),
    ("a directory without an end", overlapping(60_000), DEFAULT_BUDGET, "directory"),
    ("a ratio above the budget", zipped(("a", bytes(400_000))), Budget(ratio=100, ratio_free=1000), "100 times"),
    ("more octets than the budget", zipped(("a", bytes(400_000))), Budget(octets=300_000), "300000 octets"),
]


@pytest.mark.parametrize(("what", "octets", "budget", "why"), ZIP_BOMBS, ids=[row[0] for row in ZIP_BOMBS])
def test_zip_bombs_are_stopped(what: str, octets: bytes, budget: Budget, why: str) -> None:
    with pytest.raises(BudgetError, match=why):
        inside(octets, budget)


@given(st.data())
def test_spoilt_zip_is_content_or_a_refusal(data: st.DataObject) -> None:
    octets = bytearray(zipped(("a.xml", AGGREGATE), ("b.json", b"{}")))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(octets) - 1))
        octets[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    with contextlib.suppress(ReportError):
        inside(bytes(octets))


@given(st.binary(max_size=3000), st.integers(1, 200), st.sampled_from([b"\n", b"\r\n", b"", b" \t*", b"\n!\n"]))
def test_base64_comes_back_however_it_is_broken(content: bytes, size: int, junk: bytes) -> None:
    text = base64.encodebytes(content).replace(b"\n", junk)
    assert b"".join(unbase64(text[at : at + size] for at in range(0, len(text), size))) == content


BASE64 = [
    ("padding that is missing", b"PGE+eDwvYT4", b"<a>x</a>"),
    ("pieces that were encoded one by one", b"PGE+\neA==\nPC9hPg==\n", b"<a>x</a>"),
    ("six bits too many", b"PGE+PC9hPgA", b"<a></a>\0"),
    ("a lone last letter", b"PGE+A", b"<a>"),
    ("nothing but padding", b"====", b""),
]


@pytest.mark.parametrize(("what", "text", "content"), BASE64, ids=[row[0] for row in BASE64])
def test_careless_base64_is_decoded(what: str, text: bytes, content: bytes) -> None:
    assert b"".join(unbase64([text])) == content


def test_base64_of_padding_is_refused() -> None:
    with pytest.raises(ReportError, match="padding"):
        list(unbase64([b"A=" * 1000]))


@given(st.binary(max_size=500))
def test_any_octets_can_be_taken_for_base64(octets: bytes) -> None:
    assert all(unbase64([octets]))


def test_a_stream_is_whole_after_a_look_at_its_head() -> None:
    def chunks() -> Iterator[bytes]:
        yield from (b"ab", b"c" * 5000, b"d")

    head, again = peek(chunks())
    assert head == b"ab" + b"c" * 4094
    assert b"".join(again) == b"ab" + b"c" * 5000 + b"d"


def test_what_is_held_is_bounded() -> None:
    assert hold([b"ab", b"cd"], 4, "the message") == b"abcd"
    with pytest.raises(BudgetError, match="the message has more than 3 octets"):
        hold([b"ab", b"cd"], 3, "the message")
