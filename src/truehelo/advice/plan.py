"""From findings to steps: forward record first, then the PTR, then the mail server, and only those that must move.

The forward record comes first because most providers check it before they accept a PTR. What could not be looked up comes
before them all, since a change of names on half the facts may change the side that is right. Steps that are not about
agreement (the other family, SPF, blocklists) follow.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from truehelo.advice.blocklists import listed_step
from truehelo.advice.choose import own_ptr_names, right_name, undecided
from truehelo.advice.guides import Guides, guided
from truehelo.advice.names import Move, forward_step, mail_server_step, malformed
from truehelo.advice.others import egress_step, family_step, not_smtp_step, unanswered_step, unseen_step
from truehelo.advice.reverse import ptr_step, servers_step
from truehelo.advice.spf import broken_step, omits_step
from truehelo.findings import Finding, Severity, Step, Verdict
from truehelo.identity import Forward, Identity


def advise(
    identity: Identity, findings: tuple[Finding, ...], reached: Verdict, guides: Guides | None = None
) -> tuple[Step, ...]:
    """Return the steps that make the names agree, numbered from 1; none when nothing needs to change.

    `guides` add to them how they are taken at this provider or with this mail server.
    """
    steps = tuple(_steps(identity, findings, reached))
    if guides is not None:
        steps = guided(identity, steps, guides)
    return tuple(replace(step, step=number) for number, step in enumerate(steps, start=1))


def _steps(identity: Identity, findings: tuple[Finding, ...], reached: Verdict) -> Iterator[Step]:
    tags = frozenset(finding.tag.name for finding in findings)
    if "ADDRESS_NOT_PUBLIC" in tags:
        yield egress_step(identity)
        return
    wanted = reached in (Verdict.MISMATCH, Verdict.DIFFERS) or _names_complain(findings)
    move = Move(identity=identity, name=right_name(identity), tags=tags)
    unseen = not identity.stated and identity.facts.smtp_asked and "NOT_SMTP" not in tags
    if unseen and move.name is None:
        # The name that the server states is the one to choose.
        yield unseen_step(identity, tags)
    agreeing = list(_agreement(move)) if wanted else []
    if "PTR_UNKNOWN" in tags or ("PTR_SERVERS_DISAGREE" in tags and not any(_resolves_ptr(step) for step in agreeing)):
        yield servers_step(identity, tags)
    unanswered = _unanswered(move, agreeing=bool(agreeing))
    if unanswered:
        yield unanswered_step(identity, unanswered, tags)
    yield from agreeing
    yield from _others(identity, findings)
    if unseen and move.name is not None:
        yield unseen_step(identity, tags)


def _resolves_ptr(step: Step) -> bool:
    return "PTR_SERVERS_DISAGREE" in step.resolves


def _names_complain(findings: Iterable[Finding]) -> bool:
    """A finding about names weighs enough for a change although the verdict is good (a generic PTR that matches)."""
    about = ("PTR_", "IPREV_", "GREETING_", "EHLO_", "HELO_")
    minded = (Severity.ERROR, Severity.WARNING)
    return any(
        f.tag.name.startswith(about)
        and f.severity in minded
        and f.tag.name not in ("PTR_SERVERS_DISAGREE", "HELO_SPF_MISSING")
        for f in findings
    )


def _agreement(move: Move) -> Iterator[Step]:
    steps = (
        (mail_server_step(move, malformed(move.identity)),)
        if undecided(move.identity)
        else (forward_step(move), ptr_step(move), mail_server_step(move, move.wrong_stated))
    )
    yield from (step for step in steps if step is not None)


def _unanswered(move: Move, *, agreeing: bool) -> list[str]:
    """The names that could not be looked up and still matter: not those that the server is to give up anyway."""
    identity = move.identity
    given_up = {stated.text for stated in move.wrong_stated} if agreeing and not undecided(identity) else set()
    stated = [each.text for each in identity.stated if each.forward is Forward.UNKNOWN]
    ptr = [name for name in own_ptr_names(identity) if identity.forwards[name] is Forward.UNKNOWN]
    if identity.confirmed_names and not undecided(identity):
        ptr = [name for name in ptr if name == move.name]
    return [name for name in dict.fromkeys(ptr + stated) if name not in given_up]


def _others(identity: Identity, findings: tuple[Finding, ...]) -> Iterator[Step]:
    failing = [finding for finding in findings if finding.tag.name == "FAMILY_ASYMMETRY"]
    if failing:
        yield family_step(identity, failing)
    for finding in findings:
        if finding.tag.name == "SPF_OMITS_HOST" and finding.severity is not Severity.NOTE:
            yield omits_step(identity, finding)
        elif finding.tag.name == "SPF_BROKEN":
            yield broken_step(identity, finding)
        elif finding.tag.name == "NOT_SMTP":
            yield not_smtp_step(identity, finding)
    listings = [finding for finding in findings if finding.tag.name == "DNSBL_LISTED"]
    if listings:
        yield listed_step(identity, listings)
