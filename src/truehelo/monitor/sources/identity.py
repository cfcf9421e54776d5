"""What an address was called on a day: from the watch's history where it was watched, else as it was observed.

Of a watched address the day is told by what was confirmed in it: seconds of each failing tag, and those in which nothing
could be seen or nobody watched. Of others there is the nearest look, labelled with its time. What was not seen stays so: it
counts neither as good nor as bad (RFC 8601 §2.7.3: temperror). Does not decide what follows from a name.
"""

from collections.abc import Iterable, Sequence
from math import ceil

import msgspec
from sqlalchemy import Connection

from truehelo.facts.names import canonical
from truehelo.monitor.policy import moment
from truehelo.ports import Suffixes
from truehelo.sources.model import NOTHING, Failing, Named, Names, Origin
from truehelo.store.history import DAY_S
from truehelo.store.sources.standings import Standing, standings_of
from truehelo.store.sources.watched import Past, pasts
from truehelo.store.spans import SIGHT, UNDETERMINED, Interval, is_tag, stretches

UNCONFIRMED = {"PTR_MISSING": "permerror", "IPREV_MISMATCH": "fail", "IPREV_FORWARD_MISSING": "fail"}
"""The tags that say that no name leads back, and the result word of each (RFC 8601 §2.7.3)."""
GENERIC = "PTR_GENERIC"
_LEADS_BACK = " leads back"
_NONE = "none ("
_STATES = {"pass": Named.CONFIRMED, "fail": Named.UNCONFIRMED, "permerror": Named.UNCONFIRMED}


_SEEN = {"ok": Named.CONFIRMED, "failing": Named.UNCONFIRMED, UNDETERMINED: Named.UNDETERMINED}
"""What a day is that lies within one stretch."""


