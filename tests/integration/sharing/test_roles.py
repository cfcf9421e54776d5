"""The two roles: what they need, what they refuse, and what they do with work that is too much, or was left behind."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text, update

from support.places import Places
from truehelo.app import sharing
from truehelo.cli.main import run
from truehelo.inventory.model import Line
from truehelo.monitor.roles import GAP, Role
from truehelo.service.health import Part
from truehelo.store import inventory, jobs, migrate, schedule, spans, tables, upkeep
from truehelo.store.database import Database

pytestmark = pytest.mark.integration


@pytest.fixture
def places(postgres_url: str) -> Iterator[Places]:
    made = Places(Database(postgres_url, pooled=False))
    yield made
    made.database.close()


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    for name in ("TRUEHELO_DATABASE", "TRUEHELO_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = run(["watch", *words])
    return code, " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("role", ["scheduler", "worker"])
def test_a_role_needs_postgresql_and_makes_nothing_without_it(
    role: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, text = said(capsys, "--role", role, "-d", str(tmp_path / "new.db"))
    assert code == 2
    assert "--role: shares the work over PostgreSQL, and this database is SQLite" in text
    assert "leave out --role: one process needs nothing else" in text
    assert not (tmp_path / "new.db").exists()


def test_a_role_needs_procrastinate(
    postgres_url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "available", lambda: False)
    code, text = said(capsys, "--role", "worker", "-d", postgres_url)
    assert code == 2
    assert "needs Procrastinate" in text
    assert "pip install 'truehelo[postgres]'" in text


def test_queues_of_a_newer_procrastinate_are_refused(postgres_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    database = Database(postgres_url, pooled=False)
    migrate.upgrade(database)
    with database.write() as connection:
        upkeep.put(connection, "jobs", "99.00.00_01_pre_of_the_future")
    database.close()
    code, text = said(capsys, "--role", "scheduler", "-d", postgres_url)
    assert code == 2
    assert "the queues of a newer Procrastinate (99.00.00_01_pre_of_the_future)" in text
    assert "Traceback" not in text


# What is too much


def fill(places: Places, count: int) -> None:
    migrate.upgrade(places.database)
    lines = [Line(target=f"2001:db8::{number:x}", ports=(), managed_by="file:t") for number in range(count)]
    with places.database.write() as connection:
        inventory.update_inventory(connection, lines, "file:t", places.now, default_interval_s=300.0)
        connection.execute(update(tables.schedule).values(next_run_at=places.now - 1))


def rows(places: Places, what: str) -> Any:
    with places.database.read() as connection:
        return connection.execute(text(what)).scalar_one()


JOBS = "SELECT count(*) FROM truehelo_jobs.procrastinate_jobs"
TAKEN = "SELECT count(*) FROM schedule WHERE claimed_by LIKE 'queue:%'"


def test_what_nobody_comes_for_waits_in_the_schedule_and_that_is_told(places: Places) -> None:
    fill(places, 2500)
    said: list[str] = []
    watch = places.watch("hub", Role.SCHEDULER)
    watch.log = said.append
    scheduler = sharing.Scheduler(watch)
    most = sharing.MOST_WAITING * watch.configuration.watching.watch.batch
    for _ in range(3):
        places.run(scheduler.share())
    assert (rows(places, JOBS), rows(places, TAKEN)) == (sharing.MOST_WAITING, most)
    assert said == ["what is due from any vantage point waits: its workers are too few, or there is none"]
    assert [problem.part for problem in watch.health.problems] == [Part.SCHEDULE]
    with places.database.write() as connection:
        jobs.driver_of(connection).execute("UPDATE procrastinate_jobs SET status = 'succeeded' WHERE id <= 5")
    assert places.run(scheduler.share()) == 0.0  # there is more to hand out
    places.run(scheduler.share())
    assert rows(places, TAKEN) == 2500
    places.run(scheduler.share())
    assert watch.health.problems == ()


def test_a_scheduler_hands_out_nothing_twice(places: Places) -> None:
    fill(places, 50)
    for _ in range(2):
        places.run(sharing.Scheduler(places.watch("hub", Role.SCHEDULER)).share())
    assert (rows(places, JOBS), rows(places, TAKEN)) == (1, 50)


@pytest.mark.parametrize(
    ("seconds", "stopped", "begun"),
    [(100.0, False, 3), (-1.0, False, 0), (100.0, True, 0)],
    ids=["in time", "the lease would end", "a stop came first"],
)
def test_what_a_worker_does_not_get_round_to_is_given_back(
    places: Places, seconds: float, stopped: bool, begun: int
) -> None:
    fill(places, 3)
    watch = places.watch("oslo", Role.WORKER)
    with places.database.write() as connection:
        dues = schedule.take_due(
            connection, schedule.Subjects(), vantage="oslo", worker="oslo", now=places.now, lease_s=180.0
        )

    async def work() -> list[Any]:
        if stopped:
            watch.stop()
        return await watch.checked(dues, until=places.now + seconds)

    left = places.run(work())
    assert (len(left), rows(places, "SELECT count(*) FROM schedule WHERE checked_at IS NOT NULL")) == (3 - begun, begun)


# What was left behind


def stall(places: Places, attempts: int, ago: float | None) -> None:
    """A job that was begun by a worker whose last heartbeat is so long ago, or who is forgotten."""
    fill(places, 3)
    places.run(sharing.Scheduler(places.watch("hub", Role.SCHEDULER)).share())
    with places.database.write() as connection:
        jobs.driver_of(connection)
        worker = None
        if ago is not None:
            worker = connection.execute(
                text(
                    "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - make_interval(secs => :ago)) "
                    "RETURNING id"
                ),
                {"ago": ago},
            ).scalar_one()
        connection.execute(
            text("UPDATE procrastinate_jobs SET status = 'doing', attempts = :attempts, worker_id = :worker"),
            {"attempts": attempts, "worker": worker},
        )


@pytest.mark.parametrize(
    ("attempts", "ago", "then", "sentence"),
    [
        (0, 5.0, ["doing"], "its worker lives"),
        (0, 31.0, ["todo"], "its worker is gone: another may do it"),
        (0, None, ["todo"], "its worker is forgotten"),
        (1, 31.0, ["todo"], "a second time too"),
        (2, 31.0, [], "what has outlived three workers is no work for a fourth; its subjects are due again"),
    ],
)
def test_the_jobs_of_a_worker_that_is_gone(
    places: Places, attempts: int, ago: float | None, then: list[str], sentence: str
) -> None:
    stall(places, attempts, ago)

    async def rescue() -> None:
        async with sharing._opened(places.database) as opened:
            await asyncio.gather(*(sharing._rescue(opened.job_manager) for _ in range(2)))  # two schedulers at once

    places.run(rescue())
    with places.database.read() as connection:
        found = list(connection.scalars(text("SELECT status::text FROM truehelo_jobs.procrastinate_jobs")))
    assert found == then, sentence


# Who watches


def heartbeat(places: Places) -> float | None:
    with places.database.read() as connection:
        return spans.heartbeats(connection).get("oslo")


def test_a_worker_without_a_scheduler_does_not_count_as_watching(places: Places) -> None:
    places.open(("oslo",))
    worker, scheduler = places.watch("oslo", Role.WORKER), places.watch("hub", Role.SCHEDULER)
    worker._chores()
    assert heartbeat(places) is None
    scheduler._chores()
    worker._chores()
    assert heartbeat(places) == pytest.approx(places.now)
    at = places.now
    for _ in range(5):
        places.clock.step(GAP.total_seconds() / 2)
        worker._chores()
    assert heartbeat(places) == pytest.approx(at + GAP.total_seconds())
    scheduler._chores()
    worker._chores()
    with places.database.read() as connection:
        (gap,) = connection.execute(select(tables.gaps.c.vantage, tables.gaps.c.since, tables.gaps.c.until)).all()
    assert gap == ("oslo", pytest.approx(at + GAP.total_seconds()), pytest.approx(at + 2.5 * GAP.total_seconds()))
    with places.database.read() as connection:
        assert "hub" not in spans.heartbeats(connection)  # a scheduler looks from nowhere


@pytest.mark.parametrize(
    ("role", "does"), [(Role.ALL, True), (Role.SCHEDULER, True), (Role.WORKER, False)], ids=["all", "scheduler", "worker"]
)
def test_chores_are_for_those_who_look_after_the_whole(places: Places, role: Role, does: bool) -> None:
    places.open(("oslo",))
    with places.database.write() as connection:
        connection.execute(update(tables.schedule).values(next_run_at=places.now + 90 * 86_400.0))
    watch = places.watch("oslo", role)
    watch._chores()
    assert (places.due_at("oslo") <= places.now) is does
