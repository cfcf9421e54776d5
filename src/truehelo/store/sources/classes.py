"""What operators said that sources are: set, ended, found again, with who said so and why. In the caller's transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_network

from sqlalchemy import Connection, insert, select, update

from truehelo.facts.address import Network, parse_address
from truehelo.store.sources.tables import classes


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What somebody said of an address or a network. `ended_at` is when something else was said of it, or None."""

    id: int
    target: str
    kind: str
    reason: str
    by: str
    at: float
    ended_at: float | None = None


def say(connection: Connection, target: str, kind: str, *, reason: str, by: str, now: float) -> None:
    """Say what a target is, from now on; what was said of it before ends."""
    end(connection, target, now)
    connection.execute(insert(classes).values(target=target, kind=kind, reason=reason, by=by, at=now))


def end(connection: Connection, target: str, now: float) -> bool:
    """End what was said of exactly this target; False when nothing was."""
    done = connection.execute(
        update(classes).where(classes.c.target == target, classes.c.ended_at.is_(None)).values(ended_at=now)
    )
    return done.rowcount > 0


def said_now(connection: Connection) -> list[Said]:
    """Return what is said now of any target; operators say few things, and of few targets."""
    rows = connection.execute(select(classes).where(classes.c.ended_at.is_(None)).order_by(classes.c.target)).mappings()
    return [Said(**row) for row in rows]


def trail(connection: Connection, targets: Sequence[str] | None = None) -> list[Said]:
    """Return all that was ever said, of some targets or of any, the newest first."""
    wanted = select(classes).order_by(classes.c.at.desc(), classes.c.id.desc())
    if targets is not None:
        wanted = wanted.where(classes.c.target.in_(targets))
    return [Said(**row) for row in connection.execute(wanted).mappings()]


class Book:
    """Looks up what is said of an address: of itself, else of the smallest network that holds it."""

    def __init__(self, said: Iterable[Said]) -> None:
        """Sort what is said by how narrow it is."""
        self._hosts: dict[str, Said] = {}
        self._networks: dict[tuple[int, int], dict[int, Said]] = {}
        for each in said:
            if "/" not in each.target:
                self._hosts[each.target] = each
                continue
            network: Network = ip_network(each.target)
            held = self._networks.setdefault((network.version, network.prefixlen), {})
            held[int(network.network_address)] = each

    def of(self, ip: str) -> Said | None:
        """Return what is said of an address, None when nothing is."""
        if ip in self._hosts:
            return self._hosts[ip]
        address = parse_address(ip)
        if address is None:
            return None
        for (version, length), held in sorted(self._networks.items(), key=lambda item: -item[0][1]):
            if version == address.version:
                width = address.max_prefixlen - length
                found = held.get(int(address) >> width << width)
                if found is not None:
                    return found
        return None
