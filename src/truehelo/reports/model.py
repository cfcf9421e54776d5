"""What receivers report: aggregate (RFC 7489 §7.2, RFC 9990), failure (RFC 6591, RFC 9991) and TLS reports (RFC 8460).

Frozen data, as the reports say it: words in lower case, names without a final dot, nothing filled in that a reporter left
out ("" then). Does not read octets (`aggregate`, `tls`, `failure`), and does not judge.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum


class ReportKind(StrEnum):
    """The three kinds of report."""

    AGGREGATE = "aggregate"
    FAILURE = "failure"
    TLS = "tls"


class ReportError(Exception):
    """A report is refused. `reason` is one sentence without a full stop; `where` says where in it, or is ""."""

    def __init__(self, reason: str, where: str = "") -> None:
        """Say why, and where."""
        self.reason, self.where = reason, where
        super().__init__(f"{reason} ({where})" if where else reason)


class BudgetError(ReportError):
    """A report would cost more than it may: too deep, too long, too large, too slow, or a bomb."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How much one report may cost. Octets, counts, and seconds of CPU.

    `ratio` bounds decompressed to compressed octets, once more than `ratio_free` octets have come out: reports of records
    that are all alike come to 230, deflate of one octet repeated to 1030. `nested` is how deep
    archives and messages may lie in each other. `held` bounds what must be in memory whole (a message, an archive within
    another file; a TLS report a quarter of it), `tokens` the texts, numbers and marks of a JSON text.
    """

    octets: int = 2 * 2**30
    ratio: float = 400.0
    ratio_free: int = 16 * 2**20
    elements: int = 200_000_000
    depth: int = 24
    attributes: int = 16
    text: int = 65_536
    record: int = 262_144
    files: int = 1000
    nested: int = 3
    seconds: float = 600.0
    held: int = 32 * 2**20
    tokens: int = 300_000


DEFAULT_BUDGET = Budget()


@dataclass(frozen=True, slots=True, kw_only=True)
class Extra:
    """An element that the schema does not know, kept as it came: where it stood ("record/row/x"), and its XML or text."""

    path: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a receiver did not do what the policy asks for (RFC 9990 §3.1.1.9): type, and its comment."""

    type: str
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DkimResult:
    """One signature, as the receiver saw it (RFC 8601 §2.7.1), uninterpreted with respect to DMARC."""

    domain: str
    selector: str
    result: str
    human_result: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpfCheck:
    """What SPF came to (RFC 8601 §2.7.2). `scope` is "mfrom" or, of older reporters, "helo"."""

    domain: str
    scope: str
    result: str
    human_result: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Everything of a record but its source address and its count: few in number, however many records there are.

    `disposition`, `dkim` and `spf` are of policy_evaluated: what was done, and whether each was aligned. `envelope_from` is
    None where the reporter left it out, "" where the reverse-path was empty.
    """

    disposition: str
    dkim: str
    spf: str
    header_from: str
    envelope_from: str | None = None
    envelope_to: str = ""
    reasons: tuple[Reason, ...] = ()
    dkim_results: tuple[DkimResult, ...] = ()
    spf_results: tuple[SpfCheck, ...] = ()
    extras: tuple[Extra, ...] = ()
    key: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Work out the key: the same for equal shapes in every process."""
        object.__setattr__(self, "key", _key(self))

    @property
    def passes(self) -> bool:
        """DMARC passes: one of the two is aligned (RFC 9989 §4.4)."""
        return self.dkim == "pass" or self.spf == "pass"


def _key(shape: Shape) -> bytes:
    # No XML has a NUL in a text, and how many texts follow each word is fixed: different shapes come out different.
    octets = "\0".join(_texts(shape)).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(octets, digest_size=16).digest()


