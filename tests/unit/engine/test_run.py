"""The engine over worlds in memory: it gathers what the judgement needs, merges subjects, and survives interruption."""

import asyncio
from typing import Any

import pytest

from support.ports import FakePorts
from support.world import FakeResolver, World
from truehelo.engine.audit import Run
from truehelo.engine.gather import Wishes
from truehelo.engine.targets import parse_target
from truehelo.facts.dns import Lookup, Question
from truehelo.findings import Audit, Verdict

TWO_SERVERS = """
example.com MX 10 mail.example.com
example.com MX 20 backup.example.com
example.com TXT v=spf1 ip4:192.0.2.25 ip4:192.0.2.40/30 ip4:198.51.100.0/24 include:relay.example.net -all
mail.example.com A 192.0.2.25
mail.example.com AAAA 2001:db8::25
backup.example.com A 192.0.2.26
192.0.2.25 PTR mail.example.com
2001:db8::25 PTR mail.example.com
192.0.2.26 PTR backup.example.com
other.example.org A 192.0.2.25
relay.example.net TXT v=spf1 ip4:203.0.113.9 -all
"""


def audit(world: World, *targets: str, smtp: bool = True, **wishes: Any) -> Audit:
    ports = FakePorts(world).ports(smtp=smtp)
    return asyncio.run(Run(ports=ports, wishes=Wishes(**wishes)).audit([parse_target(text) for text in targets]))


def test_a_domain_stands_for_its_mx_hosts_and_the_addresses_that_its_spf_record_authorises() -> None:
    done = audit(World(TWO_SERVERS), "example.com", smtp=False)
    kinds = {str(subject.facts.ip): [source.kind for source in subject.facts.sources] for subject in done.subjects}
    assert kinds["192.0.2.25"] == ["mx", "spf"]
    assert kinds["2001:db8::25"] == ["mx"]
    assert kinds["192.0.2.26"] == ["mx"]
    assert kinds["192.0.2.40"] == ["spf"]
    assert "203.0.113.9" not in kinds
    assert any("198.51.100.0/24" in note and "not audited" in note for note in done.notes)
    assert any("relay.example.net" in note for note in done.notes)


def test_one_server_behind_several_names_is_one_subject_that_names_them_all() -> None:
    done = audit(World(TWO_SERVERS), "mail.example.com", "other.example.org", "192.0.2.25=mail.example.com", smtp=False)
    first = done.subjects[0].facts
    assert [str(subject.facts.ip) for subject in done.subjects] == ["192.0.2.25", "2001:db8::25"]
    assert [source.asked for source in first.sources] == [
        "mail.example.com",
        "other.example.org",
        "192.0.2.25=mail.example.com",
    ]
    assert first.expected_name == "mail.example.com"


def test_the_record_of_the_asked_domain_is_the_one_that_should_authorise() -> None:
    done = audit(World(TWO_SERVERS), "example.com", smtp=False)
    tags = {str(s.facts.ip): [f.tag.name for f in s.findings if "SPF" in f.tag.name] for s in done.subjects}
    assert tags["192.0.2.25"] == ["SPF_COVERS_HOST"]
    assert tags["192.0.2.26"] == ["SPF_OMITS_HOST"]


def test_a_network_means_every_address_in_it() -> None:
    assert len(audit(World(TWO_SERVERS), "192.0.2.24/29", smtp=False).subjects) == 8


@pytest.mark.parametrize(
    ("fail", "undetermined"),
    [({}, False), ({"nobody.example A": "servfail"}, True), ({"nobody.example AAAA": "timeout"}, True)],
)
def test_a_name_without_addresses_is_told_apart_from_one_that_could_not_be_looked_up(
    fail: dict[str, str], undetermined: bool
) -> None:
    done = audit(World(TWO_SERVERS, fail=fail), "nobody.example", smtp=False)
    assert done.subjects == ()
    assert [each.undetermined for each in done.unresolved] == [undetermined]


