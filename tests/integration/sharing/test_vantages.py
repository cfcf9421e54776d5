"""One address, watched from several vantage points: what one of them alone sees is no incident, what most see is one."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from support.places import BLIND, GONE, STATES, WELL, Places
from truehelo.inventory.model import Line
from truehelo.monitoring import Silence
from truehelo.store import incidents, inventory, membership, migrate, results, tables, upkeep
from truehelo.store.database import Database

pytestmark = pytest.mark.integration


@pytest.fixture
def places(store_url: str) -> Iterator[Places]:
    made = Places(Database(store_url, pooled=False))
    yield made
    made.database.close()


ONE = [("PTR_MISSING", 1, True)]


@pytest.mark.parametrize(
    ("shown", "opened", "sentence"),
    [
        ("gone", ONE, "what is watched from one place is told at once"),
        ("gone ok", [], "one of two sees it: it may be its resolver"),
        ("gone gone", ONE, "both see it: one incident, one address"),
        ("gone ok ok", [], "one of three"),
        ("gone gone ok", ONE, "two of three"),
        ("gone gone ok ok", [], "two of four are not more than half"),
        ("gone blind", ONE, "the other one sees nothing, and has no vote"),
        ("gone ok blind", [], "one of the two that see"),
        ("gone gone blind ok", ONE, "two of the three that see"),
    ],
)
def test_an_incident_is_what_more_than_half_of_those_that_see_agree_on(
    places: Places, shown: str, opened: list[tuple[str, int, bool]], sentence: str
) -> None:
    worlds = {f"place{number}": STATES[word] for number, word in enumerate(shown.split())}
    places.open(tuple(worlds))
    places.look(*worlds)
    places.clock.step(300.0)
    places.sees.update(worlds)
    places.look(*worlds)
    places.look(*worlds)
    places.again("place0")
    assert places.incidents() == opened, sentence
    assert places.messages() == ["opened"] * len(opened)


def test_what_one_place_saw_stays_untold_until_the_other_sees_it_too(places: Places) -> None:
    places.open(("oslo", "rome"))
    places.look("oslo", "rome")
    places.sees["oslo"] = GONE
    for _ in range(3):
        places.clock.step(100.0)
        places.look("oslo", "rome")
        places.again("oslo")
    assert places.incidents() == []
    places.sees["rome"] = GONE
    places.look("rome")  # the first look there is looked at again at once: it is more than a suspicion already
    assert places.incidents() == ONE
    places.again("oslo")
    assert places.incidents() == ONE  # of both, which are one address
    assert places.messages() == ["opened"]
    for place in ("oslo", "rome"):
        places.sees[place] = WELL
    places.look("oslo", "oslo")
    assert places.incidents() == ONE  # it is not over while one of them still sees it
    places.look("rome", "rome")
    assert places.incidents() == [("PTR_MISSING", 1, False)]
    assert places.messages() == ["opened", "recovered"]


def test_a_place_that_nobody_watches_from_any_more_has_no_vote(places: Places) -> None:
    places.open(("oslo", "rome"))
    places.look("oslo", "rome")
    places.sees["oslo"] = GONE
    places.clock.step(500.0)
    places.look("oslo", "oslo")
    assert places.incidents() == []
    places.clock.step(110.0)  # it is two intervals now since somebody looked from Rome
    places.look("oslo")
    places.again("oslo")
    assert places.incidents() == ONE


def test_a_late_second_place_joins_the_incident_that_the_first_has_opened(places: Places) -> None:
    places.open(("oslo", "rome"))
    places.look("oslo", "rome")
    places.sees.update(oslo=GONE, rome=BLIND)
    places.look("rome", "oslo", "oslo")
    assert places.incidents() == ONE
    places.clock.step(3600.0)  # too late for another address to join
    places.sees["rome"] = GONE
    places.look("oslo", "rome", "rome")
    assert places.incidents() == ONE
    assert places.messages() == ["opened"]


def test_a_suspicion_has_the_other_places_look_at_once(places: Places) -> None:
    places.open(("oslo", "rome"))
    places.look("oslo", "rome")
    assert places.due_at("rome") > places.now + 60
    places.sees["oslo"] = GONE
    places.look("oslo")
    assert places.due_at("rome") <= places.now


def test_who_expects_another_name_of_the_address_answers_another_question(places: Places) -> None:
    places.open(("oslo",))
    with places.database.write() as connection:
        lines = [
            Line(target="192.0.2.25", ports=(), managed_by="file:t", vantage="oslo"),
            Line(target="192.0.2.25", ports=(), managed_by="file:t", vantage="rome", expected=("mx.business.example",)),
        ]
        inventory.update_inventory(connection, lines, "file:t", places.now, default_interval_s=300.0)
    places.sees["rome"], places.watches["rome"] = WELL, places.watch("rome")
    places.look("oslo", "rome")
    places.sees["oslo"] = GONE
    places.look("oslo", "oslo")
    assert ("PTR_MISSING", 1, True) in places.incidents()


def test_many_that_wait_for_agreement_do_not_hide_what_is_agreed_on(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages are read until something is found that may be told."""
    monkeypatch.setattr("truehelo.monitor.untold.MOST", 2)
    migrate.upgrade(places.database)
    many = [f"192.0.2.{number}" for number in range(1, 10)]
    lines = [
        Line(target=ip, ports=(), managed_by="file:t", vantage=place)
        for ip in many
        for place in (("oslo", "rome") if ip != many[-1] else ("oslo",))
    ]
    with places.database.write() as connection:
        inventory.update_inventory(connection, lines, "file:t", places.now, default_interval_s=300.0)
        connection.execute(
            tables.schedule.update().values(
                checked_at=places.now,
                determined_at=places.now,
                began_at=places.now - 900,
                fingerprint=1,
                worst="failing",
            )
        )
        rows = connection.execute(select(tables.subjects.c.id).where(tables.subjects.c.vantage == "oslo"))
        for number in rows.scalars().all():
            connection.execute(
                tables.states.insert().values(
                    subject_id=number,
                    tag="PTR_MISSING",
                    state="failing",
                    count=0,
                    since=places.now - 60,
                    changed_at=places.now - 60,
                    severity="error",
                    message="",
                )
            )
    places.sees["oslo"], places.watches["oslo"] = GONE, places.watch("oslo")
    places.again("oslo")
    assert places.incidents() == ONE


