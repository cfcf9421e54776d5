"""The inventory as it is kept, on both databases: what an import does to lines, subjects and schedule."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import insert, select, update

from support.inventories import inventories
from truehelo.errors import InputError
from truehelo.inventory import expand as expand_module
from truehelo.inventory.discovered import Merge, Sight, merge
from truehelo.inventory.expand import expand
from truehelo.inventory.model import Line, in_order
from truehelo.store.database import Database
from truehelo.store.entries import entry_of, phase
from truehelo.store.inventory import (
    Applied,
    found_of,
    kept_found,
    kept_lines,
    lock,
    names_due,
    put_found,
    update_inventory,
)
from truehelo.store.migrate import upgrade
from truehelo.store.schedule import Subjects, take_due
from truehelo.store.tables import acts, flips, lines, schedule, subjects

pytestmark = pytest.mark.integration

NOW = 1_700_000_000.0
FILE = "file:inventory.toml"
ONE = Line(target="192.0.2.25", expected=("mail.example.com",), helo="mail.example.com", groups=("eu",), interval_s=600)
NET = Line(target="198.51.100.0/30", expected=("out-{d}.example.com",), ports=(25,), pool="bulk")
NAME = Line(target="domain:example.com", discover=("mx",), owner="Ann")


@pytest.fixture
def database(store_url: str) -> Iterator[Database]:
    made = Database(store_url)
    upgrade(made)
    yield made
    made.close()


def take(database: Database, *wanted: Line, now: float = NOW, managed_by: str = FILE, whole: bool = True) -> Applied:
    with database.write() as connection:
        return update_inventory(connection, wanted, managed_by, now, whole=whole, by="ann", default_interval_s=300.0)


def rows(database: Database, ip: str = "") -> list[dict[str, object]]:
    """The subjects with their schedule, sorted by address."""
    query = select(subjects, *(column.label(f"s_{column.name}") for column in schedule.c)).join(schedule)
    with database.read() as connection:
        found = [dict(row) for row in connection.execute(query).mappings()]
    return sorted((row for row in found if ip in ("", row["ip"])), key=lambda row: _place(row["ip"]))


def _place(text: str) -> tuple[int, int]:
    return ip_address(text).version, int(ip_address(text))


def ran(database: Database, ip: str) -> None:
    """As if the watch had checked it, and seen something."""
    with database.write() as connection:
        number = connection.scalar(select(subjects.c.id).where(subjects.c.ip == ip))
        values = {
            "next_run_at": NOW + 77,
            "due_at": NOW + 70,
            "fingerprint": 42,
            "steady": 42,
            "worst": "ok",
            "claimed_by": "w",
        }
        connection.execute(update(schedule).where(schedule.c.subject_id == number).values(values))
        flip = {"what": "ptr", "old": "a", "new": "b", "at": NOW, "reason": "r"}
        connection.execute(insert(flips).values(subject_id=number, **flip))


def test_what_is_taken_is_kept_and_expanded(database: Database) -> None:
    done = take(database, ONE, NET)
    assert (done.subjects.added, done.subjects.changed, done.subjects.unchanged, done.subjects.removed) == (5, 0, 0, ())
    with database.read() as connection:
        assert kept_lines(connection) == [replace(ONE, managed_by=FILE), replace(NET, managed_by=FILE)]
    first, *_, last = rows(database)
    assert {
        key: first[key] for key in ("ip", "vantage", "network", "expected", "helo", "groups", "ports", "interval_s")
    } == {
        "ip": "192.0.2.25",
        "vantage": "",
        "network": "192.0.2.0/24",
        "expected": '["mail.example.com"]',
        "helo": "mail.example.com",
        "groups": '["eu"]',
        "ports": "[]",
        "interval_s": 600.0,
    }
    assert (last["ip"], last["expected"], last["ports"], last["interval_s"]) == (
        "198.51.100.3",
        '["out-3.example.com"]',
        "[25]",
        300.0,
    )
    assert {row["origin"] for row in rows(database)} == {replace(line, managed_by=FILE).key for line in (ONE, NET)}


def test_new_subjects_are_spread_over_their_interval_the_same_way_every_time(database: Database) -> None:
    take(database, Line(target="198.51.100.0/22", interval_s=300), Line(target="2001:db8::/120", interval_s=3600))
    waits = {row["ip"]: (row["s_due_at"] - NOW, row["interval_s"]) for row in rows(database)}
    first = [row["s_next_run_at"] - NOW for row in rows(database)]
    assert all(row["s_next_run_at"] <= row["s_due_at"] for row in rows(database))
    assert max(first) <= 1280 / 50, "the first look comes soon, fifty a second"
    for ip, (wait, interval) in waits.items():
        assert 0 <= wait < interval
        assert wait == pytest.approx(phase(ip, "") * interval, abs=1e-3)
    seconds = [int(wait // 10) for wait, interval in waits.values() if interval == 300]
    counts = [seconds.count(tenth) for tenth in range(30)]
    assert len(seconds) == 1024
    assert max(counts) < 3 * 1024 / 30, "no part of the interval gets more than three times its share"
    assert min(counts) > 0


def test_what_did_not_change_keeps_its_schedule_and_its_history(database: Database) -> None:
    take(database, ONE, NET)
    ran(database, "192.0.2.25")
    before = rows(database, "192.0.2.25")
    done = take(database, ONE, now=NOW + 50)
    assert (done.subjects.unchanged, len(done.subjects.removed)) == (1, 4)
    assert rows(database, "192.0.2.25") == before


def test_what_is_removed_rests_with_its_history_and_goes_on_when_it_comes_back(database: Database) -> None:
    take(database, ONE, NET)
    ran(database, "192.0.2.25")
    [before] = rows(database, "192.0.2.25")
    done = take(database, NET, now=NOW + 50)
    assert done.subjects.removed == (before["id"],)
    [row] = rows(database, "192.0.2.25")
    assert (row["removed_at"], row["s_next_run_at"], row["s_claimed_by"]) == (NOW + 50, None, None)
    assert take(database, NET, now=NOW + 60).subjects.removed == (), "it is removed once"
    done = take(database, ONE, NET, now=NOW + 100)
    assert (done.subjects.added, done.subjects.changed) == (0, 1)
    [row] = rows(database, "192.0.2.25")
    assert (row["id"], row["removed_at"], row["added_at"], row["s_worst"]) == (before["id"], None, NOW, "ok")
    assert NOW + 100 <= row["s_next_run_at"] < NOW + 700
    with database.read() as connection:
        assert connection.scalar(select(flips.c.subject_id)) == before["id"]


@pytest.mark.parametrize(
    "change",
    [
        {"expected": ("other.example.com",)},
        {"helo": ""},
        {"domains": ("example.com",)},
        {"ports": (25,)},
        {"interval_s": 60},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_is_judged_otherwise_is_judged_anew_within_a_minute(database: Database, change: dict[str, object]) -> None:
    take(database, ONE)
    ran(database, "192.0.2.25")
    [before] = rows(database)
    take(database, replace(ONE, **change), now=NOW + 50)  # type: ignore[arg-type]
    [row] = rows(database)
    assert NOW + 50 <= row["s_next_run_at"] < NOW + 110
    assert (row["s_fingerprint"], row["s_steady"], row["s_claimed_by"], row["s_worst"]) == (None, None, None, "ok")
    assert (row["id"], row["revision"]) == (before["id"], before["revision"] + 1)


def test_a_label_changes_nothing_of_the_schedule(database: Database) -> None:
    take(database, ONE)
    ran(database, "192.0.2.25")
    [before] = rows(database)
    take(database, replace(ONE, groups=("us",), owner="Ben", note="moved"), now=NOW + 50)
    [row] = rows(database)
    changed = {key for key in row if row[key] != before[key]}
    assert changed == {"groups", "owner", "revision"}


def test_a_file_with_a_broken_line_removes_nothing(database: Database) -> None:
    take(database, ONE, NET)
    done = take(database, ONE, whole=False)
    assert (len(done.difference.withheld), done.subjects.removed, done.subjects.unchanged) == (1, (), 5)


def test_lines_of_others_stay_as_they_are(database: Database) -> None:
    take(database, ONE, managed_by="")
    take(database, NET, managed_by="file:other.csv")
    done = take(database, replace(ONE, owner="Eve"))
    assert [conflict.kept.managed_by for conflict in done.difference.conflicts] == [""]
    with database.read() as connection:
        assert kept_lines(connection) == [ONE, replace(NET, managed_by="file:other.csv")]


def test_who_changed_what_is_written_down_and_an_import_without_change_is_not(database: Database) -> None:
    take(database, ONE, NET)
    take(database, ONE, NET, now=NOW + 1)
    take(database, replace(ONE, owner="x"), now=NOW + 2)
    with database.read() as connection:
        found = connection.execute(select(acts.c.at, acts.c.by, acts.c.detail).order_by(acts.c.at)).all()
    assert [tuple(row) for row in found] == [
        (NOW, "ann", "file:inventory.toml: 2 added, 0 changed, 0 removed"),
        (NOW + 2, "ann", "file:inventory.toml: 0 added, 1 changed, 1 removed"),
    ]


def test_an_inventory_that_would_be_too_large_changes_nothing(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    take(database, ONE)
    monkeypatch.setattr(expand_module, "MAX_ENTRIES", 4)
    with pytest.raises(InputError, match="holds more than 4 addresses"):
        take(database, ONE, NET)
    with database.read() as connection:
        assert kept_lines(connection) == [replace(ONE, managed_by=FILE)]
    assert len(rows(database)) == 1


# Names


def found(database: Database, texts: str, *, whole: bool = True, now: float = NOW) -> Merge:
    key = replace(NAME, managed_by=FILE).key
    with database.write() as connection:
        lock(connection)
        ips = tuple(ip_address(text) for text in texts.split())
        merged = merge(found_of(connection, key) or (), Sight(addresses=ips, whole=whole))
        put_found(connection, {key: merged}, now, default_interval_s=300.0)
    return merged


def test_names_are_looked_up_when_they_are_due_the_oldest_first(database: Database) -> None:
    host = Line(target="host:mx.example.net")
    take(database, ONE, NET, NAME, host)
    with database.read() as connection:
        assert [line.target for line in names_due(connection, NOW)] == ["domain:example.com", "host:mx.example.net"]
    found(database, "192.0.2.80", now=NOW + 10)
    with database.read() as connection:
        assert [line.target for line in names_due(connection, NOW)] == ["host:mx.example.net"]
        assert [line.target for line in names_due(connection, NOW + 10)] == ["host:mx.example.net", "domain:example.com"]
        assert len(names_due(connection, NOW + 10, most=1)) == 1


def test_names_that_were_looked_up_while_the_clock_was_ahead_are_due(database: Database) -> None:
    take(database, NAME)
    found(database, "192.0.2.80", now=NOW + 30 * 86_400)
    with database.read() as connection:
        assert [line.target for line in names_due(connection, NOW - 3600, now=NOW)] == ["domain:example.com"]
    found(database, "192.0.2.80", now=NOW + 10)
    with database.read() as connection:
        assert names_due(connection, NOW - 3600, now=NOW) == [], "the clocks of several may differ by seconds"


def test_what_a_name_leads_to_is_watched_and_follows_the_answers_alone(database: Database) -> None:
    take(database, NAME)
    found(database, "192.0.2.80 2001:db8::80")
    assert [(row["ip"], row["domains"], row["owner"]) for row in rows(database)] == [
        ("192.0.2.80", '["example.com"]', "Ann"),
        ("2001:db8::80", '["example.com"]', "Ann"),
    ]
    found(database, "192.0.2.81", whole=False)
    assert [row["removed_at"] for row in rows(database)] == [None, None, None]
    merged = found(database, "192.0.2.81", now=NOW + 5)
    assert [str(ip) for ip in merged.removed] == ["192.0.2.80", "2001:db8::80"]
    assert {row["ip"]: row["removed_at"] for row in rows(database)} == {
        "192.0.2.80": NOW + 5,
        "192.0.2.81": None,
        "2001:db8::80": NOW + 5,
    }


def test_an_import_keeps_what_names_lead_to_and_looks_up_what_it_changed(database: Database) -> None:
    take(database, NAME)
    found(database, "192.0.2.80", now=NOW + 1)
    take(database, NAME, ONE, now=NOW + 2)
    assert [row["ip"] for row in rows(database) if row["removed_at"] is None] == ["192.0.2.25", "192.0.2.80"]
    take(database, replace(NAME, discover=("mx", "spf")), ONE, now=NOW + 3)
    with database.read() as connection:
        assert list(kept_found(connection).values()) == [(ip_address("192.0.2.80"),)]
        assert [line.target for line in names_due(connection, NOW)] == ["domain:example.com"]
    take(database, ONE, now=NOW + 4)
    assert [row["ip"] for row in rows(database) if row["removed_at"] is None] == ["192.0.2.25"]
    with database.read() as connection:
        assert found_of(connection, replace(NAME, managed_by=FILE).key) is None


def test_what_a_vanished_line_led_to_is_not_kept(database: Database) -> None:
    take(database, ONE)
    found(database, "192.0.2.80")
    assert [row["ip"] for row in rows(database)] == ["192.0.2.25"]


# Any inventory, and several at once


def test_an_import_and_a_busy_watch_do_not_lock_each_other_up(postgres_url: str) -> None:
    """Each takes rows of the schedule in an order of its own; on SQLite there is one writer anyway."""
    database = Database(postgres_url)
    upgrade(database)
    wanted = [Line(target=f"203.0.{n}.0/26", interval_s=10) for n in range(4)]
    take(database, *wanted, now=NOW - 1000)
    failed: list[BaseException] = []
    over = threading.Event()

    def watch(worker: str) -> None:
        known = Subjects()
        try:
            while not over.is_set():
                with database.write() as connection:
                    due = take_due(connection, known, vantage="", worker=worker, now=NOW, lease_s=0.0, most=200)
                with database.write() as connection:
                    numbers = [each.subject.id for each in reversed(due)]
                    for number in numbers:
                        done = update(schedule).where(schedule.c.subject_id == number).values(checked_at=NOW)
                        connection.execute(done)
        except BaseException as error:  # noqa: BLE001  a thread tells nobody else
            failed.append(error)

    threads = [threading.Thread(target=watch, args=(f"w{n}",)) for n in range(2)]
    for thread in threads:
        thread.start()
    try:
        for turn in range(6):
            take(database, *(replace(line, helo=f"h{turn}.example.com") for line in wanted), now=NOW - 500 + turn)
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert failed == []
    assert {row["helo"] for row in rows(database)} == {"h5.example.com"}
    database.close()


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(one=inventories(), two=inventories())
def test_what_is_kept_is_always_what_was_said_last(database: Database, one: list[Line], two: list[Line]) -> None:
    for wanted in (one, two, one):
        small = [line for line in wanted if "/112" not in line.target]
        take(database, *small)
        with database.read() as connection:
            kept = kept_lines(connection)
            there = connection.execute(select(subjects).where(subjects.c.removed_at.is_(None))).mappings().all()
            waiting = connection.scalars(select(schedule.c.subject_id).where(schedule.c.next_run_at.is_not(None))).all()
        assert sorted(kept, key=in_order) == sorted((replace(line, managed_by=FILE) for line in small), key=in_order)
        entries = [replace(entry, interval_s=entry.interval_s or 300, pool="") for entry in expand(kept).entries]
        assert {(e.ip, e.vantage): e for e in map(entry_of, there)} == {(e.ip, e.vantage): e for e in entries}
        assert sorted(waiting) == sorted(row["id"] for row in there)


def test_two_imports_at_once_wait_for_each_other(database: Database) -> None:
    files = {f"file:{n}": [Line(target=f"203.0.{n}.{m}") for m in range(100)] for n in range(4)}
    failed: list[BaseException] = []

    def run(manager: str) -> None:
        try:
            for _ in range(3):
                take(database, *files[manager], managed_by=manager)
        except BaseException as error:  # noqa: BLE001  a thread tells nobody else
            failed.append(error)

    threads = [threading.Thread(target=run, args=(manager,)) for manager in files]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    with database.read() as connection:
        assert len(connection.execute(select(lines.c.key)).all()) == 400
    assert len(rows(database)) == 400
