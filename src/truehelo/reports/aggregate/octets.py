"""The octets of a report as UTF-8: byte order marks, UTF-16, encodings declared rightly or wrongly (XML 1.0 §4.3.3).

Reporters declare one encoding and write another, so the octets decide: what is UTF-8 is read as UTF-8, an octet that is not
is read as windows-1252. The XML declaration is taken off, since it has nothing more to say. Does not read XML.
"""

import codecs
import re

from truehelo.reports.aggregate import dialects

FRONT = 1024
"""So many octets are waited for before the XML declaration is looked for; it must end within them."""

_LEADING = re.compile(rb"(?:\xef\xbb\xbf|[ \t\r\n]+)*")
_DECLARATION = re.compile(
    rb"<\?xml\s+version\s*=\s*(?:'1\.[0-9]'|\"1\.[0-9]\")"
    rb"(?:\s+encoding\s*=\s*(?:'[A-Za-z][\w.-]*'|\"[A-Za-z][\w.-]*\"))?"
    rb"(?:\s+standalone\s*=\s*(?:'(?:yes|no)'|\"(?:yes|no)\"))?\s*\?>"
)
_ENCODING = re.compile(rb"encoding\s*=\s*[\"']?([\w.:-]{1,40})")

_UTF_8 = frozenset({"utf-8", "utf8", "us-ascii", "ascii", ""})
_WESTERN = frozenset(
    {"iso-8859-1", "iso8859-1", "iso_8859-1", "iso-8859-15", "latin1", "latin-1", "windows-1252", "cp1252"}
)
_WIDE = frozenset({"utf-16", "utf-16le", "utf-16be", "utf16", "ucs-2", "unicode"})
_OTHERS = frozenset(
    {f"iso-8859-{number}" for number in (2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 16)}
    | {f"windows-125{number}" for number in (0, 1, 3, 4, 5, 6, 7, 8)}
    | {"koi8-r", "koi8-u", "gb2312", "gbk", "gb18030", "big5", "shift_jis", "euc-jp", "euc-kr"}
)
"""Encodings in which "<" is one octet, read as they are declared."""

_NOT_UTF_8 = "truehelo.windows-1252"


def _western(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error(_NOT_UTF_8, _western)


class Octets:
    """Turns the octets of one report into UTF-8 without an XML declaration, piece by piece.

    `dialects` names what was odd so far; `skipped` is how many octets were taken off in front.
    """

    def __init__(self) -> None:
        """Begin."""
        self.dialects: set[str] = set()
        self.skipped = 0
        self._held = b""
        self._wide: codecs.IncrementalDecoder | None = None
        self._other: codecs.IncrementalDecoder | None = None
        self._declared = ""
        self._begun = self._past_front = self._blank = False

    def feed(self, piece: bytes, *, final: bool = False) -> bytes:
        """Take the next octets and give what can be read by now."""
        if not self._begun:
            piece = self._held + piece
            if len(piece) < 4 and not final:
                self._held = piece
                return b""
            self._held, self._begun = b"", True
            self._begin(piece)
        if self._wide is not None:
            piece = self._wide.decode(piece, final).encode()
        if not self._past_front:
            piece = self._front(piece, final)
        return piece if self._wide is not None else self._narrow(piece, final)

    def _begin(self, piece: bytes) -> None:
        """Look for UTF-16: by its byte order mark, or by the NUL beside the first "<"."""
        marks = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16", b"<\0": "utf-16-le", b"\0<": "utf-16-be"}
        name = marks.get(piece[:2])
        if name:
            self._wide = codecs.getincrementaldecoder(name)(errors="replace")
            self.dialects.add(dialects.UTF_16)

    def _front(self, piece: bytes, final: bool) -> bytes:
        """Take off byte order marks, blank, and the XML declaration; wait until that can be told from what follows."""
        piece = self._held + piece
        leading = _LEADING.match(piece)
        front, bare = (leading[0], piece[leading.end() :]) if leading else (b"", piece)
        if codecs.BOM_UTF8 in front:
            self.dialects.add(dialects.BYTE_ORDER_MARK)
        self._blank = self._blank or bool(front.replace(codecs.BOM_UTF8, b""))
        self.skipped += len(front)
        if len(bare) < FRONT and not final:
            self._held = bare
            return b""
        self._held, self._past_front = b"", True
        end = bare.find(b"?>", 0, FRONT)
        if end < 0 or bare[:5] != b"<?xml" or bare[5:6] not in b"? \t\r\n":
            return bare
        if self._blank:
            self.dialects.add(dialects.LEADING_BLANK)
        self._declaration(bare[: end + 2])
        self.skipped += end + 2
        return bare[end + 2 :]

    def _declaration(self, declaration: bytes) -> None:
        if not _DECLARATION.match(declaration):
            self.dialects.add(dialects.ODD_DECLARATION)
        found = _ENCODING.search(declaration)
        self._declared = found[1].decode("ascii", "replace").lower() if found else ""
        wide = self._wide is not None
        if (wide and self._declared not in _WIDE | {""}) or (not wide and self._declared in _WIDE):
            self.dialects.add(dialects.NOT_AS_DECLARED)
        elif not wide and self._declared in _OTHERS:
            self._other = codecs.getincrementaldecoder(self._declared)(errors="replace")
            self.dialects.add(dialects.OTHER_ENCODING)
        elif self._declared not in _UTF_8 | _WESTERN | _WIDE:
            self.dialects.add(dialects.UNKNOWN_ENCODING)

    def _narrow(self, piece: bytes, final: bool) -> bytes:
        if self._other is not None:
            return self._other.decode(piece, final).encode()
        if not self._held and piece.isascii():
            return piece
        piece = self._held + piece
        try:
            text, used = codecs.utf_8_decode(piece, "strict", final)
            read, universal = piece[:used], text
        except UnicodeDecodeError:
            text, used = codecs.utf_8_decode(piece, _NOT_UTF_8, final)
            read, universal = text.encode(), codecs.utf_8_decode(piece, "ignore", final)[0]
            self.dialects.add(dialects.WINDOWS_1252)
            if self._declared not in _WESTERN:
                self.dialects.add(dialects.NOT_AS_DECLARED)
        if self._declared in _WESTERN and not universal.isascii():
            self.dialects.add(dialects.NOT_AS_DECLARED)
        self._held = piece[used:]
        return read
