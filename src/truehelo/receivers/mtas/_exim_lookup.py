"""Exim's reverse lookup of a client: host.c host_name_lookup and host_find_bydns, dns.c (4.96, 4.98).

What the conditions make of it is for `exim`. The system's resolver, which is asked second, is the GNU C library's.
"""

from truehelo.facts.dns import Outcome
from truehelo.receivers.client import Client, once
from truehelo.receivers.mtas._exim_names import holds_other_characters, is_asked
from truehelo.receivers.mtas._glibc_names import is_hostname

Lookup = tuple[tuple[str, ...], bool]
"""The PTR names that lead back, and whether the lookup came to no end."""
_NOTHING: Lookup = ((), False)
_DEFERRED: Lookup = ((), True)
_DENIED = frozenset((Outcome.NXDOMAIN, Outcome.NODATA))
_DENIED_LATER = _DENIED | {Outcome.MALFORMED}


def has_address(client: Client, name: str, *, later: bool) -> bool | None:
    """Tell whether a name has the client's address; None when that cannot be told: a lookup failed, and none gave one.

    Later releases take a reply that cannot be read for one without records, and an A reply of that kind settles the matter.
    """
    four, six = client.hosts(name, 4), client.hosts(name, 6)
    if client.ip in four.addresses or client.ip in six.addresses:
        return True
    if four.addresses or six.addresses or (later and four.outcome is Outcome.MALFORMED):
        return False
    denied = _DENIED_LATER if later else _DENIED
    return False if four.outcome in denied and six.outcome in denied else None


def lookups(client: Client, *, later: bool) -> tuple[Lookup, ...]:
    """Return what the reverse lookup may come to; with several, that of the order as it stands leads."""
    return _later(client) if later else _earlier(client)


@once
def _later(client: Client) -> tuple[Lookup, ...]:
    return _lookups(client, later=True)


@once
def _earlier(client: Client) -> tuple[Lookup, ...]:
    return _lookups(client, later=False)


def _lookups(client: Client, *, later: bool) -> tuple[Lookup, ...]:
    ptr = client.ptr
    if ptr.outcome is not Outcome.ANSWER:
        # After an alias that leads to no PTR, the system's resolver is asked too, and takes that for trouble.
        denied = ptr.outcome is Outcome.NXDOMAIN or (ptr.outcome is Outcome.NODATA and not ptr.alias)
        return (_NOTHING if denied else _DEFERRED,)
    names = ptr.names
    if later and any(map(holds_other_characters, names)):
        names = tuple([name for name in names if name and not holds_other_characters(name)])
        if not names:
            return tuple(dict.fromkeys([_by_system(client, name) for name in ptr.names]))
    return (_confirmed(client, names, later=later),)


def _by_system(client: Client, first: str) -> Lookup:
    """What the system's resolver makes of an answer: it gives the first name, and fails where that is no host name."""
    return _confirmed(client, (first,), later=True) if is_hostname(first) else _DEFERRED


def _confirmed(client: Client, names: tuple[str, ...], *, later: bool) -> Lookup:
    confirmed = []
    for name in names:
        leads_back = name != "" and is_asked(name) and has_address(client, name, later=later)
        if leads_back is None:
            return _DEFERRED
        if leads_back:
            confirmed.append(name)
    return tuple(confirmed), False
