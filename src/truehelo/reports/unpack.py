"""The streams inside files: gzip (RFC 1952), zip, base64 (RFC 2045 §6.8), within a budget.

Streams stay streams, so that a report of any size costs a chunk of memory. Bombs end in a `BudgetError`: by ratio, by
octets, by number of files, by overlapping members. What a stream is, `sniff` says; what lies in what, `read`.
"""

import binascii
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from truehelo.facts.text import visible
from truehelo.reports.model import Budget, BudgetError, ReportError
from truehelo.reports.sniff import HEAD

CHUNK = 65_536
"""Octets that are read, and that are unpacked, in one go."""
_DIRECTORY = 2**20
_LOCAL_HEADER = 30
_ENCRYPTED = 0x1


class Meter:
    """What one file has cost so far, with everything that lies in it: files, octets read, octets unpacked, time."""

    def __init__(self, budget: Budget, clock: Callable[[], float] | None = None) -> None:
        """Begin at nothing.

        Args:
            budget: What it may cost.
            clock: Seconds, of CPU best; without one time is not watched, since nothing on this floor knows the time.
        """
        self.budget = budget
        self.clock = clock
        self._began: float | None = None
        self._files = self._read = self._unpacked = 0
        self.begin()

    def begin(self, *, watched: bool = True) -> None:
        """Begin a report: each has its own time. It is not `watched` here where whoever reads the stream does it."""
        self._began = self.clock() if self.clock and watched else None

    def file(self) -> None:
        """Count one more file. Raises BudgetError when they are too many."""
        self._files += 1
        if self._files > self.budget.files:
            raise BudgetError(f"it holds more than {self.budget.files} files")

    def read(self, octets: int) -> None:
        """Count octets read of the file as it came. Raises BudgetError when the time is up."""
        self._read += octets
        if self.clock and self._began is not None and self.clock() - self._began > self.budget.seconds:
            raise BudgetError(f"it takes longer than {self.budget.seconds:g} seconds")

    def unpacked(self, octets: int, out: int, taken: int) -> None:
        """Count octets that came out of a stream. Raises BudgetError when they are too many for what went in.

        Args:
            octets: How many came out just now.
            out: How many came out of this stream until now.
            taken: How many went into this stream.
        """
        self._unpacked += octets
        budget = self.budget
        if out > budget.octets:
            raise BudgetError(f"it unpacks to more than {budget.octets} octets")
        # Of the stream, since a small bomb may lie in a large message; of the file, since a bomb may lie in another.
        for many, few in ((out, taken), (self._unpacked, self._read)):
            if many > budget.ratio_free and many > budget.ratio * few:
                raise BudgetError(f"it unpacks to more than {budget.ratio:g} times its size")
        self.read(0)


def chunks_of(file: BinaryIO, meter: Meter) -> Iterator[bytes]:
    """Yield what is left of a file as it came, in chunks. Raises BudgetError when the time is up."""
    while data := file.read(CHUNK):
        meter.read(len(data))
        yield data


