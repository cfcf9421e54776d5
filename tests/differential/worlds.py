"""Random worlds: a client with its reverse and forward records and the HELO it says, every branch of a model likely.

A world hangs on its random numbers alone, so a seed and a number give it again. Addresses are of the documentation ranges,
names below `example` and the like. Names in PTR records are written as DNS writes them ("\\@" for an at sign).
"""

from random import Random

from differential import helos
from differential.choose import weighted
from truehelo.facts.address import Address, parse_address
from truehelo.facts.dns import Outcome
from truehelo.facts.names import MAX_LABEL, MAX_NAME
from truehelo.receivers.client import Client, Hosts, Names, key

_V4 = ("192.0.2.", "198.51.100.", "203.0.113.")
_WORDS = "mail smtp mx out relay mta gate post node srv host www vps dedi send".split()
_DOMAINS = "example.com example.net business.example shop.example uni.edu.example mailer.example.org".split()
_PROVIDERS = (
    "static.{r}.clients.hoster.example",
    "{d}.dynamic.cloudhost.example",
    "ip-{d}.isp.example.net",
    "ec2-{d}.compute-1.cloud.example",
    "{p}.rev.isp.example",
    "host{d}.pool.access.example",
    "dsl-{d}.dialin.example.net",
    "x{h}.dyn.telecom.example",
    "vmi{n}.contabo.example",
    "c-{d}.hsd1.ca.cable.example.net",
)
_ODD_NAMES = (
    "mail_1.example.com",
    "_mail.example.com",
    "mail/1.example.com",
    "user\\@mail.example.com",
    "mail\\032one.example.com",
    "m\\195\\164il.example.com",
    "a\\.b.example.com",
    "-mail.example.com",
    "mail-.example.com",
    "mail.-a.example.com",
    "mail.b-.example.com",
    "12345",
    "123.456",
    "1.2.3.4.5",
    "10.0.0.1",
    "mail",
    "localhost",
    "localhost.localdomain",
    "mail.local",
    "mx.receiver.example",
    "xn--mil-qla.example.com",
    "mail.123",
    "mail--1.example.com",
    "mail+1.example.com",
    "mail:1.example.com",
    "2001:db8::1",
    "*.example.com",
    f"{'l' * 63}.example.com",
    f"{'l' * 63}",
    ".".join(["m" * 50] * 4) + ".example.com",
    ".".join(["n" * 61] * 3) + ".example.com",
    "",
)

_DENIED = ((Outcome.NXDOMAIN, 6), (Outcome.NODATA, 3))
_FAILED = ((Outcome.SERVFAIL, 8), (Outcome.REFUSED, 2), (Outcome.MALFORMED, 1))


def world(random: Random, *, dropped: float = 0.01) -> Client:
    """Return a random world. `dropped`: the share of worlds in which a query meets silence."""
    six = random.random() < 0.4
    ip = address(random, 6 if six else 4)
    ptr = _reverse(random, ip)
    forwards: dict[tuple[str, int], Hosts] = {}
    for name in ptr.names:
        _forward(random, ip, name, forwards)
    helo, made = helos.helo(random, ip, ptr.names, lambda: _plain(random))
    said = key(helo)
    mx: dict[str, Names] = {}
    if made and can_be_served(said):
        _forward(random, ip, said, forwards)
    _exchangers(random, said, forwards, mx, ip)
    for name in (*ptr.names, said, *(host for names in mx.values() for host in names.names)):
        for family in (4, 6):
            forwards.setdefault((name, family), Hosts(Outcome.NXDOMAIN))
    client = Client(ip=ip, ptr=ptr, forwards=forwards, mx=mx, helo=helo)
    return _drop(random, client) if random.random() < dropped else client


def can_be_served(name: str) -> bool:
    """Tell whether a name fits into DNS as it is written."""
    labels = name.split(".")
    fits = 0 < len(name) <= MAX_NAME and all(0 < len(label) <= MAX_LABEL for label in labels)
    return fits and name.isascii() and name.isprintable() and not set(name) & set(' "\\();$')


def address(random: Random, family: int) -> Address:
    """Return an address of the documentation ranges."""
    if family == 4:
        last = random.choice((0, 1, 9, 24, 77, 128, 200, 254, 255, random.randrange(256)))
        # 203.0.113.25 is the receiver's own.
        text = f"{random.choice(_V4)}{26 if last == 25 else last}"
    else:
        middle = random.choice(("", "0:", "1:", "c:ffff:", "a:b:c:d:e:"))
        text = f"2001:db8:{middle}:{random.randrange(1, 65536):x}" if not middle.endswith("e:") else "2001:db8:a:b:c:d:e:1f"
    ip = parse_address(text)
    if ip is None:
        raise ValueError(text)
    return ip


def _plain(random: Random) -> str:
    number = random.choice(("", "", "", "1", "7", "-2", "03"))
    return f"{random.choice(_WORDS)}{number}.{random.choice(_DOMAINS)}"


def default_name(random: Random, ip: Address) -> str:
    """Return what a provider calls an address by itself."""
    octets = str(ip).split(".") if ip.version == 4 else ip.exploded.split(":")
    fields = {
        "r": ".".join(reversed(octets)),
        "d": "-".join(octets),
        "p": ".".join(octets),
        "h": ip.packed.hex(),
        "n": str(random.randrange(10000, 99999)),
    }
    return random.choice(_PROVIDERS).format(**fields)


