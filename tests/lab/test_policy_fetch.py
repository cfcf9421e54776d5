"""Fetching MTA-STS policies over loopback: each way in which it can end is a fact of its own, and none is an exception."""

import asyncio
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from integration.servers.certificate import self_signed
from truehelo.facts.address import Address, parse_address
from truehelo.facts.domain import Fetched, PolicyFetch
from truehelo.probes.clock import SystemClock
from truehelo.probes.policies import MAX_OCTETS, HttpsPolicies
from truehelo.probes.routes import Routes

HOST = "mta-sts.example.com"
POLICY = b"version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmax_age: 604800\r\n"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n"
Answer = Callable[[ssl.SSLSocket], object]


def says(octets: bytes) -> Answer:
    return lambda connection: connection.sendall(octets)


def drips(connection: ssl.SSLSocket) -> None:
    connection.sendall(HEAD + b"\r\n")
    for _ in range(200):
        connection.sendall(b"x")
        time.sleep(0.05)


def endless(connection: ssl.SSLSocket) -> None:
    connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    for _ in range(10_000):
        connection.sendall(b"1000\r\n" + b"x" * 4096 + b"\r\n")


def ends(connection: ssl.SSLSocket) -> None:
    """Say so in TLS, in the middle of a reply."""
    connection.sendall(HEAD + b"Content-Length: 500\r\n\r\n" + POLICY)
    connection.unwrap()


def resets(connection: ssl.SSLSocket) -> None:
    connection.sendall(HEAD + b"Content-Length: 500\r\n\r\n" + POLICY)
    linger(connection)


