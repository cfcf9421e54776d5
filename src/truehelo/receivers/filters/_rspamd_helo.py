"""What rspamd's hfilter makes of a HELO: addresses, weight classes, shape, and whether the name has records.

hfilter.lua of 3.4, 3.12 and 4.1, each run. RFC 5321 §4.1.1.1, §4.1.3. The name of the host is for `rspamd`, which also
weighs the classes of the two against each other.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from truehelo.facts.address import Scope, scope
from truehelo.facts.dns import Outcome
from truehelo.generic.rspamd import rspamd_class
from truehelo.receivers.client import Client, key

LOCAL_CLIENT = "rspamc.local"
"""The HELO by which rspamd's own command line client is known: of it nothing is checked."""

FAILED = frozenset((Outcome.SERVFAIL, Outcome.REFUSED, Outcome.TIMEOUT))
"""What rspamd takes for a failed query: a reply that cannot be read is as good as a denial."""

# Networks from which no mail comes over the internet: unroutable, documentation (RFC 5737, RFC 3849), shared (RFC 6598).
_ONE, _TWO = "0|10|127", r"169\.254|172\.(?:1[6-9]|2\d|3[01])|192\.168"
_THREE = r"192\.0\.[02]|192\.88\.99|198\.51\.100|203\.0\.113"
_SIX = "2001:db8::|fc00::|ffxx::|fe[cdf][0-9a-f]:|fe[89ab][0-9a-f]::|::1$"
_A = re.ASCII | re.IGNORECASE
# 3.4 looks at the first labels alone: "10.example.com" is a bad address to it.
_BAD_START = re.compile(
    rf"(?:{_ONE}|{_TWO}|{_THREE})\.|100.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7]\d)\.|\d\.\d\.\d\.255$|{_SIX}", _A
)
_BAD_ADDRESS = re.compile(
    rf"(?:{_ONE})(?:\.\d+){{3}}|(?:{_TWO})(?:\.\d+){{2}}|(?:{_THREE})\.\d|100.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])(?:\.\d+){{2}}"
    rf"|\d+\.\d+\.\d+\.255$|{_SIX}",
    _A,
)
_DOCUMENTATION = ("192.0.2.", "198.51.100.", "203.0.113.", "2001:db8::")
_ADDRESS = re.compile(r"\d+(?:[x.-]\d+){3}$|[0-9a-f]+:", re.ASCII)
_ADDRESS_ANY_CASE = re.compile(_ADDRESS.pattern, _A)
_FULL_NAME = re.compile(r"(?:(?!-)[a-z0-9-]{1,63}(?<!-)\.)+[a-z0-9-]{2,63}\.?$")
_SHORTEST, _LONGEST = 4, 253


@dataclass(frozen=True, slots=True)
class Helo:
    """What hfilter reads in a HELO: its weight class; else the symbols that it has by itself, or the name to ask for."""

    weight: int = 0
    symbols: tuple[str, ...] = ()
    name: str = ""


def read(client: Client, version: str) -> Helo:
    """Return what hfilter reads in the HELO of a client."""
    helo = client.helo_said
    # Where the client itself is an example, an address of the documentation ranges stands for a public one.
    example = not helo[:1].isalpha() and scope(client.ip) is Scope.DOCUMENTATION
    return _read(helo, version, example)


@lru_cache(maxsize=8192)
def _read(helo: str, version: str, example: bool) -> Helo:
    if helo in ("", LOCAL_CLIENT):
        return _NOTHING
    bare = helo.replace("[", "").replace("]", "")
    if bare[:1].isdigit() or ":" in bare:
        bad, plain = (_BAD_START, _ADDRESS) if version == "3.4" else (_BAD_ADDRESS, _ADDRESS_ANY_CASE)
        if bad.match(bare) and not (example and bare.lower().startswith(_DOCUMENTATION)):
            return Helo(symbols=("HFILTER_HELO_BADIP",))
        if plain.match(bare):
            return Helo(symbols=("HFILTER_HELO_BAREIP",))
    weight = int(rspamd_class(bare, helo=True, version=version))
    if weight:
        return Helo(weight)
    name = bare.lower()
    return Helo(name=key(name)) if _is_full(name) else _NOT_FULL


_NOTHING = Helo()
_NOT_FULL = Helo(symbols=("HFILTER_HELO_NOT_FQDN",))


@lru_cache(maxsize=8192)
def _is_full(name: str) -> bool:
    """Two labels or more of letters, digits and hyphens, the last of two characters or more; one final dot is fine."""
    return _SHORTEST <= len(name) <= _LONGEST and _FULL_NAME.match(name) is not None


def records_of(client: Client, name: str, version: str) -> tuple[str, ...]:
    """Return the symbols of a name whose records are missing or lead elsewhere; each of several exchangers counts."""
    if name != client.helo_key and (name, client.family) not in client.forwards:
        # A name in brackets: nobody but rspamd would ask for it.
        return ("HFILTER_HELO_IP_A", "HFILTER_HELO_NORES_A_OR_MX")
    four, six = client.hosts(name, 4), client.hosts(name, 6)
    if client.ip in four.addresses or client.ip in six.addresses:
        return ()
    exists = Outcome.ANSWER in (four.outcome, six.outcome)
    if version == "4.1":
        if not FAILED.isdisjoint((four.outcome, six.outcome)):
            return ()  # one failed query spoils both checks
    elif exists:
        return ()  # until 3.12 the address is never compared, and a query that fails is as good as a denial
    if exists:
        return ("HFILTER_HELO_IP_A",)
    return ("HFILTER_HELO_IP_A", *_exchangers(client, name))


def _exchangers(client: Client, name: str) -> tuple[str, ...]:
    exchangers = client.mail_exchangers(name)
    if exchangers.outcome is not Outcome.ANSWER:
        return ("HFILTER_HELO_NORES_A_OR_MX",)
    return ("HFILTER_HELO_NORESOLVE_MX",) * sum(host != "." and _is_gone(client, host) for host in exchangers.names)


def _is_gone(client: Client, host: str) -> bool:
    """The exchanger has no address, as far as it was asked for (an audit does not ask)."""
    asked = [client.forwards[host, family] for family in (4, 6) if (host, family) in client.forwards]
    return bool(asked) and not any(hosts.addresses for hosts in asked)
