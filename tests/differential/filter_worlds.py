"""Worlds that suit filters: public addresses, and names with all that filters look for.

Filters see names; so the names of a random world become, now and then, such as access networks and large providers give, or
an odd mixture of words, digits and separators. Documentation addresses, which filters punish as such, become addresses that
anyone might have: they exist inside the namespace and as text, and nothing is ever sent to them.
"""

from ipaddress import IPv4Address
from random import Random

from differential.choose import weighted
from truehelo.facts.address import Address, parse_address
from truehelo.facts.dns import Outcome
from truehelo.facts.names import MAX_LABEL, MAX_NAME
from truehelo.receivers.client import Client, Hosts, Names, key

_PUBLIC4 = {"192.0.2": "20.7.142", "198.51.100": "5.161.77", "203.0.113": "81.2.69"}
_WORDS = (
    "nat homeuser dynamic catv ppp dialup dial-up cablemodem pptp broad wifi dhcp broadband gprs cdma modem pppoe dynip dyn"
    " bredband brodband client clients dsl adsl xdsl dsl-dynamic adsl-dynamic pool fibertel in-addr inaddr fbx dsl-line"
    " unused-addr kabel cable host customer customers user peer comcast vps static cm cmtp smtp docsis cpe node res resnet"
    " dip fix fixed dedicated outbound-mail mail-mail mail mx mta lease dyna dial cust reverse rev ip a x web srv"
).split()
_DOMAINS = (
    "example.com isp.example telecom.example.net a.example hoster.example co.uk.example example.lan example.home"
    " example.local x.intra.example comcast.net rogers.com chello.no mail.example.org"
).split()
_SCHEMES = (
    "{d}.dyn.access.example.net",
    "{d}.{w}.example.net",
    "{w}-{d}.{w}.example.net",
    "{w}{p}.example.com",
    "{p}.{w}.example.com",
    "{r}.rev.{w}.example",
    "static.{r}.clients.hoster.example",
    "static-{d}.isp.example.net",
    "{d}.static.isp.example.net",
    "{o3}.red-{o0}-{o1}-{o2}.pooles.example.net",
    "{r}.bc.cloud.example",
    "ec2-{d}.compute-1.cloud.example",
    "ip-{d}",
    "ip{d}.example",
    "ip-{d}.example.net",
    "ip-{d}x.example.net",
    "{o0}x{o1}x{o2}x{o3}.ap{n}.ftth.example.ne.jp",
    "{o0}_{o1}_{o2}_{o3}.pool.example.net",
    "{d}.mail2.example.net",
    "{d}.mx.example.net",
    "dsl.dynamic{n}{n}.telecom.example.tr",
    "cpe-{d}.example.net",
    "CPE{h}-CM{n}.cpe.net.cable.rogers.com",
    "p{H}.dip0.t-ipconnect.example",
    "p{H}.dip.t-dialin.example",
    "0x{h}.dhcp.kabel.example",
    "0x{h}.example.net",
    "YahooBB{n}.bbtec.example",
    "ool-{h}.dyn.optonline.net",
    "abc-{o0}-{n}.roadrunner.example.net",
    "pcp{n}pcs.abcd01.pa.comcast.net",
    "h{o0}n2fls32o{n}.telia.com",
    "cm-abcd5-{o1}-{o2}.cm.vtr.example",
    "ec9z5l.cm.chello.no",
    "g{n}.upc-g.chello.nl",
    "cp{n}-a.mill1.nb.home.nl",
    "mg{n}.user.veloxzone.com.example",
    "public4-seve6-5-cust{o3}.lond.broadband.ntl.com",
    "nwb-nrp3-l10-a{n}.abcdef.tds.net",
    "{n}.cps.example.br",
    "sp1-c{n}-{o3}.example.ne.jp",
    "c{n}.ppp.asahi-net.or.jp",
    "h{h}.ne.client2.attbi.com",
    "ca-abc-b-{o3}.vnnyca.adelphia.net",
    "o{d}.outbound-mail.sendgrid.net",
    "{d}-static.hfc.comcastbusiness.net",
    "smtp-{h}.core1.sfdc-abc.mta.salesforce.com",
    "cmr-{d}.cr.net.cable.rogers.com",
    "vmi{n}.contaboserver.example",
    "cpc{n}-abcd1-2-0-cust{o3}.cable.virginm.example",
    "{o3}.{o2}.unknown.isp.example",
    "10.{n}.example.com",
    "10.1.2.3.example.com",
    "0.r1.example.net",
    "100.64.{o3}.1",
    "127.{n}.example",
    "172.20.example.com",
    "192.168.1.1.example.com",
    "192.168.{w}.example.com",
    "100.1201.example.com",
)
_WHOLE = (
    "mx1.hotmail.com",
    "mx2.hotmail.com",
    "hotmail.com",
    "yahoo.com",
    "mail.yahoo.com",
    "YAHOO.com",
    "msn.com",
    "aol.com",
    "imo-m01.mx.aol.com",
    "cs.com",
    "localhost.com",
    "google.com",
    "mail-ed1-f50.google.com",
    "outlook.com",
    "abc.outbound.protection.outlook.com",
    "gmail.com",
    "paypal.com",
    "xxx.com",
    "microsoft.com",
    "a.b",
    "mx.ab",
    "a.example",
    "mx1.ebay.com",
    "pc",
    "pc.example",
    "oem",
    "OEMcomputer",
    "oem.example.com",
    "user",
    "User",
    "friend",
    "ylmf-pc",
    "device.lan",
    "dsldevice.lan",
    "speedtouch.lan",
    "device.lan.example.com",
    "nas.home",
    "server.local",
    "mail.localdomain",
    "x.priv",
    "x.user",
    "x.veloxzon",
    "1.0.0.10.in-addr.arpa",
    "localhost",
    "localhost.localdomain",
    "Localhost",
    "rspamc.local",
    "static.example.com",
    "dynamic.example.com",
    "mail.static.example.com",
    "smtp.static.example.com",
    "static.mailer.example",
    "mail.dyn.example.com",
    "mail.res.example.com",
    "mail.client.example.com",
    "node1.mail2.example.com",
    "acme1x2.example.com",
    "mail1broadcast.example.com",
    "mx.host.example.com",
    "my.vps.example",
    "fix1.example.com",
    "smtp.example.com",
    "out.example.com",
    "o1.p2.example.com",
    "0x12345678.example",
)
_BARE = (
    "{p} {p} [{p}] {o0}-{o1}-{o2}-{o3} {o0}x{o1}x{o2}x{o3} {o0}X{o1}X{o2}X{o3} {near} {far} [{far}] 10.1.2.3 [192.168.1.1]"
    " 1.2.3.255 [198.51.100.7] 100.120.3.4 100.64.1.1 127.0.0.1 fe80::1 ::1 [IPv6:fe80::1] 2001:db8::1 [2001:db8::1]"
    " ABCD::1 abcd::1 [IPv6:2a01:4f8::2] 2a01:4f8::2"
).split()


