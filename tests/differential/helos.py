"""Every form of HELO that the models tell apart, and some that none should mind."""

from collections.abc import Callable
from random import Random

from differential.choose import weighted
from differential.place import DOMAIN, HOST4, NAME
from truehelo.facts.address import Address

_ODD = (
    "{n}.",
    "{n}..",
    "{u}",
    "{m}",
    "mail",
    "MAIL",
    "localhost",
    "localhost.localdomain",
    "localhost.example.com",
    "mail.local",
    "pc.lan",
    "nas.home",
    "user",
    "ylmf-pc",
    "my_host.example.com",
    "my_host",
    "_host.example.com",
    "mail..example.com",
    ".mail.example.com",
    ".",
    "..",
    "-mail.example.com",
    "mail-.example.com",
    "mail.-example.com",
    "-",
    "--",
    "a-b",
    "12345",
    "123.456",
    "1.2.3",
    "1.2.3.4.5",
    "0x7f.1",
    "127.1",
    "mail.123",
    "mail.1a",
    "mail example.com",
    "mail user",
    "user@example.com",
    "mail!x.example.com",
    "mail%x.example.com",
    "mail(x).example.com",
    "mail,x.example.com",
    "mail;x.example.com",
    "mail:x.example.com",
    "mail:25",
    "mail/x.example.com",
    "mail\\x.example.com",
    "mail'x.example.com",
    'mail"x.example.com',
    '"mail.example.com"',
    "<mail.example.com>",
    "{{mail}}.example.com",
    "mail*x.example.com",
    "mail+x.example.com",
    "mail=x.example.com",
    "mail#x.example.com",
    "mail$x.example.com",
    "mail&x.example.com",
    "mail?x.example.com",
    "mail~x.example.com",
    "mail^x.example.com",
    "mail|x.example.com",
    "mäil.example.com",
    "почта.example.com",
    "xn--mil-qla.example.com",
    "(mail.example.com)",
    "mail.example.com(comment)",
    "a" * 63 + ".example.com",
    "a" * 64 + ".example.com",
    "a" * 70,
    ".".join(["b" * 50] * 5) + ".example.com",
    ".".join(["b" * 50] * 6) + ".example.com",
    "c" * 300,
    "",
    "{name}",
    "{NAME}",
    "{domain}",
    "{host}",
    "[{host}]",
)
_LITERALS = (
    "[{ip}]",
    "[{other}]",
    "[{longer}]",
    "[IPv6:{ip}]",
    "[ipv6:{ip}]",
    "[IPV6:{ip}]",
    "[IPv6:{other}]",
    "[IPv4:{ip}]",
    "[IPv6:{exploded}]",
    "[{ip}",
    "{ip}]",
    "[]",
    "[",
    "[IPv6:]",
    "[ {ip}]",
    "[{ip} ]",
    "[{ip}]x",
    "[{ip}].",
    "[{ip}.]",
    "[192.0.2.300]",
    "[192.0.2]",
    "[192.0.2.05]",
    "[192.0.2.1.2]",
    "[3221225985]",
    "[mail.example.com]",
    "[IPv6:::ffff:192.0.2.1]",
    "[IPv6:192.0.2.1]",
    "[IPv6:2001:db8:::1]",
    "[IPv6:2001:db8::g]",
    "[::1]",
    "[IPv6:::1]",
    "[127.0.0.1]",
    "[0.0.0.0]",
    "[255.255.255.255]",
    "[other:thing]",
    "[{ip}][{ip}]",
)
_BARE = (
    "{ip}",
    "{ip}",
    "{other}",
    "{ip}.",
    "127.0.0.1",
    "::1",
    "0.0.0.0",
    "192.0.2.300",
    "256.1.1.1",
    "192.0.2.1.example.com",
    "IPv6:{ip}",
)
_OTHERS = {4: "203.0.113.199", 6: "2001:db8:f::99"}


def helo(random: Random, ip: Address, names: tuple[str, ...], plain: Callable[[], str]) -> tuple[str, bool]:
    """Return a HELO, and whether it is to have records of its own."""
    kinds = (("ptr", 24), ("plain", 34), ("odd", 24), ("literal", 13), ("bare", 5))
    kind = weighted(random, kinds)
    if kind == "ptr" and names:
        name = random.choice(names)
        return (_cased(random, name), True) if name and "\\" not in name else (plain(), True)
    if kind in ("ptr", "plain"):
        return _cased(random, plain()), True
    texts = {"odd": _ODD, "literal": _LITERALS, "bare": _BARE}[kind]
    return _filled(random, random.choice(texts), ip, plain()), True


def _cased(random: Random, name: str) -> str:
    return weighted(random, ((name, 85), (name.upper(), 8), (name.title(), 7)))


def _filled(random: Random, text: str, ip: Address, name: str) -> str:
    others = {4: _OTHERS[4], 6: _OTHERS[6]}
    return text.format(
        ip=ip,
        other=others[random.choice((4, 6))],
        longer=f"{ip}{random.randrange(10)}",
        exploded=ip.exploded,
        n=name,
        u=name.upper(),
        m=name.title(),
        name=NAME,
        NAME=NAME.upper(),
        domain=DOMAIN,
        host=HOST4,
    )
