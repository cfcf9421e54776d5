"""Subjects brought in line with the inventory: what is new is scheduled, what is gone rests, what stays keeps its schedule.

All in bulk: fifty thousand addresses at once are usual. A removed subject keeps its row and its history
(`removed_at`), and goes on where it stopped when it comes back. Called within the transaction of whoever changes the
inventory.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

import msgspec
from sqlalchemy import Connection, RowMapping, bindparam, func, insert, select, update

from truehelo.facts.address import Address, parse_address
from truehelo.inventory.model import Entry
from truehelo.store.judged import hold
from truehelo.store.tables import schedule, subjects

Progress = Callable[[int, int, str], None]
"""Is told how many rows of how many are done, and of what kind the last were."""
BATCH = 5_000
DEFAULT_INTERVAL_S = 300.0
_FIRST_LOOKS = 50.0
"""So many subjects that are new are looked at each second."""
_SOON_S = 60.0
"""A subject whose expectations have changed is judged anew within a minute."""
_JUDGED = ("expected", "helo", "domains", "ports", "interval_s")
_KEPT = ("network", "expected", "helo", "domains", "groups", "owner", "ports", "origin", "interval_s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """How many subjects came, changed and stayed, and the ids of those that went."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: tuple[int, ...] = ()


def neighbourhood(ip: Address) -> str:
    """Return the /24 or /64 of an address: neighbours tend to fail together."""
    return str(ip_network((int(ip) if ip.version == 4 else ip, 24 if ip.version == 4 else 64), strict=False))


def phase(ip: str, vantage: str) -> float:
    """Return where in its interval a subject is checked, from 0 up to 1: the same on every machine, and evenly spread."""
    digest = hashlib.blake2b(f"{ip} {vantage}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def sync(
    connection: Connection,
    entries: Iterable[Entry],
    now: float,
    default_interval_s: float = DEFAULT_INTERVAL_S,
    progress: Progress | None = None,
) -> Synced:
    """Make the subjects those of `entries`, which are all that there are to be. Times in seconds since the epoch."""
    told = _Told(progress)
    kept = {(row["ip"], row["vantage"]): row for row in connection.execute(select(subjects)).mappings()}
    networks: dict[str, str] = {}
    added: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    judged_anew: list[tuple[int, str, str, float]] = []
    unchanged = 0
    for entry in entries:
        values = _values(entry, default_interval_s, networks)
        row = kept.pop((values["ip"], values["vantage"]), None)
        if row is None:
            added.append({**values, "added_at": now})
            continue
        again = row["removed_at"] is not None
        if not again and all(row[key] == values[key] for key in _KEPT):
            unchanged += 1
            continue
        changed.append({**values, "b_id": row["id"], "b_revision": row["revision"] + 1})
        if again or any(row[key] != values[key] for key in _JUDGED):
            wait = values["interval_s"] if again else min(values["interval_s"], _SOON_S)
            judged_anew.append((row["id"], values["ip"], values["vantage"], wait))
    removed = tuple(row["id"] for row in kept.values() if row["removed_at"] is None)
    told.total = 2 * len(added) + len(changed) + len(judged_anew) + len(removed)
    if told.total:
        hold(connection)
    _insert(connection, added, now, told)
    _change(connection, changed, told)
    _reschedule(connection, judged_anew, now, told)
    _remove(connection, removed, now, told)
    return Synced(added=len(added), changed=len(changed), unchanged=unchanged, removed=removed)


def _values(entry: Entry, default_interval_s: float, networks: dict[str, str]) -> dict[str, Any]:
    ip = str(entry.ip)
    near = ip.rpartition(".")[0] or f"{int(entry.ip) >> 64}"
    if near not in networks:
        networks[near] = neighbourhood(entry.ip)
    return {
        "ip": ip,
        "vantage": entry.vantage,
        "network": networks[near],
        "expected": _json(entry.expected),
        "helo": entry.helo or None,
        "domains": _json(entry.domains),
        "groups": _json(entry.groups),
        "owner": entry.owner,
        "ports": _json(entry.ports),
        "origin": entry.origin,
        "interval_s": default_interval_s if entry.interval_s is None else float(entry.interval_s),
    }