def _texts(shape: Shape) -> Iterable[str]:
    yield from (shape.disposition, shape.dkim, shape.spf, shape.header_from, shape.envelope_to)
    yield "\1" if shape.envelope_from is None else shape.envelope_from
    for reason in shape.reasons:
        yield from ("reason", reason.type, reason.comment)
    for signature in shape.dkim_results:
        yield from ("dkim", signature.domain, signature.selector, signature.result, signature.human_result)
    for check in shape.spf_results:
        yield from ("spf", check.domain, check.scope, check.result, check.human_result)
    for extra in shape.extras:
        yield from ("extra", extra.path, extra.text)


Record = tuple[str, int, Shape]
"""Source address in its canonical form, how many messages, and the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """Who reports, about when. `begin` and `end` are seconds since the epoch, as they stand in the report."""

    org_name: str
    email: str
    report_id: str
    begin: int
    end: int
    extra_contact_info: str = ""
    errors: tuple[str, ...] = ()
    generator: str = ""

    @property
    def day(self) -> int:
        """The day (since the epoch, UTC) that holds the middle of the range: reporters count days in their own zone."""
        return (self.begin + self.end) // 2 // 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The policy that the receiver saw (policy_published); "" for what the reporter left out."""

    domain: str
    p: str = ""
    sp: str = ""
    np: str = ""
    pct: str = ""
    fo: str = ""
    adkim: str = ""
    aspf: str = ""
    testing: str = ""
    discovery_method: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AggregateHead:
    """All of an aggregate report but its records.

    `policies` has one member, of careless reporters several; the first counts. `dialects` name how the report departs from
    the schema it claims ("byte order mark", "no namespace"), each once.
    """

    metadata: Metadata
    policies: tuple[Policy, ...]
    version: str = ""
    namespace: str = ""
    dialects: tuple[str, ...] = ()
    extras: tuple[Extra, ...] = ()

    @property
    def policy(self) -> Policy:
        """The policy that counts."""
        return self.policies[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A record that could not be used: its number in the report (1 for the first), where it begins, and why."""

    number: int
    offset: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFailure:
    """One entry of failure-details (RFC 8460 §4.4). `sessions` is failed-session-count; "" for what was left out."""

    result_type: str
    sessions: int
    sending_mta_ip: str = ""
    receiving_mx_hostname: str = ""
    receiving_mx_helo: str = ""
    receiving_ip: str = ""
    additional_information: str = ""
    failure_reason_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsPolicy:
    """What was seen of one policy (RFC 8460 §4.3): sessions that went well, sessions that failed, and how."""

    type: str
    domain: str
    strings: tuple[str, ...] = ()
    mx_hosts: tuple[str, ...] = ()
    successful: int = 0
    failed: int = 0
    failures: tuple[TlsFailure, ...] = ()
    bad: int = 0
    """Entries of failure-details that could not be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsReport:
    """A TLS report (RFC 8460 §4). `begin` and `end` are seconds since the epoch, `digest` is of its octets."""

    organization_name: str
    contact_info: str
    report_id: str
    begin: int
    end: int
    policies: tuple[TlsPolicy, ...]
    digest: str
    dialects: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    extras: tuple[Extra, ...] = ()
    """Members that the RFC does not know, and their JSON: they stood at "x", or at "policies/1/summary/x"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureReport:
    """A report of one message that failed (RFC 6591, RFC 9991), redacted unless it was read with that switched off.

    `fields` are those of the message/feedback-report part, names in lower case, in their order. `headers` are those of the
    reported message that tell how it was sent; no text of it is kept. `digest` is of its octets with LF at the end of each
    line, `digests` are others that it may be known by: with CRLF, and as it came.
    """

    source_ip: str
    reported_domain: str
    auth_failure: tuple[str, ...]
    arrived: float | None
    delivery_result: str
    dkim_domain: str = ""
    dkim_selector: str = ""
    spf_dns: str = ""
    identity_alignment: str = ""
    reporter: str = ""
    report_id: str = ""
    original_mail_from: str = ""
    incidents: int = 1
    fields: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    redacted: bool = True
    digest: str = ""
    digests: tuple[str, ...] = ()
    dialects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """What could not be read as a report: its name (a path, a part of a message), why, and where in it."""

    name: str
    reason: str
    where: str = ""
