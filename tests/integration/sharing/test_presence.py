"""A watcher that is gone: its work is given up as soon as that is sure, and never that of one who lives."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, text, update

from support.names import Names
from support.places import Places
from support.watchers import Process, addresses, configure, running, until, watch_these
from truehelo.inventory.model import Line
from truehelo.store import inventory, migrate, outbox, presence, tables
from truehelo.store.database import Database
from truehelo.store.presence import ABSENT_S, SETTLING_S, Held, Presence, presence_of

pytestmark = pytest.mark.integration


class Ticking:
    """A clock that goes on when it is told to."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Ticking:
    return Ticking()


def filled(url: str) -> Database:
    made = Database(url, pooled=False)
    migrate.upgrade(made)
    lines = [Line(target=f"192.0.2.{number}", ports=(), managed_by="file:t") for number in range(4)]
    with made.write() as connection:
        inventory.update_inventory(connection, lines, "file:t", 0.0)
        outbox.enqueue(connection, key="k", number=None, kind="digest", sequence="", channel="c", now=0.0, attempt_at=0.0)
    return made


def take(database: Database, worker: str, *numbers: int, letter: bool = False) -> None:
    with database.write() as connection:
        rows = tables.schedule.c.subject_id.in_(numbers)
        connection.execute(update(tables.schedule).where(rows).values(claimed_by=worker, claimed_until=9e9))
        if letter:
            connection.execute(update(tables.outbox).values(claimed_by=worker, claimed_until=9e9))


def held(database: Database) -> dict[str, int]:
    """How many subjects and messages each has taken."""
    found: dict[str, int] = {}
    with database.read() as connection:
        for table in (tables.schedule, tables.outbox):
            for name in connection.scalars(select(table.c.claimed_by).where(table.c.claimed_by.is_not(None))):
                found[name] = found.get(name, 0) + 1
    return found


