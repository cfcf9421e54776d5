"""Values of an aggregate report: addresses, counts of messages, and times (RFC 9990 §3.1.1, RFC 7489 appendix C).

Each function takes the text without blank around it and either returns the value or raises `ValueError` with a clause that
says what is wrong with it, made harmless to look at.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime

from truehelo.facts.address import parse_address
from truehelo.facts.text import visible
from truehelo.reports.aggregate import dialects

MOST = 2**63 - 1
"""The largest count that a store can keep."""
LATEST = 253_402_300_799
"""The last second of the year 9999."""
_MILLISECONDS = 100_000_000_000
"""A time from this on (the year 5138) is one in milliseconds."""

_IPV4 = re.compile(r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(?:\.(?!\Z)|\Z)){4}")
_GROUP = "(?:0|[1-9a-f][0-9a-f]{0,3})"
_IPV6 = re.compile(rf"[1-9a-f][0-9a-f]{{0,3}}(?::{_GROUP}){{0,4}}::{_GROUP}(?::{_GROUP}){{0,4}}")
_DIGITS = re.compile(r"[0-9]{1,20}")
_FRACTION = re.compile(r"([0-9]{1,20})\.[0-9]{0,20}")


def address(text: str) -> str:
    """Return an address in its canonical form, an IPv4-mapped one as the IPv4 address that it is (RFC 5952, RFC 4291)."""
    if _IPV4.fullmatch(text) or _is_canonical_ipv6(text):
        return text
    found = parse_address(text) if len(text) <= 64 else None
    if found is None:
        raise ValueError(f'source_ip is "{visible(text, 60)}", which is no address' if text else "source_ip is empty")
    return str(found)


def _is_canonical_ipv6(text: str) -> bool:
    """Tell whether this is the canonical form of an IPv6 address for certain (RFC 5952 §4). Most addresses are."""
    if not _IPV6.fullmatch(text) or text.count(":") > 6:
        return False
    # A run of zeros that is not the shortened one, or that touches it, takes a closer look.
    return "0:0" not in text and ":0::" not in text and "::0" not in text


def count(text: str) -> int:
    """Return a number of messages, from 0 to 2**63 - 1."""
    if not _DIGITS.fullmatch(text):
        raise ValueError(f'count is "{visible(text, 60)}", which is no number' if text else "count is empty")
    number = int(text)
    if number > MOST:
        raise ValueError(f"count is {number}, more than can be stored")
    return number


def time(text: str, note: Callable[[str], object]) -> int:
    """Return a time in seconds since the epoch; `note` is called with the names of dialects."""
    fraction = _FRACTION.fullmatch(text)
    if fraction:
        note(dialects.FRACTIONS)
        text = fraction[1]
    if _DIGITS.fullmatch(text):
        seconds = int(text)
        if seconds >= _MILLISECONDS:
            note(dialects.MILLISECONDS)
            seconds //= 1000
    else:
        seconds = _iso(text)
        note(dialects.ISO_TIMES)
    if not 0 < seconds <= LATEST:
        raise ValueError(f'"{visible(text, 60)}" is no time of a report')
    return seconds


def _iso(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text[:64])
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        raise ValueError(f'"{visible(text, 60)}" is no time') from None
