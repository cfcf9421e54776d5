"""Which guide is it? Every choice says how sure it is and why; clues that contradict each other are told.

A provider is known by whose default the PTR is, by the names in the reverse zone's SOA and NS records, and by the
registration, in this order. A mail server is known by its greeting, or named by the reader. A greeting is not the HELO:
what sends may be another machine, and each choice by a greeting says so.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, TypeVar

from truehelo.advice.guides.model import MtaGuide, ProviderGuide
from truehelo.advice.guides.need import Clues
from truehelo.facts.text import visible
from truehelo.findings import Sureness

G = TypeVar("G", ProviderGuide, MtaGuide)
_SHOWN = 60
_OTHER_MACHINE = "the HELO that it sends may come from another machine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Picked(Generic[G]):
    """A guide, how sure it is to be the right one, and why (words for within brackets)."""

    guide: G
    sureness: Sureness
    why: str


@dataclass(frozen=True, slots=True)
class _Clue:
    """What one kind of clue says: the guides that it fits, and how it is told."""

    guides: tuple[ProviderGuide, ...]
    words: str


def providers(guides: Sequence[ProviderGuide], clues: Clues) -> tuple[Picked[ProviderGuide], ...]:
    """Return the providers that the clues speak for, the best first; none when they say nothing."""
    told = [clue for clue in _provider_clues(guides, clues) if clue.guides]
    if not told:
        return ()
    best, agreeing, against = list(told[0].guides), [told[0]], []
    for clue in told[1:]:
        both = [guide for guide in best if guide in clue.guides]
        if both:
            best = both
            agreeing.append(clue)
        else:
            against.append(clue)
    why = "by " + " and ".join(clue.words for clue in agreeing)
    why += "".join(f"; but {clue.words} says {_names(clue.guides)}" for clue in against)
    if clues.indirect:
        why += "; this is known of its other address"
    sure = len(best) == 1 and not against and not clues.indirect and not agreeing[0].words.startswith("the registry")
    sureness = Sureness.LIKELY if sure else Sureness.POSSIBLE
    too = f", which fits {_names(best[1:])} too" if best[1:] else ""
    picked = [Picked(guide=best[0], sureness=sureness, why=why + too)]
    picked += [Picked(guide=guide, sureness=sureness, why="by the same") for guide in best[1:]]
    # What is spoken for by fewer clues is not hidden either.
    others = dict.fromkeys(guide.id for clue in against for guide in clue.guides)
    rest = [guide for guide in guides if guide.id in others and guide not in best]
    picked += [Picked(guide=guide, sureness=Sureness.POSSIBLE, why=_against(guide, against)) for guide in rest]
    return tuple(picked)


def _against(guide: ProviderGuide, clues: list[_Clue]) -> str:
    return "by " + " and ".join(clue.words for clue in clues if guide in clue.guides)


def _names(guides: Iterable[ProviderGuide]) -> str:
    return " or ".join(guide.name for guide in guides)


def _provider_clues(guides: Sequence[ProviderGuide], clues: Clues) -> Iterable[_Clue]:
    own = tuple(guide for guide in guides if guide.own)
    for where, name in clues.zone:
        if clues.domain is not None and _below(name, clues.domain):
            yield _Clue(own, f"the reverse zone's {where} ({visible(name, _SHOWN)}), which is of your own domain")
            break
    if clues.delegated:
        yield _Clue(own, "the delegation of its reverse name (RFC 2317)")
    yield _Clue(tuple(guide for guide in guides if clues.default in guide.defaults), "its default PTR name")
    for where, name in clues.zone:
        found = tuple(guide for guide in guides if any(_below(name, suffix) for suffix in guide.zone))
        if found:
            yield _Clue(found, f"the reverse zone's {where} ({visible(name, _SHOWN)})")
            break
    for text in clues.holder:
        found = tuple(guide for guide in guides if any(_says(text, words) for words in guide.rdap))
        if found:
            yield _Clue(found, f"the registry ({visible(text, _SHOWN)})")
            break


def _below(name: str, suffix: str) -> bool:
    return name == suffix or name.endswith("." + suffix)


def mtas(guides: Sequence[MtaGuide], clues: Clues, named: str | None) -> tuple[Picked[MtaGuide], ...]:
    """Return the mail servers that the greetings speak for, or the one that the reader named."""
    said = _outermost([guide for guide in guides if _greets(guide.phrases, clues)], guides)
    chosen = next((guide for guide in guides if guide.id == named), None)
    if chosen is not None:
        line = _line(chosen, guides)
        others = [guide.name for guide in said if guide.id not in line and chosen.id not in _line(guide, guides)]
        told = f"; its greeting says {' and '.join(others)}" if others else ""
        return (Picked(guide=chosen, sureness=Sureness.CERTAIN, why=f"you named it{told}"),)
    if said:
        sureness = Sureness.LIKELY if len(said) == 1 else Sureness.POSSIBLE
        why = f"its greeting says so; {_OTHER_MACHINE}"
        if len(said) > 1:
            why = f"its greetings say {' and '.join(guide.name for guide in said)}; {_OTHER_MACHINE}"
        return tuple(Picked(guide=guide, sureness=sureness, why=why) for guide in said)
    maybe = _outermost([guide for guide in guides if _greets(guide.weak, clues)], guides)
    why = f"its greeting reads like it, and like others; {_OTHER_MACHINE}"
    return tuple(Picked(guide=guide, sureness=Sureness.POSSIBLE, why=why) for guide in maybe)


def _outermost(found: list[MtaGuide], guides: Sequence[MtaGuide]) -> list[MtaGuide]:
    """A bundle that is recognised says more than the mail server within it."""
    within = {line for guide in found for line in _line(guide, guides)[1:]}
    return [guide for guide in found if guide.id not in within]


def _line(guide: MtaGuide, guides: Sequence[MtaGuide]) -> list[str]:
    """The ids of a guide and of what it is based on, step by step."""
    line = [guide.id]
    while guide.based_on is not None and guide.based_on not in line:
        line.append(guide.based_on)
        guide = next((other for other in guides if other.id == guide.based_on), guide)
    return line


def _greets(phrases: tuple[str, ...], clues: Clues) -> bool:
    return any(_says(greeting, phrase) for greeting in clues.greetings for phrase in phrases)


def _says(text: str, phrase: str) -> bool:
    """The words of the phrase stand in the text; "..." in it stands for anything. Case and blanks do not matter."""
    flat = _flat(text)
    at = 0
    for words in _parts(phrase):
        at = _find(flat, words, at)
        if at < 0:
            return False
        at += len(words)
    return True


@lru_cache(maxsize=1024)
def _flat(text: str) -> str:
    return f" {' '.join(text.split())} ".casefold()


@lru_cache(maxsize=1024)
def _parts(phrase: str) -> tuple[str, ...]:
    return tuple(_flat(part).strip() for part in phrase.split("..."))


def _find(text: str, words: str, start: int) -> int:
    """Where whole words stand in a text, at or behind `start`; -1 where they do not."""
    at = text.find(words, start)
    while at >= 0:
        before, after = text[at - 1 : at], text[at + len(words) : at + len(words) + 1]
        if not (before.isalnum() and words[:1].isalnum()) and not (after.isalnum() and words[-1:].isalnum()):
            return at
        at = text.find(words, at + 1)
    return -1
