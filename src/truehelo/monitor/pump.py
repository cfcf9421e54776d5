"""The pump: takes messages out of the outbox, hands them to channels, and notes what came of it.

At least once: a message that was handed over, but not noted before a crash, is handed over again with the same key
and content. What was silenced meanwhile waits until the silence ends; what was over before anybody was told of it is
dropped. Does not decide who is told (`incidents.py`), nor what the words are (`render/notice.py`).
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from truehelo.drift.routing import next_try
from truehelo.errors import FileError
from truehelo.monitor.incidents import SILENCED
from truehelo.monitor.notices import freeze, heard_by, notice_of, thaw
from truehelo.monitor.policy import Policy
from truehelo.monitor.silencing import silences_of
from truehelo.monitoring import Message, Notice, NoticeKind
from truehelo.ports import Channel, ChannelError, Clock
from truehelo.render.notice import message
from truehelo.store import incidents as rows
from truehelo.store import membership, outbox, told, upkeep
from truehelo.store.database import Database, StoreError
from truehelo.store.outbox import Letter

SEND_S = 60.0
"""For so long a channel is waited for at least: one that hangs must not hold its messages for ever."""
GRACE_S = 15.0
"""So much longer than its own `timeout`: it ends by itself what it has begun, and says what came of it."""
LEASE_S = 90.0
"""For so long messages are taken: longer than one of them may take, so that nobody else sends it meanwhile."""
PATIENCE_S = 1.0
"""For so long the others wait for a channel."""
AGAIN_S = 1.0
"""How soon the store is tried again when it could not be used between two steps of a delivery."""
_ENDS = (NoticeKind.RECOVERED, NoticeKind.STABLE, NoticeKind.SEEN)
_NAGS = (NoticeKind.REMINDER, NoticeKind.ESCALATED)
T = TypeVar("T")


class Stored(Protocol):
    """Runs a function over the database, outside the event loop."""

    def __call__(self, work: Callable[[], T]) -> Awaitable[T]:
        """Return what `work` returns."""


class Delivered(Protocol):
    """Is told of each try."""

    def __call__(self, channel: str, kind: str, result: str, detail: str) -> None:
        """`result` is "delivered", "retried" or "failed"."""


class Pump:
    """Delivers what is due. `worker` names whoever does so; `channels` are by the names in the configuration."""

    def __init__(
        self,
        database: Database,
        stored: Stored,
        channels: Mapping[str, Channel],
        policy: Policy,
        clock: Clock,
        worker: str,
        delivered: Delivered,
    ) -> None:
        """Keep the parts; nothing is sent yet."""
        self.freed: Callable[[], None] = lambda: None
        """Is called when a channel can take messages again."""
        self._sending: dict[str, asyncio.Task[None]] = {}
        self._held: set[int] = set()
        self._database, self._stored, self._channels = database, stored, channels
        self._policy, self._clock, self._worker, self._delivered = policy, clock, worker, delivered
        bounds = ((each.name, each.timeout_s + GRACE_S) for each in policy.alerting.channels)
        self._longer = {name: seconds for name, seconds in bounds if seconds > SEND_S}
        """How long the channels are waited for that may take longer than usual."""

    async def run_once(self) -> int:
        """Deliver what is due now; return how many messages were taken up.

        A channel that takes its time goes on beside, and gets nothing more until it is done.

        Raises:
            StoreError: The database failed; nothing is lost, and what was handed over may be so again.
        """
        self._reap()
        if not await self._stored(self._is_due):
            return 0
        letters = await self._stored(self._take)
        by_channel: dict[str, list[Letter]] = {}
        for letter in letters:
            by_channel.setdefault(letter.channel, []).append(letter)
        self._held |= {letter.id for letter in letters}
        for name, each in by_channel.items():
            task = self._sending[name] = asyncio.ensure_future(self._all_of(each, self._now() + self._lease_s(name)))
            task.add_done_callback(lambda _: self.freed())
        await self.finish(PATIENCE_S)
        self._reap()
        return len(letters)

    async def finish(self, seconds: float) -> None:
        """Wait for what is being sent, for so long at most."""
        if self._sending:
            await asyncio.wait(self._sending.values(), timeout=seconds)

    async def aclose(self) -> None:
        """Break off what is still being sent; it is sent again later."""
        tasks = list(self._sending.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def holds(self) -> frozenset[int]:
        """The messages that are being sent, or wait for that."""
        return frozenset(self._held)

    def next_attempt(self, connection: Connection) -> float | None:
        """Return when something is to be tried again; None when nothing waits but for a channel that is busy."""
        return outbox.next_attempt(connection, self._sending)

    def _reap(self) -> None:
        """Let go of the channels that are done; what the store kept from being noted is raised."""
        done = [name for name, task in self._sending.items() if task.done()]
        failures = [task.exception() for name in done if not (task := self._sending.pop(name)).cancelled()]
        for failure in failures:
            if failure is not None:
                raise failure

    def _is_due(self) -> bool:
        with self._database.read() as connection:
            return outbox.is_due(connection, self._now(), self._sending)

    def _take(self) -> list[Letter]:
        with self._database.write() as connection:
            leases = {name: self._lease_s(name) for name in self._longer}
            return outbox.take(connection, self._worker, self._now(), LEASE_S, longer=leases, busy=self._sending)

    def _send_s(self, channel: str) -> float:
        return self._longer.get(channel, SEND_S)

    def _lease_s(self, channel: str) -> float:
        return self._send_s(channel) - SEND_S + LEASE_S

    def _now(self) -> float:
        return self._clock.now().timestamp()

    async def _all_of(self, letters: list[Letter], until: float) -> None:
        """One channel's messages one after another: another order would tell the end before the beginning."""
        try:
            await self._each_of(letters, until)
        finally:
            self._held -= {letter.id for letter in letters}

    async def _each_of(self, letters: list[Letter], until: float) -> None:
        for index, letter in enumerate(letters):
            if self._now() >= until - self._send_s(letter.channel):
                # Sent later it might be in somebody else's hands already.
                await self._surely(partial(self._give_back, letters[index:]), until)
                return
            await self._one(letter, until)

    def _give_back(self, letters: list[Letter]) -> None:
        with self._database.write() as connection:
            outbox.give_back(connection, self._worker, [letter.id for letter in letters])

    async def _surely(self, work: Callable[[], T], until: float) -> T:
        """Do a step in the store, again and again while it cannot be used and the messages are ours.

        What was sent would otherwise be sent again, when the lease ends.
        """
        while True:
            try:
                return await self._stored(work)
            except StoreError:
                if self._now() >= until:
                    raise
            await asyncio.sleep(AGAIN_S)

    async def _one(self, letter: Letter, until: float) -> None:
        failed: ChannelError | None = None
        said = ""
        try:
            kept = await self._surely(lambda: self._prepare(letter), until)
            if kept is None:
                return
            said = await self._send(letter, message(thaw(kept)))
        except StoreError:
            raise
        except ChannelError as error:
            failed = error
        except Exception as error:  # noqa: BLE001  one message that cannot be made must not stop the others, and is told
            failed = ChannelError(f"it cannot be put into words: {type(error).__name__}: {error}", temporary=True)
        await self._surely(lambda: self._settle(letter, failed, said), until)

    async def _send(self, letter: Letter, words: Message) -> str:
        """Hand a message to its channel, and return what that said.

        Raises:
            ChannelError: It was not taken.
        """
        channel = self._channels.get(letter.channel)
        if channel is None:
            raise ChannelError(f"there is no channel {letter.channel!r} in the configuration", temporary=True)
        seconds = self._send_s(letter.channel)
        try:
            return await asyncio.wait_for(channel.send(words, letter.key), seconds)
        except ChannelError:
            raise
        except TimeoutError:
            raise ChannelError(f"no reply within {seconds:.0f} s", temporary=True) from None
        except Exception as error:  # noqa: BLE001  a fault of one channel must not stop the others, and is told
            raise ChannelError(f"a fault of the channel: {type(error).__name__}", temporary=True) from None

    def _prepare(self, letter: Letter) -> bytes | None:
        """Return what is to be said, frozen; None when nothing is."""
        now = self._now()
        with self._database.write() as connection:
            if letter.incident_id is None:
                return letter.notice
            incident = rows.incident(connection, letter.incident_id)
            if incident is None:
                outbox.settle(connection, letter, state="dropped", now=now, detail="its incident is no longer kept")
                return None
            if letter.attempts == 0:
                reason = self._needless(connection, letter, incident, now)
                if reason:
                    outbox.settle(connection, letter, state="dropped", now=now, detail=reason)
                    return None
                until = self._silenced_until(connection, incident, now)
                if until is not None and letter.kind not in _ENDS:
                    outbox.postpone(connection, letter, until, outbox.SILENCED)
                    return None
            if letter.notice is not None:
                return letter.notice
            url, alerting = self._policy.settings.url, self._policy.alerting
            made = notice_of(connection, incident, NoticeKind(letter.kind), now, url, alerting, letter.channel)
            return outbox.freeze(connection, letter.id, freeze(made))

    def _needless(self, connection: Connection, letter: Letter, incident: rows.IncidentRow, now: float) -> str:
        """Return why nobody needs to be told any more, "" when they do."""
        if letter.kind in _ENDS and not told.told(connection, incident.id, letter.channel):
            return "this channel was not told that it began"
        if letter.kind in _NAGS and incident.closed is not None:
            return "it was over before it was told"
        if letter.kind in _NAGS and incident.acknowledged is not None:
            return f"{outbox.ACKNOWLEDGED}{incident.acknowledged_by}"
        if letter.kind not in _ENDS and incident.closed is not None and incident.details.get(SILENCED):
            return "it was over before its silence ended"
        return self._no_news(connection, letter, incident, now) if letter.kind in (*_NAGS, NoticeKind.GROWN) else ""

    def _no_news(self, connection: Connection, letter: Letter, incident: rows.IncidentRow, now: float) -> str:
        """Return why those members of which a channel is told give no reason to tell it again, "" when they do."""
        members = membership.members_of(connection, incident.id)
        theirs = heard_by(members, incident, self._policy.alerting, letter.channel, now)
        if letter.kind in _NAGS:
            return "what this channel is told of is well" if theirs and all(each.closed for each in theirs) else ""
        before = self._told_before(connection, letter, incident)
        if before is None:
            return ""
        more = len({member.ip for member in theirs}) > before.count
        later = any(member.joined > before.at.timestamp() for member in theirs)
        return "" if more or later else "nothing that this channel is told of has joined"

    def _told_before(self, connection: Connection, letter: Letter, incident: rows.IncidentRow) -> Notice | None:
        """Return what a channel was last told of an incident; None when that is nothing, or cannot be read."""
        kept = told.last_notice(connection, incident.id, letter.channel)
        try:
            return None if kept is None else thaw(kept)
        except FileError:
            return None

    def _silenced_until(self, connection: Connection, incident: rows.IncidentRow, now: float) -> float | None:
        """Until when an incident is silenced as a whole; None when it is not."""
        # As they are in this transaction: by a copy that somebody has ended since, it would wait as long as that silence.
        silences = upkeep.silences_now(connection, "silence", now, keep=True)
        policy = replace(self._policy, silences=silences)
        found = silences_of(incident, membership.members_of(connection, incident.id), policy, now) if silences else ()
        if not found:
            return None
        rows.add_details(connection, incident.id, **{SILENCED: True})
        return min(silence.until for silence in found).timestamp()

    def _settle(self, letter: Letter, failed: ChannelError | None, said: str) -> None:
        now = self._now()
        state, detail, again_at = "delivered", said, None
        if failed is not None:
            wait = next_try(
                letter.attempts + 1,
                letter.key,
                temporary=failed.temporary,
                retry_after_s=failed.retry_after_s,
                tries=failed.tries,
            )
            state, detail = ("failed", failed.detail) if wait is None else ("pending", failed.detail)
            again_at = None if wait is None else now + wait.total_seconds()
        with self._database.write() as connection:
            outbox.settle(connection, letter, state=state, now=now, detail=detail, again_at=again_at)
        self._delivered(letter.channel, letter.kind, "retried" if state == "pending" else state, detail)
