"""Blocklists in text, Markdown and JSON: how many were asked, and what each said. Judges nothing; the findings do."""

from collections import Counter
from typing import TYPE_CHECKING

from truehelo.checks.blocklists import listings
from truehelo.findings import SubjectAudit
from truehelo.render.look import EVIDENCE
from truehelo.render.style import Style

if TYPE_CHECKING:
    from truehelo.blocklists import Listing  # the catalogue is imported where a list was asked

_WORDS = ("listed", "for information", "in its favour", "not listed", "unknown")
_OF_SEVERITY = {"note": "for information", "ok": "in its favour"}
_OF_STATE = {"clean": "not listed", "unknown": "unknown"}
Json = dict[str, object]


def asked(subject: SubjectAudit) -> "tuple[Listing, ...]":
    """Return what each list said, those that weigh most first."""
    return tuple(sorted(listings(subject.identity), key=lambda each: (_WORDS.index(word(each)), each.severity.rank)))


def against(subject: SubjectAudit) -> "list[Listing]":
    """Return the listings for the worse."""
    return [each for each in asked(subject) if word(each) == "listed"]


def unknown(subject: SubjectAudit) -> "list[Listing]":
    """Return what lists could not say."""
    return [each for each in asked(subject) if word(each) == "unknown"]


def word(found: "Listing") -> str:
    """Return what a list says, in a word or two: a good word is no listing for the worse."""
    return _OF_STATE.get(found.state) or _OF_SEVERITY.get(found.severity, "listed")


def counted(found: "tuple[Listing, ...]") -> str:
    """Return how many lists said what: "1 listed, 9 not listed, 2 unknown"."""
    counts = Counter(word(each) for each in found)
    return ", ".join(f"{counts[each]} {each}" for each in _WORDS if counts[each])


def draw(subject: SubjectAudit, style: Style) -> list[str]:
    """Return how the lists stand as a line, and with -v a line for each."""
    found = asked(subject)
    if not found:
        return []
    lines = style.wrap(f"Blocklists ({len(found)} asked): {counted(found)}", "  ", "    ")
    lines[0] = f"  {style.paint('Blocklists', 'bold')}{lines[0][12:]}"
    if style.look.verbosity >= EVIDENCE:
        for each in found:
            lines += style.wrap(f"{word(each)}: {each.name} ({each.zone}){_more(each)}", "    ", "      ")
    return lines


def _more(each: "Listing") -> str:
    said = each.reason or "; ".join(each.meanings)
    return f": {said}" if said else ""


def rows(subject: SubjectAudit) -> list[tuple[str, str, str, str]]:
    """Return name, zone, state and what there is to say of each list."""
    return [(each.name, each.zone, word(each), _more(each).removeprefix(": ")) for each in asked(subject)]


def document(subject: SubjectAudit) -> list[Json]:
    """Return what each list said as plain dicts."""
    return [
        {
            "list": each.list,
            "name": each.name,
            "zone": each.zone,
            "purpose": str(each.purpose),
            "state": str(each.state),
            "codes": list(each.codes),
            "meanings": list(each.meanings),
            "severity": str(each.severity) if each.meanings else None,
            "reason": each.reason,
            "text": each.text,
            "group": each.group,
            "page": each.page,
            "delist": each.delist,
            "evidence": list(each.evidence),
        }
        for each in listings(subject.identity)
    ]