@pytest.fixture
def database(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    made = filled(postgres_url)
    yield made
    made.close()


@pytest.fixture
def up_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server of the tests may have been started a moment ago."""
    monkeypatch.setattr(presence, "_UP_S", text("SELECT 86400.0::float8"))


def both(database: Database, clock: Ticking) -> tuple[Presence, Presence]:
    one, other = (presence_of(database, name, clock) for name in ("@one", "@other"))
    one.turn()
    other.turn()
    take(database, "@one", 1)
    take(database, "@other", 2, 3, letter=True)
    take(database, "queue:x", 4)
    return one, other


@pytest.mark.usefixtures("up_long")
def test_the_work_of_the_dead_is_given_up_once_it_is_sure_that_they_are(database: Database, clock: Ticking) -> None:
    one, other = both(database, clock)
    clock.now += 3600
    assert one.turn() == 0  # both live, however long they have had it
    other.close()
    until("the server has noticed", lambda: "@other" in noticed(one))
    clock.now += ABSENT_S - 0.5
    assert one.turn() == 0
    clock.now += 1.0
    assert one.turn() == 3
    assert held(database) == {"@one": 1, "queue:x": 1}  # what waits in a queue has no process that could die
    one.close()


def noticed(one: Presence) -> dict[str, float]:
    one.turn()
    found: dict[str, float] = one._absent  # type: ignore[attr-defined]
    return found


@pytest.mark.usefixtures("up_long")
def test_one_who_comes_back_in_time_loses_nothing(database: Database, clock: Ticking) -> None:
    one, other = both(database, clock)
    other.close()
    until("the server has noticed", lambda: "@other" in noticed(one))
    clock.now += ABSENT_S - 1
    other.turn()
    clock.now += 1
    assert one.turn() == 0
    clock.now += 3600
    assert one.turn() == 0
    one.close()
    other.close()


@pytest.mark.usefixtures("up_long")
def test_who_was_cut_off_itself_waits_until_everybody_can_be_back(database: Database, clock: Ticking) -> None:
    one, other = both(database, clock)
    other.close()
    with database.write() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = :name"
            ),
            {"name": database.url.database},
        )
    until("the session is gone", lambda: one.turn() == 0 and one._session is None)  # type: ignore[attr-defined]
    one.turn()
    clock.now += ABSENT_S + 1
    assert one.turn() == 0
    clock.now += SETTLING_S
    assert one.turn() == 3
    one.close()


def test_a_server_that_has_just_started_gives_everybody_time(
    database: Database, clock: Ticking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "_UP_S", text(f"SELECT {SETTLING_S - 1}::float8"))
    one, other = both(database, clock)
    other.close()
    until("the server has noticed", lambda: "@other" in noticed(one))
    clock.now += 100
    assert one.turn() == 0
    one.close()


def test_on_sqlite_who_starts_alone_takes_over_at_once_and_beside_another_nothing(sqlite_url: str, clock: Ticking) -> None:
    database = filled(sqlite_url)
    take(database, "@dead", 1, 2, letter=True)
    first = presence_of(database, "@first", clock)
    assert first.turn() == 3
    assert held(database) == {}
    take(database, "@first", 1)
    assert first.turn() == 0
    second = presence_of(database, "@second", clock)
    assert second.turn() == 0
    take(database, "@second", 2)
    first.close()
    third = presence_of(database, "@third", clock)
    assert third.turn() == 0  # the second one lives
    for each in (second, third):
        each.close()
    assert held(database) == {"@first": 1, "@second": 1}
    last = presence_of(database, "@last", clock)
    assert last.turn() == 2
    last.close()
    database.close()


@pytest.mark.parametrize("missing", ["fcntl.flock", "os.open"])
def test_on_sqlite_a_lock_that_cannot_be_had_costs_nothing_but_the_lease(
    missing: str, sqlite_url: str, clock: Ticking, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError("no locks on this file system, or no room for the file")

    database = filled(sqlite_url)
    take(database, "@dead", 1)
    monkeypatch.setattr(f"truehelo.store.presence.{missing}", refuse)
    one = presence_of(database, "@one", clock)
    assert [one.turn(), one.turn()] == [0, 0]
    one.close()
    assert held(database) == {"@dead": 1}
    database.close()


def test_what_is_ours_without_our_knowing_it_is_given_back(store_url: str, clock: Ticking) -> None:
    """The database was gone when it should have confirmed a claim, which stands all the same."""
    places = Places(Database(store_url, pooled=False))
    places.open(("oslo",))
    watch = places.watches["oslo"]
    watch.worker = "@oslo"
    watch.presence = presence_of(places.database, "@oslo", clock)
    take(places.database, "@oslo", 1)

    def turn() -> dict[str, int]:
        places.run(watch._attend())
        return held(places.database)

    assert turn() == {"@oslo": 1}  # nothing went wrong: it is being looked at
    watch.doubt()
    assert turn() == {"@oslo": 1}  # it may have been taken just now
    assert turn() == {}
    watch.presence.close()
    places.database.close()


@pytest.mark.parametrize(
    ("left", "right", "without", "common"),
    [
        (Held(), Held(), Held(), Held()),
        (
            Held(frozenset({1, 2}), frozenset({1})),
            Held(frozenset({2})),
            Held(frozenset({1}), frozenset({1})),
            Held(frozenset({2})),
        ),
    ],
)
def test_what_is_held(left: Held, right: Held, without: Held, common: Held) -> None:
    assert (left.without(right), left.common(right)) == (without, common)
    assert [bool(each) for each in (Held(), without)] == [False, bool(without.subjects or without.letters)]


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_a_watch_that_was_killed_is_followed_by_one_that_goes_on_within_seconds(
    store: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Leases last three minutes; nobody waits for them."""
    url: str = request.getfixturevalue("sqlite_url" if store == "sqlite" else "postgres_url")
    database = Database(url, pooled=False)
    with Names() as names:
        names.delay_s = 2.0  # so that a kill leaves claims behind
        watch_these(database, names, [ip for network in addresses(2, 20) for ip in network], 4.0)
        process = Process(configure(tmp_path, names), url, tmp_path / "log")
        with running(process):
            until("something is taken", lambda: sum(held(database).values()) > 5)
            process.kill()
            left = held(database)
            assert sum(left.values()) > 0
            names.delay_s = 0.0
            process.start()
            began = time.monotonic()
            until("nothing is held by the dead", lambda: not set(left) & set(held(database)), 60)
            until("all were looked at", lambda: looked_at(database) == 40, 60)
            took = time.monotonic() - began
    database.close()
    assert took < 60
    assert "took over from a watcher that is gone" in process.said()


def looked_at(database: Database) -> int:
    with database.read() as connection:
        return len(
            connection.execute(select(tables.schedule.c.subject_id).where(tables.schedule.c.checked_at.is_not(None))).all()
        )
