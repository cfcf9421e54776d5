"""The classifier's report: how many names of the labelled list it gets right, by half and class, and which it gets wrong.

Precision is told as the share of senders' names that are left alone, since a sender's name called generic is the dear
mistake; recall as the share of access networks' and providers' names that are found. Each is counted twice, with the table
of providers and without it: only the rules without the table say how names fare whose provider nobody has listed.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from truehelo.facts.address import Address
from truehelo.generic.lists import Half, Label, Labelled, labelled
from truehelo.generic.reason import Reason
from truehelo.generic.rules import generic_reasons, without_table

Rules = Callable[[str, Address | None], tuple[Reason, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Of `total` names, `right` are judged as they are labelled, and `right_by_rules` without the table of providers."""

    total: int
    right: int
    right_by_rules: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """A name that is judged otherwise than it is labelled; `reasons` are those for a sender's name, else empty."""

    entry: Labelled
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The figures by half and label, the same by half, label and source, and every name that is judged wrongly."""

    by_label: dict[tuple[Half, Label], Share]
    by_source: dict[tuple[Half, Label, str], Share]
    wrong: tuple[Wrong, ...]


def report(entries: Iterable[Labelled] | None = None) -> Report:
    """Judge the labelled list, or the `entries` given."""
    entries = tuple(labelled() if entries is None else entries)
    judged = [(entry, generic_reasons(entry.name, entry.ip), without_table(entry.name, entry.ip)) for entry in entries]
    total: Counter[tuple[Half, Label, str]] = Counter()
    right: Counter[tuple[Half, Label, str]] = Counter()
    by_rules: Counter[tuple[Half, Label, str]] = Counter()
    wrong = []
    for entry, reasons, rules in judged:
        key = (entry.half, entry.label, entry.source)
        total[key] += 1
        right[key] += _is_right(entry, reasons)
        by_rules[key] += _is_right(entry, rules)
        if not _is_right(entry, reasons):
            wrong.append(Wrong(entry=entry, reasons=reasons))
    shares = {key: Share(total=total[key], right=right[key], right_by_rules=by_rules[key]) for key in sorted(total)}
    return Report(by_label=_by_label(shares), by_source=shares, wrong=tuple(wrong))


def _is_right(entry: Labelled, reasons: tuple[Reason, ...]) -> bool:
    return bool(reasons) is (entry.label is not Label.SENDER)


def _by_label(shares: dict[tuple[Half, Label, str], Share]) -> dict[tuple[Half, Label], Share]:
    summed: dict[tuple[Half, Label], Share] = {}
    for half in Half:
        for label in Label:
            of = [share for (h, kind, _), share in shares.items() if h is half and kind is label]
            summed[half, label] = Share(
                total=sum(share.total for share in of),
                right=sum(share.right for share in of),
                right_by_rules=sum(share.right_by_rules for share in of),
            )
    return summed
