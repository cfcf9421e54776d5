"""The watch over reports: now and then the roll-ups are asked what they tell of domains, sources, keys and reporters.

What is found is kept as states of things, and told by `incidents.py`. Days count that are over for so long that everybody
has reported on them (`late_days`); what there are no reports about is not judged, and moves nothing. Several watchers may
do it: what an evaluation yields is written in one transaction, and is the same for all. Does not decide when numbers are
more than chance (`sources/`).
"""

from collections.abc import Callable
from dataclasses import dataclass

from truehelo.configuration.domains import DomainSettings, ReportAlertSettings
from truehelo.monitor.incidents import Told
from truehelo.monitor.policy import Policy
from truehelo.monitor.sources import judge_domains, judge_keys, judge_refused, judge_reporters
from truehelo.monitor.sources.incidents import settle
from truehelo.monitor.sources.judging import Asking, Judge
from truehelo.monitor.stored import Stored
from truehelo.ports import Clock
from truehelo.store import incidents
from truehelo.store.database import Database
from truehelo.store.things import reported

EVERY_S = 300.0
"""How often is looked whether anything has come in."""
ANYWAY_S = 3600.0
"""How often it is judged though nothing has: classes and the inventory change too."""
JUDGES: tuple[Judge, ...] = (judge_domains.judge, judge_keys.judge, judge_reporters.judge, judge_refused.judge)


@dataclass(slots=True, kw_only=True)
class ReportWatch:
    """A kind of work of the watch (`Watch.turns`)."""

    database: Database
    stored: Stored
    clock: Clock
    policy: Policy
    settings: ReportAlertSettings
    domains: DomainSettings
    log: Callable[[str], None] = lambda _: None
    _judged: tuple[int, int] = (-1, -1)
    """The hour of the last evaluation, and the newest report then."""

    async def turn(self) -> float:
        """Judge if there is anything new; return in how many seconds to look again.

        Raises:
            StoreError: The database failed; nothing of this evaluation stands.
        """
        if self.settings.enabled:
            told = await self.stored(lambda: self._evaluate(self.clock.now().timestamp()))
            for number in told.opened:
                self.log(f"incident {number} opened")
            for number in told.closed:
                self.log(f"incident {number} closed")
        return EVERY_S

    def _evaluate(self, now: float) -> Told:
        told = Told()
        with self.database.read() as connection:
            mark = (int(now // ANYWAY_S), reported.newest(connection))
            if mark == self._judged:
                return told
            asking = Asking(connection=connection, alerts=self.settings, domains=self.domains, now=now)
            for judge in JUDGES:
                self._judge(judge, asking)
        with self.database.write() as connection:
            # Before any state is written, as all do: two that wait for each other's rows would be a deadlock.
            incidents.serialise(connection)
            for write in asking.later:
                write(connection)
            settle(connection, self.policy, now, told)
        self._judged = mark
        return told

    def _judge(self, judge: Judge, asking: Asking) -> None:
        """Ask one judge; a fault in what it makes of numbers must not end the watch, and is told."""
        try:
            judge(asking)
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            self.log(f"a fault of truehelo in {judge.__module__}: {type(error).__name__}: {error}")
