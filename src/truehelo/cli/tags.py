"""Which tags there are to be told of, for the commands that take one or a pattern of several."""

from truehelo.errors import InputError
from truehelo.facts.text import visible

OTHERS = ("CANNOT_SEE",)
"""Not of a check: that nothing can be seen of a resolver or a zone."""
_LISTED = "DNSBL_LISTED:"


def known_tag(text: str) -> str:
    """Return a tag, or a pattern that fits one at least, in capitals as all of them are; a list keeps its own name.

    Raises:
        InputError: There is none.
    """
    from truehelo.configuration.match import any_match

    head, colon, rest = text.strip().partition(":")
    wanted = head.upper().replace("-", "_") if not set(head) & {"[", "]"} else head
    wanted += colon + rest
    if wanted == _LISTED.rstrip(":"):
        return f"{_LISTED}*"  # the watch has a tag for each list
    if len(wanted) > 200 or not wanted.isprintable():
        raise InputError(f"tag {visible(text, 60)!r}", "is no tag", "truehelo explain lists all")
    if any_match((wanted,), _known()):
        return wanted
    from difflib import get_close_matches

    near = get_close_matches(wanted, sorted(_known()), n=3, cutoff=0.55)
    way_out = f"near to it are {', '.join(near)}; truehelo explain lists all" if near else "truehelo explain lists all"
    raise InputError(f"tag {visible(text, 60)!r}", "is no tag, and fits none", way_out)


def _known() -> frozenset[str]:
    from truehelo.blocklists.catalogue import catalogue
    from truehelo.checks import all_tags
    from truehelo.sources.tags import TAGS

    return frozenset({*all_tags(), *TAGS, *OTHERS, *(_LISTED + name for name in catalogue())})
