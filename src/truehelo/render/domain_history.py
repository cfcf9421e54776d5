"""The history of a domain: what stands in its DNS, since when, and each confirmed change.

Text, and JSON ("truehelo/domain-history/1", `schema/domain-history-1.json`). Text of the network is made visible here.
Does not decide what is believed (`monitor/domains.py`).
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from truehelo import __version__
from truehelo.facts.text import visible
from truehelo.render.document import dumps
from truehelo.render.look import Look
from truehelo.render.notice_parts import clean
from truehelo.render.notice_parts import moment as when
from truehelo.render.style import Style

SCHEMA = "truehelo/domain-history/1"
MAX_TEXT = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A record as it stands: what it is ("spf", "mx", "dkim:" and a name), its value ("" for a denial), and since when."""

    what: str
    value: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A confirmed change of a record: when, from what to what, and why it is believed."""

    what: str
    old: str
    new: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainHistory:
    """What is kept of a domain.

    `seen_since` is when it was first seen, `checked` when it was looked at last, `unseen_since` since when it could not be
    seen, and `cause` why. `more` are changes that are left out.
    """

    at: datetime
    name: str
    since: datetime
    watched: bool
    seen_since: datetime | None
    checked: datetime | None
    unseen_since: datetime | None = None
    cause: str = ""
    records: tuple[Standing, ...] = ()
    changes: tuple[Change, ...] = ()
    more: int = 0


def render(found: DomainHistory, look: Look) -> str:
    """Return the history as text."""
    style = Style(look)
    state = "watched" if found.watched else "no longer watched"
    lines = style.wrap(f"{clean(found.name, 255)}: the records of a domain, {state}")
    lines += style.wrap(f"First seen {when(found.seen_since) or 'never'}, last looked at {when(found.checked) or 'never'}.")
    if found.unseen_since is not None:
        lines += style.wrap(f"Not all of it can be seen since {when(found.unseen_since)}: {clean(found.cause)}")
    lines += ["", "Stands there now:" if found.watched else "Stood there:"]
    for each in found.records:
        lines += style.wrap(f"{clean(each.what, 300)}, since {when(each.since)}", "  ")
        lines += style.wrap(clean(each.value, MAX_TEXT) or "nothing", "    ", "    ")
    lines += ["", f"Changes since {when(found.since)}:"]
    for change in found.changes:
        lines += style.wrap(f"{when(change.at)}  {clean(change.what, 300)}: {clean(change.reason)}", "  ", "    ")
        lines += style.wrap(f"from: {clean(change.old, MAX_TEXT) or 'nothing'}", "    ")
        lines += style.wrap(f"to:   {clean(change.new, MAX_TEXT) or 'nothing'}", "    ")
    if not found.changes:
        lines.append("  none")
    if found.more:
        lines.append(f"  and {found.more:,} more: --all")
    return style.finish(lines)


def document(found: DomainHistory) -> str:
    """Return the history as JSON."""
    return dumps(
        {
            "schema": SCHEMA,
            "tool": {"name": "truehelo", "version": __version__},
            "at": _time(found.at),
            "domain": visible(found.name, 255),
            "since": _time(found.since),
            "watched": found.watched,
            "seen_since": _time(found.seen_since),
            "checked": _time(found.checked),
            "unseen_since": _time(found.unseen_since),
            "cause": visible(found.cause, MAX_TEXT),
            "records": [
                {"what": visible(each.what, 300), "value": visible(each.value, MAX_TEXT), "since": _time(each.since)}
                for each in found.records
            ],
            "changes": [
                {
                    "what": visible(each.what, 300),
                    "old": visible(each.old, MAX_TEXT),
                    "new": visible(each.new, MAX_TEXT),
                    "at": _time(each.at),
                    "reason": visible(each.reason, MAX_TEXT),
                }
                for each in found.changes
            ],
            "left_out": found.more,
        }
    )


def _time(at: datetime | None) -> str | None:
    return None if at is None else f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
