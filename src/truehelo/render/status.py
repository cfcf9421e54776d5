"""The status as text on one screen: what is wrong, what is unknown, and how the watch itself does. And its exit code.

What is undetermined stands apart from what is wrong, and neither hides the other. Long lists are cut, and the rest is
counted; JSON (`status_data.py`) has all of it. Text of the network and of operators is made visible here.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from truehelo.findings import Severity
from truehelo.monitoring import Dossier, Silence
from truehelo.render.codes import CRITICAL, FINDINGS, GOOD, OK, UNKNOWN, WARNING
from truehelo.render.codes import UNDETERMINED as UNDETERMINED_CODE
from truehelo.render.incidents import headline, length
from truehelo.render.look import Look
from truehelo.render.notice_parts import clean
from truehelo.render.notice_parts import moment as when
from truehelo.render.reading import Asked, Deliveries, Listing, Status, Unknown
from truehelo.render.style import Mark, Style

CANNOT_SEE = "CANNOT_SEE"
"""Tells that nothing can be seen, which is no failure of any address."""
MOST_INCIDENTS, MOST_CAUSES, MOST_LISTS, MOST_OTHERS = 8, 5, 5, 4
_INDENT = " " * 11
_STATES = (
    ("ok", "ok"),
    ("failing", "failing"),
    ("suspect", "suspected"),
    ("recovering", "recovering"),
    ("undetermined", "cannot be seen"),
    ("new", "not seen yet"),
)


def wrong(status: Status, fail_on: Severity | None) -> list[Dossier]:
    """Return the incidents that count as a failure: open, at or above `fail_on`, and not about what cannot be seen."""
    return [
        each
        for each in status.incidents
        if fail_on is not None and each.incident.severity.rank <= fail_on.rank and each.incident.tag != CANNOT_SEE
    ]


def is_undetermined(status: Status) -> bool:
    """Tell whether something cannot be said: an address cannot be seen, or nobody watches."""
    return status.blind > 0 or not status.alive


def exit_code(status: Status, fail_on: Severity | None) -> int:
    """Return 1 for an incident at or above `fail_on`, else 3 where something is undetermined, else 0."""
    if wrong(status, fail_on):
        return FINDINGS
    return UNDETERMINED_CODE if is_undetermined(status) else GOOD


def plugin_state(status: Status, fail_on: Severity | None) -> int:
    """Return the state of a monitoring plugin: critical for an error, warning for what else counts, then unknown."""
    found = wrong(status, fail_on)
    if any(each.incident.severity is Severity.ERROR for each in found):
        return CRITICAL
    return WARNING if found else UNKNOWN if is_undetermined(status) else OK


def render(status: Status, look: Look) -> str:
    """Return the status as text."""
    style = Style(look)
    parts = (
        _wrong(status, style),
        _unknown(status, style),
        _lists(status, style),
        [*_counts(status, style), *_watch(status, style), *_messages(status.deliveries, style, status.at)],
        _planned(status, style),
        _warnings(status.warnings, style),
    )
    lines = style.wrap(f"{when(status.at)}: {summary(status)}{_of(status.asked)}")
    return style.finish([*lines, *(line for part in parts if part for line in ("", *part))])


def summary(status: Status) -> str:
    """Say in one sentence how everything stands."""
    count = len([each for each in status.incidents if each.incident.tag != CANNOT_SEE])
    parts = [f"{count:,} open incident{'s' if count != 1 else ''}" if count else "nothing is known to be wrong"]
    blind, new = status.states.get("undetermined", 0), status.states.get("new", 0)
    parts += [f"{_addresses(blind)} cannot be seen"] if blind else []
    parts += [f"{_addresses(new)} not seen yet"] if new else []
    if not status.alive:
        parts.append("nobody watches: this is old" if status.watchers else "nobody has watched yet")
    return ", ".join(parts)


def _of(asked: Asked) -> str:
    kinds = (("group", asked.groups), ("owner", asked.owners), ("tag", asked.tags))
    told = [f"{kind} {' or '.join(clean(each, 80) for each in patterns)}" for kind, patterns in kinds if patterns]
    return f" ({'; '.join(told)})" if told else ""


def _addresses(count: int) -> str:
    return f"{count:,} address{'' if count == 1 else 'es'}"


def _ago(at: datetime, now: datetime) -> str:
    return f"since {when(at)} ({length(now - at)})"


# What is wrong


def _wrong(status: Status, style: Style) -> list[str]:
    told = [each for each in status.incidents if each.incident.tag != CANNOT_SEE]
    if not told:
        return []
    lines = [style.paint("Wrong now", "bold")]
    for each in told[:MOST_INCIDENTS]:
        lines += _incident(each, status, style)
    left = len(told) - MOST_INCIDENTS
    return lines + ([f"  and {left:,} more: truehelo incidents"] if left > 0 else [])


def _incident(each: Dossier, status: Status, style: Style) -> Iterable[str]:
    incident = each.incident
    head = f"#{incident.id} {clean(incident.tag, 80)}, {_ago(incident.opened, status.at)}"
    first, *rest = style.wrap(head, _INDENT)
    yield from (f"  {style.severity(incident.severity)}  {first.lstrip()}", *rest)
    alone = clean(incident.members[0].ip, 60) if incident.members else ""
    said = headline(incident)
    yield from style.wrap(said if not alone or alone in said else f"{alone}: {said}", _INDENT)
    for member in incident.members[:1]:
        if member.old or member.new:
            change = f"{clean(member.old, 255) or 'nothing'} {style.arrow} {clean(member.new, 255) or 'nothing'}"
            yield from style.wrap(change, _INDENT)
    marks = "; ".join(_marks(each, status))
    if marks:
        yield from style.wrap(marks, _INDENT)


def _marks(each: Dossier, status: Status) -> Iterable[str]:
    incident = each.incident
    if 0 < incident.open_count < incident.count:
        yield f"{incident.open_count:,} of {incident.count:,} still"
    if incident.acknowledged is not None:
        note = f" ({clean(incident.note, 200)})" if incident.note else ""
        yield f"acknowledged by {clean(incident.acknowledged_by, 100)}{note}"
    if each.silence is not None:
        yield f"silenced until {when(each.silence.until)}"
    if incident.details.get("flapping"):
        yield "flapping"
    if incident.id in status.planned:
        yield "under maintenance"


# What is unknown


def _unknown(status: Status, style: Style) -> list[str]:
    if not status.unknown and not status.unseen_domains:
        return []
    told = {each.incident.cause: each.incident.id for each in status.incidents if each.incident.tag == CANNOT_SEE}
    lines = [style.paint("Unknown now: neither good nor bad", "bold")]
    for each in status.unknown[:MOST_CAUSES]:
        lines += _cause(each, told, status.at, style)
    left = status.unknown[MOST_CAUSES:]
    if left:
        lines.append(f"  and {_addresses(sum(each.count for each in left))} for {len(left):,} more reasons")
    for domain in status.unseen_domains[:MOST_CAUSES]:
        lines += style.wrap(
            f"domain {clean(domain.name, 255)}: {clean(domain.cause, 300)}; {_ago(domain.since, status.at)}",
            f"  {style.mark(Mark.UNKNOWN)} ",
            " " * (3 + style.mark_width),
        )
    more = len(status.unseen_domains) - MOST_CAUSES
    return lines + ([f"  and {more:,} more domains"] if more > 0 else [])


def _cause(each: Unknown, told: dict[str, int], now: datetime, style: Style) -> Iterable[str]:
    number = next((number for cause, number in told.items() if each.cause and each.cause in cause), None)
    incident = "" if number is None else f", incident #{number}"
    yield from style.wrap(
        f"{_addresses(each.count)}: {clean(each.cause, 300)}; {_ago(each.since, now)}{incident}",
        f"  {style.mark(Mark.UNKNOWN)} ",
        " " * (3 + style.mark_width),
    )


def _lists(status: Status, style: Style) -> list[str]:
    if not status.blocklists:
        return []
    lines = [style.paint("Blocklists", "bold")]
    for each in status.blocklists[:MOST_LISTS]:
        lines += style.wrap(f"{clean(each.list, 80)}: {listing_words(each)}; {_ago(each.since, status.at)}", "  ", "    ")
    left = len(status.blocklists) - MOST_LISTS
    return lines + ([f"  and {left:,} more lists"] if left > 0 else [])


def listing_words(each: Listing) -> str:
    """Say what a list says: how many it lists, and of how many it could not say."""
    plain = each.listed - each.against
    parts = [f"{_addresses(each.against)} listed"] if each.against else []
    parts += [f"{_addresses(plain)} listed for information"] if plain else []
    reason = f" ({clean(each.reason, 120)})" if each.reason else ""
    parts += [f"{_addresses(each.unknown)} unknown{reason}"] if each.unknown else []
    return ", ".join(parts)


# How the watch does


def _counts(status: Status, style: Style) -> list[str]:
    told = [f"{status.states[state]:,} {word}" for state, word in _STATES if status.states.get(state)]
    more = f"; {status.maintenance:,} under maintenance" if status.maintenance else ""
    return style.wrap(f"{status.subjects:,}: {', '.join(told) or 'none'}{more}", "Addresses  ")


def _watch(status: Status, style: Style) -> list[str]:
    checked = "nothing was checked yet"
    if status.last_check is not None:
        checked = f"the last one {length(status.at - status.last_check)} ago"
    late = ""  # who has never watched is not behind
    if status.watchers:
        late = f"; {length_of(status.lag_s)} behind the schedule" if status.lag_s >= 1 else "; none is late"
    lines = style.wrap(f"{checked}{late if status.subjects else ''}", "Checks     ")
    for each in status.watchers:
        age = length(status.at - each.seen)
        word = f"alive, last sign {age} ago" if each.alive else f"DEAD, last sign {age} ago ({when(each.seen)})"
        lines += style.wrap(f"{clean(each.vantage, 80) or 'any'}: {word}", "Watch      ")
    if not status.watchers:
        lines += style.wrap("none has run yet: truehelo watch starts it", "Watch      ")
    return lines


def length_of(seconds: float) -> str:
    """Write how long something lasts, as `length`."""
    from datetime import timedelta

    return length(timedelta(seconds=seconds))


def _messages(deliveries: Sequence[Deliveries], style: Style, now: datetime) -> list[str]:
    if not deliveries:
        return style.wrap("none waits", "Messages   ")
    lines: list[str] = []
    for each in deliveries[:MOST_OTHERS]:
        said = [f"{each.waiting:,} wait{'s' if each.waiting == 1 else ''}"] if each.waiting else []
        if said and each.oldest is not None:
            said[0] += f" {_ago(each.oldest, now)}"
        said += [f"{each.failed:,} given up in 7 days"] if each.failed else []
        detail = f" ({clean(each.detail, 200)})" if each.detail else ""
        lines += style.wrap(
            f"{clean(each.channel, 80)}: {', '.join(said)}{detail}", _INDENT if lines else "Messages   ", _INDENT
        )
    left = len(deliveries) - MOST_OTHERS
    return lines + ([f"{_INDENT}and {left:,} more channels"] if left > 0 else [])


def _planned(status: Status, style: Style) -> list[str]:
    lines: list[str] = []
    for label, found in (("Silence", status.silences), ("Maintenance", status.windows)):
        for each in found[:MOST_OTHERS]:
            lines += style.wrap(_silence(each), f"{label} {each.id}: ", "  ")
        left = len(found) - MOST_OTHERS
        lines += [f"  and {left:,} more: truehelo silence --list"] if left > 0 else []
    return lines


def _silence(each: Silence) -> str:
    kinds = (("", (each.ip,) if each.ip else ()), ("group ", each.groups), ("tag ", each.tags))
    whom = ", ".join(f"{kind}{clean(' or '.join(words), 120)}" for kind, words in kinds if words) or "everything"
    return f"{whom}, until {when(each.until)}, by {clean(each.by, 80)}: {clean(each.reason, 200)}"


def _warnings(warnings: Sequence[str], style: Style) -> list[str]:
    return [line for each in warnings for line in style.wrap(clean(each), "warning: ", "  ")]
