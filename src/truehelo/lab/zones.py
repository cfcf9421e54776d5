"""The world of a scenario: what a resolver finds in it, and what each authoritative server says of it.

RFC 1034 §4.3.2 (the algorithm of a server), §4.3.3 and RFC 4592 (wildcards), RFC 2308 (negative answers). Faults and
caches are laid over this by `dns_server`.
"""

from dataclasses import dataclass, field, replace

from truehelo.lab.dns_wire import Rrset, plain_name
from truehelo.lab.read_zones import parent, zone_of
from truehelo.lab.scenario import Scenario, Zone

MAX_CHAIN = 16
_ROOT_SOA = Rrset.of("", "SOA", 300, ("root.invalid hostmaster.invalid 1 7200 900 1209600 300",))
_ROOT_NS = Rrset.of("", "NS", 300, ("root.invalid",))
# Above every zone of the file stands an empty root, so that a name in none of them is denied and not failed on.
_ROOT = Zone(apex="", soa=_ROOT_SOA, ns=_ROOT_NS, minimum=300, records={"": {"SOA": _ROOT_SOA, "NS": _ROOT_NS}})


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply before it is written. `names` are the names that led to it: the question's, and the CNAME targets."""

    rcode: str
    names: tuple[str, ...]
    answers: tuple[Rrset, ...] = ()
    authority: tuple[Rrset, ...] = ()
    additional: tuple[Rrset, ...] = ()
    aa: bool = False


@dataclass(slots=True)
class NameServer:
    """An address at which some zones are served, under some names."""

    ip: str
    names: set[str] = field(default_factory=set)
    apexes: set[str] = field(default_factory=set)


class World:
    """The zones of one scenario, ready to be asked. Looking a name up takes a few dictionary lookups."""

    def __init__(self, scenario: Scenario) -> None:
        """Index the zones."""
        self.zones: dict[str, Zone] = {"": _ROOT} | scenario.zones
        # Names that have no records, but names below them (RFC 8020 §2).
        self._between: set[str] = set()
        for zone in self.zones.values():
            for name in zone.records:
                self._add_between(parent(name))
        self.nameservers: dict[str, NameServer] = {}
        self._served: set[str] = {""}
        for zone in scenario.zones.values():
            self._add_servers(zone)

    def _add_between(self, name: str) -> None:
        while name and name not in self._between:
            self._between.add(name)
            name = parent(name)

    def _add_servers(self, zone: Zone) -> None:
        for name in zone.ns.data:
            for ip in self.addresses(name):
                server = self.nameservers.setdefault(ip, NameServer(ip))
                server.names.add(name)
                server.apexes.add(zone.apex)
                self._served.add(zone.apex)

    def addresses(self, name: str) -> tuple[str, ...]:
        """Return the addresses that stand at a name."""
        held = self.zone_of(name).records.get(name, {})
        return tuple(data for rdtype in ("A", "AAAA") if rdtype in held for data in held[rdtype].data)

    def zone_of(self, name: str) -> Zone:
        """Return the zone that holds a name; the root holds what no other does."""
        return zone_of(name, self.zones) or _ROOT

    def negative(self, name: str, rcode: str, *, names: tuple[str, ...] = (), aa: bool = False) -> Answer:
        """Return a denial with the SOA of the name's zone (RFC 2308 §3)."""
        zone = self.zone_of(name)
        soa = replace(zone.soa, ttl=min(zone.soa.ttl, zone.minimum))
        return Answer(rcode, names or (name,), authority=(soa,), aa=aa)

    def resolve(self, name: str, rdtype: str) -> Answer:
        """Answer as a resolver that asked everybody: CNAMEs followed over all zones, lame zones a SERVFAIL."""
        return self._follow(name, rdtype, None)

    def serve(self, apexes: set[str], name: str, rdtype: str) -> Answer:
        """Answer as a server of the zones `apexes` and of nothing else."""
        zone = self._served_zone(name, apexes)
        if zone is None:
            return Answer("REFUSED", (name,))
        cut = self._cut(zone, name)
        if cut is not None:
            return self._referral(name, cut)
        return self._follow(name, rdtype, apexes)

    def _served_zone(self, name: str, apexes: set[str]) -> Zone | None:
        while True:
            if name in apexes:
                return self.zones[name]
            if not name:
                return None
            name = parent(name)

    def _cut(self, zone: Zone, name: str) -> Rrset | None:
        """Return the NS of the uppermost delegation between `zone` and `name`."""
        cut = None
        while name != zone.apex:
            if name in self.zones:
                cut = self.zones[name].ns
            cut = zone.records.get(name, {}).get("NS", cut)
            name = parent(name)
        return cut

    def _referral(self, name: str, cut: Rrset) -> Answer:
        glue = tuple(
            held[rdtype]
            for target in cut.data
            for held in (self.zone_of(target).records.get(target, {}),)
            for rdtype in ("A", "AAAA")
            if rdtype in held
        )
        return Answer("NOERROR", (name,), authority=(cut,), additional=glue)

    def _follow(self, name: str, rdtype: str, apexes: set[str] | None) -> Answer:
        names, answers = [name], list[Rrset]()
        while True:
            zone = self.zone_of(name)
            if apexes is None:
                if zone.apex not in self._served or self._cut(zone, name) is not None:
                    return Answer("SERVFAIL", tuple(names))  # nobody serves the zone, or the one delegated below it
            elif zone.apex not in apexes or self._cut(zone, name) is not None:
                return Answer("NOERROR", tuple(names), tuple(answers), aa=True)  # the asker goes on from here
            held = self._node(zone, name)
            if held is None:
                denial = self.negative(name, "NXDOMAIN")
                return replace(denial, names=tuple(names), answers=tuple(answers), aa=apexes is not None)
            found = held.get(rdtype) or held.get("CNAME")
            if found is None:
                denial = self.negative(name, "NOERROR")
                return replace(denial, names=tuple(names), answers=tuple(answers), aa=apexes is not None)
            answers.append(found)
            if found.rdtype == rdtype:
                return Answer("NOERROR", tuple(names), tuple(answers), aa=apexes is not None)
            name = plain_name(found.data[0])
            names.append(name)
            if len(names) > MAX_CHAIN:
                return Answer("SERVFAIL", tuple(names))

    def _node(self, zone: Zone, name: str) -> dict[str, Rrset] | None:
        """Return what stands at a name, made from a wildcard if need be; None when the name does not exist."""
        held = zone.records.get(name)
        if held is not None:
            return held
        if name in self._between or name in self.zones:
            return {}
        encloser = parent(name)
        while encloser != zone.apex and encloser not in zone.records and encloser not in self._between:
            encloser = parent(encloser)
        wild = zone.records.get(f"*.{encloser}" if encloser else "*")
        if wild is None:
            return None
        return {rdtype: replace(rrset, name=name) for rdtype, rrset in wild.items()}
