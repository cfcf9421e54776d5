"""Which tags there are to be told of: for the commands that take one or a pattern of several, and for the configuration."""

from collections.abc import Collection

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
    raise _unknown(text, wanted, _known())


def check_patterns(patterns: Collection[str]) -> None:
    """Make sure that each pattern of the configuration, where case matters, fits a tag.

    Raises:
        InputError: One fits none.
    """
    from truehelo.configuration.match import fits_tag

    for pattern in patterns:
        if not fits_tag((pattern,), _known()):
            raise _unknown(pattern, pattern, _known())


def ignored_by(patterns: Collection[str]) -> frozenset[str]:
    """Return the findings of checks that patterns fit: the tags that `[watch] ignore` leaves out."""
    from truehelo.checks import all_tags
    from truehelo.configuration.match import any_match

    return frozenset(tag for tag in all_tags() if any_match(patterns, (tag,)))


def check_ignored(patterns: Collection[str]) -> None:
    """Make sure that each pattern of `[watch] ignore` leaves out something.

    Raises:
        InputError: One does not.
    """
    for pattern in patterns:
        if ignored_by((pattern,)):
            continue
        check_patterns((pattern,))
        way_out = "ignore is about addresses; a [[route]] says who is told of what else is watched"
        raise InputError(f"tag {visible(pattern, 60)!r}", "is no finding of a check", way_out)


def _unknown(text: str, wanted: str, known: Collection[str]) -> InputError:
    """Return the error of a tag, or pattern, that fits nothing, with what is near to it."""
    from difflib import get_close_matches

    near = get_close_matches(wanted, sorted(known), n=3, cutoff=0.55)
    way_out = f"near to it are {', '.join(near)}; truehelo explain lists all" if near else "truehelo explain lists all"
    if wanted.upper() in known:
        way_out = f"{wanted.upper()} is one: case matters"
    return InputError(f"tag {visible(text, 60)!r}", "is no tag, and fits none", way_out)


def _known() -> frozenset[str]:
    from truehelo.blocklists.catalogue import catalogue
    from truehelo.checks import all_tags
    from truehelo.sources.tags import TAGS

    return frozenset({*all_tags(), *TAGS, *OTHERS, *(_LISTED + name for name in catalogue())})
