"""How an SPF evaluation speaks with whoever answers its questions (`records.talk`), and which names it begins with."""

from truehelo.records.talk import Talk, can_be_asked, drive

__all__ = ["Talk", "can_be_asked", "drive", "is_domain"]


def is_domain(name: str) -> bool:
    """Tell whether a name can be a check_host domain: it can be asked, and has two labels or more (RFC 7208 §4.3)."""
    return "." in name and can_be_asked(name)
