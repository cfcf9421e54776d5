"""From findings about a domain to steps: the exact record to publish, and where, worst findings first.

A step for each finding that has one; equal ones are one step. Nothing is advised about what could not be looked up, and no
server that forwards other people's mail is ever put into SPF.
"""

from collections.abc import Sequence
from dataclasses import replace

from truehelo.advice.domain import dkim, dmarc, spf, transport, zone
from truehelo.advice.domain._step import Advice
from truehelo.domains import DomainView
from truehelo.findings import Finding, Step

STEPS: dict[str, Advice] = {**zone.STEPS, **spf.STEPS, **dkim.STEPS, **dmarc.STEPS, **transport.STEPS}
"""The tag of a finding, and what makes a step of it."""


def advise_domain(view: DomainView, findings: Sequence[Finding]) -> tuple[Step, ...]:
    """Return the steps for a domain, numbered from 1, in the order of the findings."""
    merged: dict[tuple[str, tuple[str, ...]], Step] = {}
    for finding in findings:
        advice = STEPS.get(finding.tag.name)
        made = None if advice is None else advice(view, finding)
        if made is None:
            continue
        held = merged.get((made.what, made.records))
        if held is not None:
            made = replace(held, resolves=tuple(sorted({*held.resolves, *made.resolves})))
        merged[made.what, made.records] = made
    return tuple(replace(step, step=number) for number, step in enumerate(merged.values(), start=1))
