"""The history for machines: JSON ("truehelo/history/1", `schema/history-1.json`)."""

from collections.abc import Mapping
from datetime import UTC, datetime

from truehelo import __version__
from truehelo.render import strip
from truehelo.render.document import Json, dumps, timestamp
from truehelo.render.reading import Change, Course, Day, History, Now, Past

SCHEMA = "truehelo/history/1"


def document(history: History) -> str:
    """Return the history as one JSON document."""
    return dumps(
        {
            "schema": SCHEMA,
            "tool": {"name": "truehelo", "version": __version__},
            "at": timestamp(history.at),
            "asked": history.asked,
            "since": timestamp(history.since),
            "subjects": [_past(past) for past in history.pasts],
            "left_out": history.left_out,
        },
        indent=2,
    )


def _past(past: Past) -> Json:
    return {
        "ip": past.ip,
        "vantage": past.vantage,
        "expected": list(past.expected),
        "groups": list(past.groups),
        "owner": past.owner,
        "state": past.state,
        "maintenance": past.overlay == "maintenance",
        "since": _time(past.since),
        "cause": past.cause,
        "added": timestamp(past.added),
        "removed": _time(past.removed),
        "checked": _time(past.checked),
        "next_check": _time(past.next_check),
        "incidents": list(past.incidents),
        "strips": [_strip(name, course) for name, course in past.courses.items()],
        "tags": [
            {
                "tag": each.what,
                "state": each.state,
                "severity": str(each.severity),
                "message": each.value,
                "since": timestamp(each.since),
            }
            for each in past.tags
        ],
        "seen": [_seen(each) for each in past.seen],
        "listings": [
            {"list": each.what, "state": each.state, "detail": each.value, "since": timestamp(each.since)}
            for each in past.listings
        ],
        "changes": [_change(each) for each in past.changes],
        "changes_total": past.total,
        "days": [_day(each) for each in past.days],
    }


def _strip(name: str, course: Course) -> Json:
    return {
        "name": name,
        "since": _stamp(course.since),
        "until": _stamp(course.until),
        "spans": [{"state": span.state, "since": _stamp(span.since), "until": _stamp(span.until)} for span in course.spans],
        "days": [_day(each) for each in course.days],
        "seconds": rounded(strip.seconds(course)),
    }


def rounded(total: Mapping[str, float]) -> Json:
    """Return the seconds in every state, nought in those that there were not."""
    return {state: round(total.get(state, 0.0), 3) for state in strip.ORDER}


def _seen(each: Now) -> Json:
    return {"what": each.what, "value": each.value, "since": timestamp(each.since)}


def _change(each: Change) -> Json:
    return {
        "id": each.id,
        "what": each.what,
        "old": each.old,
        "new": each.new,
        "at": timestamp(each.at),
        "reason": each.reason,
        "evidence": each.has_evidence,
    }


def _day(each: Day) -> Json:
    return {
        "day": f"{datetime.fromtimestamp(each.since, UTC):%Y-%m-%d}",
        "failing_s": each.failing_s,
        "undetermined_s": each.undetermined_s,
        "unwatched_s": each.unwatched_s,
        "changes": each.flips,
    }


def _stamp(at: float) -> str:
    return timestamp(datetime.fromtimestamp(at, UTC))


def _time(at: datetime | None) -> str | None:
    return None if at is None else timestamp(at)
