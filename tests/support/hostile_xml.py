"""XML that is meant to cost more than it is worth, as the octets come: each is to be refused soon, in little memory."""

from collections.abc import Callable, Iterator

from support.aggregate import METADATA, OPENING, POLICY, RECORD, REPORT

MB = 2**20
CHUNK = 65_536
_HEAD = f"{OPENING}{METADATA}{POLICY}"
_ROW = "<record><row><source_ip>192.0.2.1</source_ip><count>1</count>"


def flood(start: str, pattern: str | bytes, megabytes: float, end: str = "") -> Iterator[bytes]:
    """A pattern again and again, between a start and an end."""
    yield start.encode()
    octets = pattern.encode() if isinstance(pattern, str) else pattern
    block = octets * max(1, CHUNK // len(octets))
    for _ in range(int(megabytes * MB / len(block)) + 1):
        yield block
    yield end.encode()


def once(text: str | bytes) -> Iterator[bytes]:
    """All at once."""
    yield text.encode() if isinstance(text, str) else text


def _typed(subset: str, use: str = "&x;") -> Iterator[bytes]:
    return once(f'<?xml version="1.0"?><!DOCTYPE feedback {subset}>' + REPORT.split("\n", 1)[1].replace("Receiver", use))


def _laughs() -> Iterator[bytes]:
    entities = "".join(f'<!ENTITY x{n} "{f"&x{n - 1};" * 10}">' for n in range(1, 10))
    return _typed(f'[<!ENTITY x0 "lol">{entities}]', "&x9;")


def _named() -> Iterator[bytes]:
    yield _HEAD.encode()
    for start in range(0, 1_000_000, 5_000):
        yield "".join(f"<x{number}/>" for number in range(start, start + 5_000)).encode()


def _drop_by_drop(chunks: Iterator[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        for octet in chunk:
            yield bytes((octet,))


HOSTILE: dict[str, Callable[[], Iterator[bytes]]] = {
    "entities of entities (a billion laughs)": _laughs,
    "one long entity, used often (quadratic blowup)": lambda: _typed(f'[<!ENTITY x "{"y" * 50_000}">]', "&x;" * 50_000),
    "an entity of a local file": lambda: _typed('[<!ENTITY x SYSTEM "file:///etc/passwd">]'),
    "an entity of another host": lambda: _typed('[<!ENTITY x SYSTEM "http://192.0.2.1/x">]'),
    "parameter entities of another host": lambda: _typed('[<!ENTITY % x SYSTEM "http://192.0.2.1/x.dtd">%x;]', ""),
    "a document type of another host": lambda: _typed('SYSTEM "http://192.0.2.1/feedback.dtd"', ""),
    "attributes by default for every element": lambda: _typed(
        "[<!ATTLIST row " + "".join(f'a{number} CDATA "{"v" * 90}" ' for number in range(2000)) + ">]", ""
    ),
    "a document type in UTF-16": lambda: once(b"".join(_laughs()).decode().encode("utf-16")),
    "a document type after megabytes of blank": lambda: flood("", " \n", 30, b"".join(_laughs()).decode()[21:]),
    "a document type that does not end": lambda: flood('<!DOCTYPE feedback [<!ENTITY x "', "y", 50),
    "an entity that nobody declared": lambda: once(REPORT.replace("Receiver", "&x;")),
    "elements in elements, a million deep": lambda: flood(_HEAD + "<record>", "<a>", 3),
    "records in records": lambda: flood(_HEAD, "<record>", 8),
    "a text of 50 megabytes": lambda: flood(_HEAD + "<record><x>", "text ", 50, "</x></record></feedback>"),
    "a text of character references": lambda: flood(_HEAD + "<record><x>", "&#65;", 50, "</x></record></feedback>"),
    "a count of a million digits": lambda: flood(
        _HEAD + "<record><row><count>", "9", 1, "</count></row></record></feedback>"
    ),
    "an attribute of 50 megabytes": lambda: flood(_HEAD + '<record a="', "value ", 50),
    "an element of 100,000 attributes": lambda: once(
        _HEAD + "<record" + "".join(f' a{n}="x"' for n in range(100_000)) + ">"
    ),
    "names of namespaces without end": lambda: flood(_HEAD, "<record xmlns:a='urn:a' xmlns:b='urn:b'>", 8),
    "a tag that does not end": lambda: flood(_HEAD + "<record", "d", 50),
    "a comment that does not end": lambda: flood(_HEAD + "<!--", " comment", 50),
    "a comment of records": lambda: flood(_HEAD + "<!--", "<record>", 0.2, "--></feedback>"),
    "a comment that does not end, octet by octet": lambda: _drop_by_drop(flood(_HEAD + "<!--", " comment", 1.75)),
    "an instruction that does not end": lambda: flood(_HEAD + "<?x", " instruction", 50),
    "a CDATA section that does not end": lambda: flood(_HEAD + "<record><x><![CDATA[", "<record>", 50),
    "a record of empty elements": lambda: flood(_HEAD + "<record>", "<x/>", 8, "</record></feedback>"),
    "a record of signatures": lambda: flood(
        _HEAD + _ROW + "</row><auth_results>", "<dkim><domain>a.example</domain></dkim>", 8
    ),
    "empty elements beside the records": lambda: flood(_HEAD, "<x/>", 8, "</feedback>"),
    "elements of a million names": _named,
    "text between the records": lambda: flood(_HEAD, "<!---->word", 8),
    "blank without end": lambda: flood(_HEAD, " " * 64, 60),
    "rows that no record ends": lambda: flood(_HEAD, _ROW, 8),
    "thousands of bad records alone": lambda: flood(
        _HEAD, "<record><row><count>1</count></row></record>", 0.1, "</feedback>"
    ),
    "policies without end": lambda: flood(OPENING + METADATA, POLICY, 8),
    "errors without end": lambda: flood(_HEAD + "<report_metadata>", "<error>e</error>", 8),
    "NULs in the place of octets": lambda: flood(_HEAD, b"\0", 50),
    "NULs between the octets": lambda: once(b"\0\0".join(bytes((octet,)) for octet in REPORT.encode())),
    "octets of no encoding in a tag": lambda: flood(_HEAD + "<", b"\xff\xfe\xc0\x80", 8),
    "UTF-8 that becomes UTF-16": lambda: once(_HEAD.encode() + (RECORD * 20_000 + "</feedback>").encode("utf-16-le")),
    "UTF-16 that becomes UTF-8": lambda: once(_HEAD.encode("utf-16") + (RECORD * 20_000 + "</feedback>").encode()),
    "a report that breaks off in a letter": lambda: once((_HEAD + RECORD * 2000 + "<record><x>é").encode()[:-1]),
    "a report that breaks off in a record": lambda: once(REPORT.replace(RECORD, RECORD * 20_000)[:-300]),
    "a second report after the first": lambda: flood(REPORT, REPORT, 8),
}
