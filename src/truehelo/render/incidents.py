"""Lists of incidents: text for people, CSV for spreadsheets, JSON ("truehelo/incidents/1", `schema/incidents-1.json`).

Text of the network and of operators is made visible here. Does not decide which incidents there are, nor in which order.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from truehelo import __version__
from truehelo.facts.cells import cell
from truehelo.facts.text import visible
from truehelo.monitoring import ADDRESSES, Deed, Dispatch, Dossier, Incident, Member, Silence
from truehelo.render.document import Json, dumps
from truehelo.render.look import Look
from truehelo.render.notice_parts import clean
from truehelo.render.notice_parts import moment as when
from truehelo.render.style import Style

SCHEMA = "truehelo/incidents/1"
COLUMNS = (
    "incident",
    "state",
    "severity",
    "tag",
    "opened",
    "closed",
    "addresses",
    "not_well",
    "groups",
    "summary",
    "acknowledged",
    "acknowledged_by",
    "note",
    "silenced_until",
)
_UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


def length(of: timedelta) -> str:
    """Write how long something lasts, in its two largest units: "3d 4h", "12m", "5s"."""
    seconds = max(0, int(of.total_seconds()))
    for number, (unit, size) in enumerate(_UNITS):
        if seconds >= size:
            whole, rest = divmod(seconds, size)
            below = _UNITS[number + 1] if number + 1 < len(_UNITS) - 1 else None
            small = rest // below[1] if below is not None else 0
            return f"{whole}{unit}" + (f" {small}{below[0]}" if below is not None and small else "")
    return "0s"


def state(each: Dossier) -> str:
    """Return how an incident stands, in one word: "closed", "acknowledged", "silenced" or "open"."""
    if each.incident.closed is not None:
        return "closed"
    if each.incident.acknowledged is not None:
        return "acknowledged"
    return "open" if each.silence is None else "silenced"


def headline(incident: Incident) -> str:
    """Say in one sentence what an incident is about."""
    flapping = "it comes and goes: " if incident.details.get("flapping") else ""
    if incident.count > 1 and "count" not in incident.details:  # what cannot be seen says so itself
        return flapping + clean(f"{incident.count:,} {incident.about}: {incident.cause}")
    return flapping + clean(str(incident.details.get("message") or incident.cause))


def addresses(incident: Incident) -> str:
    """Return how many addresses (or what it is about) an incident has, and how many of them are not well yet."""
    still = incident.open_count
    left = f", {still:,} not well" if incident.closed is None and still != incident.count else ""
    return f"{counted(incident.count, incident.about)}{left}"


def counted(count: int, about: str = ADDRESSES) -> str:
    """Return a number of addresses, or of what it is about: "1 address", "12 domains"."""
    noun = clean(about, 80)
    if count == 1:
        noun = "address" if noun == ADDRESSES else noun.removesuffix("s")
    return f"{count:,} {noun}"


def text(found: Sequence[Dossier], look: Look, now: datetime, *, more: bool, closed: bool) -> str:
    """Return a list for people. `more`: there are others beyond these; `closed`: those that are over were asked for too."""
    style = Style(look)
    if not found:
        return "no incidents\n" if closed else "no open incidents\n"
    lines: list[str] = []
    for each in found:
        lines += [*_entry(each, style, now), ""]
    lines += style.wrap(_summary(found, more=more))
    return style.finish(lines)


def _entry(each: Dossier, style: Style, now: datetime) -> Iterable[str]:
    incident = each.incident
    number = f"#{incident.id}".ljust(6)
    if incident.closed is None:
        time = f"open for {length(now - incident.opened)}"
    else:
        time = f"closed {when(incident.closed)}, after {length(incident.closed - incident.opened)}"
    yield f"{number} {style.severity(incident.severity)} {clean(incident.tag, 80)}  {time}  {addresses(incident)}"
    yield from style.wrap(headline(incident), "       ")
    for line in standing(each):
        yield from style.wrap(line, "       ")


def standing(each: Dossier) -> Iterable[str]:
    """Say who is on it, and until when nobody wants to hear of it."""
    incident = each.incident
    if incident.acknowledged is not None:
        note = f": {clean(incident.note)}" if incident.note else ""
        yield f"acknowledged by {clean(incident.acknowledged_by, 200)}, {when(incident.acknowledged)}{note}"
    elif incident.note:
        yield f"note: {clean(incident.note)}"
    if each.silence is not None:
        yield f"silenced {silence_text(each.silence)}"


def caches_until(incident: Incident) -> datetime | None:
    """Return until when caches may hold the record that is gone; None where there is none, or nobody knows."""
    kept = str(incident.details.get("caches_until") or "")
    return datetime.fromisoformat(kept) if kept else None


def silence_text(silence: Silence) -> str:
    """Say until when, by whom and why something is silenced."""
    by = f" by {clean(silence.by, 200)}" if silence.by else ""
    return f"until {when(silence.until)}{by} (silence {silence.id}): {clean(silence.reason)}"


def _summary(found: Sequence[Dossier], *, more: bool) -> str:
    still = [each for each in found if each.incident.closed is None]
    parts = [f"{len(still):,} open" if len(still) == len(found) else f"{len(found):,} incidents, {len(still):,} open"]
    acknowledged = sum(each.incident.acknowledged is not None for each in still)
    silenced = sum(each.silence is not None for each in still)
    parts += [f"{acknowledged:,} acknowledged"] if acknowledged else []
    parts += [f"{silenced:,} silenced"] if silenced else []
    there = " There are more: --limit shows them." if more else ""
    return f"{', '.join(parts)}.{there} In full: truehelo incidents {found[0].incident.id}"


def sheet(found: Sequence[Dossier]) -> str:
    """Return a list as CSV with a header line and CRLF line ends (RFC 4180)."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for each in found:
        writer.writerow([cell(value) for value in _row(each)])
    return out.getvalue()


