"""Lines to entries: the addresses to watch, each with what all the lines that name it say.

The more specific line wins, value by value: an address over a network, a smaller network over a larger, any network
over what a name was found to lead to; at the same level what was added by hand wins over what a file says, then the
order of targets. What the winner does not say is taken from the next. Groups are united. The vantage points are those
of the most specific lines.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from truehelo.errors import InputError
from truehelo.facts.address import Address, Network
from truehelo.inventory.model import Entry, Line
from truehelo.inventory.pattern import fill
from truehelo.inventory.target import Kind, Target

MAX_NETWORK = 65_536
"""How many addresses a network may hold without a further word; the same as for `check`."""
MAX_ENTRIES = 1_000_000
"""How many addresses an inventory may hold."""
_DISCOVERED, _NETWORK, _ADDRESS = range(3)
Found = Mapping[str, Sequence[Address]]
"""The addresses that names lead to, by the key of their line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expansion:
    """The entries, sorted by address, and an error for each line that was left out."""

    entries: tuple[Entry, ...]
    errors: tuple[InputError, ...] = ()


@dataclass(frozen=True, slots=True)
class _Claim:
    """What one line says of one address."""

    line: Line
    target: Target
    rank: tuple[int, int]


def oversize(target: Target, *, yes: bool) -> InputError | None:
    """Return the error of a target that stands for too many addresses, else None; `yes`: large is meant."""
    network = target.network
    count = 1 if network is None else network.num_addresses
    if count > MAX_ENTRIES:
        return InputError(str(target), "holds more than 1,000,000 addresses", "give smaller networks")
    if count > MAX_NETWORK and not yes:
        return InputError(str(target), f"holds {count:,} addresses", f"more than {MAX_NETWORK:,} need --yes")
    return None


def expand(lines: Iterable[Line], found: Found | None = None, *, yes: bool = False) -> Expansion:
    """Expand lines into entries; `found` holds what names lead to so far, `yes` lets large networks in.

    Raises:
        InputError: All lines together stand for more than a million addresses.
    """
    claims: dict[Address, list[_Claim]] = defaultdict(list)
    errors: list[InputError] = []
    aimed = [(line, line.aim) for line in lines]
    for line, target in sorted(aimed, key=lambda each: (each[1].order, each[0].vantage, each[0].managed_by)):
        error = oversize(target, yes=yes)
        if error is not None:
            errors.append(error)
            continue
        claim = _Claim(line, target, _rank(target))
        for ip in _addresses(line, target, found or {}):
            claims[ip].append(claim)
        if len(claims) > MAX_ENTRIES:
            raise InputError("the inventory", f"holds more than {MAX_ENTRIES:,} addresses", "give smaller networks")
    ordered = sorted(claims, key=lambda ip: (ip.version, int(ip)))
    return Expansion(entries=tuple(entry for ip in ordered for entry in _merged(ip, claims[ip])), errors=tuple(errors))


def _rank(target: Target) -> tuple[int, int]:
    if target.kind is Kind.ADDRESS:
        return _ADDRESS, 0
    return (_NETWORK, target.network.prefixlen) if target.network is not None else (_DISCOVERED, 0)


def _addresses(line: Line, target: Target, found: Found) -> Iterable[Address] | Network:
    if target.ip is not None:
        return (target.ip,)
    return target.network if target.network is not None else found.get(line.key, ())


def _merged(ip: Address, claims: list[_Claim]) -> Iterator[Entry]:
    """Merge what several lines say of one address: an entry for each vantage point of the most specific of them."""
    if len(claims) == 1:
        yield _entry(ip, claims)
        return
    # Sorting is stable: claims of one rank stay in the order of lines, but for what was added by hand.
    claims = sorted(claims, key=lambda claim: (claim.rank, not claim.line.managed_by), reverse=True)
    top = [claim for claim in claims if claim.rank == claims[0].rank]
    others = claims[len(top) :]
    for vantage in dict.fromkeys(claim.line.vantage for claim in top):
        yield _entry(ip, [*(claim for claim in top if claim.line.vantage == vantage), *others])


def _entry(ip: Address, claims: list[_Claim]) -> Entry:
    first = claims[0].line
    lines = [claim.line for claim in claims]
    groups = {group for line in lines for group in line.groups}
    return Entry(
        ip=ip,
        origin=first.key,
        expected=next((_names(claim, ip) for claim in claims if claim.line.expected), ()),
        helo=next((_filled(claim.line.helo, claim.target, ip) for claim in claims if claim.line.helo), ""),
        domains=tuple(dict.fromkeys(domain for claim in claims for domain in _domains(claim))),
        groups=tuple(sorted(groups)),
        owner=next((line.owner for line in lines if line.owner), ""),
        vantage=first.vantage,
        interval_s=next((line.interval_s for line in lines if line.interval_s is not None), None),
        ports=next((line.ports for line in lines if line.ports is not None), ()),
        pool=next((line.pool for line in lines if line.pool), ""),
    )


def _names(claim: _Claim, ip: Address) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_filled(name, claim.target, ip) for name in claim.line.expected))


def _filled(text: str, target: Target, ip: Address) -> str:
    return text if target.network is None else fill(text, ip, target.network)


def _domains(claim: _Claim) -> tuple[str, ...]:
    """Return the domains whose SPF should authorise the address: also the one that led to it."""
    own = (claim.target.name,) if claim.target.kind is Kind.DOMAIN else ()
    return own + claim.line.domains
