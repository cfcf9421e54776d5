"""MX: where mail for the domain goes, and whether the hosts named there can be reached by name (RFC 5321 §5.1, RFC 7505).

Decides nothing about the hosts themselves: whether they answer, and what their names are, is for `truehelo check`.
"""

from collections.abc import Iterator

from truehelo.domains._model import DomainCheck
from truehelo.domains._view import DomainView
from truehelo.domains._words import OUTCOMES, failed, keys, listed, told
from truehelo.facts.address import judgeable, parse_address
from truehelo.facts.dns import Lookup, Outcome
from truehelo.facts.names import name_fault
from truehelo.findings import Finding, Result, Severity, Tag
from truehelo.identity import addresses

MX_GOOD = Tag(
    name="MX_GOOD",
    severity=Severity.OK,
    message="every MX host of {domain} has an address: {hosts}",
    cites=("RFC 5321 §5.1",),
)
MX_NULL = Tag(
    name="MX_NULL",
    severity=Severity.NOTE,
    message="{domain} says by a null MX that it takes no mail",
    cites=("RFC 7505 §3",),
)
MX_NULL_NOT_ALONE = Tag(
    name="MX_NULL_NOT_ALONE",
    severity=Severity.ERROR,
    message="{domain} has a null MX beside other MX records: {hosts}",
    cites=("RFC 7505 §3",),
)
MX_IMPLICIT = Tag(
    name="MX_IMPLICIT",
    severity=Severity.NOTE,
    message="{domain} has no MX record, so that its mail goes to the address of the name itself: {where}",
    cites=("RFC 5321 §5.1",),
)
MX_MISSING = Tag(
    name="MX_MISSING",
    severity=Severity.WARNING,
    message="{domain} has neither an MX record nor an address, so that nobody can answer its mail ({outcome})",
    cites=("RFC 5321 §5.1", "RFC 7505 §4.2"),
)
MX_ADDRESS_MISSING = Tag(
    name="MX_ADDRESS_MISSING",
    severity=Severity.ERROR,
    message="MX host {host} of {domain} has no address ({outcome})",
    cites=("RFC 5321 §5.1", "RFC 2181 §10.3"),
)
MX_ALIAS = Tag(
    name="MX_ALIAS",
    severity=Severity.WARNING,
    message="MX host {host} of {domain} is an alias of {target}",
    cites=("RFC 2181 §10.3", "RFC 5321 §5.1"),
)
MX_NOT_A_NAME = Tag(
    name="MX_NOT_A_NAME",
    severity=Severity.ERROR,
    message="an MX record of {domain} names {host}, which is no host name: it {fault}",
    cites=("RFC 1035 §3.3.9", "RFC 5321 §2.3.5"),
)
MX_NOT_PUBLIC = Tag(
    name="MX_NOT_PUBLIC",
    severity=Severity.ERROR,
    message="MX host {host} of {domain} has no address that others can reach: {where}",
    cites=("RFC 6890 §2.2.2",),
)
MX_UNKNOWN = Tag(
    name="MX_UNKNOWN",
    severity=Severity.NOTE,
    message="where mail of {domain} goes could not be determined: {detail}",
    cites=("RFC 5321 §5.1",),
    undetermined=True,
)


def mx(view: DomainView) -> Iterator[Finding]:
    """Judge the MX records and the names in them."""
    lookup, domain = view.lookup(view.name, "MX"), view.name
    if lookup is None or failed(lookup):
        yield _finding(MX_UNKNOWN, Result.TEMPERROR, lookup, domain=domain, detail=told(lookup, f"{domain} MX"))
    elif not lookup.records:
        yield _without(view, lookup)
    elif view.null_mx:
        hosts = [host for _, host in view.mx_hosts]
        tag, result = (MX_NULL_NOT_ALONE, Result.FAIL) if hosts else (MX_NULL, Result.POLICY)
        yield _finding(tag, result, lookup, domain=domain, hosts=listed(hosts))
    else:
        yield from _hosts(view, lookup)


