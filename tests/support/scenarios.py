"""The scenario files of tests/scenarios, and what follows from one: facts, identity, exit code."""

import tomllib
from pathlib import Path
from typing import Any

from support.world import World
from truehelo.facts.subject import SubjectFacts
from truehelo.findings import Finding, Severity, Verdict
from truehelo.identity import Identity

FOLDER = Path(__file__).parent.parent / "scenarios"
KEYS = frozenset(
    {"name", "ip", "zone", "fail", "smtp", "helo", "expected", "spf", "sources", "authority", "dnsbl"}
    | {"expect", "forbid", "message", "verdict", "exit"}
)

Scenario = dict[str, Any]


def load() -> list[Scenario]:
    """Return every scenario of every file."""
    return [table for path in sorted(FOLDER.glob("*.toml")) for table in tomllib.loads(path.read_text("utf-8"))["scenario"]]


def world(scenario: Scenario) -> World:
    """Return the world of a scenario; the scripts of its address are in `World.smtp` too."""
    smtp = scenario.get("smtp")
    return World(
        scenario.get("zone", ""),
        fail=scenario.get("fail"),
        authority=scenario.get("authority"),
        smtp=None if smtp is None else {scenario["ip"]: {int(port): script for port, script in smtp.items()}},
    )


def facts(scenario: Scenario) -> SubjectFacts:
    """Return what a full audit would see."""
    return world(scenario).facts(
        scenario["ip"],
        helo=scenario.get("helo"),
        expect=scenario.get("expected"),
        spf=scenario.get("spf", ()),
        sources=scenario.get("sources", ("argument",)),
        dnsbl=scenario.get("dnsbl", ()),
    )


def identity(scenario: Scenario) -> Identity:
    """Return the relations that follow from the facts."""
    return Identity(facts(scenario))


def exit_code(findings: tuple[Finding, ...], reached: Verdict) -> int:
    """Return 1 for a finding at warning or above, else 3 for an undetermined verdict, else 0."""
    if any(finding.severity.rank <= Severity.WARNING.rank for finding in findings):
        return 1
    return 3 if reached is Verdict.UNDETERMINED else 0
