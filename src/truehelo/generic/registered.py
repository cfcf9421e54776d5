"""Registered domains by the public suffix list (publicsuffix.org), for receivers that keep that list: Haraka, Stalwart.

The list is read on first use, for that takes longer than to judge a subject. The top-level names of RFC 6761 §6 count as
if they were delegated, so that examples and laboratories can be judged, as the addresses of RFC 5737 are. Does not decide
what a name outside the list is worth.
"""

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

_EXAMPLES = frozenset({"example", "test", "invalid"})


@lru_cache(maxsize=1)
def suffix_list() -> "PublicSuffixList":
    """Return the list, in which an unlisted top-level name has no suffix. Read once a process."""
    from publicsuffixlist import PublicSuffixList  # late: reads 10,000 rules

    return PublicSuffixList(accept_unknown=False)


@lru_cache(maxsize=8192)
def registered(name: str) -> str | None:
    """Return the registered domain of a name in lower case, without a final dot.

    None when it has none: it is a public suffix itself, its top-level name is not in the list, or a label is empty.
    """
    labels = name.split(".")
    if "" in labels or len(labels) < 2:
        return None
    if labels[-1] in _EXAMPLES:
        return ".".join(labels[-2:])
    found: str | None = suffix_list().privatesuffix(name)
    return found


def same_registered(one: str, other: str) -> bool:
    """Tell whether two names (in lower case) lie below one registered domain."""
    # No public suffix is shorter than one label, so that names that differ in the last two lie in different domains.
    if one.split(".")[-2:] != other.split(".")[-2:]:
        return False
    domain = registered(one)
    return domain is not None and domain == registered(other)
