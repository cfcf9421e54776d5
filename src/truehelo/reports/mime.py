"""Messages that carry reports: their parts, undecoded until asked for, and what they say around the report.

RFC 5322, RFC 2045 and RFC 2046. The bounds of the parts are found here, since reporters give message/feedback-report a
transfer encoding that RFC 2045 §6.4 forbids, and since a message may not cost more than its own size; the values of header
fields are the standard library's to read. Which part holds a report is not decided here (`read`).
"""

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr, parsedate_tz

from truehelo.facts.text import visible
from truehelo.reports.model import Budget, BudgetError
from truehelo.reports.text import host_name
from truehelo.reports.unpack import CHUNK, unbase64

Fields = tuple[tuple[str, str], ...]
"""Header fields in their order: names in lower case, values unfolded."""

_HEADER_OCTETS = 262_144
_VALUE = 2048
_HEADER_END = re.compile(rb"\n[ \t]*\r?\n")
_NO_HEADER = re.compile(rb"[ \t]*\r?\n")
_LEADING = re.compile(rb"(?:[ \t]*\r?\n)*(?:>?From [^\n]*\n)?")
_PARAMETER = (ValueError, LookupError, TypeError)
"""What the library raises on parameters of RFC 2231: a character set that is none, one name both whole and in pieces."""
_SUBJECT = {
    "report_domain": re.compile(r"report[ -]domain:\s*([^\s:]+)", re.IGNORECASE),
    "submitter": re.compile(r"submitter:\s*([^\s:]+)", re.IGNORECASE),
    "report_id": re.compile(r"report-id:\s*<?([^\s<>]+)", re.IGNORECASE),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What a message says around a report; "" for what it does not say. None of it is proven: whoever sent it wrote it.

    `sender` is the domain of its From. `report_domain`, `submitter` and `report_id` are of the Subject (RFC 7489 §7.2.1.1,
    RFC 8460 §5.3), `date` is seconds since the epoch.
    """

    sender: str = ""
    message_id: str = ""
    report_domain: str = ""
    submitter: str = ""
    report_id: str = ""
    date: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One part that is no multipart. `name` is its file name, for people; it may be anything, or ""."""

    type: str
    name: str
    encoding: str
    body: memoryview

    def chunks(self) -> Iterator[bytes]:
        """Yield its octets, the transfer encoding undone (RFC 2045 §6); none of the chunks is empty."""
        blocks = (bytes(self.body[at : at + CHUNK]) for at in range(0, len(self.body), CHUNK))
        if self.encoding == "base64":
            return unbase64(blocks)
        if self.encoding == "quoted-printable":
            return _unquote(blocks)
        return blocks

    def start(self, octets: int) -> bytes:
        """Return the first octets, the transfer encoding undone."""
        found = b""
        for chunk in self.chunks():
            found += chunk
            if len(found) >= octets:
                break
        return found[:octets]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A message: what it says around, its header fields, and its parts in their order."""

    letter: Letter
    fields: Fields
    leaves: tuple[Leaf, ...]


def read_mail(octets: bytes, budget: Budget) -> Mail:
    """Find the parts of a message.

    Args:
        octets: The message, with or without the line that begins it in an mbox.
        budget: `files` bounds the number of its parts, `depth` how deep they lie in each other.

    Raises:
        BudgetError: It has too many parts, too deep, or a header that is too long.
    """
    begin = len(_LEADING.match(octets)[0])  # type: ignore[index]  # it matches everything
    leaves: list[Leaf] = []
    fields = _part(octets, (begin, len(octets)), budget, leaves, "text/plain", 0)
    return Mail(letter=_letter(fields), fields=fields, leaves=tuple(leaves))


def fields_in(octets: bytes) -> Fields:
    """Return the header fields with which octets begin, up to the first empty line after them."""
    begin = len(_LEADING.match(octets)[0])  # type: ignore[index]
    return _fields(octets[begin : _header_end(octets, begin, len(octets))[0]])


def value(fields: Fields, name: str) -> str:
    """Return the first value of a field, or ""."""
    return next((text for key, text in fields if key == name), "")


def domain_of(address: str) -> str:
    """Return the domain of a mail address as it stands in a header, in canonical form; "" when there is none."""
    try:
        host = parseaddr(address[:_VALUE])[1].rpartition("@")[2] if "@" in address else ""
    except RecursionError:  # comments and groups may lie in each other as deep as anybody likes (RFC 5322 §3.2.2)
        host = ""
    return host_name(host.strip(" \t<>"))


def when(text: str) -> float | None:
    """Return a date of RFC 5322 §3.3 as seconds since the epoch, or None; without a zone it counts as UTC."""
    parsed = parsedate_tz(text[:_VALUE])
    if parsed is None:
        return None
    try:
        return datetime(*parsed[:6], tzinfo=UTC).timestamp() - (parsed[9] or 0)
    except (ValueError, OverflowError):
        return None


def _part(octets: bytes, region: tuple[int, int], budget: Budget, leaves: list[Leaf], default: str, depth: int) -> Fields:
    """Read one part, append what it holds to `leaves`, and return its header fields."""
    if depth > budget.depth:
        raise BudgetError(f"the parts of the message lie more than {budget.depth} deep in each other")
    header_end, begin = _header_end(octets, *region)
    fields = _fields(octets[region[0] : header_end])
    parts: list[tuple[int, int]] = []
    header = Message()
    header["Content-Type"] = value(fields, "content-type")[:_VALUE] or default
    header["Content-Disposition"] = value(fields, "content-disposition")[:_VALUE]
    if header.get_content_maintype() == "multipart" and (boundary := _boundary(header)):
        parts = _split(octets, (begin, region[1]), boundary, budget.files)
    inner = "message/rfc822" if header.get_content_subtype() == "digest" else "text/plain"
    for part in parts:
        _part(octets, part, budget, leaves, inner, depth + 1)
    if not parts:
        if len(leaves) >= budget.files:
            raise BudgetError(f"the message has more than {budget.files} parts")
        encoding = value(fields, "content-transfer-encoding").strip().lower()
        body = memoryview(octets)[begin : region[1]]
        leaves.append(Leaf(type=header.get_content_type(), name=_name(header), encoding=encoding, body=body))
    return fields


def _header_end(octets: bytes, begin: int, end: int) -> tuple[int, int]:
    """Where the header of a part ends, and where its body begins."""
    if (empty := _NO_HEADER.match(octets, begin, end)) is not None:
        return begin, empty.end()
    found = _HEADER_END.search(octets, begin, min(end, begin + _HEADER_OCTETS))
    if found:
        return found.start() + 1, found.end()
    if end - begin > _HEADER_OCTETS:
        raise BudgetError(f"a header of the message has more than {_HEADER_OCTETS} octets")
    return end, end


def _fields(block: bytes) -> Fields:
    found: list[tuple[str, list[str]]] = []
    for line in block.decode("utf-8", "replace").replace("\r", "").split("\n"):
        if line[:1] in (" ", "\t"):
            if found:
                found[-1][1].append(line.strip())
            continue
        name, colon, text = line.partition(":")
        if colon:
            found.append((name.strip().lower(), [text.strip()]))
    return tuple((name, " ".join(texts).strip()) for name, texts in found)


def _boundary(header: Message) -> bytes:
    try:
        boundary = header.get_boundary("")
    except _PARAMETER:
        boundary = ""
    return boundary.encode("utf-8", "replace")


def _name(header: Message) -> str:
    try:
        return visible(header.get_filename(""), 250)
    except _PARAMETER:
        return ""


def _split(octets: bytes, region: tuple[int, int], boundary: bytes, most: int) -> list[tuple[int, int]]:
    """The parts between delimiter lines (RFC 2046 §5.1.1); the last one may want its closing line."""
    delimiter = b"\n--" + boundary
    begin, end = region
    # A boundary may be the beginning of another one, so that there are more such lines than parts, but not without end.
    if octets.count(delimiter, begin, end) > 10 * most:
        raise BudgetError(f"the message has more than {10 * most} lines that begin like a boundary")
    parts: list[tuple[int, int]] = []
    part, at = -1, begin - 1 if octets.startswith(delimiter[1:], begin, end) else octets.find(delimiter, begin, end)
    while at >= 0 or (part < 0 and at == begin - 1):
        line_end = octets.find(b"\n", at + len(delimiter), end)
        line_end = end if line_end < 0 else line_end
        tail = octets[at + len(delimiter) : line_end].strip()
        if tail in (b"", b"--"):
            if part >= 0:
                parts.append((part, max(part, at - (octets[at - 1 : at] == b"\r"))))
            if tail:
                return parts
            if len(parts) >= most:
                raise BudgetError(f"the message has more than {most} parts")
            part = min(line_end + 1, end)
        at = octets.find(delimiter, max(line_end, begin), end)
    if part >= 0:
        parts.append((part, end))
    return parts


def _unquote(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Undo quoted-printable (RFC 2045 §6.7), without a soft line break or an escape falling between two blocks."""
    rest = b""
    for block in blocks:
        data = rest + block
        cut = data.rfind(b"\n") + 1 or data.rfind(b"=", len(data) - 3)
        cut = len(data) if cut < 0 else cut
        rest = data[cut:]
        if decoded := binascii.a2b_qp(data[:cut]):
            yield decoded
    if decoded := binascii.a2b_qp(rest):
        yield decoded


def _letter(fields: Fields) -> Letter:
    subject = _decoded(value(fields, "subject")[:_VALUE])
    said = {key: found[1] for key, pattern in _SUBJECT.items() if (found := pattern.search(subject))}
    domain = value(fields, "tls-report-domain") or said.get("report_domain", "")
    submitter = value(fields, "tls-report-submitter") or said.get("submitter", "")
    return Letter(
        sender=domain_of(value(fields, "from")),
        message_id=visible(value(fields, "message-id").strip("<> "), 250),
        report_domain=host_name(domain),
        submitter=host_name(submitter),
        report_id=visible(said.get("report_id", ""), 250),
        date=when(value(fields, "date")),
    )


def _decoded(text: str) -> str:
    """A header value with its encoded words decoded (RFC 2047), where they can be."""
    try:
        return str(make_header(decode_header(text)))
    except (MessageError, LookupError, ValueError):  # also CharsetError, of a character set with a name that is not ASCII
        return text
