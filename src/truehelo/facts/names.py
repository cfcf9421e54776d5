"""Host names: how they compare, and which of them are well formed.

RFC 952, RFC 1123 §2.1 and RFC 5321 §2.3.5 for what a host name may look like; RFC 4343 for case; RFC 5890 for the
A-label form of internationalised names. This module does not decide whether a malformed name matters.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address

from truehelo.facts.address import Address, parse_address

MAX_NAME = 253
MAX_LABEL = 63
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", re.ASCII)


def canonical(name: str) -> str:
    """Return `name` as it compares: lower case, one trailing dot gone, IDN as A-labels (RFC 4343, RFC 5890 §2.3.2.1).

    A name that has no A-label form is returned in lower case as it stands; it then equals nothing but itself.
    """
    name = name.removesuffix(".")
    if name.isascii():
        return name.lower()
    import idna  # late: only names outside ASCII need it

    try:
        return idna.encode(name, uts46=True).decode("ascii").lower()
    except idna.IDNAError:
        return name.lower()


def same_name(one: str, other: str) -> bool:
    """Tell whether two names are the same DNS name."""
    return canonical(one) == canonical(other)


def is_fqdn(name: str) -> bool:
    """Tell whether a name is a well-formed host name of two labels or more."""
    return name_fault(name) is None and "." in canonical(name)


@lru_cache(maxsize=8192)
def name_fault(name: str) -> str | None:
    """Return why `name` is not a well-formed host name, in words that follow "the name", or None if it is one.

    A single label is well formed here; whether it is fully qualified is another question (`is_fqdn`).
    """
    plain = canonical(name)
    return next((fault for is_faulty, fault in _FAULTS if is_faulty(plain, plain.split("."))), None)


# In the order in which they are worth telling; each predicate gets the canonical name and its labels.
_FAULTS: tuple[tuple[Callable[[str, list[str]], bool], str], ...] = (
    (lambda name, _: not name, "is empty"),
    (lambda name, _: parse_address(name) is not None, "is an address, not a name"),
    (lambda name, _: not name.isascii(), "has characters that no host name may hold"),
    (lambda _, labels: "" in labels, "has an empty label"),
    (lambda name, _: len(name) > MAX_NAME, f"is longer than {MAX_NAME} characters"),
    (lambda _, labels: any(len(label) > MAX_LABEL for label in labels), f"has a label longer than {MAX_LABEL} characters"),
    (lambda name, _: "_" in name, "holds an underscore"),
    (
        lambda _, labels: any(label.startswith("-") or label.endswith("-") for label in labels),
        "has a label that begins or ends with a hyphen",
    ),
    (lambda _, labels: not all(map(_LABEL.fullmatch, labels)), "has characters that no host name may hold"),
    (lambda _, labels: labels[-1].isdigit(), "ends in a number"),
)


class NameForm(StrEnum):
    """What a stated name (greeting, EHLO reply, HELO) looks like, before anything is looked up."""

    FQDN = "fqdn"
    SINGLE_LABEL = "single_label"
    LITERAL = "literal"
    """An address literal, well formed (RFC 5321 §4.1.3)."""
    INVALID = "invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedForm:
    """The form of a stated name. `address` is set for a literal, `fault` (words after "the name") for an invalid one."""

    form: NameForm
    address: Address | None = None
    fault: str | None = None


def stated_form(text: str) -> StatedForm:
    """Classify the argument of HELO, or the name in a greeting (RFC 5321 §4.1.1.1, §4.1.3).

    The tag "IPv6:" is required in an IPv6 literal, so "[2001:db8::1]" is invalid.
    """
    if text.startswith("["):
        address = _literal_address(text)
        if address is None:
            return StatedForm(form=NameForm.INVALID, fault="is a malformed address literal")
        return StatedForm(form=NameForm.LITERAL, address=address)
    if not text.isascii():
        # A U-label in HELO needs SMTPUTF8, which is only negotiated after it.
        return StatedForm(form=NameForm.INVALID, fault="is not in ASCII (an A-label is needed)")
    fault = name_fault(text)
    if fault is not None:
        return StatedForm(form=NameForm.INVALID, fault=fault)
    if "." not in canonical(text):
        return StatedForm(form=NameForm.SINGLE_LABEL)
    return StatedForm(form=NameForm.FQDN)


def _literal_address(text: str) -> Address | None:
    if not text.endswith("]"):
        return None
    inner = text[1:-1]
    tag, colon, rest = inner.partition(":")
    if colon and tag.lower() == "ipv6":
        address = parse_address(rest)
        return address if isinstance(address, IPv6Address) or ":" in rest else None
    address = parse_address(inner)
    return address if isinstance(address, IPv4Address) and ":" not in inner else None
