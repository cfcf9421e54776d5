"""What is told of reports for machines: JSON ("truehelo/reports/1", `schema/reports-1.json`).

Each document names its kind in `what`: "sources", "new", "address", "reporters", "trend", "suggest", "classes". Days are
dates in UTC.
"""

from collections.abc import Sequence
from datetime import datetime

from truehelo import __version__
from truehelo.render.document import Json, dumps, timestamp
from truehelo.render.reports_words import day
from truehelo.sources.change import Change
from truehelo.sources.listing import ReporterRow, Reporters, Suggested, Trend, TrendRow
from truehelo.sources.model import Address, Flip, Names, Said, Selector, SourceRow, Sources, Spf, Standing, Sums, Turn

SCHEMA = "truehelo/reports/1"


def _document(what: str, at: datetime, **values: object) -> str:
    head = {"schema": SCHEMA, "tool": {"name": "truehelo", "version": __version__}, "what": what, "at": timestamp(at)}
    return dumps({**head, **values}, indent=2)


def sources(found: Sources, what: str = "sources") -> str:
    """Return where mail leaves from, as one document; `what` is "sources" or "new"."""
    return _document(
        what,
        found.at,
        domain=found.domain,
        since=day(found.since),
        until=day(found.until),
        total=sums_values(found.total),
        messages_by_name={str(state): count for state, count in found.by_name.items()},
        messages_by_class={str(kind): count for kind, count in found.by_class.items()},
        sources=[_source(row) for row in found.rows],
        count=found.sources,
        left_out=found.left_out,
        left_out_messages=found.left_out_messages,
        at_least=found.at_least,
    )


def address(found: Address) -> str:
    """Return what is known of one source, as one document."""
    return _document(
        "address",
        found.at,
        ip=found.ip,
        since=day(found.since),
        until=day(found.until),
        network=found.network,
        network_name=found.network_name,
        expected=list(found.expected),
        watched=found.watched,
        domains=[{"domain": name, "messages": count} for name, count in found.domains],
        total=sums_values(found.sums),
        standing=_standing(found.standing),
        said=[said(each) for each in found.trail],
        names=_names(found.names),
        names_by_day=[{"day": day(number), **_names(names)} for number, names in sorted(found.names_by_day.items())],
        spf=[_spf(each) for each in found.spf],
        selectors=[_selector(each) for each in found.selectors],
        messages_read=found.messages_read,
        reporters=[
            {
                "reporter": each.name,
                **sums_values(each.sums),
                "first_day": day(each.first_day),
                "last_day": day(each.last_day),
                "refused_since": None if each.refused_since is None else day(each.refused_since),
            }
            for each in found.reporters
        ],
        days=[
            {"day": day(row.day), "reporter": row.reporter, **sums_values(row.sums), "refused_aligned": row.refused_aligned}
            for row in found.days
        ],
        changes=[_turn(turn) for turn in found.turns],
        flips=[_flip(flip) for flip in found.flips],
        cause=None if found.cause is None else {**_flip(found.cause), "still": found.cause_still},
        fix=list(found.fix),
        fix_from=found.fix_from,
    )


def reporters(found: Reporters) -> str:
    """Return who reports, as one document."""
    return _document(
        "reporters",
        found.at,
        domain=found.domain,
        since=day(found.since),
        until=day(found.until),
        reporters=[reporter_values(row) for row in found.rows],
    )


def trend(found: Trend) -> str:
    """Return how mail fared over time, as one document."""
    return _document(
        "trend",
        found.at,
        domain=found.domain,
        since=day(found.since),
        until=day(found.until),
        by="week" if found.weekly else "day",
        rows=[trend_values(row) for row in found.rows],
        changes=[_change(change) for change in found.changes],
    )


def suggested(found: Sequence[Suggested], at: datetime) -> str:
    """Return what is missing in the inventory, as one document."""
    return _document("suggest", at, addresses=[_suggested(each) for each in found])


def classes(found: Sequence[Said], at: datetime) -> str:
    """Return what operators said of sources, as one document."""
    return _document("classes", at, classes=[said(each) for each in found])


def said(each: Said) -> Json:
    """Return what an operator said."""
    return {
        "target": each.target,
        "class": str(each.kind),
        "reason": each.reason,
        "by": each.by,
        "at": timestamp(each.at),
        "ended": None if each.ended is None else timestamp(each.ended),
    }


