"""The PostgreSQL of the tests is one: it keeps what was committed over a kill, and nothing else. `store_url` is empty."""

from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import OperationalError

from integration.servers.postgres import Postgres, running

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def own_server() -> Iterator[Postgres]:
    with running() as server:
        yield server


def test_what_was_committed_survives_a_kill_and_what_was_not_does_not(own_server: Postgres) -> None:
    engine = create_engine(own_server.create_database("kept"))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE seen (n integer)"))
        connection.execute(text("INSERT INTO seen VALUES (1)"))
    with engine.connect() as connection:
        connection.execute(text("INSERT INTO seen VALUES (2)"))
        own_server.kill()
        assert not own_server.running
        with pytest.raises(OperationalError):
            connection.execute(text("INSERT INTO seen VALUES (3)"))
    with pytest.raises(OperationalError):
        engine.connect()
    own_server.start()
    with engine.connect() as connection:
        assert connection.execute(text("SELECT n FROM seen")).scalars().all() == [1]
    engine.dispose()
    assert "not properly shut down" in own_server.log()


def test_the_socket_leads_to_the_same_database_as_the_port(own_server: Postgres) -> None:
    own_server.start()
    own_server.create_database("both")
    own_server.execute("CREATE TABLE here (n integer)", "both")
    for url in (own_server.url("both"), own_server.url("both", host=str(own_server.folder))):
        engine = create_engine(url)
        assert inspect(engine).get_table_names() == ["here"]
        engine.dispose()


def test_it_writes_through_to_the_disk_unless_told_otherwise(own_server: Postgres) -> None:
    own_server.start()
    assert own_server.execute("SHOW fsync") == [("on",)]


@pytest.mark.parametrize("_again", [1, 2])
def test_each_test_has_an_empty_store_of_each_kind(store_url: str, _again: int) -> None:
    engine = create_engine(store_url)
    with engine.begin() as connection:
        assert inspect(connection).get_table_names() == []
        connection.execute(text("CREATE TABLE mine (n integer)"))
    assert engine.dialect.name in store_url
    engine.dispose()
