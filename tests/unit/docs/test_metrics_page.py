"""The page of the metrics names each that there is, with its kind and its labels, and no other."""

import re
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families as read_text

from support.ports import FrozenClock
from truehelo.findings import Severity
from truehelo.service.health import STATES, Health, Part
from truehelo.service.metrics import snapshot, write

DOCS = Path(__file__).parents[3] / "docs"
ROW = re.compile(r"^\| `(truehelo_\w+)` \| (\w+) \|([^|]*)\|", re.MULTILINE)


def filled() -> Health:
    health = Health(FrozenClock())
    health.checked(1.0, 1.0, "match")
    health.queried("192.0.2.53", "answer")
    health.delivered("ops", "sent", ok=True)
    health.trouble(Part.DISK, "full", severity=Severity.ERROR)
    health.gauges.states = health.gauges.incidents = health.gauges.listings = {"x": 1}
    health.gauges.findings = {("PTR_MISSING", "error"): 1}
    health.targets.states["a", "b"] = "ok"
    health.targets.findings["a", "b"] = {"PTR_MISSING": "error"}
    health.targets.listed["b"] = ("zen",)
    return health


def test_the_page_lists_what_there_is() -> None:
    page = (DOCS / "reference/metrics.md").read_text(encoding="utf-8")
    said = {match[1]: (match[2], set(re.findall(r"`(\w+)`", match[3]))) for match in ROW.finditer(page)}
    there = {}
    for family in read_text(write(snapshot(filled(), per_target=True))[0].decode()):
        if family.name.startswith("process_"):
            continue
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        name = f"{family.name}_total" if family.type == "counter" else family.name
        there[name] = ("info" if family.name.endswith("_info") else family.type, labels)
    assert said == there
    assert all(state in page for state in STATES)
    assert all(part in page for part in Part)
