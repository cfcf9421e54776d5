"""JSON: one document that holds the whole audit ("truehelo/audit/1"), or one subject a line.

The schema ships beside this file (schema/audit-1.json). The output is ASCII, so that nothing that the network sent
reaches a terminal as it is; a reader gets the very characters back (RFC 8259 §7).
"""

import json
from datetime import UTC, datetime
from typing import Any

import msgspec

from truehelo import __version__
from truehelo.facts.subject import SubjectFacts
from truehelo.findings import Audit, Finding, Guidance, Step, SubjectAudit, WhatIf
from truehelo.identity import Identity, StatedBy
from truehelo.reception import Judgement, Opinion
from truehelo.render import blocklists
from truehelo.render.evidence import all_lookups
from truehelo.render.look import Look
from truehelo.render.what_if import difference

SCHEMA = "truehelo/audit/1"

Json = dict[str, Any]


def render(audit: Audit, look: Look) -> str:  # noqa: ARG001  (a renderer's shape; JSON looks the same everywhere)
    """Return the audit as one document."""
    return dumps(document(audit), indent=2)


def render_lines(audit: Audit, look: Look) -> str:  # noqa: ARG001
    """Return one line a subject."""
    return "".join(dumps(subject_document(subject)) for subject in audit.subjects)


def dumps(value: object, indent: int | None = None) -> str:
    """Return JSON in printable ASCII, with a line break at the end."""
    return json.dumps(value, indent=indent).replace("\x7f", "\\u007f") + "\n"


