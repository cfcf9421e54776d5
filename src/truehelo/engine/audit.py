"""The run: targets in, audit out. Many subjects at once, within a bound; an interruption keeps what is known."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from truehelo.engine.gather import Gathering, Wishes
from truehelo.engine.subjects import Found, Subject, find_subjects
from truehelo.engine.targets import Target
from truehelo.facts.subject import SubjectFacts
from truehelo.findings import Audit, Unresolved
from truehelo.ports import Ports

Progress = Callable[[int, int, str], None]


@dataclass(slots=True, repr=False)  # asyncio formats the running task, and so this, when it sets its signal handler
class Run:
    """One run of the engine. `concurrency` bounds how many subjects are in flight."""

    ports: Ports
    wishes: Wishes
    concurrency: int = 200
    progress: Progress | None = None
    _gatherings: list[Gathering] = field(default_factory=list)
    _facts: dict[int, SubjectFacts] = field(default_factory=dict)
    _found: Found = field(default_factory=Found)
    _expanded: bool = False

    async def audit(self, targets: Sequence[Target]) -> Audit:
        """Audit the targets. On cancellation the audit holds what is known so far and says that it was interrupted."""
        started, at = self.ports.clock.now(), self.ports.clock.monotonic()
        interrupted = False
        warming = asyncio.ensure_future(_warm_up(self.ports))
        try:
            self._found = await find_subjects(
                targets,
                self.ports.resolver,
                self.ports.suffixes,
                self.wishes.families,
                authoritative=self.wishes.authoritative,
            )
            self._expanded = True
            await self._gather_all(list(self._found.subjects.values()))
        except asyncio.CancelledError:
            interrupted = True
        finally:
            warming.cancel()
        from truehelo.engine.judge import judge  # late: imported while the network was waited for

        subjects = tuple(judge(facts) for facts in self._all_facts())
        return Audit(
            asked=tuple(target.text for target in targets),
            started=started,
            elapsed_s=round(self.ports.clock.monotonic() - at, 3),
            resolvers=self.ports.resolver.servers,
            subjects=subjects,
            notes=tuple(self._found.notes),
            unresolved=tuple(self._found.unresolved) if self._expanded else _all_unresolved(targets),
            interrupted=interrupted,
        )

    async def _gather_all(self, subjects: list[Subject]) -> None:
        self._gatherings = [Gathering(subject=subject, wishes=self.wishes, ports=self.ports) for subject in subjects]
        queue = iter(enumerate(self._gatherings))

        async def worker() -> None:
            for index, gathering in queue:
                self._facts[index] = await self._one(gathering)
                if self.progress is not None:
                    self.progress(len(self._facts), len(self._gatherings), str(gathering.ip))

        await asyncio.gather(*(worker() for _ in range(min(self.concurrency, len(subjects)))))

    async def _one(self, gathering: Gathering) -> SubjectFacts:
        """Gather one subject. A fault of this program in it must not take the others along, and is told."""
        (done,) = await asyncio.gather(gathering.run(), return_exceptions=True)
        if isinstance(done, SubjectFacts):
            return done
        if not isinstance(done, Exception):
            raise done
        self._found.notes.append(f"{gathering.ip}: not audited to the end, by a fault of truehelo ({done!r})")
        return gathering.facts()

    def _all_facts(self) -> list[SubjectFacts]:
        return [self._facts.get(index) or gathering.facts() for index, gathering in enumerate(self._gatherings)]


async def _warm_up(ports: Ports) -> None:
    """Bring in what judging needs, piece by piece, while the first answers are on their way: a fifth of a short run."""
    await asyncio.sleep(0.001)  # behind the first questions
    ports.suffixes.organisation("mail.example.com")  # reads the public suffix list
    await asyncio.sleep(0)
    from truehelo.engine import judge  # noqa: F401

    await asyncio.sleep(0)
    from truehelo.checks import all_checks
    from truehelo.generic.providers import providers

    for piece in (all_checks, providers):
        await asyncio.sleep(0)
        piece()


def _all_unresolved(targets: Sequence[Target]) -> tuple[Unresolved, ...]:
    """What a run says that was interrupted before any subject was found."""
    return tuple(
        Unresolved(asked=target.text, undetermined=True, detail="was not looked up before the interruption")
        for target in targets
    )
