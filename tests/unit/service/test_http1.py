"""The head of a request, taken apart: what is HTTP/1.1 and what is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truehelo.service.http1 import RefusedError, Reply, parse_request
from truehelo.service.listener import _local, _takes_gzip

END = b"\r\n\r\n"


@pytest.mark.parametrize(
    ("head", "method", "path", "fields"),
    [
        (b"GET /metrics HTTP/1.1\r\nHost: a", "GET", "/metrics", {"host": "a"}),
        (b"HEAD /metrics?x=%00 HTTP/1.0", "HEAD", "/metrics", {}),
        (b"GET / HTTP/1.1\r\nHOST:  a:1 \t\r\nX-Y:", "GET", "/", {"host": "a:1", "x-y": ""}),
        (b"GET http://a/metrics HTTP/1.1\r\nHost: a", "GET", "http://a/metrics", {"host": "a"}),
    ],
)
def test_a_request_is_read(head: bytes, method: str, path: str, fields: dict[str, str]) -> None:
    found = parse_request(head + END)
    assert (found.method, found.path, found.fields) == (method, path, fields)


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"GET",
        b"GET /",
        b"GET / HTTP/2.0\r\nHost: a",
        b"get / HTTP/1.1\r\nHost: a",
        b"GET  / HTTP/1.1\r\nHost: a",
        b"GET /a b HTTP/1.1\r\nHost: a",
        b"GET /\x00 HTTP/1.1\r\nHost: a",
        b"GET / HTTP/1.1",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b",
        b"GET / HTTP/1.1\r\nHost : a",
        b"GET / HTTP/1.1\r\nHost: a\r\n folded: b",
        b"GET / HTTP/1.1\r\nHost: a\nX: b",
        b"GET / HTTP/1.1\r\nHost: a\x00b",
        b"GET / HTTP/1.1\r\nHost: a\r\nnothing",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
def test_what_is_no_request_is_refused(head: bytes) -> None:
    with pytest.raises(RefusedError) as caught:
        parse_request(head + END)
    assert caught.value.reply.status == 400


@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_any_octets_are_read_or_refused(octets: bytes) -> None:
    for head in (octets, b"GET / HTTP/1.1\r\nHost: a\r\n" + octets):
        try:
            said = parse_request(head + END).path
        except RefusedError as error:
            said = str(error)
        assert said.isascii()
        assert said.isprintable()


def test_a_reply_to_head_has_the_length_but_not_the_body() -> None:
    reply = Reply(200, b"body", fields={"Vary": "Accept"})
    assert reply.octets(head=True) + b"body" == reply.octets(head=False)
    assert b"\r\nContent-Length: 4\r\n" in reply.octets(head=True)


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1:8925", True),
        ("[::1]:8925", True),
        ("[::1]", True),
        ("localhost", True),
        ("LocalHost.:8925", True),
        ("watch.localhost:8925", True),
        ("evil.example:8925", False),
        ("127.0.0.1.evil.example", False),
        ("notlocalhost", False),
        ("", False),
    ],
)
def test_only_a_host_that_is_this_machine_by_itself_is_local(host: str, local: bool) -> None:
    assert _local(host) is local


@pytest.mark.parametrize(
    ("accepted", "takes"),
    [
        ("gzip", True),
        ("deflate, gzip;q=1.0", True),
        ("*", True),
        ("GZIP ; q=0.5", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000, br", False),
        ("br", False),
        ("", False),
    ],
)
def test_gzip_is_sent_to_whoever_takes_it(accepted: str, takes: bool) -> None:
    assert _takes_gzip(accepted) is takes
