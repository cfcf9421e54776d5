"""An asker that says what a script says, for tests of what is asked of whom, and how often."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from truehelo.facts.dns import Exchange, Outcome, Question, Record
from truehelo.probes.clock import SystemClock
from truehelo.probes.dns.asker import Asker
from truehelo.probes.dns.resolver import DnsResolver
from truehelo.probes.dns.upstream import Upstream, parse_resolver
from truehelo.probes.routes import Routes

AT = datetime(2026, 1, 1, tzinfo=UTC)
PTR = Question(name="4.100.51.198.in-addr.arpa", rdtype="PTR")


def exchange(server: str, question: Question, says: str) -> Exchange:
    """Make an exchange of a word: an outcome, or the data of an answer, with "soa=ZONE" and "cname=NAME" before it."""
    chain: tuple[Record, ...] = ()
    soa, records = None, []
    outcome = Outcome.ANSWER
    for word in says.split():
        kind, equals, value = word.partition("=")
        if equals and kind == "soa":
            soa = Record(owner=value, ttl=60, rdtype="SOA", data=f"ns1.{value}. hostmaster.{value}. 1 2 3 4 5")
        elif equals and kind == "cname":
            chain += (Record(owner=question.name, ttl=60, rdtype="CNAME", data=f"{value}."),)
        elif word in list(Outcome):
            outcome = Outcome(word)
        elif question.rdtype == "SOA":
            records.append(
                Record(owner=question.name, ttl=60, rdtype="SOA", data=f"ns1.{word}. hostmaster.{word}. 1 2 3 4 5")
            )
        else:
            records.append(Record(owner=question.name, ttl=60, rdtype=question.rdtype, data=word))
    return Exchange(
        server=server,
        transport="udp",
        vantage="test",
        at=AT,
        took_s=0.0,
        outcome=outcome,
        chain=chain,
        records=tuple(records),
        soa=soa,
    )


class ScriptedAsker(Asker):
    """Each server says the words of its script in turn, the last one for ever; `asked` keeps who was asked what."""

    def __init__(self, scripts: Mapping[str, Sequence[str]]) -> None:
        self.scripts = {server: list(words) for server, words in scripts.items()}
        self.asked: list[tuple[str, str]] = []

    async def ask(self, upstream: Upstream, question: Question, *, recursive: bool = True) -> Exchange:
        self.asked.append((upstream.text, str(question)))
        script = self.scripts[upstream.text]
        return exchange(upstream.text, question, script.pop(0) if len(script) > 1 else script[0])

    async def aclose(self) -> None:
        self.scripts.clear()


def resolver(asker: Asker, servers: Sequence[str], retries: int = 2) -> DnsResolver:
    """A resolver over the asker; its pauses are too short to notice."""
    return DnsResolver(
        [parse_resolver(server) for server in servers],
        timeout=0.001,
        retries=retries,
        routes=Routes(),
        vantage="test",
        clock=SystemClock(),
        asker=asker,
    )
