"""Names observed of sources, and what SPF said of them: kept, and found again. Called within the caller's transaction."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from truehelo.store.reports.prepared import Question, listed
from truehelo.store.reports.texts import clean
from truehelo.store.sources.tables import authorised, standings

DAY_S = 86_400.0
_AT_ONCE = 500
_DETAIL = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What was seen of an address, at a time (seconds since the epoch); as in `tables.standings`."""

    ip: str
    at: float
    iprev: str
    ptr: tuple[str, ...] = ()
    confirmed: tuple[str, ...] = ()
    generic: tuple[str, ...] = ()
    organisation: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorised:
    """What the SPF record of `domain` said of `ip`. `sure`: nothing that it hangs on was passed over."""

    domain: str
    ip: str
    at: float
    word: str
    detail: str = ""
    sure: bool = True


def parts(values: Iterable[str], many: int = _AT_ONCE) -> Iterator[list[str]]:
    """Yield values in parts that one statement takes."""
    left = iter(values)
    while part := list(islice(left, many)):
        yield part


def keep(connection: Connection, found: Iterable[Standing]) -> None:
    """Keep what was seen; of one day the last look counts, unless it saw nothing where an earlier one did."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    rows = [
        {
            "ip": each.ip,
            "day": int(each.at // DAY_S),
            "at": each.at,
            "iprev": each.iprev,
            "ptr": _json(each.ptr),
            "confirmed": _json(each.confirmed),
            "generic": _json(each.generic),
            "organisation": clean(each.organisation),
            "detail": clean(each.detail, _DETAIL),
        }
        for each in found
    ]
    if not rows:
        return
    wanted = dialect.insert(standings)
    new = wanted.excluded
    connection.execute(
        wanted.on_conflict_do_update(
            index_elements=[standings.c.ip, standings.c.day],
            set_={column.name: new[column.name] for column in standings.c if not column.primary_key},
            where=(new.iprev != "temperror") | (standings.c.iprev == "temperror"),
        ),
        rows,
    )


def standings_of(connection: Connection, ips: Sequence[str]) -> dict[str, list[Standing]]:
    """Return what was seen of addresses, of each the oldest first."""
    found: dict[str, list[Standing]] = {}
    for ip, at, iprev, ptr, confirmed, generic, organisation, detail in _SEEN.rows(connection, ips=ips):
        found.setdefault(ip, []).append(
            Standing(
                ip=ip,
                at=at,
                iprev=iprev,
                ptr=_names(ptr),
                confirmed=_names(confirmed),
                generic=_names(generic),
                organisation=organisation,
                detail=detail,
            )
        )
    return found


_AS_SEEN = ("ip", "at", "iprev", "ptr", "confirmed", "generic", "organisation", "detail")
_SEEN = Question(
    lambda postgresql: (
        select(*(standings.c[name] for name in _AS_SEEN))
        .where(listed(standings.c.ip, "ips", postgresql=postgresql))
        .order_by(standings.c.ip, standings.c.day)
    )
)


def last_looks(connection: Connection, ips: Sequence[str]) -> dict[str, tuple[float, str]]:
    """Return when each address was looked at last, and the result word; those never looked at are missing."""
    found: dict[str, tuple[float, str]] = {}
    for part in parts(ips):
        newest = (
            select(standings.c.ip, func.max(standings.c.day).label("day"))
            .where(standings.c.ip.in_(part))
            .group_by(standings.c.ip)
            .subquery()
        )
        rows = connection.execute(
            select(standings.c.ip, standings.c.at, standings.c.iprev).join(
                newest, and_(newest.c.ip == standings.c.ip, newest.c.day == standings.c.day)
            )
        )
        found |= {ip: (at, word) for ip, at, word in rows}
    return found


def authorise(connection: Connection, found: Iterable[Authorised]) -> None:
    """Keep what SPF says now, in place of what it said before."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    rows = [
        {"domain": e.domain, "ip": e.ip, "at": e.at, "word": e.word, "detail": clean(e.detail, _DETAIL), "sure": e.sure}
        for e in found
    ]
    if not rows:
        return
    wanted = dialect.insert(authorised)
    connection.execute(
        wanted.on_conflict_do_update(
            index_elements=[authorised.c.domain, authorised.c.ip],
            set_={name: wanted.excluded[name] for name in ("at", "word", "detail", "sure")},
        ),
        rows,
    )


def authorised_of(connection: Connection, ips: Sequence[str], domain: str = "") -> dict[str, list[Authorised]]:
    """Return what SPF said of addresses, by address; of one domain alone where it is given."""
    found: dict[str, list[Authorised]] = {}
    rows = _FOR_ONE.rows(connection, ips=ips, domain=domain) if domain else _FOR_ALL.rows(connection, ips=ips)
    for about, ip, at, word, detail, sure in rows:
        one = Authorised(domain=about, ip=ip, at=at, word=word, detail=detail, sure=bool(sure))
        found.setdefault(ip, []).append(one)
    return found


_AS_SAID = ("domain", "ip", "at", "word", "detail", "sure")


def _said(*also: ColumnElement[bool]) -> Question:
    return Question(
        lambda postgresql: (
            select(*(authorised.c[name] for name in _AS_SAID))
            .where(listed(authorised.c.ip, "ips", postgresql=postgresql), *also)
            .order_by(authorised.c.ip, authorised.c.domain)
        )
    )


_FOR_ALL, _FOR_ONE = _said(), _said(authorised.c.domain == bindparam("domain"))


def forget(connection: Connection, before: float) -> int:
    """Remove what was seen before a time (seconds since the epoch), but for the last look at each address.

    What SPF said before that goes too: of whoever still sends it is asked anew each day.
    """
    newest = select(standings.c.ip, func.max(standings.c.day).label("day")).group_by(standings.c.ip).subquery()
    last = select(newest.c.ip).where(newest.c.ip == standings.c.ip, newest.c.day == standings.c.day)
    connection.execute(delete(authorised).where(authorised.c.at < before))
    return connection.execute(delete(standings).where(standings.c.at < before, ~last.exists())).rowcount


def _json(names: tuple[str, ...]) -> str:
    return msgspec.json.encode(list(names)).decode()


def _names(text: str) -> tuple[str, ...]:
    return tuple(msgspec.json.decode(text, type=list[str]))
