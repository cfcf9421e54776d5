"""Prometheus text exposition (0.0.4), for the textfile collector of node_exporter.

Labels hold the domains that were asked about, tags and fixed words only: no text from the network can make a new series.
"""

from collections import Counter
from collections.abc import Iterable

from truehelo import __version__
from truehelo.domains import DomainRun, DomainView, State
from truehelo.render.look import Look
from truehelo.render.prometheus import Sample, family


def render(run: DomainRun, look: Look) -> str:  # noqa: ARG001  (a renderer's shape)
    """Return the run as metrics."""
    end = run.started.timestamp() + run.elapsed_s
    lines = family("truehelo_build_info", "The program that made these metrics.", [({"version": __version__}, 1)])
    lines += family("truehelo_domain_last_check_timestamp_seconds", "When the look at the domains ended.", [({}, end)])
    lines += family("truehelo_domain_check_duration_seconds", "How long the look took.", [({}, run.elapsed_s)])
    lines += family("truehelo_domain_check_interrupted", "1 if it was interrupted.", [({}, float(run.interrupted))])
    counts = [({"state": str(state)}, float(count)) for state, count in run.counts().items()]
    lines += family("truehelo_domains", "Domains by state.", counts)
    lines += family("truehelo_domain_state", "1 for the state that a domain has.", _states(run))
    lines += family("truehelo_domain_finding", "How often a tag was found at a domain.", _findings(run))
    lines += family("truehelo_domain_spf_lookups", "Lookups that the SPF record needs (10 are allowed).", _lookups(run))
    return "\n".join(lines) + "\n"


def _states(run: DomainRun) -> Iterable[Sample]:
    for domain in run.domains:
        for state in State:
            yield {"domain": domain.facts.name, "state": str(state)}, float(domain.state is state)


def _findings(run: DomainRun) -> Iterable[Sample]:
    for domain in run.domains:
        counts = Counter((f.tag.name, str(f.severity)) for f in domain.findings)
        for (tag, severity), count in counts.items():
            yield {"domain": domain.facts.name, "tag": tag, "severity": severity}, float(count)


def _lookups(run: DomainRun) -> Iterable[Sample]:
    for domain in run.domains:
        survey = DomainView(domain.facts).spf
        if survey.text is not None and not survey.failed:
            yield {"domain": domain.facts.name}, float(survey.lookups)