def linger(connection: socket.socket) -> None:
    """Let the coming close of a connection be a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@contextmanager
def server(folder: Path, answer: Answer, name: str = HOST) -> Iterator[tuple[int, Path, list[bytes]]]:
    """A TLS server that gives every connection the same answer; its port, its certificate, and what it was asked."""
    pem, key = self_signed(folder, [name], [])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)
    listening = socket.create_server(("127.0.0.1", 0))
    asked: list[bytes] = []

    def serve() -> None:
        while True:
            try:
                plain, _ = listening.accept()
            except OSError:
                return
            plain.settimeout(10)
            try:
                with context.wrap_socket(plain, server_side=True) as connection:
                    asked.append(connection.recv(65536))
                    answer(connection)
            except OSError:
                continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1], pem, asked
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(15)


def fetched(port: int, *ips: str, timeout: float = 3.0) -> PolicyFetch:
    rules = [f"192.0.2.80:443:127.0.0.1:{port}"]
    policies = HttpsPolicies(clock=SystemClock(), routes=Routes.parse(rules, loopback_only=True), timeout_s=timeout)
    places: list[Address] = [ip for text in ips or ("192.0.2.80",) if (ip := parse_address(text)) is not None]
    return asyncio.run(policies.fetch(HOST, places))


@pytest.mark.parametrize(
    ("answer", "outcome", "words"),
    [
        (says(HEAD + b"Content-Length: %d\r\n\r\n" % len(POLICY) + POLICY), Fetched.ANSWER, ""),
        (says(HEAD + b"\r\n" + POLICY), Fetched.ANSWER, ""),
        (says(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"), Fetched.STATUS, "status 404"),
        (
            says(b"HTTP/1.1 301 Moved\r\nLocation: https://192.0.2.1/\r\nContent-Length: 0\r\n\r\n"),
            Fetched.STATUS,
            "status 301",
        ),
        (says(HEAD.replace(b"text/plain", b"text/html") + b"\r\n" + POLICY), Fetched.NOT_TEXT, "text/html"),
        (says(b"HTTP/1.1 200 OK\r\n\r\n" + POLICY), Fetched.NOT_TEXT, "no type"),
        (says(HEAD + b"\r\n" + b"\xff\xfe"), Fetched.NOT_TEXT, "UTF-8"),
        (says(HEAD + b"\r\n" + b"x" * (MAX_OCTETS + 1)), Fetched.TOO_LARGE, "larger than 65536"),
        (endless, Fetched.TOO_LARGE, "larger than 65536"),
        (says(b"220 mail.example.com ESMTP\r\n"), Fetched.MALFORMED, "no HTTP"),
        (says(b"220"), Fetched.MALFORMED, "no HTTP"),
        (says(b"HTTP/1.1 200 OK\r\nno field\r\n\r\n"), Fetched.MALFORMED, "no HTTP"),
        (says(HEAD + b"Transfer-Encoding: chunked\r\n\r\nno length\r\n"), Fetched.MALFORMED, "no HTTP"),
        (says(b""), Fetched.REFUSED, "closed the connection"),
        (says(b"HTT"), Fetched.REFUSED, "closed the connection"),
        (says(HEAD), Fetched.REFUSED, "closed the connection"),
        (says(HEAD + b"Content-Length: 500\r\n\r\n" + POLICY), Fetched.REFUSED, "closed the connection"),
        (says(HEAD + b"Transfer-Encoding: chunked\r\n\r\n40\r\n" + POLICY[:9]), Fetched.REFUSED, "closed the connection"),
        (ends, Fetched.REFUSED, "closed the connection"),
        (resets, Fetched.REFUSED, "reset"),
        (drips, Fetched.TIMEOUT, "no reply in 1 s"),
    ],
    ids=lambda value: str(value) if isinstance(value, str | Fetched) else "",
)
def test_what_the_server_says_comes_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: Answer, outcome: Fetched, words: str
) -> None:
    with server(tmp_path, answer) as (port, pem, asked):
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
        found = fetched(port, timeout=1.0 if outcome is Fetched.TIMEOUT else 5.0)
    assert (found.outcome, words in found.detail) == (outcome, True), found
    assert found.text == (POLICY.decode() if outcome is Fetched.ANSWER else "")
    request = asked[0].decode()
    assert request.startswith("GET /.well-known/mta-sts.txt HTTP/1.1\r\n")
    assert f"\r\nHost: {HOST}\r\n" in request


@pytest.mark.parametrize("name", ["other.example.com", "*.example.net"])
def test_a_certificate_for_another_host_is_a_tls_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with server(tmp_path, says(HEAD + b"\r\n" + POLICY), name) as (port, pem, asked):
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
        found = fetched(port)
    assert found.outcome is Fetched.TLS_FAILED
    assert "certificate" in found.detail
    assert asked in ([], [b""])


def test_a_certificate_that_nobody_vouches_for_is_a_tls_failure(tmp_path: Path) -> None:
    with server(tmp_path, says(HEAD + b"\r\n" + POLICY)) as (port, _, _):
        assert fetched(port).outcome is Fetched.TLS_FAILED


def test_a_closed_port_is_refused_and_the_next_address_is_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        closed = probe.getsockname()[1]
    assert fetched(closed).outcome is Fetched.REFUSED
    with server(tmp_path, says(HEAD + b"\r\n" + POLICY)) as (port, pem, _):
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
        assert fetched(port, "198.51.100.1", "192.0.2.80").outcome is Fetched.ANSWER


ALERT = b"\x15\x03\x03\x00\x02\x02\x28"
"""Of TLS, by which a server says that it cannot agree on anything (RFC 8446 §6.2)."""
WITHOUT_TLS = [
    ("it speaks no TLS", b"HTTP/1.1 400 Bad Request\r\n\r\n", False, Fetched.TLS_FAILED),
    ("it refuses by an alert", ALERT, False, Fetched.TLS_FAILED),
    ("it closes the connection", b"", False, Fetched.REFUSED),
    ("it closes the connection in the middle of a record", ALERT[:4], False, Fetched.REFUSED),
    ("it resets the connection", b"", True, Fetched.REFUSED),
]


@pytest.mark.parametrize(("why", "says", "reset", "outcome"), WITHOUT_TLS, ids=[row[0] for row in WITHOUT_TLS])
def test_only_what_a_server_says_before_tls_is_a_tls_failure(why: str, says: bytes, reset: bool, outcome: Fetched) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            plain, _ = listening.accept()
            with plain:
                plain.recv(1000)
                plain.sendall(says)
                if reset:
                    linger(plain)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        found = fetched(listening.getsockname()[1])
        thread.join(10)
    assert found.outcome is outcome, found


def test_nothing_leaves_the_machine_where_nothing_may() -> None:
    found = fetched(1, "203.0.113.1")
    assert found.outcome is Fetched.NOT_FETCHED
    assert "TRUEHELO_LOOPBACK_ONLY" in found.detail


@pytest.mark.parametrize("ip", ["10.0.0.1", "127.0.0.1", "169.254.169.254", "fc00::1", "::1"])
def test_a_strangers_zone_sends_nobody_into_our_own_network(ip: str) -> None:
    place = parse_address(ip)
    assert place is not None
    policies = HttpsPolicies(clock=SystemClock(), routes=Routes.parse([]), timeout_s=3.0)
    found = asyncio.run(policies.fetch(HOST, [place]))
    assert found.outcome is Fetched.NOT_FETCHED
    assert "not public" in found.detail


def test_a_host_without_an_address_is_not_fetched() -> None:
    policies = HttpsPolicies(clock=SystemClock(), routes=Routes.parse([], loopback_only=True))
    found = asyncio.run(policies.fetch(HOST, []))
    assert (found.outcome, found.connected_to) == (Fetched.NOT_FETCHED, "")
