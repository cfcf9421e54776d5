"""Whatever fails and recovers in whatever order: a subject is in one open incident for a tag, and each is told once."""

import json
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, event, func, select, update

from truehelo.configuration.alerting import Alerting
from truehelo.configuration.channels import CommandSettings
from truehelo.configuration.routes import Route, read_routes
from truehelo.configuration.watch import WatchSettings
from truehelo.findings import Severity
from truehelo.inventory.model import Line
from truehelo.monitor import incidents, upkeep
from truehelo.monitor.incidents import Failure, Told
from truehelo.monitor.policy import Policy
from truehelo.store import inventory, migrate, tables
from truehelo.store.database import Database
from truehelo.store.schedule import Watched, watched_of

TAGS = ("PTR_MISSING", "PTR_UNEXPECTED", "GREETING_DIFFERS", "SPF_OMITS_HOST", "DNSBL_LISTED:spamcop")
IPS = ("192.0.2.1", "192.0.2.2", "198.51.100.1")
START = 1_800_000_000.0


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    database = Database(str(tmp_path_factory.mktemp("incidents") / "held.db"))
    migrate.upgrade(database)
    event.listen(database.engine, "connect", lambda held, _: held.execute("PRAGMA synchronous=OFF"))
    with database.write() as connection:
        lines = [Line(target=ip, ports=(), managed_by="file:test") for ip in IPS]
        inventory.update_inventory(connection, lines, "file:test", START, default_interval_s=300.0)
    yield database.engine
    database.close()


def policy() -> Policy:
    channel = CommandSettings(name="pager", kind="command", argv=("true",))
    alerting = Alerting(channels=(channel,), routes=(Route(channels=("pager",)),))
    return Policy(settings=WatchSettings(flapping_changes=6), alerting=alerting)


Step = tuple[float, int, frozenset[str], frozenset[str]]
steps = st.lists(
    st.tuples(
        st.sampled_from([1.0, 30.0, 120.0, 2000.0, 40_000.0]),
        st.integers(0, len(IPS) - 1),
        st.frozensets(st.sampled_from(TAGS), max_size=3),
        st.frozensets(st.sampled_from(TAGS), max_size=3),
    ),
    max_size=25,
)


@given(steps)
def test_one_open_incident_for_a_subject_and_tag(engine: Engine, history: list[Step]) -> None:
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        rows = connection.execute(select(tables.subjects).order_by(tables.subjects.c.id)).mappings()
        subjects = {row["ip"]: watched_of(row) for row in rows}
        now, failing, rules = START, set[tuple[str, str]](), policy()
        for passed, number, bad, good in history:
            now += passed
            subject = subjects[IPS[number]]
            recovered = {tag for tag in good - bad if (subject.ip, tag) in failing}
            failed = {tag for tag in bad if (subject.ip, tag) not in failing}
            _one_look(connection, subject, sorted(failed), sorted(recovered), rules, now)
            failing = (failing | {(subject.ip, tag) for tag in failed}) - {(subject.ip, tag) for tag in recovered}
            _holds(connection, failing)
        connection.rollback()


def _one_look(
    connection: Connection, subject: Watched, failed: list[str], recovered: list[str], rules: Policy, now: float
) -> None:
    """As a look is recorded: what is well again first."""
    told = Told()
    incidents.recover(connection, subject.id, recovered, rules, now, told)
    known = incidents.fails_again(connection, subject.id, failed)
    failures = [Failure(tag=tag, severity=Severity.ERROR, since=now - 60) for tag in failed if tag not in known]
    incidents.fail(
        connection, subject, failures, rules, now, from_the_start=False, story=lambda _: {"message": "m"}, told=told
    )


def _holds(connection: Connection, failing: set[tuple[str, str]]) -> None:
    members, opened = tables.members.c, tables.incidents.c
    still = connection.execute(
        select(tables.subjects.c.ip, members.tag, members.incident_id, members.well_since, opened.closed)
        .join_from(tables.members, tables.subjects, tables.subjects.c.id == members.subject_id)
        .join(tables.incidents, opened.id == members.incident_id)
        .where(members.closed.is_(None))
    ).all()
    per_tag = Counter((row[0], row[1]) for row in still)
    assert set(per_tag.values()) <= {1}, "no tag of a subject is in two"
    assert failing <= set(per_tag), "what fails is in one"
    # What flaps stays in its incident until it is stable.
    assert {(row[0], row[1]) for row in still if row[3] is None} == failing
    assert {row[4] for row in still} <= {None}, "an incident that is over has nobody left"
    kept = connection.scalars(select(opened.id).where(opened.closed.is_(None))).all()
    assert set(kept) == {row[2] for row in still}, "an open one has somebody"
    told = connection.execute(
        select(tables.outbox.c.incident_id, tables.outbox.c.kind, func.count())
        .where(tables.outbox.c.state == "pending")
        .group_by(tables.outbox.c.incident_id, tables.outbox.c.kind)
    ).all()
    assert all(count == 1 for _, kind, count in told if kind != "grown"), "each is told once"
    news = Counter(number for number, kind, _ in told if kind in ("opened", "flapping"))
    assert set(news) == set(connection.scalars(select(opened.id)).all()), "and all of them are"


