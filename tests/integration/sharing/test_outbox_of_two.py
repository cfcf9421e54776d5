"""One message, two watchers: the first was so slow that its lease ended, and the second took the message over."""

from collections.abc import Iterator

import pytest

from truehelo.store import migrate, outbox
from truehelo.store.database import Database
from truehelo.store.outbox import Letter

pytestmark = pytest.mark.integration


@pytest.fixture
def database(store_url: str) -> Iterator[Database]:
    made = Database(store_url, pooled=False)
    migrate.upgrade(made)
    with made.write() as connection:
        outbox.enqueue(
            connection, key="k", number=None, kind="digest", sequence="", channel="c", now=0.0, attempt_at=0.0, notice=b"{}"
        )
    yield made
    made.close()


def take(database: Database, worker: str, now: float) -> Letter:
    with database.write() as connection:
        (letter,) = outbox.take(connection, worker, now, 90.0)
    return letter


def settle(database: Database, letter: Letter, state: str, now: float) -> None:
    with database.write() as connection:
        outbox.settle(
            connection, letter, state=state, now=now, detail=state, again_at=now + 5 if state == "pending" else None
        )


def state(database: Database) -> str:
    with database.read() as connection:
        found = outbox.letter(connection, 1)
    assert found is not None
    return found.state


@pytest.mark.parametrize(
    ("first", "second", "then"),
    [
        ("pending", "delivered", "delivered"),  # the slow one's failure does not send it a third time
        ("failed", "delivered", "delivered"),
        ("delivered", "pending", "delivered"),  # that one of them was taken is what counts
        ("delivered", "delivered", "delivered"),
        ("failed", "pending", "pending"),
    ],
)
def test_what_the_slow_one_says_afterwards(database: Database, first: str, second: str, then: str) -> None:
    slow = take(database, "slow", 10.0)
    quick = take(database, "quick", 101.0)
    settle(database, quick, second, 102.0)
    settle(database, slow, first, 103.0)
    assert state(database) == then


def test_a_failure_of_the_slow_one_does_not_take_the_message_out_of_the_other_hands(database: Database) -> None:
    slow = take(database, "slow", 10.0)
    take(database, "quick", 101.0)
    settle(database, slow, "pending", 102.0)
    with database.write() as connection:
        assert outbox.take(connection, "third", 110.0, 90.0) == []
