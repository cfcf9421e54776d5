"""How an address stood: its courses over a day, a week and a quarter, what is seen of it now, and each change.

From each vantage point apart: what one place sees says nothing of another.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from truehelo.errors import InputError
from truehelo.facts.address import parse_address
from truehelo.facts.names import canonical
from truehelo.facts.text import visible
from truehelo.findings import Severity
from truehelo.monitor.policy import Policy, moment
from truehelo.monitor.reading.windows import planned, under
from truehelo.monitoring import Silence
from truehelo.render.reading import Change, Course, Day, History, Now, Past
from truehelo.store import history as kept
from truehelo.store import membership, reading, upkeep
from truehelo.store.history import DAY_S, Standing
from truehelo.store.spans import UNDETERMINED

LENGTHS: Mapping[str, float] = {"24 h": DAY_S, "7 d": 7 * DAY_S, "90 d": 90 * DAY_S}
MOST_SUBJECTS = 8
"""Of one name so many addresses are shown; whoever wants others names them."""
MAX_EVIDENCE = 64 * 2**20


def history(connection: Connection, target: str, policy: Policy, now: float, *, since: float, most: int | None) -> History:
    """Return the history of an address, or of the addresses that are expected to have a name; `most` changes of each.

    Raises:
        InputError: Nothing of that name is or was watched.
    """
    found = standings(connection, target)
    windows = upkeep.silences_now(connection, "maintenance", now - max(LENGTHS.values()))
    return History(
        at=moment(now),
        asked=target,
        since=moment(since),
        pasts=tuple(
            _past(connection, each, policy, windows, now, since=since, most=most) for each in found[:MOST_SUBJECTS]
        ),
        left_out=max(0, len(found) - MOST_SUBJECTS),
    )


def standings(connection: Connection, target: str) -> list[Standing]:
    """Return the subjects of an address or an expected name, from each vantage point.

    Raises:
        InputError: There is none.
    """
    address = parse_address(target.strip())
    if address is not None:
        found = kept.find(connection, str(address))
    else:
        name = canonical(target.strip())
        found = [each for ip in reading.ips_of_name(connection, name) for each in kept.find(connection, ip)]
        found = [each for each in found if name in each.subject.expected]
    if not found:
        way_out = "give an address, or a name that one is expected to have; truehelo inventory list shows both"
        raise InputError(visible(target, 100) or "an empty word", "is not watched, and was not", way_out)
    return found


def evidence(connection: Connection, target: str, number: int) -> bytes:
    """Return the evidence of a change of a target, as `truehelo replay` reads it.

    Raises:
        InputError: The target has no such change, or no evidence of it is kept.
    """
    mine = {each.subject.id for each in standings(connection, target)}
    if kept.subject_of_flip(connection, number) not in mine:
        way_out = f"truehelo history {visible(target, 100)} --all lists those that there are"
        raise InputError(f"change {number}", f"is none of {visible(target, 100)}", way_out)
    found = kept.evidence_of(connection, number)
    if found is None:
        raise InputError(f"change {number}", "has no evidence: it tells of something that was not looked at, or not seen")
    whole = unpacked(found)
    if whole is None:
        raise InputError(
            f"change {number}", "has evidence that is damaged", "truehelo db check looks at the whole database"
        )
    return whole


def unpacked(kept_evidence: bytes) -> bytes | None:
    """Return evidence as it was before it was compressed; None when it is damaged, or larger than any look could fill."""
    import zlib

    try:
        packed = zlib.decompressobj()
        whole = packed.decompress(kept_evidence, MAX_EVIDENCE)
    except zlib.error:
        return None
    return whole if packed.eof else None


def _past(
    connection: Connection,
    standing: Standing,
    policy: Policy,
    windows: Sequence[Silence],
    now: float,
    *,
    since: float,
    most: int | None,
) -> Past:
    subject = standing.subject
    rows, total = kept.newest_flips(connection, subject.id, since, most)
    horizon = float(upkeep.get(connection, "rolled_up") or 0) * DAY_S
    mine = planned(policy, windows, subject.ip, subject.groups, now - max(LENGTHS.values()), now)
    listed = kept.listed_of(connection, subject.id)
    return Past(
        ip=subject.ip,
        vantage=standing.vantage,
        expected=subject.expected,
        groups=subject.groups,
        owner=subject.owner,
        state=UNDETERMINED if standing.overlay == UNDETERMINED else standing.worst,
        overlay=standing.overlay,
        since=_since(standing),
        added=moment(subject.added_at),
        removed=None if standing.removed_at is None else moment(standing.removed_at),
        checked=None if standing.checked_at is None else moment(standing.checked_at),
        next_check=None if standing.next_run_at is None else moment(standing.next_run_at),
        cause=standing.undetermined_cause or "",
        courses={name: _course(connection, standing, mine, now - length, now) for name, length in LENGTHS.items()},
        tags=_tags(standing),
        seen=tuple(
            Now(what=what, value=value, since=moment(at))
            for what, (value, at) in kept.seen_of(connection, subject.id).items()
        ),
        listings=tuple(
            Now(what=name, value=reason or codes, since=moment(at), state=state)
            for name, state, codes, reason, at in listed
        ),
        changes=tuple(
            Change(
                id=row.id,
                what=row.what,
                old=row.old,
                new=row.new,
                at=moment(row.at),
                reason=row.reason,
                has_evidence=row.has_evidence,
            )
            for row in rows
        ),
        total=total,
        days=_days(connection, subject.id, since, horizon),
        incidents=tuple(dict.fromkeys(each.id for each, _ in membership.of_subject(connection, subject.id))),
    )


def _since(standing: Standing) -> datetime | None:
    if standing.overlay == UNDETERMINED and standing.undetermined_since is not None:
        return moment(standing.undetermined_since)
    starts = [held.since for held in standing.held if held.state == standing.worst]
    return moment(min(starts)) if starts else None


def _tags(standing: Standing) -> tuple[Now, ...]:
    words = dict(standing.messages)
    found = [
        Now(
            what=held.tag,
            value=words.get(held.tag, ""),
            since=moment(held.since),
            state=held.state,
            severity=Severity(held.severity),
        )
        for held in standing.held
    ]
    return tuple(sorted(found, key=lambda each: (each.severity.rank if each.severity else 0, each.since, each.what)))


def _course(
    connection: Connection, standing: Standing, windows: Sequence[tuple[float, float]], since: float, until: float
) -> Course:
    horizon = float(upkeep.get(connection, "rolled_up") or 0) * DAY_S
    intervals = kept.intervals_of(connection, standing, standing.vantage, since, until)
    return Course(
        since=since,
        until=until,
        spans=under(intervals, windows),
        days=_days(connection, standing.subject.id, since, min(horizon, until)),
    )


def _days(connection: Connection, subject_id: int, since: float, horizon: float) -> tuple[Day, ...]:
    """Return the days from `since` on of which only the sums are kept."""
    if since >= horizon:
        return ()
    return tuple(
        Day(since=day * DAY_S, failing_s=failing, undetermined_s=blind, unwatched_s=unwatched, flips=count)
        for day, failing, blind, unwatched, count in kept.days_of(connection, subject_id, int(since // DAY_S))
        if day * DAY_S < horizon
    )
