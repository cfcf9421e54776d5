"""Names and words of reports as they are kept: bounded, in one form, harmless to look at."""

from truehelo.facts.names import MAX_NAME, canonical
from truehelo.facts.text import visible


def host_name(text: str) -> str:
    """Return a domain or host name in canonical form; one that is too long to be one is cut, and equals none."""
    text = text.strip()
    return visible(canonical(text) if len(text) <= MAX_NAME else text.lower(), MAX_NAME + 3)
