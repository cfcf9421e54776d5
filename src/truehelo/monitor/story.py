"""What is told of an incident beside its members: who serves the record, who minds, the fix, how long caches hold it.

Worked out once, from the look that confirmed it, and kept with the incident.
"""

from collections.abc import Mapping
from typing import Any

from truehelo.drift.cause import longest_cached, what_of
from truehelo.engine.judge import Judging, judge
from truehelo.facts.address import Address
from truehelo.facts.subject import SubjectFacts
from truehelo.findings import Finding, Step
from truehelo.monitor.policy import moment
from truehelo.render.receivers import minding, reason

MAX_RECEIVERS = 15
MAX_LINES = 40


def story(facts: SubjectFacts, finding: Finding | None, judging: Judging, *, at: float, old_ttl: int) -> dict[str, Any]:
    """Return what is kept with an incident, ready for JSON."""
    judged = judge(facts, judging)
    view = facts.reverse_zone
    served = [f"{server.name} ({', '.join(server.addresses)})" for server in view.servers] if view is not None else []
    tag = "" if finding is None else finding.tag.name
    about_dns = what_of(tag) in ("ptr", "forward")
    ttl = max(old_ttl, _new_ttl(facts, tag)) if about_dns else 0
    return {
        "message": "" if finding is None else finding.message,
        "served_by": served if about_dns else [],
        "zone": (view.apex or "") if view is not None and about_dns else "",
        "caches_until": moment(at + ttl).isoformat() if ttl else "",
        "receivers": [
            f"{each.receiver}: {each.judgement.verdict.replace('_', ' ')}, {reason(each.judgement)}"
            for each in minding(judged)[:MAX_RECEIVERS]
        ],
        "fix": [line for step in judged.advice for line in _lines(step)][:MAX_LINES],
        "verdict": str(judged.verdict),
    }


def _new_ttl(facts: SubjectFacts, tag: str) -> int:
    if what_of(tag) == "ptr" and facts.ptr is not None:
        return longest_cached([facts.ptr])
    return longest_cached([found for name in facts.ptr_names if (found := facts.forward(name)) is not None])


def _lines(step: Step) -> list[str]:
    lines = [f"{step.step}. {step.what}" + (f" (who: {step.who})" if step.who else "")]
    lines += [f"    {record}" for record in step.records]
    lines += [f"    $ {command}" for command in step.commands]
    if step.ask:
        lines.append(f"    Ask: {step.ask}")
    if step.verify:
        lines.append(f"    Verify: {step.verify}")
    return lines


def ttl_of(facts: SubjectFacts) -> Mapping[str, int]:
    """Return the TTL of what was seen, by what it is about."""
    ptr = longest_cached([facts.ptr]) if facts.ptr is not None else 0
    forward = longest_cached([found for name in facts.ptr_names if (found := facts.forward(name)) is not None])
    return {"ptr": ptr, "forward": forward}


def evidence(facts: SubjectFacts, at: float) -> bytes:
    """Return the evidence of a look, compressed, as `truehelo replay` reads it."""
    import zlib

    from truehelo.engine.saved import dump
    from truehelo.findings import Audit

    ip: Address = facts.ip
    judged = judge(facts, Judging(receivers=()))
    servers = tuple(dict.fromkeys(x.server for lookup in facts.lookups for x in lookup.exchanges))
    audit = Audit(asked=(str(ip),), started=moment(at), elapsed_s=0.0, resolvers=servers, subjects=(judged,))
    return zlib.compress(dump(audit), 6)
