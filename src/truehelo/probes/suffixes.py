"""The Suffixes port over the public suffix list, by publicsuffixlist (its copy of the list comes with the package).

The whole list counts, its private section included, as it does for organisational domains in DMARC (RFC 7489 §3.2): below
a suffix such as a hosting company's customer zone each name belongs to somebody else, and one customer's SPF record says
nothing about another's server. Does not decide what a registered domain is good for.
"""

from functools import lru_cache

from truehelo.facts.names import canonical
from truehelo.generic.registered import suffix_list


@lru_cache(maxsize=4096)
def _organisation(name: str) -> str | None:
    known = suffix_list()
    found: str | None = known.privatesuffix(name)
    if found is None and known.publicsuffix(name) is None:
        # An unlisted top-level name (.example, .test) counts as a suffix: the rule "*" of publicsuffix.org.
        labels = name.split(".")
        return ".".join(labels[-2:]) if len(labels) > 1 else None
    return found


class PublicSuffixes:
    """Knows the public suffix list."""

    def organisation(self, name: str) -> str | None:
        """Return the registered domain above or at `name` (publicsuffix.org), None when the name is a suffix itself."""
        plain = canonical(name)
        return _organisation(plain) if plain and "" not in plain.split(".") else None
