"""A notice as data of the schema "truehelo/notice/1" (`schema/notice-1.json`): the body of a webhook, for instance.

Its `type`, `timestamp` and flat fields are those of a Standard Webhooks payload. Text of the network is made visible here
too: what reads it may print it, but must still escape it for its own format.
"""

from datetime import UTC, datetime

from truehelo.facts.text import visible
from truehelo.monitoring import Member, Notice
from truehelo.render.notice_parts import fix_line

SCHEMA = "truehelo/notice/1"
MAX_MEMBERS, MAX_LINES, MAX_TEXT = 50, 500, 500


def data(notice: Notice, thread: str) -> dict[str, object]:
    """Return JSON-able data; `thread` is the same for all notices of one incident."""
    return {
        "schema": SCHEMA,
        "type": f"notice.{notice.kind}",
        "timestamp": _time(notice.at),
        "thread": thread,
        "kind": str(notice.kind),
        "tag": visible(notice.tag, MAX_TEXT),
        "severity": str(notice.severity),
        "summary": visible(notice.summary, MAX_TEXT),
        "incident": notice.incident,
        "opened": _time(notice.opened),
        "closed": _time(notice.closed),
        "cause": visible(notice.cause, MAX_TEXT),
        "count": max(notice.count, len(notice.members)),
        "members": [_member(member) for member in notice.members[:MAX_MEMBERS]],
        "groups": _texts(notice.groups),
        "owners": _texts(notice.owners),
        "served_by": _texts(notice.served_by),
        "caches_until": _time(notice.caches_until),
        "receivers": _texts(notice.receivers),
        "fix": [fix_line(text) for text in notice.fix[:MAX_LINES]],
        "lines": _texts(notice.lines),
        "url": visible(notice.url, MAX_TEXT),
        "about": visible(notice.about, MAX_TEXT),
        "ended": visible(notice.ended, MAX_TEXT),
    }


def _texts(texts: tuple[str, ...]) -> list[str]:
    return [visible(text, MAX_TEXT) for text in texts[:MAX_LINES]]


def _member(member: Member) -> dict[str, object]:
    return {
        "ip": visible(member.ip, MAX_TEXT),
        "expected": visible(member.expected, MAX_TEXT),
        "groups": _texts(member.groups),
        "owner": visible(member.owner, MAX_TEXT),
        "since": _time(member.since),
        "closed": _time(member.closed),
        "old": visible(member.old, MAX_TEXT),
        "new": visible(member.new, MAX_TEXT),
    }


def _time(at: datetime | None) -> str | None:
    """A time as RFC 3339 §5.6 writes it, in UTC, whole seconds."""
    return None if at is None else f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
