"""What is told of reports as CSV (RFC 4180): a row for each row of the answer, behind one that names the columns.

Cells pass through `facts.cells`: no spreadsheet takes one for a formula. Days are dates in UTC.
"""

import csv
import io
from collections.abc import Iterable, Sequence

from truehelo.facts.cells import cell
from truehelo.render.document import Json, timestamp
from truehelo.render.reports_data import reporter_values, sums_values, trend_values
from truehelo.render.reports_words import day
from truehelo.sources.listing import Reporters, Trend
from truehelo.sources.model import Address, DayRow, Names, SourceRow, Sources

_SUMS = ("messages", "aligned", "dkim_aligned", "spf_aligned", "quarantined", "rejected")
_NAMES = ("name", "iprev", "ptr", "name_from", "name_observed", "failing")
SOURCES = (
    *("ip", "network", "network_name", "watched", "class", "said_by", "signs", "share", *_SUMS),
    *("first_day", "last_day", "refused_at", "spf", *_NAMES),
)
ADDRESS = ("ip", "day", "reporter", *_SUMS, "refused_aligned", *_NAMES)
REPORTERS = (
    *("reporter", "email", "reports", "records", "days", "first_day", "last_day", *_SUMS),
    "silent_since",
)
TREND = ("day", "reports", "reporters", *_SUMS)


def sources(found: Sources) -> str:
    """Return one row a source."""
    return _table(SOURCES, (_source(row) for row in found.rows))


def address(found: Address) -> str:
    """Return one row a day and receiver, with what the address was called on that day."""
    return _table(ADDRESS, (_day(row, found) for row in found.days))


def reporters(found: Reporters) -> str:
    """Return one row a receiver."""
    return _table(REPORTERS, (reporter_values(row) for row in found.rows))


def trend(found: Trend) -> str:
    """Return one row a day or week."""
    return _table(TREND, (trend_values(row) for row in found.rows))


def _source(row: SourceRow) -> Json:
    return {
        "ip": row.ip,
        "network": row.network,
        "network_name": row.network_name,
        "watched": "yes" if row.watched else "no",
        "class": str(row.standing.kind),
        "said_by": row.standing.by,
        "signs": "; ".join(sign.text for sign in row.standing.suggestion.signs),
        "share": f"{row.share:.6f}",
        **sums_values(row.sums),
        "first_day": "" if row.first_day is None else day(row.first_day),
        "last_day": "" if row.last_day is None else day(row.last_day),
        "refused_at": " ".join(name for name, _ in row.refused_at),
        "spf": " ".join(f"{each.domain}={'undetermined' if each.undetermined else each.word}" for each in row.spf),
        **_names(row.names),
    }


def _day(row: DayRow, found: Address) -> Json:
    return {
        "ip": found.ip,
        "day": day(row.day),
        "reporter": row.reporter,
        **sums_values(row.sums),
        "refused_aligned": row.refused_aligned,
        **_names(found.names_by_day.get(row.day)),
    }


def _names(names: Names | None) -> Json:
    if names is None:
        return dict.fromkeys(_NAMES, "")
    return {
        "name": str(names.state),
        "iprev": names.iprev,
        "ptr": " ".join(names.ptr),
        "name_from": str(names.origin),
        "name_observed": "" if names.at is None else timestamp(names.at),
        "failing": " ".join(each.tag for each in names.failing),
    }


def _table(columns: Sequence[str], rows: Iterable[Json]) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([cell("" if row[name] is None else str(row[name])) for name in columns])
    return out.getvalue()
