"""What status, history and report read is the same on both databases, and is what the golden files hold."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from support.fleet import Fleet, fleet, opened
from support.watched import DAY, HOUR, NOW, Watched
from truehelo.configuration.alerting import Alerting
from truehelo.configuration.maintenance import Window
from truehelo.errors import InputError
from truehelo.monitor.policy import Policy
from truehelo.monitor.reading.history import evidence
from truehelo.render import history_data, report_html, report_markdown, status_data, strip
from truehelo.render.reading import Asked
from truehelo.store import history
from truehelo.store.stood import all_stood

pytestmark = pytest.mark.integration
GOLDEN = Path(__file__).parents[2] / "golden" / "reading"


@pytest.fixture
def whole(store_url: str) -> Iterator[Fleet]:
    with opened(store_url, fleet) as made:
        yield made


def golden(name: str) -> str:
    return (GOLDEN / name).read_text(encoding="utf-8")


def states(found: Fleet, **asked: tuple[str, ...]) -> dict[str, int]:
    return {state: count for state, count in found.status(Asked(**asked)).states.items() if count}


def test_a_small_fleet(whole: Fleet) -> None:
    """One filled store, and everything that is asked of it: filling one takes longer than reading it."""
    assert status_data.document(whole.status()) == golden("status.json")
    assert history_data.document(whole.history("192.0.2.25")) == golden("history.json")
    assert history_data.document(whole.history("192.0.2.31")) == golden("history-days.json")
    assert report_markdown.render(whole.report()) == golden("report.md")
    assert report_html.render(whole.report()) == golden("report.html")
    _check_filters(whole)
    _check_windows_of_the_configuration(whole)
    _check_evidence(whole)
    _check_targets(whole)
    _check_that_one_and_many_are_read_alike(whole)


def _check_that_one_and_many_are_read_alike(whole: Fleet) -> None:
    """How one address stood follows from all its flips, how many did from those of the time and from how they stand now."""
    for length in (HOUR, 12 * HOUR, 30 * DAY):
        with whole.database.read() as connection:
            for each in all_stood(connection, NOW - length, NOW):
                [standing] = [one for one in history.find(connection, each.ip) if one.subject.id == each.id]
                alone = history.intervals_of(connection, standing, standing.vantage, NOW - length, NOW)
                assert list(each.intervals) == alone, each.ip


def _check_filters(whole: Fleet) -> None:
    assert states(whole) == {"ok": 7, "failing": 18, "suspect": 1, "undetermined": 1, "new": 1}
    assert states(whole, groups=("eu",)) == {"ok": 2, "suspect": 1, "undetermined": 1, "new": 1}
    assert states(whole, groups=("e?", "customers-*")) == {"ok": 2, "failing": 1, "suspect": 1, "undetermined": 1, "new": 1}
    assert states(whole, owners=("b*",)) == {"ok": 1}
    assert states(whole, tags=("PTR_*",)) == {"ok": 10, "failing": 16, "undetermined": 1, "new": 1}
    assert states(whole, tags=("GREETING_DIFFERS",), groups=("eu",)) == {"ok": 2, "suspect": 1, "undetermined": 1, "new": 1}
    by_group = {
        group: [each.incident.id for each in whole.status(Asked(groups=(group,))).incidents]
        for group in ("bulk", "eu", "customers-north")
    }
    assert by_group == {"bulk": [3, 2], "eu": [], "customers-north": [1, 2]}
    tagged = whole.status(Asked(tags=("PTR_MISSING", "CANNOT_SEE")))
    assert [each.incident.tag for each in tagged.incidents] == ["PTR_MISSING", "CANNOT_SEE"]
    assert tagged.blocklists == ()
    assert [each.list for each in whole.status(Asked(tags=("DNSBL_LISTED:*",))).blocklists] == ["spamhaus-zen", "dnswl"]
    # Case, and parts of names, are told apart.
    for asked in (Asked(groups=("EU",)), Asked(groups=("e",)), Asked(owners=("ann",)), Asked(groups=('eu","x',))):
        with pytest.raises(InputError, match="fits no address that is watched"):
            whole.status(asked)


def _check_windows_of_the_configuration(whole: Fleet) -> None:
    window = Window(cron="0 8 * * *", duration=timedelta(hours=4), groups=("customers-*",))
    policy = Policy(alerting=Alerting(maintenance=(window,)))
    assert [each.incident.id for each in whole.status(policy=policy).incidents if each.incident.id in {1}] == [1]
    assert whole.status(policy=policy).planned == {1}
    with whole.database.read() as connection:
        from truehelo.monitor.reading.history import history as read

        [past] = read(connection, "198.51.100.4", policy, NOW, since=NOW - DAY, most=1).pasts
    # From 10:15 yesterday until noon, and from eight o'clock today until now.
    assert strip.seconds(past.courses["24 h"])["maintenance"] == pytest.approx(1.742 * HOUR + 2.258 * HOUR, abs=60)


def _check_evidence(whole: Fleet) -> None:
    with whole.database.read() as connection:
        [standing] = history.find(connection, "198.51.100.4")
        rows, total = history.newest_flips(connection, standing.subject.id, 0.0)
        assert total == len(rows) == 3
        assert [row.what for row in rows] == ["ptr", "PTR_UNEXPECTED", "DNSBL_LISTED:spamhaus-zen"]
        first, second = rows[0].id, rows[2].id
        assert json.loads(evidence(connection, "198.51.100.4", first))["schema"] == "truehelo/evidence/1"
        assert evidence(connection, "MAIL.business.example.", first) == evidence(connection, "198.51.100.4", first)
        for target, number, problem in (
            ("198.51.100.4", second, "has no evidence"),
            ("192.0.2.25", first, "is none of 192.0.2.25"),
            ("198.51.100.4", 999_999, "is none of"),
            ("192.0.2.77", first, "is not watched, and was not"),
            ("nowhere.example", first, "is not watched, and was not"),
        ):
            with pytest.raises(InputError, match=problem):
                evidence(connection, target, number)


def _check_targets(whole: Fleet) -> None:
    assert whole.report(("192.0.2.0/24",)).subjects == 6
    assert whole.report(("twin.example.com",)).subjects == 2
    assert whole.report(("192.0.2.25", "198.51.100.4")).subjects == 2
    assert whole.report(("203.0.113.0/24",), asked=Asked(groups=("bulk",))).subjects == 20
    for target, problem in (
        ("192.0.2.99", "no longer watched"),
        ("10.0.0.0/8", "holds no address"),
        ("10.0.0.0/99", "is no network"),
        ("nowhere.example", "is not watched"),
    ):
        with pytest.raises(InputError, match=problem):
            whole.report((target,))


def test_many_addresses_are_bounded_and_none_is_lost(sqlite_url: str) -> None:
    """Failing, half of them; each /24 has 256 addresses in three ways of standing."""

    def fill(watched: Watched) -> None:
        for network in range(60):
            for number in range(6):
                ip = f"10.9.{network}.{number + 1}"
                subject = watched.subject(ip, worst="failing" if number < 3 else "ok", groups=("many",))
                if number < 3:
                    watched.flip(subject, "PTR_MISSING", "ok", "failing", (number + 1) * DAY)
                    watched.state(subject, "PTR_MISSING", "failing", (number + 1) * DAY)

    with opened(sqlite_url, fill) as found:
        made = found.report()
    assert made.subjects == 360
    assert made.states == {"failing": 180, "ok": 180}
    assert len(made.networks) + made.networks_more == 60
    assert made.networks_more == 20
    assert all(sum(row.count for row in each.rows) + each.more == 3 for each in made.networks)
    assert sum(made.seconds.values()) == pytest.approx(360 * 30 * DAY)
    assert made.seconds["failing"] == pytest.approx(60 * 6 * DAY)
    assert "20 more networks are left out here" in report_markdown.render(replace(made, incidents=()))
