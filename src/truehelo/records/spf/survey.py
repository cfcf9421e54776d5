"""An SPF record seen as a whole: every record that it leads to, what it costs, and what is wrong anywhere in it.

Where `evaluate` stops at the first term that matches an address, this reads all terms, as an evaluation does for an address
that nothing matches (RFC 7208 §4.6.4), and goes on past limits and faults to name all of them. Whom the record authorises
is for `expand`, and whether an address passes for `evaluate`.
"""

from collections.abc import Generator
from dataclasses import dataclass, field
from enum import StrEnum

from truehelo.facts.dns import Lookup, Question, Record
from truehelo.facts.names import canonical
from truehelo.facts.text import visible
from truehelo.records.spf.evaluate import DEFAULT_LIMITS, mx_hosts
from truehelo.records.spf.macro import MacroString, expand, shorten
from truehelo.records.spf.parse import Kind, Mechanism, SpfRecord, SpfSyntaxError, parse, spf_texts
from truehelo.records.spf.result import Limits
from truehelo.records.spf.talk import Talk, can_be_asked, is_domain

MAX_TERMS = 50
"""How many terms that need the DNS are followed: enough to say how far a record is over the limit, and an end to loops."""
MAX_QUESTIONS = 250
"""How many questions are asked for one record: ten lookups, each of ten MX hosts with two families, and the records."""
MAX_FAILED = 20
"""After so many questions that nobody answered no more are asked: each costs the time that a dead server is waited for."""
WIDE4, WIDE6 = 7, 15
"""Networks with a prefix of so many bits or fewer authorise a part of the Internet that nobody has for mail."""


class SpfFault(StrEnum):
    """What makes a record a permerror wherever it stands (RFC 7208 §4.6)."""

    MULTIPLE = "multiple"
    SYNTAX = "syntax"
    LEADS_NOWHERE = "leads-nowhere"
    """An include or a redirect to a domain without an SPF record (RFC 7208 §5.2, §6.1)."""
    TOO_MANY_MX = "too-many-mx"
    LOOP = "loop"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpfProblem:
    """A fault, the domain in whose record it stands, and the sentence for people."""

    fault: SpfFault
    domain: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SpfSurvey:
    """What a whole record comes to.

    `text` is the record of the domain itself, None where there is none, or more than one. `lookups` counts the terms that
    need the DNS, `voids` are the names that do not exist although a term needs them, `failed` the questions that nobody
    answered. `ptr` are domains whose record has a ptr term, `wide` terms that authorise a part of the Internet. `ends` is
    the qualifier that an address gets which nothing matches ("+", "-", "~", "?"), "" where the record does not say.
    `ends_at` is the domain in whose record that is decided (one that a redirect leads to, or an include that matches
    everybody), "" where it is not known: behind a fault, or where the name of a redirect hangs on who sends. `cut` tells
    that there was more than is followed, or too much that nobody answered.
    """

    domain: str
    text: str | None = None
    domains: tuple[str, ...] = ()
    lookups: int = 0
    voids: tuple[str, ...] = ()
    problems: tuple[SpfProblem, ...] = ()
    failed: tuple[Question, ...] = ()
    questions: tuple[Question, ...] = ()
    ptr: tuple[str, ...] = ()
    wide: tuple[str, ...] = ()
    ends: str = ""
    ends_at: str = ""
    cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _End:
    """The qualifier of an address that nothing matches, and the domain in whose record it stands or is left out."""

    qualifier: str = ""
    domain: str = ""


class _CutError(Exception):
    """There is more than is followed."""


def survey(domain: str, *, limits: Limits = DEFAULT_LIMITS) -> Generator[Question, Lookup, SpfSurvey]:
    """Read the SPF record of `domain` and every record that it leads to.

    Yields:
        The questions, one at a time.

    Returns:
        What was found. A domain without a record has neither text nor problems.
    """
    run = _Survey(limits=limits)
    domain = canonical(domain)
    end, cut = _End(), False
    if is_domain(domain):
        try:
            end = yield from run.read(domain, ())
        except _CutError:
            cut = True
    return SpfSurvey(
        domain=domain,
        text=run.text,
        domains=tuple(dict.fromkeys(run.domains)),
        lookups=run.lookups,
        voids=tuple(run.voids),
        problems=tuple(run.problems),
        failed=tuple(run.failed),
        questions=tuple(run.questions),
        ptr=tuple(run.ptr),
        wide=tuple(run.wide),
        ends=end.qualifier,
        ends_at=end.domain,
        cut=cut,
    )