def test_families_can_be_left_out() -> None:
    done = audit(World(TWO_SERVERS), "mail.example.com", smtp=False, families=frozenset({6}))
    assert [str(subject.facts.ip) for subject in done.subjects] == ["2001:db8::25"]


def test_each_question_is_asked_once_for_a_subject() -> None:
    world = World(TWO_SERVERS, smtp={"192.0.2.25": {25: "mail.example.com"}})
    resolver = FakeResolver(world)
    ports = FakePorts(world).ports()
    object.__setattr__(ports, "resolver", resolver)
    asyncio.run(Run(ports=ports, wishes=Wishes(helo="mail.example.com")).audit([parse_target("192.0.2.25")]))
    assert len(resolver.asked) == len(set(resolver.asked))


class _Stuck(FakeResolver):
    """Never answers for one name."""

    async def lookup(self, question: Question) -> Lookup:
        if question.name == "mail.example.com":
            await asyncio.sleep(3600)
        return await super().lookup(question)


def test_an_interrupted_run_shows_what_it_knows_and_leaves_the_rest_undetermined() -> None:
    world = World(TWO_SERVERS)
    ports = FakePorts(world).ports(smtp=False)
    object.__setattr__(ports, "resolver", _Stuck(world))

    async def interrupted() -> Audit:
        run = asyncio.ensure_future(
            Run(ports=ports, wishes=Wishes()).audit([parse_target("192.0.2.25"), parse_target("192.0.2.26")])
        )
        await asyncio.sleep(0.05)
        run.cancel()
        return await run

    done = asyncio.run(interrupted())
    assert done.interrupted
    verdicts = {str(subject.facts.ip): subject.verdict for subject in done.subjects}
    assert verdicts == {"192.0.2.25": Verdict.UNDETERMINED, "192.0.2.26": Verdict.MATCH}
    assert done.subjects[0].identity.ptr_names == ("mail.example.com",)


def test_a_run_interrupted_before_any_address_was_found_says_so_of_each_target() -> None:
    world = World(TWO_SERVERS)
    ports = FakePorts(world).ports(smtp=False)
    object.__setattr__(ports, "resolver", _Stuck(world))

    async def interrupted() -> Audit:
        run = asyncio.ensure_future(Run(ports=ports, wishes=Wishes()).audit([parse_target("mail.example.com")]))
        await asyncio.sleep(0.05)
        run.cancel()
        return await run

    done = asyncio.run(interrupted())
    assert [(each.asked, each.undetermined) for each in done.unresolved] == [("mail.example.com", True)]


def test_nothing_is_asked_about_an_address_that_nobody_outside_can_see() -> None:
    world = World("")
    resolver = FakeResolver(world)
    ports = FakePorts(world).ports()
    object.__setattr__(ports, "resolver", resolver)
    done = asyncio.run(Run(ports=ports, wishes=Wishes()).audit([parse_target("10.0.0.5"), parse_target("100.64.0.1")]))
    assert resolver.asked == []
    assert [subject.verdict for subject in done.subjects] == [Verdict.UNDETERMINED] * 2


def test_an_interruption_at_any_step_of_the_loop_still_gives_facts() -> None:
    """Cancelled after each number of turns of the event loop in turn: there is no moment without an audit."""
    world = World(TWO_SERVERS, smtp={"192.0.2.25": {25: "mail.example.com"}})

    async def interrupted(turns: int) -> Audit:
        ports = FakePorts(world).ports()
        run = asyncio.ensure_future(Run(ports=ports, wishes=Wishes()).audit([parse_target("192.0.2.25")]))
        for _ in range(turns):
            await asyncio.sleep(0)
        run.cancel()
        return await run

    verdicts = []
    for turns in range(1, 60):
        done = asyncio.run(interrupted(turns))
        verdicts += [subject.verdict for subject in done.subjects]
    assert set(verdicts) <= {Verdict.UNDETERMINED, Verdict.MATCH}
    assert Verdict.UNDETERMINED in verdicts
    assert Verdict.MATCH in verdicts
