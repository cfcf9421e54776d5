"""From a world with a disagreement to a smallest one that still has it."""

import time
from collections.abc import Callable, Iterator

from support.clients import client as plain_client
from truehelo.facts.address import parse_address
from truehelo.facts.dns import Outcome
from truehelo.receivers.client import NO_NAMES, Client, Hosts, Names, key

MOST_TRIES = 300
MOST_S = 90.0


def shrink(world: Client, disagrees: Callable[[Client], bool]) -> Client:
    """Return a smallest world that still disagrees: no single simplification of it does."""
    end = time.monotonic() + MOST_S
    tries = 0
    found = True
    while found:
        found = False
        for simpler in simplifications(world):
            tries += 1
            if tries > MOST_TRIES or time.monotonic() > end:
                return world
            if disagrees(simpler):
                world, found = simpler, True
                break
    return world


def simplifications(world: Client) -> Iterator[Client]:
    """Yield worlds that are a little simpler, the greatest steps first."""
    yield from _other_ptr(world)
    yield from _other_helo(world)
    yield from _other_hosts(world)
    yield from _other_mx(world)


def _tidy(world: Client) -> Client:
    """Drop the records of names that nothing leads to, and have those of the names that something leads to."""
    helo = key(world.helo or "")
    mx = {name: names for name, names in world.mx.items() if name == helo}
    mx.setdefault(helo, NO_NAMES)
    wanted = (*world.ptr.names, helo, *(host for names in mx.values() for host in names.names))
    forwards = {
        (name, family): world.forwards.get((name, family), Hosts(Outcome.NXDOMAIN)) for name in wanted for family in (4, 6)
    }
    return replace_world(world, forwards=forwards, mx=mx)


def replace_world(world: Client, **changes: object) -> Client:
    """Return a world with changes (a Client keeps what it worked out, so it is made anew)."""
    fields = {name: getattr(world, name) for name in ("ip", "ptr", "forwards", "mx", "helo")}
    return Client(**{**fields, **changes})  # type: ignore[arg-type]


def _other_ptr(world: Client) -> Iterator[Client]:
    ptr = world.ptr
    if ptr != NO_NAMES:
        yield _tidy(replace_world(world, ptr=NO_NAMES))
    if len(ptr.names) > 1:
        for i in range(len(ptr.names)):
            yield _tidy(replace_world(world, ptr=ptr._replace(names=(*ptr.names[:i], *ptr.names[i + 1 :]))))
    if ptr.alias:
        yield replace_world(world, ptr=ptr._replace(alias=False))
    for i, name in enumerate(ptr.names):
        other = ("mail.example.com", "b.example.com", "c.example.com")[min(i, 2)]
        if name != other and other not in ptr.names:
            yield renamed(world, name, other, helo=False)


def renamed(world: Client, name: str, other: str, *, helo: bool) -> Client:
    """Return a world in which a name is another one, with the same records."""
    names = tuple(other if each == name else each for each in world.ptr.names)
    forwards = {(other if each == name else each, family): hosts for (each, family), hosts in world.forwards.items()}
    if not helo:
        forwards = {**world.forwards, **forwards}
    mx = {(other if each == name else each): exchangers for each, exchangers in world.mx.items()} if helo else world.mx
    said = other if helo else world.helo
    return _tidy(replace_world(world, ptr=world.ptr._replace(names=names), forwards=forwards, mx=mx, helo=said))


def _other_helo(world: Client) -> Iterator[Client]:
    if world.helo != "mail.example.com":
        right = plain_client(str(world.ip), helo="mail.example.com", hosts={"mail.example.com": str(world.ip)})
        yield _tidy(replace_world(world, helo=right.helo, forwards={**right.forwards, **world.forwards}, mx=right.mx))
        yield _tidy(replace_world(world, helo="mail.example.com"))
        if world.helo and world.helo != "helo.example.com" and key(world.helo) not in world.ptr.names:
            yield renamed(world, key(world.helo), "helo.example.com", helo=True)
    if world.helo and world.helo != world.helo.lower():
        yield replace_world(world, helo=world.helo.lower())


def _other_hosts(world: Client) -> Iterator[Client]:
    own = Hosts(Outcome.ANSWER, (world.ip,))
    elsewhere = parse_address("192.0.2.253" if world.family == 4 else "2001:db8::fd")
    away = Hosts(Outcome.ANSWER, () if elsewhere is None else (elsewhere,))
    for where, hosts in world.forwards.items():
        options = [Hosts(Outcome.NXDOMAIN), Hosts(Outcome.NODATA), *((own, away) if where[1] == world.family else ())]
        rank = options.index(hosts) if hosts in options else len(options)
        if hosts.alias:
            yield replace_world(world, forwards={**world.forwards, where: hosts._replace(alias=False)})
        for option in options[:rank]:
            yield replace_world(world, forwards={**world.forwards, where: option})


def _other_mx(world: Client) -> Iterator[Client]:
    for name, names in world.mx.items():
        for option in (NO_NAMES, Names(Outcome.NODATA)):
            if names == option:
                break
            yield _tidy(replace_world(world, mx={**world.mx, name: option}))
