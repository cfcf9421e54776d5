"""A notice in words: subject line, plain text, HTML and data, from one list of parts, so that all of them say the same.

Text of the network is made visible before any format sees it (`notice_parts.py`): none of it can end a header or a line.
Does not decide who is told, nor when.
"""

from datetime import UTC

from truehelo.facts.text import visible
from truehelo.monitoring import Message, Notice, NoticeKind
from truehelo.render.notice_data import data
from truehelo.render.notice_html import page
from truehelo.render.notice_parts import clean, parts
from truehelo.render.notice_text import text

MAX_SUBJECT = 150
_MAX_SUMMARY = 300

_LEADS = {
    NoticeKind.OPENED: "",
    NoticeKind.GROWN: "more {about}: ",
    NoticeKind.REMINDER: "still open: ",
    NoticeKind.ESCALATED: "nobody is on it: ",
    NoticeKind.RECOVERED: "recovered: ",
    NoticeKind.FLAPPING: "flapping: ",
    NoticeKind.STABLE: "stable again: ",
    NoticeKind.UNSEEN: "cannot be seen: ",
    NoticeKind.SEEN: "can be seen again: ",
    NoticeKind.DIGEST: "",
    NoticeKind.TEST: "test: ",
}
"""What the subject line says before the summary."""


def message(notice: Notice) -> Message:
    """Return a notice in words, the same for the same notice."""
    found = parts(notice)
    head, name, summary = subject(notice), thread(notice), clean(notice.summary, _MAX_SUMMARY)
    return Message(
        subject=head,
        text=text(summary, found),
        html=page(head, summary, notice.severity, found),
        data=data(notice, name),
        kind=notice.kind,
        severity=notice.severity,
        thread=name,
        tag=notice.tag,
    )


def subject(notice: Notice) -> str:
    """Return the subject line: which incident, how bad, what happened."""
    number = "" if notice.incident is None else f" #{notice.incident}"
    weight = notice.severity.upper() + ": " if notice.kind is NoticeKind.OPENED else ""
    # What is over without having been seen well again has not recovered.
    lead = "closed: " if notice.ended else _LEADS[notice.kind].format(about=visible(notice.about, 80))
    return visible(f"[truehelo{number}] {weight}{lead}{visible(notice.summary)}", MAX_SUBJECT)


def thread(notice: Notice) -> str:
    """Return what all messages of one incident share: its number, and when it was opened (numbers may begin anew)."""
    if notice.incident is None:
        return f"{notice.kind}-{notice.at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    opened = "" if notice.opened is None else f"-{notice.opened.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    return f"incident-{notice.incident}{opened}"
