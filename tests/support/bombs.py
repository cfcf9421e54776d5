"""Files that are meant to cost more than they are worth: bombs, floods, forged archives. Made here, small in themselves."""

import gzip
import json
import struct
import zlib
from collections.abc import Callable

from support.reportmail import AGGREGATE, FEEDBACK, HEADER, mail, part, single, tls_json, zipped

LOCAL, CENTRAL, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
MB = 2**20
_FEEDBACK = AGGREGATE[: AGGREGATE.index(b"<report_metadata>")]


def _deflated(pattern: bytes, megabytes: int, start: bytes, wbits: int) -> bytes:
    """Many megabytes that repeat, deflated: one block, again and again. A checksum at the end is wrong."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, wbits)
    begin = deflate.compress(start) + deflate.flush(zlib.Z_FULL_FLUSH)
    block = deflate.compress(pattern * (8 * MB // len(pattern))) + deflate.flush(zlib.Z_FULL_FLUSH)
    return begin + block * (megabytes // 8) + deflate.flush()


def flood(pattern: bytes, megabytes: int, start: bytes = b"") -> bytes:
    """Gzip of many megabytes that repeat."""
    return _deflated(pattern, megabytes, start, 31)


def zip_flood(pattern: bytes, megabytes: int, start: bytes = b"") -> bytes:
    """A zip archive of one file of many megabytes that repeat."""
    packed = _deflated(pattern, megabytes, start, -15)
    size = len(start) + megabytes // 8 * (8 * MB // len(pattern) * len(pattern))
    return _archive(_local(0, len(packed), size) + packed, [(0, len(packed), size, 0)])


def _directory(entries: list[tuple[int, int, int, int]]) -> bytes:
    """Entries of a directory: checksum, compressed size, size, and where the local header is. All have the name "a"."""
    return b"".join(
        CENTRAL + struct.pack("<HHHHHHIIIHHHHHII", 20, 20, 0, 8, 0, 0, crc, packed, size, 1, 0, 0, 0, 0, 0, offset) + b"a"
        for crc, packed, size, offset in entries
    )


def _local(crc: int, packed: int, size: int) -> bytes:
    return LOCAL + struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 0, crc, packed, size, 1, 0) + b"a"


def _archive(body: bytes, entries: list[tuple[int, int, int, int]]) -> bytes:
    directory, count = _directory(entries), min(len(entries), 65_535)
    return body + directory + END + struct.pack("<HHHHIIH", 0, 0, count, count, len(directory), len(body), 0)


def overlapping(count: int, megabytes: int = 1) -> bytes:
    """A zip archive of many files that are all the same octets."""
    content = bytes(megabytes * MB)
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = deflate.compress(content) + deflate.flush()
    entry = (zlib.crc32(content), len(packed), len(content), 0)
    return _archive(_local(*entry[:3]) + packed, [entry] * count)


def quoting(count: int) -> bytes:
    """A zip archive each of whose files is all that follow it, their local headers quoted (D. Fifield's zip bomb)."""
    content = bytes(MB)
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = deflate.compress(content) + deflate.flush()
    inner, packed = content, body
    entries = []
    for _ in range(count):
        header = _local(zlib.crc32(inner), len(packed), len(inner))
        body = header + packed
        entries.append((zlib.crc32(inner), len(packed), len(inner), len(body)))
        inner, packed = header + inner, b"\0" + struct.pack("<HH", len(header), len(header) ^ 0xFFFF) + body
    return _archive(body, [(crc, size, length, len(body) - back) for crc, size, length, back in entries])


def nested_zips(levels: int, each: int) -> bytes:
    """Archives of archives, as 42.zip is."""
    made = zip_flood(b"\0", 16)
    for _ in range(levels):
        made = zipped(*((f"{number}.zip", made) for number in range(each)))
    return made


def nested_mails(levels: int) -> bytes:
    """Messages within messages."""
    made = single(part(AGGREGATE, "text/xml"))
    for level in range(levels):
        made = mail(part(made, "message/rfc822", encoding=""), boundary=f"b{level}")
    return made


def nested_parts(levels: int) -> bytes:
    """A message of multiparts within multiparts."""
    opened = b"".join(b'--%d\nContent-Type: multipart/mixed; boundary="%d"\n\n' % (at, at + 1) for at in range(levels))
    return HEADER + b'Content-Type: multipart/mixed; boundary="0"\n\n' + opened


def repeated(octets: bytes, megabytes: int) -> bytes:
    """Octets as often as they go into some megabytes."""
    return octets * (megabytes * MB // len(octets))


def zip64_lie() -> bytes:
    """A zip archive whose one file says that it has an exabyte."""
    extra = struct.pack("<HHQQ", 1, 16, 2**60, 2**60)
    central = CENTRAL + struct.pack(
        "<HHHHHHIIIHHHHHII", 45, 45, 0, 8, 0, 0, 0, 2**32 - 1, 2**32 - 1, 1, len(extra), 0, 0, 0, 0, 0
    )
    directory = central + b"a" + extra
    body = _local(0, 100, 100) + bytes(100)
    return body + directory + END + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(directory), len(body), 0)


_MIXED = b'Content-Type: multipart/mixed; boundary="b"\n\n'
_MANY = b"".join(b"; name*%d*=utf-8''%%41" % at for at in range(2000))
_WORDS = b"Subject: " + b"=?utf-8?b?QQ==?= " * 15_000

BOMBS: dict[str, Callable[[], bytes]] = {
    "gzip of a gigabyte of zeros": lambda: flood(b"\0", 1024),
    "gzip of a gigabyte of spaces in XML": lambda: flood(b" ", 1024, _FEEDBACK),
    "gzip of a gigabyte of comments in XML": lambda: flood(b"<!-- x -->" * 16 + b"      ", 1024, _FEEDBACK),
    "gzip of a gigabyte of empty elements in XML": lambda: flood(b"<a></a>\n", 1024, _FEEDBACK),
    "gzip of a gigabyte of spaces in JSON": lambda: flood(b" ", 1024, b'{"policies": '),
    "gzip of a gigabyte of header": lambda: flood(b"a", 1024, b"Subject: "),
    "gzip of gzip of gigabytes of zeros": lambda: gzip.compress(flood(b"\0", 512) * 8),
    "gzip of gzip of gigabytes in XML": lambda: gzip.compress(flood(b"\n", 1024, _FEEDBACK)),
    "gzip in gzip in gzip in gzip": lambda: gzip.compress(gzip.compress(gzip.compress(gzip.compress(AGGREGATE)))),
    "gzip of a million empty members": lambda: gzip.compress(b"") * 1_000_000,
    "gzip that breaks in the middle": lambda: flood(b"\0", 256, AGGREGATE.replace(b"</feedback>", b""))[:-100],
    "zip of a gigabyte of zeros": lambda: zip_flood(b"\0", 1024),
    "zip of a gigabyte of spaces in XML": lambda: zip_flood(b" ", 1024, _FEEDBACK),
    "zip of files that are the same octets": lambda: overlapping(900, 16),
    "zip of files that quote each other": lambda: quoting(250),
    "zip of zip of zip of zip of zip (42.zip)": lambda: nested_zips(4, 16),
    "zip of half a million names": lambda: overlapping(500_000),
    "zip of five thousand files": lambda: zipped(*((str(at), b"") for at in range(5000))),
    "zip whose file says it has an exabyte": zip64_lie,
    "zip that is its directory alone": lambda: _archive(b"PK\x03\x04", [(0, 2**31, 2**31, 2**31)]),
    "zip of zip of 40 megabytes": lambda: zipped(("a.zip", b"PK\x03\x04" + bytes(40 * MB))),
    "a message of ten thousand parts": lambda: mail(*[b"\nx"] * 10_000),
    "a message of multiparts a thousand deep": lambda: nested_parts(1000),
    "messages in messages": lambda: nested_mails(50),
    "a message with a header of 20 megabytes": lambda: b"Subject: " + repeated(b"a", 20) + b"\n\nx",
    "a message with a header of 20 megabytes of lines": lambda: repeated(b"A: b\n", 20),
    "a message of 40 megabytes": lambda: HEADER + b"\n" + repeated(b"x", 40),
    "a message with a zip bomb": lambda: mail(part(overlapping(900), "application/zip", "a.zip")),
    "a message with a gzip bomb": lambda: mail(part(flood(b" ", 1024, _FEEDBACK), "application/gzip", "a.gz")),
    "a message of boundaries in one line": lambda: HEADER + _MIXED + repeated(b"--b", 30),
    "a message of boundaries that are none": lambda: HEADER + _MIXED + repeated(b"--bx\n", 30),
    "a message of empty lines": lambda: HEADER + _MIXED + repeated(b"\n", 30),
    "a message of spaces for an empty line": lambda: HEADER + repeated(b" ", 30),
    "a message with a type of thousands of parameters": lambda: b"Content-Type: a/b" + _MANY + b"\n\nx",
    "a message with thousands of encoded words": lambda: _WORDS + b"\n\nx",
    "a message of base64 that is padding": lambda: single(
        b"Content-Type: application/gzip\nContent-Transfer-Encoding: base64\n\n" + repeated(b"=", 30)
    ),
    "a message of quoted-printable without an end": lambda: single(
        b"Content-Type: text/xml\nContent-Transfer-Encoding: quoted-printable\n\n" + repeated(b"=", 30)
    ),
    "a failure report of 20 megabytes of fields": lambda: mail(
        part(FEEDBACK.replace(b"auth-failure", b"abuse") + repeated(b"A: b\n", 20), "message/feedback-report", encoding="")
    ),
    "a failure report of quotes": lambda: mail(
        part(
            b"Feedback-Type: abuse\nOriginal-Mail-From: " + b'\\"' * 100_000 + b"\n", "message/feedback-report", encoding=""
        )
    ),
    "JSON of lists in lists": lambda: repeated(b"[", 7),
    "JSON of empty objects": lambda: b"[" + repeated(b"{},", 7) + b"{}]",
    "JSON of numbers": lambda: b'{"policies": [' + repeated(b"1e1,", 7) + b"1]}",
    "JSON of commas": lambda: b"[" + repeated(b",", 7),
    "JSON of a text that does not end": lambda: b'{"policies": "' + repeated(b'\\"', 7),
    "JSON of a number of megabytes": lambda: b'{"policies": ' + repeated(b"1", 7) + b"}",
    "JSON of names": lambda: b"{" + b",".join(b'"%d": 1' % at for at in range(500_000)) + b"}",
    "JSON of bad policies": lambda: tls_json(policies=[3] * 149_000),
    "JSON of entries in another script": lambda: json.dumps(
        {"policies": ["\U0001f4e8" * 10] * 100_000}, ensure_ascii=False
    ).encode(),
}
"""Name to what makes it. Each is to be refused in under a second of CPU and 100 MB."""
