"""The doctor over worlds in memory: what this machine sees is told apart from what it cannot see."""

import asyncio
from dataclasses import dataclass, replace
from typing import Any

import pytest

from support.ports import FakePorts
from support.world import FakeResolver, World
from truehelo.engine.doctor import DoctorLine, examine
from truehelo.facts.dns import Exchange, Outcome, Question, Record

MX = """
probe.example MX 10 mx.probe.example
mx.probe.example A 192.0.2.1
mx.probe.example AAAA 2001:db8::1
"""
DNSBL_TEST = "2.0.0.127.zen.spamhaus.org"
GREETS = {25: "mx.probe.example"}
SILENT = {25: {"ended": "silence"}}


@dataclass
class Clock:
    """`truehelo.ports.TimeServer` that says what it is told to say."""

    seconds: float | None = 0.0
    name: str = "time.example"

    async def offset(self) -> float | None:
        return self.seconds


def look(world: World, clock: Clock | None = None, **ports: Any) -> dict[str, DoctorLine]:
    lines = asyncio.run(examine(FakePorts(world).ports(**ports), clock or Clock(), "probe.example"))
    return {line.what.partition(" 192.")[0]: line for line in lines}


@pytest.mark.parametrize(
    ("why", "smtp", "state"),
    [
        ("both families greet", {"192.0.2.1": GREETS, "2001:db8::1": GREETS}, "ok"),
        ("only IPv6 gets out", {"2001:db8::1": GREETS}, "ok"),
        ("only IPv4 gets out", {"192.0.2.1": GREETS}, "ok"),
        ("nothing gets out", {}, "problem"),
        ("one is closed, one says nothing", {"2001:db8::1": SILENT}, "unknown"),
    ],
)
def test_port_25_is_open_when_either_family_gets_out(why: str, smtp: dict[str, Any], state: str) -> None:
    assert look(World(MX, smtp=smtp))["port 25 to the outside"].state == state, why


def test_what_was_not_looked_at_is_unknown() -> None:
    assert look(World(MX), smtp=False)["port 25 to the outside"].state == "unknown"
    assert look(World(""))["port 25 to the outside"].state == "unknown"


@pytest.mark.parametrize(
    ("why", "zone", "fail", "state"),
    [
        ("the test entry is there", f"{DNSBL_TEST} A 127.0.0.2", {}, "ok"),
        ("the list refuses the resolver", f"{DNSBL_TEST} A 127.255.255.254", {}, "warning"),
        ("the list refuses the resolver without a word", "", {f"{DNSBL_TEST} A": "refused"}, "warning"),
        (
            "everything is listed",
            f"{DNSBL_TEST} A 127.0.0.2\n1.0.0.127.zen.spamhaus.org A 127.0.0.2",
            {},
            "warning",
        ),
        (
            "one of two resolvers is refused",
            f"{DNSBL_TEST} A 127.0.0.2",
            {f"{DNSBL_TEST} A": ["answer", "nxdomain"]},
            "warning",
        ),
        ("the test entry is denied", "", {}, "warning"),
        ("the list cannot be heard", "", {f"{DNSBL_TEST} A": "servfail"}, "unknown"),
    ],
)
def test_a_blocklist_that_refuses_is_told_from_one_that_answers(
    why: str, zone: str, fail: dict[str, str], state: str
) -> None:
    assert look(World(zone, fail=fail))["blocklists through these resolvers"].state == state, why


@pytest.mark.parametrize(
    ("offset", "state"), [(0.0, "ok"), (59.0, "ok"), (61.0, "problem"), (-3600.0, "problem"), (None, "unknown")]
)
def test_the_clock_is_held_against_another(offset: float | None, state: str) -> None:
    assert look(World(""), Clock(offset))["clock"].state == state


class Rewriting(FakeResolver):
    """Answers for names that do not exist, as some access providers do."""

    async def ask_each(self, question: Question) -> tuple[Exchange, ...]:
        (said,) = await super().ask_each(question)
        record = Record(owner=question.name, ttl=60, rdtype="A", data="203.0.113.80")
        denied = said.outcome.is_denial and question.rdtype == "A"
        return (replace(said, outcome=Outcome.ANSWER, records=(record,)) if denied else said,)


@pytest.mark.parametrize(
    ("why", "resolver", "state"), [("it passes them on", FakeResolver, "ok"), ("it rewrites them", Rewriting, "problem")]
)
def test_a_resolver_that_rewrites_denials_is_found(why: str, resolver: type[FakeResolver], state: str) -> None:
    ports = replace(FakePorts(World("")).ports(), resolver=resolver(World("")))
    lines = asyncio.run(examine(ports, Clock(), "probe.example"))
    assert [line.state for line in lines if line.what.startswith("denials")] == [state], why


@pytest.mark.parametrize(("failing", "state"), [("servfail", "unknown"), ("timeout", "unknown"), ("refused", "unknown")])
def test_a_resolver_that_cannot_be_heard_is_not_said_to_rewrite(failing: str, state: str) -> None:
    class Deaf(FakeResolver):
        async def ask_each(self, question: Question) -> tuple[Exchange, ...]:
            (said,) = await super().ask_each(question)
            return (replace(said, outcome=Outcome(failing)),)

    ports = replace(FakePorts(World("")).ports(), resolver=Deaf(World("")))
    lines = asyncio.run(examine(ports, Clock(), "probe.example"))
    assert [line.state for line in lines if line.what.startswith("denials")] == [state]
    assert [line.state for line in lines if line.what.startswith("resolver")] == ["problem"]
