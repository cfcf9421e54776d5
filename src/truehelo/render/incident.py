"""One incident in full, as text: what is known, the addresses, receivers, the fix, what was told to whom, what was done.

Text of the network and of operators is made visible here, commands and records stay on their line. The same as JSON is
in `incidents.py`. Does not decide anything.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from truehelo.facts.address import Address, parse_address
from truehelo.monitoring import Deed, Dispatch, Dossier, Incident, Member
from truehelo.render.incidents import addresses, caches_until, headline, length, standing, state
from truehelo.render.look import Look
from truehelo.render.notice_parts import clean, well_since
from truehelo.render.notice_parts import moment as when
from truehelo.render.ranges import compress
from truehelo.render.style import Style

MAX_CHANGES = 200
"""Different changes that are shown; of more nobody reads the rest, and JSON has them."""
MAX_LINES = 500
_DID = {"ack": "acknowledged", "unack": "took the acknowledgement back", "note": "noted"}


def text(dossier: Dossier, look: Look, now: datetime) -> str:
    """Return one incident in full."""
    style = Style(look)
    incident = dossier.incident
    lines = [f"#{incident.id}  {style.severity(incident.severity)} {clean(incident.tag, 80)}  {state(dossier)}"]
    lines += [*style.wrap(headline(incident)), ""]
    rows = [(label, value) for label, value in _facts(dossier, now) if value]
    width = max(len(label) for label, _ in rows)
    for label, value in rows:
        lines += style.wrap(value, f"{label.ljust(width)}  ")
    lines += _section(clean(incident.about, 80).capitalize(), _members(incident, style))
    lines += _section("Receivers that mind", _texts(incident.details.get("receivers"), style))
    lines += _section("What to do", _fix(incident.details.get("fix"), style))
    lines += _section("Told", [line for each in dossier.dispatches for line in dispatch_lines(each, style, now)])
    lines += _section("Done", [line for each in dossier.deeds for line in _deed(each, style)])
    if incident.closed is None:
        lines += _section("Next", _next(incident, style))
    return style.finish(lines)


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return ["", f"{title}:", *lines] if lines else []


def _facts(dossier: Dossier, now: datetime) -> Iterable[tuple[str, str]]:
    incident, details = dossier.incident, dossier.incident.details
    also = sorted({tag for member in incident.members for tag in member.tags} - {incident.tag})
    first = min((member.since for member in incident.members), default=None)
    yield "Cause", clean(incident.cause)
    yield "First seen", when(first)
    yield "Open since", f"{when(incident.opened)} ({length((incident.closed or now) - incident.opened)})"
    yield "Closed", when(incident.closed)
    yield clean(incident.about, 80).capitalize(), addresses(incident) if incident.count else ""
    yield "Also", ", ".join(clean(tag, 80) for tag in also)
    yield "Groups", ", ".join(clean(group, 80) for group in dossier.groups[:50])
    yield "Owners", ", ".join(clean(owner, 80) for owner in dossier.owners[:50])
    yield "Zone", clean(str(details.get("zone") or ""), 255)
    yield "Served by", ", ".join(clean(each, 300) for each in _listed(details.get("served_by"))[:20])
    yield "Caches", _caches(incident, now)
    for line in standing(dossier):
        word, _, rest = line.partition(" ")
        yield word.rstrip(":").capitalize(), rest


def _caches(incident: Incident, now: datetime) -> str:
    at = caches_until(incident)
    if at is None or incident.closed is not None:
        return ""
    return (
        f"may hold the old record until {when(at)}" if at > now else f"held the old record until {when(at)} at the latest"
    )


def _listed(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, (list, tuple)) else []


def _members(incident: Incident, style: Style) -> list[str]:
    """Who changed from what to what: equal changes together, what is not well yet first."""
    alike: dict[tuple[bool, str, str, str], list[Member]] = {}
    why, members = incident.details.get("ended"), incident.members
    for member in members:
        well = well_since(member, why, incident.closed) is not None
        alike.setdefault((well, member.old, member.new, member.expected), []).append(member)
    lines: list[str] = []
    shown = sorted(alike.items(), key=lambda each: each[0][0])[:MAX_CHANGES]
    for (ended, old, new, expected), found in shown:
        wanted = f" (should be {clean(expected, 255)})" if expected else ""
        since = f", since {when(min(member.since for member in found))}"
        until = f", well since {when(max(member.closed for member in found if member.closed is not None))}" if ended else ""
        lines += style.wrap(f"{_ranges(found)}{wanted}{since}{until}", "  ")
        if old or new:
            lines += style.wrap(f"from: {clean(old) or 'nothing'}", "    ")
            lines += style.wrap(f"to:   {clean(new) or 'nothing'}", "    ")
    left = len(members) - sum(len(found) for _, found in shown)
    return [*lines, f"  and {left:,} more; --json has them all"] if left else lines


def _ranges(members: Iterable[Member]) -> str:
    ips: list[Address] = []
    others: list[str] = []
    for member in members:
        ip = parse_address(member.ip)
        if ip is None:
            others.append(clean(member.ip, 80))
        else:
            ips.append(ip)
    return ", ".join([*compress(ips), *others])


def _texts(value: object, style: Style) -> list[str]:
    return [line for each in _listed(value)[:MAX_LINES] for line in style.wrap(clean(each), "  ", "    ")]


def _fix(value: object, style: Style) -> list[str]:
    """What to do; a line that begins with two blanks is a command or a record, and stays as it is."""
    lines: list[str] = []
    for each in _listed(value)[:MAX_LINES]:
        lines += [f"      {clean(each)}"] if each.startswith("  ") else style.wrap(clean(each), "  ", "     ")
    return lines


def dispatch_lines(each: Dispatch, style: Style, now: datetime, about: str = "") -> list[str]:
    """Return a message and its tries, a line each; `about` stands behind its kind."""
    head = f"{each.id}  {clean(each.kind, 40)}{about} to {clean(each.channel, 80)}: {_became(each, now)}"
    lines = style.wrap(head, "  ", "      ")
    for one in each.tries:
        word = "taken" if one.taken else "not taken"
        lines += style.wrap(
            f"try {one.number}, {one.at:%Y-%m-%d %H:%M:%S}: {word}: {clean(one.said)}", "      ", "        "
        )
    return lines


def _became(each: Dispatch, now: datetime) -> str:
    if each.state == "delivered":
        return f"delivered {when(each.delivered)}"
    if each.state == "failed":
        return f"given up after {_tries(each.attempts)}"
    if each.state == "dropped":
        return f"not sent, since {clean(each.detail) or 'nobody needed to hear it'}"
    why = f" ({clean(each.detail)})" if each.detail and not each.tries else ""
    due = "now" if each.due <= now else when(each.due)
    return f"waits, next try {due}{why}"


def _tries(count: int) -> str:
    return "1 try" if count == 1 else f"{count} tries"


def _deed(deed: Deed, style: Style) -> list[str]:
    note = f": {clean(deed.note)}" if deed.note else ""
    return style.wrap(
        f"{when(deed.at)}  {clean(deed.by, 200)} {_DID.get(deed.what, clean(deed.what, 40))}{note}", "  ", "    "
    )


def _next(incident: Incident, style: Style) -> list[str]:
    if incident.acknowledged is None:
        return [*style.wrap("No more reminders and no escalation:", "  "), f"      truehelo ack {incident.id}"]
    return [*style.wrap("Have reminders and escalations again:", "  "), f"      truehelo ack {incident.id} --undo"]
