"""DNS facts: one question, what each server said to it, and which of that is believed.

Seven outcomes are kept apart everywhere. Two kinds of them say something about the world: an answer, and a denial
(NXDOMAIN and NODATA, RFC 2308 §2). The other five say only that this asker does not know.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Outcome(StrEnum):
    """What came of one question."""

    ANSWER = "answer"
    NXDOMAIN = "nxdomain"
    NODATA = "nodata"
    SERVFAIL = "servfail"
    REFUSED = "refused"
    """REFUSED, and the other codes by which a server declines (NOTIMP, NOTAUTH)."""
    TIMEOUT = "timeout"
    """No usable reply: silence, an unreachable server, a closed connection, or replies that were not to our question."""
    MALFORMED = "malformed"
    """A reply to our question that cannot be read, or a FORMERR."""

    # That of an enumeration is a call of its own, and outcomes are looked up by the million.
    __hash__ = str.__hash__

    @property
    def is_denial(self) -> bool:
        """The server says that there is no such record (RFC 2308 §2)."""
        return self in DENIALS

    @property
    def is_undetermined(self) -> bool:
        """Nothing was learned about the world."""
        return self in UNDETERMINED


DENIALS = frozenset({Outcome.NXDOMAIN, Outcome.NODATA})
UNDETERMINED = frozenset(Outcome) - DENIALS - {Outcome.ANSWER}


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Question:
    """A name (lower case, no final dot) and a record type such as "PTR"."""

    name: str
    rdtype: str

    def __str__(self) -> str:
        return f"{self.name} {self.rdtype}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record as it came: `ttl` in seconds, `data` in presentation form, `raw` the rdata in hexadecimal."""

    owner: str
    ttl: int
    rdtype: str
    data: str
    raw: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What one server said to one question, once.

    `records` are those of the asked type at the end of `chain`, the CNAMEs that led there. `soa` is the SOA of the
    authority section, whose owner is the zone that denies. `flags` are of AA, TC, RD, RA, AD. `took_s` is in seconds.
    """

    server: str
    transport: str
    vantage: str
    at: datetime
    took_s: float
    outcome: Outcome
    rcode: str | None = None
    flags: tuple[str, ...] = ()
    chain: tuple[Record, ...] = ()
    records: tuple[Record, ...] = ()
    soa: Record | None = None
    detail: str = ""

    @property
    def authoritative(self) -> bool:
        """The server says so of itself (the AA flag)."""
        return "AA" in self.flags

    @property
    def unsent(self) -> bool:
        """Nothing left this machine: the server could not be asked from here, and asking again changes nothing."""
        return self.detail.startswith(("not asked", "not contacted"))

    @property
    def data(self) -> frozenset[str]:
        """The answers without order, to hold two exchanges against each other."""
        return frozenset(record.data for record in self.records)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """One question and all that was said to it, in the order in which it was asked.

    What is believed: an answer, whoever gives it; else a denial, unless another server failed on the question (a
    SERVFAIL or an unreadable reply) and no second server denies it too; else the failure. Silence and refusal are
    no voice: they neither confirm nor contradict a denial.
    """

    question: Question
    exchanges: tuple[Exchange, ...]

    @property
    def key(self) -> str:
        """The name of this fact in the evidence of a subject."""
        return f"dns:{self.question.rdtype}:{self.question.name}"

    @property
    def believed(self) -> Exchange | None:
        """The exchange that counts; None only when nothing was asked."""
        if len(self.exchanges) == 1:  # by far the most frequent, and asked for often
            return self.exchanges[0]
        best = self._best_by_server()
        answers = [x for x in best if x.outcome is Outcome.ANSWER]
        if answers:
            return answers[0]
        denials = [x for x in best if x.outcome.is_denial]
        failures = [x for x in best if x.outcome in (Outcome.SERVFAIL, Outcome.MALFORMED)]
        if denials and (len(denials) > 1 or not failures):
            return denials[0]
        if failures:
            return failures[0]
        return best[0] if best else None

    def _best_by_server(self) -> list[Exchange]:
        """A server that failed on one try and spoke on the next has spoken."""
        best: dict[str, Exchange] = {}
        for exchange in self.exchanges:
            held = best.get(exchange.server)
            if held is None or _weight(exchange) > _weight(held):
                best[exchange.server] = exchange
        return list(best.values())

    @property
    def outcome(self) -> Outcome:
        """The believed outcome."""
        believed = self.believed
        return Outcome.TIMEOUT if believed is None else believed.outcome

    @property
    def disagree(self) -> bool:
        """One server answers what another one denies."""
        outcomes = [exchange.outcome for exchange in self._best_by_server()]
        return Outcome.ANSWER in outcomes and any(outcome.is_denial for outcome in outcomes)

    @property
    def records(self) -> tuple[Record, ...]:
        """The believed records of the asked type."""
        believed = self.believed
        return () if believed is None else believed.records

    @property
    def chain(self) -> tuple[Record, ...]:
        """The CNAMEs that led to the believed records."""
        believed = self.believed
        return () if believed is None else believed.chain

    @property
    def owner(self) -> str:
        """The name at which the records stand, or would stand: the end of the CNAME chain."""
        chain = self.chain
        return chain[-1].data.removesuffix(".").lower() if chain else self.question.name


def _weight(exchange: Exchange) -> int:
    """How much an exchange of one server outweighs its others: answer, denial, failure, refusal, silence."""
    if exchange.outcome is Outcome.ANSWER:
        return 4
    if exchange.outcome.is_denial:
        return 3
    if exchange.outcome in (Outcome.SERVFAIL, Outcome.MALFORMED):
        return 2
    return 1 if exchange.outcome is Outcome.REFUSED else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NameServer:
    """A name server of a zone and the addresses that its name has."""

    name: str
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthoritativeView:
    """Who serves a question with authority, and what each of those servers says, asked directly.

    `apex` is the zone that holds the name at the end of the CNAME chain (RFC 2317 delegations included); None when
    the cut could not be found, `detail` then says why. `lookups` are the questions that led to the cut.
    """

    question: Question
    apex: str | None
    soa: Record | None = None
    servers: tuple[NameServer, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    lookups: tuple[Lookup, ...] = ()
    detail: str = ""

    @property
    def key(self) -> str:
        """The name of this fact in the evidence of a subject."""
        return f"zone:{self.question.rdtype}:{self.question.name}"

    @property
    def primary(self) -> str | None:
        """The MNAME of the SOA: the primary name server (RFC 1035 §3.3.13)."""
        return self._soa_field(0)

    @property
    def contact(self) -> str | None:
        """The RNAME of the SOA as a mail address (RFC 1035 §8)."""
        rname = self._soa_field(1)
        if rname is None:
            return None
        # The first dot that is not escaped stands for the at sign.
        at = next((i for i, char in enumerate(rname) if char == "." and (i == 0 or rname[i - 1] != "\\")), None)
        if not at:
            return None
        return f"{rname[:at]}@{rname[at + 1 :]}".replace("\\.", ".")

    def _soa_field(self, index: int) -> str | None:
        if self.soa is None:
            return None
        fields = self.soa.data.split()
        return fields[index].removesuffix(".") if len(fields) > index else None
