"""The records of a domain as the watch sees them: what stands there, when a change is believed, what is weaker than before.

A value is text that stays the same while the record says the same: strings joined, sets in order, names in lower case; ""
is that it was denied, and None that nobody knows. Does not decide who is told, nor whether a record is any good
(`domains/`).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from truehelo.drift.machine import Thresholds
from truehelo.facts.dns import Lookup, Outcome, Question
from truehelo.facts.text import storable
from truehelo.records.tags import read_tags
from truehelo.records.txt import quoted, txt_text

SPF, DMARC, MX, NS, MTA_STS, TLS_RPT = "spf", "dmarc", "mx", "ns", "mta-sts", "tls-rpt"
KEY = "dkim:"
"""How the word for a DKIM key begins; its name follows."""
MAX_VALUE = 4000
_PLACES = {SPF: ("", "TXT"), DMARC: ("_dmarc.", "TXT"), MX: ("", "MX"), NS: ("", "NS")}
_PLACES |= {MTA_STS: ("_mta-sts.", "TXT"), TLS_RPT: ("_smtp._tls.", "TXT")}
_BEGINNINGS = {
    SPF: re.compile(r"v=spf1(?: |\Z)", re.IGNORECASE),  # RFC 7208 §4.5
    DMARC: re.compile(r"\s*v\s*=\s*DMARC1\s*(?:;|\Z)", re.IGNORECASE),  # RFC 9989 §4.8
    MTA_STS: re.compile(r"v=STSv1\s*(?:;|\Z)"),  # RFC 8461 §3.1
    TLS_RPT: re.compile(r"v=TLSRPTv1\s*(?:;|\Z)"),  # RFC 8460 §3
}
"""Which of the TXT records of a name is meant; of a name for keys every one is."""
_SEPARATOR = "\n"


def questions(domain: str, keys: Iterable[str] = ()) -> dict[str, Question]:
    """Return what is asked of a domain, by the word for it; `keys` are the names of its DKIM keys."""
    asked = {what: Question(name=before + domain, rdtype=rdtype) for what, (before, rdtype) in _PLACES.items()}
    return asked | {KEY + name: Question(name=name, rdtype="TXT") for name in keys}


def value_of(what: str, lookup: Lookup) -> str | None:
    """Return what stands there; "" for a denial, None where nothing was learned."""
    if lookup.outcome.is_denial:
        return ""
    if lookup.outcome is not Outcome.ANSWER:
        return None
    if lookup.question.rdtype != "TXT":
        found = [" ".join(record.data.lower().split()) for record in lookup.records]
    else:
        beginning = _BEGINNINGS.get(what)
        texts = [txt_text(record) for record in lookup.records]
        found = [text.strip() for text in texts if beginning is None or beginning.match(text)]
    # No database takes a NUL, which a TXT record may hold as any other octet (RFC 1035 §3.3).
    return storable(_SEPARATOR.join(sorted(found))[:MAX_VALUE])


def shown(value: str) -> str:
    """Return a value for people, on one line."""
    return " | ".join(value.split(_SEPARATOR))


def to_publish(question: Question, value: str) -> list[str]:
    """Return the lines of a zone file that say a value; none for a denial."""
    lines = [line for line in value.split(_SEPARATOR) if line]
    data = [quoted(line) for line in lines] if question.rdtype == "TXT" else lines
    return [f"{question.name}. {question.rdtype} {each}" for each in data]


# What is believed


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A value that is not believed yet, how many looks in a row saw it, and when the first of them was."""

    value: str
    count: int
    since: float


def believe(
    held: str | None, suspected: Suspicion | None, seen: str | None, at: float, *, sure: bool, thresholds: Thresholds
) -> tuple[Suspicion | None, bool]:
    """Return what is suspected after one more look, and whether that is believed now.

    Args:
        held: What is believed so far; None when nothing was ever seen: then one sure look is enough.
        suspected: What is suspected so far.
        seen: What this look saw; None moves nothing.
        at: When.
        sure: Those who know said so (`engine/sure.py`), not a single resolver.
        thresholds: How many looks must agree.
    """
    if seen is None:
        return suspected, False
    if seen == held:
        return None, False
    if suspected is None or suspected.value != seen:
        suspected = Suspicion(seen, 0, at)
    suspected = Suspicion(seen, suspected.count + 1, suspected.since)
    needed = 1 if held is None else thresholds.failing
    return suspected, suspected.count >= (needed if sure else thresholds.unsure)


# What it means

_ORDER = ("none", "quarantine", "reject")
_NAMES = {"p": "the policy (p)", "sp": "that of subdomains (sp)", "np": "that of names that do not exist (np)"}


def _policy(value: str) -> Mapping[str, int] | None:
    """How much is asked for: 0 for none, 2 for reject, by tag; None where no record counts (RFC 9989 §4.7, §4.8)."""
    records = [line for line in value.split(_SEPARATOR) if line]
    if len(records) != 1:
        return None
    tags = {tag.name.lower(): tag.value.lower() for tag in reversed(read_tags(records[0]).tags)}
    if tags.get("p") not in _ORDER:
        # A record that names somebody to report to is one with p=none (RFC 9989 §4.7).
        tags["p"] = "none"
    # Of mail that only a part of is judged, or that is judged for a test, the next weaker policy applies (RFC 9989 §4.7).
    part = tags.get("pct", "100")
    testing = tags.get("t") == "y" or (part.isdecimal() and int(part) < 100)
    found = {}
    for name, otherwise in (("p", "none"), ("sp", tags["p"]), ("np", tags.get("sp", tags["p"]))):
        word = tags.get(name, otherwise)
        strength = _ORDER.index(word) if word in _ORDER else _ORDER.index(tags["p"])
        found[name] = max(0, strength - 1) if testing else strength
    return found


def weakened(old: str, new: str) -> str:
    """Return in words how a DMARC policy asks for less than before; "" when it does not."""
    before, after = _policy(old), _policy(new)
    if before is None or not any(before.values()):
        return ""
    if after is None:
        return "the record is gone" if not new else "there are several records, and none of them counts"
    falls = [
        f"{_NAMES[name]} from {_ORDER[strength]} to {_ORDER[after[name]]}"
        for name, strength in before.items()
        if after[name] < strength
    ]
    # What follows from the policy need not be said of each kind of name again.
    same = len(falls) == len(before) and len(set(before.values())) == len(set(after.values())) == 1
    return falls[0] if same else ", ".join(falls)


def key_trouble(value: str) -> str:
    """Return why a DKIM key verifies nothing: "gone", "revoked" (an empty p, RFC 6376 §3.6.1), or "" when it may."""
    records = [line for line in value.split(_SEPARATOR) if line]
    if not records:
        return "gone"
    empty = [tag for line in records for tag in read_tags(line).tags if tag.name == "p" and not tag.value]
    return "revoked" if len(empty) == len(records) else ""


_DATE = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)")


def noted_date(value: str) -> tuple[int, int, int] | None:
    """Return the first date in the note of a DKIM key (n=, RFC 6376 §3.6.1), where it is written as 2027-01-31."""
    for tag in read_tags(value.partition(_SEPARATOR)[0]).tags:
        if tag.name == "n" and (found := _DATE.search(tag.value)):
            return int(found[1]), int(found[2]), int(found[3])
    return None
