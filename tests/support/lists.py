"""What lists say of an address in a world in memory, without an engine: for tests that judge facts."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from truehelo.blocklists import Keys, Subscription, subscribe
from truehelo.blocklists.query import entry_name, question
from truehelo.blocklists.trial import weigh
from truehelo.facts.address import Address
from truehelo.facts.blocklist import BlocklistLook
from truehelo.facts.dns import Exchange, Lookup, Question

if TYPE_CHECKING:
    from support.world import World


def with_entries(*zones: str, code: str = "127.0.0.2") -> str:
    """Return lines of a table with the test entries that these zones must have."""
    mapped = entry_name("::ffff:7f00:2", "").removesuffix(".")
    lines = [f"{name}.{zone} A {code}" for zone in zones for name in ("2.0.0.127", mapped)]
    return "\n".join(lines) + "\n"


def looks(world: "World", ip: Address, names: Iterable[str], keys: Keys | None = None) -> tuple[BlocklistLook, ...]:
    """Return the facts about an address at these lists, in their order."""
    wanted = subscribe(list(names), keys) if names else ()
    return tuple(_look(world, ip, each) for each in wanted if ip.version in each.entry.families)


def _look(world: "World", ip: Address, wanted: Subscription) -> BlocklistLook:
    tests, zone = wanted.entry.tests, wanted.zone
    listed, clean = tests.listed(ip.version) or tests.listed4, tests.clean(ip.version) or tests.clean4
    there, text = (Question(name=entry_name(listed, zone), rdtype=rdtype) for rdtype in ("A", "TXT"))
    missing = Question(name=entry_name(clean, zone) if clean else f"nothing.{zone}", rdtype="A")
    trial = weigh(wanted.entry, frozenset(), _said(world, there), _said(world, missing), _said(world, text))
    if trial.doubt is not None:
        lookups = tuple(Lookup(question=each, exchanges=_said(world, each)) for each in (there, missing))
    else:
        lookups = tuple(world.lookup(question(ip, zone, rdtype)) for rdtype in ("A", "TXT"))
        lookups = lookups if lookups[0].records else lookups[:1]
    return BlocklistLook(
        list=wanted.entry.id,
        zone=wanted.shown,
        lookups=lookups,
        doubt=trial.doubt,
        detail=trial.detail,
        by_text=trial.by_text,
    )


def _said(world: "World", asked: Question) -> tuple[Exchange, ...]:
    return tuple(world.exchange(asked, index) for index in range(len(world.servers)))
