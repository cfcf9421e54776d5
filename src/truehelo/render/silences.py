"""Silences and maintenance windows that were set by command: text for people, JSON ("truehelo/silences/1")."""

from collections.abc import Sequence
from datetime import datetime

from truehelo import __version__
from truehelo.facts.text import visible
from truehelo.monitoring import Silence
from truehelo.render.document import dumps, timestamp
from truehelo.render.incidents import silence_document
from truehelo.render.notice_parts import clean
from truehelo.render.notice_parts import moment as when

SCHEMA = "truehelo/silences/1"


def text(found: Sequence[tuple[str, Silence]], now: datetime) -> str:
    """Return a list for people: kind and silence each."""
    if not found:
        return "no silences\n"
    lines: list[str] = []
    for kind, each in found:
        begun = each.since is None or each.since <= now
        begins = "" if begun else f"from {when(each.since)} "
        lines.append(f"{kind} {each.id}: {begins}until {when(each.until)}: {what(each)}")
        by = f"  by {clean(each.by, 200)}" if each.by else ""
        lines.append(f"    {clean(each.reason)}{by}")
    return "".join(f"{line}\n" for line in lines)


def what(silence: Silence) -> str:
    """Say in words what a silence is about."""
    parts = [clean(silence.ip, 80) or ("" if silence.groups else "every address")]
    parts += [f"groups {', '.join(clean(each, 80) for each in silence.groups)}"] if silence.groups else []
    parts += [f"in {', '.join(clean(each, 80) for each in silence.tags)}"] if silence.tags else []
    return visible(" ".join(part for part in parts if part))


def json(found: Sequence[tuple[str, Silence]], now: datetime) -> str:
    """Return a list as JSON."""
    silences = [{"kind": kind, **silence_document(each)} for kind, each in found]
    tool = {"name": "truehelo", "version": __version__}
    return dumps({"schema": SCHEMA, "tool": tool, "at": timestamp(now), "silences": silences}, indent=2)
