"""TOML to a `Scenario`: every key of the file, and what is wrong with it.

Each complaint names the file, the line, the problem and what is accepted. Reserved names and addresses alone are let
in (`limits`). Whether a scenario is a sensible internet is not judged: broken ones are what a lab is for.
"""

import re
from ipaddress import ip_network
from pathlib import Path

from truehelo.errors import FileError
from truehelo.facts.address import parse_address, reverse_name
from truehelo.lab.dns_wire import TYPES, Rrset, plain_name
from truehelo.lab.limits import ADDRESSES, NAMES, address_allowed, name_allowed
from truehelo.lab.read_smtp import read_smtp
from truehelo.lab.read_zones import read_zones
from truehelo.lab.scenario import FAULTS, CheckSpec, Fault, Held, NameServerSpec, ResolverSpec, Scenario
from truehelo.lab.source import MAX_OCTETS, Node, Source

SHIPPED = Path(__file__).with_name("scenarios")
_FAULT = re.compile(
    r"(?P<kind>[a-z-]+)(?: (?P<seconds>[0-9]+(?:\.[0-9]+)?))?(?: (?:(?P<once>once)|x(?P<times>[0-9]{1,6})))?"
    r"(?: on (?P<where>\S+))?",
    re.ASCII,
)
_FAULT_FORM = 'KIND [SECONDS] [once|xN] [on SERVER] is accepted, such as "servfail x2 on resolver"; kinds: ' + ", ".join(
    FAULTS
)


def scenario_names() -> tuple[str, ...]:
    """Return the names of the scenarios that come with the program."""
    return tuple(sorted(path.stem for path in SHIPPED.glob("*.toml")))


def load(name_or_path: str | Path) -> Scenario:
    """Read a scenario: the name of a shipped one, or a file.

    Raises:
        FileError: There is none, or it cannot be understood.
    """
    path = Path(name_or_path)
    if str(name_or_path) in scenario_names():
        path = SHIPPED / f"{name_or_path}.toml"
    try:
        if path.is_file() and path.stat().st_size > MAX_OCTETS:
            raise FileError(str(name_or_path), "is too large for a scenario", f"up to {MAX_OCTETS} octets are accepted")
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise FileError(str(name_or_path), "is not UTF-8 text") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        why = error.strerror if isinstance(error, OSError) and error.strerror else "not a usable file name"
        accepted = f"a scenario file is accepted, or one of: {', '.join(scenario_names())}"
        raise FileError(str(name_or_path), f"cannot be read ({why})", accepted) from error
    return parse(text, str(name_or_path))


def parse(text: str, path: str = "scenario") -> Scenario:
    """Read a scenario out of the text of a file; `path` is for complaints.

    Raises:
        FileError: It cannot be understood.
    """
    return scenario_of(Source(path, text).parse())


def scenario_of(root: Node) -> Scenario:
    """Read a scenario out of a parsed file.

    Raises:
        FileError: Something in it is wrong.
    """
    nameservers = _nameservers(root.node("nameserver"))
    scenario = Scenario(
        path=root.source.path,
        title=root.text("title", ""),
        about=root.text("about", "").strip(),
        nameservers=nameservers,
        zones=read_zones(root, nameservers),
        faults=_faults(root.node("fault")),
        resolvers=_resolvers(root),
        smtp=tuple(read_smtp(node) for node in root.nodes("smtp")),
        check=_check(root.node("check")),
    )
    root.done()
    _check_unique(root, scenario)
    return scenario


def _check_unique(root: Node, scenario: Scenario) -> None:
    taken: set[tuple[str, int]] = set()
    for index, spec in enumerate(scenario.smtp):
        node = Node(root.source, ("smtp", index), {})
        for endpoint in ((ip, port) for ip in spec.ips for port in spec.ports):
            if endpoint in taken:
                node.fail("ip", f"port {endpoint[1]} of {endpoint[0]} has a mail server already")
            taken.add(endpoint)


def _question(node: Node, key: str) -> tuple[str, str]:
    """Read "NAME TYPE", "ADDRESS TYPE" (its reverse name), "NAME" (every type), "*.NAME", or "*"."""
    words = key.split()
    if not 1 <= len(words) <= 2 or (len(words) == 2 and words[1] not in (*TYPES, "*")):
        node.fail(key, f"{key!r} is not a question", f'"NAME TYPE" is accepted; types: {", ".join(TYPES)}, *')
    name, rdtype = words[0], words[1] if len(words) == 2 else "*"
    ip = parse_address(name)
    try:
        return (reverse_name(ip) if ip is not None else plain_name(name)), rdtype
    except ValueError as error:
        node.fail(key, f"the name in {key!r} {error}")


