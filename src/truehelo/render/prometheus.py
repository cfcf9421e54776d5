"""Prometheus text exposition (0.0.4), for the textfile collector of node_exporter.

Labels hold addresses, tags and fixed words only: no text from the network can make a new series.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from truehelo import __version__
from truehelo.findings import Audit, Result, Verdict
from truehelo.reception import Reception
from truehelo.render.blocklists import asked
from truehelo.render.look import Look

IPREV = (Result.PASS, Result.FAIL, Result.TEMPERROR, Result.PERMERROR)
Sample = tuple[Mapping[str, str], float]


def render(audit: Audit, look: Look) -> str:  # noqa: ARG001  (a renderer's shape)
    """Return the audit as metrics."""
    end = audit.started.timestamp() + audit.elapsed_s
    lines = family("truehelo_build_info", "The program that made these metrics.", [({"version": __version__}, 1)])
    lines += family("truehelo_last_check_timestamp_seconds", "When the check ended.", [({}, end)])
    lines += family("truehelo_check_duration_seconds", "How long the check took.", [({}, audit.elapsed_s)])
    lines += family("truehelo_check_interrupted", "1 if the check was interrupted.", [({}, float(audit.interrupted))])
    counts = [({"verdict": str(verdict)}, float(count)) for verdict, count in audit.counts().items()]
    lines += family("truehelo_subjects", "Addresses by verdict.", counts)
    unresolved = Counter("undetermined" if each.undetermined else "none" for each in audit.unresolved)
    targets = [({"reason": reason}, float(unresolved[reason])) for reason in ("none", "undetermined")]
    lines += family(
        "truehelo_unresolved_targets", "Targets without an address: there is none, or it could not be looked up.", targets
    )
    lines += family("truehelo_subject_verdict", "1 for the verdict that an address has.", _verdicts(audit))
    lines += family("truehelo_subject_iprev", "1 for the iprev result that an address has (RFC 8601).", _iprev(audit))
    lines += family("truehelo_finding", "How often a tag was found at an address.", _findings(audit))
    lines += family("truehelo_receivers", "How many of the receivers asked do what with mail of an address.", _minds(audit))
    if any(subject.facts.blocklists for subject in audit.subjects):
        lines += family("truehelo_blocklist", "1 for what a blocklist says of an address.", _lists(audit))
    return "\n".join(lines) + "\n"


def _lists(audit: Audit) -> Iterable[Sample]:
    for subject in audit.subjects:
        for each in asked(subject):
            yield {"ip": str(subject.facts.ip), "list": each.list, "state": str(each.state)}, 1.0


def _minds(audit: Audit) -> Iterable[Sample]:
    for subject in audit.subjects:
        counts = Counter(opinion.judgement.verdict for opinion in subject.receivers)
        for verdict in Reception if subject.receivers else ():
            yield {"ip": str(subject.facts.ip), "verdict": str(verdict)}, float(counts[verdict])


def _verdicts(audit: Audit) -> Iterable[Sample]:
    for subject in audit.subjects:
        for verdict in Verdict:
            yield {"ip": str(subject.facts.ip), "verdict": str(verdict)}, float(subject.verdict is verdict)


def _iprev(audit: Audit) -> Iterable[Sample]:
    for subject in audit.subjects:
        found = subject.identity.iprev
        for result in IPREV:
            yield {"ip": str(subject.facts.ip), "result": str(result)}, float(found is result)


def _findings(audit: Audit) -> Iterable[Sample]:
    for subject in audit.subjects:
        counts = Counter((f.tag.name, str(f.severity)) for f in subject.findings)
        for (tag, severity), count in counts.items():
            yield {"ip": str(subject.facts.ip), "tag": tag, "severity": severity}, float(count)


def family(name: str, text: str, samples: Iterable[Sample]) -> list[str]:
    """Return a metric, a gauge, with its samples."""
    lines = [f"# HELP {name} {text}", f"# TYPE {name} gauge"]
    for labels, value in samples:
        inner = ",".join(f'{key}="{_escape(label)}"' for key, label in labels.items())
        lines.append(f"{name}{{{inner}}} {_number(value)}" if inner else f"{name} {_number(value)}")
    return lines


def _escape(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:.3f}"
