"""How much a database holds: rows of each table, octets in all."""

from sqlalchemy import Connection, func, select, text

from truehelo.store.tables import metadata


def counts(connection: Connection) -> dict[str, int]:
    """Return how many rows each table has, in the order of the alphabet."""
    return {
        name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for name, table in sorted(metadata.tables.items())
    }


def octets(connection: Connection) -> int:
    """Return how large the database is: the pages of SQLite without its log, the whole database of PostgreSQL."""
    if connection.dialect.name == "postgresql":
        whole: int = connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
        return whole
    pages: int = connection.execute(text("PRAGMA page_count")).scalar_one()
    size: int = connection.execute(text("PRAGMA page_size")).scalar_one()
    return pages * size
