"""Gathering the facts of a domain: each question once, denials confirmed, and an interruption that keeps what is known."""

import asyncio
from dataclasses import dataclass, field, replace

import pytest

from support.domains import AT, DomainWorld, Still, world
from truehelo.domains import run_checks
from truehelo.engine.domain import DomainWishes, gather
from truehelo.engine.domain_run import DomainEngine
from truehelo.facts.dns import AuthoritativeView, Exchange, Lookup, Outcome, Question
from truehelo.facts.domain import DomainFacts, SelectorSource, secure, validation_failed
from truehelo.ports import Ports
from truehelo.probes.suffixes import PublicSuffixes
from truehelo.records.dkim.selectors import KNOWN_SELECTORS

ZONE = {
    "zone": '@ MX 10 mail\nmail A 192.0.2.25\n@ TXT "v=spf1 mx -all"\n_mta-sts TXT "v=STSv1; id=1;"\nmta-sts A 192.0.2.80\n'
}


@dataclass
class Watched(DomainWorld):
    """A world that writes down what it is asked, and may hang or say something else."""

    asked: list[Question] = field(default_factory=list)
    put_to_zone: list[Question] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    hangs: str = ""
    instead: dict[str, Exchange] = field(default_factory=dict)

    async def lookup(self, question: Question) -> Lookup:
        self.asked.append(question)
        if self.hangs and question.name.startswith(self.hangs):
            await asyncio.sleep(3600)
        said = self.instead.get(str(question))
        return Lookup(question=question, exchanges=(said,)) if said else await super().lookup(question)

    async def authoritative(self, question: Question) -> AuthoritativeView:
        self.put_to_zone.append(question)
        return await super().authoritative(question)

    async def fetch(self, host: str, ips: object) -> object:  # type: ignore[override]
        self.fetched.append(host)
        return await super().fetch(host, ips)  # type: ignore[arg-type]


def watched(**more: object) -> Watched:
    made = world(ZONE)
    return Watched(zones=made.zones, signed=made.signed, **more)  # type: ignore[arg-type]


def ports(seen: Watched) -> Ports:
    return Ports(resolver=seen, clock=Still(), suffixes=PublicSuffixes(), policies=seen)  # type: ignore[arg-type]


def look(seen: Watched, **wishes: object) -> DomainFacts:
    return asyncio.run(gather("S.Example.", DomainWishes(**wishes), ports(seen)))  # type: ignore[arg-type]


def failing(outcome: Outcome, detail: str = "") -> Exchange:
    return Exchange(
        server="192.0.2.1:53", transport="udp", vantage="test", at=AT, took_s=0.0, outcome=outcome, detail=detail
    )


def test_every_question_is_asked_once_and_the_name_is_canonical() -> None:
    seen = watched()
    facts = look(seen)
    assert facts.name == "s.example"
    assert len(seen.asked) == len(set(seen.asked))
    assert {lookup.question for lookup in facts.lookups} >= set(seen.asked)
    assert len(facts.lookups) == len({lookup.question for lookup in facts.lookups})


def test_a_denial_that_something_rests_on_is_put_to_the_zone_and_a_selector_that_was_only_tried_is_not() -> None:
    seen = watched()
    look(seen, selectors=("mine",))
    asked = {str(question) for question in seen.put_to_zone}
    assert {"_dmarc.s.example TXT", "_smtp._tls.s.example TXT", "mine._domainkey.s.example TXT"} <= asked
    assert not [text for text in asked if "_domainkey" in text and not text.startswith("mine.")]


def test_without_the_zones_own_servers_none_is_asked() -> None:
    seen = watched()
    facts = look(seen, authoritative=False)
    assert (seen.put_to_zone, facts.zone) == ([], None)


