"""NS: the zone of the domain and the servers that hold it (RFC 1034 §4.1, RFC 2182).

Rests on a look at each of those servers. Decides nothing about what the servers say of mail, which is for the other checks.
"""

from collections.abc import Iterator
from ipaddress import ip_network

from truehelo.domains._model import DomainCheck
from truehelo.domains._view import DomainView
from truehelo.domains._words import OUTCOMES, failed, keys, listed, told
from truehelo.facts.address import parse_address
from truehelo.facts.dns import AuthoritativeView, Lookup, Outcome
from truehelo.findings import Finding, Result, Severity, Tag

DOMAIN_MISSING = Tag(
    name="DOMAIN_MISSING",
    severity=Severity.ERROR,
    message="{domain} does not exist (NXDOMAIN)",
    cites=("RFC 2308 §2.1",),
)
NS_GOOD = Tag(
    name="NS_GOOD",
    severity=Severity.OK,
    message="the servers of the zone {zone} agree: {servers}",
    cites=("RFC 1034 §4.1",),
)
NS_SINGLE = Tag(
    name="NS_SINGLE",
    severity=Severity.WARNING,
    message="the zone {zone} has one name server only: {servers}",
    cites=("RFC 1034 §4.1", "RFC 2182 §5"),
)
NS_ONE_NETWORK = Tag(
    name="NS_ONE_NETWORK",
    severity=Severity.NOTE,
    message="all name servers of the zone {zone} are in one network, {network}",
    cites=("RFC 2182 §3.1",),
)
NS_ADDRESS_MISSING = Tag(
    name="NS_ADDRESS_MISSING",
    severity=Severity.ERROR,
    message="name server {server} of the zone {zone} has no address",
    cites=("RFC 1034 §4.2.1",),
)
NS_ALIAS = Tag(
    name="NS_ALIAS",
    severity=Severity.ERROR,
    message="name server {server} of the zone {zone} is an alias of {target}",
    cites=("RFC 2181 §10.3",),
)
NS_LAME = Tag(
    name="NS_LAME",
    severity=Severity.WARNING,
    message="a name server of the zone {zone} does not serve it: {server} ({outcome})",
    cites=("RFC 1912 §2.8",),
)
NS_DISAGREE = Tag(
    name="NS_DISAGREE",
    severity=Severity.WARNING,
    message="the servers of the zone {zone} name different name servers: {what}",
    cites=("RFC 1034 §4.2.2",),
)
NS_UNREACHABLE = Tag(
    name="NS_UNREACHABLE",
    severity=Severity.NOTE,
    message="a name server of the zone {zone} did not answer from here: {server} ({outcome})",
    cites=("RFC 2182 §3",),
    undetermined=True,
)
NS_UNKNOWN = Tag(
    name="NS_UNKNOWN",
    severity=Severity.NOTE,
    message="who serves the zone of {domain} could not be determined: {detail}",
    cites=("RFC 1034 §4.2.1",),
    undetermined=True,
)
_SILENT = (Outcome.TIMEOUT, Outcome.MALFORMED)


def ns(view: DomainView) -> Iterator[Finding]:
    """Judge the zone of the domain and its servers."""
    facts, zone = view.facts, view.facts.zone
    if not view.exists:
        asked = [view.lookup(view.name, rdtype) for rdtype in ("MX", "A", "NS")]
        denied = keys(*(each for each in asked if each is not None and each.outcome is Outcome.NXDOMAIN))
        yield Finding(tag=DOMAIN_MISSING, result=Result.PERMERROR, args={"domain": view.name}, evidence=denied)
        return
    if zone is None:
        named = view.lookup(facts.apex, "NS")
        if failed(named):
            args = {"domain": view.name, "detail": told(named, f"{facts.apex} NS")}
            yield Finding(tag=NS_UNKNOWN, result=Result.TEMPERROR, args=args, evidence=keys(named))
        return
    if zone.apex is None or not zone.servers:
        named = view.lookup(facts.apex, "NS")
        detail = zone.detail or told(named, f"{facts.apex} NS")
        evidence = (zone.key, *keys(named))
        yield Finding(
            tag=NS_UNKNOWN, result=Result.TEMPERROR, args={"domain": view.name, "detail": detail}, evidence=evidence
        )
        return
    found = [*_servers(view, zone), *_answers(zone)]
    yield from found
    if all(finding.severity in (Severity.NOTE, Severity.OK) and not finding.tag.undetermined for finding in found):
        args = {"zone": zone.apex, "servers": listed(server.name for server in zone.servers)}
        yield Finding(tag=NS_GOOD, result=Result.PASS, args=args, evidence=(zone.key,))