def _reverse(random: Random, ip: Address) -> Names:
    alias = random.random() < 0.12
    kind = weighted(random, (("names", 80), ("none", 12), ("failed", 8)))
    if kind == "none":
        return Names(weighted(random, _DENIED), (), alias)
    if kind == "failed":
        return Names(weighted(random, _FAILED), (), alias)
    several = weighted(random, ((1, 65), (2, 18), (3, 9), (random.randrange(4, 13), 8)))
    names = [_ptr_name(random, ip) for _ in range(several)]
    return Names(Outcome.ANSWER, tuple(dict.fromkeys(names)), alias)


def _ptr_name(random: Random, ip: Address) -> str:
    kind = weighted(random, (("plain", 62), ("default", 12), ("odd", 24), ("itself", 2)))
    if kind == "plain":
        return _plain(random)
    if kind == "default":
        return default_name(random, ip)
    return str(ip) if kind == "itself" else random.choice(_ODD_NAMES)


def _forward(random: Random, ip: Address, name: str, forwards: dict[tuple[str, int], Hosts]) -> None:
    """Make the records of a name, unless it has some."""
    if (name, 4) in forwards:
        return
    alias = name != "" and random.random() < 0.1
    own, other = ip.version, 10 - ip.version
    kind = weighted(random, (("good", 50), ("among", 12), ("elsewhere", 14), ("gone", 12), ("family", 7), ("failed", 7)))
    second: Hosts = _other_family(random, other, alias)
    if kind == "gone":
        both = Hosts(weighted(random, _DENIED), (), alias)
        if both.outcome is Outcome.NXDOMAIN:
            forwards[name, own] = forwards[name, other] = both
            return
        first, second = both, second if random.random() < 0.5 else both
    elif kind == "family":
        first = Hosts(Outcome.NODATA, (), alias)
        second = Hosts(Outcome.ANSWER, (address(random, other),), alias)
    elif kind == "failed":
        first = Hosts(weighted(random, _FAILED), (), alias)
        second = first if random.random() < 0.6 else second
    else:
        first = Hosts(Outcome.ANSWER, _addresses(random, ip, kind), alias)
    forwards[name, own], forwards[name, other] = first, second


def _addresses(random: Random, ip: Address, kind: str) -> tuple[Address, ...]:
    if kind == "good":
        return (ip,)
    several = weighted(random, ((1, 60), (2, 25), (5, 10), (40, 5)))
    found = [each for each in (address(random, ip.version) for _ in range(several)) if each != ip]
    if kind == "among":
        found.insert(random.randrange(len(found) + 1), ip)
    return tuple(dict.fromkeys(found)) or (parse_address("192.0.2.253" if ip.version == 4 else "2001:db8::fd") or ip,)


def _other_family(random: Random, family: int, alias: bool) -> Hosts:
    kind = weighted(random, (("nodata", 60), ("some", 28), ("failed", 12)))
    if kind == "some":
        return Hosts(Outcome.ANSWER, (address(random, family),), alias)
    return Hosts(Outcome.NODATA if kind == "nodata" else weighted(random, _FAILED), (), alias)


def _exchangers(
    random: Random, name: str, forwards: dict[tuple[str, int], Hosts], mx: dict[str, Names], ip: Address
) -> None:
    """Make the MX of the HELO name; a name of which there is nothing else has one now and then."""
    four, six = (forwards.get((name, family), Hosts(Outcome.NXDOMAIN)) for family in (4, 6))
    alias = four.alias
    if Outcome.NXDOMAIN in (four.outcome, six.outcome) or not can_be_served(name):
        mx[name] = Names(Outcome.NXDOMAIN, (), alias)
        return
    failed = [hosts.outcome for hosts in (four, six) if hosts.outcome.is_undetermined]
    kind = weighted(random, (("none", 60), ("some", 20), ("null", 6), ("failed", 10 if not failed else 60)))
    if kind == "some":
        hosts = tuple(dict.fromkeys(_plain(random) for _ in range(random.choice((1, 1, 2, 3)))))
        mx[name] = Names(Outcome.ANSWER, hosts, alias)
        for host in hosts:
            _forward(random, ip, host, forwards)
    elif kind == "null":
        mx[name] = Names(Outcome.ANSWER, (".",), alias)
    elif kind == "failed":
        mx[name] = Names(failed[0] if failed else weighted(random, _FAILED), (), alias)
    else:
        mx[name] = Names(Outcome.NODATA, (), alias)


def _drop(random: Random, client: Client) -> Client:
    """Let one question of a world meet silence."""
    ptr, forwards, mx = client.ptr, dict(client.forwards), dict(client.mx)
    questions: list[object] = ["ptr", "ptr", *forwards, *mx]
    chosen = random.choice(questions)
    if chosen == "ptr":
        ptr = Names(Outcome.TIMEOUT)
    elif isinstance(chosen, tuple):
        forwards[chosen] = Hosts(Outcome.TIMEOUT, (), forwards[chosen].alias)
    else:
        mx[str(chosen)] = Names(Outcome.TIMEOUT, (), mx[str(chosen)].alias)
    return Client(ip=client.ip, ptr=ptr, forwards=forwards, mx=mx, helo=client.helo)
