"""The engine, run over each scenario through fakes of its ports, judges as the scenario demands.

So what `World.facts` thinks a full audit asks, and what the engine does ask, cannot drift apart.
"""

import asyncio
from datetime import UTC, datetime

import pytest

from support.scenarios import Scenario, exit_code, load, world
from support.world import FakeResolver, ScriptedSmtp
from truehelo.blocklists import subscribe
from truehelo.engine.blocklists import Blocklists
from truehelo.engine.gather import Gathering, Wishes
from truehelo.engine.judge import judge
from truehelo.engine.subjects import Subject
from truehelo.facts.address import parse_address
from truehelo.facts.subject import Source, SubjectFacts
from truehelo.findings import Verdict
from truehelo.ports import Ports

# With SPF of its own choosing: which domains are asked is the engine's rule, and told in the SPF scenarios apart.
SCENARIOS = [scenario for scenario in load() if "spf" not in scenario]


class StillClock:
    def now(self) -> datetime:
        return datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0


class NoSuffixes:
    def organisation(self, name: str) -> str | None:
        return None


def gather(scenario: Scenario) -> SubjectFacts:
    here = world(scenario)
    ip = parse_address(scenario["ip"])
    assert ip is not None
    scripts = {str(ip): script for script in here.smtp.values()}
    subject = Subject(
        ip=ip,
        sources=tuple(Source(kind=kind, asked=scenario["ip"]) for kind in scenario.get("sources", ("argument",))),
        expected=scenario.get("expected"),
    )
    resolver, clock = FakeResolver(here), StillClock()
    lists = subscribe(scenario["dnsbl"]) if "dnsbl" in scenario else ()
    gathering = Gathering(
        subject=subject,
        blocklists=Blocklists(resolver=resolver, clock=clock, lists=lists),
        wishes=Wishes(ports=tuple(int(port) for port in scenario.get("smtp", {"25": ""})), helo=scenario.get("helo")),
        ports=Ports(
            resolver=resolver,
            clock=clock,
            suffixes=NoSuffixes(),
            smtp=ScriptedSmtp(scripts) if "smtp" in scenario else None,
        ),
    )
    return asyncio.run(gathering.run())


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario["name"])
def test_the_engine_sees_what_the_scenario_says(scenario: Scenario) -> None:
    audit = judge(gather(scenario))
    # An SPF finding that weighs is not this test's matter.
    findings = tuple(finding for finding in audit.findings if "SPF" not in finding.tag.name)
    found = {finding.tag.name for finding in findings}
    said = "\n".join(f"{finding.severity} {finding.tag.name}: {finding.message}" for finding in findings)
    assert set(scenario["expect"]) <= found, said
    assert not set(scenario.get("forbid", ())) & found, said
    assert (audit.verdict, exit_code(findings, audit.verdict)) == (Verdict(scenario["verdict"]), scenario["exit"]), said
