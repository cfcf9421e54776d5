"""The PTR names themselves: how many there are, whether they are host names, and how they are reached.

RFC 8601 §3 (the limit of ten), RFC 1123 §2.1 (host names), RFC 2181 §10.2 (several PTRs), RFC 2317 (classless
delegation). Does not decide whether they lead back to the address (`iprev`), nor whether they look generated
(`ptr_generic`).
"""

from collections.abc import Iterator

from truehelo.checks._words import listed
from truehelo.facts.dns import Lookup
from truehelo.facts.names import canonical, name_fault
from truehelo.findings import Check, Finding, Result, Severity, Tag
from truehelo.identity import JUDGED_NAMES, Forward, Identity, addresses

PTR_MULTIPLE = Tag(
    name="PTR_MULTIPLE",
    severity=Severity.NOTE,
    message="{ip} has {count} PTR names, of which some receivers look at one alone: {names}",
    cites=("RFC 2181 §10.2", "RFC 8601 §3"),
)
PTR_TOO_MANY = Tag(
    name="PTR_TOO_MANY",
    severity=Severity.WARNING,
    message="{ip} has {count} PTR names, and only the first {limit} of the answer are judged",
    cites=("RFC 8601 §3",),
)
PTR_PARTLY_CONFIRMED = Tag(
    name="PTR_PARTLY_CONFIRMED",
    severity=Severity.WARNING,
    message="of the PTR names of {ip}, {confirmed} leads back to it and {names} does not",
    cites=("RFC 8601 §3",),
)
PTR_NOT_FQDN = Tag(
    name="PTR_NOT_FQDN",
    severity=Severity.ERROR,
    message="the PTR name {name} of {ip} is a single word, not a full name",
    cites=("RFC 1912 §2.1", "RFC 5321 §2.3.5"),
)
PTR_INVALID_NAME = Tag(
    name="PTR_INVALID_NAME",
    severity=Severity.ERROR,
    message="the PTR name {name} of {ip} is no host name: it {fault}",
    cites=("RFC 1123 §2.1", "RFC 952"),
)
PTR_UNEXPECTED = Tag(
    name="PTR_UNEXPECTED",
    severity=Severity.ERROR,
    message="{expected} is expected, but the PTR of {ip} says {names}",
    cites=("RFC 1912 §2.1",),
)
PTR_CLASSLESS = Tag(
    name="PTR_CLASSLESS",
    severity=Severity.NOTE,
    message="the PTR of {ip} stands at {owner}, reached through an alias (classless delegation)",
    cites=("RFC 2317 §4",),
)
PTR_TARGET_ALIAS = Tag(
    name="PTR_TARGET_ALIAS",
    severity=Severity.NOTE,
    message="the PTR name {name} is an alias (CNAME) of {target}",
    cites=("RFC 1912 §2.4", "RFC 2181 §10.2"),
)
NAME_SHARED = Tag(
    name="NAME_SHARED",
    severity=Severity.NOTE,
    message="the PTR name {name} has {count} addresses: {where}",
    cites=("RFC 1912 §2.1",),
)


def ptr_names(identity: Identity) -> Iterator[Finding]:
    """Judge the PTR answer as a set of names, then each name."""
    ptr = identity.facts.ptr
    if ptr is None or ptr.outcome.is_undetermined:
        return
    if ptr.chain:
        args = {"ip": str(identity.facts.ip), "owner": ptr.owner}
        yield Finding(tag=PTR_CLASSLESS, result=Result.NEUTRAL, args=args, evidence=(ptr.key,))
    yield from _the_set(identity, ptr)
    for name in identity.judged_names:
        yield from _one_name(identity, name, ptr)


def _the_set(identity: Identity, ptr: Lookup) -> Iterator[Finding]:
    names = identity.ptr_names
    args = {"ip": str(identity.facts.ip), "count": str(len(names)), "names": listed(names), "limit": str(JUDGED_NAMES)}
    if len(names) > JUDGED_NAMES:
        yield Finding(tag=PTR_TOO_MANY, result=Result.POLICY, args=args, evidence=(ptr.key,))
    elif len(names) > 1:
        yield Finding(tag=PTR_MULTIPLE, result=Result.POLICY, args=args, evidence=(ptr.key,))
    # Names that could not be looked up are left out: they may well lead back.
    astray = [name for name, forward in identity.forwards.items() if forward in (Forward.MISSING, Forward.ELSEWHERE)]
    if identity.confirmed_names and astray:
        evidence = (ptr.key, *(found.key for name in identity.judged_names if (found := identity.facts.forward(name))))
        partly = args | {"confirmed": listed(identity.confirmed_names), "names": listed(astray)}
        yield Finding(tag=PTR_PARTLY_CONFIRMED, result=Result.POLICY, args=partly, evidence=evidence)
    expected = identity.facts.expected_name
    # Without any PTR name PTR_MISSING says all that there is to say.
    if expected is not None and names and canonical(expected) not in names:
        yield Finding(tag=PTR_UNEXPECTED, result=Result.FAIL, args=args | {"expected": expected}, evidence=(ptr.key,))


def _one_name(identity: Identity, name: str, ptr: Lookup) -> Iterator[Finding]:
    args = {"ip": str(identity.facts.ip), "name": name or "."}
    fault = name_fault(name)
    if fault is not None:
        yield Finding(tag=PTR_INVALID_NAME, result=Result.FAIL, args=args | {"fault": fault}, evidence=(ptr.key,))
    elif "." not in name:
        yield Finding(tag=PTR_NOT_FQDN, result=Result.FAIL, args=args, evidence=(ptr.key,))
    forward = identity.facts.forward(name)
    if forward is None or forward.outcome.is_undetermined:
        return
    if forward.chain:
        yield Finding(
            tag=PTR_TARGET_ALIAS,
            result=Result.POLICY,
            args=args | {"target": forward.owner},
            evidence=(ptr.key, forward.key),
        )
    where = list(dict.fromkeys(str(ip) for ip in addresses(forward)))
    if name in identity.confirmed_names and len(where) > 1:
        shared = args | {"count": str(len(where)), "where": listed(where)}
        yield Finding(tag=NAME_SHARED, result=Result.POLICY, args=shared, evidence=(ptr.key, forward.key))


CHECK = Check(
    id="ptr_names",
    title="The PTR names are few, well formed, expected and plainly reached",
    cites=("RFC 8601 §3", "RFC 1123 §2.1", "RFC 2317 §4"),
    tags=(
        PTR_MULTIPLE,
        PTR_TOO_MANY,
        PTR_PARTLY_CONFIRMED,
        PTR_NOT_FQDN,
        PTR_INVALID_NAME,
        PTR_UNEXPECTED,
        PTR_CLASSLESS,
        PTR_TARGET_ALIAS,
        NAME_SHARED,
    ),
    run=ptr_names,
)
