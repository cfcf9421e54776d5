"""SPF evaluation: may this address send for this domain (RFC 7208 §4, check_host).

A generator that yields questions and is sent lookups, so that the same code judges live, from saved facts, and in tests.
SERVFAIL, REFUSED, timeout and a malformed reply are all "some other error" and give temperror (RFC 7208 §4.4, §5);
NXDOMAIN and NODATA are denials. Explanations are not fetched. What a receiver does with the result is not decided here.
"""

from collections.abc import Generator, Iterable
from dataclasses import dataclass, field, replace
from ipaddress import ip_network

from truehelo.facts.address import Address, fold, forward_type, parse_address, reverse_name
from truehelo.facts.dns import Lookup, Question, Record
from truehelo.facts.names import canonical
from truehelo.records.spf.macro import MacroString, address_text, expand, shorten
from truehelo.records.spf.parse import Kind, Mechanism, SpfRecord, SpfSyntaxError, parse, spf_texts
from truehelo.records.spf.result import Limits, Match, SpfResult, SpfWord, Why
from truehelo.records.spf.talk import Talk, can_be_asked, is_domain

DEFAULT_LIMITS = Limits()
_QUALIFIERS = {"+": SpfWord.PASS, "-": SpfWord.FAIL, "~": SpfWord.SOFTFAIL, "?": SpfWord.NEUTRAL}


