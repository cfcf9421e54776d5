"""What was refused: kept with its reason, each once however often it comes, and the latest of them alone."""

from sqlalchemy import Connection, delete, insert, select, update

from truehelo.store.reports.outcomes import Came
from truehelo.store.reports.tables import report_refusals as table
from truehelo.store.reports.texts import clean

MOST = 10_000
"""How many refusals are kept: a flood of rubbish shall not fill the database."""


def keep_refusal(connection: Connection, reason: str, where: str, came: Came) -> int:
    """Keep that something was refused; return its number."""
    values = {
        "origin": clean(came.origin),
        "name": clean(came.name),
        "reason": clean(reason),
        "place": clean(where),
        "sender": clean(came.sender, 320),
        "digest": clean(came.digest, 128),
        "kept": clean(came.kept),
    }
    told = ("digest", "name", "origin", "reason", "place")
    again = select(table.c.id).where(*(table.c[name] == values[name] for name in told)).limit(1)
    number: int | None = connection.execute(again).scalar()
    if number is not None:
        changed = {"at": came.at, "seen_again": table.c.seen_again + 1}
        if came.kept:
            changed["kept"] = values["kept"]
        connection.execute(update(table).where(table.c.id == number).values(**changed))
        return number
    made: int = connection.execute(insert(table).values(at=came.at, **values).returning(table.c.id)).scalar_one()
    connection.execute(delete(table).where(table.c.id <= made - MOST))
    return made