def reshape(world: Client, random: Random) -> Client:
    """Return a world with addresses and names that suit filters."""
    moved = _moved(world)
    if random.random() < 0.25:
        return moved
    names = list(dict.fromkeys((*moved.ptr.names, key(moved.helo or ""))))
    changed = {name: _name(random, moved.ip) for name in names if name and random.random() < 0.7}
    same = random.random() < 0.3 and moved.ptr.names
    helo = moved.helo or ""
    if helo and random.random() < 0.12 and moved.ip.version == 4:
        said = random.choice(_BARE).format(**_fields(random, moved.ip))
    elif same and moved.ptr.names:
        said = changed.get(moved.ptr.names[0], moved.ptr.names[0])
    else:
        said = changed.get(key(helo), helo)
    return _renamed(moved, {name: key(new) for name, new in changed.items()}, said)


def suits(world: Client) -> bool:
    """Tell whether a mail server lets such a message through to its filter, in a form that can be written down."""
    helo = world.helo
    odd = set(" \t()<>\"'\\;,|{}$&`#%!*?^~=+@/")
    if not helo or not helo.isascii() or not helo.isprintable() or odd & set(helo) or len(helo) > MAX_NAME:
        return False
    if any(not 0 < len(label) <= MAX_LABEL for label in key(helo).split(".")) and helo[0] != "[":
        return False
    names = world.ptr.names
    return all(name and not odd & set(name) and name.isascii() and ":" not in name and "_" not in name for name in names)