def _json(values: Sequence[object]) -> str:
    return msgspec.json.encode(values).decode() if values else "[]"


def batches(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Return the values in parts that a database takes at once."""
    for start in range(0, len(values), BATCH):
        yield values[start : start + BATCH]


class _Told:
    """Tells how far the rows are."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._done = self.total = 0

    def batches(self, values: Sequence[Any], what: str) -> Iterator[Sequence[Any]]:
        for part in batches(values):
            yield part
            self._done += len(part)
            if self._progress is not None:
                self._progress(self._done, self.total, what)


def _insert(connection: Connection, added: Sequence[Mapping[str, Any]], now: float, told: _Told) -> None:
    # Many small rows in a pipeline are faster on PostgreSQL than long statements that return the ids.
    last = connection.scalar(select(func.max(subjects.c.id))) or 0
    for part in told.batches(added, "new"):
        connection.execute(insert(subjects), list(part))
    new = select(subjects.c.id, subjects.c.ip, subjects.c.vantage, subjects.c.interval_s).where(subjects.c.id > last)
    # Whoever adds a server wants to see it seen: the first look comes sooner than the interval has it, the others do not.
    soon = len(added) / _FIRST_LOOKS
    starts = [
        (row.id, row.vantage, phase(row.ip, row.vantage), row.interval_s, min(row.interval_s, soon))
        for row in connection.execute(new)
    ]
    for part in told.batches(starts, "scheduled"):
        connection.execute(
            insert(schedule),
            [
                {"subject_id": number, "vantage": place, "next_run_at": now + share * first, "due_at": now + share * each}
                for number, place, share, each, first in part
            ],
        )


_CHANGE = (
    update(subjects)
    .where(subjects.c.id == bindparam("b_id"))
    .values({key: bindparam(key) for key in _KEPT} | {"removed_at": None, "revision": bindparam("b_revision")})
)


def _change(connection: Connection, changed: Sequence[Mapping[str, Any]], told: _Told) -> None:
    wanted = {*_KEPT, "b_id", "b_revision"}
    for part in told.batches(changed, "changed"):
        connection.execute(_CHANGE, [{key: value for key, value in values.items() if key in wanted} for values in part])


# The lease is given up and the tick moved, so that a check that began before the change is not recorded after it. Without a
# fingerprint, answers that are the same as before are judged again.
_RESCHEDULE = (
    update(schedule)
    .where(schedule.c.subject_id == bindparam("b_id"))
    .values(
        next_run_at=bindparam("b_at"),
        due_at=bindparam("b_at"),
        claimed_by=None,
        claimed_until=None,
        fingerprint=None,
        steady=None,
    )
)


def _reschedule(connection: Connection, anew: Sequence[tuple[int, str, str, float]], now: float, told: _Told) -> None:
    for part in told.batches(anew, "scheduled"):
        values = [{"b_id": number, "b_at": now + phase(ip, vantage) * wait} for number, ip, vantage, wait in part]
        connection.execute(_RESCHEDULE, values)


def _remove(connection: Connection, ids: Sequence[int], now: float, told: _Told) -> None:
    rests = {"next_run_at": None, "due_at": None, "claimed_by": None, "claimed_until": None}
    for part in told.batches(ids, "removed"):
        connection.execute(
            update(subjects).where(subjects.c.id.in_(part)).values(removed_at=now, revision=subjects.c.revision + 1)
        )
        connection.execute(update(schedule).where(schedule.c.subject_id.in_(part)).values(rests))


def entry_of(row: RowMapping) -> Entry:
    """Return the entry that a row of `subjects` stands for, its interval resolved; the pool is not kept there."""
    ip = parse_address(row["ip"])
    if ip is None:
        raise ValueError(f"the store holds {row['ip']!r} as an address")
    decode = msgspec.json.decode
    return Entry(
        ip=ip,
        origin=row["origin"],
        expected=decode(row["expected"], type=tuple[str, ...]),
        helo=row["helo"] or "",
        domains=decode(row["domains"], type=tuple[str, ...]),
        groups=decode(row["groups"], type=tuple[str, ...]),
        owner=row["owner"],
        vantage=row["vantage"],
        interval_s=int(row["interval_s"]),
        ports=decode(row["ports"], type=tuple[int, ...]),
    )
