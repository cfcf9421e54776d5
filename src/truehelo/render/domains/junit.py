"""JUnit XML for CI: a test suite for each domain, a test case for each finding. A missing fact is `skipped`."""

import xml.etree.ElementTree as ET
from datetime import UTC

from truehelo.domains import DomainRun
from truehelo.render.junit import add_suite, finding_cases, finished
from truehelo.render.look import Look


def render(run: DomainRun, look: Look) -> str:
    """Return the run as a JUnit document."""
    root = ET.Element("testsuites", name="truehelo", time=f"{run.elapsed_s:.3f}")
    stamp = run.started.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    for domain in run.domains:
        add_suite(root, domain.facts.name, stamp, finding_cases(domain.findings, look))
    return finished(root)