def test_a_failure_of_the_resolver_is_mended_by_the_zone_unless_it_is_one_of_validation() -> None:
    question = "s.example MX"
    seen = watched(instead={question: failing(Outcome.SERVFAIL)})
    facts = look(seen)
    lookup = facts.lookup("s.example", "MX")
    assert lookup is not None
    assert lookup.outcome is Outcome.ANSWER
    seen = watched(instead={question: failing(Outcome.SERVFAIL, "extended error 7 (Signature Expired)")})
    facts = look(seen)
    lookup = facts.lookup("s.example", "MX")
    assert lookup is not None
    assert (lookup.outcome, validation_failed(lookup)) == (Outcome.SERVFAIL, True)
    assert {"DNSSEC_BOGUS", "MX_UNKNOWN"} <= {finding.tag.name for finding in run_checks(facts)}


@pytest.mark.parametrize(
    ("detail", "failed"),
    [
        ("extended error 6 (DNSSEC Bogus)", True),
        ("extended error 9 (DNSKEY Missing): no key", True),
        ("extended error 12", True),
        ("extended error 22 (No Reachable Authority)", False),
        ("extended error 1", False),
        ("extended error 60", False),
        ("", False),
    ],
)
def test_a_validation_that_failed_is_told_by_its_reason(detail: str, failed: bool) -> None:
    question = Question(name="s.example", rdtype="MX")
    lookup = Lookup(question=question, exchanges=(failing(Outcome.SERVFAIL, detail),))
    assert validation_failed(lookup) is failed
    assert not secure(lookup)


def test_the_ad_flag_of_another_outcome_says_nothing_of_what_is_believed() -> None:
    question = Question(name="s.example", rdtype="MX")
    denied = replace(failing(Outcome.NODATA), flags=("AD",))
    answered = replace(failing(Outcome.ANSWER), server="192.0.2.2:53")
    assert not secure(Lookup(question=question, exchanges=(denied, answered)))
    assert secure(Lookup(question=question, exchanges=(denied,)))


def test_the_policy_is_fetched_where_it_is_announced_and_wanted() -> None:
    seen = watched()
    assert look(seen).policy is not None
    assert seen.fetched == ["mta-sts.s.example"]
    seen = watched()
    assert look(seen, fetch=False).policy is None
    assert seen.fetched == []


def test_selectors_are_those_that_were_named_reported_and_well_known_and_one_that_nobody_has() -> None:
    facts = look(watched(), selectors=("mine",), reported=("theirs", "mine", "not a selector" * 30))
    sources = [selector.source for selector in facts.selectors]
    assert [selector.name for selector in facts.selectors[:2]] == ["mine", "theirs"]
    assert sources.count(SelectorSource.WELL_KNOWN) == len({known.selector for known in KNOWN_SELECTORS})
    assert sources.count(SelectorSource.PROBE) == 1
    assert [each.name for each in look(watched(), well_known=False, selectors=("mine",)).selectors] == ["mine"]


def test_an_interrupted_run_tells_what_is_known_and_leaves_the_rest_undetermined() -> None:
    async def interrupted() -> None:
        seen = watched(hangs="_dmarc.")
        engine = DomainEngine(ports=ports(seen))
        task = asyncio.ensure_future(engine.run([("s.example", DomainWishes(well_known=False))]))
        await asyncio.sleep(0.2)
        task.cancel()
        run = await task
        assert run.interrupted
        found = {finding.tag.name for finding in run.domains[0].findings}
        assert {"MX_GOOD", "DMARC_UNKNOWN"} <= found
        assert not {"DMARC_MISSING", "MX_UNKNOWN"} & found

    asyncio.run(interrupted())


def test_a_fault_of_the_program_in_one_domain_is_told_and_takes_no_other_along() -> None:
    class Faulty(Watched):
        async def authoritative(self, question: Question) -> AuthoritativeView:
            if question.name.startswith("bad."):
                raise RuntimeError("of our own making")
            return await super().authoritative(question)

    made = world(ZONE)
    seen = Faulty(zones=made.zones, signed=made.signed)
    wanted = [(name, DomainWishes(well_known=False)) for name in ("bad.s.example", "s.example")]
    run = asyncio.run(DomainEngine(ports=ports(seen)).run(wanted))
    assert [domain.facts.name for domain in run.domains] == ["bad.s.example", "s.example"]
    assert "bad.s.example: not looked at to the end" in run.notes[0]
    assert "MX_GOOD" in {finding.tag.name for finding in run.domains[1].findings}
