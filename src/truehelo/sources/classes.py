"""What a source is to a domain, suggested from what receivers saw of it: mine, forwarder, unauthorised, unknown.

Reports name no forwarder: what tells one is whose signature survives on mail whose path does not fit (RFC 7960 §3). Rules
are tried in order and each says why; where the signs do not suffice the answer is unknown. The operator's word counts
before any of it. Does not decide what is done about a source, and never that a forwarder should be authorised.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

ENOUGH = 10
"""Messages without any alignment from which on a source is held for one that pretends."""
MOST = 0.5
"""The share that counts as "mostly"."""
FEW_REPORTERS = 2
"""Mail is forwarded to where the recipient reads it: to one place, hardly to many."""
SMALL = 0.05
"""The share of a domain's mail that one forwarder hardly exceeds."""
FORWARDING = frozenset({"forwarded", "mailing_list", "trusted_forwarder"})
"""The reasons by which a receiver itself says that mail came through somebody else (RFC 9990 §3.1.1.9)."""


class SourceClass(StrEnum):
    """What a source is to the domain."""

    MINE = "mine"
    """It sends by the domain's leave: a server of the operator's, or a service that sends for them."""
    FORWARDER = "forwarder"
    """It passes on what others sent: a mailing list, an alias, a gateway."""
    UNAUTHORISED = "unauthorised"
    """It uses the domain without leave."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was seen of a source over a while, in messages where nothing else is said.

    `both`, `spf` and `dkim` count what was aligned: by both, by SPF alone, by DKIM alone. `broken` are those that carried a
    signature of the domain which did not verify, `forwarding` those of which the receiver gave such a reason
    (`FORWARDING`), `foreign` those whose reverse-path was of another organisation. `shared_selector`: a selector that
    verified here also verifies from sources that are mine. `domains` is how many of the operator's domains it used, `share`
    its part of the mail of those, `authorised` the word of the SPF record now ("" when it was not asked).

    What was aligned is known of all messages; `broken`, `forwarding`, `foreign` and `shared_selector` of those alone whose
    records were read.
    """

    messages: int
    both: int = 0
    spf: int = 0
    dkim: int = 0
    broken: int = 0
    forwarding: int = 0
    foreign: int = 0
    reckoned: bool = False
    """`broken`, `forwarding` and `foreign` were counted in a part of the messages, and reckoned up to all of them."""
    read: int | None = None
    """Of how many messages a record was read; None for all of them."""
    shared_selector: bool = False
    domains: int = 1
    reporters: int = 1
    share: float = 0.0
    watched: bool = False
    own_name: bool = False
    """A confirmed name of it lies in one of the operator's domains."""
    authorised: str = ""

    @property
    def aligned(self) -> int:
        """The messages that passed DMARC by alignment (RFC 9989 §4.4)."""
        return self.both + self.spf + self.dkim

    @property
    def unread(self) -> bool:
        """No record of it was read: what only records show is not known to be missing."""
        return self.read == 0 and self.messages > 0


