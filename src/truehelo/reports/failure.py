"""Failure reports: what a receiver says of one message that failed (RFC 5965, RFC 6591, RFC 9991 §4).

Accepted beside the RFCs is what reporters really send: a transfer encoding where RFC 2045 §6.4 forbids one, a null
reverse-path left empty, words of their own for the result, a report in plain text alone. Redacted unless told otherwise
(`redact`); Subject, To, Cc and text of the reported message are never kept. Does not say who sent it.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256

from truehelo.facts.address import parse_address
from truehelo.facts.text import visible
from truehelo.reports import redact
from truehelo.reports.mime import Fields, Leaf, Mail, domain_of, fields_in, read_mail, value, when
from truehelo.reports.model import DEFAULT_BUDGET, Budget, FailureReport, ReportError
from truehelo.reports.text import host_name

FEEDBACK = "message/feedback-report"
SAMPLES = frozenset({"message/rfc822", "message/global", "message/rfc822-headers", "text/rfc822-headers", "text/rfc822"})
DIALECTS = (
    "plain text alone",
    "no feedback-type",
    "no auth-failure",
    "no identity-alignment",
    "no reported-domain",
    "no source-ip",
    "a source-ip that is no address",
    "no arrival-date",
    "an arrival-date that is none",
    "a delivery-result of its own",
    "no header of the message",
)
"""How reports depart from RFC 5965 §3.1, RFC 6591 §3.1 and RFC 9991 §4 and are read all the same: every name there is."""
_OCTETS = 262_144
_VALUE = 4096
_MOST_FIELDS = 100

_ADDRESSES = frozenset({"original-mail-from", "original-rcpt-to", "dkim-identity"})
_KEPT = _ADDRESSES | frozenset(
    "feedback-type user-agent version arrival-date received-date source-ip source-port reported-domain reporting-mta"
    " incidents auth-failure delivery-result identity-alignment authentication-results dkim-domain dkim-selector"
    " dkim-selector-dns spf-dns original-envelope-id sender-domain sender-ip-address spf-alignment dkim-alignment"
    " dmarc-results".split()
)
_NEVER = frozenset({"dkim-canonicalized-body", "dkim-canonicalized-header", "subject", "to", "cc"})
# How the message was sent: what each field of it is reduced to.
_HEADERS: dict[str, Callable[[str], str]] = {
    "received": redact.received,
    "received-spf": redact.hide,
    "return-path": domain_of,
    "from": domain_of,
    "dkim-signature": redact.signature,
    "authentication-results": redact.hide,
    "arc-authentication-results": redact.hide,
}
_DELIVERY = frozenset("delivered spam policy reject other".split())  # RFC 6591 §3.2.2
_PLAIN_TEXT = re.compile(r"claiming\s+to\s+be\s+from\s+you\s+has\s+failed\s+the\s+published\s+DMARC\s+policy")
_PLAIN_FIELD = re.compile(r"[ \t]*([A-Za-z]{1,20}(?: [A-Za-z]{1,20}){0,3}):[ \t]*(.*)")
_PLAIN_NAMES = {"sender-domain": "reported-domain", "sender-ip-address": "source-ip", "received-date": "arrival-date"}


def read_failure(octets: bytes, *, redact: bool = True, budget: Budget = DEFAULT_BUDGET) -> FailureReport:
    """Read a message that holds a failure report.

    Args:
        octets: The message.
        redact: Whether local parts and everything that is not known to be harmless are taken out.
        budget: What the message may cost.

    Raises:
        ReportError: It holds none, or one that cannot be used.
        BudgetError: It costs more than it may.
    """
    for report in failures_in(read_mail(octets, budget), redact=redact):
        return report
    raise ReportError("the message holds no failure report")


def failures_in(mail: Mail, *, redact: bool = True) -> Iterator[FailureReport]:
    """Yield the failure reports in a message: one of each feedback part, or of its plain text.

    Raises:
        ReportError: One of them cannot be used.
    """
    found = False
    for at, leaf in enumerate(mail.leaves):
        if leaf.type == FEEDBACK:
            found = True
            sample = next((each for each in mail.leaves[at + 1 :] if each.type in SAMPLES or each.type == FEEDBACK), None)
            headers = sample.start(_OCTETS) if sample and sample.type in SAMPLES else b""
            yield _report(leaf.start(_OCTETS), headers, mail, redact=redact)
    if not found and value(mail.fields, "feedback-type"):  # the feedback part alone, saved as a file
        yield _report(b"".join(f"{name}: {text}\n".encode() for name, text in mail.fields), b"", mail, redact=redact)
    elif not found and (told := _plain_text(mail.leaves)):
        yield _report(*told, mail, redact=redact, dialects=("plain text alone",))


def holds_failure(mail: Mail) -> bool:
    """Tell whether a message holds a failure report, usable or not."""
    if any(leaf.type == FEEDBACK for leaf in mail.leaves) or value(mail.fields, "feedback-type"):
        return True
    return _plain_text(mail.leaves) is not None


def _plain_text(leaves: Iterable[Leaf]) -> tuple[bytes, bytes] | None:
    """A report in plain text alone, as Exim and what is built on it send: its fields, and the headers of the message."""
    for leaf in leaves:
        if leaf.type != "text/plain":
            continue
        text = leaf.start(_OCTETS).decode("utf-8", "replace").replace("\r", "")
        if _PLAIN_TEXT.search(text) is None:
            continue
        told, _, rest = text.partition("\n---")
        fields = [
            (found[1].lower().replace(" ", "-"), found[2]) for found in map(_PLAIN_FIELD.match, told.split("\n")) if found
        ]
        fields += [(_PLAIN_NAMES[name], text) for name, text in fields if name in _PLAIN_NAMES]
        return "\n".join(f"{name}: {text}" for name, text in fields).encode(), rest.partition("\n\n")[2].encode()
    return None


def _report(told: bytes, sample: bytes, mail: Mail, *, redact: bool, dialects: tuple[str, ...] = ()) -> FailureReport:
    fields, headers = fields_in(told)[:_MOST_FIELDS], fields_in(sample)
    kind = _word(value(fields, "feedback-type"))
    if kind not in ("auth-failure", ""):
        raise ReportError(f'feedback of the type "{visible(kind, 40)}" is not a report of failed authentication')
    source = _source(value(fields, "source-ip"))
    domain = _domain(value(fields, "reported-domain")) or domain_of(value(headers, "from"))
    if not source and not domain:
        raise ReportError("the failure report names neither a source address nor a domain")
    sender, to = value(fields, "original-mail-from"), _Text(redact)
    digest, *digests = _digests(told, sample)
    return FailureReport(
        source_ip=source,
        reported_domain=domain,
        auth_failure=_list(to.text(value(fields, "auth-failure"))),
        arrived=_arrived(fields),
        delivery_result=_word(to.text(value(fields, "delivery-result") or value(fields, "dmarc-results"))),
        dkim_domain=_domain(value(fields, "dkim-domain")),
        dkim_selector=_domain(value(fields, "dkim-selector")),
        spf_dns=to.text(value(fields, "spf-dns")),
        identity_alignment=", ".join(_list(to.text(value(fields, "identity-alignment")))),
        reporter=mail.letter.sender or _domain(value(fields, "reporting-mta").rpartition(";")[2]),
        report_id=mail.letter.message_id,
        original_mail_from=to.address(sender),
        incidents=_incidents(value(fields, "incidents")),
        fields=tuple(to.field(name, text) for name, text in fields if to.keeps(name)),
        headers=tuple((name, to.header(name, text)) for name, text in headers if name in _HEADERS)[:_MOST_FIELDS],
        redacted=redact,
        digest=digest,
        digests=tuple(digests),
        dialects=(*dialects, *_dialects(fields, headers, source)),
    )


def _digests(told: bytes, sample: bytes) -> tuple[str, ...]:
    """The digests of a report: with LF, with CRLF, and as it came, each once.

    Line ends are those of how a message comes: CRLF from a server (RFC 5321 §2.3.8), LF from most files.
    """
    came = told + b"\0" + sample
    plain = came.replace(b"\r\n", b"\n")
    forms = dict.fromkeys((plain, plain.replace(b"\n", b"\r\n"), came))
    return tuple(sha256(octets).hexdigest() for octets in forms)


class _Text:
    """How text of a report is kept: redacted, or as it came. Either way bounded, and harmless to look at."""

    def __init__(self, redacted: bool) -> None:
        self._redacted = redacted

    def text(self, text: str) -> str:
        text = visible(text[:_VALUE])
        return redact.hide(text) if self._redacted else text

    def address(self, text: str) -> str:
        text = visible(text[:_VALUE])
        return redact.address(text) if self._redacted else text.strip("<> ")

    def keeps(self, name: str) -> bool:
        return name in _KEPT if self._redacted else name not in _NEVER

    def field(self, name: str, text: str) -> tuple[str, str]:
        return visible(name, 80), self.address(text) if name in _ADDRESSES else self.text(text)

    def header(self, name: str, text: str) -> str:
        text = visible(text[:_VALUE])
        return _HEADERS[name](text) if self._redacted else text


def _dialects(fields: Fields, headers: Fields, source: str) -> Iterator[str]:
    """Which of `DIALECTS` the report speaks."""
    told = {name for name, text in fields if text}
    for name in ("feedback-type", "auth-failure", "identity-alignment", "reported-domain", "source-ip"):
        if name not in told:
            yield f"no {name}"
    if not told & {"arrival-date", "received-date"}:
        yield "no arrival-date"
    elif _arrived(fields) is None:
        yield "an arrival-date that is none"
    if "source-ip" in told and not source:
        yield "a source-ip that is no address"
    result = _word(value(fields, "delivery-result"))
    if result and result not in _DELIVERY:
        yield "a delivery-result of its own"
    if not headers:
        yield "no header of the message"


def _arrived(fields: Fields) -> float | None:
    return when(value(fields, "arrival-date") or value(fields, "received-date"))


def _source(text: str) -> str:
    """The first address in a Source-IP, which may stand in brackets, with a name or a port behind it."""
    for word in text[:_VALUE].split():
        literal = word.strip("[](),;").lower().removeprefix("ipv6:")
        if (ip := parse_address(literal)) is not None:
            return str(ip)
    return ""


def _domain(text: str) -> str:
    return host_name(_word(text).strip("<>\"'"))


def _word(text: str) -> str:
    """A value in lower case, without the comments and the white space that RFC 5322 §3.2.2 allows."""
    return visible(" ".join(re.sub(r"\([^()]*\)", " ", text[:_VALUE]).split()).lower(), 253)


def _list(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in _word(text).split(",")[:10] if word.strip())


def _incidents(text: str) -> int:
    word = _word(text)
    return int(word) if word.isascii() and word.isdigit() and 0 < len(word) <= 9 else 1