def _moved(world: Client) -> Client:
    def move(ip: Address) -> Address:
        return parse_address(_public(str(ip))) or ip

    def name(text: str) -> str:
        return _public(text)

    forwards = {
        (name(host), family): Hosts(hosts.outcome, tuple(map(move, hosts.addresses)), hosts.alias)
        for (host, family), hosts in world.forwards.items()
    }
    mx = {name(host): Names(names.outcome, tuple(map(name, names.names)), names.alias) for host, names in world.mx.items()}
    ptr = Names(world.ptr.outcome, tuple(map(name, world.ptr.names)), world.ptr.alias)
    return Client(
        ip=move(world.ip), ptr=ptr, forwards=forwards, mx=mx, helo=None if world.helo is None else name(world.helo)
    )


def _public(text: str) -> str:
    for old, new in _PUBLIC4.items():
        for separator in ".-":
            text = text.replace(old.replace(".", separator), new.replace(".", separator))
            backwards = [separator.join(reversed(part.split("."))) for part in (old, new)]
            text = text.replace(*backwards)
    return text.replace("2001:db8:", "2a01:4f8:").replace("2001-db8-", "2a01-4f8-")


def _renamed(world: Client, names: dict[str, str], helo: str) -> Client:
    """Give names other names; where two become one, the first keeps its records."""

    def new(name: str) -> str:
        return names.get(name, name)

    forwards: dict[tuple[str, int], Hosts] = {}
    for (name, family), hosts in world.forwards.items():
        forwards.setdefault((new(name), family), hosts)
    mx: dict[str, Names] = {}
    said = key(helo)
    for name, exchangers in world.mx.items():
        mx.setdefault(new(name), exchangers)
    for family in (4, 6):
        forwards.setdefault((said, family), Hosts(Outcome.NXDOMAIN))
    if Outcome.NXDOMAIN in (forwards[said, 4].outcome, forwards[said, 6].outcome):
        forwards[said, 4] = forwards[said, 6] = Hosts(Outcome.NXDOMAIN)
        mx[said] = Names(Outcome.NXDOMAIN)
    mx.setdefault(said, Names(Outcome.NODATA))
    for host in (host for exchangers in mx.values() for host in exchangers.names):
        for family in (4, 6):
            forwards.setdefault((host, family), Hosts(Outcome.NXDOMAIN))
    ptr = Names(world.ptr.outcome, tuple(dict.fromkeys(map(new, world.ptr.names))), world.ptr.alias)
    return Client(ip=world.ip, ptr=ptr, forwards=forwards, mx=mx, helo=helo)


def _name(random: Random, ip: Address) -> str:
    kind = weighted(random, (("scheme", 40), ("mixture", 35), ("whole", 25)))
    if kind == "whole":
        return random.choice(_WHOLE)
    if kind == "scheme":
        return random.choice(_SCHEMES).format(**_fields(random, ip))
    parts: list[str] = []
    for _ in range(random.randint(1, 4)):
        number = str(random.choice((random.randint(0, 9), random.randint(10, 99), random.randint(100, 99999))))
        parts += [random.choice(_WORDS) if random.random() < 0.6 else number, random.choice(("", ".", "-", ".", "-"))]
    host = "".join(parts).strip(".-") or "x"
    return f"{host}.{random.choice(_DOMAINS)}" if random.random() < 0.9 else host


def _fields(random: Random, ip: Address) -> dict[str, object]:
    octets = (ip if isinstance(ip, IPv4Address) else IPv4Address(int(ip) & 0xFFFFFFFF)).packed
    text = [str(octet) for octet in octets]
    near = IPv4Address(bytes((*octets[:3], (octets[3] + 1) % 256)))
    return {
        **{f"o{i}": octet for i, octet in enumerate(text)},
        "d": "-".join(text),
        "p": ".".join(text),
        "r": ".".join(reversed(text)),
        "h": octets.hex(),
        "H": octets.hex().upper(),
        "n": random.randrange(1, 99999),
        "w": random.choice(_WORDS),
        "near": near,
        "far": random.choice(("8.9.10.11", "20.7.99.1")),
    }
