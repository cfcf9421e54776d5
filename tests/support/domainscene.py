"""A whole watch over domains and reports: the simulated world with records of domains, which a story changes as it goes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simulation.world import World
from support.scene import Scene, played
from truehelo.configuration.domains import DomainSettings, ReportAlertSettings
from truehelo.drift.machine import Thresholds
from truehelo.facts.dns import Outcome, Question
from truehelo.monitor.domains import DomainWatch, Watching
from truehelo.monitor.sources.reported import ReportWatch
from truehelo.monitor.watch import Watch

DOMAIN = "watched.example"
SPF = "v=spf1 mx -all"
DMARC = "v=DMARC1; p=reject; rua=mailto:d@watched.example"
USUAL: dict[tuple[str, str], tuple[str, ...]] = {
    (DOMAIN, "TXT"): (f'"{SPF}"', '"some-site-verification=1"'),
    (f"_dmarc.{DOMAIN}", "TXT"): (f'"{DMARC}"',),
    (DOMAIN, "MX"): (f"10 mx1.{DOMAIN}.", f"20 mx2.{DOMAIN}."),
    (DOMAIN, "NS"): (f"ns1.{DOMAIN}.", f"ns2.{DOMAIN}."),
    (DOMAIN, "SOA"): (f"ns1.{DOMAIN}. hostmaster.{DOMAIN}. 1 7200 900 1209600 300",),
}


class ZoneWorld(World):
    """The world with records: `zone` by name and type; `told` is what one of those who tell says otherwise."""

    def __init__(self, *words: Any) -> None:
        super().__init__(*words)
        self.zone = dict(USUAL)
        self.told: dict[tuple[str, str], tuple[Outcome, tuple[str, ...]]] = {}
        """By who ("resolver 0", "resolver 1", "server") and name."""
        self.asked: list[tuple[float, str, Question]] = []

    def truth(self, question: Question, at: float) -> tuple[Outcome, tuple[str, ...]]:
        name = question.name
        if (name, question.rdtype) in self.zone:
            data = self.zone[name, question.rdtype]
            return (Outcome.ANSWER, data) if data else (Outcome.NODATA, ())
        if name == DOMAIN or (name.endswith(f".{DOMAIN}") and any(held == name for held, _ in self.zone)):
            return Outcome.NODATA, ()
        return super().truth(question, at)

    def _told(self, who: str, question: Question, at: float, recursive: bool) -> tuple[Outcome, tuple[str, ...], float]:
        self.asked.append((at, who, question))
        if (who, question.name) in self.told:
            outcome, data = self.told[who, question.name]
            return outcome, data, 0.0
        return super()._told(who, question, at, recursive)


@dataclass
class DomainScene(Scene):
    """A scene whose watchers watch domains and reports too."""

    domains: DomainSettings = field(default_factory=DomainSettings)
    alerts: ReportAlertSettings = field(default_factory=ReportAlertSettings)

    def watch(self, worker: str = "one") -> Watch:
        made = super().watch(worker)
        made.chores_s = made.idle_s = 600.0  # days go by, and mostly nothing happens
        parts = {
            "database": made.database,
            "stored": made.stored,
            "clock": made.clock,
            "worker": worker,
            "log": made.log,
        }
        watching = Watching(
            resolver=made.looking.ports.resolver, policy=made.policy, settings=self.domains, thresholds=Thresholds()
        )
        reports = {key: value for key, value in parts.items() if key != "worker"}
        made.turns = (
            DomainWatch(watching=watching, every_s=600.0, **parts).turn,
            ReportWatch(policy=made.policy, settings=self.alerts, domains=self.domains, **reports).turn,
        )
        return made

    @property
    def zone(self) -> dict[tuple[str, str], tuple[str, ...]]:
        assert isinstance(self.world, ZoneWorld)
        return self.world.zone

    def publish(self, name: str, rdtype: str, *data: str) -> None:
        """Have these records stand there from now on; none: it is denied."""
        self.zone[name, rdtype] = tuple(f'"{each}"' for each in data) if rdtype == "TXT" else data


def watched(
    folder: Path,
    story: Callable[[DomainScene], Any],
    *,
    domains: DomainSettings | None = None,
    alerts: ReportAlertSettings | None = None,
    **words: Any,
) -> Scene:
    """Play a story in which `DOMAIN` is watched."""
    settings = domains or DomainSettings(names=(DOMAIN,), interval_s=1800.0, changed_for_s=21_600.0)
    words.setdefault("interval_s", 86_400.0)

    def made(*parts: Any) -> DomainScene:
        return DomainScene(*parts, domains=settings, alerts=alerts or ReportAlertSettings())

    return played(folder, story, scene_of=made, world_of=ZoneWorld, **words)
