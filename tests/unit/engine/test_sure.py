"""Whose word counts when a change is suspected: the servers with authority, else the resolvers, and then a majority."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.scripteddns import PTR, exchange
from truehelo.engine.sure import SureResolver, vote
from truehelo.facts.dns import AuthoritativeView, Exchange, Lookup, Outcome, Question


def said(words: Sequence[str], *, authority: bool = False, question: Question = PTR) -> tuple[Exchange, ...]:
    flags = ("AA",) if authority else ("RA",)
    return tuple(
        replace(exchange(f"192.0.2.{number}", question, each), flags=flags) for number, each in enumerate(words, 1)
    )


@dataclass
class Others:
    """A resolver behind which everybody says what a row says; counts what it is asked."""

    servers_say: Sequence[str]
    resolvers_say: Sequence[str]
    lame: bool = False
    way: Sequence[Lookup] = ()
    asked: list[str] = field(default_factory=list)

    @property
    def servers(self) -> tuple[str, ...]:
        return tuple(f"192.0.2.{number}" for number in range(1, len(self.resolvers_say) + 1))

    async def lookup(self, question: Question) -> Lookup:
        raise AssertionError(f"{question} was asked without a vote")

    async def ask_each(self, question: Question) -> tuple[Exchange, ...]:
        self.asked.append("each")
        return said(self.resolvers_say, question=question)

    async def authoritative(self, question: Question) -> AuthoritativeView:
        self.asked.append("authority")
        exchanges = said(self.servers_say, authority=not self.lame, question=question)
        return AuthoritativeView(question=question, apex="x.example", exchanges=exchanges, lookups=tuple(self.way))

    async def examine(self) -> tuple[str, ...]:
        self.asked.append("examine")
        return ()

    def forget(self) -> None:
        self.asked.append("forget")

    async def aclose(self) -> None:
        raise AssertionError("it is somebody else's")


def look(others: Others) -> tuple[Lookup, bool]:
    """Return what is believed, and whether it is sure."""

    async def play() -> tuple[Lookup, bool]:
        sure = SureResolver(others)
        found = await sure.lookup(PTR)
        return found, PTR not in sure.unsure

    return asyncio.run(play())


@pytest.mark.parametrize(
    ("sentence", "servers", "resolvers", "outcome", "data", "sure"),
    [
        ("the servers with authority agree", ["b.", "b."], ["a.", "a."], "answer", ("b.",), True),
        ("one of them is silent", ["b.", "timeout"], ["a."], "answer", ("b.",), True),
        ("one of them fails", ["servfail", "b."], ["a."], "answer", ("b.",), True),
        ("two of three agree", ["b.", "a.", "b."], ["a."], "answer", ("b.",), True),
        ("one against one is no answer, whatever resolvers say", ["b.", "a."], ["a.", "a.", "a."], "servfail", (), True),
        ("they deny, in two ways", ["nxdomain", "nodata"], ["a."], "nxdomain", (), True),
        ("one denies and one answers", ["nxdomain", "a."], ["a."], "servfail", (), True),
        ("none of them speaks: the resolvers vote", ["timeout", "servfail"], ["a.", "a."], "answer", ("a.",), True),
        ("nobody knows them: the resolvers vote", [], ["b.", "b.", "a."], "answer", ("b.",), True),
        ("the resolvers differ", [], ["a.", "b."], "servfail", (), True),
        ("one resolver alone is not sure", [], ["a."], "answer", ("a.",), False),
        ("nor is one beside a silent one", ["timeout"], ["nxdomain", "timeout"], "nxdomain", (), False),
        ("nobody speaks at all", ["timeout"], ["timeout", "servfail"], "timeout", (), True),
        ("nobody is there", [], [], "timeout", (), True),
    ],
)
def test_what_is_believed(
    sentence: str, servers: list[str], resolvers: list[str], outcome: str, data: tuple[str, ...], sure: bool
) -> None:
    found, is_sure = look(Others(servers, resolvers))
    assert found.outcome == outcome, sentence
    assert tuple(record.data for record in found.records) == data, sentence
    assert is_sure is sure, sentence


def test_a_server_without_authority_says_nothing_of_its_own() -> None:
    found, _ = look(Others(["b.", "b."], ["a.", "a."], lame=True))
    assert [record.data for record in found.records] == ["a."]


def test_resolvers_are_not_asked_where_those_who_know_agree() -> None:
    others = Others(["b."], ["a."])
    look(others)
    assert others.asked == ["examine", "authority"]


def test_the_alias_that_led_to_the_zone_is_kept() -> None:
    alias = exchange("192.0.2.1", PTR, "cname=4.0-31.example b.")
    found, _ = look(Others(["b."], ["a."], way=(Lookup(question=PTR, exchanges=(alias,)),)))
    assert [record.data for record in found.chain] == ["4.0-31.example."]


def test_the_same_question_is_settled_once_until_it_is_forgotten() -> None:
    others = Others(["b."], ["a."])

    async def play() -> None:
        sure = SureResolver(others)
        first, again, view = await asyncio.gather(sure.lookup(PTR), sure.lookup(PTR), sure.authoritative(PTR))
        assert first is again
        assert view.apex == "x.example"
        assert others.asked.count("authority") == 1
        sure.forget()
        await sure.lookup(PTR)
        assert others.asked.count("authority") == 2
        await sure.aclose()

    asyncio.run(play())


_WORDS = st.sampled_from(["a.", "b.", "A.", "nxdomain", "nodata", "timeout", "servfail", "refused", "malformed"])


@given(st.lists(_WORDS, max_size=7))
def test_a_vote_is_won_by_more_than_half_of_those_who_spoke(words: list[str]) -> None:
    spoke = [
        "denial" if word in ("nxdomain", "nodata") else word.lower()
        for word in words
        if word.endswith(".") or word in ("nxdomain", "nodata")
    ]
    most = max(map(spoke.count, spoke), default=0)
    won = vote(said(words))
    if 2 * most <= len(spoke):
        assert won is None
    else:
        assert won is not None
        kept = next(iter(won.data)).lower() if won.outcome is Outcome.ANSWER else "denial"
        assert spoke.count(kept) == most
        assert won in said(words), "it is something that was said, unchanged"


@given(st.lists(_WORDS, max_size=6))
def test_the_order_decides_nothing(words: list[str]) -> None:
    one, other = vote(said(words)), vote(said(list(reversed(words))))
    assert (one is None) is (other is None)
    if one is not None and other is not None:
        assert (one.outcome is Outcome.ANSWER) is (other.outcome is Outcome.ANSWER)
        assert {data.lower() for data in one.data} == {data.lower() for data in other.data}