@pytest.mark.parametrize("do", [lambda places: places.again("oslo"), lambda places: places.look("oslo")])
def test_what_is_told_once_is_not_told_again(places: Places, do: Callable[[Places], None]) -> None:
    places.open(("oslo", "rome"))
    places.look("oslo", "rome")
    places.sees.update(oslo=GONE, rome=GONE)
    places.look("oslo", "rome", "oslo", "rome")
    for _ in range(3):
        do(places)
    assert places.incidents() == ONE
    assert places.messages() == ["opened"]


def test_what_recovers_while_it_is_about_to_be_told_is_not_told(postgres_url: str) -> None:
    """The transaction that ends it was first, and is not through yet: whoever tells waits for it, and reads afterwards."""
    places = Places(Database(postgres_url, pooled=False))
    places.open(("oslo",))
    places.look("oslo")
    places.sees["oslo"] = GONE
    with places.database.write() as connection:  # a maintenance keeps it untold
        upkeep.add_silence(
            connection,
            "maintenance",
            Silence(id=0, reason="r", by="b", since=None, until=places.clock.now() + timedelta(hours=1)),
            places.now,
        )
    watch = places.watches["oslo"]
    watch._chores()
    places.look("oslo", "oslo")
    watch.policy.windows = ()
    with places.database.read() as connection:
        assert [row[0] for row in membership.failing_untold(connection, 10)] == [1]
    with places.database.write() as connection:
        incidents.serialise(connection)
        results.drop_state(connection, 1, "PTR_MISSING")
        telling = threading.Thread(target=places.again, args=("oslo",))
        telling.start()
        telling.join(1.0)
        assert telling.is_alive()
    telling.join(20)
    assert places.incidents() == []
    places.database.close()
