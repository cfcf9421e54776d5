"""Aggregate reports as a reader hands them over, made by seed; and what the store must answer, worked out the plain way."""

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from truehelo.reports.model import (
    AggregateHead,
    DkimResult,
    Extra,
    Fault,
    Metadata,
    Policy,
    Reason,
    Record,
    ReportError,
    Shape,
    SpfCheck,
)
from truehelo.store.reports.importing import Came

DAY_S = 86_400
FIRST = 20_454
DOMAINS = ("shop.example", "bakery.example", "choir.example")
REPORTERS = ("bigmail.example", "Portal Mail", "Enterprise Outbox", "club-relay.example")
NOW = 1_780_000_000.0


@dataclass
class Reading:
    """A report while it is read: like the reader's, head and digest are there only once the last batch was taken.

    `broken` makes it turn out to be no report after so many records.
    """

    told: AggregateHead
    records: list[Record]
    size: int = 3
    broken: int | None = None
    salt: str = ""
    head: AggregateHead | None = None
    digest: str = ""
    faults: tuple[Fault, ...] = ()
    bad: int = 0
    octets: int = 0
    taken: int = field(default=0)

    def batches(self) -> Iterator[list[Record]]:
        """Yield the records, `size` at a time."""
        for start in range(0, len(self.records), self.size):
            if self.broken is not None and start >= self.broken:
                raise ReportError("it ends in the middle of a record", f"octet {start}")
            self.taken += 1
            yield self.records[start : start + self.size]
        if self.broken is not None:
            raise ReportError("it ends in the middle of a record", "octet 9")
        self.head = self.told
        self.digest = hashlib.sha256(f"{self.told}{self.records}{self.salt}".encode()).hexdigest()

    @property
    def messages(self) -> int:
        """How many messages its records are of."""
        return sum(count for _, count, _ in self.records)

    def again(self, **changes: object) -> "Reading":
        """The same report as if it came again; with changes, another one."""
        return replace(self, head=None, digest="", taken=0, **changes)  # type: ignore[arg-type]


def came(name: str = "a.xml", origin: str = "folder", at: float = NOW) -> Came:
    """How a report came in."""
    return Came(origin=origin, name=name, at=at)


def reading(
    number: int,
    records: list[Record],
    *,
    domain: str = DOMAINS[0],
    reporter: str = REPORTERS[0],
    day: int = FIRST,
    p: str = "none",
) -> Reading:
    """Make one report."""
    metadata = Metadata(
        org_name=reporter,
        email=f"dmarc@{reporter.split(maxsplit=1)[0].lower()}",
        report_id=f"id-{number}",
        begin=day * DAY_S,
        end=day * DAY_S + DAY_S - 1,
    )
    return Reading(AggregateHead(metadata=metadata, policies=(Policy(domain=domain, p=p),)), records)


def shape(
    disposition: str = "none", dkim: str = "pass", spf: str = "pass", domain: str = DOMAINS[0], **changes: object
) -> Shape:
    """Make one shape, signed by the domain with selector s1 unless it is said otherwise."""
    usual = Shape(
        disposition=disposition,
        dkim=dkim,
        spf=spf,
        header_from=domain,
        envelope_from=f"bounce.{domain}",
        dkim_results=(DkimResult(domain=domain, selector="s1", result=dkim),),
        spf_results=(SpfCheck(domain=domain, scope="mfrom", result=spf),),
    )
    return replace(usual, **changes)  # type: ignore[arg-type]


def shapes(domain: str) -> list[Shape]:
    """Make shapes of all outcomes, with and without signatures, reasons, unknown elements."""
    found = [
        shape(disposition, dkim, spf, domain)
        for disposition in ("none", "quarantine", "reject", "pass", "", "odd word")
        for dkim, spf in (("pass", "pass"), ("pass", "fail"), ("fail", "pass"), ("fail", "fail"), ("", ""))
    ]
    other = DkimResult(domain="esp.example", selector="k1", result="pass", human_result="good (1024 bit)")
    found += [
        shape(domain=domain, dkim_results=()),
        shape(domain=domain, dkim_results=(DkimResult(domain=domain, selector="s1", result="pass"), other)),
        shape(domain=domain, dkim_results=(other, other), envelope_from=None),
        shape(domain=domain, envelope_from="", reasons=(Reason(type="forwarded", comment="=cmd|'/c calc'!A1"),)),
        shape("reject", "fail", "fail", domain, extras=(Extra(path="record/row/x", text="<x>1</x>"),)),
    ]
    return found


def addresses() -> list[str]:
    """Make addresses of both families."""
    return [f"192.0.2.{host}" for host in range(1, 60)] + [f"2001:db8:{host:x}::25" for host in range(1, 30)]


def world(seed: int, reports: int, *, days: int = 40, largest: int = 30) -> list[Reading]:
    """Make reports by chance: a few addresses send most, sizes have a tail."""
    chance = random.Random(seed)  # noqa: S311  made up by seed
    pool = addresses()
    made = []
    for number in range(reports):
        domain = chance.choices(DOMAINS, (6, 3, 1))[0]
        looks = shapes(domain)
        records = [
            (
                pool[int(len(pool) * chance.random() ** 3)],
                int(chance.paretovariate(0.8)),
                looks[int(len(looks) * chance.random() ** 2)],
            )
            for _ in range(min(int(chance.paretovariate(0.5)), largest))
        ]
        reporter, day = chance.choice(REPORTERS), FIRST + chance.randrange(days)
        made.append(reading(number, records, domain=domain, reporter=reporter, day=day))
    return made
