"""Which DMARC record applies to a name, and which name is its organisation: by the tree, and by a list of suffixes.

The tree walk is RFC 9989 §4.10; what a receiver finds that still goes by the public suffix list is RFC 7489 §6.6.3. A
lookup that failed is not "no record": what hangs on it is named in `unsure`. What a record asks for is told by `effective`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from truehelo.facts.dns import Outcome, Question
from truehelo.facts.names import canonical
from truehelo.records.dmarc.model import DmarcRecord, DmarcUri
from truehelo.records.dmarc.parse import is_dmarc, is_meant, parse
from truehelo.records.errors import RecordError
from truehelo.records.talk import Talk, can_be_asked
from truehelo.records.txt import txt_text

LABELS_LEFT = 7
"""How many labels stay of a name of eight or more, after the first question (RFC 9989 §4.10)."""


class Place(StrEnum):
    """Where the record stands that applies (RFC 9989 §4.10.1)."""

    OWN = "own"
    """At the name itself."""
    ORGANISATION = "organisation"
    SUFFIX = "suffix"
    """At the public suffix above the organisation."""
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One name that was asked for its record, and what came.

    `texts` are the TXT records that are DMARC records by their first tag. `record` is the one that counts: None when there
    is none, when there are several (all of them are then discarded), or when it is broken (`error`). `meant` are texts that
    were meant to be records and are none.
    """

    domain: str
    question: Question
    outcome: Outcome
    texts: tuple[str, ...] = ()
    record: DmarcRecord | None = None
    error: RecordError | None = None
    meant: tuple[str, ...] = ()

    @property
    def several(self) -> bool:
        """More than one record, so that none counts (RFC 9989 §4.10)."""
        return len(self.texts) > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class DmarcDiscovery:
    """What was found for a name.

    `asked` are the names that were asked, in order. `found` is the one whose record applies, and `place` how it lies to
    `domain`. `organisation` is the organisational domain. Either may hang on lookups that failed: `unsure` are those that
    `found` hangs on, `organisation_unsure` those of `organisation`; what stands there is then what a receiver would
    say that knew as little.
    """

    domain: str
    asked: tuple[Asked, ...]
    found: Asked | None
    place: Place
    organisation: str
    unsure: tuple[Question, ...] = ()
    organisation_unsure: tuple[Question, ...] = ()

    @property
    def record(self) -> DmarcRecord | None:
        """The record that applies; None when none does, or, with `unsure`, when none is known."""
        return None if self.found is None else self.found.record


def discover(domain: str) -> Talk[DmarcDiscovery]:
    """Find the record that applies to `domain`, and its organisational domain, by the tree walk (RFC 9989 §4.10).

    Yields:
        The questions, eight at most.

    Returns:
        What was found, and by which answers.
    """
    domain = canonical(domain)
    asked: list[Asked] = []
    for target in walked(domain):
        asked.append((yield from _ask(target)))
        record = asked[-1].record
        if record is not None and record.psd != "u":
            break
    organisation = _organisation(domain, asked)
    failed = tuple(each.question for each in asked if each.outcome.is_undetermined)
    found, place = _applies(domain, organisation, asked)
    return DmarcDiscovery(
        domain=domain,
        asked=tuple(asked),
        found=found,
        place=place,
        organisation=organisation,
        # The name's own record decides whatever else there is; without it, any name that was asked could.
        unsure=() if place is Place.OWN else failed,
        organisation_unsure=failed,
    )


def walked(domain: str) -> tuple[str, ...]:
    """Return the names that a tree walk from `domain` asks until it is stopped, eight at most (RFC 9989 §4.10)."""
    labels = domain.split(".")
    first = min(len(labels) - 1, LABELS_LEFT)
    return (domain, *(".".join(labels[-count:]) for count in range(first, 0, -1)))


def _organisation(domain: str, asked: list[Asked]) -> str:
    """Select the organisational domain among the names with a record, the longest first (RFC 9989 §4.10.2)."""
    held = [(each.domain, each.record.psd) for each in asked if each.record is not None]
    for name, psd in held:
        if psd == "n":
            return name
        if psd == "y" and name != domain:
            return ".".join(domain.split(".")[-(name.count(".") + 2) :])
    return held[-1][0] if held else domain


def _applies(domain: str, organisation: str, asked: list[Asked]) -> tuple[Asked | None, Place]:
    """Pick the record: the name's own, its organisation's, its public suffix's (RFC 9989 §4.10.1)."""
    held = {each.domain: each for each in asked if each.record is not None}
    if domain in held:
        return held[domain], Place.OWN
    if organisation in held:
        return held[organisation], Place.ORGANISATION
    suffix = organisation.partition(".")[2]
    if suffix in held:
        return held[suffix], Place.SUFFIX
    return None, Place.NONE


