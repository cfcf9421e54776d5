"""What the regular audit has to say, in the order in which it is read: paragraphs, tables, lists, and lines to copy.

One content for every format (`report_markdown.py`, `report_html.py`), so that all of them say the same. Text of the
network and of operators is made visible here; markup is for the formats. All is bounded: what is left out is counted.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from truehelo.render import strip
from truehelo.render.incidents import counted, length
from truehelo.render.notice_parts import clean
from truehelo.render.notice_parts import moment as when
from truehelo.render.reading import STATES, Asked, Course, Network, Report, Row, Told
from truehelo.render.status import CANNOT_SEE, listing_words

MOST_LINES, MOST_RECEIVERS = 30, 10
WORDS = {
    "ok": "ok",
    "failing": "failing",
    "suspect": "suspected",
    "recovering": "recovering",
    "undetermined": "cannot be seen",
    "new": "not seen yet",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A cell of a table: words, a name of the network (`code`), or a strip. `state` gives it its colour."""

    text: str
    code: bool = False
    course: Course | None = None
    state: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of a section: what there is of it, in this order. `level` is of its title, 2 for a section."""

    title: str = ""
    level: int = 2
    paragraphs: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()
    items: tuple[str, ...] = ()
    checks: tuple[tuple[str, str], ...] = ()
    """A checklist: "done", "not done" or "could not be determined", and what."""
    lines: tuple[str, ...] = ()
    """Steps; one that begins with two blanks is a record or a command, and stays as it is."""
    legend: bool = False
    """Whether it ends with what the signs of a strip mean."""


def title(report: Report, given: str = "") -> str:
    """Return the title."""
    return clean(given, 200) or f"Mail server names, {_day(report.since)} to {_day(report.at)}"


def _day(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d}"


def parts(report: Report) -> list[Part]:
    """Return everything that the report has to say."""
    found = [_summary(report), *_to_fix(report), *_networks(report), *_checklists(report), _unknown(report)]
    return [part for part in (*found, _lists(report), _past(report), _legend()) if part is not None]


# Summary


def _summary(report: Report) -> Part:
    told = ", ".join(f"{report.states[state]:,} {WORDS[state]}" for state in reversed(STATES) if report.states.get(state))
    days = round((report.at - report.since).total_seconds() / 86_400)
    listed = sum(each.against for each in report.blocklists)
    items = [
        f"Now, {when(report.at)}: {told or 'nothing is watched'}.",
        f"In {days} days, of the time of all addresses: {strip.said(report.seconds)}.",
        f"{_addresses(report.always_well)} of {report.subjects:,} were well whenever they were seen.",
        f"Incidents: {report.incidents_open:,} open, {report.incidents_ended:,} ended.",
    ]
    items += [f"{_addresses(listed)} stand on blocklists, each counted once for each list."] if listed else []
    dead = [each for each in report.watchers if not each.alive]
    items += [f"From {clean(each.vantage, 80)} nobody watches since {when(each.seen)}." for each in dead]
    items += [clean(each) for each in report.warnings]
    return Part(title="Summary", paragraphs=(scope(report),), items=tuple(items))


def scope(report: Report) -> str:
    """Say what the report is about."""
    whom = f"{_addresses(report.subjects)} {'is' if report.subjects == 1 else 'are'} watched{_of(report.asked)}"
    if report.targets:
        shown = ", ".join(clean(each, 100) for each in report.targets[:10])
        more = f" and {len(report.targets) - 10} more" if len(report.targets) > 10 else ""
        whom += f", chosen by {shown}{more}"
    return (
        f"{whom}, from {when(report.since)} to {when(report.at)}. What could not be seen counts neither as good nor as bad."
    )


def _of(asked: Asked) -> str:
    kinds = (("in group", asked.groups), ("of", asked.owners))
    told = [f"{word} {' or '.join(clean(each, 80) for each in names)}" for word, names in kinds if names]
    return f" {' '.join(told)}" if told else ""


def _addresses(count: int) -> str:
    return f"{count:,} address{'' if count == 1 else 'es'}"


# What to fix


def _to_fix(report: Report) -> Iterator[Part]:
    still = [each for each in report.incidents if each.closed is None and each.tag != CANNOT_SEE]
    if not still:
        return
    left = report.incidents_open - len(still)
    more = (f"And {left:,} more that are open: truehelo incidents lists them.",) if left > 0 else ()
    yield Part(title="What to fix", paragraphs=more)
    for each in still:
        yield _fix(each, report.at)


def _fix(each: Told, now: datetime) -> Part:
    well = f", {each.count - each.unwell:,} of them well again" if each.unwell < each.count else ""
    on_it = f" {clean(each.acknowledged_by, 100)} is on it." if each.acknowledged_by else ""
    sentence = f"{clean(each.what)}. Since {when(each.opened)} ({length(now - each.opened)}).{on_it}"
    items = [f"{counted(each.count, each.about)}{well}: {', '.join(clean(ip, 100) for ip in each.addresses)}"]
    items += [f"Served by {', '.join(clean(name, 300) for name in each.served_by[:6])}"] if each.served_by else []
    items += [f"Minds: {clean(receiver, 300)}" for receiver in each.receivers[:MOST_RECEIVERS]]
    return Part(
        title=f"#{each.id} {clean(each.tag, 100)} ({each.severity})",
        level=3,
        paragraphs=(sentence,),
        items=tuple(items),
        lines=tuple(_line(line) for line in each.fix[:MOST_LINES] if line.strip()),
    )


def _line(text: str) -> str:
    return f"{'  ' if text.startswith('  ') else ''}{clean(text)}"


# Network by network


def _networks(report: Report) -> Iterator[Part]:
    well = f"{report.networks_well:,} network{'s' if report.networks_well != 1 else ''}"
    quiet = f"Of {well} there is nothing to tell: what was seen was well all the time."
    more = f" {report.networks_more:,} more networks are left out here." if report.networks_more else ""
    yield Part(
        title="Not well, or not all the time", paragraphs=(f"{quiet if report.networks_well else ''}{more}".strip(),)
    )
    for each in report.networks:
        yield _network(each)


def _network(each: Network) -> Part:
    told = ", ".join(f"{each.states[state]:,} {WORDS[state]}" for state in STATES if each.states.get(state))
    left = f" {_addresses(each.more)} with less to tell are left out." if each.more else ""
    return Part(
        title=clean(each.network, 100),
        level=3,
        paragraphs=(f"{_addresses(each.subjects)}: {told}.{left}",),
        header=("address", "should be", "PTR seen", "now", "over the time", "of the time"),
        rows=tuple(_row(row) for row in each.rows),
    )


def _row(row: Row) -> tuple[Cell, ...]:
    total = strip.said(strip.seconds(row.course))
    since = f" since {when(row.since)}" if row.since is not None and row.state != "ok" else ""
    tags = ", ".join(clean(tag, 100) for tag in row.tags)
    count = f" ({_addresses(row.count)})" if row.count > 1 else ""
    place = f" from {clean(row.vantage, 60)}" if row.vantage else ""
    seen = clean(row.seen.get("ptr", ""), 300)
    return (
        Cell(text=f"{', '.join(clean(each, 100) for each in row.addresses)}{count}{place}", code=row.count == 1),
        Cell(text=clean(row.expected, 300), code=bool(row.expected)),
        Cell(text=seen, code=bool(seen)),
        Cell(text=f"{WORDS.get(row.state, row.state)}{since}{f': {tags}' if tags else ''}", state=row.state),
        Cell(text=total, course=row.course),
        Cell(text=total),
    )


def _checklists(report: Report) -> Iterator[Part]:
    found = [row for each in report.networks for row in each.rows if row.checklist]
    if not found:
        return
    yield Part(
        title="Checklists of what fails",
        paragraphs=("Each as of the evidence that was kept with the last change of the address.",),
    )
    for row in found:
        at = f", as of {when(row.checked_at)}" if row.checked_at is not None else ""
        yield Part(
            title=f"{clean(row.ip, 60)}{at}",
            level=3,
            checks=tuple((item.state, clean(item.text, 200)) for item in row.checklist),
        )


# What else


def _unknown(report: Report) -> Part | None:
    if not report.unknown:
        return None
    rows = tuple(
        (Cell(text=clean(each.cause, 300)), Cell(text=f"{each.count:,}"), Cell(text=when(each.since)))
        for each in report.unknown[:20]
    )
    left = report.unknown[20:]
    more = (f"And {_addresses(sum(each.count for each in left))} for {len(left):,} more reasons.",) if left else ()
    paragraphs = ("Of these addresses nobody knows now: they are neither good nor bad.", *more)
    return Part(title="What cannot be seen", paragraphs=paragraphs, header=("why", "addresses", "since"), rows=rows)


def _lists(report: Report) -> Part | None:
    if not report.blocklists:
        return None
    rows = tuple(
        (Cell(text=clean(each.list, 100), code=True), Cell(text=listing_words(each)), Cell(text=when(each.since)))
        for each in report.blocklists[:50]
    )
    return Part(title="Blocklists", header=("list", "says", "since"), rows=rows)


def _past(report: Report) -> Part | None:
    if not report.incidents:
        return None
    left = report.incidents_more
    more = (f"{left:,} more are left out: truehelo incidents --all lists them.",) if left else ()
    header = ("incident", "finding", "what", "addresses", "from", "to")
    return Part(title="Incidents", paragraphs=more, header=header, rows=tuple(_incident(each) for each in report.incidents))


def _incident(each: Told) -> tuple[Cell, ...]:
    ended = "open" if each.closed is None else f"{when(each.closed)} ({length(each.closed - each.opened)})"
    return (
        Cell(text=f"#{each.id}"),
        Cell(text=f"{clean(each.tag, 100)} ({each.severity})", state="failing" if each.closed is None else ""),
        Cell(text=clean(each.what, 300)),
        Cell(text=f"{each.count:,}"),
        Cell(text=when(each.opened)),
        Cell(text=ended),
    )


def _legend() -> Part:
    return Part(
        title="How to read the strips",
        paragraphs=("Time runs from left to right. Each part of a strip shows the worst of its time.",),
        legend=True,
    )
