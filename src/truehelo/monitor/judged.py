"""By what addresses are judged, and what becomes of them when that changes from one start of the watch to the next.

Answers that stay the same are not judged again (`look.py`): a tag that is no longer ignored would never be told, and one
that is ignored now would fail for ever. Does not decide what is watched.
"""

import hashlib
from collections.abc import Callable

from sqlalchemy import Connection

from truehelo import __version__
from truehelo.findings import Severity
from truehelo.monitor.incidents import Told, close_if_over
from truehelo.monitor.lists import PREFIX
from truehelo.monitor.look import Looking
from truehelo.monitor.policy import Policy
from truehelo.monitoring import State
from truehelo.store import incidents as rows
from truehelo.store import judged as kept
from truehelo.store import membership, results, upkeep

KEY = "judged by "
"""How the keys in `meta` begin under which it is kept by what is judged from a vantage point, whose name follows;
none follows for what any may look at."""
NOT_WATCHED, NOT_ASKED = "no longer watched", "the list is no longer asked"


def judge_anew(connection: Connection, looking: Looking, policy: Policy, vantage: str, now: float, told: Told) -> int:
    """Have everything judged again when it is judged by something else than before, and end what is not watched any more.

    Returns how many subjects are judged again, each at its next look. Several watchers that share a database may do it at
    once: of those with the same configuration one finds a change.
    """
    by = _digest(looking)
    if not _judged_otherwise(connection, vantage, by) and not _unwatched(connection, looking, vantage):
        return 0
    # In the order of whoever records looks: the schedule, and then the incidents.
    kept.hold(connection)
    rows.serialise(connection)
    count = 0
    for place in _judged_otherwise(connection, vantage, by):
        count += kept.forget_answers(connection, place)
        upkeep.put(connection, KEY + place, by)
    for standing in _unwatched(connection, looking, vantage):
        _end(connection, standing, policy, now, told)
    return count


def _judged_otherwise(connection: Connection, vantage: str, by: str) -> list[str]:
    """Return of which places the subjects were judged by something else: of this vantage point, and of any ("").

    What any may look at is kept apart: another vantage point that starts with the same configuration changes nothing for
    it, and those who look at it already must not be interrupted.
    """
    return [place for place in dict.fromkeys(("", vantage)) if upkeep.get(connection, KEY + place) != by]


def _digest(looking: Looking) -> str:
    """Return what stands for all that decides how the same answers are judged."""
    parts = (__version__, str(looking.watched), sorted(looking.ignored), sorted(_lists(looking)))
    return hashlib.blake2b(repr(parts).encode("utf-8", "backslashreplace"), digest_size=16).hexdigest()


def _lists(looking: Looking) -> frozenset[str]:
    return frozenset() if looking.lists is None else frozenset(each.entry.id for each in looking.lists.blocklists.lists)


def _unwatched(connection: Connection, looking: Looking, vantage: str) -> list[kept.Standing]:
    """Return in what subjects do not stand well that no look will ever see well again."""
    asked = _lists(looking)
    wanted: Callable[[str, str], bool] = lambda tag, severity: (  # noqa: E731
        tag.removeprefix(PREFIX) in asked
        if tag.startswith(PREFIX)
        else tag not in looking.ignored and Severity(severity).rank <= looking.watched.rank
    )
    return kept.standings(connection, vantage, [kind for kind in kept.kinds(connection, vantage) if not wanted(*kind)])


def _end(connection: Connection, standing: kept.Standing, policy: Policy, now: float, told: Told) -> None:
    listed = standing.tag.startswith(PREFIX)
    reason = NOT_ASKED if listed else NOT_WATCHED
    results.drop_state(connection, standing.subject_id, standing.tag)
    if listed:
        results.put_listing(connection, standing.subject_id, standing.tag.removeprefix(PREFIX), None, now)
    if State(standing.state).is_open:
        results.add_flip(connection, standing.subject_id, standing.tag, old="failing", new="ok", at=now, reason=reason)
    for incident, member in membership.of_subject(connection, standing.subject_id):
        if member.tag != standing.tag:
            continue
        membership.change_member(connection, member.id, closed=now)
        # While others may yet be seen well again, that is what will be told.
        if not membership.has_open_member(connection, incident.id):
            rows.add_details(connection, incident.id, ended=reason)
        close_if_over(connection, rows.incident(connection, incident.id) or incident, policy, now, told)
