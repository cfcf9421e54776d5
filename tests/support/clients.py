"""Clients of a receiver in words: rows of tests read as sentences, and the differential harness prints such rows.

    client("192.0.2.25", ptr="mail.example.com", helo="mail.example.com", hosts={"mail.example.com": "192.0.2.25"})
    client("192.0.2.25", ptr="servfail", helo="host")
    client("192.0.2.25", ptr="alias mail.example.com other.example.com", helo="mail.example.com",
           hosts={"mail.example.com": "A servfail, AAAA 2001:db8::25", "other.example.com": "alias 192.0.2.25"},
           mx={"mail.example.com": "mx.example.com"})

Addresses alone stand for the family they are of; a family that is not spoken of has no records (NODATA), and a name that
is not spoken of does not exist (NXDOMAIN). "alias" in front: reached over a CNAME.
"""

import json
from collections.abc import Mapping

from truehelo.facts.address import Address, parse_address
from truehelo.facts.dns import Outcome
from truehelo.receivers.client import NO_NAMES, Client, Hosts, Names, key

_OUTCOMES = {outcome.value: outcome for outcome in Outcome if outcome is not Outcome.ANSWER}
_TYPES = {"A": 4, "AAAA": 6}
_ABSENT = Hosts(Outcome.NXDOMAIN)


def client(
    ip: str = "192.0.2.25",
    *,
    ptr: str = "nxdomain",
    helo: str | None = "mail.example.com",
    hosts: Mapping[str, str] | None = None,
    mx: Mapping[str, str] | None = None,
) -> Client:
    """Return a client of which everything is known that a receiver may ask for."""
    reverse = _names(ptr)
    if "." in reverse.names:  # the root, which some publish for "none"
        reverse = Names(reverse.outcome, tuple("" if name == "." else name for name in reverse.names), reverse.alias)
    forwards: dict[tuple[str, int], Hosts] = {}
    for name, text in (hosts or {}).items():
        forwards[name, 4], forwards[name, 6] = _hosts(text)
    exchangers = {name: _names(text) for name, text in (mx or {}).items()}
    said = () if helo is None else (key(helo),)
    for name in (*reverse.names, *said, *(host for names in exchangers.values() for host in names.names)):
        for family in (4, 6):
            forwards.setdefault((name, family), _ABSENT)
    for name in said:
        exists = any(forwards[name, family].outcome is not Outcome.NXDOMAIN for family in (4, 6))
        exchangers.setdefault(name, Names(Outcome.NODATA) if exists else NO_NAMES)
    return Client(ip=_address(ip), ptr=reverse, forwards=forwards, mx=exchangers, helo=helo)


def row(world: Client) -> str:
    """Return a client as it is written above."""
    plain = client(str(world.ip), ptr=_said(world.ptr), helo=world.helo)
    hosts = {
        name: _said_hosts(world.hosts(name, 4), world.hosts(name, 6))
        for name in dict.fromkeys(name for name, _ in world.forwards)
        if any(world.hosts(name, family) != plain.forwards.get((name, family), _ABSENT) for family in (4, 6))
    }
    spoken = client(str(world.ip), ptr=_said(world.ptr), helo=world.helo, hosts=hosts)
    mx = {name: _said(names) for name, names in world.mx.items() if names != spoken.mx.get(name, NO_NAMES)}
    words = [_quoted(str(world.ip)), f"ptr={_quoted(_said(world.ptr))}", f"helo={_quoted(world.helo)}"]
    words += [f"{what}={_quoted(table)}" for what, table in (("hosts", hosts), ("mx", mx)) if table]
    return f"client({', '.join(words)})"


def _quoted(value: object) -> str:
    return "None" if value is None else json.dumps(value, ensure_ascii=False)


def _address(text: str) -> Address:
    ip = parse_address(text)
    if ip is None:
        raise ValueError(f"{text!r} is no address")
    return ip


def _alias(text: str) -> tuple[bool, list[str]]:
    words = text.split()
    alias = bool(words) and words[0] == "alias"
    return alias, words[1:] if alias else words


def _names(text: str) -> Names:
    alias, words = _alias(text)
    if len(words) == 1 and words[0] in _OUTCOMES:
        return Names(_OUTCOMES[words[0]], (), alias)
    return Names(Outcome.ANSWER, tuple(words), alias)


def _hosts(text: str) -> tuple[Hosts, Hosts]:
    alias, words = _alias(text)
    if len(words) == 1 and words[0] in _OUTCOMES:
        both = Hosts(_OUTCOMES[words[0]], (), alias)
        return both, both
    found: dict[int, Hosts] = {}
    addresses: list[Address] = []
    for part in " ".join(words).split(","):
        head, *rest = part.split()
        if head in _TYPES and rest and rest[0] in _OUTCOMES:
            found[_TYPES[head]] = Hosts(_OUTCOMES[rest[0]], (), alias)
        else:
            addresses += [_address(word) for word in (rest if head in _TYPES else (head, *rest))]
    for family in (4, 6):
        own = tuple(ip for ip in addresses if ip.version == family)
        found.setdefault(family, Hosts(Outcome.ANSWER if own else Outcome.NODATA, own, alias))
    return found[4], found[6]


def _said(names: Names) -> str:
    words = [name or "." for name in names.names] if names.outcome is Outcome.ANSWER else [names.outcome.value]
    return " ".join((["alias"] if names.alias else []) + words)


def _said_hosts(four: Hosts, six: Hosts) -> str:
    alias = "alias " if four.alias or six.alias else ""
    if four.outcome is six.outcome and four.outcome is not Outcome.ANSWER:
        return alias + four.outcome.value
    parts = []
    for rdtype, hosts in (("A", four), ("AAAA", six)):
        if hosts.outcome is Outcome.ANSWER:
            parts.append(" ".join(map(str, hosts.addresses)))
        elif hosts.outcome is not Outcome.NODATA:
            parts.append(f"{rdtype} {hosts.outcome.value}")
    return alias + ", ".join(parts)
