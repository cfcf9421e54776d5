"""The health of the watch as Prometheus and OpenMetrics text.

Labels hold addresses, names from the configuration, tags and fixed words only: no text from the network makes a new series.
A snapshot is taken on the loop's thread (`snapshot`), and written in another one (`write`). The series of single targets
are written here by hand, in the lines that both formats share: there are hundreds of thousands of them in a large fleet.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector, CollectorRegistry

from truehelo import __version__
from truehelo.service.health import STATES, Health, Histogram, Targets

_END = b"# EOF\n"
Rows = list[tuple[tuple[str, ...], float]]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was true at one moment, ready to be written by another thread."""

    families: tuple[Metric, ...]
    targets: Targets


class _Snapshot(Collector):
    def __init__(self, families: tuple[Metric, ...]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        yield from self._families


def snapshot(health: Health, *, per_target: bool) -> Snapshot:
    """Copy what is true now. To be called on the thread that fills `health` in."""
    held = health.targets if per_target else Targets()
    copied = Targets(states=dict(held.states), findings=dict(held.findings), listed=dict(held.listed))
    return Snapshot(tuple(_families(health)), copied)


def write(taken: Snapshot, accept: str = "") -> tuple[bytes, str]:
    """Return the exposition and its content type: OpenMetrics where `accept` (the header) asks for it, else text 0.0.4."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Snapshot(taken.families))
    ProcessCollector(registry=registry)
    encoder, content_type = choose_encoder(accept)
    body = encoder(registry)
    rows = "".join(_target_lines(taken.targets)).encode()
    ending = _END if body.endswith(_END) else b""
    return body.removesuffix(ending) + rows + ending, content_type


def _families(health: Health) -> Iterator[Metric]:
    now = health.gauges
    yield InfoMetricFamily("truehelo_build", "The program that made these metrics.", {"version": __version__})
    yield _gauge("truehelo_alive", "1 while the loop turns.", float(health.alive().ok))
    yield _gauge(
        "truehelo_ready",
        "1 once the store is open, its schema is current and a first batch has run.",
        float(health.ready().ok),
    )
    problems: dict[tuple[str, ...], float] = {}
    for each in health.problems:
        key = (str(each.part), str(each.severity))
        problems[key] = problems.get(key, 0) + 1
    yield _gauges("truehelo_problems", "Troubles of the watch itself.", ("part", "severity"), problems.items())
    yield _time("truehelo_start_timestamp_seconds", "When the watch was started.", health.started)
    yield _time("truehelo_last_tick_timestamp_seconds", "When the loop last turned.", health.last_tick)
    yield _time("truehelo_last_check_timestamp_seconds", "When the last check ended.", health.last_check)
    yield _time(
        "truehelo_last_delivery_timestamp_seconds", "When a message was last taken by a channel.", health.last_delivery
    )
    yield _gauge("truehelo_scheduler_lag_seconds", "How late the subject is that is due the longest.", health.lag_s)
    yield _histogram("truehelo_check_lag_seconds", "How late checks began.", health.lag)
    yield _histogram("truehelo_check_duration_seconds", "How long checks took.", health.took)
    yield _counters("truehelo_checks", "Checks by verdict.", ("verdict",), _one(health.checks))
    yield _counters(
        "truehelo_dns_queries",
        "Questions by resolver and what came of them.",
        ("resolver", "rcode"),
        list(health.queries.items()),
    )
    yield _counters(
        "truehelo_deliveries",
        "Tries to deliver by channel and result.",
        ("channel", "result"),
        list(health.deliveries.items()),
    )
    yield _gauges("truehelo_subjects", "Subjects by state.", ("state",), _one(now.states))
    yield _gauge("truehelo_undetermined_subjects", "Subjects of which nothing can be seen now.", now.undetermined)
    yield _gauges("truehelo_findings", "Subjects by tag.", ("tag", "severity"), now.findings.items())
    yield _gauges("truehelo_incidents_open", "Open incidents.", ("severity",), _one(now.incidents))
    yield _gauges("truehelo_dnsbl_listings", "Listed addresses by list.", ("list",), _one(now.listings))
    yield _gauge("truehelo_outbox_waiting", "Messages that are not delivered yet.", now.waiting)


def _target_lines(targets: Targets) -> Iterator[str]:
    if targets.states:
        yield _head("truehelo_target_state", "1 for the state that a target is in.")
        for (target, ip), state in targets.states.items():
            start = f'truehelo_target_state{{target="{_escaped(target)}",ip="{_escaped(ip)}",state="'
            yield "".join([f'{start}{word}"}} {"1" if word == state else "0"}\n' for word in STATES])
    if targets.findings:
        yield _head("truehelo_check_result", "1 for each tag that was found at a target.")
        for (target, ip), found in targets.findings.items():
            start = f'truehelo_check_result{{target="{_escaped(target)}",ip="{_escaped(ip)}",tag="'
            yield "".join([f'{start}{tag}",severity="{severity}"}} 1\n' for tag, severity in found.items()])
    if targets.listed:
        yield _head("truehelo_dnsbl_listed", "1 for each list that lists an address.")
        for ip, names in targets.listed.items():
            yield "".join([f'truehelo_dnsbl_listed{{ip="{_escaped(ip)}",list="{_escaped(name)}"}} 1\n' for name in names])


def _head(name: str, text: str) -> str:
    return f"# HELP {name} {text}\n# TYPE {name} gauge\n"


def _escaped(text: str) -> str:
    if "\\" in text or '"' in text or "\n" in text:
        return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
    return text


def _one(counts: Mapping[str, int]) -> Rows:
    return [((key,), float(count)) for key, count in counts.items()]


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)


def _time(name: str, text: str, at: datetime | None) -> Metric:
    """Return a time; one that has not come yet has no sample."""
    return GaugeMetricFamily(name, text, value=None if at is None else at.timestamp())


def _gauges(name: str, text: str, labels: tuple[str, ...], rows: Iterable[tuple[tuple[str, ...], float]]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=labels)
    for values, number in rows:
        family.add_metric(values, number)
    return family


def _counters(name: str, text: str, labels: tuple[str, ...], rows: Iterable[tuple[tuple[str, ...], float]]) -> Metric:
    family = CounterMetricFamily(name, text, labels=labels)
    for values, number in rows:
        family.add_metric(values, number)
    return family


def _histogram(name: str, text: str, held: Histogram) -> Metric:
    buckets, so_far = [], 0
    for bound, count in zip((*held.bounds, float("inf")), held.counts, strict=True):
        so_far += count
        buckets.append(("+Inf" if bound == float("inf") else str(bound), so_far))
    return HistogramMetricFamily(name, text, buckets=buckets, sum_value=held.total)