def _faults(node: Node) -> dict[tuple[str, str], tuple[Fault, ...]]:
    found: dict[tuple[str, str], tuple[Fault, ...]] = {}
    for key in node.table:
        question = _question(node, key)
        found[question] = tuple(_fault(node, key, text) for text in node.texts(key) or ())
    return found


def _fault(node: Node, key: str, text: str) -> Fault:
    match = _FAULT.fullmatch(text)
    if match is None or match["kind"] not in FAULTS:
        node.fail(key, f"{text!r} is not a fault", _FAULT_FORM)
    if (match["kind"] == "delay") != (match["seconds"] is not None):
        node.fail(key, f"{text!r}: seconds belong to delay, and to delay alone", _FAULT_FORM)
    times = 1 if match["once"] else int(match["times"]) if match["times"] else None
    seconds = float(match["seconds"] or 0)
    if seconds > 3600:
        node.fail(key, f"{text!r} is too long a delay", "up to 3600 seconds are accepted")
    return Fault(kind=match["kind"], seconds=seconds, times=times, where=(match["where"] or "").lower().removesuffix("."))


def _holds(node: Node, *, resolver: bool) -> dict[tuple[str, str], Held]:
    held: dict[tuple[str, str], Held] = {}
    for key in node.table:
        name, rdtype = _question(node, key)
        if rdtype == "*" or "*" in name:
            node.fail(key, f"{key!r} does not name one type", '"NAME TYPE" is accepted')
        one = node.node(key)
        data, outcome = one.texts("data"), one.choice("outcome", None, ("nxdomain", "nodata"))
        ttl = one.whole("ttl", 300, 0, 2**31 - 1)
        seconds = None if resolver else one.seconds("for", None)
        one.done()
        if (data is None) == (outcome is None):
            node.fail(key, f"{key!r} needs either data or outcome", 'accepted: { data = "...", ttl = 300 }')
        try:
            rrset = None if data is None else Rrset.of(name, rdtype, ttl, data)
        except ValueError as error:
            one.fail("data", f"{', '.join(data or ())!r} {error}")
        held[name, rdtype] = Held(outcome=outcome or "answer", rrset=rrset, ttl=ttl, seconds=seconds)
    return held


def _resolvers(root: Node) -> tuple[ResolverSpec, ...]:
    found: list[ResolverSpec] = []
    for index, node in enumerate(root.nodes("resolver"), start=1):
        name = node.text("name", f"resolver-{index}")
        if name in (spec.name for spec in found):
            node.fail("name", f"there are two resolvers called {name!r}")
        holds = _holds(node.node("holds"), resolver=True)
        found.append(ResolverSpec(name=name, cache=node.flag("cache", False), holds=holds))
        node.done()
    return tuple(found) or (ResolverSpec(name="resolver-1"),)


def _nameservers(node: Node) -> dict[str, NameServerSpec]:
    found: dict[str, NameServerSpec] = {}
    for key, value in node.table.items():
        try:
            name = plain_name(key)
        except ValueError as error:
            node.fail(key, f"{key!r} {error}")
        if not name or not name_allowed(name):
            node.fail(key, f"{key!r} could be somebody's name", f"accepted: {NAMES}")
        holds: dict[tuple[str, str], Held] = {}
        if isinstance(value, dict):
            inner = node.node(key)
            ips = inner.texts("ip") or ()
            holds = _holds(inner.node("holds"), resolver=False)
            inner.done()
        else:
            ips = node.texts(key) or ()
        for ip in ips:
            address = parse_address(ip)
            if address is None or not address_allowed(address):
                node.fail(key, f"{ip!r} is not an address that a scenario may hold", f"accepted: {ADDRESSES}")
        found[name] = NameServerSpec(name=name, ips=ips, holds=holds)
    return found


def _check(node: Node) -> CheckSpec:
    targets = node.texts("targets") or ()
    for target in targets:
        if not _target_allowed(target):
            node.fail("targets", f"{target!r} could be somebody's", f"accepted: {NAMES}; {ADDRESSES}")
    spec = CheckSpec(
        targets=targets,
        helo=node.text("helo", None),
        expect=node.text("expect", None),
        ports=node.numbers("ports", 1, 65535) or (),
    )
    node.done()
    return spec


def _target_allowed(target: str) -> bool:
    plain = target.partition(",")[0].partition("=")[0]
    if target.startswith("-"):  # it would be read as an option
        return False
    ip = parse_address(plain.strip("[]"))
    if ip is not None:
        return address_allowed(ip)
    try:
        network = ip_network(plain, strict=False)
    except ValueError:
        return name_allowed(plain)
    return address_allowed(network[0]) and address_allowed(network[-1])
