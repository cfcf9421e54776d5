"""The parts of a name that the rules look at: what stands below the registered domain, and the words in it.

The registered domain is told by a short rule and not by the public suffix list: a name is judged the same whatever copy of
that list is at hand, and no rule here hangs on a rare suffix. Decides nothing about what the parts mean.
"""

import re

_WORD = re.compile(r"[a-z]+")
_SECOND_LEVEL = frozenset("co com net ne or ac ad gov edu org go gob gen id nom res".split())


def registrable(name: str) -> str:
    """Return the registered domain of `name` (lower case, no final dot): two labels, or three as in example.co.uk."""
    labels = name.rsplit(".", 3)
    three = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL
    return ".".join(labels[-3:] if three else labels[-2:])


def host_part(name: str) -> str:
    """Return what stands below the registered domain, "" where nothing does."""
    rest, _, top = name.rpartition(".")
    rest, _, second = rest.rpartition(".")
    if len(top) == 2 and second in _SECOND_LEVEL:
        rest = rest.rpartition(".")[0]
    return rest


def words(host: str) -> list[str]:
    """Return the runs of letters in a host part, in order."""
    return _WORD.findall(host)
