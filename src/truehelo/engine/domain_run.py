"""The run over domains: names in, judged domains out. Many at once, within a bound; an interruption keeps what is known."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from truehelo.advice.domain import advise_domain
from truehelo.domains import DomainAudit, DomainRun, DomainView, run_checks
from truehelo.engine.audit import Progress
from truehelo.engine.domain import DomainGathering, DomainWishes
from truehelo.facts.domain import DomainFacts
from truehelo.ports import Ports


def judge_domain(facts: DomainFacts) -> DomainAudit:
    """Judge one domain by its facts alone: findings, then the steps that end them."""
    findings = run_checks(facts)
    return DomainAudit(facts=facts, findings=findings, advice=advise_domain(DomainView(facts), findings))


@dataclass(slots=True, repr=False)  # asyncio formats the running task, and so this, when it sets its signal handler
class DomainEngine:
    """One run. `concurrency` bounds how many domains are in flight."""

    ports: Ports
    concurrency: int = 20
    progress: Progress | None = None
    _gatherings: list[DomainGathering] = field(default_factory=list)
    _facts: dict[int, DomainFacts] = field(default_factory=dict)
    _notes: list[str] = field(default_factory=list)

    async def run(self, wanted: Sequence[tuple[str, DomainWishes]]) -> DomainRun:
        """Look at domains and judge them. On cancellation the run holds what is known so far, and says so."""
        started, at = self.ports.clock.now(), self.ports.clock.monotonic()
        interrupted = False
        self._gatherings = [DomainGathering(name=name, wishes=wishes, ports=self.ports) for name, wishes in wanted]
        try:
            await self._gather_all()
        except asyncio.CancelledError:
            interrupted = True
        facts = [self._facts.get(index) or gathering.facts() for index, gathering in enumerate(self._gatherings)]
        return DomainRun(
            asked=tuple(name for name, _ in wanted),
            started=started,
            elapsed_s=round(self.ports.clock.monotonic() - at, 3),
            resolvers=self.ports.resolver.servers,
            domains=tuple(judge_domain(each) for each in facts),
            notes=tuple(self._notes),
            interrupted=interrupted,
        )

    async def _gather_all(self) -> None:
        queue = iter(enumerate(self._gatherings))

        async def worker() -> None:
            for index, gathering in queue:
                self._facts[index] = await self._one(gathering)
                if self.progress is not None:
                    self.progress(len(self._facts), len(self._gatherings), gathering.name)

        await asyncio.gather(*(worker() for _ in range(min(self.concurrency, len(self._gatherings)))))

    async def _one(self, gathering: DomainGathering) -> DomainFacts:
        """Look at one domain. A fault of this program in it must not take the others along, and is told."""
        (done,) = await asyncio.gather(gathering.run(), return_exceptions=True)
        if isinstance(done, DomainFacts):
            return done
        if not isinstance(done, Exception):
            raise done
        self._notes.append(f"{gathering.name}: not looked at to the end, by a fault of truehelo ({done!r})")
        return gathering.facts()
