"""Which symbols SpamAssassin finds in a `Received:` line: those that need two names at once, or a name and the address.

What follows from one name alone is for `generic.spamassassin`. Received.pm, RelayEval.pm, 20_head_tests.cf, 72_active.cf.
"""

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network
from typing import NamedTuple

from truehelo.facts.address import Address, parse_address
from truehelo.generic.spamassassin import helo_symbols, marked, rdns_symbols


class Line(NamedTuple):
    """What SpamAssassin reads of a client in the line that the mail server in front wrote.

    `rdns` is "" where there is none; `first` the word after "from"; `stated`: the line says helo=HELO, as Exim's do;
    `sought`: a server that always looks for the reverse name wrote it, so that none means none.
    """

    rdns: str
    helo: str
    first: str
    stated: bool = False
    sought: bool = True


_DOTCOM = frozenset(
    "lycos.com lycos.co.uk hotmail.com localhost.com excite.com caramail.com cs.com aol.com msn.com yahoo.com"
    " drizzle.com".split()
)
_BELOW_DOTCOM = tuple(f".{domain}" for domain in _DOTCOM)
_FAKED = frozenset(
    "msn yahoo yourwebsite lycos excite cs aol localhost koreanmail allexecs mydomain juno eudoramail compuserve desertmail"
    " caramail".split()
)
_HIGH_PROFILE = re.compile(r"(?:hotmail|gmail|google|yahoo|msn|microsoft|outlook|paypal|xxx)\.\w", re.IGNORECASE | re.ASCII)
_FOUR_NUMBERS = re.compile(r"(?:\d+[^0-9a-zA-Z]){3}\d+(?:\.|$)", re.ASCII)
_DOTTED = re.compile(r"(?:\d+\.){3}\d+$", re.ASCII)
_TWO_LITERALS = re.compile(r"(?:\[\d+(?:\.\d+){3}\]){2}", re.ASCII)
_FRIENDS = (".tfbnw.net", ".ebay.com", ".tieto.com")
_MULTICAST = 224
"""From this first octet on no host has an address. The rule knows documentation ranges too: here they are like others."""
_PRIVATE = tuple(
    map(IPv4Network, ("10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"))
)


class Message(NamedTuple):
    """What matters about the message.

    `single_hop`: it has no Received line of its own; `bare_from`: its From has no display name; `authenticated`: it passes
    SPF or has a valid DKIM signature.
    """

    single_hop: bool = False
    bare_from: bool = False
    authenticated: bool = False


def symbols_of(line: Line, ip: Address, message: Message) -> tuple[str, ...]:
    """Return the symbols of a line about the client at `ip`."""
    symbols = _of_names(line, message)
    if isinstance(ip, IPv4Address):
        first = int(ip) >> 24
        if first and first < _MULTICAST and not line.helo[:1].isdigit() and not message.bare_from:
            return symbols
        return (*symbols, *_of_address(line, ip, message))
    return tuple([symbol for symbol in symbols if symbol != "RDNS_LOCALHOST"]) if "RDNS_LOCALHOST" in symbols else symbols


@lru_cache(maxsize=8192)
def _of_names(line: Line, message: Message) -> tuple[str, ...]:
    rdns, helo = marked(line.rdns), marked(line.helo)
    symbols = [*rdns_symbols(rdns), *helo_symbols(helo)]
    if not rdns:
        symbols += _without_rdns(line, helo, message)
    elif not message.authenticated and _differs(rdns, helo):
        symbols.append("KHOP_HELO_FCRDNS")
    if helo.lower() == "user" or line.first.lower() == "user":
        symbols += _user(line, helo)
    if "][" in (written := line.helo or line.first) and _TWO_LITERALS.search(written):
        symbols.append("RCVD_DBL_DQ")
    return tuple(dict.fromkeys((*symbols, *_first(line.first))))


def _without_rdns(line: Line, helo: str, message: Message) -> list[str]:
    symbols = ["RDNS_NONE"]
    lowered = helo.lower()
    # Each further line undoes what the one before it has found, unless it is about a private address.
    if (
        line.sought
        and message.single_hop
        and any(lowered == domain or lowered.endswith(f".{domain}") for domain in _DOTCOM)
    ):
        symbols.append("NO_RDNS_DOTCOM_HELO")
    if _HIGH_PROFILE.search(helo):
        symbols.append("PDS_HP_HELO_NORDNS")
    return symbols


def _differs(rdns: str, helo: str) -> bool:
    """The HELO does not begin with the reverse name; short names and some senders are let go."""
    if not helo or helo.lower().startswith(rdns.lower()):
        return False
    return not (4 <= len(rdns) <= 14 or rdns.endswith(_FRIENDS))


def _of_address(line: Line, ip: IPv4Address, message: Message) -> list[str]:
    symbols = []
    first = int(ip) >> 24
    if not first or first >= _MULTICAST:
        symbols.append("RCVD_ILLEGAL_IP")
    if line.helo[:1].isdigit() and _is_far(line.helo, ip):
        symbols.append("RCVD_HELO_IP_MISMATCH")
    if message.single_hop and message.bare_from and any(_written(ip).search(name) for name in (line.rdns, line.helo)):
        symbols.append("NO_FM_NAME_IP_HOSTN")
    return symbols


def _is_far(helo: str, ip: IPv4Address) -> bool:
    said = parse_address(helo)
    if not isinstance(said, IPv4Address) or any(said in network or ip in network for network in _PRIVATE):
        return False
    return int(said) >> 8 != int(ip) >> 8


@lru_cache(maxsize=256)
def _written(ip: IPv4Address) -> re.Pattern[str]:
    """The four octets in a name, forwards or backwards, one character that is no digit between each."""
    octets = str(ip).split(".")
    return re.compile(rf"{'[^0-9]'.join(octets)}|{'[^0-9]'.join(reversed(octets))}")


def _user(line: Line, helo: str) -> list[str]:
    symbols = ["FSL_NEW_HELO_USER"]
    if line.first == "User":
        symbols.append("NSL_RCVD_FROM_USER")
    if line.stated and helo.lower() == "user":
        symbols.append("NSL_RCVD_HELO_USER")
    return symbols


def _first(first: str) -> tuple[str, ...]:
    """The symbols of the first word of the line."""
    if first[:1].isdigit() and _FOUR_NUMBERS.match(first):
        return ("TVD_RCVD_IP", "TVD_RCVD_IP4") if _DOTTED.match(first) else ("TVD_RCVD_IP",)
    if first.endswith(".com") and first[:-4] in _FAKED:
        return ("RCVD_FAKE_HELO_DOTCOM",)
    return ()
