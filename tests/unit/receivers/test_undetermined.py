"""No receiver turns an undetermined fact into an acceptance or a refusal: over all combinations of outcomes.

Where a verdict is "accept" or "refuse" although a fact is missing, that fact must not matter: whichever way it turns out,
the receiver must do the same. The ways tried here are not those that `unseen` tries.
"""

from collections.abc import Iterator
from itertools import product

import pytest

from truehelo.facts.address import Address, parse_address
from truehelo.facts.dns import Outcome
from truehelo.receivers.client import Client, Hosts, Names
from truehelo.receivers.model import Configured
from truehelo.receivers.selection import standard
from truehelo.receivers.unseen import Sighting
from truehelo.reception import Reception

UNDETERMINED = (Outcome.SERVFAIL, Outcome.REFUSED, Outcome.TIMEOUT, Outcome.MALFORMED)
NAME, SENT = "mx1.business.example", "smtp.business.example"


def address(text: str) -> Address:
    ip = parse_address(text)
    assert ip is not None
    return ip


V4, V6 = address("203.0.113.7"), address("2001:db8:7::7")
AWAY = {4: address("203.0.113.200"), 6: address("2001:db8:7::200")}
EXCHANGER = Names(Outcome.ANSWER, ("mx.business.example",))


def forwards_of(ip: Address) -> list[Hosts]:
    """Every outcome that asking for a name's addresses in the client's family may have."""
    determined = [Hosts(Outcome.ANSWER, (ip,)), Hosts(Outcome.ANSWER, (AWAY[ip.version],)), Hosts(Outcome.NXDOMAIN)]
    return [*determined, Hosts(Outcome.NODATA), *(Hosts(outcome) for outcome in UNDETERMINED)]


def client(ip: Address, ptr: Names, own: Hosts, helo: str | None, sent: Hosts, mx: Names) -> Client:
    other = 10 - ip.version
    none = Hosts(Outcome.NODATA)
    forwards = {(NAME, ip.version): own, (NAME, other): none, (SENT, ip.version): sent, (SENT, other): none}
    return Client(ip=ip, ptr=ptr, forwards=forwards, mx={SENT: mx, NAME: Names(Outcome.NXDOMAIN)}, helo=helo)


def reverses() -> list[Names]:
    answers = [Names(Outcome.ANSWER, (NAME,)), Names(Outcome.ANSWER, (SENT, NAME))]
    return [*answers, *(Names(outcome) for outcome in (Outcome.NXDOMAIN, Outcome.NODATA, *UNDETERMINED))]


def clients(ip: Address) -> Iterator[Client]:
    exchangers = [EXCHANGER, Names(Outcome.NXDOMAIN), Names(Outcome.TIMEOUT)]
    for ptr, own in product(reverses(), forwards_of(ip)):
        yield client(ip, ptr, own, NAME, Hosts(Outcome.NXDOMAIN), EXCHANGER)
        yield client(ip, ptr, own, None, Hosts(Outcome.NXDOMAIN), EXCHANGER)
        yield client(ip, ptr, own, "mail", Hosts(Outcome.NXDOMAIN), EXCHANGER)
        for sent, mx in product(forwards_of(ip), exchangers):
            yield client(ip, ptr, own, SENT, sent, mx)


def turned_out(seen: Client) -> Iterator[Client]:
    """Every client that this one may be when nothing is missing any more."""
    ip = seen.ip
    ptrs = [seen.ptr]
    if seen.ptr.outcome.is_undetermined:
        ptrs = [Names(Outcome.ANSWER, (NAME,)), Names(Outcome.ANSWER, (SENT,)), Names(Outcome.NODATA)]
        ptrs.append(Names(Outcome.ANSWER, ("dsl-203-0-113-7.dynamic.isp.example",)))
    helos = [seen.helo] if seen.helo is not None else [NAME, SENT, "mail", str(ip), f"[{AWAY[4]}]", "x.y.invalid"]
    determined = forwards_of(ip)[:3]
    choices = [
        determined if seen.hosts(name, ip.version).outcome.is_undetermined else [seen.hosts(name, ip.version)]
        for name in (NAME, SENT)
    ]
    mx = seen.mx[SENT]
    exchangers = [EXCHANGER, Names(Outcome.NODATA)] if mx.outcome.is_undetermined else [mx]
    for ptr, helo, own, sent, each in product(ptrs, helos, *choices, exchangers):
        made = client(ip, ptr, own, helo, sent, each)
        forwards = dict(made.forwards)
        for name in (*ptr.names, helo):
            for family in (4, 6):
                forwards.setdefault((name, family), Hosts(Outcome.NXDOMAIN))
        mxs = {**made.mx, helo: made.mx.get(helo, Names(Outcome.NXDOMAIN))}
        yield Client(ip=ip, ptr=ptr, forwards=forwards, mx=mxs, helo=helo)


def is_missing(seen: Client) -> bool:
    held = [*seen.ptr.names, *([] if seen.helo is None else [seen.helo])]
    return (
        seen.helo is None
        or seen.ptr.outcome.is_undetermined
        or any(seen.hosts(name, seen.family).outcome.is_undetermined for name in held if name in (NAME, SENT))
        or (seen.helo == SENT and seen.mx[SENT].outcome.is_undetermined)
    )


def complete(ip: Address) -> Iterator[tuple[Client, list[Client]]]:
    """Every client of which something is missing, and all that it may be; those that turn out the same are one."""
    known: dict[object, Client] = {}
    for seen in clients(ip):
        if is_missing(seen):
            yield (
                seen,
                [
                    known.setdefault((way.ptr, way.helo, frozenset(way.forwards.items()), frozenset(way.mx.items())), way)
                    for way in turned_out(seen)
                ],
            )


@pytest.fixture(scope="module", params=[V4, V6], ids=["IPv4", "IPv6"])
def wrong(request: pytest.FixtureRequest) -> dict[str, str]:
    """Receivers to what they said although it was not so. One walk for all, since a sighting serves every receiver."""
    found: dict[str, str] = {}
    does: dict[tuple[str, int], Reception] = {}
    count = 0
    for seen, ways in complete(request.param):
        sighting = Sighting(seen)
        count += 1
        for receiver in standard():
            verdict = sighting.judgement(receiver.judge).verdict
            if verdict not in (Reception.ACCEPT, Reception.REFUSE):
                continue
            for way in ways:
                key = receiver.id, id(way)
                if key not in does:
                    does[key] = receiver.judge(way).verdict
                if does[key] is not verdict:
                    found.setdefault(receiver.id, f"{verdict} on {seen}, but {does[key]} if it is {way}")
    assert count > 500
    return found


@pytest.mark.parametrize("receiver", standard(), ids=lambda each: each.id)
def test_an_undetermined_fact_never_becomes_an_acceptance_or_a_refusal(receiver: Configured, wrong: dict[str, str]) -> None:
    assert receiver.id not in wrong, wrong[receiver.id]
