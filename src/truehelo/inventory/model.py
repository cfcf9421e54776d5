"""The inventory: what an operator wrote (`Line`), and the addresses that follow from it (`Entry`). Frozen data, no rules.

A line may stand for many addresses, and an address may follow from several lines; `expand` tells how they merge.
"""

from dataclasses import dataclass

from truehelo.facts.address import Address
from truehelo.inventory.target import Target, known_target

BY_HAND = ""
"""Who manages a line that was added by command."""
DISCOVER = ("mx", "spf")
"""What a domain can lead to: the hosts of its MX records, the addresses that its SPF record authorises."""


def file_manager(name: str) -> str:
    """Return who manages the lines of an imported file."""
    return f"file:{name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line as the operator wrote it. What is empty is not said, and comes from a less specific line or from defaults.

    Args:
        target: An address, a network, "host:NAME" or "domain:NAME", in its one spelling.
        expected: The names that the PTR should be among; for a network patterns such as "out-{d}.example.com".
        helo: The HELO that the server sends, declared; for a network perhaps a pattern. "" is not declared.
        domains: The domains whose SPF records should authorise it.
        groups: Labels to route alerts and to filter by.
        owner: Who is responsible, in free words.
        vantage: The vantage point to watch from; "" is any.
        interval_s: Seconds between checks; None is the default.
        ports: SMTP ports to look at; () is none at all (DNS only), None is not said.
        pool: What the operator calls the network, or the set of addresses.
        discover: Of a domain, what it leads to: some of `DISCOVER`.
        note: Free words.
        managed_by: "" is by hand, else "file:NAME", the file as it was named at import.
    """

    target: str
    expected: tuple[str, ...] = ()
    helo: str = ""
    domains: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    owner: str = ""
    vantage: str = ""
    interval_s: int | None = None
    ports: tuple[int, ...] | None = None
    pool: str = ""
    discover: tuple[str, ...] = ()
    note: str = ""
    managed_by: str = BY_HAND

    @property
    def place(self) -> tuple[str, str]:
        """What it is about: target and vantage point. Two lines of one place are duplicates, whoever manages them."""
        return self.target, self.vantage

    @property
    def key(self) -> str:
        """The name of the line, unique in an inventory: who manages it, its target, its vantage point."""
        where = f"@{self.vantage}" if self.vantage else ""
        return f"{self.managed_by}|{self.target}{where}"

    @property
    def aim(self) -> Target:
        """The target, read."""
        return known_target(self.target)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One address to watch from one vantage point ("" is any), after expansion.

    `expected` and `helo` have their patterns filled in; `interval_s` None is the default; `ports` () is DNS only;
    `groups` are sorted; `origin` is the key of the most specific line that it follows from.
    """

    ip: Address
    origin: str
    expected: tuple[str, ...] = ()
    helo: str = ""
    domains: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    owner: str = ""
    vantage: str = ""
    interval_s: int | None = None
    ports: tuple[int, ...] = ()
    pool: str = ""


def in_order(line: Line) -> tuple[tuple[int, int, int, int, str], str, str]:
    """Return what lines are sorted by: target, vantage point, who manages them."""
    return line.aim.order, line.vantage, line.managed_by