def discover_psl(domain: str, organisation: str | None) -> Talk[DmarcDiscovery]:
    """Find the record as a receiver does that goes by the public suffix list (RFC 7489 §6.6.3).

    Several records at the name end the search there, while the tree walk goes on above them.

    Args:
        domain: The domain in the From field.
        organisation: Its organisational domain by the list; None when it is a suffix itself.

    Yields:
        One question or two.

    Returns:
        What was found; `place` is never SUFFIX.
    """
    domain = canonical(domain)
    above = domain if organisation is None else canonical(organisation)
    own = yield from _ask(domain)
    asked = [own]
    if not own.texts and above != domain:
        asked.append((yield from _ask(above)))
    last = asked[-1]
    found = last if last.record is not None else None
    failed = tuple(each.question for each in asked if each.outcome.is_undetermined)
    place = Place.NONE if found is None else Place.OWN if found is own else Place.ORGANISATION
    return DmarcDiscovery(
        domain=domain,
        asked=tuple(asked),
        found=found,
        place=place,
        organisation=above,
        unsure=() if place is Place.OWN else failed,
    )


def _ask(domain: str) -> Talk[Asked]:
    """Ask one name for its record. A name that cannot be asked for has none."""
    question = Question(name=f"_dmarc.{domain}", rdtype="TXT")
    if not can_be_asked(question.name):
        return Asked(domain=domain, question=question, outcome=Outcome.NXDOMAIN)
    lookup = yield question
    every = tuple(txt_text(record) for record in lookup.records)
    texts = tuple(text for text in every if is_dmarc(text))
    read = parse(texts[0]) if len(texts) == 1 else None
    return Asked(
        domain=domain,
        question=question,
        outcome=lookup.outcome,
        texts=texts,
        record=read if isinstance(read, DmarcRecord) else None,
        error=read if isinstance(read, RecordError) else None,
        meant=tuple(text for text in every if is_meant(text)),
    )


# Reports that go to another organisation

WILLING = "_report._dmarc"
"""The labels below which a host says whose reports it takes (RFC 9990 §4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class External:
    """Whether a host takes reports about a domain (RFC 9990 §4).

    `authorised` is None when it cannot be known. `rua` are the addresses that the host puts in the place of those in the
    policy; `misled` says that one of them leads to yet another host, so that no report is sent at all. `too_long` says
    that the name to ask cannot exist, and nobody can authorise this pair.
    """

    domain: str
    host: str
    question: Question
    outcome: Outcome
    authorised: bool | None
    texts: tuple[str, ...] = ()
    rua: tuple[DmarcUri, ...] = ()
    misled: bool = False
    too_long: bool = False


def external(domain: str, host: str) -> Talk[External]:
    """Ask whether `host` takes reports about `domain`, in whose record it is named (RFC 9990 §4, RFC 7489 §7.1).

    It is for the caller to skip this where both have one organisational domain: nobody asks then.
    """
    domain, host = canonical(domain), canonical(host)
    question = Question(name=f"{domain}.{WILLING}.{host}", rdtype="TXT")
    if not can_be_asked(question.name):
        return External(
            domain=domain, host=host, question=question, outcome=Outcome.NXDOMAIN, authorised=False, too_long=True
        )
    lookup = yield question
    texts = tuple(text for record in lookup.records if is_dmarc(text := txt_text(record)))
    read = [record for text in texts if isinstance(record := parse(text), DmarcRecord)]
    rua = tuple(uri for record in read for uri in record.rua)
    return External(
        domain=domain,
        host=host,
        question=question,
        outcome=lookup.outcome,
        authorised=None if lookup.outcome.is_undetermined else bool(read),
        texts=texts,
        rua=rua,
        misled=any(uri.host != host for uri in rua),
    )


def aligned(author: str, identifier: str, mode: str, organisation: Callable[[str], str | None]) -> bool | None:
    """Tell whether an authenticated name is aligned with the domain in the From field (RFC 9989 §4.4, §4.10.2).

    Args:
        author: The domain in the From field.
        identifier: The domain of the signature, or of the envelope sender.
        mode: "s" for strict, "r" for relaxed.
        organisation: The organisational domain of a name; None while it is not known.

    Returns:
        None when it hangs on an organisational domain that is not known.
    """
    author, identifier = canonical(author), canonical(identifier)
    if author == identifier:
        return True
    if mode == "s":
        return False
    one, other = organisation(author), organisation(identifier)
    return None if one is None or other is None else canonical(one) == canonical(other)
