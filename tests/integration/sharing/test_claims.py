"""Work that is shared out: it is claimed once, by whoever gets it first, and only while it still waits for that tick."""

import threading
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, select, text, update

from truehelo.inventory.model import Line
from truehelo.store import entries, inventory, jobs, migrate, schedule, shares, tables, upkeep
from truehelo.store.database import Database
from truehelo.store.schedule import Checked, Subjects

pytestmark = pytest.mark.integration

NOW = 1_800_000_000.0
PLACES = ("", "oslo", "rome")


def filled(url: str) -> Database:
    """Nine subjects, three for each place, all of them due."""
    database = Database(url, pooled=False)
    migrate.upgrade(database)
    lines = [
        Line(target=f"192.0.2.{number}", ports=(), managed_by="file:t", vantage=PLACES[number % 3]) for number in range(9)
    ]
    with database.write() as connection:
        inventory.update_inventory(connection, lines, "file:t", NOW - 1000, default_interval_s=300.0)
        connection.execute(update(tables.schedule).values(next_run_at=NOW - 10 + tables.schedule.c.subject_id / 100))
    return database


@pytest.fixture
def database(store_url: str) -> Iterator[Database]:
    made = filled(store_url)
    yield made
    made.close()


@pytest.fixture
def server(postgres_url: str) -> Iterator[Database]:
    made = filled(postgres_url)
    yield made
    made.close()


def take(database: Database, vantage: str = "oslo", holder: str = "queue:a", most: int = 10) -> dict[int, float]:
    with database.write() as connection:
        return dict(shares.take(connection, vantage=vantage, holder=holder, now=NOW, lease_s=180.0, most=most))


def claim(database: Database, ticks: dict[int, float], worker: str = "@w", holder: str = "queue:a") -> list[int]:
    with database.write() as connection:
        dues = shares.claim(connection, Subjects(), ticks, holder=holder, worker=worker, until=NOW + 180)
    assert all(due.tick == ticks[due.subject.id] for due in dues)
    return sorted(due.subject.id for due in dues)


def test_what_is_taken_is_of_one_place_the_longest_waiting_first_and_once(database: Database) -> None:
    with database.read() as connection:
        assert shares.vantages(connection) == list(PLACES)
        place_of = {row[0]: row[1] for row in connection.execute(select(tables.subjects.c.id, tables.subjects.c.vantage))}
    first = take(database, most=2)
    assert list(first.values()) == sorted(first.values())
    assert {place_of[number] for number in first} == {"oslo"}
    second = take(database)
    assert (len(second), set(first) & set(second)) == (1, set())
    assert max(first.values()) < min(second.values())
    assert take(database) == {}


def recorded(connection: Connection, number: int, tick: float) -> None:
    done = Checked(
        subject_id=number, tick=tick, next_run_at=NOW + 300, due_at=NOW + 300, checked_at=NOW, determined_at=NOW,
        undetermined_since=None, undetermined_cause=None, began_at=NOW, fingerprint=1, steady=1, worst="ok", overlay="",
    )  # fmt: skip
    assert schedule.record(connection, done)


def taken_over(connection: Connection, number: int, _: float) -> None:
    """Its lease had ended, and somebody else took it."""
    connection.execute(update(tables.schedule).where(tables.schedule.c.subject_id == number).values(claimed_by="@other"))


def handed_out_again(connection: Connection, number: int, _: float) -> None:
    connection.execute(update(tables.schedule).where(tables.schedule.c.subject_id == number).values(claimed_by="queue:b"))


def removed(connection: Connection, _: int, __: float) -> None:
    inventory.update_inventory(connection, [], "file:t", NOW)


def rescheduled(connection: Connection, number: int, _: float) -> None:
    """The inventory says something else of it now."""
    line = Line(target=f"192.0.2.{number - 1}", ports=(), managed_by="file:t", vantage="oslo", expected=("a.example",))
    inventory.update_inventory(connection, [line], "file:t", NOW, whole=False)


def lease_ended(connection: Connection, number: int, _: float) -> None:
    """And nobody took it: the job in the queue is as good as ever."""
    connection.execute(update(tables.schedule).where(tables.schedule.c.subject_id == number).values(claimed_until=NOW - 1))


def nothing(_: Connection, __: int, ___: float) -> None:
    """It still waits."""


