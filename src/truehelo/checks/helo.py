"""The HELO that the server sends: its form, and whether it is a PTR name (RFC 5321 §4.1.1.1, §4.1.3, §4.1.4).

The HELO is declared by the operator or learned from real traffic, never read off the greeting. RFC 5321 §4.1.4 lets a
server verify it, and does not let it refuse for a mismatch alone; filters score it all the same. Does not decide
whether the name leads back to the address (`helo_forward`).
"""

from collections.abc import Iterator

from truehelo.checks._words import listed
from truehelo.facts.address import judgeable
from truehelo.facts.names import NameForm
from truehelo.findings import Check, Finding, Result, Severity, Tag
from truehelo.identity import Identity, Stated, StatedBy

HELO_MATCHES = Tag(
    name="HELO_MATCHES",
    severity=Severity.OK,
    message="the HELO {name} is a PTR name of {ip}",
    cites=("RFC 5321 §4.1.1.1",),
)
HELO_DIFFERS = Tag(
    name="HELO_DIFFERS",
    severity=Severity.WARNING,
    message="the HELO {name} is not a PTR name of {ip} ({names})",
    cites=("RFC 5321 §4.1.1.1", "RFC 5321 §4.1.4"),
)
HELO_NOT_FQDN = Tag(
    name="HELO_NOT_FQDN",
    severity=Severity.ERROR,
    message="the HELO {name} is a single word, not a full name",
    cites=("RFC 5321 §2.3.5", "RFC 5321 §4.1.1.1"),
)
HELO_LITERAL = Tag(
    name="HELO_LITERAL",
    severity=Severity.WARNING,
    message="the HELO {name} is an address literal instead of a name",
    cites=("RFC 5321 §4.1.3", "RFC 5321 §4.1.4"),
)
HELO_LITERAL_WRONG = Tag(
    name="HELO_LITERAL_WRONG",
    severity=Severity.ERROR,
    message="the HELO {name} is the literal of another address than {ip}",
    cites=("RFC 5321 §4.1.3",),
)
HELO_INVALID = Tag(
    name="HELO_INVALID",
    severity=Severity.ERROR,
    message="the HELO {name} is neither a host name nor an address literal: it {fault}",
    cites=("RFC 5321 §4.1.1.1", "RFC 5321 §4.1.3"),
)
HELO_NOT_OBSERVED = Tag(
    name="HELO_NOT_OBSERVED",
    severity=Severity.NOTE,
    message="the HELO that {ip} sends is not known: it cannot be seen from outside, and none was declared",
    cites=("RFC 5321 §4.1.1.1",),
)


def helo(identity: Identity) -> Iterator[Finding]:
    """Judge the form of the HELO and hold it against the PTR names."""
    if not judgeable(identity.facts.ip):
        return
    stated = identity.stated_by(StatedBy.HELO)
    if not stated:
        yield Finding(tag=HELO_NOT_OBSERVED, result=Result.NONE, args={"ip": str(identity.facts.ip)})
    for each in stated:
        yield from _judge(identity, each)


def _judge(identity: Identity, stated: Stated) -> Iterator[Finding]:
    ip = identity.facts.ip
    # As declared, since for a malformed HELO the exact characters are what matters.
    raw = identity.facts.helo or '""'
    args = {"ip": str(ip), "name": raw, "fault": stated.form.fault or ""}
    form = stated.form.form
    if form is NameForm.LITERAL:
        right = stated.form.address == ip
        tag, result = (HELO_LITERAL, Result.POLICY) if right else (HELO_LITERAL_WRONG, Result.FAIL)
        yield Finding(tag=tag, result=result, args=args)
    elif form is NameForm.INVALID:
        yield Finding(tag=HELO_INVALID, result=Result.FAIL, args=args)
    elif form is NameForm.SINGLE_LABEL:
        yield Finding(tag=HELO_NOT_FQDN, result=Result.FAIL, args=args)
    elif identity.ptr_names and identity.facts.ptr is not None:
        args |= {"names": listed(identity.ptr_names)}
        tag, result = (HELO_MATCHES, Result.PASS) if stated.in_ptr else (HELO_DIFFERS, Result.POLICY)
        yield Finding(tag=tag, result=result, args=args, evidence=(identity.facts.ptr.key,))


CHECK = Check(
    id="helo",
    title="The HELO that the server sends is a full name, and a PTR name",
    cites=("RFC 5321 §4.1.1.1", "RFC 5321 §4.1.3"),
    tags=(HELO_MATCHES, HELO_DIFFERS, HELO_NOT_FQDN, HELO_LITERAL, HELO_LITERAL_WRONG, HELO_INVALID, HELO_NOT_OBSERVED),
    run=helo,
)
