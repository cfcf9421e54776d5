"""Whom the resolver asks, in which order, how often, and what comes of it."""

import asyncio

import pytest

from support.scripteddns import PTR, ScriptedAsker, resolver
from truehelo.facts.dns import Exchange, Question
from truehelo.probes.dns.upstream import Upstream

ONE, TWO, THREE = "192.0.2.1", "192.0.2.2", "192.0.2.3"


@pytest.mark.parametrize(
    ("sentence", "scripts", "outcome", "asked", "disagree"),
    [
        ("an answer is believed at once", {ONE: ["a.example."], TWO: ["nxdomain"]}, "answer", [ONE], False),
        (
            "a denial is put to the second, which agrees",
            {ONE: ["nxdomain"], TWO: ["nxdomain"]},
            "nxdomain",
            [ONE, TWO],
            False,
        ),
        ("the first denies and the second answers", {ONE: ["nxdomain"], TWO: ["a.example."]}, "answer", [ONE, TWO], True),
        ("NODATA is put to the second like NXDOMAIN", {ONE: ["nodata"], TWO: ["a.example."]}, "answer", [ONE, TWO], True),
        ("an only resolver's denial is all there is", {ONE: ["nxdomain"]}, "nxdomain", [ONE], False),
        ("an only resolver's failure is asked again", {ONE: ["servfail", "a.example."]}, "answer", [ONE, ONE], False),
        (
            "silence fails over before it is asked again",
            {ONE: ["timeout"], TWO: ["a.example."]},
            "answer",
            [ONE, TWO],
            False,
        ),
        ("a failure is put to the next", {ONE: ["servfail"], TWO: ["a.example."]}, "answer", [ONE, TWO], False),
        (
            "a failure and a denial: the failing one gets its retries, and is then not overruled",
            {ONE: ["servfail"], TWO: ["nxdomain"]},
            "servfail",
            [ONE, TWO, ONE, ONE],
            False,
        ),
        (
            "a failure that turns into a denial confirms the other",
            {ONE: ["servfail", "nxdomain"], TWO: ["nxdomain"]},
            "nxdomain",
            [ONE, TWO, ONE],
            False,
        ),
        (
            "a failure and two denials",
            {ONE: ["servfail"], TWO: ["nxdomain"], THREE: ["nxdomain"]},
            "nxdomain",
            [ONE, TWO, THREE],
            False,
        ),
        ("a refusal is not asked again", {ONE: ["refused"], TWO: ["nxdomain"]}, "nxdomain", [ONE, TWO], False),
        ("nothing but refusals", {ONE: ["refused"], TWO: ["refused"]}, "refused", [ONE, TWO], False),
        ("nothing but silence", {ONE: ["timeout"], TWO: ["timeout"]}, "timeout", [ONE, TWO, ONE, TWO, ONE, TWO], False),
        ("an only silent resolver", {ONE: ["timeout"]}, "timeout", [ONE, ONE, ONE], False),
        ("an unreadable reply is asked for again", {ONE: ["malformed", "nodata"]}, "nodata", [ONE, ONE], False),
        (
            "a late answer beats an early denial",
            {ONE: ["nxdomain"], TWO: ["timeout", "a.example."]},
            "answer",
            [ONE, TWO, TWO],
            True,
        ),
    ],
)
def test_what_is_believed_and_who_was_asked(
    sentence: str, scripts: dict[str, list[str]], outcome: str, asked: list[str], disagree: bool
) -> None:
    asker = ScriptedAsker(scripts)
    lookup = asyncio.run(resolver(asker, list(scripts)).lookup(PTR))
    assert (lookup.outcome, lookup.disagree) == (outcome, disagree), sentence
    assert [server for server, _ in asker.asked] == asked, sentence
    assert [x.server for x in lookup.exchanges] == asked, "every try is kept"


