"""Reception: what a receiver does with mail of a client, and how well that is known. The vocabulary of `receivers`.

It stands beside `findings`, since an audit holds both. Who judges how is for `receivers`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Reception(StrEnum):
    """What a receiver does with mail of a client, worst first. Temporary and permanent refusals are two things."""

    REFUSE = "refuse"
    """A permanent reply (5xx): the sender gets its mail back (RFC 5321 §4.2.1)."""
    TEMPFAIL = "tempfail"
    """A temporary reply (4xx): the sender tries again, for days, and then gives up."""
    AT_RISK = "at_risk"
    """It may go wrong: points of a filter, the junk folder, or another outcome when the records come in another order."""
    ACCEPT = "accept"
    UNKNOWN = "unknown"
    """It hangs on a fact that is not known."""

    __hash__ = str.__hash__  # that of an enumeration is a call of its own

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return _RANKS[self]


_RANKS = {reception: rank for rank, reception in enumerate(Reception)}


class Grade(StrEnum):
    """How well a rule is known. Every judgement carries the grade of its rule."""

    SOURCE = "S"
    """The predicate was read in the receiver's own source, or proven by running it."""
    DOCUMENTED = "D"
    """The receiver's own published document or code table."""
    OBSERVED = "O"
    """Replies that were seen; no published predicate."""
    UNVERIFIED = "U"
    """General knowledge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule of a receiver: `id` in the receiver's own words (the name of a setting, a symbol, a check).

    `words` is the predicate as a clause ("the address has no PTR record"); `source` the document, file or log it is
    known from; `seen` the month in which that was read or run, such as "2026-11".
    """

    id: str
    words: str
    grade: Grade
    source: str
    seen: str


class Symbol(NamedTuple):
    """One symbol of a filter that fires, and its points."""

    name: str
    points: float


class Judgement(NamedTuple):  # as many as there are receivers, for each subject: made in a third of the time
    """What one receiver does, by which rule, with which reply.

    `reply` is the SMTP reply as it goes over the wire ("" where there is none). `score` are the points that the names
    cost, of which `symbols` is the list. Where there is not one outcome, `outcomes` holds all of them, and `depends` says
    on what it depends ("record order", "policy"). `waits_for` are keys of facts (as in the evidence of a subject) that
    an UNKNOWN judgement waits for.
    """

    verdict: Reception
    rule: Rule
    reply: str = ""
    score: float | None = None
    symbols: tuple[Symbol, ...] = ()
    depends: str = ""
    outcomes: tuple["Judgement", ...] = ()
    waits_for: tuple[str, ...] = ()

    def possible(self) -> Iterator["Judgement"]:
        """Yield every outcome there may be: the judgement itself, where there is one."""
        if not self.outcomes:
            yield self
        for outcome in self.outcomes:
            yield from outcome.possible()


class Opinion(NamedTuple):
    """What one receiver does with mail of one address. `receiver` is as the operator writes it: "postfix+strict"."""

    receiver: str
    title: str
    kind: str
    judgement: Judgement


def worst(judgements: tuple[Judgement, ...]) -> Judgement:
    """Return the judgement with the worst verdict; of equals the first."""
    return min(judgements, key=lambda judgement: judgement.verdict.rank)


def either(judgements: tuple[Judgement, ...], depends: str) -> Judgement:
    """Return one judgement for outcomes of which it is not known which will be.

    Equal ones are one. A refusal beside an acceptance is a risk, not a refusal.
    """
    if all(judgement is judgements[0] for judgement in judgements):  # the most frequent, and found out fastest
        return judgements[0]
    outcomes = distinct(judgements)
    if len(outcomes) == 1:
        return outcomes[0]
    hard = all(each.verdict in (Reception.REFUSE, Reception.TEMPFAIL) for each in outcomes)
    bad = worst(outcomes)
    # Refused either way: the milder word, since mail that is tried again may yet pass. Accepted either way is no risk,
    # whatever the points.
    same = hard or bad.verdict is Reception.ACCEPT
    verdict = max((each.verdict for each in outcomes), key=lambda v: v.rank) if same else Reception.AT_RISK
    return Judgement(verdict, bad.rule, bad.reply, bad.score, bad.symbols, depends, outcomes)


def distinct(judgements: Sequence[Judgement]) -> tuple[Judgement, ...]:
    """Return each judgement once, in order."""
    if len(judgements) > 8:
        return tuple(dict.fromkeys(judgements))
    # Few are compared, since a hash goes through all the texts of a rule.
    found: list[Judgement] = []
    for judgement in judgements:
        if not any(judgement is each or judgement == each for each in found):
            found.append(judgement)
    return tuple(found)
