"""What octets are, told by how they begin: names and media types are hints for people alone.

Does not know what a report is, and unpacks nothing (`unpack`).
"""

import re
from enum import StrEnum

HEAD = 4096
"""Octets from which is told what they are the beginning of."""


class Kind(StrEnum):
    """What octets begin like."""

    GZIP = "gzip"
    ZIP = "zip"
    XML = "XML"
    JSON = "JSON"
    MAIL = "a message"
    BASE64 = "base64"
    OTHER = "other"


_MAGIC = (
    (b"\x1f\x8b", Kind.GZIP, ""),
    (b"PK\x03\x04", Kind.ZIP, ""),
    (b"PK\x05\x06", Kind.ZIP, ""),
    (b"PK\x07\x08", Kind.OTHER, "one part of a zip archive in several parts; join them first"),
    (b"BZh", Kind.OTHER, "a bzip2 file; unpack it first"),
    (b"\xfd7zXZ\x00", Kind.OTHER, "an xz file; unpack it first"),
    (b"(\xb5/\xfd", Kind.OTHER, "a Zstandard file; unpack it first"),
    (b"7z\xbc\xaf'\x1c", Kind.OTHER, "a 7z archive; unpack it first"),
    (b"Rar!", Kind.OTHER, "a RAR archive; unpack it first"),
    (b"\xd0\xcf\x11\xe0", Kind.OTHER, "a file of Outlook or Office; save the message as .eml first"),
    (b"x\x9f>\x22", Kind.OTHER, "winmail.dat, what Outlook makes of attachments; let the mail be sent as MIME"),
    (b"\xff\xfe\x00\x00", Kind.OTHER, "UTF-32, which no reporter writes"),
    (b"\x00\x00\xfe\xff", Kind.OTHER, "UTF-32, which no reporter writes"),
    (b"%PDF", Kind.OTHER, "a PDF document"),
    (b"\x89PNG", Kind.OTHER, "an image"),
    (b"\xff\xd8\xff", Kind.OTHER, "an image"),
    (b"GIF8", Kind.OTHER, "an image"),
)
_TEXTS = (
    (re.compile(rb"<"), Kind.XML),
    (re.compile(rb"[{[]"), Kind.JSON),
    # How base64 of gzip, of zip, of "<?xml", of "<feed" and of "{" begins.
    (re.compile(rb"(?:H4sI|UEsD|PD94|PGZl|ew|ey)[A-Za-z0-9+/\r\n]{56}"), Kind.BASE64),
    (re.compile(rb"(?:>?From [^\n]{1,998}\n)?[!-9;-~]{1,76}[ \t]*:"), Kind.MAIL),
)


def sniff(head: bytes) -> tuple[Kind, str]:
    """Tell what octets are.

    Args:
        head: The first octets, `HEAD` of them where there are as many.

    Returns:
        The kind, and for OTHER what it looks like, in words that follow "it is".
    """
    for magic, kind, words in _MAGIC:
        if head.startswith(magic):
            return kind, words
    text = plain(head)
    for shape, kind in _TEXTS:
        if shape.match(text):
            return kind, ""
    return Kind.OTHER, "neither XML, JSON, a message, gzip nor zip" if head else "empty"


def plain(head: bytes) -> bytes:
    """Return a head without byte order mark, leading white space, and the empty halves of UTF-16."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in head[:2]:
        head = head.removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff").replace(b"\0", b"")
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()
