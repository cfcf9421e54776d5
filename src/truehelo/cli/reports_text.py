"""What `truehelo reports import` and `status` print."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from truehelo.facts.text import visible

if TYPE_CHECKING:
    from truehelo.app.reporting import Summary
    from truehelo.store.reports.answers import OriginCounts, RefusedFile, StoredReport

MOST = 100
"""Refusals that are told line by line."""
IMPORT, STATUS = "truehelo/reports-import/1", "truehelo/reports-status/1"
DAY_S = 86_400


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number and what it counts."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def complaints(found: "Summary") -> list[str]:
    """Return a sentence for each refusal, and for each report with bad records."""
    told = [f"{each.name}: refused: {each.reason}" for each in found.refusals[:MOST]]
    if found.refused > len(told):
        told.append(f"and {found.refused - len(told):,} more were refused")
    told += [f"{each.name}: {each.reason}" for each in found.faults[:MOST]]
    if len(found.faults) > MOST:
        told.append(f"and more of {found.bad:,} records that cannot be used")
    return told


def summary(found: "Summary", took_s: float) -> str:
    """Return what came of an import, in words."""
    parts = [f"{counted(found.new, 'report')} stored"]
    if found.duplicates:
        parts.append(f"{found.duplicates:,} known before")
    if found.conflicts:
        parts.append(f"{found.conflicts:,} kept apart: they contradict one that is stored")
    if found.refused:
        parts.append(f"{found.refused:,} refused")
    lines = [f"{counted(found.items, 'file or message', 'files and messages')}: {', '.join(parts)}."]
    if found.new:
        bad = f", {counted(found.bad, 'record')} that cannot be used" if found.bad else ""
        told = f"{counted(found.messages, 'message')} in {counted(found.records, 'record')}{bad}"
        lines.append(f"{told}; it took {took_s:.1f} s.")
    return "".join(f"{line}\n" for line in lines)


def summary_json(found: "Summary", took_s: float, *, whole: bool) -> str:
    """Return the same as JSON."""
    from truehelo.render.document import dumps

    document = {
        "schema": IMPORT,
        "whole": whole,
        "items": found.items,
        "reports": {"new": found.new, "duplicate": found.duplicates, "conflict": found.conflicts},
        "kinds": dict(sorted(found.by_kind.items())),
        "records": found.records,
        "bad_records": found.bad,
        "messages": found.messages,
        "refused": found.refused,
        "refusals": [{"name": each.name, "reason": each.reason} for each in found.refusals],
        "faults": [{"name": each.name, "reason": each.reason} for each in found.faults],
        "took_s": round(took_s, 3),
    }
    return dumps(document, indent=2)


@dataclass(frozen=True, slots=True)
class Status:
    """What came in: by which way, the last of it, what contradicts something else, and what was refused."""

    origins: "Sequence[OriginCounts]"
    last: "Sequence[StoredReport]"
    flagged: "Sequence[StoredReport]"
    refusals: "Sequence[RefusedFile]"


def status(found: Status) -> str:
    """Return it in words."""
    if not found.origins and not found.refusals:
        return "Nothing has come in yet: truehelo reports import PATH, or truehelo reports listen.\n"
    lines = [f"{'by way of':<24}{'kind':<12}{'reports':>9}{'again':>9}  last", *map(_origin, found.origins)]
    if found.last:
        lines += ["", "the last that came in:", *(f"  {line}" for each in found.last for line in _report(each))]
    if found.flagged:
        lines += ["", "kept apart, since another of the same name says something else:"]
        lines += [f"  {line}" for each in found.flagged for line in _report(each)]
    if found.refusals:
        lines += ["", "refused:", *(f"  {line}" for each in found.refusals for line in _refusal(each))]
    return "".join(f"{line}\n" for line in lines)


def _origin(each: "OriginCounts") -> str:
    place = visible(each.origin, 23)
    return f"{place:<24}{each.kind:<12}{each.reports:>9,}{each.seen_again:>9,}  {_minute(each.last_at)}"


def _report(each: "StoredReport") -> list[str]:
    what = "session" if each.kind == "tls" else "message"
    about = f"{visible(each.reporter, 40)} about {visible(each.domain, 60)}, {_day(each.day)}"
    told = f"{counted(each.messages, what)} in {counted(each.records, 'record')}, {each.kind}"
    return [f"{_minute(each.received_at)}  {about}", f"{'':<18}{told}, by {visible(each.origin, 30)}"]


def _refusal(each: "RefusedFile") -> list[str]:
    where = f" ({visible(each.where, 60)})" if each.where else ""
    lines = [f"{_minute(each.at)}  {visible(each.name, 200)}", f"{'':<18}{visible(each.reason, 300)}{where}"]
    return [*lines, f"{'':<18}kept in {visible(each.kept, 300)}"] if each.kept else lines


def _minute(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M}"


def _day(number: int) -> str:
    return f"{datetime.fromtimestamp(number * DAY_S, UTC):%Y-%m-%d}"


def status_json(found: Status) -> str:
    """Return the same as JSON."""
    from truehelo.render.document import dumps

    document = {
        "schema": STATUS,
        "origins": [
            {
                "origin": each.origin,
                "kind": each.kind,
                "reports": each.reports,
                "again": each.seen_again,
                "contradicting": each.flagged,
                "last": _iso(each.last_at),
            }
            for each in found.origins
        ],
        "last": [_report_json(each) for each in found.last],
        "contradicting": [_report_json(each) for each in found.flagged],
        "refused": [
            {
                "at": _iso(each.at),
                "origin": each.origin,
                "name": each.name,
                "reason": each.reason,
                "where": each.where,
                "kept": each.kept,
                "again": each.seen_again,
            }
            for each in found.refusals
        ],
    }
    return dumps(document, indent=2)


def _report_json(each: "StoredReport") -> dict[str, object]:
    return {
        "kind": each.kind,
        "reporter": each.reporter,
        "report_id": each.report_id,
        "domain": each.domain,
        "day": _day(each.day),
        "records": each.records,
        "bad_records": each.bad,
        "messages": each.messages,
        "received": _iso(each.received_at),
        "origin": each.origin,
        "name": each.name,
    }


def _iso(at: float) -> str:
    from truehelo.render.document import timestamp

    return timestamp(datetime.fromtimestamp(at, UTC))
