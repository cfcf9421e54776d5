"""How each subject stands, for metrics that have a series for each, on both databases."""

from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from support.ports import FrozenClock
from support.watched import Watched
from truehelo.monitor.gauges import gauge
from truehelo.service.health import Health
from truehelo.service.metrics import snapshot, write
from truehelo.store import migrate
from truehelo.store.database import Database
from truehelo.store.targets import targets

pytestmark = pytest.mark.integration


@pytest.fixture
def filled(store_url: str) -> Iterator[Watched]:
    database = Database(store_url)
    migrate.upgrade(database)
    held = Watched(database)
    held.subject("192.0.2.1", expected=["well.example", "other.example"])
    failing = held.subject("192.0.2.2", expected=["bad.example"], worst="failing")
    held.state(failing, "PTR_MISSING", "failing", 600.0)
    held.state(failing, "GREETING_DIFFERS", "suspect", 600.0, "warning")
    held.incident("PTR_MISSING", 600.0, members=[failing])
    taken = held.subject("192.0.2.3", worst="failing")
    held.state(taken, "SPF_BROKEN", "recovering", 600.0, "warning")
    held.incident("SPF_BROKEN", 600.0, members=[taken], acknowledged=60.0, by="ann")
    restless = held.subject("192.0.2.4", worst="recovering")
    held.incident("PTR_MISSING", 600.0, members=[restless], acknowledged=60.0, flapping=True)
    over = held.subject("192.0.2.5")
    held.incident("PTR_MISSING", 600.0, members=[over], closed=60.0, acknowledged=300.0)
    held.subject("192.0.2.6", worst="failing", overlay="undetermined", blind=900.0)
    held.subject("192.0.2.7", overlay="maintenance")
    held.subject("192.0.2.8", began=None)
    held.subject("192.0.2.9", removed=60.0)
    for vantage, worst in (("here", "ok"), ("there", "failing")):
        held.subject("192.0.2.10", vantage=vantage, worst=worst)
    for name, state in (("spamcop", "listed"), ("psbl", "listed"), ("zen", "unknown")):
        held.listing(failing, name, state, 600.0)
    yield held
    database.close()


def test_each_stands_as_the_words_of_the_metrics_have_it(filled: Watched) -> None:
    with filled.database.read() as connection:
        found = targets(connection)
    assert found.states == {
        ("well.example", "192.0.2.1"): "ok",
        ("bad.example", "192.0.2.2"): "failing",
        ("192.0.2.3", "192.0.2.3"): "acknowledged",
        ("192.0.2.4", "192.0.2.4"): "flapping",
        ("192.0.2.5", "192.0.2.5"): "ok",
        ("192.0.2.6", "192.0.2.6"): "undetermined",
        ("192.0.2.7", "192.0.2.7"): "maintenance",
        ("192.0.2.10", "192.0.2.10"): "failing",
    }
    assert found.findings == {
        ("bad.example", "192.0.2.2"): {"PTR_MISSING": "error"},
        ("192.0.2.3", "192.0.2.3"): {"SPF_BROKEN": "warning"},
    }
    assert found.listed == {"192.0.2.2": ("psbl", "spamcop")}


def test_of_too_many_only_those_are_told_that_are_not_well(filled: Watched) -> None:
    with filled.database.read() as connection:
        found = targets(connection, most=7)
    assert {ip for _, ip in found.states} == {f"192.0.2.{host}" for host in (2, 3, 4, 6, 7, 10)}


def test_they_are_in_the_metrics_where_that_is_wanted(filled: Watched) -> None:
    for wanted in (True, False):
        health = Health(FrozenClock())
        with filled.database.read() as connection:
            gauge(connection, health, filled.now, per_target=wanted)
        text = write(snapshot(health, per_target=True))[0].decode()
        samples = [each for family in text_string_to_metric_families(text) for each in family.samples]
        told = [each.labels["ip"] for each in samples if each.name == "truehelo_target_state" and each.value == 1]
        assert len(told) == (8 if wanted else 0)