def evaluate(
    ip: Address,
    domain: str,
    *,
    helo: str | None = None,
    sender: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Generator[Question, Lookup, SpfResult]:
    """Evaluate the SPF record of `domain` for `ip` (RFC 7208 §4.1).

    Args:
        ip: The sending address; an IPv4-mapped one is folded to IPv4.
        domain: The domain of the identity that is checked.
        helo: The HELO that the server sends, for the macro h; None while it is not known.
        sender: The mail address for the macros s, l and o; postmaster at `domain` by default (RFC 7208 §4.3).
        limits: How much the evaluation may cost.

    Yields:
        The questions, one at a time; the same question can come again.

    Returns:
        The result, with the questions that were asked.
    """
    domain = canonical(domain)
    run = _Run(ip=fold(ip), helo=helo, sender=_full(sender, domain), limits=limits)
    try:
        result = yield from run.check_host(domain)
    except _StopError as stop:
        result = stop.result
    return replace(
        result,
        lookups=run.lookups,
        voids=run.voids,
        questions=tuple(dict.fromkeys(run.asked)),
        unsure=tuple(dict.fromkeys(run.unsure)),
    )


def _full(sender: str | None, domain: str) -> str:
    """The sender with a local part and a domain, whatever was given (RFC 7208 §4.3)."""
    local, at, host = (sender or "").rpartition("@")
    if not at:
        local, host = "postmaster", host or domain
    return f"{local or 'postmaster'}@{host}"


class _StopError(Exception):
    """Ends the whole evaluation: temperror and permerror go to the top (RFC 7208 §5.2)."""

    def __init__(self, result: SpfResult) -> None:
        self.result = result
        super().__init__(result.why)


@dataclass(slots=True, kw_only=True)
class _Run:
    """One evaluation: what is fixed, and what has been spent."""

    ip: Address
    helo: str | None
    sender: str
    limits: Limits
    lookups: int = 0
    voids: int = 0
    asked: list[Question] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)
    own_names: tuple[str, ...] | None = None

    # check_host

    def check_host(self, domain: str) -> Talk[SpfResult]:
        if not is_domain(domain):
            return SpfResult(
                result=SpfWord.NONE, why=Why.BAD_DOMAIN, domain=domain, detail=f'"{domain}" is not a domain name'
            )
        lookup = yield from self._ask(domain, "TXT")
        texts = spf_texts(lookup.records)
        if not texts:
            return SpfResult(result=SpfWord.NONE, why=Why.NO_RECORD, domain=domain, detail=f"{domain} has no SPF record")
        if len(texts) > 1:
            raise self._broken(Why.MULTIPLE_RECORDS, domain, f"{domain} has {len(texts)} SPF records")
        record = parse(texts[0])
        if isinstance(record, SpfSyntaxError):
            raise self._broken(Why.SYNTAX, domain, f"in the record of {domain}, {record}", texts[0])
        return (yield from self._judge(record, domain))

    def _judge(self, record: SpfRecord, domain: str) -> Talk[SpfResult]:
        for mechanism in record.mechanisms:
            inner = yield from self._matches(mechanism, domain, record)
            if inner is not None:
                path = (Match(domain=domain, term=mechanism.text), *inner)
                word = _QUALIFIERS[mechanism.qualifier]
                return SpfResult(
                    result=word, why=Why.MATCHED, domain=domain, detail=_told(path), record=record.text, path=path
                )
        redirect = record.redirect
        if redirect is None:
            detail = f"no term in the record of {domain} matches, and none says what then holds"
            return SpfResult(result=SpfWord.NEUTRAL, why=Why.NO_MATCH, domain=domain, detail=detail, record=record.text)
        self._spend(domain, record)
        target = yield from self._name(redirect.value, domain)
        result = yield from self.check_host(target)
        if result.result is SpfWord.NONE:
            raise self._broken(Why.REDIRECT_NONE, domain, f"{redirect.text} leads nowhere: {result.detail}", record.text)
        return result

    # Mechanisms: each returns None, or the path of what matched inside it (RFC 7208 §5).

    def _matches(self, mechanism: Mechanism, domain: str, record: SpfRecord) -> Talk[tuple[Match, ...] | None]:
        if mechanism.kind.looks_up:
            self._spend(domain, record)
        if mechanism.kind is Kind.ALL or mechanism.network is not None:
            return () if mechanism.network is None or self.ip in mechanism.network else None
        target = domain if mechanism.domain is None else (yield from self._name(mechanism.domain, domain))
        if mechanism.kind is Kind.INCLUDE:
            return (yield from self._include(mechanism, target, domain, record))
        if mechanism.kind is Kind.A:
            hit = yield from self._has_address(target, mechanism)
        elif mechanism.kind is Kind.MX:
            hit = yield from self._mx(mechanism, target, domain, record)
        elif mechanism.kind is Kind.PTR:
            hit = yield from self._ptr(target)
        else:
            # exists asks for A whatever the family of the address (RFC 7208 §5.7).
            hit = bool((yield from self._ask_counted(target, "A")))
        return () if hit else None

    def _include(self, mechanism: Mechanism, target: str, domain: str, record: SpfRecord) -> Talk[tuple[Match, ...] | None]:
        result = yield from self.check_host(target)
        if result.result is SpfWord.NONE:
            raise self._broken(Why.INCLUDE_NONE, domain, f"{mechanism.text} leads nowhere: {result.detail}", record.text)
        return result.path if result.result is SpfWord.PASS else None

    def _mx(self, mechanism: Mechanism, target: str, domain: str, record: SpfRecord) -> Talk[bool]:
        records = yield from self._ask_counted(target, "MX")
        if len(records) > self.limits.names:
            detail = f"{mechanism.text} in the record of {domain}: {len(records)} MX records, {self.limits.names} allowed"
            raise self._broken(Why.TOO_MANY_MX, domain, detail, record.text)
        for host in mx_hosts(records):
            if (yield from self._has_address(host, mechanism)):
                return True
        return False

    def _has_address(self, name: str, mechanism: Mechanism) -> Talk[bool]:
        records = yield from self._ask_counted(name, forward_type(self.ip))
        length = mechanism.prefix4 if self.ip.version == 4 else mechanism.prefix6
        return any(self.ip in ip_network((ip, length), strict=False) for ip in _addresses(records, self.ip.version))

    def _ptr(self, target: str) -> Talk[bool]:
        names = yield from self._validated_names()
        end = canonical(target)
        return any(name == end or name.endswith("." + end) for name in names)

    def _validated_names(self) -> Talk[tuple[str, ...]]:
        """The PTR names that lead back to the address (RFC 7208 §5.5); asked for once in an evaluation.

        A failure is passed over there rather than told as temperror, so that it is noted in `unsure`.
        """
        if self.own_names is not None:
            return self.own_names
        found: list[str] = []
        records = yield from self._ask_tolerant(reverse_name(self.ip), "PTR")
        names = dict.fromkeys(canonical(record.data) for record in records)
        for name in list(names)[: self.limits.names]:
            forward = yield from self._ask_tolerant(name, forward_type(self.ip))
            if self.ip in _addresses(forward, self.ip.version):
                found.append(name)
        self.own_names = tuple(found)
        return self.own_names

    # Macros (RFC 7208 §7)

    def _name(self, spec: MacroString, domain: str) -> Talk[str]:
        """Return the name that a domain-spec stands for, in the form in which names compare."""
        letters = spec.letters
        local, _, host = self.sender.rpartition("@")
        values = {
            "s": self.sender,
            "l": local,
            "o": host,
            "d": domain,
            "i": address_text(self.ip),
            "v": "in-addr" if self.ip.version == 4 else "ip6",
            "h": self.helo or "unknown",
        }
        if "h" in letters and self.helo is None:
            self.unsure.append("the HELO that the server sends")
        if "p" in letters:
            values["p"] = yield from self._own_name(domain)
        return canonical(shorten(expand(spec, values)))

    def _own_name(self, domain: str) -> Talk[str]:
        """The macro p: the domain itself, else a name below it, else any validated name (RFC 7208 §7.3)."""
        names = yield from self._validated_names()
        if domain in names:
            return domain
        below = [name for name in names if name.endswith("." + domain)]
        return (below or list(names) or ["unknown"])[0]

    # Questions and limits (RFC 7208 §4.6.4)

    def _ask(self, name: str, rdtype: str) -> Talk[Lookup]:
        """Ask; a failure ends the evaluation with temperror."""
        lookup = yield from self._put(name, rdtype)
        if lookup.outcome.is_undetermined:
            detail = f"{lookup.question} could not be looked up ({lookup.outcome})"
            raise _StopError(SpfResult(result=SpfWord.TEMPERROR, why=Why.DNS, domain=name, detail=detail))
        return lookup

    def _ask_counted(self, name: str, rdtype: str) -> Talk[tuple[Record, ...]]:
        """Ask for what a mechanism needs. A name that cannot be asked for has no records, and costs no void lookup."""
        if not can_be_asked(name):
            return ()
        records = (yield from self._ask(name, rdtype)).records
        self._count_void(records, name)
        return records

    def _ask_tolerant(self, name: str, rdtype: str) -> Talk[tuple[Record, ...]]:
        """Ask where a failure is passed over (RFC 7208 §5.5); it is noted, and is no void lookup."""
        if not can_be_asked(name):
            return ()
        lookup = yield from self._put(name, rdtype)
        if lookup.outcome.is_undetermined:
            self.unsure.append(f"{lookup.question} ({lookup.outcome})")
        else:
            self._count_void(lookup.records, name)
        return lookup.records

    def _put(self, name: str, rdtype: str) -> Talk[Lookup]:
        question = Question(name=canonical(name), rdtype=rdtype)
        self.asked.append(question)
        return (yield question)

    def _count_void(self, records: tuple[Record, ...], name: str) -> None:
        self.voids += not records
        if self.voids > self.limits.voids:
            detail = f"{self.voids} lookups came back empty, and {self.limits.voids} are allowed; the last was of {name}"
            raise self._broken(Why.TOO_MANY_VOIDS, name, detail)

    def _spend(self, domain: str, record: SpfRecord) -> None:
        self.lookups += 1
        if self.lookups > self.limits.lookups:
            detail = f"more than {self.limits.lookups} terms need the DNS; the limit is passed in the record of {domain}"
            raise self._broken(Why.TOO_MANY_LOOKUPS, domain, detail, record.text)

    @staticmethod
    def _broken(why: Why, domain: str, detail: str, record: str | None = None) -> _StopError:
        return _StopError(SpfResult(result=SpfWord.PERMERROR, why=why, domain=domain, detail=detail, record=record))


def _told(path: tuple[Match, ...]) -> str:
    return ", ".join(f"{match.term} in the record of {match.domain}" for match in path)


def _addresses(records: Iterable[Record], version: int) -> list[Address]:
    found = (parse_address(record.data) for record in records)
    return [ip for ip in found if ip is not None and ip.version == version]


def mx_hosts(records: Iterable[Record]) -> tuple[str, ...]:
    """Return the hosts of MX records, best preference first; a null MX (RFC 7505 §3) and unreadable data name none."""
    hosts: list[tuple[int, str]] = []
    for record in records:
        preference, _, host = record.data.partition(" ")
        if preference.isdecimal() and len(preference) <= 5 and host.strip(". "):
            hosts.append((int(preference), canonical(host.strip())))
    return tuple(dict.fromkeys(host for _, host in sorted(hosts)))
