"""What a list says of an address: listed, clean, or unknown with the reason. The three are never merged (RFC 5782 §2.1).

A listing is an A record within 127.0.0.0/8 at a list that passed its own test. A denial is clean, also a name without any
record, which some lists answer with instead of NXDOMAIN. A failure, a refusal, a code for an error and an answer from
elsewhere are unknown, whatever else was answered; so is a name without an A record of which nobody said that it has no TXT
record.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from truehelo.blocklists.model import Blocklist, Purpose, Status, Weight
from truehelo.blocklists.query import group
from truehelo.facts.address import Address, parse_address
from truehelo.facts.blocklist import BlocklistLook, Doubt
from truehelo.facts.dns import Lookup, Outcome
from truehelo.facts.text import visible
from truehelo.records.txt import txt_text

MAX_TEXT = 300
"""Characters of a TXT record that are kept for people."""
_GENERAL_REFUSALS = {
    "127.0.0.1": "127.0.0.1, which is how lists refuse a query and how blockers answer in their place",
}


class State(StrEnum):
    """What is known of an address and a list."""

    LISTED = "listed"
    CLEAN = "clean"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One list and one address, read.

    `codes` are the answers as they came, `meanings` what they say, each once. `severity` is the worst weight among them: a
    listing of the weight "note" is information, one of "ok" speaks for the address. `reason` says why it is unknown.
    `text` is what the list's TXT record says, harmless to look at. `group` is the network that is listed with the address.
    `page` is where people look it up, `delist` where they ask for removal. `evidence` are keys of lookups.
    """

    list: str
    name: str
    zone: str
    state: State
    purpose: Purpose = Purpose.BLOCK
    codes: tuple[str, ...] = ()
    meanings: tuple[str, ...] = ()
    severity: Weight = Weight.OK
    reason: str = ""
    text: str = ""
    group: str = ""
    page: str = ""
    delist: str = ""
    evidence: tuple[str, ...] = ()


def listing(look: BlocklistLook, entry: Blocklist | None, ip: Address) -> Listing:
    """Read one fact. `entry` is what the catalogue knows of the list; None for one that this version does not know."""
    read = Listing(
        list=look.list,
        name=look.list if entry is None else entry.name,
        zone=look.zone,
        state=State.UNKNOWN,
        purpose=Purpose.BLOCK if entry is None else entry.purpose,
        evidence=tuple(lookup.key for lookup in look.lookups),
    )
    asked = _of(look, "TXT" if look.by_text else "A")
    if entry is None or asked is None or look.doubt is not None or not _spoke(asked):
        return replace(read, reason=_unread(look, entry, asked))
    if asked.outcome is Outcome.ANSWER:
        return _answered(replace(read, text=_text(look)), look, entry, ip)
    if asked.outcome is Outcome.NODATA and not look.by_text:
        return _without_code(read, look)
    return replace(read, state=State.CLEAN)


def _without_code(read: Listing, look: BlocklistLook) -> Listing:
    """Read a name without an A record: it may have a TXT record all the same, and is clean only where it has none."""
    asked = _of(look, "TXT")
    if asked is None or asked.outcome.is_denial:
        return replace(read, state=State.CLEAN)
    if asked.outcome is Outcome.ANSWER:
        reason = "it has a TXT record for the address and no A record (RFC 5782 §2.1)"
        return replace(read, reason=reason, text=_text(look))
    return replace(read, reason=f"it has no A record for the address, and may have a TXT record: {failed(asked.outcome)}")


def _spoke(lookup: Lookup) -> bool:
    return lookup.outcome is Outcome.ANSWER or lookup.outcome.is_denial


def _unread(look: BlocklistLook, entry: Blocklist | None, asked: Lookup | None) -> str:
    """Why there is nothing to read."""
    if entry is None:
        return "this version does not know the list"
    if look.doubt is not None:
        return doubted(look, entry)
    if asked is None or asked.believed is None:
        return "the lookup did not come to an end"
    return failed(asked.outcome)


def _answered(read: Listing, look: BlocklistLook, entry: Blocklist, ip: Address) -> Listing:
    asked = None if look.by_text else _of(look, "A")
    codes = () if asked is None else tuple(dict.fromkeys(record.data for record in asked.records))
    reason = next(unusable(codes, entry), "")
    if reason:
        return replace(read, codes=codes, reason=reason)
    meanings, severity = _meanings(codes, entry)
    return replace(
        read,
        state=State.LISTED,
        codes=codes,
        meanings=meanings,
        severity=severity,
        group=group(ip, entry.group6),
        page=entry.page(str(ip)),
        delist=entry.removal(str(ip)),
    )


def unusable(codes: tuple[str, ...], entry: Blocklist) -> Iterator[str]:
    """Yield why answers say nothing of an address; nothing where they do."""
    for code in codes:
        shown = visible(code, 60)
        refusal = entry.refusal(code)
        ip = parse_address(code)
        if refusal is not None:
            yield f"it refuses to answer: {refusal.means} ({shown})"
        elif ip is None or ip.version != 4 or ip.packed[0] != 127:
            yield f"the answer {shown} is outside 127.0.0.0/8, so that a resolver or whoever holds the domain now gave it"
        elif entry.meaning(code) is not None:
            continue
        elif code in _GENERAL_REFUSALS:
            yield f"the answer is {_GENERAL_REFUSALS[code]}"
        elif code.startswith("127.255."):
            yield f"the answer {shown} is a code for an error, not a listing"
        elif entry.complete:
            yield f"the answer {shown} is none of its codes"


def failed(outcome: Outcome) -> str:
    """Return what a lookup that failed says, as a reason."""
    words = {Outcome.TIMEOUT: "no answer in time", Outcome.REFUSED: "the query was refused (REFUSED)"}
    return words.get(outcome, f"the lookup failed ({outcome.upper()})")


def doubted(look: BlocklistLook, entry: Blocklist) -> str:
    """Return why a list is not believed, as a reason."""
    detail = visible(look.detail, MAX_TEXT)
    if look.doubt is Doubt.DEAD:
        known = f"; it ended {entry.since}" if entry.status is Status.DEAD else ""
        key = " or the key is not valid" if look.zone != entry.zone else ""
        return f"the list is dead{key}: its test entry is not there{known}"
    if look.doubt is Doubt.LISTS_EVERYTHING:
        return f"it lists everything: {detail}"
    if look.doubt is Doubt.REFUSED:
        terms = f"; {entry.terms}" if entry.terms else ""
        return f"{detail}{terms}"
    if look.doubt is Doubt.REWRITTEN:
        return f"the resolvers answer for names that do not exist: {detail}"
    return f"its test entries could not be looked up: {detail}"


def _of(look: BlocklistLook, rdtype: str) -> Lookup | None:
    return next((lookup for lookup in look.lookups if lookup.question.rdtype == rdtype), None)


def _text(look: BlocklistLook) -> str:
    lookup = _of(look, "TXT")
    if lookup is None or lookup.outcome is not Outcome.ANSWER:
        return ""
    return visible(" ".join(txt_text(record) for record in lookup.records), MAX_TEXT)


def _meanings(codes: tuple[str, ...], entry: Blocklist) -> tuple[tuple[str, ...], Weight]:
    found: dict[str, Weight] = {}
    for code in codes:
        meaning = entry.meaning(code)
        means, weight = (entry.about, entry.weight) if meaning is None else (meaning.means, meaning.weight)
        found[means] = min(weight, found.get(means, weight), key=lambda each: each.rank)
    if not found:
        return (entry.about,), entry.weight
    return tuple(found), min(found.values(), key=lambda each: each.rank)
