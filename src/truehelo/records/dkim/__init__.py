"""DKIM keys in the DNS (RFC 6376 §3.6.1, RFC 8463 for Ed25519, RFC 8301 for sizes): reading, writing, looking for them.

Nothing here asks the DNS, and nothing verifies a signature.
"""

from truehelo.records.dkim.parse import ED25519, LEAST_BITS, MOST_BITS, RSA, WISE_BITS, DkimKey, format_key, is_meant, parse
from truehelo.records.dkim.selectors import KNOWN_SELECTORS, KnownSelector, services_of
from truehelo.records.errors import Flaw, RecordError

__all__ = [
    "ED25519",
    "KNOWN_SELECTORS",
    "LEAST_BITS",
    "MOST_BITS",
    "RSA",
    "WISE_BITS",
    "DkimKey",
    "Flaw",
    "KnownSelector",
    "RecordError",
    "format_key",
    "is_meant",
    "key_name",
    "parse",
    "services_of",
]


def key_name(selector: str, domain: str) -> str:
    """Return the name at which the key of a selector stands (RFC 6376 §3.6.2.1)."""
    return f"{selector}._domainkey.{domain}"