def sums_values(sums: Sums) -> Json:
    """Return messages, and how they fared."""
    return {
        "messages": sums.messages,
        "aligned": sums.passed,
        "dkim_aligned": sums.dkim,
        "spf_aligned": sums.spf,
        "quarantined": sums.quarantined,
        "rejected": sums.rejected,
    }


def _source(row: SourceRow) -> Json:
    return {
        "ip": row.ip,
        "network": row.network,
        "network_name": row.network_name,
        "watched": row.watched,
        "share": round(row.share, 6),
        **sums_values(row.sums),
        "first_day": None if row.first_day is None else day(row.first_day),
        "last_day": None if row.last_day is None else day(row.last_day),
        "reporters": row.reporters,
        "refused_at": [{"reporter": name, "messages": count} for name, count in row.refused_at],
        "names": _names(row.names),
        "standing": _standing(row.standing),
        "spf": [_spf(each) for each in row.spf],
        "selectors": [_selector(each) for each in row.selectors],
        "messages_read": row.messages_read,
    }


def _names(names: Names) -> Json:
    return {
        "state": str(names.state),
        "origin": str(names.origin),
        "observed": None if names.at is None else timestamp(names.at),
        "iprev": names.iprev or None,
        "ptr": list(names.ptr),
        "confirmed": list(names.confirmed),
        "generic": list(names.generic),
        "greeting": names.greeting or None,
        "helo": names.helo or None,
        "failing": [{"tag": each.tag, "seconds": round(each.seconds, 3)} for each in names.failing],
        "failing_s": round(names.failing_s, 3),
        "undetermined_s": round(names.undetermined_s, 3),
        "listed": list(names.listed),
        "detail": names.detail,
        "vantage": names.vantage,
    }


def _standing(standing: Standing) -> Json:
    return {
        "class": str(standing.kind),
        "said_by": standing.by or None,
        "reason": standing.reason,
        "at": None if standing.at is None else timestamp(standing.at),
        "target": standing.target or None,
        "suggested": str(standing.suggestion.kind),
        "signs": [{"code": sign.code, "text": sign.text} for sign in standing.suggestion.signs],
    }


def _spf(each: Spf) -> Json:
    return {
        "domain": each.domain,
        "result": each.word,
        "undetermined": each.undetermined,
        "detail": each.detail,
        "asked": timestamp(each.at),
    }


def _selector(each: Selector) -> Json:
    return {"domain": each.domain, "selector": each.selector, "messages": each.messages, "aligned": each.aligned}


def _change(change: Change) -> Json:
    return {
        "day": day(change.day),
        "earliest": day(change.earliest),
        "latest": day(change.latest),
        "before": {"messages": change.before.messages, "of": change.before.hits},
        "after": {"messages": change.after.messages, "of": change.after.hits},
        "bayes_log10": round(change.bayes, 2),
    }


def _turn(turn: Turn) -> Json:
    return {
        "reporter": turn.reporter,
        **_change(turn.change),
        "worse": turn.worse,
        "disposition": turn.disposition,
        "refused": turn.refused,
        "refused_aligned": turn.refused_aligned,
        "causes": [_flip(flip) for flip in turn.causes],
    }


def _flip(flip: Flip) -> Json:
    return {
        "id": flip.id,
        "what": flip.what,
        "old": flip.old,
        "new": flip.new,
        "at": timestamp(flip.at),
        "reason": flip.reason,
        "evidence": flip.has_evidence,
    }


def reporter_values(row: ReporterRow) -> Json:
    """Return who reports, and how much."""
    return {
        "reporter": row.name,
        "email": row.email,
        "reports": row.reports,
        "records": row.records,
        "days": row.days,
        "first_day": day(row.first_day),
        "last_day": day(row.last_day),
        **sums_values(row.sums),
        "silent_since": None if row.silent_since is None else day(row.silent_since),
    }


def trend_values(row: TrendRow) -> Json:
    """Return a day or a week."""
    return {"day": day(row.day), "reports": row.reports, "reporters": row.reporters, **sums_values(row.sums)}


def _suggested(each: Suggested) -> Json:
    return {
        "ip": each.ip,
        "domains": list(each.domains),
        "share": round(each.share, 6),
        **sums_values(each.sums),
        "reporters": each.reporters,
        "first_day": day(each.first_day),
        "last_day": day(each.last_day),
        "names": _names(each.names),
        "signs": [{"code": sign.code, "text": sign.text} for sign in each.signs],
    }
