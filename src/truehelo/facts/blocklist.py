"""What a blocklist (or allowlist) said of an address: the lookups, and whether the list passed its own test (RFC 5782 §5).

The names here hold no key: where a list is asked through a name that contains one, a stand-in takes its place before a fact
is made of the answer. What an answer means is for `truehelo.blocklists`.
"""

from dataclasses import dataclass
from enum import StrEnum

from truehelo.facts.dns import Lookup


class Doubt(StrEnum):
    """Why a list is not believed, as its test entries show."""

    DEAD = "dead"
    """The entry that every list must hold is not there."""
    LISTS_EVERYTHING = "lists_everything"
    """It lists the address that no list may hold."""
    REFUSED = "refused"
    """It refuses the resolvers: a code that stands for an error, or the DNS answer REFUSED."""
    REWRITTEN = "rewritten"
    """The resolvers answer for names that do not exist."""
    UNREACHABLE = "unreachable"
    """Its test entries could not be looked up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlocklistLook:
    """One list and one address. `list` is its id, `zone` where it was asked, without a key.

    `lookups` are those of the address, or, under a `doubt`, those of the test entries; then the address is not asked about.
    `by_text` says that the list has TXT records only. `detail` is what led to the doubt, in words.
    """

    list: str
    zone: str
    lookups: tuple[Lookup, ...] = ()
    doubt: Doubt | None = None
    detail: str = ""
    by_text: bool = False