@pytest.mark.parametrize(
    ("happened", "claimed"),
    [
        (nothing, True),
        (lease_ended, True),
        (recorded, False),
        (taken_over, False),
        (handed_out_again, False),
        (removed, False),
        (rescheduled, False),
    ],
)
def test_what_has_happened_meanwhile_decides_whether_it_is_claimed(
    database: Database, happened: Callable[[Connection, int, float], None], claimed: bool
) -> None:
    ticks = take(database)
    number = min(ticks)
    with database.write() as connection:
        happened(connection, number, ticks[number])
    assert (number in claim(database, ticks)) is claimed


def test_a_job_that_is_done_twice_is_done_once(database: Database) -> None:
    ticks = take(database)
    assert claim(database, ticks, "@one") == sorted(ticks)
    assert claim(database, ticks, "@two") == []


def test_what_a_worker_gives_back_is_due_at_once(database: Database) -> None:
    ticks = take(database)
    claim(database, ticks)
    with database.write() as connection:
        shares.give_back(connection, [min(ticks)], "@other")  # not its own
        shares.give_back(connection, [max(ticks)], "@w")
    assert list(take(database)) == [max(ticks)]


def test_two_who_take_at_once_get_different_ones_and_neither_waits(server: Database) -> None:
    got: list[dict[int, float]] = []
    with server.write() as first:
        mine = dict(shares.take(first, vantage="oslo", holder="queue:a", now=NOW, lease_s=180.0, most=2))
        other = threading.Thread(target=lambda: got.append(take(server, holder="queue:b")))
        other.start()
        other.join(20)
        assert not other.is_alive()
    assert (len(mine), len(got[0]), set(mine) & set(got[0])) == (2, 1, set())


@pytest.mark.parametrize(
    "hurry",
    [
        lambda connection, _: schedule.hurry(connection, "192.0.2.0/24", "oslo", NOW - 100),
        lambda connection, ids: shares.look_beside(connection, ids, NOW - 100, lists=True),
    ],
    ids=["the neighbours", "the same address elsewhere"],
)
def test_who_has_others_looked_at_waits_for_nobody(server: Database, hurry: Callable[[Connection, list[int]], int]) -> None:
    """Two transactions that record, and have each other's subjects looked at: neither may wait for the other."""
    with server.write() as connection:
        lines = [Line(target="192.0.2.1", ports=(), managed_by="file:t", vantage=place) for place in ("oslo", "rome")]
        inventory.update_inventory(connection, lines, "file:t", NOW)
        ids = list(connection.scalars(select(tables.subjects.c.id).where(tables.subjects.c.removed_at.is_(None))))
    with server.write() as held:
        held.execute(select(tables.schedule.c.subject_id).with_for_update())
        counts: list[int] = []

        def other() -> None:
            with server.write() as connection:
                counts.append(hurry(connection, ids))

        thread = threading.Thread(target=other)
        thread.start()
        thread.join(20)
        assert not thread.is_alive()
    assert counts == [0]
    with server.write() as connection:
        assert hurry(connection, ids) > 0


def test_chores_are_done_by_one_at_a_time(server: Database) -> None:
    with server.write() as first, server.write() as second:
        assert [upkeep.alone(first), upkeep.alone(second), upkeep.alone(first)] == [True, False, True]
    with server.write() as third:
        assert upkeep.alone(third)


# Queues


def test_a_queue_has_a_name_that_postgresql_can_listen_to() -> None:
    assert jobs.queue_of("") == "watch"
    assert jobs.queue_of("oslo") == "watch-oslo"
    assert len(jobs.queue_of("a-vantage-point-whose-name-is-longer-than-any-channel").encode()) <= 40


@given(st.sets(st.text(min_size=1, max_size=100), min_size=2, max_size=5))
def test_two_vantage_points_never_share_a_queue(names: set[str]) -> None:
    queues = {jobs.queue_of(name) for name in names}
    assert len(queues) == len(names)
    assert all(len(queue.encode()) <= 40 and queue != "watch" for queue in queues)