class Ledger:
    """What addresses were called from one day to another (days since the epoch, both included)."""

    def __init__(
        self,
        connection: Connection,
        ips: Sequence[str],
        first: int,
        last: int,
        *,
        now: float,
        suffixes: Suffixes | None = None,
    ) -> None:
        """Read all that is kept of these addresses over that time, in a handful of queries."""
        self._suffixes = suffixes
        since, until = first * DAY_S, min(now, (last + 1) * DAY_S)
        self.pasts = pasts(connection, ips, since, max(since, until))
        self._observed = standings_of(connection, ips)
        self._courses: dict[int, _Course] = {}
        self._window = (since, max(since, until))

    def is_watched(self, ip: str) -> bool:
        """Tell whether an address is watched now."""
        return any(past.removed_at is None for past in self.pasts.get(ip, ()))

    def on(self, ip: str, day: int) -> Names:
        """Return what an address was called on a day; several vantage points: as seen from where most was seen."""
        found = [names for past in self.pasts.get(ip, ()) if (names := self._watched(past, day)) is not None]
        if found:
            return max(
                found, key=lambda names: (names.state in (Named.CONFIRMED, Named.UNCONFIRMED), -names.undetermined_s)
            )
        looks = self._observed.get(ip)
        return NOTHING if not looks else _observed(_nearest(looks, day))

    def states(self, ip: str, days: Iterable[int]) -> dict[int, Named]:
        """Return whether the name of an address confirmed, day by day: `on` for each, worked out for many at once."""
        found: dict[int, Named] = {}
        held = self.pasts.get(ip, [])
        if len(held) == 1:
            course = self._course(held[0])
            for each in course.names:
                if each.state in _SEEN:
                    whole = range(ceil(max(each.since, held[0].horizon) / DAY_S), int(each.until // DAY_S))
                    found |= dict.fromkeys(whole, _SEEN[each.state])
        return {day: found[day] if day in found else self.on(ip, day).state for day in days}

    def latest(self, ip: str) -> Names:
        """Return what an address was called on the last day of which anything is known."""
        first, last = (int(at // DAY_S) for at in self._window)
        if self.pasts.get(ip):
            for day in range(last, first - 1, -1):
                names = self.on(ip, day)
                if names.state is not Named.NOT_KNOWN:
                    return names
        return self.on(ip, last)

    def _watched(self, past: Past, day: int) -> Names | None:
        """Return what the watch knew of a day; None when it did not look on it."""
        return self._course(past).on(day, self._suffixes)

    def _course(self, past: Past) -> "_Course":
        if past.id not in self._courses:
            self._courses[past.id] = _Course(past, *self._window)
        return self._courses[past.id]


class _Course:
    """How a subject stood over a time, tag by tag."""

    def __init__(self, past: Past, since: float, until: float) -> None:
        self.past = past
        failing = {what for what, new in past.opened.items() if new == "failing" and is_tag(what)}
        tags = failing | {what for _, what, _ in past.turns if is_tag(what)}
        blind = past.opened.get(SIGHT) == UNDETERMINED

        def course(of: Iterable[str]) -> list[Interval]:
            wanted = {SIGHT, *of}
            return stretches(
                [turn for turn in past.turns if turn[1] in wanted],
                failing=failing & set(of),
                blind=blind,
                alive=past.alive,
                since=since,
                until=until,
            )

        self.all = course(tags)
        self.names = course(tags & UNCONFIRMED.keys())
        self.by_tag = {tag: course((tag,)) for tag in sorted(tags)}

    def on(self, day: int, suffixes: Suffixes | None) -> Names | None:
        """Return the names of a day; None when nobody watched on it."""
        since, until = day * DAY_S, (day + 1) * DAY_S
        if until <= self.past.horizon:
            return self._summed(day)
        total = _seconds(self.names, since, until)
        good, bad, blind = total.get("ok", 0.0), total.get("failing", 0.0), total.get(UNDETERMINED, 0.0)
        if not good + bad + blind:
            return None
        state = Named.UNDETERMINED if not good + bad else Named.UNCONFIRMED if bad >= good else Named.CONFIRMED
        failing = [
            Failing(tag, seconds)
            for tag, course in self.by_tag.items()
            if (seconds := _seconds(course, since, until).get("failing", 0.0))
        ]
        failing.sort(key=lambda each: (-each.seconds, each.tag))
        values = self._values(since, until)
        ptr, confirmed = _ptr(values.get("ptr", "")), _confirmed(values.get("forward", ""))
        generic = ptr if any(each.tag == GENERIC for each in failing) else ()
        return Names(
            origin=Origin.WATCH,
            state=state,
            iprev=_word(state, failing),
            ptr=ptr,
            confirmed=confirmed if state is not Named.UNCONFIRMED else (),
            generic=generic,
            greeting=values.get("greeting", ""),
            helo=self.past.helo,
            failing=tuple(failing),
            failing_s=_seconds(self.all, since, until).get("failing", 0.0),
            undetermined_s=blind,
            listed=tuple(
                dict.fromkeys(
                    each.what
                    for each in self.past.listed
                    if each.value == "listed" and each.since < until and (each.until is None or each.until > since)
                )
            ),
            organisation=_organisation(confirmed, suffixes),
            vantage=self.past.vantage,
        )

    def _summed(self, day: int) -> Names | None:
        """Of a day whose changes retention has removed only the sums are kept: not in which tag it failed."""
        if not any(start < (day + 1) * DAY_S and end > day * DAY_S for start, end in self.past.alive):
            return None
        failing, blind, unwatched = self.past.days.get(day, (0.0, 0.0, 0.0))
        if unwatched >= DAY_S:
            return None
        # Where nothing at all failed the name was confirmed too; where something did, nobody knows any more what.
        state = Named.NOT_KNOWN if failing else Named.UNDETERMINED if blind >= DAY_S - unwatched else Named.CONFIRMED
        return Names(
            origin=Origin.WATCH,
            state=state,
            failing_s=failing,
            undetermined_s=blind,
            detail="only the sums of that day are kept",
            vantage=self.past.vantage,
        )

    def _values(self, since: float, until: float) -> dict[str, str]:
        """Return what was seen in a time: of several values the one that stood longest in it."""
        held: dict[str, tuple[float, str]] = {}
        for each in self.past.seen:
            length = min(until, each.until if each.until is not None else until) - max(since, each.since)
            if length > 0 and length >= held.get(each.what, (0.0, ""))[0]:
                held[each.what] = (length, each.value)
        return {what: value for what, (_, value) in held.items()}


def _seconds(course: Sequence[Interval], since: float, until: float) -> dict[str, float]:
    found: dict[str, float] = {}
    for each in course:
        length = min(until, each.until) - max(since, each.since)
        if length > 0:
            found[each.state] = found.get(each.state, 0.0) + length
    return found


def _word(state: Named, failing: Sequence[Failing]) -> str:
    if state is Named.CONFIRMED:
        return "pass"
    if state is Named.UNDETERMINED:
        return "temperror"
    return next((UNCONFIRMED[each.tag] for each in failing if each.tag in UNCONFIRMED), "")


def _ptr(value: str) -> tuple[str, ...]:
    """Read the names back that `drift.cause.observed` wrote."""
    return () if not value or value.startswith(_NONE) else tuple(value.split(", "))


def _confirmed(value: str) -> tuple[str, ...]:
    parts = value.split("; ") if value else []
    return tuple(part.removesuffix(_LEADS_BACK) for part in parts if part.endswith(_LEADS_BACK))


def _organisation(confirmed: Sequence[str], suffixes: Suffixes | None) -> str:
    if suffixes is None:
        return ""
    return next((found for name in confirmed if (found := suffixes.organisation(canonical(name)))), "")


def _nearest(looks: Sequence[Standing], day: int) -> Standing:
    """Return the look that tells most of a day: one that saw something, the nearest, of equals the later."""
    middle = (day + 0.5) * DAY_S
    return min(looks, key=lambda look: (look.iprev == "temperror", abs(look.at - middle), -look.at))


def _observed(look: Standing) -> Names:
    return Names(
        origin=Origin.OBSERVED,
        state=_STATES.get(look.iprev, Named.UNDETERMINED),
        at=moment(look.at),
        iprev=look.iprev,
        ptr=look.ptr,
        confirmed=look.confirmed,
        generic=look.generic,
        organisation=look.organisation,
        detail=look.detail,
    )


def expected_of(past: Past) -> tuple[str, ...]:
    """Return the names that the operator expects of a subject."""
    return tuple(msgspec.json.decode(past.expected, type=list[str]))


__all__ = ["UNCONFIRMED", "Ledger", "expected_of"]
