"""The history of an address as text: the state strips, what is seen now and since when, and each change, the newest first.

Text of the network is made visible here. Does not decide what a state is, nor which changes are shown.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from truehelo.findings import Severity
from truehelo.monitoring import State
from truehelo.render import strip
from truehelo.render.incidents import length
from truehelo.render.look import Look
from truehelo.render.notice_parts import clean
from truehelo.render.notice_parts import moment as when
from truehelo.render.reading import Change, Day, History, Now, Past
from truehelo.render.style import Mark, Style

MOST_DAYS = 14
_MARKS = {"ok": Mark.YES, "failing": Mark.NO, "undetermined": Mark.UNKNOWN, "new": Mark.UNKNOWN}
_LABEL = 12
SIGHT = "sight"


def render(history: History, look: Look) -> str:
    """Return the history as text."""
    style = Style(look)
    lines: list[str] = []
    for past in history.pasts:
        lines += [*([""] if lines else []), *_past(past, history, style)]
    if history.left_out:
        lines += ["", *style.wrap(f"and {history.left_out:,} more addresses of that name; name one of them to see it")]
    return style.finish(lines)


def standing(past: Past) -> str:
    """Say in a word or two how an address stands."""
    if past.removed is not None:
        return "no longer watched"
    if past.state == "undetermined":
        return "cannot be seen now: neither good nor bad is known"
    if past.state == "new":
        return "nothing was seen yet"
    return {"suspect": "suspected", "ok": "ok"}.get(past.state, past.state)


def _past(past: Past, history: History, style: Style) -> Iterable[str]:
    mark = style.mark(_MARKS.get(past.state, Mark.DIFFERS)) if past.removed is None else style.mark(Mark.UNKNOWN)
    names = f"  {clean(', '.join(past.expected), 300)}" if past.expected else ""
    since = f" since {when(past.since)} ({length(history.at - past.since)})" if past.since and past.removed is None else ""
    place = f", seen from {clean(past.vantage, 80)}" if past.vantage else ""
    yield from (style.paint(line, "bold") for line in style.wrap(f"{past.ip}{names}{place}", "", "  "))
    told = style.wrap(f"{standing(past)}{since}{_flags(past)}", " " * (3 + style.mark_width))
    yield f"  {mark} {told[0].lstrip()}"
    yield from told[1:]
    for line in _about(past, history.at):
        yield from style.wrap(line, "  ")
    yield ""
    yield from _strips(past, style)
    for part in (_now(past, style), _changes(past, history, style), _days(past.days, style)):
        yield from ["", *part] if part else []


def _flags(past: Past) -> str:
    flags = [f"incident #{number}" for number in past.incidents[:5]]
    flags += ["under maintenance"] if past.overlay == "maintenance" else []
    cause = [clean(past.cause, 300)] if past.state == "undetermined" and past.cause else []
    told = [*cause, *flags]
    return f"; {'; '.join(told)}" if told else ""


def _about(past: Past, now: datetime) -> Iterable[str]:
    parts = [f"group{'s' if len(past.groups) > 1 else ''} {clean(', '.join(past.groups), 200)}"] if past.groups else []
    parts += [f"owner {clean(past.owner, 100)}"] if past.owner else []
    parts += [f"checked {length(now - past.checked)} ago"] if past.checked is not None else ["never checked"]
    if past.removed is not None:
        parts.append(f"watched until {when(past.removed)}")
    elif past.next_check is not None:
        late = past.next_check <= now
        parts.append("due now" if late else f"next in {length(past.next_check - now)}")
    yield ", ".join(parts)


# The strips


def _strips(past: Past, style: Style) -> list[str]:
    lines: list[str] = []
    states: set[str] = set()
    width = max(12, min(strip.CELLS, style.look.width - 9))
    for name, course in past.courses.items():
        total = strip.seconds(course)
        states |= set(total)
        lines.append(f"  {name:>5}  {strip.draw(course, style, width)}")
        lines += style.wrap(strip.said(total), " " * 9)
    lines += ["", *style.wrap("each sign shows the worst of its time:", " " * 9)]
    return [*lines, f"{' ' * 9}{strip.legend(style, states)}"]


# What is seen


def _now(past: Past, style: Style) -> list[str]:
    if not (past.tags or past.seen or past.listings):
        return []
    lines = [style.paint("Now", "bold")]
    for each in past.tags:
        lines += _tag(each, style)
    for each in past.seen:
        label = f"  {clean(each.what, 40):<{_LABEL}}"
        lines += style.wrap(f"{clean(each.value, 600) or 'nothing'}; since {when(each.since)}", label, " " * (_LABEL + 2))
    for each in past.listings:
        value = f": {clean(each.value, 300)}" if each.value else ""
        text = f"{clean(each.what, 80)} {each.state}{value}; since {when(each.since)}"
        lines += style.wrap(text, f"  {'list':<{_LABEL}}", " " * (_LABEL + 2))
    return lines


def _tag(each: Now, style: Style) -> Iterable[str]:
    word = {State.SUSPECT: "suspected", State.RECOVERING: "well again, not yet believed"}.get(State(each.state), each.state)
    value = f": {clean(each.value)}" if each.value else ""
    severity = each.severity or Severity.WARNING
    first, *rest = style.wrap(f"{clean(each.what, 120)}{value}; {word} since {when(each.since)}", " " * 11)
    yield f"  {style.severity(severity)}  {first.lstrip()}"
    yield from rest


# What changed


def _changes(past: Past, history: History, style: Style) -> list[str]:
    since = f"since {when(history.since)}"
    if not past.total:
        return [f"No change {since}"]
    count = f"{past.total:,} change{'' if past.total == 1 else 's'} {since}"
    left = past.total - len(past.changes)
    more = f", the {len(past.changes):,} newest of them (--all shows all)" if left else ""
    lines = [style.paint(f"{count}{more}", "bold")]
    for each in past.changes:
        lines += _change(each, style)
    kept = next((each for each in past.changes if each.has_evidence), None)
    if kept is not None:
        lines += ["", *style.wrap("* its evidence is kept, and is judged again by:", "  ")]
        lines += [
            f"    truehelo history {past.ip} --evidence {kept.id} -o change.evidence",
            "    truehelo replay change.evidence",
        ]
    return lines


def _change(each: Change, style: Style) -> Iterable[str]:
    kept = "*" if each.has_evidence else ""
    what = "can it be seen" if each.what == SIGHT else clean(each.what, 120)
    arrow = f" {style.arrow} "
    values = [clean(each.old, 500) or "nothing", clean(each.new, 500) or "nothing"]
    head = f"  {each.at.astimezone(UTC):%Y-%m-%d %H:%M}  #{each.id}{kept} {what}: "
    yield from style.wrap(arrow.join(values), head, " " * 20)
    if each.reason:
        yield from style.wrap(clean(each.reason, 600), " " * 20)


def _days(days: Sequence[Day], style: Style) -> list[str]:
    """Days of which only the sums are kept, the newest first."""
    if not days:
        return []
    shown = sorted(days, key=lambda day: day.since, reverse=True)
    lines = [style.paint("Days of which the sums alone are kept", "bold")]
    for day in shown[:MOST_DAYS]:
        parts = ((day.failing_s, "failing"), (day.undetermined_s, "cannot be seen"), (day.unwatched_s, "not watched"))
        told = ", ".join(f"{word} {length(timedelta(seconds=seconds))}" for seconds, word in parts if seconds > 0)
        flips = f"{day.flips:,} change{'' if day.flips == 1 else 's'}"
        at = datetime.fromtimestamp(day.since, UTC)
        lines += style.wrap(f"{told or 'ok'}; {flips}", f"  {at:%Y-%m-%d}  ", " " * 14)
    left = len(shown) - MOST_DAYS
    return lines + ([f"  and {left:,} more days"] if left > 0 else [])
