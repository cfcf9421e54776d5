"""The facts of a subject as a receiver meets them: which of our lookups are what it would look up itself.

A name that no DNS can hold, or that has one label alone, is never asked for by us; for a receiver it has no records.
"""

import re

from truehelo.facts.address import parse_address
from truehelo.facts.dns import Lookup, Outcome
from truehelo.facts.names import MAX_LABEL, MAX_NAME
from truehelo.identity import JUDGED_NAMES, Identity
from truehelo.receivers.client import NO_NAMES, Client, Hosts, Names, key

_ASKABLE = re.compile(rf"[a-z0-9_-]{{1,{MAX_LABEL}}}(?:\.[a-z0-9_-]{{1,{MAX_LABEL}}})+", re.ASCII)
"""Two labels or more, of the characters of host names and underscores."""
_EMPTY = {outcome: Hosts(outcome) for outcome in Outcome}
_NO_HOSTS = _EMPTY[Outcome.NXDOMAIN]
_UNHEARD = _EMPTY[Outcome.TIMEOUT]
_FAMILIES = {"A": 4, "AAAA": 6}
_NOT_ASKED = Names(Outcome.TIMEOUT)


def client_of(identity: Identity) -> Client:
    """Return what a receiver can see of the address of `identity`."""
    facts = identity.facts
    ptr = _NOT_ASKED if facts.ptr is None else _names(facts.ptr, identity.ptr_names)
    helo = facts.helo
    said = "" if helo is None else key(helo)
    asked = bool(said) and can_be_asked(said)
    wanted = {*ptr.names, said} if asked else set(ptr.names)
    forwards: dict[tuple[str, int], Hosts] = {}
    mx: dict[str, Names] = {}
    # One walk over what was asked: looking each question up would make and hash it first.
    for lookup in facts.lookups:
        question = lookup.question
        family = _FAMILIES.get(question.rdtype)
        if family is not None and question.name in wanted:
            forwards[question.name, family] = _hosts(lookup)
        elif question.rdtype == "MX" and question.name == said and asked:
            mx[said] = _names(lookup, tuple(_exchanger(record.data) for record in lookup.records))
    if said and not asked:
        forwards.setdefault((said, 4), _NO_HOSTS)
        forwards.setdefault((said, 6), _NO_HOSTS)
        mx[said] = NO_NAMES
    client = Client(ip=facts.ip, ptr=ptr, forwards=forwards, mx=mx, helo=helo)
    # What is known here need not be worked out at the first receiver that asks: each cached property costs a lock.
    known = client.__dict__
    known.update(family=facts.ip.version, judged={})
    if helo is not None:
        known.update(helo_said=helo, helo_key=said)
    if len(ptr.names) <= JUDGED_NAMES:  # worked out for the verdict
        known.update(confirmed=identity.confirmed_names, generic=frozenset(identity.generic))
    return client


def can_be_asked(name: str) -> bool:
    """Tell whether a HELO (as `key` writes it) can be asked for: two labels or more that fit a question (RFC 1035 §2.3.4).

    Whether it is a well-formed host name does not matter: receivers ask for "my_host.example.com" too.
    """
    return len(name) <= MAX_NAME and _ASKABLE.fullmatch(name) is not None


def _hosts(lookup: Lookup) -> Hosts:
    believed = lookup.believed
    if believed is None:
        return _UNHEARD
    if not believed.records and not believed.chain:
        return _EMPTY[believed.outcome]
    found = [parse_address(record.data) for record in believed.records]
    return Hosts(believed.outcome, tuple([ip for ip in found if ip is not None]), bool(believed.chain))


def _names(lookup: Lookup, names: tuple[str, ...]) -> Names:
    believed = lookup.believed
    return _NOT_ASKED if believed is None else Names(believed.outcome, names, bool(believed.chain))


def _exchanger(data: str) -> str:
    """The host of an MX record: "10 mail.example.com." (RFC 1035 §3.3.9); "." is the null MX (RFC 7505)."""
    return key(data.rpartition(" ")[2]) or "."
