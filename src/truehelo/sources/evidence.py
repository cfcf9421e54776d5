"""From the records about a source to the signs by which it is classed: counts of messages, by what their records say.

Two names are of one organisation when their registered domain is the same (RFC 7489 §3.2). Does not decide what a source is
(`classes.py`).
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from truehelo.reports.model import Shape
from truehelo.sources.classes import FORWARDING, Evidence

Organisation = Callable[[str], str | None]
"""Returns the registered domain above or at a name, None for a public suffix."""
Key = tuple[str, str]
"""A signature's domain and selector."""


@dataclass(frozen=True, slots=True)
class Whole:
    """What a source sent in all, in messages: aligned by both, by SPF alone, by DKIM alone; and how many told of it."""

    messages: int
    both: int = 0
    spf: int = 0
    dkim: int = 0
    reporters: int = 0


@dataclass(slots=True)
class Tally:
    """Counts messages of one source, record by record."""

    organisation: Organisation
    messages: int = 0
    both: int = 0
    spf: int = 0
    dkim: int = 0
    broken: int = 0
    forwarding: int = 0
    foreign: int = 0
    domains: set[str] = field(default_factory=set)
    reporters: set[str] = field(default_factory=set)
    signed: Counter[Key] = field(default_factory=Counter)
    """Messages by each signature that was seen."""
    verified: Counter[Key] = field(default_factory=Counter)
    """Messages by each aligned signature that verified."""

    def add(self, shape: Shape, messages: int, domain: str, reporters: Iterable[str]) -> None:
        """Count `messages` of one shape, reported about `domain` by `reporters`."""
        dkim, spf = shape.dkim == "pass", shape.spf == "pass"
        own = self.organisation(shape.header_from or domain)
        self.messages += messages
        self.both += messages * (dkim and spf)
        self.spf += messages * (spf and not dkim)
        self.dkim += messages * (dkim and not spf)
        self.broken += messages * (not dkim and not spf and self._broken(shape, own))
        self.forwarding += messages * any(reason.type in FORWARDING for reason in shape.reasons)
        self.foreign += messages * self._foreign(shape, own)
        self.domains.add(domain)
        self.reporters.update(reporters)
        for key in {(each.domain, each.selector): None for each in shape.dkim_results if each.selector}:
            self.signed[key] += messages
        if dkim:
            for each in {each for each in shape.dkim_results if each.result == "pass" and each.selector}:
                if self._same(each.domain, own):
                    self.verified[each.domain, each.selector] += messages

    def _same(self, name: str, own: str | None) -> bool:
        return bool(name) and own is not None and self.organisation(name) == own

    def _broken(self, shape: Shape, own: str | None) -> bool:
        """Tell whether there is a signature of the domain that does not verify."""
        return any(each.result not in ("pass", "none", "") and self._same(each.domain, own) for each in shape.dkim_results)

    def _foreign(self, shape: Shape, own: str | None) -> bool:
        """Tell whether the reverse-path is of another organisation; where it is not told, what SPF was asked about."""
        name = (shape.envelope_from or "").rpartition("@")[2]
        if not name:
            name = next((each.domain for each in shape.spf_results if each.scope != "helo"), "")
        return bool(name) and not self._same(name, own)

    def evidence(
        self,
        *,
        share: float,
        watched: bool,
        own_name: bool,
        authorised: str = "",
        mine: Iterable[Key] = (),
        whole: Whole | None = None,
    ) -> Evidence:
        """Return what was counted, with what is known besides.

        Args:
            share: The source's part of the mail.
            watched: It is in the inventory.
            own_name: A confirmed name of it lies in one of the operator's domains.
            authorised: What the SPF record says of it now, "" when it was not asked.
            mine: The signatures of sources that are mine.
            whole: What all that it sent comes to, where less than that was counted here: what only records show is then
                reckoned up to it.
        """
        part = self.messages / whole.messages if whole is not None and whole.messages > self.messages else 1.0
        of = whole if whole is not None and (part < 1.0 or not self.messages) else self._whole()

        def reckoned(count: int, most: int) -> int:
            return count if part == 1.0 else min(most, round(count / part)) if part else 0

        return Evidence(
            messages=of.messages,
            both=of.both,
            spf=of.spf,
            dkim=of.dkim,
            broken=reckoned(self.broken, of.messages - of.both - of.spf - of.dkim),
            forwarding=reckoned(self.forwarding, of.messages),
            foreign=reckoned(self.foreign, of.messages),
            reckoned=0.0 < part < 1.0,
            read=self.messages if self.messages < of.messages else None,
            shared_selector=not self.verified.keys().isdisjoint(mine),
            domains=max(1, len(self.domains)),
            reporters=max(len(self.reporters), of.reporters),
            share=share,
            watched=watched,
            own_name=own_name,
            authorised=authorised,
        )

    def _whole(self) -> Whole:
        return Whole(self.messages, self.both, self.spf, self.dkim)
