"""A domain judged from a table of records (support.zone), for tests whose rows are single records."""

import asyncio
from collections.abc import Mapping, Sequence

from support.domains import Still
from support.world import Failing, FakeResolver, World
from truehelo.domains import DomainAudit
from truehelo.engine.domain import DomainWishes, gather
from truehelo.engine.domain_run import judge_domain
from truehelo.facts.address import Address, parse_address
from truehelo.findings import Step
from truehelo.ports import Ports
from truehelo.probes.suffixes import PublicSuffixes
from truehelo.records.spf import SpfWord, drive, evaluate


def address(text: str) -> Address:
    """Return an address that the test has written."""
    found = parse_address(text)
    assert found is not None
    return found


def judged(
    table: str,
    *,
    asked: str = "example.com",
    ips: Sequence[str] = (),
    selectors: Sequence[str] = (),
    fail: Mapping[str, Failing] | None = None,
) -> DomainAudit:
    """Return the findings and the advice about `asked` in a world; no zone's own servers and no policy host are asked."""
    ports = Ports(resolver=FakeResolver(World(table, fail=fail)), clock=Still(), suffixes=PublicSuffixes())
    wishes = DomainWishes(
        selectors=tuple(selectors), ips=tuple(map(address, ips)), fetch=False, authoritative=False, well_known=False
    )
    return judge_domain(asyncio.run(gather(asked, wishes, ports)))


def tags(audit: DomainAudit) -> set[str]:
    """Return the names of the tags that were found."""
    return {finding.tag.name for finding in audit.findings}


def step_for(audit: DomainAudit, tag: str) -> Step | None:
    """Return the step that resolves a tag, None where there is none."""
    return next((step for step in audit.advice if tag in step.resolves), None)


def spf_word(table: str, ip: str, domain: str = "example.com") -> SpfWord:
    """Return what SPF comes to for an address in a world."""
    return drive(evaluate(address(ip), domain), World(table).lookup).result


def text_of(record: str) -> str:
    """Return the text of a TXT record to publish."""
    return record.partition(" IN TXT ")[2].replace('" "', "").strip('"')


def published(table: str, record: str) -> str:
    """Return the table after a TXT record has taken the place of those at its name."""
    name = record.partition(". ")[0]
    kept = [line for line in table.splitlines() if not line.startswith(f"{name} TXT ")]
    return "\n".join([*kept, f"{name} TXT {text_of(record)}"])
