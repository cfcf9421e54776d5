"""The words and little pictures that what is told of reports has in common: days, shares, names, classes, strips.

Text of the network is made visible here. Does not decide what is shown.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from truehelo.render import strip
from truehelo.render.notice_parts import clean
from truehelo.render.style import Mark, Style
from truehelo.sources.change import Change
from truehelo.sources.model import Named, Names, Origin, Selector, Spf, Standing, Sums

MARKS = {
    Named.CONFIRMED: Mark.YES,
    Named.UNCONFIRMED: Mark.NO,
    Named.UNDETERMINED: Mark.UNKNOWN,
    Named.NOT_KNOWN: Mark.UNKNOWN,
}
STATES = {
    Named.CONFIRMED: "an address whose name leads back to it",
    Named.UNCONFIRMED: "an address whose name does not confirm",
    Named.UNDETERMINED: "an address whose name could not be seen",
    Named.NOT_KNOWN: "an address whose name nobody looked at",
}
_IPREV = {"permerror": "there is no PTR record", "fail": "no PTR name leads back to it"}
_BARS, _ASCII_BARS = "▁▂▃▄▅▆▇█", "._-=+*%#"
_SIGNS = {"none": "▁", "some": "▄", "most": "█", "unknown": "░", "nothing": "·"}
_ASCII_SIGNS = {"none": "_", "some": "=", "most": "#", "unknown": "?", "nothing": "."}
_COLORS = {"none": "green", "some": "yellow", "most": "red", "unknown": "yellow", "nothing": "dim"}
MOST = 0.5
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def day(number: int) -> str:
    """Write a day (days since the epoch, UTC)."""
    try:
        return f"{EPOCH + timedelta(days=number):%Y-%m-%d}"
    except OverflowError:
        return f"day {number}"


def span(first: int, last: int) -> str:
    """Write days from one to another."""
    return day(first) if first == last else f"{day(first)} to {day(last)}"


def percent(count: int, of: int) -> str:
    """Write a share in whole percents; of more than nothing never 0%, of less than all never 100%."""
    if not of:
        return "0%"
    share = count / of
    whole = f"{share * 100:.0f}%"
    return strip.percent(share) if whole in ("0%", "100%") else whole


def messages(count: int) -> str:
    """Write how many messages."""
    return f"{count:,} message{'' if count == 1 else 's'}"


def counted(count: int, one: str, many: str = "") -> str:
    """Write how many of something."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def fared(sums: Sums) -> str:
    """Say how messages fared: what was aligned, and what was refused."""
    aligned = f"{percent(sums.passed, sums.messages)} aligned"
    if sums.passed:
        aligned += f" (SPF {percent(sums.spf, sums.messages)}, DKIM {percent(sums.dkim, sums.messages)})"
    return f"{aligned}, {refused(sums)}"


def refused(sums: Sums) -> str:
    """Say how much was refused."""
    if not sums.refused:
        return "none refused"
    kinds = [f"{sums.quarantined:,} quarantined"] if sums.quarantined else []
    kinds += [f"{sums.rejected:,} rejected"] if sums.rejected else []
    return f"{percent(sums.refused, sums.messages)} refused ({', '.join(kinds)})"


def origin(names: Names) -> str:
    """Say from where it is known what an address was called."""
    if names.origin is Origin.WATCH:
        return "from the watch" + (f", seen from {clean(names.vantage, 80)}" if names.vantage else "")
    if names.origin is Origin.OBSERVED and names.at is not None:
        return f"observed {names.at.astimezone(UTC):%Y-%m-%d}"
    return "not known"


def named(names: Names) -> str:
    """Say what an address was called, how far that is true, and from where it is known."""
    if names.state is Named.NOT_KNOWN:
        detail = f": {clean(names.detail, 200)}" if names.detail else ""
        return (
            f"name not known ({origin(names)}{detail})" if names.origin is Origin.WATCH else "name not known: nobody looked"
        )
    if names.state is Named.UNDETERMINED:
        detail = f": {clean(names.detail, 200)}" if names.detail else ""
        return f"name undetermined{detail} ({origin(names)})"
    if names.state is Named.CONFIRMED:
        told = ", ".join(clean(each, 255) for each in (names.confirmed or names.ptr)[:3])
        generic = ", which looks generated" if names.generic else ""
        return f"name confirmed{': ' if told else ''}{told}{generic} ({origin(names)})"
    why = _IPREV.get(names.iprev, "")
    told = ", ".join(clean(each, 255) for each in names.ptr[:3])
    parts = [each for each in (told, why) if each]
    return f"name not confirmed{': ' if parts else ''}{', '.join(parts)} ({origin(names)})"