def _row(each: Dossier) -> Iterable[str]:
    incident = each.incident
    return (
        str(incident.id),
        state(each),
        str(incident.severity),
        incident.tag,
        _time(incident.opened) or "",
        _time(incident.closed) or "",
        str(incident.count),
        str(incident.open_count),
        " ".join(each.groups),
        headline(incident),
        _time(incident.acknowledged) or "",
        incident.acknowledged_by,
        incident.note,
        "" if each.silence is None else _time(each.silence.until) or "",
    )


def json(found: Sequence[Dossier], now: datetime, *, more: bool = False, full: bool = False) -> str:
    """Return a list as JSON; `full`: each with its members, messages and notes."""
    incidents = [incident_document(each, full=full) for each in found]
    return dumps(
        {
            "schema": SCHEMA,
            "tool": {"name": "truehelo", "version": __version__},
            "at": _time(now),
            "incidents": incidents,
            "more": more,
        },
        indent=2,
    )


def incident_document(each: Dossier, *, full: bool) -> Json:
    """Return one incident as plain dicts and lists."""
    incident = each.incident
    details = incident.details
    document: Json = {
        "incident": incident.id,
        "state": state(each),
        "tag": incident.tag,
        "severity": str(incident.severity),
        "summary": headline(incident),
        "cause": incident.cause,
        "flapping": bool(details.get("flapping")),
        "opened": _time(incident.opened),
        "closed": _time(incident.closed),
        "addresses": incident.count,
        "not_well": incident.open_count,
        "groups": list(each.groups),
        "acknowledged": _acknowledged(incident),
        "note": incident.note,
        "silence": None if each.silence is None else silence_document(each.silence),
    }
    if full:
        document |= {
            "owners": list(each.owners),
            "served_by": _texts(details.get("served_by")),
            "caches_until": _time(caches_until(incident)),
            "receivers": _texts(details.get("receivers")),
            "fix": _texts(details.get("fix")),
            "members": [_member(member) for member in incident.members],
            "messages": [dispatch_document(dispatch) for dispatch in each.dispatches],
            "deeds": [_deed(deed) for deed in each.deeds],
        }
    return document


def _acknowledged(incident: Incident) -> Json | None:
    if incident.acknowledged is None:
        return None
    return {"at": _time(incident.acknowledged), "by": incident.acknowledged_by}


def silence_document(silence: Silence) -> Json:
    """Return a silence as plain dicts and lists."""
    return {
        "silence": silence.id,
        "ip": silence.ip,
        "groups": list(silence.groups),
        "tags": list(silence.tags),
        "starts": _time(silence.since),
        "until": _time(silence.until),
        "by": silence.by,
        "reason": silence.reason,
    }


def dispatch_document(dispatch: Dispatch) -> Json:
    """Return one message and its tries as plain dicts and lists."""
    return {
        "message": dispatch.id,
        "key": dispatch.key,
        "incident": dispatch.incident,
        "kind": dispatch.kind,
        "channel": dispatch.channel,
        "state": dispatch.state,
        "made": _time(dispatch.made),
        "due": _time(dispatch.due) if dispatch.state == "pending" else None,
        "delivered": _time(dispatch.delivered),
        "detail": visible(dispatch.detail, 500),
        "tries": [
            {"number": each.number, "at": _time(each.at), "taken": each.taken, "said": visible(each.said, 500)}
            for each in dispatch.tries
        ],
    }


def _member(member: Member) -> Json:
    return {
        "ip": member.ip,
        "expected": member.expected,
        "groups": list(member.groups),
        "owner": member.owner,
        "tags": list(member.tags),
        "since": _time(member.since),
        "closed": _time(member.closed),
        "old": member.old,
        "new": member.new,
    }


def _deed(deed: Deed) -> Json:
    return {"at": _time(deed.at), "by": deed.by, "what": deed.what, "note": deed.note}


def _texts(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, (list, tuple)) else []


def _time(at: datetime | None) -> str | None:
    """A time as RFC 3339 §5.6 writes it, in UTC, whole seconds."""
    return None if at is None else f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