def test_a_question_asked_twice_at_once_or_later_is_asked_once() -> None:
    asker = ScriptedAsker({ONE: ["a.example."]})

    async def run() -> None:
        asks = resolver(asker, [ONE])
        first, second = await asyncio.gather(asks.lookup(PTR), asks.lookup(PTR))
        assert first is second
        assert await asks.lookup(PTR) is first
        assert len(asker.asked) == 1
        asks.forget()
        await asks.lookup(PTR)

    asyncio.run(run())
    assert len(asker.asked) == 2, "and again only when told to forget"


def test_a_caller_that_gives_up_does_not_take_the_lookup_from_the_others() -> None:
    class Slow(ScriptedAsker):
        async def ask(self, upstream: Upstream, question: Question, *, recursive: bool = True) -> Exchange:
            await asyncio.sleep(0.02)
            return await super().ask(upstream, question, recursive=recursive)

    async def run() -> None:
        asks = resolver(Slow({ONE: ["a.example."]}), [ONE])
        first, second = (asyncio.create_task(asks.lookup(PTR)) for _ in range(2))
        await asyncio.sleep(0.005)
        first.cancel()
        assert (await second).outcome == "answer"

    asyncio.run(run())


def test_each_resolver_is_asked_at_once_and_every_time() -> None:
    asker = ScriptedAsker({ONE: ["a.example."], TWO: ["servfail", "b.example."], THREE: ["nxdomain"]})

    async def run() -> None:
        asks = resolver(asker, [ONE, TWO, THREE])
        said = await asks.ask_each(PTR)
        assert [(x.server, x.outcome) for x in said] == [(ONE, "answer"), (TWO, "answer"), (THREE, "nxdomain")]
        await asks.ask_each(PTR)

    asyncio.run(run())
    assert [server for server, _ in asker.asked].count(ONE) == 2


def test_a_resolver_that_has_long_been_silent_is_asked_last_until_it_speaks() -> None:
    asker = ScriptedAsker({ONE: ["timeout"], TWO: ["a.example."]})

    async def run() -> None:
        asks = resolver(asker, [ONE, TWO])
        for number in range(5):
            await asks.lookup(Question(name=f"host{number}.example", rdtype="A"))

    asyncio.run(run())
    assert [server for server, _ in asker.asked] == [ONE, TWO, ONE, TWO, ONE, TWO, TWO, TWO]


def test_a_silent_resolver_is_still_asked_whether_it_agrees_with_a_denial() -> None:
    asker = ScriptedAsker({ONE: ["timeout", "timeout", "timeout", "a.example."], TWO: ["nxdomain"]})

    async def run() -> None:
        asks = resolver(asker, [ONE, TWO], retries=0)
        for number in range(3):
            await asks.lookup(Question(name=f"host{number}.example", rdtype="A"))
        lookup = await asks.lookup(PTR)
        assert ([x.server for x in lookup.exchanges], lookup.outcome) == ([TWO, ONE], "answer")

    asyncio.run(run())


def test_servers_are_named_as_the_user_wrote_them_and_each_is_asked_once() -> None:
    asker = ScriptedAsker({ONE: ["nxdomain"]})
    asks = resolver(asker, [ONE, ONE])
    assert asks.servers == (ONE,)
    asyncio.run(asks.lookup(PTR))
    assert len(asker.asked) == 1


@pytest.mark.parametrize("again", [f"{ONE}:53", f"[::ffff:{ONE}]:53", f"::ffff:{ONE}"])
def test_one_server_written_in_two_ways_does_not_confirm_itself(again: str) -> None:
    asks = resolver(ScriptedAsker({ONE: ["nxdomain"], again: ["nxdomain"], TWO: ["a.example."]}), [ONE, again, TWO])
    assert asks.servers == (ONE, TWO)
    assert asyncio.run(asks.lookup(PTR)).outcome == "answer"


def test_closing_the_resolver_closes_what_its_asker_holds() -> None:
    asker = ScriptedAsker({ONE: ["nxdomain"]})
    asyncio.run(resolver(asker, [ONE]).aclose())
    assert asker.scripts == {}