def timestamp(at: datetime) -> str:
    """Return a time as ISO 8601 in UTC (RFC 3339)."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def document(audit: Audit) -> Json:
    """Return the audit as plain dicts and lists."""
    return {
        "schema": SCHEMA,
        "tool": {"name": "truehelo", "version": __version__},
        "asked": list(audit.asked),
        "started": timestamp(audit.started),
        "elapsed_s": round(audit.elapsed_s, 3),
        "interrupted": audit.interrupted,
        "resolvers": list(audit.resolvers),
        "subjects": [subject_document(subject) for subject in audit.subjects],
        "unresolved": [
            {"asked": each.asked, "undetermined": each.undetermined, "detail": each.detail} for each in audit.unresolved
        ],
        "notes": list(audit.notes),
        "summary": {str(verdict): count for verdict, count in audit.counts().items()},
    }


def subject_document(subject: SubjectAudit) -> Json:
    """Return one address, judged."""
    facts = subject.facts
    return {
        "ip": str(facts.ip),
        "expected_name": facts.expected_name,
        "sources": list(dict.fromkeys(source.kind for source in facts.sources)),
        "origins": [{"kind": each.kind, "asked": each.asked, "detail": each.detail} for each in facts.sources],
        "verdict": str(subject.verdict),
        "iprev": str(subject.identity.iprev),
        "names": names(subject.identity),
        "findings": [finding_document(finding) for finding in subject.findings],
        "receivers": [_opinion(opinion) for opinion in subject.receivers],
        "advice": [step_document(step) for step in subject.advice],
        **({"blocklists": blocklists.document(subject)} if facts.blocklists else {}),
        **({"what_if": _what_if(subject, subject.what_if)} if subject.what_if is not None else {}),
        "evidence": evidence(subject),
    }


def _opinion(opinion: Opinion) -> Json:
    return {
        "receiver": opinion.receiver,
        "title": opinion.title,
        "kind": opinion.kind,
        **_judgement(opinion.judgement),
        "depends": opinion.judgement.depends,
        "outcomes": [_judgement(each) for each in opinion.judgement.possible()] if opinion.judgement.outcomes else [],
        "waits_for": list(opinion.judgement.waits_for),
    }


def _judgement(judgement: Judgement) -> Json:
    return {
        "verdict": str(judgement.verdict),
        "rule": judgement.rule.id,
        "words": judgement.rule.words,
        "reply": judgement.reply,
        "grade": str(judgement.rule.grade),
        "source": judgement.rule.source,
        "seen": judgement.rule.seen,
        "score": judgement.score,
        "symbols": [{"name": symbol.name, "points": symbol.points} for symbol in judgement.symbols],
    }


def _what_if(subject: SubjectAudit, imagined: WhatIf) -> Json:
    after = imagined.after
    found = difference(subject, after)
    return {
        "changes": list(imagined.changes),
        "idle": list(imagined.idle),
        "verdict": str(after.verdict),
        "iprev": str(after.identity.iprev),
        "names": names(after.identity),
        "gone": [finding.tag.name for finding in found.gone],
        "new": [finding_document(finding) for finding in found.new],
        "minds": [
            {"receiver": opinion.receiver, "before": str(was.verdict), "after": str(will.verdict), "reply": will.reply}
            for opinion, was, will in found.minds
        ],
        "receivers": [_opinion(opinion) for opinion in after.receivers],
    }


def names(identity: Identity) -> Json:
    """Return every name of a subject by what it is."""
    return {
        "ptr": list(identity.ptr_names),
        "confirmed": list(identity.confirmed_names),
        "greeting": _first(identity, StatedBy.GREETING),
        "ehlo_reply": _first(identity, StatedBy.EHLO_REPLY),
        "helo": _helo(identity.facts),
    }


def _first(identity: Identity, by: StatedBy) -> str | None:
    return next((stated.text for stated in identity.stated_by(by)), None)


def _helo(facts: SubjectFacts) -> Json | None:
    return None if facts.helo is None else {"name": facts.helo, "source": facts.helo_source}


def finding_document(finding: Finding) -> Json:
    """Return a finding as plain dicts and lists."""
    return {
        "tag": finding.tag.name,
        "result": str(finding.result),
        "severity": str(finding.severity),
        "undetermined": finding.tag.undetermined,
        "message": finding.message,
        "cites": list(finding.tag.cites),
        "evidence": list(finding.evidence),
    }


def step_document(step: Step) -> Json:
    """Return a step of advice as plain dicts and lists."""
    return {
        "step": step.step,
        "owner": step.owner,
        "who": step.who,
        "what": step.what,
        "records": list(step.records),
        "commands": list(step.commands),
        "guidance": [_guidance(found) for found in step.guidance],
        "hint": step.hint,
        "ask": step.ask,
        "leave": step.leave,
        "verify": step.verify,
        "resolves": list(step.resolves),
    }


def _guidance(found: Guidance) -> Json:
    return {
        "guide": found.guide,
        "name": found.name,
        "sureness": str(found.sureness),
        "why": found.why,
        "take": found.take,
        "self_service": found.self_service,
        "ways": [
            {
                "kind": way.kind,
                "where": way.where,
                "commands": list(way.commands),
                "lines": list(way.lines),
                "note": way.note,
            }
            for way in found.ways
        ],
        "then": list(found.then),
        "notes": list(found.notes),
        "details": list(found.details),
    }


def evidence(subject: SubjectAudit) -> Json:
    """Return every fact of a subject by its key: all that a finding may point at."""
    facts = subject.facts
    found: Json = {}
    for lookup in all_lookups(subject):
        found[lookup.key] = {"kind": "dns", "outcome": str(lookup.outcome), **plain(lookup)}
    for session in facts.sessions:
        found[session.key] = {"kind": "smtp", **plain(session)}
    if facts.reverse_zone is not None:
        view = plain(facts.reverse_zone)
        view["lookups"] = [lookup.key for lookup in facts.reverse_zone.lookups]  # each stands in the evidence itself
        found[facts.reverse_zone.key] = {"kind": "zone", **view}
    if facts.holder is not None:
        found[facts.holder.key] = {"kind": "rdap", **plain(facts.holder)}
    return found


def plain(fact: object) -> Json:
    """Return a fact as plain dicts and lists."""
    built: Json = msgspec.to_builtins(fact)
    return built
