"""The run: targets in, audit out. Many subjects at once, within a bound; an interruption keeps what is known."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from truehelo.engine.gather import Gathering, Wishes
from truehelo.engine.subjects import Found, Subject, find_subjects
from truehelo.engine.targets import Target
from truehelo.facts.subject import SubjectFacts
from truehelo.findings import Audit, Unresolved
from truehelo.ports import Ports, Suffixes

if TYPE_CHECKING:
    from truehelo.engine.blocklists import Blocklists
    from truehelo.engine.judge import Judging

Progress = Callable[[int, int, str], None]


@dataclass(slots=True, repr=False)  # asyncio formats the running task, and so this, when it sets its signal handler
class Run:
    """One run of the engine. `concurrency` bounds how many subjects are in flight."""

    ports: Ports
    wishes: Wishes
    concurrency: int = 200
    progress: Progress | None = None
    judging: "Judging | None" = None
    blocklists: "Blocklists | None" = None
    _gatherings: list[Gathering] = field(default_factory=list)
    _facts: dict[int, SubjectFacts] = field(default_factory=dict)
    _found: Found = field(default_factory=Found)
    _expanded: bool = False

    async def audit(self, targets: Sequence[Target]) -> Audit:
        """Audit the targets. On cancellation the audit holds what is known so far and says that it was interrupted."""
        started, at = self.ports.clock.now(), self.ports.clock.monotonic()
        interrupted = False
        warming = asyncio.get_running_loop().run_in_executor(None, _bring_in, self.ports.suffixes)
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
        # Not waited for: from here on an interruption must find nothing to interrupt, or it would lose what is known.
        warming.add_done_callback(lambda done: done.cancelled() or done.exception())
        from truehelo.engine.judge import AS_USUAL, judge  # late: imported while the network was waited for

        judging = self.judging or AS_USUAL
        subjects = tuple(judge(facts, judging) for facts in self._all_facts())
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
        self._gatherings = [
            Gathering(subject=subject, wishes=self.wishes, ports=self.ports, blocklists=self.blocklists)
            for subject in subjects
        ]
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


def _bring_in(suffixes: Suffixes) -> None:
    """Import what judging needs and read the public suffix list, beside the loop, while the first answers are on their way.

    A fifth of the time of a short run. What goes wrong here goes wrong again where it is used, and is told there.
    """
    suffixes.organisation("mail.example.com")
    from truehelo.checks import all_checks
    from truehelo.engine import judge  # noqa: F401
    from truehelo.generic.providers import providers
    from truehelo.receivers.selection import standard

    all_checks()
    providers()
    standard()


def _all_unresolved(targets: Sequence[Target]) -> tuple[Unresolved, ...]:
    """What a run says that was interrupted before any subject was found."""
    return tuple(
        Unresolved(asked=target.text, undetermined=True, detail="was not looked up before the interruption")
        for target in targets
    )
