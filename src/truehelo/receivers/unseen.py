"""Between what we could not see and a verdict: no missing fact ever becomes an acceptance or a refusal.

Models take a failed lookup at its face. When it failed for us, it may not fail for the receiver, so each model is asked
about every way in which the missing facts may turn out. If all lead to the same, the fact does not matter and the verdict
stands; if all are bad, the mildest is said; if some accept, the verdict is unknown, and says which facts it waits for.
"""

from collections.abc import Iterator
from functools import cached_property
from itertools import chain, islice, product

from truehelo.facts.address import Address, parse_address, reverse_name
from truehelo.facts.dns import UNDETERMINED, Outcome
from truehelo.facts.names import NameForm, stated_form
from truehelo.receivers.client import NOT_ASKED, Client, HeloNotKnownError, Hosts, Names
from truehelo.receivers.model import Judge
from truehelo.reception import Judgement, Reception, Rule, distinct, either

MOST = 96
"""So many ways are tried; beyond that each fact is varied by itself, and all of them together."""
HELO = "helo"
"""The key of the one fact that no lookup gives."""
_PLAIN = "mail.unseen.invalid"
_OTHER = {4: parse_address("192.0.2.254"), 6: parse_address("2001:db8:ffff::fe")}


class Sighting:
    """A client together with all that it may turn out to be. Made once a subject, and used for every receiver."""

    def __init__(self, client: Client) -> None:
        """Take what was seen."""
        self.client = client

    @cached_property
    def missing(self) -> dict[str, tuple["_Way", ...]]:
        """The keys of the facts that are missing, without the HELO, each with the ways in which it may turn out."""
        client = self.client
        if self._complete():
            return {}
        missing: dict[str, tuple[_Way, ...]] = {}
        if client.ptr.outcome.is_undetermined:
            missing[f"dns:PTR:{reverse_name(client.ip)}"] = tuple(_reverse_ways(client))
        helo = () if client.helo is None else (client.helo_key,)
        for name in dict.fromkeys((*client.ptr.names, *helo)):
            for family, rdtype in ((4, "A"), (6, "AAAA")):
                if client.hosts(name, family).outcome.is_undetermined:
                    missing[f"dns:{rdtype}:{name}"] = tuple(_forward_ways(client, name, family))
        for name in helo:
            if client.mail_exchangers(name).outcome.is_undetermined:
                missing[f"dns:MX:{name}"] = (_Way(mx=((name, Names(Outcome.NXDOMAIN)),)), _Way(mx=((name, _EXCHANGER),)))
        return missing

    def _complete(self) -> bool:
        """Everything that a receiver may ask for has been answered or denied."""
        client = self.client
        helo = () if client.helo is None else (client.helo_key,)
        if client.ptr.outcome in UNDETERMINED or any(client.mail_exchangers(name).outcome in UNDETERMINED for name in helo):
            return False
        forwards = client.forwards
        for name in (*client.ptr.names, *helo):
            for family in (4, 6):
                if forwards.get((name, family), NOT_ASKED).outcome in UNDETERMINED:
                    return False
        return True

    @cached_property
    def _possible(self) -> "_Drawn":
        """Every client that this may be, the HELO as it is: what was seen at its face first."""
        ways = _combinations(list(self.missing.values()))
        return _Drawn(chain((self.client,), (_turned_out(self.client, each) for each in ways)))

    @cached_property
    def _possible_with_helo(self) -> "_Drawn":
        """The same, with each kind of HELO that there may be."""
        return _Drawn(each for client in self._possible for each in _helos(client))

    def judgement(self, judge: Judge) -> Judgement:
        """Return what a receiver does, as far as what was seen tells."""
        try:
            face = judge(self.client)
            return self._weighed(judge, self._possible, helo=False) if self.missing else face
        except HeloNotKnownError:  # perhaps only one of the ways leads to a rule about the HELO
            return self._weighed(judge, self._possible_with_helo, helo=True)

    def _weighed(self, judge: Judge, clients: "_Drawn", *, helo: bool) -> Judgement:
        found: list[Judgement] = []
        verdicts: set[Reception] = set()
        last = None
        for client in clients:
            judgement = judge(client)
            if judgement is last:  # most models accept with one and the same judgement
                continue
            last = judgement
            found.append(judgement)
            verdicts.add(judgement.verdict)
            if helo and Reception.ACCEPT in verdicts and len(verdicts) > 1:
                break  # unknown, whatever else a HELO may lead to
        outcomes = distinct(found)
        if len(verdicts) == 1 and verdicts != {Reception.AT_RISK}:
            return outcomes[0]
        waits = (*self._decisive(judge, helo=helo), *((HELO,) if helo else ()))
        if Reception.ACCEPT not in verdicts:
            weighed = either(outcomes, "what is not known")
            return weighed if len(outcomes) == 1 else weighed._replace(waits_for=waits)
        rule = _telling(outcomes[0], outcomes)
        return Judgement(Reception.UNKNOWN, rule, depends="what is not known", outcomes=outcomes, waits_for=waits)

    def _decisive(self, judge: Judge, *, helo: bool) -> tuple[str, ...]:
        """Return the keys of those missing facts on which the verdict hangs; all, where it hangs on several at once."""
        facts = list(self.missing.values())
        if helo or len(facts) < 2:
            return tuple(self.missing)
        found = []
        for i, (fact, ways) in enumerate(self.missing.items()):
            for rest in (0, -1):
                others = [each[rest] for each in facts]
                clients = (_turned_out(self.client, (*others[:i], way, *others[i + 1 :])) for way in ways)
                if len({judge(client).verdict for client in clients}) > 1:
                    found.append(fact)
                    break
        return tuple(found) or tuple(self.missing)


