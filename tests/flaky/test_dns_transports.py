"""One try over each transport against a server on loopback that does one thing wrong."""

import asyncio
import socket
import time
from collections.abc import Callable
from itertools import pairwise

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from truehelo.facts.dns import Exchange, Outcome, Question
from truehelo.ports import NOT_CONTACTED
from truehelo.probes.clock import SystemClock
from truehelo.probes.dns.asker import NetworkAsker
from truehelo.probes.dns.upstream import parse_resolver
from truehelo.probes.routes import Routes

PTR = Question(name="4.100.51.198.in-addr.arpa", rdtype="PTR")
PORTS: list[int] = []
"""The ports from which questions came."""
Answerer = Callable[[dns.message.Message], list[bytes]]


def reply(
    query: dns.message.Message, *lines: str, rcode: str = "NOERROR", flags: int = dns.flags.RA
) -> dns.message.Message:
    made = dns.message.make_response(query)
    made.flags |= flags
    made.set_rcode(dns.rcode.from_text(rcode))
    for line in lines:
        owner, rdtype, data = line.split(maxsplit=2)
        made.answer.append(dns.rrset.from_text(owner, 60, "IN", rdtype, data))
    return made


def ask(
    over_udp: Answerer,
    over_tcp: Callable[[bytes], bytes] | None = None,
    *,
    question: Question = PTR,
    timeout_s: float = 0.3,
    recursive: bool = True,
) -> Exchange:
    """Ask a server that replies what the functions make of a question; it listens on TCP only with a function for it."""

    class Server(asyncio.DatagramProtocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            PORTS.append(addr[1])
            for octets in over_udp(dns.message.from_wire(data)):
                self.transport.sendto(octets, addr)  # type: ignore[attr-defined]

    async def stream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        size = int.from_bytes(await reader.readexactly(2), "big")
        assert over_tcp is not None
        writer.write(over_tcp(await reader.readexactly(size)))
        writer.close()

    async def run() -> Exchange:
        loop = asyncio.get_running_loop()
        udp, _ = await loop.create_datagram_endpoint(Server, local_addr=("127.0.0.1", 0))
        port = udp.get_extra_info("sockname")[1]
        tcp = await asyncio.start_server(stream, "127.0.0.1", port) if over_tcp else None
        try:
            # By a route, since a server with authority is never taken to be on this machine.
            routes = Routes.parse([f"192.0.2.53:53:127.0.0.1:{port}"], loopback_only=True)
            return await asker(timeout_s, routes).ask(parse_resolver("192.0.2.53"), question, recursive=recursive)
        finally:
            udp.close()
            if tcp is not None:
                tcp.close()

    return asyncio.run(run())


def asker(timeout_s: float, routes: Routes | None = None) -> NetworkAsker:
    guarded = routes or Routes(loopback_only=True)
    return NetworkAsker(timeout_s=timeout_s, routes=guarded, vantage="test", clock=SystemClock(), max_in_flight=8)


def framed(octets: bytes) -> bytes:
    return len(octets).to_bytes(2, "big") + octets


def test_an_answer_says_who_gave_it_how_and_when() -> None:
    found = ask(lambda query: [reply(query, f"{PTR.name}. PTR mail.example.").to_wire()])
    assert (found.outcome, found.transport, found.rcode, found.vantage) == ("answer", "udp", "NOERROR", "test")
    assert found.server == "192.0.2.53"
    assert 0 < found.took_s < 0.3


def test_replies_to_other_questions_are_passed_over_and_counted() -> None:
    def other(query: dns.message.Message) -> list[bytes]:
        stranger = dns.message.make_query("other.example.", "PTR", id=query.id)
        renumbered = reply(query, rcode="NXDOMAIN")
        renumbered.id ^= 1
        return [reply(stranger, rcode="NXDOMAIN").to_wire(), renumbered.to_wire(), b"x", b"\0" * 600]

    found = ask(other)
    assert (found.outcome, found.detail) == ("timeout", "no reply in 0.3 s; 4 replies were not to our question")
    true = ask(lambda query: [*other(query), reply(query, f"{PTR.name}. PTR mail.example.").to_wire()])
    assert true.outcome is Outcome.ANSWER


def test_each_question_has_a_port_and_an_identifier_of_its_own() -> None:
    identifiers = set()

    def note(query: dns.message.Message) -> list[bytes]:
        identifiers.add(query.id)
        return [reply(query, rcode="NXDOMAIN").to_wire()]

    PORTS.clear()
    for _ in range(30):
        ask(note)
    assert len(identifiers) > 25
    assert len(set(PORTS)) > 25
    steps = {two - one for one, two in pairwise(PORTS)}
    assert len(steps) > 20, "the next port does not follow from the last"


def test_a_port_where_nobody_listens_is_known_at_once() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    began = time.monotonic()
    found = asyncio.run(asker(3).ask(parse_resolver(f"127.0.0.1:{port}"), PTR))
    assert (found.outcome, found.detail) == ("timeout", "connection refused")
    assert time.monotonic() - began < 1


@pytest.mark.parametrize(
    "server", ["192.0.2.53", "tls://192.0.2.53", "https://192.0.2.53/dns-query", "https://dns.example/"]
)
def test_the_guard_keeps_a_server_elsewhere_from_being_contacted(server: str) -> None:
    found = asyncio.run(asker(3).ask(parse_resolver(server), PTR))
    assert (found.outcome, found.detail) == ("timeout", NOT_CONTACTED)


def test_a_name_that_cannot_be_asked_for_is_not_asked_for() -> None:
    found = ask(lambda _: [], question=Question(name="a..example", rdtype="A"))
    assert (found.outcome, found.detail) == ("malformed", "not asked: the name has an empty label")


@pytest.mark.parametrize("rcode", ["FORMERR", "NOTIMP", "BADVERS"])
def test_a_server_that_does_not_know_edns_is_asked_again_without(rcode: str) -> None:
    def old(query: dns.message.Message) -> list[bytes]:
        if query.edns >= 0:
            return [reply(query, rcode=rcode).to_wire()]
        return [reply(query, f"{PTR.name}. PTR mail.example.").to_wire()]

    found = ask(old)
    assert (found.outcome, found.detail) == ("answer", f"asked without EDNS after {rcode}")


def test_an_alias_whose_target_is_missing_is_asked_on_for_and_the_whole_chain_kept() -> None:
    def stepwise(query: dns.message.Message) -> list[bytes]:
        asked = query.question[0].name.to_text()
        link = {
            f"{PTR.name}.": "CNAME one.example.",
            "one.example.": "CNAME two.example.",
            "two.example.": "PTR mail.example.",
        }
        return [reply(query, f"{asked} {link[asked]}").to_wire()]

    found = ask(stepwise)
    assert [record.data for record in (*found.chain, *found.records)] == ["one.example.", "two.example.", "mail.example."]
    direct = ask(stepwise, recursive=False)
    assert (direct.outcome, direct.detail) == ("refused", "the alias leads to one.example, of which the reply says nothing")


def test_a_chain_whose_target_gets_no_reply_is_kept_and_undetermined() -> None:
    def half(query: dns.message.Message) -> list[bytes]:
        asked = query.question[0].name.to_text()
        return [reply(query, f"{asked} CNAME one.example.").to_wire()] if asked.startswith("4.") else []

    found = ask(half)
    assert (found.outcome, [record.data for record in found.chain]) == ("timeout", ["one.example."])


def test_aliases_that_never_end_are_given_up() -> None:
    def endless(query: dns.message.Message) -> list[bytes]:
        asked = query.question[0].name.to_text()
        return [reply(query, f"{asked} CNAME x{asked}").to_wire()]

    def circle(query: dns.message.Message) -> list[bytes]:
        asked = query.question[0].name.to_text()
        return [reply(query, f"{asked} CNAME {'one.example.' if asked.startswith('4.') else PTR.name + '.'}").to_wire()]

    assert ask(endless).outcome.is_undetermined
    found = ask(circle)
    assert (found.outcome, found.detail) == ("malformed", "endless CNAME records")


def truncated(query: dns.message.Message) -> list[bytes]:
    return [reply(query, flags=dns.flags.RA | dns.flags.TC).to_wire()]


@pytest.mark.parametrize(
    ("sentence", "over_tcp", "outcome", "detail"),
    [
        (
            "the whole reply comes over TCP",
            lambda octets: framed(reply(dns.message.from_wire(octets), f"{PTR.name}. PTR mail.example.").to_wire()),
            "answer",
            "truncated over UDP",
        ),
        ("nobody listens there", None, "timeout", "truncated over UDP, and over TCP: connection refused"),
        (
            "the connection closes at once",
            lambda _: b"",
            "timeout",
            "truncated over UDP, and over TCP: the connection was closed before the reply was whole",
        ),
        (
            "it closes within the reply",
            lambda _: b"\xff\xff" + b"x" * 100,
            "timeout",
            "truncated over UDP, and over TCP: the connection was closed before the reply was whole",
        ),
        (
            "nothing but replies to other questions",
            lambda _: framed(b"x" * 40) * 20,
            "timeout",
            "truncated over UDP, and over TCP: 8 replies, none of them to our question",
        ),
        (
            "truncated there as well",
            lambda octets: framed(truncated(dns.message.from_wire(octets))[0]),
            "malformed",
            "truncated over UDP; the reply is truncated although it came over a stream",
        ),
    ],
)
def test_a_truncated_reply_is_fetched_over_tcp(
    sentence: str, over_tcp: Callable[[bytes], bytes] | None, outcome: str, detail: str
) -> None:
    found = ask(truncated, over_tcp)
    assert (found.outcome, found.detail) == (outcome, detail), sentence
    assert found.records == () or outcome == "answer"
