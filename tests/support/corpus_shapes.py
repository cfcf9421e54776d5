"""Who sends in the corpus, and what receivers make of it: shapes of records, few frequent and many rare, and addresses."""

from dataclasses import dataclass, replace
from functools import cache
from ipaddress import IPv4Address, IPv6Address
from random import Random

from support.corpus_xml import NUMBER, SOURCE, Layout, Tree

DOMAINS = tuple(
    f"{word}.example"
    for word in (
        "shop", "bakery", "town-hall", "news", "clinic", "school", "brewery", "library", "museum", "garage", "florist",
        "theatre", "harbour", "orchard", "printer", "notary", "choir", "vineyard", "ferry", "observatory",
    )
)  # fmt: skip
RECIPIENTS = tuple(
    f"{word}.example" for word in ("mailbox", "letters", "inbox", "pigeon", "quill", "stamp", "envelope", "parcel")
)


@dataclass(frozen=True)
class Signature:
    """A DKIM signature, as its receiver saw it."""

    domain: str
    selector: str
    result: str


@dataclass(frozen=True)
class Shape:
    """All of a record but address and count. `sender` names the pool of addresses, `weight` how often it is seen."""

    sender: str
    weight: int
    header_from: str
    mail_from: str
    spf: str
    signatures: tuple[Signature, ...]
    dkim_aligned: bool
    spf_aligned: bool
    disposition: str = "none"
    reason: str = ""
    envelope_to: str = ""

    def varied(self, random: Random, envelopes: bool) -> "Shape":
        """Make the rare ones of it: another bounce domain for forged mail, the recipient's domain where it is reported."""
        shape = self
        if envelopes:
            shape = replace(shape, envelope_to=RECIPIENTS[int(random.random() ** 3 * len(RECIPIENTS))])
        if self.sender == "anyone" and random.random() < 0.2:
            shape = replace(shape, mail_from=f"b{random.randrange(5_000)}.bounce.example")
        return shape

    def tree(self, layout: Layout) -> Tree:
        """Say it as a record in the words of a reporter."""
        return (
            "record",
            [self._row(layout), self._identifiers(layout), ("auth_results", [*self._dkim(layout), *self._spf(layout)])],
        )

    def _row(self, layout: Layout) -> Tree:
        passes = self.dkim_aligned or self.spf_aligned
        disposition = "pass" if layout.rfc9990 and passes else self.disposition
        evaluated: list[Tree] = [
            ("disposition", disposition),
            ("dkim", _word(self.dkim_aligned)),
            ("spf", _word(self.spf_aligned)),
        ]
        if self.reason:
            kind = "policy_test_mode" if layout.rfc9990 and self.reason == "sampled_out" else self.reason
            evaluated.append(("reason", [("type", kind), ("comment", "arc=pass & <trusted>" if layout.human else "")]))
        return ("row", [("source_ip", SOURCE), ("count", NUMBER), ("policy_evaluated", evaluated)])

    def _identifiers(self, layout: Layout) -> Tree:
        named: list[Tree] = (
            [("envelope_to", self.envelope_to), ("envelope_from", self.mail_from)] if layout.envelopes else []
        )
        return ("identifiers", [*named, ("header_from", self.header_from)])

    def _dkim(self, layout: Layout) -> list[Tree]:
        told = []
        for signature in self.signatures:
            parts: list[Tree] = [("domain", signature.domain)]
            parts += [("selector", signature.selector)] * layout.selector
            parts.insert(0 if layout.result_first else len(parts), ("result", signature.result))
            if layout.human or layout.lang:
                name = "human_result xml:lang='en'" if layout.lang else "human_result"
                parts.append((name, f"signature of {signature.domain}: {signature.result}"))
            told.append(("dkim", parts))
        return told

    def _spf(self, layout: Layout) -> list[Tree]:
        scope: list[Tree] = [("scope", "mfrom")] * layout.scope
        return [("spf", [("domain", self.mail_from), *scope, ("result", self.spf)])]


def _word(aligned: bool) -> str:
    return "pass" if aligned else "fail"


@cache
def shapes_of(domain: str) -> tuple[Shape, ...]:
    """Make the shapes of a domain: its own servers, two services, forwarders, lists, and those who forge it."""
    own = Signature(domain, "s2026", "pass")
    service = Signature("esp.example", "k1", "pass")
    via_service = Signature(domain, "esp1", "pass")
    customer = Signature(f"crm.{domain}", "crm", "pass")
    tampered = Signature(domain, "s2026", "fail")
    shapes = [
        Shape("own", 400, domain, domain, "pass", (own,), True, True),
        Shape("own", 20, domain, f"bounce.{domain}", "pass", (own, Signature(domain, "ed2026", "neutral")), True, True),
        Shape("own", 6, domain, domain, "temperror", (Signature(domain, "s2026", "temperror"),), False, False),
        Shape("own", 4, f"list.{domain}", f"list.{domain}", "softfail", (own,), True, False),
        Shape("service", 200, domain, "bounces.esp.example", "pass", (via_service, service), True, False),
        Shape("service", 20, domain, "bounces.esp.example", "pass", (service,), False, False, "quarantine"),
        Shape("crm", 60, f"crm.{domain}", f"em.crm.{domain}", "pass", (customer,), True, True),
        Shape("forwarder", 40, domain, "alumni.example", "pass", (own,), True, False, reason="forwarded"),
        Shape("forwarder", 20, domain, domain, "fail", (own,), True, False),
        Shape("list", 20, domain, "lists.example", "pass", (tampered, Signature("lists.example", "l", "pass")), False,
              False, reason="mailing_list"),
        Shape("list", 6, domain, "lists.example", "pass", (tampered,), False, False, "reject"),
        Shape("anyone", 150, domain, domain, "fail", (), False, False, "reject"),
        Shape("anyone", 30, domain, domain, "softfail", (), False, False, "quarantine", "sampled_out"),
        Shape("anyone", 30, domain, "", "none", (), False, False, "reject"),
    ]  # fmt: skip
    for number in range(40):
        signature = Signature(f"rented{number}.example", f"sel{number}", "pass" if number % 3 else "permerror")
        shapes.append(
            Shape(
                "anyone",
                2,
                f"n{number}.{domain}",
                signature.domain,
                "pass",
                (signature,) * (number % 4),
                False,
                False,
                "reject",
            )
        )
    return tuple(shapes)


class Addresses:
    """Addresses of senders: a few of each known sender, any number of those who are seen once."""

    def __init__(self, random: Random) -> None:
        """Draw from a generator."""
        self.random = random

    def of(self, sender: str) -> str:
        """Draw an address of a sender."""
        random = self.random
        if sender == "own":
            return random.choice(("192.0.2.25", "192.0.2.26", "192.0.2.27", "2001:db8:25::1"))
        if sender == "service":
            return f"198.51.100.{random.randrange(1, 250)}"
        if sender == "crm":
            return f"203.0.113.{random.randrange(1, 60)}"
        if sender in ("forwarder", "list"):
            return str(IPv6Address(0x20010DB8_00F0 << 80 | random.randrange(400)))
        if random.random() < 0.25:
            return str(IPv6Address(0x20010DB8 << 96 | random.getrandbits(64)))
        return str(IPv4Address((198 << 24 | 18 << 16) + random.getrandbits(17)))
