"""What the steps for a domain are made of: an owner, what to do, and records to publish as a zone file has them."""

from collections.abc import Callable

from truehelo.advice.owner import DNS_ZONE
from truehelo.domains import DomainView
from truehelo.facts.text import visible
from truehelo.findings import Finding, Step
from truehelo.records.txt import quoted

TTL = 3600
Advice = Callable[[DomainView, Finding], Step | None]
"""The step for one finding; None where there is nothing exact to say."""


def txt(name: str, text: str) -> str:
    """Return a TXT record to publish."""
    return f"{name}. {TTL} IN TXT {quoted(text)}"


def step(
    view: DomainView, finding: Finding, what: str, *records: str, who: str = "", leave: str = "", verify: str = ""
) -> Step:
    """Return the step that ends a finding: the owner of the domain's zone publishes `records`.

    `who`, `leave` and `verify` are given where they are other than usual.
    """
    return Step(
        step=0,
        owner=DNS_ZONE,
        who=who or f"the owner of the zone {view.facts.apex}",
        what=what,
        records=tuple(visible(record) for record in records),
        verify=verify or f"truehelo domain {view.name}",
        leave=leave,
        resolves=(finding.tag.name,),
    )