def _without(view: DomainView, lookup: Lookup) -> Finding:
    """Without an MX record the address of the name itself counts (RFC 5321 §5.1)."""
    own = [view.lookup(view.name, rdtype) for rdtype in ("A", "AAAA")]
    found = [str(ip) for each in own for ip in addresses(each)]
    outcome = OUTCOMES[lookup.outcome]
    if lookup.chain and lookup.outcome is Outcome.NXDOMAIN:
        outcome = f"it is an alias of {lookup.owner}, which does not exist"
    args = {"domain": view.name, "where": listed(found), "outcome": outcome}
    if found:
        return Finding(tag=MX_IMPLICIT, result=Result.POLICY, args=args, evidence=keys(lookup, *own))
    unknown = next((each for each in own if failed(each)), None)
    if unknown is not None or None in own:
        return _finding(MX_UNKNOWN, Result.TEMPERROR, lookup, domain=view.name, detail=told(unknown, f"{view.name} A"))
    return Finding(tag=MX_MISSING, result=Result.FAIL, args=args, evidence=keys(lookup, *own))


def _hosts(view: DomainView, lookup: Lookup) -> Iterator[Finding]:
    bad = False
    for _, host in view.mx_hosts:
        for finding in _host(view, lookup, host):
            bad = True
            yield finding
    if view.unseen_mx_hosts:
        detail = f"only the first {len(view.mx_hosts)} of its {len(view.all_mx_hosts)} MX hosts were looked at"
        yield _finding(MX_UNKNOWN, Result.TEMPERROR, lookup, domain=view.name, detail=detail)
    elif not bad:
        hosts = listed(f"{host} ({preference})" for preference, host in view.mx_hosts)
        yield _finding(MX_GOOD, Result.PASS, lookup, domain=view.name, hosts=hosts)


def _host(view: DomainView, lookup: Lookup, host: str) -> Iterator[Finding]:
    fault = name_fault(host)
    if fault is not None and (parse_address(host) is not None or not host.isascii()):
        yield _finding(MX_NOT_A_NAME, Result.PERMERROR, lookup, domain=view.name, host=host, fault=fault)
        return
    four, six = view.lookup(host, "A"), view.lookup(host, "AAAA")
    found = [*addresses(four), *addresses(six)]
    evidence = keys(lookup, four, six)
    chain = next((each.owner for each in (four, six) if each is not None and each.chain), "")
    if chain:
        args = {"domain": view.name, "host": host, "target": chain}
        yield Finding(tag=MX_ALIAS, result=Result.POLICY, args=args, evidence=evidence)
    if found and not any(judgeable(ip) for ip in found):
        args = {"domain": view.name, "host": host, "where": listed(str(ip) for ip in found)}
        yield Finding(tag=MX_NOT_PUBLIC, result=Result.FAIL, args=args, evidence=evidence)
    if found:
        return
    unknown = next((each for each in (four, six) if failed(each)), None)
    if unknown is not None or four is None or six is None:
        args = {"domain": view.name, "detail": f"the MX host {told(unknown, f'{host} A')}"}
        yield Finding(tag=MX_UNKNOWN, result=Result.TEMPERROR, args=args, evidence=evidence)
        return
    args = {"domain": view.name, "host": host, "outcome": OUTCOMES[four.outcome]}
    yield Finding(tag=MX_ADDRESS_MISSING, result=Result.FAIL, args=args, evidence=evidence)


def _finding(tag: Tag, result: Result, lookup: Lookup | None, **args: str) -> Finding:
    return Finding(tag=tag, result=result, args=args, evidence=keys(lookup))


CHECK = DomainCheck(
    id="mx",
    title="Mail for the domain has somewhere to go",
    cites=("RFC 5321 §5.1", "RFC 7505"),
    tags=(
        MX_GOOD,
        MX_NULL,
        MX_NULL_NOT_ALONE,
        MX_IMPLICIT,
        MX_MISSING,
        MX_ADDRESS_MISSING,
        MX_ALIAS,
        MX_NOT_A_NAME,
        MX_NOT_PUBLIC,
        MX_UNKNOWN,
    ),
    run=mx,
)