PTR, OTHER, FAR = IPS
SECOND, MINUTE = 1.0, 60.0


@pytest.mark.parametrize(
    ("sentence", "failures", "incidents_opened"),
    [
        ("what one look finds of one change is one", [(0, PTR, ("PTR_MISSING", "GREETING_DIFFERS", "SPF_OMITS_HOST"))], 1),
        (
            "a greeting that is found to differ later is explained by the PTR that is gone",
            [(0, PTR, ("PTR_MISSING",)), (5 * MINUTE, PTR, ("GREETING_DIFFERS",))],
            1,
        ),
        (
            "so is an SPF record that no longer covers it",
            [(0, PTR, ("PTR_MISSING",)), (5 * MINUTE, PTR, ("SPF_OMITS_HOST",))],
            1,
        ),
        (
            "a PTR that goes after the greeting changed is a change of its own",
            [(0, PTR, ("GREETING_DIFFERS",)), (5 * MINUTE, PTR, ("PTR_MISSING",))],
            2,
        ),
        (
            "what comes half an hour later is another change",
            [(0, PTR, ("PTR_MISSING",)), (30 * MINUTE, PTR, ("GREETING_DIFFERS",))],
            2,
        ),
        ("a listing is no matter of names", [(0, PTR, ("PTR_MISSING", "DNSBL_LISTED:spamcop"))], 2),
        ("a neighbour in the same tag joins", [(0, PTR, ("PTR_MISSING",)), (30 * SECOND, OTHER, ("PTR_MISSING",))], 1),
        ("a neighbour in another tag does not", [(0, PTR, ("PTR_MISSING",)), (30 * SECOND, OTHER, ("PTR_UNEXPECTED",))], 2),
        ("another network does not", [(0, PTR, ("PTR_MISSING",)), (30 * SECOND, FAR, ("PTR_MISSING",))], 2),
        ("a neighbour of hours later does not", [(0, PTR, ("PTR_MISSING",)), (60 * MINUTE, OTHER, ("PTR_MISSING",))], 2),
    ],
)
def test_what_is_one_incident(
    engine: Engine, sentence: str, failures: list[tuple[float, str, tuple[str, ...]]], incidents_opened: int
) -> None:
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        rows = connection.execute(select(tables.subjects)).mappings()
        subjects, rules = {row["ip"]: watched_of(row) for row in rows}, policy()
        for after, ip, tags in failures:
            _one_look(connection, subjects[ip], list(tags), [], rules, START + after)
        opened = connection.scalar(select(func.count()).select_from(tables.incidents))
        connection.rollback()
    assert opened == incidents_opened, sentence


@pytest.mark.parametrize(
    ("sentence", "first_seen", "incidents_opened"),
    [
        ("what one look found is one change, though a part of it is believed only hours later", 0.0, 1),
        ("so is what the next look found", 60.0, 1),
        ("what was first seen hours later is another", 3 * 3600.0 - 60.0, 2),
    ],
)
def test_what_is_believed_late(engine: Engine, sentence: str, first_seen: float, incidents_opened: int) -> None:
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        rows = connection.execute(select(tables.subjects)).mappings()
        subject, rules = next(watched_of(row) for row in rows if row["ip"] == PTR), policy()
        for tag, since, believed in (
            ("PTR_UNEXPECTED", START, START + 900.0),
            ("IPREV_FORWARD_MISSING", START + first_seen, START + 3 * 3600.0),
        ):
            failure = Failure(tag=tag, severity=Severity.ERROR, since=since)
            incidents.fail(
                connection,
                subject,
                [failure],
                rules,
                believed,
                from_the_start=False,
                story=lambda _: {"message": "m"},
                told=Told(),
            )
        opened = connection.scalar(select(func.count()).select_from(tables.incidents))
        connection.rollback()
    assert opened == incidents_opened, sentence


