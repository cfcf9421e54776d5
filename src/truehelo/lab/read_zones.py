"""The zones of a scenario file: `[zone."..."]`, `[ptr]`, and what is added to them so that a short file is a whole one.

A zone without `ns` is served by every name server of the file; a name server's addresses are published in the zone
that holds its name, and a zone is made for it where there is none. Everything else stands in the file.
"""

from ipaddress import ip_network

from truehelo.facts.address import forward_type, parse_address, reverse_name
from truehelo.lab.dns_wire import TYPES, Rrset, plain_name, split_labels
from truehelo.lab.limits import ADDRESSES, NAMES, address_allowed, name_allowed, network_of
from truehelo.lab.scenario import NameServerSpec, Zone
from truehelo.lab.source import Node

DEFAULT_NAMESERVER = NameServerSpec(name="ns1.dns.example", ips=("192.0.2.53",))
_TIMERS = "1 7200 900 1209600"
_RECORD_TYPES = tuple(rdtype for rdtype in TYPES if rdtype != "SOA")


def read_zones(root: Node, nameservers: dict[str, NameServerSpec]) -> dict[str, Zone]:
    """Read `[zone]` and `[ptr]`; `nameservers` gets the default one when neither it nor any zone names one.

    Raises:
        FileError: Something in them is wrong.
    """
    table = root.node("zone")
    if not nameservers and not all("ns" in value for value in table.table.values() if isinstance(value, dict)):
        nameservers[DEFAULT_NAMESERVER.name] = DEFAULT_NAMESERVER
    zones: dict[str, Zone] = {}
    for key in table.table:
        zone = _zone(table.node(key), _apex(table, key), nameservers)
        if zone.apex in zones:
            table.fail(key, f"the zone {zone.apex} stands in the file twice")
        zones[zone.apex] = zone
    _read_ptr(root.node("ptr"), zones)
    _publish(nameservers, zones)
    return zones


def zone_of(name: str, zones: dict[str, Zone]) -> Zone | None:
    """Return the zone that holds a name: the longest apex at or above it."""
    while True:
        if name in zones:
            return zones[name]
        if not name:
            return None
        name = parent(name)


def parent(name: str) -> str:
    """Return the name one label up; "" above a single label."""
    if "\\" not in name:
        return name.partition(".")[2]
    return ".".join(split_labels(name)[1:])


def _apex(table: Node, key: str) -> str:
    try:
        apex = network_of(key) or plain_name(key)
    except ValueError as error:
        table.fail(
            key, f"{key!r} is not the name of a zone ({error})", "a domain or a network such as 192.0.2.0/24 is accepted"
        )
    if not name_allowed(apex) or apex in ("", "arpa"):
        table.fail(key, f"{key!r} could be somebody's zone", f"accepted: {NAMES}; the reverse zones of {ADDRESSES}")
    return apex


def _zone(node: Node, apex: str, nameservers: dict[str, NameServerSpec]) -> Zone:
    ttl = node.whole("ttl", 300, 0, 2**31 - 1)
    minimum = node.whole("negative_ttl", 300, 0, 2**31 - 1)
    ns = node.texts("ns") or tuple(nameservers)
    if not ns:
        node.fail(None, f"the zone {apex} has no name server", "ns = [...] is accepted, or a [nameserver] table")
    soa = node.text("soa", f"{ns[0]} hostmaster.{ns[0].partition('.')[2] or ns[0]}")
    if len(soa.split()) != 2 or not all(name_allowed(word) for word in soa.split()):
        node.fail("soa", f"{soa!r} is not the two names of an SOA", f'"PRIMARY CONTACT" is accepted; {NAMES}')
    records = node.node("records")
    node.done()
    held: dict[str, dict[str, Rrset]] = {}
    try:
        ns_rrset = Rrset.of(apex, "NS", ttl, tuple(plain_name(name) for name in ns))
        soa_rrset = Rrset.of(apex, "SOA", ttl, (f"{soa} {_TIMERS} {minimum}",))
    except ValueError as error:
        node.fail("ns" if "ns" in node.table else "soa", f"a name of the zone {apex} {error}")
    if not all(name_allowed(name) for name in ns):
        node.fail("ns", "a name server could be somebody's", f"accepted: {NAMES}")
    held[apex] = {"SOA": soa_rrset, "NS": ns_rrset}
    for key in records.table:
        name = _owner(records, key, apex)
        rrsets = _rrsets(records.node(key), name, ttl)
        if name == apex and "NS" in rrsets:
            records.fail(key, f"the name servers of {apex} stand beside its records", "ns = [...] of the zone is accepted")
        _only_cname(records, key, held.setdefault(name, {}) | rrsets)
        held[name].update(rrsets)
    return Zone(apex=apex, soa=soa_rrset, ns=ns_rrset, minimum=minimum, records=held)


