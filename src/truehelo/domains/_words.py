"""What several checks of domains say and do alike. No check, and judges nothing."""

from collections.abc import Iterable

from truehelo.facts.dns import Lookup, Outcome

MANY = 5

OUTCOMES = {
    Outcome.NXDOMAIN: "NXDOMAIN",
    Outcome.NODATA: "NODATA",
    Outcome.SERVFAIL: "SERVFAIL",
    Outcome.REFUSED: "REFUSED",
    Outcome.TIMEOUT: "timeout",
    Outcome.MALFORMED: "malformed reply",
    Outcome.ANSWER: "answer",
}


def listed(items: Iterable[str]) -> str:
    """Return items with commas between them; of a long list the first few and how many more there are."""
    all_items = list(items)
    shown = ", ".join(all_items[:MANY])
    return shown if len(all_items) <= MANY else f"{shown} and {len(all_items) - MANY} more"


def keys(*lookups: Lookup | None) -> tuple[str, ...]:
    """Return the keys of those lookups that were asked, each once."""
    return tuple(dict.fromkeys(lookup.key for lookup in lookups if lookup is not None))


def failed(lookup: Lookup | None) -> bool:
    """Nothing is known: it was not asked, or nobody answered."""
    return lookup is None or lookup.outcome.is_undetermined


def told(lookup: Lookup | None, asked: str = "") -> str:
    """Return what came of a lookup, with its question: "example.com MX: SERVFAIL"."""
    if lookup is None:
        return f"{asked}: not asked".removeprefix(": ")
    return f"{lookup.question}: {OUTCOMES[lookup.outcome]}"
