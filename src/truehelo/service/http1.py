"""One request of HTTP/1.1, read within bounds, and one reply (RFC 9112). No body is read, and no connection is kept.

Does not know what is served (`listener.py`).
"""

import asyncio
import contextlib
import re
from dataclasses import dataclass, field

MAX_HEAD = 8192
"""The most octets of a request line and its header fields together."""
HEAD_S, WRITE_S, LINGER_S = 5.0, 30.0, 1.0
"""How many seconds a client may take to ask, to take the reply, and to hang up."""
_REQUEST = re.compile(rb"([A-Z]{1,20}) ([\x21-\x7e]{1,4000}) HTTP/1\.([01])")
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
_REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    421: "Misdirected Request",
    431: "Request Header Fields Too Large",
    503: "Service Unavailable",
}


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked: the path without its query, and the header fields, names in small letters."""

    method: str
    path: str
    fields: dict[str, str]


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered. `fields` are further header fields; nothing from a request goes into them."""

    status: int
    body: bytes
    content_type: str = "text/plain; charset=utf-8"
    fields: dict[str, str] = field(default_factory=dict)

    def octets(self, *, head: bool) -> bytes:
        """Return it as it is sent; `head`: without its body."""
        lines = {
            "Content-Type": self.content_type,
            "Content-Length": str(len(self.body)),
            "Connection": "close",
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            **self.fields,
        }
        text = f"HTTP/1.1 {self.status} {_REASONS[self.status]}\r\n" + "".join(f"{k}: {v}\r\n" for k, v in lines.items())
        return text.encode("latin-1") + b"\r\n" + (b"" if head else self.body)


class RefusedError(Exception):
    """A request that cannot be served; `reply` is what to say."""

    def __init__(self, status: int, why: str) -> None:
        """Say why in one sentence, which goes to the client."""
        self.reply = Reply(status, f"{why}\n".encode())
        super().__init__(why)


async def read_request(reader: asyncio.StreamReader) -> Request:
    """Read the head of one request.

    Raises:
        RefusedError: It is too long, too slow, or no HTTP.
        EOFError: The client hung up before it had asked.
    """
    try:
        async with asyncio.timeout(HEAD_S):
            head = await reader.readuntil(b"\r\n\r\n")
    except TimeoutError:
        raise RefusedError(408, f"The request took longer than {HEAD_S:g} s.") from None
    except asyncio.LimitOverrunError:
        raise RefusedError(431, f"The request is longer than {MAX_HEAD} octets.") from None
    except asyncio.IncompleteReadError:
        raise EOFError from None
    if len(head) > MAX_HEAD:
        raise RefusedError(431, f"The request is longer than {MAX_HEAD} octets.")
    return parse_request(head)


def parse_request(head: bytes) -> Request:
    """Take the head of a request apart, the empty line included (RFC 9112 §2.2, §3, §5).

    Raises:
        RefusedError: It is no HTTP/1.0 or 1.1.
    """
    first, *rest = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    line = _REQUEST.fullmatch(first)
    if line is None:
        raise RefusedError(400, "This is no HTTP/1.1 request.")
    fields: dict[str, str] = {}
    for each in rest:
        octets, colon, value = each.partition(b":")
        if not colon or not _NAME.fullmatch(octets) or not _VALUE.fullmatch(value):
            raise RefusedError(400, "A header field of the request is malformed.")
        name = octets.decode().lower()
        if name in fields and name in ("host", "authorization"):
            raise RefusedError(400, f"The request has {name} twice.")
        fields[name] = value.strip(b" \t").decode("latin-1")
    if line[3] == b"1" and "host" not in fields:
        raise RefusedError(400, "The request has no Host (RFC 9112 §3.2).")
    return Request(line[1].decode(), line[2].decode().partition("?")[0], fields)


async def send(writer: asyncio.StreamWriter, reader: asyncio.StreamReader, reply: Reply, *, head: bool = False) -> None:
    """Send a reply and end the connection; a client that does not take it in time is left."""
    with contextlib.suppress(TimeoutError, OSError):
        async with asyncio.timeout(WRITE_S):
            writer.transport.set_write_buffer_limits(0)  # `drain` is then the end of it, not nearly the end
            writer.write(reply.octets(head=head))
            await writer.drain()
            if writer.can_write_eof():
                writer.write_eof()
        # Closing on unread octets would reset the connection, and the client might lose the reply.
        async with asyncio.timeout(LINGER_S):
            while await reader.read(MAX_HEAD):
                pass
