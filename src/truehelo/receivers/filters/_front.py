"""The mail server in front of a filter: which name of the client it hands on, or writes into `Received:`.

A filter sees a client through the server that took the mail. Each function gives the names that may come out, one for each
PTR name that may come first; that of the order as it stands leads, "" stands for none. Whether the server takes the mail at
all is for `receivers.mtas`.
"""

from truehelo.facts.address import parse_address
from truehelo.receivers.client import Client, once
from truehelo.receivers.mtas._exim_lookup import lookups
from truehelo.receivers.mtas._glibc_names import is_address_to_inet_addr
from truehelo.receivers.mtas._glibc_names import is_hostname as is_system_hostname
from truehelo.receivers.mtas._opensmtpd_names import kept
from truehelo.receivers.mtas._postfix_names import is_hostname as is_postfix_hostname
from truehelo.receivers.mtas._system import hosts

Names = tuple[str, ...]
_NONE: Names = ("",)


def postfix_name(client: Client, name: str) -> str:
    """Return `name` when Postfix verifies it (a host name that leads back in its own family), "" when it does not."""
    return name if is_postfix_hostname(name) and client.ip in hosts(client, name, client.family).addresses else ""


@once
def postfix_names(client: Client) -> Names:
    """Return what Postfix verifies: the PTR name that comes first, or none."""
    return tuple([postfix_name(client, name) for name in client.ptr.names]) or _NONE


@once
def sendmail_names(client: Client) -> Names:
    """Return what Sendmail writes down: the PTR name that comes first, confirmed or not, unless it is no host name."""
    return tuple([name if _is_name_to_sendmail(name) else "" for name in client.ptr.names]) or _NONE


def _is_name_to_sendmail(name: str) -> bool:
    return is_system_hostname(name) and not is_address_to_inet_addr(name)


@once
def opensmtpd_names(client: Client) -> Names:
    """Return what OpenSMTPD writes down: the first PTR name that is a host name, confirmed or not; "<unknown>" for none.

    The root is a name too, an empty one.
    """
    return tuple([name for name in map(kept, client.ptr.names) if name is not None]) or ("<unknown>",)


@once
def exim_names(client: Client) -> Names:
    """Return what Exim (from 4.97 on) confirms: of all PTR names that lead back, the one that comes first, or none.

    One name that can neither be confirmed nor denied defers them all.
    """
    found = [name for names, _ in lookups(client, later=True) for name in names or _NONE]
    return tuple(found) if len(found) == 1 else tuple(dict.fromkeys(found))


def exim_omits(client: Client, name: str) -> bool:
    """Tell whether Exim leaves the HELO out of `Received:`: it is the confirmed name, or a literal of the address."""
    helo = client.helo_said
    if not helo or (name and helo.lower() == name.lower()):
        return True
    if helo[0] != "[" or helo[-1] != "]":
        return False
    inner = helo[1:-1]
    if inner[:5].lower() in ("ipv6:", "ipv4:"):
        inner = inner[5:]
    return (":" in inner) == (client.family == 6) and parse_address(inner) == client.ip
