"""Targets: what the user wrote, read without asking anybody.

An address, `IP=NAME`, a network in CIDR form, or a name. Whether a name is a host or a domain is for the DNS to say
(`subjects`), unless the user says it: `host:NAME`, `domain:NAME`. `,helo=NAME` behind any of them declares the HELO.
"""

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from ipaddress import ip_network

from truehelo.errors import InputError
from truehelo.facts.address import Address, Network, parse_address
from truehelo.facts.names import canonical, name_fault
from truehelo.facts.text import visible

ACCEPTED = (
    "accepted are an IPv4 or IPv6 address, ADDRESS=NAME, a network such as 192.0.2.0/28, a host name or a domain, "
    "each with ,helo=NAME behind it where the HELO is declared, @FILE and - for standard input"
)
MAX_HELO = 512
_UNDERSCORES = re.compile(r"(?:^|(?<=\.))_")


class Kind(StrEnum):
    """What a target is."""

    ADDRESS = "address"
    NETWORK = "network"
    NAME = "name"
    """A host or a domain: the DNS tells which."""
    HOST = "host"
    DOMAIN = "domain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One target: `ip` for an address, `network` for a network, `name` for the others; `text` is what the user wrote."""

    kind: Kind
    text: str
    ip: Address | None = None
    network: Network | None = None
    name: str | None = None
    expected: str | None = None
    helo: str | None = None
    """The HELO that the server sends, declared for this target."""
    discover: frozenset[str] = frozenset({"mx", "spf"})
    """Of a domain: what it leads to, the hosts of its MX records and the addresses that its SPF record authorises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetLine:
    """A target as text and where it came from, such as "argument 1" or "servers.txt:12"."""

    text: str
    where: str


def parse_target(text: str) -> Target:
    """Read one target.

    Raises:
        InputError: The text is none of the accepted forms; the error says why.
    """
    text = text.strip()
    plain, comma, option = text.partition(",")
    if not comma:
        return _parse(text)
    word, equals, helo = option.strip().partition("=")
    if word != "helo" or not equals:
        raise InputError(visible(text, 80), "has something else than helo=NAME behind the comma", ACCEPTED)
    return replace(_parse(plain.strip()), text=text, helo=declared_helo(helo, visible(text, 80)))


def declared_helo(text: str, given: str) -> str:
    """Return a declared HELO, which may be wrong in any way: that is what is judged. `given` names it in errors.

    Raises:
        InputError: It declares nothing, or is longer than a command line may be (RFC 5321 §4.5.3.1.4).
    """
    if not text.strip() or len(text) > MAX_HELO:
        raise InputError(given, "declares no name", "give the name that the server sends, such as mail.example.com")
    return text.strip()


def _parse(text: str) -> Target:
    shown = visible(text, 80)
    if not text:
        raise InputError("an empty target", "names nothing to check", ACCEPTED)
    address, equals, expected = text.partition("=")
    if equals:
        return _expecting(text, shown, address.strip(), expected.strip())
    if "@" in text:
        domain = visible(text.rpartition("@")[2], 80)
        raise InputError(shown, "looks like a mail address", f"give its domain instead: {domain}")
    if "://" in text:
        raise InputError(shown, "looks like a URL", ACCEPTED)
    if "/" in text:
        return Target(kind=Kind.NETWORK, text=text, network=_network(text, shown))
    ip = parse_address(text[1:-1] if text.startswith("[") and text.endswith("]") else text)
    if ip is not None:
        return Target(kind=Kind.ADDRESS, text=text, ip=ip)
    return _named(text, shown)


def _expecting(text: str, shown: str, address: str, expected: str) -> Target:
    ip = parse_address(address)
    if ip is None:
        raise InputError(
            shown, "has no address before the equals sign", "accepted is ADDRESS=NAME, as in 192.0.2.25=mail.example.com"
        )
    if not expected:
        raise InputError(shown, "has no name behind the equals sign", "accepted is ADDRESS=NAME, or the address alone")
    return Target(kind=Kind.ADDRESS, text=text, ip=ip, expected=checked_name(expected))


def _network(text: str, shown: str) -> Network:
    try:
        return ip_network(text)
    except ValueError:
        pass
    try:
        meant = ip_network(text, strict=False)
    except ValueError:
        raise InputError(shown, "is not a network in CIDR form", ACCEPTED) from None
    raise InputError(shown, "has bits set behind its prefix", f"write {meant}, or the single address without the prefix")


def _named(text: str, shown: str) -> Target:
    word, colon, rest = text.partition(":")
    kinds = {"host": Kind.HOST, "domain": Kind.DOMAIN}
    if colon and word.lower() in kinds:
        return Target(kind=kinds[word.lower()], text=text, name=checked_name(rest))
    if colon:
        raise InputError(shown, "is neither an address nor a name", ACCEPTED + "; a port is given with --port")
    labels = text.removesuffix(".").split(".")
    if all(label.isdigit() for label in labels):
        raise InputError(shown, "is not an IPv4 address of four numbers up to 255", ACCEPTED)
    return Target(kind=Kind.NAME, text=text, name=checked_name(text))


def checked_name(text: str, *, underscored: bool = False) -> str:
    """Return a name in canonical form; `underscored` also takes labels with an underscore before them (RFC 8552 §1.1).

    Raises:
        InputError: It is not a fully qualified host name (RFC 1123 §2.1).
    """
    text = text.strip()
    shown = visible(text, 80) or "an empty name"
    # Label by label where there may be underscores: one of them would keep all others from their A-label form.
    name = ".".join(map(canonical, text.removesuffix(".").split("."))) if underscored else canonical(text)
    fault = name_fault(_UNDERSCORES.sub("x", name) if underscored else text)
    if fault is not None:
        raise InputError(shown, f"as a name {fault}", "accepted is a fully qualified name such as mail.example.com")
    if "." not in name:
        raise InputError(shown, "is a single label", "accepted is a fully qualified name such as mail.example.com")
    return name