class _Drawn:
    """Clients that are made when they are first asked for, and kept for the next receiver."""

    def __init__(self, clients: Iterator[Client]) -> None:
        self._rest = clients
        self._made: list[Client] = []

    def __iter__(self) -> Iterator[Client]:
        yield from self._made
        for client in self._rest:
            self._made.append(client)
            yield client


def _telling(face: Judgement, outcomes: tuple[Judgement, ...]) -> Rule:
    """The rule by which the receiver would mind: of what was seen at its face, else the worst there may be."""
    if face.verdict is not Reception.ACCEPT:
        return face.rule
    return min(outcomes, key=lambda judgement: judgement.verdict.rank).rule


class _Way:
    """One way in which a missing fact may turn out."""

    __slots__ = ("forwards", "mx", "ptr")

    def __init__(
        self,
        ptr: Names | None = None,
        forwards: tuple[tuple[tuple[str, int], Hosts], ...] = (),
        mx: tuple[tuple[str, Names], ...] = (),
    ) -> None:
        self.ptr, self.forwards, self.mx = ptr, forwards, mx


_EXCHANGER = Names(Outcome.ANSWER, ("mx.unseen.invalid",))
_NO_HOSTS = Hosts(Outcome.NXDOMAIN)


def _combinations(facts: "list[tuple[_Way, ...]]") -> Iterator["tuple[_Way, ...]"]:
    size = 1
    for ways in facts:
        size *= len(ways)
    if size <= MOST:
        yield from product(*facts) if facts else ()
        return
    # Too many to try all: the n-th way of each at once, then each fact by itself between the best and the worst rest.
    for n in range(max(map(len, facts))):
        yield tuple(ways[n % len(ways)] for ways in facts)
    for rest in (0, -1):
        base = [ways[rest] for ways in facts]
        each = ((*base[:i], way, *base[i + 1 :]) for i, ways in enumerate(facts) for way in ways if way is not ways[rest])
        yield from islice(each, MOST)