def _servers(view: DomainView, zone: AuthoritativeView) -> Iterator[Finding]:
    """The servers by their names and addresses alone."""
    apex = zone.apex or view.name
    if len(zone.servers) == 1:
        args = {"zone": apex, "servers": zone.servers[0].name}
        yield Finding(tag=NS_SINGLE, result=Result.POLICY, args=args, evidence=(zone.key,))
    for server in zone.servers:
        four, six = view.lookup(server.name, "A"), view.lookup(server.name, "AAAA")
        evidence = (zone.key, *keys(four, six))
        target = next((each.owner for each in (four, six) if each is not None and each.chain), "")
        if target:
            args = {"zone": apex, "server": server.name, "target": target}
            yield Finding(tag=NS_ALIAS, result=Result.PERMERROR, args=args, evidence=evidence)
        if not server.addresses:
            yield _without_address(apex, server.name, four, six, evidence)
    network = _one_network(zone)
    if network and len(zone.servers) > 1:
        args = {"zone": apex, "network": network}
        yield Finding(tag=NS_ONE_NETWORK, result=Result.POLICY, args=args, evidence=(zone.key,))


def _without_address(apex: str, server: str, four: Lookup | None, six: Lookup | None, evidence: tuple[str, ...]) -> Finding:
    if failed(four) or failed(six):
        detail = told(four if failed(four) else six, f"{server} A")
        args = {"zone": apex, "server": server, "outcome": detail}
        return Finding(tag=NS_UNREACHABLE, result=Result.TEMPERROR, args=args, evidence=evidence)
    args = {"zone": apex, "server": server}
    return Finding(tag=NS_ADDRESS_MISSING, result=Result.PERMERROR, args=args, evidence=evidence)


def _one_network(zone: AuthoritativeView) -> str:
    """The /24 or /48 in which all servers are, "" when they are not in one."""
    networks = set()
    for server in zone.servers:
        for text in server.addresses:
            ip = parse_address(text)
            if ip is not None:
                networks.add(ip_network((ip, 24 if ip.version == 4 else 48), strict=False))
    # A server of both families is in two networks that say nothing of each other.
    return str(next(iter(networks))) if len(networks) == 1 else ""


def _answers(zone: AuthoritativeView) -> Iterator[Finding]:
    """What each server says, asked directly. One that speaks at one of its addresses is there: IPv6 may be missing here."""
    apex = zone.apex or ""
    spoke = {exchange.server.partition("@")[0] for exchange in zone.exchanges if exchange.outcome not in _SILENT}
    for exchange in zone.exchanges:
        args = {"zone": apex, "server": exchange.server, "outcome": str(exchange.outcome)}
        if exchange.outcome in _SILENT:
            if exchange.server.partition("@")[0] in spoke:
                continue
            args["outcome"] = exchange.detail or str(exchange.outcome)
            yield Finding(tag=NS_UNREACHABLE, result=Result.TEMPERROR, args=args, evidence=(zone.key,))
        elif exchange.outcome is Outcome.SERVFAIL:
            # It is there, and does not say that it lacks the zone: it may be loading it, or in trouble for a moment.
            args["outcome"] = ", ".join(filter(None, (OUTCOMES[exchange.outcome], exchange.detail)))
            yield Finding(tag=NS_UNREACHABLE, result=Result.TEMPERROR, args=args, evidence=(zone.key,))
        elif not exchange.authoritative or exchange.outcome is Outcome.REFUSED:
            yield Finding(tag=NS_LAME, result=Result.FAIL, args=args, evidence=(zone.key,))
    said: dict[frozenset[str], str] = {}
    for exchange in zone.exchanges:
        if exchange.authoritative and exchange.outcome is Outcome.ANSWER:
            said.setdefault(frozenset(data.lower() for data in exchange.data), exchange.server)
    if len(said) > 1:
        what = "; ".join(f"{server} names {listed(sorted(names))}" for names, server in said.items())
        yield Finding(tag=NS_DISAGREE, result=Result.FAIL, args={"zone": apex, "what": what}, evidence=(zone.key,))


CHECK = DomainCheck(
    id="ns",
    title="The zone is served by servers that agree",
    cites=("RFC 1034 §4.1", "RFC 2182"),
    tags=(
        DOMAIN_MISSING,
        NS_GOOD,
        NS_SINGLE,
        NS_ONE_NETWORK,
        NS_ADDRESS_MISSING,
        NS_ALIAS,
        NS_LAME,
        NS_DISAGREE,
        NS_UNREACHABLE,
        NS_UNKNOWN,
    ),
    run=ns,
)