def peek(chunks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Return the first octets of a stream, `HEAD` where there are as many, and the whole stream again."""
    first: list[bytes] = []
    size = 0
    for chunk in chunks:
        first.append(chunk)
        size += len(chunk)
        if size >= HEAD:
            break
    head = b"".join(first)
    return head[:HEAD], _again(head, chunks)


def _again(head: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    if head:
        yield head
    yield from chunks


def hold(chunks: Iterable[bytes], limit: int, what: str) -> bytes:
    """Return a stream whole. Raises BudgetError above `limit` octets; `what` is what it is, such as "the message"."""
    held = bytearray()
    for chunk in chunks:
        held += chunk
        if len(held) > limit:
            raise BudgetError(f"{what} has more than {limit} octets")
    return bytes(held)


def gunzip(chunks: Iterable[bytes], meter: Meter) -> Iterator[bytes]:
    """Unpack gzip data of one or several members (RFC 1952 §2.2); what follows the last member is passed over.

    Args:
        chunks: The compressed octets; none of the chunks is empty.
        meter: What is counted against.

    Yields:
        Octets, at most `CHUNK` at a time.

    Raises:
        ReportError: They break off, or are damaged.
        BudgetError: They are too many.
    """
    source, rest, out, taken = iter(chunks), b"", 0, 0
    while True:
        inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        while not inflater.eof:
            data = rest or next(source, b"")
            taken += len(data)
            try:
                piece = inflater.decompress(data, CHUNK)
            except zlib.error as error:
                raise ReportError("the gzip data are damaged", f"after {out} octets of content") from error
            rest = inflater.unconsumed_tail
            taken -= len(rest)
            if piece:
                out += len(piece)
                meter.unpacked(len(piece), out, taken)
                yield piece
            elif not data:
                raise ReportError("the gzip data break off", f"after {out} octets of content")
        rest = inflater.unused_data
        while len(rest) < 2 and (more := next(source, b"")):
            rest += more
        if not rest.startswith(b"\x1f\x8b"):
            return
        meter.file()  # another member: a file of 20 megabytes has room for a million empty ones


class _Seekable:
    """The file under a zip archive: what the archive says of itself cannot make it read much, or seek before its start."""

    def __init__(self, file: BinaryIO, meter: Meter | None) -> None:
        self._file, self._meter = file, meter

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(min(size, _DIRECTORY + 1) if size >= 0 else _DIRECTORY + 1)
        if len(data) > _DIRECTORY:
            raise BudgetError(f"the directory of the zip archive has more than {_DIRECTORY} octets")
        if self._meter:
            self._meter.read(len(data))
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        if whence == 0 and offset < 0:
            raise BadZipFile("something lies before the beginning of the archive")
        if whence == 2:
            offset = max(offset, -self._file.seek(0, 2))
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def seekable(self) -> bool:
        return True


# What zipfile raises on archives that are damaged or forged, beside BadZipFile.
_BROKEN = (BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, OverflowError, struct.error, zlib.error)


def members(file: BinaryIO, meter: Meter, *, outermost: bool) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Yield the files in a zip archive: name (for people; it may be anything), and the octets, to be read at once.

    Args:
        file: The archive, seekable.
        meter: What is counted against.
        outermost: Whether this is the file as it came, whose octets are what the ratio is taken of.

    Raises:
        ReportError: The archive cannot be read. What is wrong with one member is raised when its octets are read.
        BudgetError: The archive is a bomb.
    """
    try:
        with ZipFile(_Seekable(file, meter if outermost else None)) as archive:
            infos = archive.infolist()
            _refuse_bombs(infos, archive.start_dir, meter.budget)
            for info in infos:
                if not info.filename.endswith("/"):  # `is_dir` falls over where there is no name
                    meter.file()
                    yield info.filename, _unzip(archive, info, meter)
    except _BROKEN as error:
        raise ReportError(f"the zip archive is damaged: {_words(error)}") from error


def _words(error: Exception) -> str:
    """What zipfile says, as part of a sentence: it may quote names of members."""
    return visible(str(error), 200).rstrip(".!") or "it cannot be made sense of"


def _refuse_bombs(infos: list[ZipInfo], directory: int, budget: Budget) -> None:
    """Refuse an archive whose members share octets: so a small file would unpack to any size. Raises BudgetError."""
    if len(infos) > budget.files:
        raise BudgetError(f"it holds more than {budget.files} files")
    end = directory
    for info in sorted(infos, key=attrgetter("header_offset"), reverse=True):
        if info.header_offset + _LOCAL_HEADER + info.compress_size > end:
            raise BudgetError("members of the zip archive overlap each other, as in a zip bomb")
        end = info.header_offset


def _unzip(archive: ZipFile, info: ZipInfo, meter: Meter) -> Iterator[bytes]:
    if info.flag_bits & _ENCRYPTED:
        raise ReportError("the member of the zip archive is encrypted; unpack it first")
    if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise ReportError(f"the member of the zip archive is packed by method {info.compress_type}; unpack it first")
    out = 0
    try:
        with archive.open(info) as member:
            while piece := member.read(CHUNK):
                out += len(piece)
                meter.unpacked(len(piece), out, info.compress_size)
                yield piece
    except _BROKEN as error:
        where = f"after {out} octets of content"
        raise ReportError(f"the member of the zip archive is damaged: {_words(error)}", where) from error


_NO_BASE64 = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="))


def unbase64(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Decode base64 (RFC 2045 §6.8): what is not of its alphabet is passed over, padding may be missing, or within.

    Raises:
        ReportError: It is padding for the most part.
    """
    rest = b""
    for chunk in chunks:
        if chunk.count(b"=") > 256 + len(chunk) // 32:
            raise ReportError("the base64 text is padding for the most part")
        *closed, rest = (rest + chunk.translate(None, _NO_BASE64)).split(b"=")
        decoded = b"".join(_quads(text, len(text)) for text in closed)
        whole = len(rest) & ~3
        decoded += _quads(rest, whole)
        rest = rest[whole:]
        if decoded:
            yield decoded
    if decoded := _quads(rest, len(rest)):
        yield decoded


def _quads(text: bytes, size: int) -> bytes:
    """Decode the first `size` octets of text; a lone last one, six bits, says nothing."""
    size -= size % 4 == 1
    return binascii.a2b_base64(text[:size] + b"=" * (-size % 4))