@dataclass(frozen=True, slots=True)
class Sign:
    """Something that speaks for a class: a code for programs, and words for people."""

    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A class and the signs that speak for it, the strongest first."""

    kind: SourceClass
    signs: tuple[Sign, ...]


def suggest(seen: Evidence) -> Suggestion:
    """Return what a source probably is, and why."""
    for kind, rule in _RULES:
        signs = tuple(rule(seen))
        if signs:
            return Suggestion(kind=kind, signs=signs)
    return Suggestion(kind=SourceClass.UNKNOWN, signs=(*_doubts(seen),))


def _some(seen: Evidence, count: int) -> str:
    """Write how many of the messages, "about" where not all were counted."""
    return f"{'about ' if seen.reckoned else ''}{part(count, seen.messages)}"


def part(count: int, of: int) -> str:
    """Write how many of how many: "3 of 40 messages"."""
    return f"{count:,} of {of:,} message{'' if of == 1 else 's'}"


def _by_right(seen: Evidence) -> Iterator[Sign]:
    """Signs that do not hang on what receivers saw, or that only who may send for the domain can make."""
    if seen.watched:
        yield Sign("inventory", "it is in the inventory")
    if _mostly(seen.both + seen.spf, seen.messages):
        # A forwarder that keeps the reverse-path fails SPF, and one that writes its own is not aligned.
        yield Sign("spf-aligned", f"SPF passes for the domain itself in {part(seen.both + seen.spf, seen.messages)}")
        if seen.both:
            yield Sign("both-aligned", f"SPF and DKIM are both aligned in {part(seen.both, seen.messages)}")


def _passed_on(seen: Evidence) -> Iterator[Sign]:
    """Signs of mail that was sent elsewhere and passed on here."""
    if seen.own_name:
        return
    if _mostly(seen.forwarding, seen.messages):
        yield Sign("forwarding", f"the receivers themselves say so of {_some(seen, seen.forwarding)}")
    if _mostly(seen.broken, seen.messages):
        yield Sign(
            "signature-broken",
            f"{_some(seen, seen.broken)} carry a signature of the domain that was broken on the way, as lists do",
        )
    if not _mostly(seen.dkim, seen.messages):
        return
    if _mostly(seen.foreign, seen.dkim) and (seen.shared_selector or _little(seen)):
        yield Sign(
            "envelope-foreign",
            f"the domain's signature verifies in {part(seen.dkim, seen.messages)}, and the reverse-path is of another "
            "organisation",
        )
    elif _little(seen):
        yield Sign(
            "spf-lost",
            f"the domain's signature verifies in {part(seen.dkim, seen.messages)} although SPF does not pass, of little "
            "mail to few receivers",
        )
    else:
        return
    if seen.shared_selector:
        yield Sign("selector-shared", "the same signatures come from servers that are yours")


def _little(seen: Evidence) -> bool:
    return seen.reporters <= FEW_REPORTERS and seen.share <= SMALL


def _signs_itself(seen: Evidence) -> Iterator[Sign]:
    """Signs of a service that was given a key of its own, or of a server that SPF forgot."""
    if not _mostly(seen.dkim, seen.messages):
        return
    if seen.own_name:
        yield Sign("own-name", "its confirmed name lies in a domain of yours, and it signs with a key of yours")
    elif not seen.shared_selector and seen.reporters > FEW_REPORTERS and not seen.unread:
        yield Sign(
            "own-selector",
            f"it signs {part(seen.dkim, seen.messages)} with a key of the domain that no other source uses",
        )


def _pretends(seen: Evidence) -> Iterator[Sign]:
    """Signs of a sender whom nobody gave leave."""
    if seen.aligned or seen.broken or seen.forwarding or seen.own_name or seen.authorised == "pass" or seen.unread:
        return
    if seen.messages < ENOUGH and seen.domains < 2:
        return
    of = f"none of the {seen.read:,} that were read" if seen.read is not None and seen.read < seen.messages else "none"
    yield Sign("never-aligned", f"none of {seen.messages:,} messages was aligned, and {of} carried a signature of yours")
    if seen.domains > 1:
        yield Sign("many-domains", f"it used {seen.domains} of your domains")


def _doubts(seen: Evidence) -> Iterator[Sign]:
    """What is known where it does not suffice."""
    if seen.aligned:
        yield Sign("partly-aligned", f"{part(seen.aligned, seen.messages)} were aligned, which may mean either")
    elif seen.messages < ENOUGH:
        yield Sign("few-messages", f"{seen.messages:,} message{'' if seen.messages == 1 else 's'} say too little")
    if seen.unread:
        yield Sign("no-record-read", "no record of it was read, so that nobody knows what signatures its mail carried")
    if seen.authorised == "pass":
        yield Sign("authorised", "an SPF record of yours authorises it now, as those of shared services do for many")
    if seen.own_name:
        yield Sign("own-name", "its confirmed name lies in a domain of yours")
    if not seen.aligned and (seen.broken or seen.forwarding):
        yield Sign("perhaps-forwarded", f"{_some(seen, max(seen.broken, seen.forwarding))} look forwarded")


def _mostly(count: int, of: int) -> bool:
    return of > 0 and count >= MOST * of


_RULES = (
    (SourceClass.MINE, _by_right),
    (SourceClass.FORWARDER, _passed_on),
    (SourceClass.MINE, _signs_itself),
    (SourceClass.UNAUTHORISED, _pretends),
)

TO_DO = {
    SourceClass.MINE: "Keep it in the inventory, so that its names are watched, and have it sign with a key of the domain.",
    SourceClass.FORWARDER: "Nothing in your records: who passes mail on does so for others too. The DKIM signature is what "
    "carries your mail through it; keep signing all of it.",
    SourceClass.UNAUTHORISED: "Nothing in your records: it has no leave, and it is the DMARC policy that has receivers "
    "refuse it.",
    SourceClass.UNKNOWN: "Find out whose it is, then say so: truehelo reports class {source} CLASS --reason TEXT",
}
"""What is to be done about a source of a class. A forwarder is never authorised: whoever uses it could then pass as you."""
