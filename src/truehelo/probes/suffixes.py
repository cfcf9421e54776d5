"""The Suffixes port over the public suffix list, by publicsuffixlist (its copy of the list comes with the package).

The whole list counts, its private section included, as it does for organisational domains in DMARC (RFC 7489 §3.2): below
a suffix such as a hosting company's customer zone each name belongs to somebody else, and one customer's SPF record says
nothing about another's server. Does not decide what a registered domain is good for.
"""

from functools import lru_cache
from typing import TYPE_CHECKING

from truehelo.facts.names import canonical

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList


@lru_cache(maxsize=1)
def _list() -> "PublicSuffixList":
    from publicsuffixlist import PublicSuffixList  # late: reads 10,000 rules

    # An unlisted top-level name (.example, .test) counts as a suffix: the rule "*" of publicsuffix.org.
    return PublicSuffixList(accept_unknown=True)


@lru_cache(maxsize=4096)
def _organisation(name: str) -> str | None:
    found: str | None = _list().privatesuffix(name)
    return found


class PublicSuffixes:
    """Knows the public suffix list."""

    def organisation(self, name: str) -> str | None:
        """Return the registered domain above or at `name` (publicsuffix.org), None when the name is a suffix itself."""
        plain = canonical(name)
        return _organisation(plain) if plain and "" not in plain.split(".") else None
