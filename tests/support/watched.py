"""A store as a watch would have filled it, row by row, at a fixed time: for whatever reads it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any

import msgspec
from sqlalchemy import insert

from truehelo.store import tables
from truehelo.store.database import Database
from truehelo.store.things.tables import watched_domains

NOW = datetime(2026, 3, 1, 10, 15, 30, tzinfo=UTC).timestamp()
MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0


@dataclass
class Watched:
    """Fills a database. Every time is seconds before now."""

    database: Database
    now: float = NOW

    def _insert(self, table: Any, **values: Any) -> int:
        """Add a row; return its number, where it has one."""
        with self.database.write() as connection:
            [key, *_] = connection.execute(insert(table).values(values)).inserted_primary_key
        return key if isinstance(key, int) else 0

    def subject(
        self,
        ip: str,
        *,
        expected: Sequence[str] = (),
        groups: Sequence[str] = (),
        owner: str = "",
        vantage: str = "",
        worst: str = "ok",
        overlay: str = "",
        began: float | None = 300 * DAY,
        checked: float = 12.0,
        late: float = -288.0,
        blind: float | None = None,
        cause: str | None = None,
        removed: float | None = None,
    ) -> int:
        """Add a subject with its schedule; `late` is how long it is due already."""
        number = self._insert(
            tables.subjects,
            ip=ip,
            vantage=vantage,
            network=str(ip_network((ip, 64 if ":" in ip else 24), strict=False)),
            expected=msgspec.json.encode(list(expected)).decode(),
            helo=None,
            domains="[]",
            groups=msgspec.json.encode(list(groups)).decode(),
            owner=owner,
            ports="[25]",
            origin="",
            interval_s=300.0,
            added_at=self.now - 300 * DAY,
            removed_at=None if removed is None else self.now - removed,
        )
        self._insert(
            tables.schedule,
            subject_id=number,
            vantage=vantage,
            next_run_at=None if removed is not None else self.now - late,
            due_at=None if removed is not None else self.now - late,
            checked_at=None if began is None else self.now - checked,
            began_at=None if began is None else self.now - began,
            fingerprint=None if began is None else 1,
            undetermined_since=None if blind is None else self.now - blind,
            undetermined_cause=cause,
            worst="new" if began is None else worst,
            overlay=overlay,
        )
        return number

    def flip(
        self,
        subject: int,
        what: str,
        old: str,
        new: str,
        ago: float,
        reason: str = "seen 3 times",
        evidence: bytes | None = None,
    ) -> int:
        """Add a flip; `evidence` as it is kept."""
        return self._insert(
            tables.flips,
            subject_id=subject,
            what=what,
            old=old,
            new=new,
            at=self.now - ago,
            reason=reason,
            evidence=evidence,
        )

    def state(
        self, subject: int, tag: str, state: str, ago: float, severity: str = "error", message: str = "", **changed: str
    ) -> None:
        """Add a tag in which a subject is not well."""
        self._insert(
            tables.states,
            subject_id=subject,
            tag=tag,
            state=state,
            count=0,
            since=self.now - ago,
            changed_at=self.now - ago,
            severity=severity,
            message=message or f"what {tag} says",
            **changed,
        )

    def domain(self, name: str, *, blind: float | None = None, cause: str = "") -> None:
        """Add a domain that is watched; `blind` is since when not everything of it can be seen."""
        number = self._insert(tables.things, kind="domain", name=name, added_at=self.now - DAY)
        self._insert(
            watched_domains,
            thing_id=number,
            interval_s=3600.0,
            next_run_at=self.now + 60.0,
            due_at=self.now + 60.0,
            checked_at=self.now - 60.0,
            undetermined_since=None if blind is None else self.now - blind,
            undetermined_cause=cause or None,
        )

    def seen(self, subject: int, what: str, value: str, ago: float) -> None:
        """Add something that is seen now."""
        self._insert(tables.observations, subject_id=subject, what=what, value=value, since=self.now - ago)

    def incident(
        self,
        tag: str,
        ago: float,
        *,
        severity: str = "error",
        members: Sequence[int] = (),
        well: Sequence[int] = (),
        closed: float | None = None,
        cause: str = "",
        acknowledged: float | None = None,
        by: str = "",
        note: str = "",
        old: str = "",
        new: str = "",
        **details: Any,
    ) -> int:
        """Add an incident with its members; `well` are those that are well again."""
        number = self._insert(
            tables.incidents,
            key=f"{tag} {ago}",
            tag=tag,
            severity=severity,
            cause=cause or f"{tag} somewhere",
            details=json.dumps(details),
            opened=self.now - ago,
            joined_at=self.now - ago,
            closed=None if closed is None else self.now - closed,
            acknowledged=None if acknowledged is None else self.now - acknowledged,
            acknowledged_by=by,
            note=note,
        )
        for subject in (*members, *well):
            over = closed if closed is not None else (ago / 2 if subject in well else None)
            self._insert(
                tables.members,
                incident_id=number,
                subject_id=subject,
                tag=tag,
                since=self.now - ago - MINUTE,
                joined=self.now - ago,
                closed=None if over is None else self.now - over,
                old=old,
                new=new,
            )
        return number

    def listing(self, subject: int, name: str, state: str, ago: float, reason: str = "", codes: str = "127.0.0.2") -> None:
        """Add what a blocklist says."""
        self._insert(
            tables.listings,
            subject_id=subject,
            list=name,
            state=state,
            codes=codes if state == "listed" else "",
            reason=reason,
            since=self.now - ago,
        )

    def letter(self, channel: str, state: str, ago: float, *, incident: int | None = None, detail: str = "") -> None:
        """Add a message of the outbox."""
        self._insert(
            tables.outbox,
            key=f"msg_{channel}_{state}_{ago}",
            incident_id=incident,
            kind="opened",
            sequence=f"{channel}{ago}",
            channel=channel,
            state=state,
            created=self.now - ago,
            attempt_at=self.now - ago,
            attempts=1,
            detail=detail,
        )

    def silence(self, kind: str, reason: str, since: float, until: float, by: str = "anna", **match: Any) -> int:
        """Add a silence or a maintenance window from `since` before now until `until` after now."""
        return self._insert(
            tables.silences,
            kind=kind,
            match=json.dumps({"ip": "", "groups": [], "tags": [], **match}),
            reason=reason,
            by=by,
            created=self.now - since,
            starts=self.now - since,
            until=self.now + until,
        )

    def gap(self, since: float, until: float, vantage: str = "local") -> None:
        """Nobody watched from `since` to `until` before now."""
        self._insert(
            tables.gaps, vantage=vantage, since=self.now - since, until=self.now - until, reason="the watch was not running"
        )

    def heartbeat(self, ago: float, vantage: str = "local") -> None:
        """Add the last sign of life of a watch."""
        self._insert(tables.meta, key=f"heartbeat {vantage}", value=repr(self.now - ago))

    def rolled_up(self, ago: int) -> None:
        """The days before this one, `ago` days before today, are kept in sums alone."""
        self._insert(tables.meta, key="rolled_up", value=str(int(self.now // DAY) - ago))

    def day(self, subject: int, ago: int, failing: float = 0.0, undetermined: float = 0.0, unwatched: float = 0.0) -> None:
        """Add a rolled-up day, `ago` days before today."""
        self._insert(
            tables.days,
            subject_id=subject,
            day=int(self.now // DAY) - ago,
            failing_s=failing,
            undetermined_s=undetermined,
            unwatched_s=unwatched,
            flips=2,
        )
