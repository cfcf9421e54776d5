"""What a notice has to say, in the order in which it is read: paragraphs, facts, changes, receivers, the fix, the answers.

Text of the network is made visible here (`visible`), once for every format. A line of the fix that begins with two blanks
is a command or a record: it is marked as such, and stays on one line. Does not decide how any of it looks.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_network

from truehelo.facts.address import Address, parse_address
from truehelo.facts.text import visible
from truehelo.monitoring import Member, Notice, NoticeKind
from truehelo.render.ranges import compress

MAX_LINE = 500
MAX_RECORD = 8000
TOO_LONG = "(too long to be shown here; truehelo incidents shows it)"
LINK = "More"
"""The label of the row that is a URL."""
_SHOWN_MEMBERS = 50
_SHOWN_CHANGES = 10
_SHOWN_LINES = 500
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}", re.ASCII)

_OPENINGS = {
    NoticeKind.OPENED: "A new incident.",
    NoticeKind.GROWN: "Further {about} fail for the same cause.",
    NoticeKind.REMINDER: "This is still open.",
    NoticeKind.ESCALATED: "This is still open, and nobody has acknowledged it.",
    NoticeKind.RECOVERED: "This is over: it was confirmed well.",
    NoticeKind.FLAPPING: "This changes so often that further changes are not told until it is stable.",
    NoticeKind.STABLE: "This has stopped changing; changes are told again.",
    NoticeKind.UNSEEN: "Nothing can be seen here: neither good nor bad is known of it, and no state has changed.",
    NoticeKind.SEEN: "It can be seen again.",
    NoticeKind.DIGEST: "",
    NoticeKind.TEST: "This is a test: nothing has happened. Whoever reads it is reached by alerts.",
}
"""The first sentence below the summary."""

_ACTIONABLE = frozenset(
    {
        NoticeKind.OPENED,
        NoticeKind.GROWN,
        NoticeKind.REMINDER,
        NoticeKind.ESCALATED,
        NoticeKind.FLAPPING,
        NoticeKind.UNSEEN,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A paragraph, or a section with a title: rows of a label and a value, or lines."""

    title: str = ""
    paragraph: str = ""
    rows: tuple[tuple[str, str], ...] = ()
    lines: tuple["Line", ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a section: `verbatim` for a command or a record, `deeper` for one that belongs to the line before it."""

    text: str
    verbatim: bool = False
    deeper: bool = False


def parts(notice: Notice) -> list[Part]:
    """Return what a notice has to say, in the order in which it is read."""
    found = [
        Part(paragraph=_opening(notice)),
        Part(paragraph=clean(notice.cause)),
        Part(title="What is known", rows=tuple(_facts(notice))),
        Part(title="What changed", lines=tuple(_changes(notice))),
        Part(title="Receivers that mind", lines=_lines(notice.receivers)),
        Part(title="What to do", lines=_fix(notice.fix)),
        Part(title="What happened" if notice.kind is NoticeKind.DIGEST else "Further", lines=_lines(notice.lines)),
        Part(title="If you are on it, or want to hear no more of it", lines=tuple(_answers(notice))),
    ]
    return [part for part in found if part.paragraph or part.rows or part.lines]


def _opening(notice: Notice) -> str:
    if notice.ended:
        return f"This is over: {clean(notice.ended)}."
    return _OPENINGS[notice.kind].format(about=clean(notice.about, 80))


def clean(text: str, limit: int = MAX_LINE) -> str:
    """Return a text of the network on one line, without any character that is not plainly visible."""
    return visible(text, limit).strip()


def moment(at: datetime | None, before: str = "") -> str:
    """Write a time for people, in UTC, behind some words; "" for none."""
    return "" if at is None else f"{before}{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _facts(notice: Notice) -> Iterable[tuple[str, str]]:
    first = min((member.since for member in notice.members), default=None)
    count = max(notice.count, len(notice.members))
    rows = (
        ("Incident", "" if notice.incident is None else str(notice.incident)),
        ("Finding", f"{clean(notice.tag, 80)} ({notice.severity})" if notice.tag else ""),
        ("First seen", moment(first)),
        ("Open since", moment(notice.opened)),
        ("Closed", moment(notice.closed)),
        (clean(notice.about, 80).capitalize(), _addresses(notice, count) if count else ""),
        ("Groups", ", ".join(clean(group, 80) for group in notice.groups[:20])),
        ("Served by", ", ".join(clean(server, 255) for server in notice.served_by[:20])),
        ("Caches", moment(notice.caches_until, "may hold the old record until ")),
        (LINK, _link(notice.url)),
    )
    return (row for row in rows if row[1])


def _link(url: str) -> str:
    """A URL that may be shown as one, or ""."""
    well = url.startswith(("https://", "http://")) and url.isascii() and not any(char in url for char in " <>\"'`\\")
    return url if well and url.isprintable() and len(url) <= MAX_LINE else ""


def _addresses(notice: Notice, count: int) -> str:
    shown = notice.members[:_SHOWN_MEMBERS]
    more = f" and {count - len(shown)} more" if count > len(shown) else ""
    return f"{count}" + (f": {_ranges(shown)}{more}" if shown else "")


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


def well_since(member: Member, ended: object, closed: datetime | None) -> datetime | None:
    """Return when a member was seen well again; None where it was not, as what `ended` its incident (`closed`) ended it."""
    if member.closed is not None and ended and closed is not None and member.closed >= closed:
        return None
    return member.closed


def _changes(notice: Notice) -> Iterable[Line]:
    """Who changed from what to what: equal changes together, the first of them."""
    alike: dict[tuple[str, str, str], list[Member]] = {}
    for member in notice.members[:_SHOWN_MEMBERS]:
        if member.old or member.new:
            alike.setdefault((member.old, member.new, member.expected), []).append(member)
    shown = list(alike.items())[:_SHOWN_CHANGES]
    for (old, new, expected), members in shown:
        closed = max(filter(None, (well_since(each, notice.ended, notice.closed) for each in members)), default=None)
        ended = "" if closed is None else f", well since {moment(closed)}"
        wanted = f" (should be {clean(expected, 255)})" if expected else ""
        yield Line(f"{_ranges(members)}{wanted}, since {moment(min(member.since for member in members))}{ended}")
        yield Line(f"from: {clean(old) or 'nothing'}", deeper=True)
        yield Line(f"to:   {clean(new) or 'nothing'}", deeper=True)
    told = sum(len(members) for _, members in shown)
    count = max(notice.count, len(notice.members))
    if shown and count > told:
        yield Line(f"and {count - told} more")


def _lines(texts: tuple[str, ...]) -> tuple[Line, ...]:
    lines = tuple(Line(clean(text)) for text in texts[:_SHOWN_LINES] if text.strip())
    left = len(texts) - _SHOWN_LINES
    return (*lines, Line(f"and {left} more lines")) if left > 0 else lines


def fix_line(text: str) -> str:
    """Return a line of the fix; a command or a record is whole or not there at all: a part of a key is another key."""
    if not text.startswith("  "):
        return visible(text, MAX_LINE)
    return visible(text) if len(visible(text)) <= MAX_RECORD else f"  {TOO_LONG}"


def _fix(texts: tuple[str, ...]) -> tuple[Line, ...]:
    """What to do; a line that begins with two blanks is a command or a record, and stays as it is."""
    shown = (fix_line(text) for text in texts[:_SHOWN_LINES] if text.strip())
    return tuple(Line(text.strip(), verbatim=text.startswith("  ") and text.strip() != TOO_LONG) for text in shown)


def _answers(notice: Notice) -> Iterable[Line]:
    """The commands that acknowledge and silence."""
    if notice.incident is None or notice.kind not in _ACTIONABLE or notice.closed is not None:
        return
    yield Line("No more reminders and no escalation; the end is told:")
    yield Line(f"truehelo ack {notice.incident}", verbatim=True)
    # A word that a shell might read otherwise, or that was made visible, would name something else there: then no command.
    tag = notice.tag if _WORD.fullmatch(notice.tag) else ""
    if tag:
        target = _target(notice)
        everybody = "" if target else ", nor of this finding anywhere else"
        yield Line(f"Nothing at all of it for a while{everybody}:")
        yield Line(f'truehelo silence{target} --tag {tag} --for 8h --reason "why"', verbatim=True)


def _target(notice: Notice) -> str:
    """Return what names the members of an incident and few others: the address, their group, their network; else ""."""
    ips = [parse_address(member.ip) for member in notice.members]
    known = [ip for ip in ips if ip is not None]
    whole = len(known) == len(ips) >= notice.count
    if whole and len(set(known)) == 1:
        return f" {known[0]}"
    if len(notice.groups) == 1 and _WORD.fullmatch(notice.groups[0]):
        return f" --group {notice.groups[0]}"
    networks = {ip_network((ip, 24 if ip.version == 4 else 64), strict=False) for ip in known}
    return f" {networks.pop()}" if whole and len(networks) == 1 else ""