def besides(names: Names) -> str:
    """Say what else is known of an address on that day: other names it states, what else was failing, who lists it."""
    told = [f"greets as {clean(names.greeting, 255)}"] if names.greeting else []
    told += [f"says HELO {clean(names.helo, 255)}"] if names.helo else []
    others = [clean(each.tag, 80) for each in names.failing]
    told += [f"failing: {', '.join(others[:6])}"] if others else []
    told += [f"listed by {', '.join(clean(each, 100) for each in names.listed[:6])}"] if names.listed else []
    return "; ".join(told)


def classed(standing: Standing) -> str:
    """Say what a source is, by whose word, and why."""
    signs = "; ".join(sign.text for sign in standing.suggestion.signs)
    if not standing.said:
        return f"{standing.kind}, by what is seen: {signs}" if str(standing.kind) != "unknown" else f"unknown: {signs}"
    when = f" on {standing.at.astimezone(UTC):%Y-%m-%d}" if standing.at is not None else ""
    network = f" of {clean(standing.target, 60)}" if "/" in standing.target else ""
    said = f"{standing.kind}, says {clean(standing.by, 100)}{network}{when}: {clean(standing.reason, 200)}"
    if standing.suggestion.kind not in (standing.kind, "unknown"):
        said += f" (by what is seen it would be {standing.suggestion.kind}: {signs})"
    return said


def selectors(found: Sequence[Selector], read: int, of: int, most: int = 4) -> str:
    """Say by which selectors mail was signed and aligned; `read` of its messages are what that was seen in."""
    told = [f"{clean(each.selector, 80)} of {clean(each.domain, 120)} ({each.aligned:,} aligned)" for each in found[:most]]
    left = len(found) - most
    seen = f", in the {read:,} messages whose records were read" if read < of else ""
    return ", ".join(told) + (f" and {left:,} more" if left > 0 else "") + seen


def authorised(found: Sequence[Spf]) -> str:
    """Say what SPF records say of a source now; undetermined stays so."""
    told = []
    for each in found[:3]:
        word = f"undetermined ({clean(each.detail, 160)})" if each.undetermined else each.word
        told.append(f"{word} by the record of {clean(each.domain, 120)}, asked {each.at.astimezone(UTC):%Y-%m-%d}")
    return "; ".join(told)


def changed(change: Change) -> str:
    """Say since when, and between which days, a change lies."""
    since = f"since {day(change.day)}"
    if change.earliest == change.latest == change.day:
        return since
    return f"{since} (between {day(change.earliest)} and {day(change.latest)})"


def spark(values: Iterable[float | None], style: Style) -> str:
    """Draw shares from 0 to 1 as bars; None, for nothing there, as a dot."""
    bars, gap = (_ASCII_BARS, " ") if style.look.ascii else (_BARS, "·")
    return "".join(gap if each is None else bars[min(len(bars) - 1, max(0, int(each * len(bars))))] for each in values)


def refusals(by_day: Mapping[int, Sums], first: int, last: int, style: Style) -> str:
    """Draw for each day how much of the mail was refused."""
    return _signs((_state(by_day.get(number)) for number in range(first, last + 1)), style)


def names(by_day: Mapping[int, Names], first: int, last: int, style: Style) -> str:
    """Draw for each day whether the name was confirmed."""
    states = {
        Named.CONFIRMED: "none",
        Named.UNCONFIRMED: "most",
        Named.UNDETERMINED: "unknown",
        Named.NOT_KNOWN: "nothing",
    }
    return _signs(
        (states[by_day[number].state] if number in by_day else "nothing" for number in range(first, last + 1)), style
    )


def _state(sums: Sums | None) -> str:
    if sums is None or not sums.messages:
        return "nothing"
    return "none" if not sums.refused else "most" if sums.refused >= MOST * sums.messages else "some"


def _signs(states: Iterable[str], style: Style) -> str:
    signs = _ASCII_SIGNS if style.look.ascii else _SIGNS
    return "".join(style.paint(signs[state], _COLORS[state]) for state in states)


def legend(style: Style) -> str:
    """Say what the signs of the strips mean."""
    signs = _ASCII_SIGNS if style.look.ascii else _SIGNS
    words = (("none", "well"), ("some", "partly refused"), ("most", "refused or unconfirmed"))
    rest = (("unknown", "undetermined"), ("nothing", "unknown"))
    return "  ".join(f"{style.paint(signs[key], _COLORS[key])} {word}" for key, word in (*words, *rest))
