"""What a wildcard answers says nothing of a selector, in whatever order its records come (RFC 2181 §5, RFC 4592 §2)."""

import asyncio
from dataclasses import dataclass, field

import pytest

from support.domains import Still
from support.domaintable import tags
from support.world import FakeResolver, World
from truehelo.domains import DomainAudit
from truehelo.engine.domain import DomainWishes, gather
from truehelo.engine.domain_run import judge_domain
from truehelo.facts.dns import Lookup, Outcome, Question
from truehelo.ports import Ports
from truehelo.probes.suffixes import PublicSuffixes
from truehelo.records.dkim import is_meant

WORLD = World("example.com A 192.0.2.1")
KEY = "v=DKIM1; k=ed25519; p=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
PROBE_LENGTH = 16


@dataclass
class Rotating(FakeResolver):
    """A resolver over a zone with a wildcard at every selector; it turns the records of each answer round once more."""

    texts: tuple[str, ...] = ()
    keys: dict[str, str] = field(default_factory=dict)
    probe: Outcome | None = None
    turns: int = 0

    async def lookup(self, question: Question) -> Lookup:
        selector, _, rest = question.name.partition("._domainkey.")
        if not rest:
            return await super().lookup(question)
        self.turns += 1
        at = self.turns % len(self.texts)
        texts = [self.keys[selector]] if selector in self.keys else [*self.texts[at:], *self.texts[:at]]
        world = World("\n".join(f"{question.name} TXT {text}" for text in texts))
        if self.probe is not None and len(selector) == PROBE_LENGTH:
            world = World("", fail={f"{question.name} TXT": str(self.probe)})
        return world.lookup(question)


def judged(resolver: FakeResolver, *selectors: str) -> DomainAudit:
    ports = Ports(resolver=resolver, clock=Still(), suffixes=PublicSuffixes())
    wishes = DomainWishes(selectors=selectors, fetch=False, authoritative=False)
    return judge_domain(asyncio.run(gather("example.com", wishes, ports)))


TEXTS = ("v=spf1 -all", "site-verification=1", "third")
BAD = {"DKIM_KEY_BROKEN", "DKIM_KEY_REVOKED", "DKIM_NOT_FOUND"}


def dkim(audit: DomainAudit) -> set[str]:
    return {tag for tag in tags(audit) if tag.startswith("DKIM")}


def test_records_that_rotate_are_still_the_wildcards() -> None:
    assert dkim(judged(Rotating(WORLD, texts=TEXTS))) == {"DKIM_WILDCARD"}


def test_a_key_beside_the_wildcard_is_judged() -> None:
    assert dkim(judged(Rotating(WORLD, texts=TEXTS, keys={"k1": KEY}))) == {"DKIM_WILDCARD", "DKIM_KEY_GOOD"}


@pytest.mark.parametrize("probe", [Outcome.TIMEOUT, Outcome.SERVFAIL, Outcome.REFUSED])
def test_where_the_name_that_nobody_has_failed_what_is_no_key_is_undetermined(probe: Outcome) -> None:
    assert dkim(judged(Rotating(WORLD, texts=TEXTS, probe=probe))) == {"DKIM_UNKNOWN"}
    found = dkim(judged(Rotating(WORLD, texts=TEXTS, probe=probe, keys={"k1": KEY})))
    assert found == {"DKIM_UNKNOWN", "DKIM_KEY_GOOD"}


def test_a_selector_that_was_named_is_judged_all_the_same() -> None:
    assert "DKIM_KEY_BROKEN" in dkim(judged(Rotating(WORLD, texts=TEXTS, probe=Outcome.TIMEOUT), "mine"))
    cut = {"k1": "v=DKIM1; k=rsa; p=MIIBIjAN"}
    assert "DKIM_KEY_BROKEN" in dkim(judged(Rotating(WORLD, texts=TEXTS, probe=Outcome.TIMEOUT, keys=cut)))


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("v=DKIM1; p=", True),
        ("k=rsa; p=MII", True),
        ("p=MII", True),
        (" v = dkim1", True),
        ("v=spf1 -all", False),
        ("map=1", False),
        ("site-verification=p", False),
        ("", False),
    ],
)
def test_a_text_is_meant_to_be_a_key(text: str, meant: bool) -> None:
    assert is_meant(text) is meant