A, B = "to-a", "to-b"
CUSTOMERS = """
[[route]]
groups = ["a"]
channels = ["to-a"]
remind_every = "1h"

[[route]]
groups = ["b"]
channels = ["to-b"]
remind_every = "1h"
"""


def customers() -> Policy:
    channels = tuple(CommandSettings(name=name, kind="command", argv=("true",)) for name in (A, B))
    routes = read_routes(tomllib.loads(CUSTOMERS), (A, B), has_digest=False, where="routes.toml")
    return Policy(settings=WatchSettings(), alerting=Alerting(channels=channels, routes=routes))


@pytest.mark.parametrize(
    ("sentence", "joins_after", "told"),
    [
        (
            "two customers of one network whose addresses fail together are both told, and both hear the end",
            30 * SECOND,
            {("opened", A): 1, ("opened", B): 1, ("recovered", A): 1, ("recovered", B): 1},
        ),
        (
            "whoever joins later is told that it is open, and the first nothing of what is not theirs",
            5 * MINUTE,
            {("opened", A): 1, ("opened", B): 1, ("recovered", A): 1, ("recovered", B): 1},
        ),
    ],
)
def test_each_customer_is_told(engine: Engine, sentence: str, joins_after: float, told: dict[tuple[str, str], int]) -> None:
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        rows = connection.execute(select(tables.subjects)).mappings()
        subjects, rules = {row["ip"]: watched_of(row) for row in rows}, customers()
        ours, theirs = replace(subjects[PTR], groups=("a",)), replace(subjects[OTHER], groups=("b",))
        for subject in (ours, theirs):
            connection.execute(
                update(tables.subjects)
                .where(tables.subjects.c.id == subject.id)
                .values(groups=json.dumps(list(subject.groups)))
            )
        _one_look(connection, ours, ["PTR_MISSING"], [], rules, START)
        if joins_after > MINUTE:
            connection.execute(update(tables.outbox).values(state="delivered"))
        _one_look(connection, theirs, ["PTR_MISSING"], [], rules, START + joins_after)
        for subject in (ours, theirs):
            _one_look(connection, subject, [], ["PTR_MISSING"], rules, START + 1000)
        outbox = tables.outbox.c
        found = connection.execute(select(outbox.kind, outbox.channel, outbox.state)).all()
        connection.rollback()
    # What has grown, and was not sent before the end, is of no interest any more.
    assert Counter((kind, channel) for kind, channel, _ in found) == told, sentence


def test_each_customer_is_reminded(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        rows = connection.execute(select(tables.subjects)).mappings()
        subjects, rules = {row["ip"]: watched_of(row) for row in rows}, customers()
        for ip, group in ((PTR, "a"), (OTHER, "b")):
            subject = replace(subjects[ip], groups=(group,))
            mine = tables.subjects.c.id == subject.id
            connection.execute(update(tables.subjects).where(mine).values(groups=json.dumps([group])))
            _one_look(connection, subject, ["PTR_MISSING"], [], rules, START)
        connection.execute(update(tables.outbox).values(state="delivered", delivered=START))
        upkeep.remind(connection, rules, START + 2 * 3600)
        outbox = tables.outbox.c
        reminded = connection.scalars(select(outbox.channel).where(outbox.kind == "reminder")).all()
        connection.rollback()
    assert sorted(reminded) == [A, B]


def test_what_a_member_costs_does_not_grow_with_their_number(engine: Engine) -> None:
    """Fifty thousand addresses that lose their names at once are one incident, and its members are not read for each."""
    asked: list[str] = []
    rules = policy()
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        rows = connection.execute(select(tables.subjects)).mappings()
        subjects = {row["ip"]: watched_of(row) for row in rows}
        _one_look(connection, subjects[PTR], ["PTR_MISSING"], [], rules, START)
        _one_look(connection, subjects[OTHER], ["PTR_MISSING"], [], rules, START + 300)
        _one_look(connection, subjects[OTHER], [], ["PTR_MISSING"], rules, START + 301)
        event.listen(connection, "before_cursor_execute", lambda *given: asked.append(given[2]))
        _one_look(connection, subjects[OTHER], ["PTR_MISSING"], [], rules, START + 302)
        _one_look(connection, subjects[OTHER], [], ["PTR_MISSING"], rules, START + 303)
        connection.rollback()
    whole = [text for text in asked if "FROM members" in text and "subject_id = ?" not in text and "LIMIT" not in text]
    assert asked
    assert not whole, "every member of the incident is read"
