"""What `/metrics` says, read by the parsers of prometheus_client, in both formats."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from support.ports import FrozenClock
from truehelo import __version__
from truehelo.findings import Severity
from truehelo.service.health import STATES, Health, Part
from truehelo.service.metrics import snapshot, write

OPENMETRICS = "application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5"
BOTH = pytest.mark.parametrize(("accept", "read"), [("", read_text), (OPENMETRICS, read_openmetrics)], ids=["text", "open"])


def filled() -> Health:
    health = Health(FrozenClock())
    health.opened()
    health.batch_done()
    health.ticked(1.5)
    for lag, took in ((0.05, 0.02), (0.3, 0.02), (400.0, 70.0)):
        health.checked(lag, took, "match")
    health.queried("192.0.2.53", "answer", 3)
    health.queried("192.0.2.53", "servfail")
    health.delivered("ops", "sent", ok=True)
    health.trouble(Part.CHANNEL, "down", name="ops", severity=Severity.WARNING)
    health.gauges.states = {"ok": 2, "failing": 1}
    health.gauges.findings = {("PTR_MISSING", "error"): 1}
    health.gauges.incidents = {"error": 1}
    health.gauges.listings = {"zen.example": 1}
    health.gauges.undetermined, health.gauges.waiting = 4, 5
    health.targets.states["mail.example.com", "192.0.2.25"] = "failing"
    health.targets.findings["mail.example.com", "192.0.2.25"] = {"PTR_MISSING": "error"}
    health.targets.listed["192.0.2.25"] = ("zen.example",)
    return health


def samples(families: list[Metric]) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    return {(s.name, frozenset(s.labels.items())): s.value for family in families for s in family.samples}


def value(held: dict[tuple[str, frozenset[tuple[str, str]]], float], name: str, **labels: str) -> float | None:
    return held.get((name, frozenset(labels.items())))


@BOTH
def test_the_parsers_find_every_count(accept: str, read: object) -> None:
    assert callable(read)
    body, content_type = write(snapshot(filled(), per_target=True), accept)
    assert content_type.startswith("application/openmetrics-text" if accept else "text/plain; version=0.0.4")
    held = samples(list(read(body.decode())))
    rows = [
        ("truehelo_build_info", {"version": __version__}, 1),
        ("truehelo_alive", {}, 1),
        ("truehelo_ready", {}, 1),
        ("truehelo_problems", {"part": "channel", "severity": "warning"}, 1),
        ("truehelo_last_check_timestamp_seconds", {}, 1795449600),
        ("truehelo_last_delivery_timestamp_seconds", {}, 1795449600),
        ("truehelo_scheduler_lag_seconds", {}, 1.5),
        ("truehelo_check_lag_seconds_bucket", {"le": "0.1"}, 1),
        ("truehelo_check_lag_seconds_bucket", {"le": "0.5"}, 2),
        ("truehelo_check_lag_seconds_bucket", {"le": "300.0"}, 2),
        ("truehelo_check_lag_seconds_bucket", {"le": "+Inf"}, 3),
        ("truehelo_check_lag_seconds_count", {}, 3),
        ("truehelo_check_duration_seconds_sum", {}, 70.04),
        ("truehelo_checks_total", {"verdict": "match"}, 3),
        ("truehelo_dns_queries_total", {"resolver": "192.0.2.53", "rcode": "answer"}, 3),
        ("truehelo_dns_queries_total", {"resolver": "192.0.2.53", "rcode": "servfail"}, 1),
        ("truehelo_deliveries_total", {"channel": "ops", "result": "sent"}, 1),
        ("truehelo_subjects", {"state": "failing"}, 1),
        ("truehelo_undetermined_subjects", {}, 4),
        ("truehelo_findings", {"tag": "PTR_MISSING", "severity": "error"}, 1),
        ("truehelo_incidents_open", {"severity": "error"}, 1),
        ("truehelo_dnsbl_listings", {"list": "zen.example"}, 1),
        ("truehelo_outbox_waiting", {}, 5),
        ("truehelo_target_state", {"target": "mail.example.com", "ip": "192.0.2.25", "state": "failing"}, 1),
        ("truehelo_target_state", {"target": "mail.example.com", "ip": "192.0.2.25", "state": "ok"}, 0),
        (
            "truehelo_check_result",
            {"target": "mail.example.com", "ip": "192.0.2.25", "tag": "PTR_MISSING", "severity": "error"},
            1,
        ),
        ("truehelo_dnsbl_listed", {"ip": "192.0.2.25", "list": "zen.example"}, 1),
    ]
    for name, labels, expected in rows:
        assert value(held, name, **labels) == pytest.approx(expected), (name, labels)
    assert value(held, "process_cpu_seconds_total") is not None


@BOTH
def test_without_per_target_no_address_is_named(accept: str, read: object) -> None:
    assert callable(read)
    body, _ = write(snapshot(filled(), per_target=False), accept)
    assert b"192.0.2.25" not in body
    assert any(family.name == "truehelo_findings" for family in read(body.decode()))


@BOTH
def test_before_the_first_check_there_is_no_time_of_it(accept: str, read: object) -> None:
    assert callable(read)
    held = samples(list(read(write(snapshot(Health(FrozenClock()), per_target=True), accept)[0].decode())))
    assert value(held, "truehelo_last_check_timestamp_seconds") is None
    assert value(held, "truehelo_ready") == 0


def test_names_are_as_prometheus_wants_them() -> None:
    families = read_text(write(snapshot(filled(), per_target=True))[0].decode())
    ours = [family for family in families if not family.name.startswith("process_")]
    assert len(ours) > 20
    for family in ours:
        assert re.fullmatch(r"truehelo_[a-z]+(_[a-z]+)*", family.name)
        assert family.documentation.endswith(".")
        assert (family.type == "counter") is any(sample.name.endswith("_total") for sample in family.samples)


def test_a_snapshot_does_not_change_with_the_health() -> None:
    health = filled()
    taken = snapshot(health, per_target=True)
    before = write(taken)[0]
    health.targets.states["another", "192.0.2.26"] = "ok"
    health.checked(0.0, 0.0)
    strip = lambda text: [line for line in text.splitlines() if not line.startswith(b"process_")]  # noqa: E731
    assert strip(write(taken)[0]) == strip(before)


@given(target=st.text(max_size=40), accept=st.sampled_from(["", OPENMETRICS]))
def test_whatever_a_target_is_called_it_comes_back_as_it_was(target: str, accept: str) -> None:
    target = target.encode("utf-8", "replace").decode()
    health = Health(FrozenClock())
    health.targets.states[target, "192.0.2.1"] = "suspect"
    text = write(snapshot(health, per_target=True), accept)[0].decode()
    family = next(f for f in (read_openmetrics if accept else read_text)(text) if f.name == "truehelo_target_state")
    assert {sample.labels["target"] for sample in family.samples} == {target}
    assert [sample.labels["state"] for sample in family.samples if sample.value == 1] == ["suspect"]
    assert len(family.samples) == len(STATES)
