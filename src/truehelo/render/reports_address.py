"""One source as text: at whom it is refused and since when, what changed before that, and the fix.

The strips lay the names of the address over what each receiver did, day by day. Text of the network is made visible here.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from truehelo.render import reports_words as words
from truehelo.render.look import NORMAL, Look
from truehelo.render.notice_parts import clean
from truehelo.render.notice_parts import moment as when
from truehelo.render.style import Style
from truehelo.sources.classes import TO_DO, SourceClass
from truehelo.sources.model import MISSING, Address, Flip, Sums, Turn

MOST_RECEIVERS, MOST_TURNS, MOST_FLIPS = 12, 20, 12
MOST_CELLS = 60
_DID = {"reject": ("rejects", "rejected"), "quarantine": ("quarantines", "quarantined")}
_LABEL = 24


def render(found: Address, look: Look) -> str:
    """Return what is known of a source as text."""
    style = Style(look)
    lines = [*_head(found, style)]
    for part in (
        _cause(found, style),
        _fix(found, style),
        _strips(found, style),
        _flips(found, style),
        _trail(found, style),
    ):
        lines += ["", *part] if part else []
    if look.verbosity > NORMAL:
        lines += ["", *_days(found, style)]
    return style.finish(lines)


def _head(found: Address, style: Style) -> Iterable[str]:
    name = f"  {clean(', '.join(found.expected), 300)}" if found.expected else ""
    yield from (style.paint(line, "bold") for line in style.wrap(f"{found.ip}{name}", "", "  "))
    if not found.sums.messages:
        yield from style.wrap(f"no mail of it is reported from {words.span(found.since, found.until)}", "  ")
    else:
        domains = ", ".join(f"{clean(name, 255)} ({count:,})" for name, count in found.domains[:4])
        more = f" and {len(found.domains) - 4:,} more" if len(found.domains) > 4 else ""
        told = f"{words.span(found.since, found.until)}: {words.messages(found.sums.messages)} for {domains}{more}"
        yield from style.wrap(f"{told}; {words.fared(found.sums)}", "  ")
    yield from style.wrap(words.classed(found.standing), "  ")
    yield from style.wrap(f"{words.named(found.names)}{_where(found)}", "  ")
    besides = words.besides(found.names)
    if besides:
        yield from style.wrap(besides, "  ")
    if found.spf:
        yield from style.wrap(f"SPF now: {words.authorised(found.spf)}", "  ")
    if found.selectors:
        signed = words.selectors(found.selectors, found.messages_read, found.sums.messages)
        yield from style.wrap(f"signed by {signed}", "  ")


def _where(found: Address) -> str:
    network = f"; in {found.network}" if found.network else ""
    return network + (f" of {clean(found.network_name, 255)}" if found.network_name else "")


def turned(turn: Turn) -> str:
    """Say in one sentence at whom what is refused since when: "r1.example quarantines 95% since 2026-11-04 (...)"."""
    now, before = turn.change.after, turn.change.before
    if turn.disposition == MISSING:
        share = words.percent(before.messages - before.hits, before.messages)
        since = words.changed(turn.change)
        return f"{clean(turn.reporter, 100)} tells of no mail of it {since}; it was {share} of what it told of before"
    does, done = _DID.get(turn.disposition, ("refuses", "refused"))
    after = words.percent(now.hits, now.messages)
    earlier = words.percent(before.hits, before.messages)
    if turn.worse:
        return f"{clean(turn.reporter, 100)} {does} {after} {words.changed(turn.change)}, {earlier} before"
    since = words.changed(turn.change)
    return f"{clean(turn.reporter, 100)} takes more again {since}: {after} {done}, {earlier} before"


def flipped(flip: Flip) -> str:
    """Say what a change was, and when."""
    said = f": {clean(flip.reason, 300)}" if flip.reason else ""
    if flip.is_tag:
        word = "failing" if flip.new == "failing" else "well again"
        return f"{clean(flip.what, 80)} {word} since {when(flip.at)}{said}"
    change = f"{clean(flip.old, 255) or 'nothing'} -> {clean(flip.new, 255) or 'nothing'}"
    return f"{clean(flip.what, 80)}: {change}, {when(flip.at)}"


def _cause(found: Address, style: Style) -> list[str]:
    if not found.turns:
        return _steady(found, style)
    lines = [style.paint("What changed", "bold")]
    for turn in found.turns[:MOST_TURNS]:
        lines += style.wrap(turned(turn), "  ", "    ")
        lines += style.wrap(_before(turn), "    ", "      ")
    left = len(found.turns) - MOST_TURNS
    lines += [f"  and {left:,} more changes"] if left > 0 else []
    lines += ["", style.paint("Cause", "bold")]
    if found.cause is None:
        lines += style.wrap(_no_cause(found), "  ")
    else:
        lines += style.wrap(flipped(found.cause), "  ", "    ")
        still = "it still fails" if found.cause_still else "it is well again"
        lines += style.wrap(f"{_followed(found.turns, found.cause)}; {still}", "  ")
    lines += style.wrap(_policy(found.turns), "  ")
    return [line for line in lines if line.strip() or not line]


def _followed(turns: Sequence[Turn], cause: Flip) -> str:
    """Say how many receivers turned after a change of the address."""
    fits = [turn for turn in turns if turn.worse and cause in turn.causes]
    missing = sum(turn.disposition == MISSING for turn in fits)
    told = [f"{words.counted(len(fits) - missing, 'receiver')} began to refuse"] if len(fits) > missing else []
    told += [f"{words.counted(missing, 'receiver')} tell{'s' if missing == 1 else ''} of no mail since"] if missing else []
    return f"{' and '.join(told)} after that"


def _steady(found: Address, style: Style) -> list[str]:
    if not found.sums.refused:
        return []
    names = ", ".join(
        f"{clean(each.name, 100)} ({words.refused(each.sums)})" for each in found.reporters if each.sums.refused
    )
    return style.wrap(f"refused at {names}; no change stands out in these days", "  ")


def _before(turn: Turn) -> str:
    told = "; ".join(flipped(flip) for flip in turn.causes[:2])
    return f"before it: {told}" if told else "nothing that the watch saw came before it"


def _no_cause(found: Address) -> str:
    if not any(turn.worse for turn in found.turns):
        return "nothing is refused more than before"
    if not found.watched:
        return (
            "not known: this address is not watched, so that nobody saw what changed before; "
            f"truehelo inventory add {found.ip} has it watched from now on"
        )
    return "not known: the watch saw no change of its names before that"


def _policy(turns: Sequence[Turn]) -> str:
    """Say whether the policy is why: a receiver that refuses what passed DMARC has another reason."""
    worse = [turn for turn in turns if turn.worse]
    count, aligned = sum(turn.refused for turn in worse), sum(turn.refused_aligned for turn in worse)
    if not count:
        return ""
    if aligned == count:
        return f"all {words.messages(count)} that were refused had passed DMARC: the policy is not why"
    if not aligned:
        return f"none of the {words.messages(count)} that were refused had passed DMARC: the policy alone may be why"
    return f"{aligned:,} of {words.messages(count)} that were refused had passed DMARC"


def _fix(found: Address, style: Style) -> list[str]:
    if found.fix and found.cause is not None and found.cause_still:
        lines = [style.paint("What to do", "bold")]
        for line in found.fix:
            # Records and commands are copied: they are never wrapped.
            lines += [f"     {clean(line)}"] if line.startswith("  ") else style.wrap(clean(line), "  ", "     ")
        return [*lines, *style.wrap(found.fix_from, "  ")]
    if found.standing.kind is not SourceClass.MINE:
        told = TO_DO[found.standing.kind].format(source=found.ip)
        return [style.paint("What to do", "bold"), *style.wrap(told, "  ")]
    return []


def _strips(found: Address, style: Style) -> list[str]:
    if not found.days:
        return []
    last = found.until
    width = max(7, min(MOST_CELLS, style.look.width - _LABEL - 2))
    first = max(found.since, last - width + 1)
    by_reporter: dict[str, dict[int, Sums]] = defaultdict(dict)
    for row in found.days:
        held = by_reporter[row.reporter].get(row.day, Sums())
        by_reporter[row.reporter][row.day] = held + row.sums
    lines = [style.paint(f"Day by day, {words.span(first, last)}", "bold")]
    lines.append(f"  {'its name':<{_LABEL - 2}}{words.names(found.names_by_day, first, last, style)}")
    for each in found.reporters[:MOST_RECEIVERS]:
        label = clean(each.name, _LABEL - 4)
        lines.append(f"  {label:<{_LABEL - 2}}{words.refusals(by_reporter[each.name], first, last, style)}")
    left = len(found.reporters) - MOST_RECEIVERS
    lines += [f"  and {left:,} more receivers"] if left > 0 else []
    return [*lines, *style.wrap(words.legend(style), "  ")]


def _flips(found: Address, style: Style) -> list[str]:
    if not found.flips:
        return []
    lines = [style.paint("What the watch saw change", "bold")]
    for flip in found.flips[-MOST_FLIPS:]:
        lines += style.wrap(flipped(flip), "  ", "    ")
    left = len(found.flips) - MOST_FLIPS
    return lines + ([f"  and {left:,} before: truehelo history {found.ip} --all"] if left > 0 else [])


def _trail(found: Address, style: Style) -> list[str]:
    if len(found.trail) < 2:
        return []
    lines = [style.paint("What was said of it", "bold")]
    for said in found.trail:
        until = f" until {when(said.ended)}" if said.ended is not None else ""
        text = f"{when(said.at)}{until}: {clean(said.target, 60)} is {said.kind}, by {clean(said.by, 100)}: "
        lines += style.wrap(text + clean(said.reason, 200), "  ", "    ")
    return lines


def _days(found: Address, style: Style) -> list[str]:
    lines = [style.paint("Each day and receiver", "bold")]
    for row in found.days:
        names = found.names_by_day.get(row.day)
        told = f"{words.messages(row.sums.messages)}, {words.fared(row.sums)}"
        name = "" if names is None else f"; name {names.state} ({words.origin(names)})"
        lines += style.wrap(f"{clean(row.reporter, 100)}: {told}{name}", f"  {words.day(row.day)}  ", "    ")
    return lines