def _turned_out(client: Client, ways: "tuple[_Way, ...]") -> Client:
    ptr = client.ptr
    forwards = dict(client.forwards)
    mx = dict(client.mx)
    for way in ways:
        ptr = way.ptr or ptr
        forwards.update(way.forwards)
        mx.update(way.mx)
    return Client(ip=client.ip, ptr=ptr, forwards=forwards, mx=mx, helo=client.helo)


def _elsewhere(family: int) -> Hosts:
    other = _OTHER[family]
    return Hosts(Outcome.ANSWER, () if other is None else (other,))


def _leading(ip: Address, name: str) -> tuple[tuple[tuple[str, int], Hosts], ...]:
    """The name has this address, and none of the other family."""
    own = Hosts(Outcome.ANSWER, (ip,))
    return ((name, ip.version), own), ((name, 10 - ip.version), Hosts(Outcome.NODATA))


def _generic_name(ip: Address) -> str:
    text = str(ip).replace(".", "-").replace(":", "-")
    return f"{text}.dynamic.pool-1.unseen.invalid"


def _reverse_ways(client: Client) -> Iterator[_Way]:
    """How the PTR may turn out: right, a provider's default, none, leading elsewhere, leading nowhere."""
    ip = client.ip
    if client.helo is not None and stated_form(client.helo).form is NameForm.FQDN:
        yield _Way(Names(Outcome.ANSWER, (client.helo_key,)))
        # Some let a PTR name pass that is of the organisation of the HELO.
        sibling = f"unseen.{client.helo_key.partition('.')[2]}"
        yield _Way(Names(Outcome.ANSWER, (sibling,)), _leading(ip, sibling))
    yield _Way(Names(Outcome.ANSWER, (_PLAIN,)), _leading(ip, _PLAIN))
    generic = _generic_name(ip)
    yield _Way(Names(Outcome.ANSWER, (generic,)), _leading(ip, generic))
    away = tuple(((_PLAIN, family), _elsewhere(family)) for family in (4, 6))
    yield _Way(Names(Outcome.ANSWER, (_PLAIN,)), away)
    yield _Way(Names(Outcome.ANSWER, (_PLAIN,)), tuple(((_PLAIN, family), _NO_HOSTS) for family in (4, 6)))
    yield _Way(Names(Outcome.NXDOMAIN))


def _forward_ways(client: Client, name: str, family: int) -> Iterator[_Way]:
    if family == client.family:
        yield _Way(forwards=(((name, family), Hosts(Outcome.ANSWER, (client.ip,))),))
    yield _Way(forwards=(((name, family), _elsewhere(family)),))
    yield _Way(forwards=(((name, family), _NO_HOSTS),))


_NOWHERE = "mail.nowhere.invalid"
_NO_MX = Names(Outcome.NXDOMAIN)


def _helos(client: Client) -> Iterator[Client]:
    """Yield the kinds of HELO: a full name that leads back (the PTR name, where it does), no full name, addresses.

    A model that takes all of these alike does not look at the HELO, or minds every one.
    """
    reverse = {"family": client.family, "confirmed": client.confirmed, "generic": client.generic, "reverse": client.reverse}
    literal = f"[{client.ip}]" if client.family == 4 else f"[IPv6:{client.ip}]"
    # What differs most comes first: where one is accepted and another not, no third is looked at.
    for helo in (*(client.confirmed[:1] or (_PLAIN,)), "mail", _NOWHERE, literal, str(client.ip)):
        known = dict(client.forwards)
        known.update(_leading(client.ip, helo) if helo == _PLAIN else ())
        known.setdefault((helo, 4), _NO_HOSTS)
        known.setdefault((helo, 6), _NO_HOSTS)
        mx = {**client.mx, helo: _NO_MX}
        made = Client(ip=client.ip, ptr=client.ptr, forwards=known, mx=mx, helo=helo)
        # What was found out about the PTR names holds for every HELO.
        made.__dict__.update(reverse)
        yield made
