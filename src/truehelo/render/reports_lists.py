"""Who reports, how mail fared over time, and what is missing in the inventory, as text.

Text of the network is made visible here.
"""

from collections.abc import Sequence

from truehelo.render import reports_words as words
from truehelo.render.look import Look
from truehelo.render.notice_parts import clean
from truehelo.render.style import Mark, Style
from truehelo.sources.listing import Reporters, Suggested, Trend

_WIDTHS = (10, 9, 8, 10, 7, 9)
_WIDE = 64


def reporters(found: Reporters, look: Look) -> str:
    """Return who reports, as text."""
    style = Style(look)
    total = sum(each.sums.messages for each in found.rows)
    whose = clean(found.domain, 255) or "all domains"
    head = f"{whose}, {words.span(found.since, found.until)}: {words.counted(len(found.rows), 'receiver')} reported"
    lines = style.wrap(f"{head} {words.messages(total)}")
    silent = [each for each in found.rows if each.silent_since is not None]
    if silent:
        lines += style.wrap(f"silent though they used to report: {', '.join(clean(each.name, 100) for each in silent)}")
    for each in found.rows:
        mark = style.mark(Mark.UNKNOWN if each.silent_since is not None else Mark.YES)
        share = words.percent(each.sums.messages, total)
        indent = " " * (3 + style.mark_width)
        first, *rest = style.wrap(f"{clean(each.name, 100)}  {share}, {words.messages(each.sums.messages)}", indent)
        lines += ["", f"  {mark} {first.lstrip()}", *rest]
        lines += style.wrap(words.fared(each.sums), indent)
        last = f"last report of {words.day(each.last_day)}"
        if each.silent_since is not None:
            last = f"silent since {words.day(each.silent_since)}, which is unlike it"
        lines += style.wrap(f"{words.counted(each.reports, 'report')} on {words.counted(each.days, 'day')}; {last}", indent)
    return style.finish(lines)


def trend(found: Trend, look: Look) -> str:
    """Return how mail fared over time, as text."""
    style = Style(look)
    whose, unit = clean(found.domain, 255) or "all domains", "week" if found.weekly else "day"
    lines = style.wrap(f"{whose} by {unit}, {words.span(found.since, found.until)}")
    if not found.rows:
        return style.finish([*lines, *style.wrap("no mail is reported of these days")])
    most = max(row.sums.messages for row in found.rows) or 1
    width = max(10, look.width - 12)
    rows = found.rows[-width:]
    lines += [
        "",
        "  aligned   "
        + words.spark([row.sums.passed / row.sums.messages if row.sums.messages else None for row in rows], style),
        "  refused   "
        + words.spark([row.sums.refused / row.sums.messages if row.sums.messages else None for row in rows], style),
        "  messages  " + words.spark([row.sums.messages / most if row.sums.messages else None for row in rows], style),
        "",
    ]
    for change in found.changes:
        before, after = change.before, change.after
        told = f"{words.percent(after.hits, after.messages)} aligned, {words.percent(before.hits, before.messages)} before"
        lines += style.wrap(f"changed {words.changed(change)}: {told}", "  ", "    ")
    lines += [""] if found.changes else []
    # Where there is no room the two ways to refuse stand for themselves: the rest was accepted.
    heads = ("week of" if found.weekly else "day", "messages", "aligned", "quarantine", "reject", "accepted")
    count = len(heads) if look.width >= _WIDE else len(heads) - 1
    lines.append("  " + _cells(heads[:count]))
    for row in found.rows:
        sums = row.sums
        kept = sums.messages - sums.refused
        parts = [words.percent(part, sums.messages) for part in (sums.passed, sums.quarantined, sums.rejected, kept)]
        lines.append("  " + _cells((words.day(row.day), f"{sums.messages:,}", *parts)[:count]))
    return style.finish(lines)


def _cells(cells: Sequence[str]) -> str:
    first, *rest = zip(cells, _WIDTHS, strict=False)
    return " ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in rest)])


def suggested(found: tuple[Suggested, ...], look: Look) -> str:
    """Return which addresses are missing in the inventory, with the evidence."""
    style = Style(look)
    if not found:
        return style.finish(style.wrap("nothing is missing: every address that sends for you by right is in the inventory"))
    lines = style.wrap(
        f"{words.counted(len(found), 'address sends', 'addresses send')} for you and "
        f"{'is' if len(found) == 1 else 'are'} missing in the inventory"
    )
    for each in found:
        told = f"{each.ip}  {words.percent(round(each.share * 1e9), 10**9)}, {words.messages(each.sums.messages)} for "
        told += ", ".join(clean(name, 255) for name in each.domains[:4])
        lines += ["", *(style.paint(line, "bold") for line in style.wrap(told, "  ", "    "))]
        lines += style.wrap("; ".join(sign.text for sign in each.signs), "    ")
        seen = f"by {words.counted(each.reporters, 'receiver')}, {words.span(each.first_day, each.last_day)}"
        lines += style.wrap(f"{words.fared(each.sums)}; {seen}", "    ")
        lines += style.wrap(words.named(each.names), "    ")
    lines += ["", *style.wrap("to take them: truehelo inventory suggest --format toml > found.toml, look, then import it")]
    return style.finish(lines)
