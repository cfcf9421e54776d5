"""What a source is: the operator's word, and beside it what is suggested by what receivers saw of it.

Reads the newest records of the sources that are asked about, as long as any are kept; the sums say the rest. Once no record
is left, nothing follows from what only records show. Does not decide the class (`sources.classes`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from truehelo.facts.names import canonical
from truehelo.monitor.policy import moment
from truehelo.ports import Suffixes
from truehelo.sources.classes import Evidence, SourceClass, suggest
from truehelo.sources.evidence import Key, Tally, Whole
from truehelo.sources.model import Said, Selector, Spf, Standing, Sums
from truehelo.store.reports import questions
from truehelo.store.sources import classes as kept
from truehelo.store.sources.standings import Authorised


@dataclass(slots=True, kw_only=True)
class Subject:
    """A source that is to be classed, with what is known of it besides its records.

    `last_day` is the last on which it sent, of those asked about; `reporters` is how many told of
    it, 0 where nobody counted.
    """

    ip: str
    sums: Sums
    share: float
    watched: bool
    last_day: int
    reporters: int = 0
    organisation: str = ""
    authorised: tuple[Authorised, ...] = ()
    tally: Tally | None = None


@dataclass(slots=True)
class Classing:
    """Classes sources. `domain` is the domain that is asked about, "" for all."""

    connection: Connection
    suffixes: Suffixes
    domain: str
    since: int
    until: int
    _book: kept.Book | None = None
    _mine: set[Key] = field(default_factory=set)

    def read(self, subjects: Sequence[Subject]) -> None:
        """Read records of sources, and learn the signatures of those that are mine by right."""
        last = {subject.ip: subject.last_day for subject in subjects}
        found = questions.looks_of(self.connection, last, self.domain or None, self.since)
        for subject in subjects:
            tally = Tally(self.suffixes.organisation)
            for look in found.get(subject.ip, ()):
                tally.add(look.shape, look.messages, look.domain, look.reporters)
            subject.tally = tally
            if self._by_right(subject, tally):
                self._mine |= tally.verified.keys()

    def standing(self, subject: Subject) -> Standing:
        """Return what a source is."""
        suggestion = suggest(self._evidence(subject))
        said = self.book.of(subject.ip)
        if said is None:
            return Standing(kind=suggestion.kind, suggestion=suggestion)
        return Standing(
            kind=SourceClass(said.kind),
            suggestion=suggestion,
            by=said.by,
            reason=said.reason,
            at=moment(said.at),
            target=said.target,
        )

    @property
    def book(self) -> kept.Book:
        """What operators said."""
        if self._book is None:
            self._book = kept.Book(kept.said_now(self.connection))
        return self._book

    def _by_right(self, subject: Subject, tally: Tally) -> bool:
        said = self.book.of(subject.ip)
        if said is not None:
            return said.kind == SourceClass.MINE
        sums = subject.sums
        spf, messages = (sums.spf, sums.messages) if sums.messages else (tally.both + tally.spf, tally.messages)
        return subject.watched or spf * 2 >= max(1, messages)

    def _evidence(self, subject: Subject) -> Evidence:
        word = next((each.word for each in subject.authorised if each.word == "pass"), "")
        sums = subject.sums
        both = max(0, sums.dkim + sums.spf - sums.passed)
        return (subject.tally or Tally(self.suffixes.organisation)).evidence(
            share=subject.share,
            watched=subject.watched,
            own_name=bool(subject.organisation) and subject.organisation in self._own(subject),
            authorised=word or next((each.word for each in subject.authorised), ""),
            mine=self._mine,
            whole=Whole(sums.messages, both, sums.spf - both, sums.dkim - both, subject.reporters),
        )

    def _own(self, subject: Subject) -> set[str]:
        """Return the organisations of the domains that a source uses."""
        names = {self.domain} if self.domain else subject.tally.domains if subject.tally is not None else set()
        return {found for name in names if (found := self.suffixes.organisation(canonical(name))) is not None}


def selectors_of(tally: Tally | None) -> tuple[Selector, ...]:
    """Return the signatures that were seen, those that verified most often first."""
    if tally is None:
        return ()
    found = [
        Selector(domain=key[0], selector=key[1], messages=count, aligned=tally.verified.get(key, 0))
        for key, count in tally.signed.items()
    ]
    return tuple(sorted(found, key=lambda each: (-each.aligned, -each.messages, each.domain, each.selector)))


def spf_of(found: Sequence[Authorised]) -> tuple[Spf, ...]:
    """Return what SPF records say of a source."""
    return tuple(
        Spf(domain=each.domain, word=each.word, at=moment(each.at), detail=each.detail, sure=each.sure) for each in found
    )


def said_of(found: Iterable[kept.Said]) -> tuple[Said, ...]:
    """Return what operators said, as people are shown it."""
    return tuple(
        Said(
            target=each.target,
            kind=SourceClass(each.kind),
            reason=each.reason,
            by=each.by,
            at=moment(each.at),
            ended=None if each.ended_at is None else moment(each.ended_at),
        )
        for each in found
    )


__all__ = ["Classing", "Subject", "said_of", "selectors_of", "spf_of"]