def _owner(records: Node, key: str, apex: str) -> str:
    """Read a name in a zone: relative to its apex, "@" for the apex itself, absolute with a final dot."""
    plain = key.lower()
    if plain in ("@", f"{apex}."):
        return apex
    if plain.endswith("." + apex) or plain == apex:
        short = plain.removesuffix(apex).removesuffix(".") or "@"
        records.fail(key, f"{key!r} repeats the name of its zone", f'accepted: "{short}", or with a final dot "{plain}."')
    try:
        absolute = plain.endswith(".") and not plain.endswith("\\.")
        name = plain_name(plain) if absolute else plain_name(f"{plain_name(plain)}.{apex}")
    except ValueError as error:
        records.fail(key, f"{key!r} {error}")
    if not name.endswith("." + apex):
        records.fail(key, f"{key!r} is not in the zone {apex}", "a name relative to the zone is accepted")
    if not name_allowed(name):
        records.fail(key, f"{key!r} could be somebody's name", f"accepted: {NAMES}; the reverse names of {ADDRESSES}")
    return name


def _rrsets(node: Node, name: str, zone_ttl: int) -> dict[str, Rrset]:
    ttl = node.whole("ttl", zone_ttl, 0, 2**31 - 1)
    found: dict[str, Rrset] = {}
    for rdtype in _RECORD_TYPES:
        values = node.texts(rdtype)
        if values is None:
            continue
        for value in values:
            _check_value(node, rdtype, rdtype, value)
        try:
            found[rdtype] = Rrset.of(name, rdtype, ttl, values)
        except ValueError as error:
            node.fail(rdtype, f"{', '.join(values)!r} {error}")
    node.done()
    return {rdtype: rrset for rdtype, rrset in found.items() if rrset.data}


def _check_value(node: Node, key: str, rdtype: str, value: str) -> None:
    """Let in only what belongs to nobody. Text is data, and is not searched."""
    if rdtype in ("A", "AAAA"):
        ip = parse_address(value)
        if ip is not None and not address_allowed(ip):
            node.fail(key, f"{value!r} could be somebody's address", f"accepted: {ADDRESSES}")
    elif rdtype != "TXT":
        name = value.rsplit(maxsplit=1)[-1] if value.strip() else ""
        if not name_allowed(name):
            node.fail(key, f"{name!r} could be somebody's name", f"accepted: {NAMES}")


def _only_cname(node: Node, key: str, rrsets: dict[str, Rrset]) -> None:
    if "CNAME" in rrsets and (len(rrsets) > 1 or len(rrsets["CNAME"].data) > 1):
        node.fail(key, f"{key!r} has a CNAME and something beside it (RFC 1034 §3.6.2)", "one CNAME alone is accepted")


def _read_ptr(node: Node, zones: dict[str, Zone]) -> None:
    for key in node.table:
        ip = parse_address(key)
        if ip is None or not address_allowed(ip):
            node.fail(key, f"{key!r} is not an address that a scenario may hold", f"accepted: {ADDRESSES}")
        name = reverse_name(ip)
        zone = zone_of(name, zones)
        if zone is None:
            network = ip_network((ip, 24 if ip.version == 4 else 32), strict=False)
            node.fail(key, f"no zone of the file holds {name}", f'add [zone."{network}"], or the zone\'s own name')
        if "PTR" in zone.records.get(name, {}) or "CNAME" in zone.records.get(name, {}):
            node.fail(key, f"{key} has its PTR in the zone {zone.apex} already")
        values = node.texts(key) or ()
        for value in values:
            _check_value(node, key, "PTR", value)
        try:
            rrset = Rrset.of(name, "PTR", zone.ns.ttl, values)
        except ValueError as error:
            node.fail(key, f"{', '.join(values)!r} {error}")
        if values:
            zone.records.setdefault(name, {})["PTR"] = rrset


def _publish(nameservers: dict[str, NameServerSpec], zones: dict[str, Zone]) -> None:
    """Give each name server of the file its A and AAAA records."""
    for spec in nameservers.values():
        zone = zone_of(spec.name, zones)
        if zone is None:
            zone = _made_zone(parent(spec.name) or spec.name, tuple(nameservers))
            zones[zone.apex] = zone
        for rdtype in ("A", "AAAA"):
            ips = tuple(text for text in spec.ips if (ip := parse_address(text)) and forward_type(ip) == rdtype)
            node = zone.records.setdefault(spec.name, {})
            if ips and rdtype not in node and "CNAME" not in node:
                node[rdtype] = Rrset.of(spec.name, rdtype, zone.ns.ttl, ips)


def _made_zone(apex: str, ns: tuple[str, ...]) -> Zone:
    soa = Rrset.of(apex, "SOA", 300, (f"{ns[0]} hostmaster.{apex} {_TIMERS} 300",))
    ns_rrset = Rrset.of(apex, "NS", 300, ns)
    return Zone(apex=apex, soa=soa, ns=ns_rrset, minimum=300, records={apex: {"SOA": soa, "NS": ns_rrset}})
