"""Where a domain's mail leaves from, as text: how much of it under true names, and each source with what is known of it.

Text of the network is made visible here. Does not decide which sources are shown, nor what they are.
"""

from collections.abc import Iterable, Sequence

from truehelo.render import reports_words as words
from truehelo.render.look import NORMAL, Look
from truehelo.render.notice_parts import clean
from truehelo.render.style import Style
from truehelo.sources.classes import TO_DO, SourceClass
from truehelo.sources.model import EVERY, Named, SourceRow, Sources

_ORDER = (Named.UNCONFIRMED, Named.UNDETERMINED, Named.NOT_KNOWN, Named.CONFIRMED)
MOST_RECEIVERS = 4


def render(found: Sources, look: Look) -> str:
    """Return the sources as text."""
    style = Style(look)
    lines = [*_head(found, style), ""]
    if not found.rows:
        lines += style.wrap("no mail is reported of these days; truehelo reports status says what came in")
        return style.finish(lines)
    lines += _identity(found, style)
    lines += style.wrap(_classes(found))
    for row in found.rows:
        lines += ["", *_row(row, style)]
    if found.left_out:
        more = f"{words.counted(found.left_out, 'more source')} with {words.messages(found.left_out_messages)}"
        lines += ["", *style.wrap(f"and {_least(found)}{more}{_all(found)}")]
    return style.finish(lines)


def render_new(found: Sources, look: Look) -> str:
    """Return sources that were new in these days, as text."""
    style = Style(look)
    what = f"{_least(found)}{words.counted(found.sources, 'new source')} since {words.day(found.since)}"
    lines = style.wrap(f"{_whose(found)}: {what}" if found.sources else f"{_whose(found)}: no new source in these days")
    for row in found.rows:
        lines += ["", *_row(row, style)]
    if found.left_out:
        lines += ["", *style.wrap(f"and {_least(found)}{found.left_out:,} more{_all(found)}")]
    return style.finish(lines)


def _least(found: Sources) -> str:
    return "at least " if found.at_least else ""


def _all(found: Sources) -> str:
    """Say how the others are shown."""
    if len(found.rows) >= EVERY:
        return ": truehelo reports export --daily has all of them"
    return f": --all shows {'more' if found.at_least else 'them'}"


def _whose(found: Sources) -> str:
    return clean(found.domain, 255) or "all domains"


def _head(found: Sources, style: Style) -> list[str]:
    sums = found.total
    head = f"{_whose(found)}, {words.span(found.since, found.until)}: {words.messages(sums.messages)}"
    told = f"from {_least(found)}{words.counted(found.sources, 'address', 'addresses')}; {words.fared(sums)}"
    return style.wrap(f"{head} {told}" if sums.messages else head)


def headline(found: Sources) -> str:
    """Say in one sentence what identity the mail leaves with: "18% of your mail leaves an address whose name ..."."""
    total = sum(found.by_name.values())
    parts = [
        f"{words.percent(found.by_name[state], total)} {'of your mail leaves ' if not place else ''}{words.STATES[state]}"
        for place, state in enumerate(state for state in _ORDER if found.by_name.get(state))
    ]
    return ", ".join(parts)


def _identity(found: Sources, style: Style) -> list[str]:
    told = headline(found)
    bad = found.by_name.get(Named.UNCONFIRMED, 0)
    return [style.paint(line, "bold" if bad else "dim") for line in style.wrap(told)] if told else []


def _classes(found: Sources) -> str:
    shown = sum(found.by_class.values())
    parts = [f"{words.percent(found.by_class[kind], shown)} {kind}" for kind in SourceClass if found.by_class.get(kind)]
    return f"by source: {', '.join(parts)}" if parts else ""


def _row(row: SourceRow, style: Style) -> Iterable[str]:
    name = f"  {clean(row.network_name, 255)}" if row.network_name else ""
    watched = "" if not row.watched else ", watched"
    head = f"{row.ip}{name}  {words.percent(round(row.share * 1e9), 10**9)}, {words.messages(row.sums.messages)}{watched}"
    yield from (style.paint(line, "bold") for line in style.wrap(head, "  ", "    "))
    indent = " " * (5 + style.mark_width)
    first, *rest = style.wrap(words.named(row.names), indent)
    yield f"    {style.mark(words.MARKS[row.names.state])} {first.lstrip()}"
    yield from rest
    besides = words.besides(row.names)
    if besides:
        yield from style.wrap(besides, indent)
    yield from style.wrap(words.classed(row.standing), indent)
    yield from style.wrap(f"{words.fared(row.sums)}{_seen(row)}", indent)
    if row.refused_at:
        yield from style.wrap(f"refused at {_receivers(row.refused_at)}", indent)
    if row.spf:
        yield from style.wrap(f"SPF now: {words.authorised(row.spf)}", indent)
    if row.selectors and (style.look.verbosity > NORMAL or len(row.selectors) > 1):
        yield from style.wrap(f"signed by {words.selectors(row.selectors, row.messages_read, row.sums.messages)}", indent)
    if row.standing.kind is not SourceClass.MINE and style.look.verbosity > NORMAL:
        yield from style.wrap(TO_DO[row.standing.kind].format(source=row.ip), indent)


def _seen(row: SourceRow) -> str:
    told = f"; by {words.counted(row.reporters, 'receiver')}" if row.reporters else ""
    if row.first_day is not None and row.last_day is not None:
        told += f", {words.span(row.first_day, row.last_day)}"
    return told


def _receivers(found: Sequence[tuple[str, int]]) -> str:
    told = [f"{clean(name, 100)} ({count:,})" for name, count in found[:MOST_RECEIVERS]]
    left = len(found) - MOST_RECEIVERS
    return ", ".join(told) + (f" and {left:,} more" if left > 0 else "")