def test_jobs_and_what_they_hold_are_put_in_together_or_not_at_all(server: Database) -> None:
    import procrastinate

    app = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())

    def hand_out(connection: Connection) -> None:
        due = shares.take(connection, vantage="oslo", holder="queue:a", now=NOW, lease_s=180.0, most=10)
        app.configure_task("look", queue="watch-oslo", connection=jobs.driver_of(connection)).defer(ticks=due)

    def hand_out_half() -> None:
        with server.write() as connection:
            hand_out(connection)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        hand_out_half()
    with server.read() as connection:
        assert jobs.waiting(connection, "watch-oslo") == 0
    with server.write() as connection:
        hand_out(connection)
    with server.write() as connection:
        assert (jobs.waiting(connection, "watch-oslo"), jobs.waiting(connection, "watch")) == (1, 0)
        kept = connection.execute(text("SELECT args FROM truehelo_jobs.procrastinate_jobs")).scalar_one()
        assert jobs.drop_stale(connection) == 0
        connection.execute(text("UPDATE truehelo_jobs.procrastinate_events SET at = at - interval '2 hours'"))
        assert jobs.drop_stale(connection) == 1
    with server.read() as connection:  # it was found in those transactions alone
        assert connection.execute(text("SHOW search_path")).scalar_one() == '"$user", public'
    assert claim(server, dict(kept["ticks"])) == sorted(number for number, _ in kept["ticks"])


def version(connection: Connection) -> str | None:
    return upkeep.get(connection, "jobs")


def test_the_queues_are_made_once_and_by_the_upgrade(server: Database) -> None:
    with server.write() as connection:
        assert jobs.prepare(connection) is False
    assert jobs.problem(server) is None
    with server.read() as connection:
        tables_of_others = connection.execute(
            text("SELECT count(*) FROM pg_tables WHERE tablename LIKE 'procrastinate%' AND schemaname <> 'truehelo_jobs'")
        ).scalar_one()
    assert tables_of_others == 0


def test_the_queues_of_an_older_procrastinate_are_made_anew_and_what_waited_in_them_is_due(server: Database) -> None:
    assert len(take(server)) == 3
    with server.write() as connection:
        current = version(connection)
        connection.execute(text("DROP FUNCTION truehelo_jobs.procrastinate_register_worker_v1"))
        upkeep.put(connection, "jobs", "03.00.00_01_pre_cancel_notification")
    assert "older Procrastinate" in str(jobs.problem(server))
    migrate.upgrade(server)
    assert jobs.problem(server) is None
    with server.read() as connection:
        assert version(connection) == current
        jobs.driver_of(connection).execute("SELECT procrastinate_register_worker_v1()")
    assert len(take(server)) == 3


def test_the_queues_of_a_newer_procrastinate_are_left_alone(server: Database) -> None:
    with server.write() as connection:
        upkeep.put(connection, "jobs", "99.00.00_01_pre_of_the_future")
    migrate.upgrade(server)
    assert "newer Procrastinate (99.00.00_01_pre_of_the_future)" in str(jobs.problem(server))


def test_an_account_that_may_make_no_schema_can_watch_alone_and_share_later(server: Database) -> None:
    url = server.url
    name = f"poor_{url.database}"
    with server.write() as connection:
        connection.execute(text("DROP SCHEMA truehelo_jobs CASCADE"))
        connection.execute(text("DELETE FROM meta WHERE key = 'jobs'"))
        connection.execute(text(f"CREATE ROLE {name} LOGIN"))
        connection.execute(text(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {name}"))
    poor = Database(url.set(username=name).render_as_string(hide_password=False), pooled=False)
    migrate.upgrade(poor)
    assert jobs.problem(poor) == "has no queues, since its account may not make the schema truehelo_jobs"
    with server.write() as connection:
        connection.execute(text(f"GRANT CREATE ON DATABASE {url.database} TO {name}"))
    migrate.upgrade(poor)
    assert jobs.problem(poor) is None
    poor.close()
    with server.write() as connection:
        connection.execute(text(f"DROP OWNED BY {name}"))
        connection.execute(text(f"DROP ROLE {name}"))


def test_the_spread_of_subjects_is_that_of_the_inventory(database: Database) -> None:
    """What is shared out is due when it would be for a watch that is alone."""
    with database.read() as connection:
        rows = connection.execute(
            select(tables.subjects.c.ip, tables.subjects.c.vantage, tables.schedule.c.due_at).join(tables.schedule)
        ).all()
    assert all(row.due_at == NOW - 1000 + entries.phase(row.ip, row.vantage) * 300.0 for row in rows)