@dataclass(slots=True, kw_only=True)
class _Survey:
    limits: Limits
    text: str | None = None
    lookups: int = 0
    domains: list[str] = field(default_factory=list)
    problems: dict[SpfProblem, None] = field(default_factory=dict)
    voids: dict[str, None] = field(default_factory=dict)
    failed: dict[Question, None] = field(default_factory=dict)
    questions: dict[Question, None] = field(default_factory=dict)
    ptr: dict[str, None] = field(default_factory=dict)
    wide: dict[str, None] = field(default_factory=dict)

    def read(self, domain: str, path: tuple[str, ...], led_by: str = "") -> Talk[_End]:
        """Read one record; return what holds for an address that nothing in it matches."""
        lookup = yield from self._ask(domain, "TXT")
        if lookup is None:
            return _End()
        texts = spf_texts(lookup.records)
        if not texts and led_by:
            self._problem(SpfFault.LEADS_NOWHERE, path[-1], f"{led_by} leads to {domain}, which has no SPF record")
        if len(texts) > 1:
            self._problem(SpfFault.MULTIPLE, domain, f"{domain} has {len(texts)} SPF records")
        if len(texts) != 1:
            return _End()
        if not path:
            self.text = texts[0]
        self.domains.append(domain)
        record = parse(texts[0])
        if isinstance(record, SpfSyntaxError):
            self._problem(SpfFault.SYNTAX, domain, f"in the record of {domain}, {record}")
            return _End()
        return (yield from self._terms(record, domain, (*path, domain)))

    def _terms(self, record: SpfRecord, domain: str, path: tuple[str, ...]) -> Talk[_End]:
        for mechanism in record.mechanisms:
            if mechanism.kind is Kind.ALL:
                return _End(qualifier=mechanism.qualifier, domain=domain)
            if mechanism.kind.looks_up:
                self._spend()
            if mechanism.kind is Kind.INCLUDE:
                inner = yield from self._follow(mechanism.domain, domain, path, mechanism.text)
                if inner.qualifier == "+":  # the included record lets everybody pass: this term matches everybody
                    return _End(qualifier=mechanism.qualifier, domain=inner.domain)
            else:
                yield from self._term(mechanism, domain)
        if record.redirect is None:
            return _End(domain=domain)
        self._spend()
        return (yield from self._follow(record.redirect.value, domain, path, record.redirect.text))

    def _term(self, mechanism: Mechanism, domain: str) -> Talk[None]:
        if mechanism.network is not None:
            bound = WIDE4 if mechanism.network.version == 4 else WIDE6
            if mechanism.network.prefixlen <= bound:
                self._widen(mechanism, domain)
        elif mechanism.kind is Kind.PTR:
            self.ptr[domain] = None
        elif mechanism.kind in (Kind.A, Kind.MX):
            target = named(mechanism.domain, domain)
            if target is not None and mechanism.kind is Kind.A:
                yield from self._addresses(target, mechanism, domain)
            elif target is not None:
                yield from self._mx(target, domain, mechanism)

    def _mx(self, target: str, domain: str, mechanism: Mechanism) -> Talk[None]:
        lookup = yield from self._ask(target, "MX")
        records: tuple[Record, ...] = () if lookup is None else lookup.records
        if lookup is not None and not records:
            self.voids[f"{target} MX"] = None
        hosts = mx_hosts(records)
        if len(records) > self.limits.names:
            detail = f"{_shown(mechanism.text)} in the record of {domain}: {len(records)} MX records"
            self._problem(SpfFault.TOO_MANY_MX, domain, f"{detail}, {self.limits.names} allowed")
        for host in hosts[: self.limits.names]:
            yield from self._addresses(host, mechanism, domain)

    def _addresses(self, name: str, mechanism: Mechanism, domain: str) -> Talk[None]:
        """A name is void where it has an address of neither family: with one, it is so for half of the world only."""
        if not can_be_asked(name):
            return
        four = yield from self._ask(name, "A")
        six = yield from self._ask(name, "AAAA")
        if four is not None and six is not None and not four.records and not six.records:
            self.voids[f"{name} A"] = None
        if (four is not None and four.records and mechanism.prefix4 <= WIDE4) or (
            six is not None and six.records and mechanism.prefix6 <= WIDE6
        ):
            self._widen(mechanism, domain)

    def _widen(self, mechanism: Mechanism, domain: str) -> None:
        if mechanism.qualifier == "+":
            self.wide[f"{_shown(mechanism.text)} in the record of {domain}"] = None

    def _follow(self, spec: MacroString | None, domain: str, path: tuple[str, ...], text: str) -> Talk[_End]:
        target = None if spec is None else named(spec, domain)
        if target is None or not is_domain(target):
            if target is not None:
                self._problem(SpfFault.LEADS_NOWHERE, domain, f"{_shown(text)} leads to no name that can exist")
            return _End()
        if target in path:
            self._problem(SpfFault.LOOP, domain, f"{_shown(text)} in the record of {domain} leads back to {target}")
            return _End()
        return (yield from self.read(target, path, f"{_shown(text)} in the record of {domain}"))

    def _ask(self, name: str, rdtype: str) -> Talk[Lookup | None]:
        """Ask; None when nobody knows."""
        question = Question(name=canonical(name), rdtype=rdtype)
        if question not in self.questions and len(self.questions) >= MAX_QUESTIONS:
            raise _CutError
        self.questions[question] = None
        lookup = yield question
        if lookup.outcome.is_undetermined:
            self.failed[question] = None
            if len(self.failed) >= MAX_FAILED:
                raise _CutError
            return None
        return lookup

    def _spend(self) -> None:
        self.lookups += 1
        if self.lookups > MAX_TERMS:
            raise _CutError

    def _problem(self, fault: SpfFault, domain: str, detail: str) -> None:
        self.problems[SpfProblem(fault=fault, domain=domain, detail=detail)] = None


def named(spec: MacroString | None, domain: str) -> str | None:
    """Return the name that a term in the record of `domain` stands for, None where that hangs on who sends."""
    if spec is None:
        return domain
    return None if spec.letters - {"d"} else canonical(shorten(expand(spec, {"d": domain})))


def _shown(term: str) -> str:
    """A term can be as long as a TXT record; people need its beginning."""
    return visible(term, 120)
