"""Those whom a watch tells: a mailbox, a webhook's other side that verifies each signature, and who waits for pings."""

import contextlib
import json
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook

from support.alertservers import Mailbox, smtp_server

KEY = "whsec_" + "d2hvZXZlciByZWFkcyB0aGlzIGlzIGEgdGVzdGVy"


@dataclass
class Hook:
    """A webhook's other side: verifies each signature by a library of somebody else, and keeps what it has taken."""

    status: int = 204
    delay_s: float = 0.0
    asked: int = 0
    taken: list[tuple[float, str, dict[str, Any]]] = field(default_factory=list)
    refused: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    forged: int = 0
    url: str = ""

    def kinds(self, *ips: str) -> list[str]:
        """The kinds of notices that were taken, about these addresses if any are given."""
        return [body["kind"] for _, _, body in list(self.taken) if not ips or _about(body) & set(ips)]

    def bodies(self, *ips: str) -> list[dict[str, Any]]:
        return [body for _, _, body in list(self.taken) if not ips or _about(body) & set(ips)]

    @contextmanager
    def serving(self) -> Iterator["Hook"]:
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                hook.asked += 1
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                try:
                    Webhook(KEY).verify(body, headers)
                except Exception:  # noqa: BLE001  whatever the library finds wrong
                    hook.forged += 1
                time.sleep(hook.delay_s)
                if hook.status < 300:
                    hook.taken.append((time.time(), headers["webhook-id"], json.loads(body)))
                else:
                    hook.refused.append((headers["webhook-id"], json.loads(body)))
                with contextlib.suppress(OSError):  # whoever asked has gone
                    self.send_response(hook.status)
                    self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        with _http(Handler) as url:
            self.url = f"{url}/hook"
            yield self


def _about(body: Mapping[str, Any]) -> set[str]:
    return {member["ip"] for member in body["members"]}


@contextmanager
def _http(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


@dataclass
class Pings:
    """Somebody who waits for pings: when each came, by path."""

    came: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    url: str = ""

    @contextmanager
    def serving(self) -> Iterator["Pings"]:
        pings = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                pings.came[self.path].append(time.monotonic())
                self.send_response(200)
                self.end_headers()

            def do_POST(self) -> None:
                self.do_GET()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        with _http(Handler) as url:
            self.url = f"{url}/ping"
            yield self


@dataclass
class Post:
    """The mailbox and the hook of one story."""

    mailbox: Mailbox
    port: int
    hook: Hook

    def mails(self, *words: str) -> list[EmailMessage]:
        """The mails that hold all of these words in their text."""
        parser = BytesParser(policy=default)
        mails: list[Any] = [parser.parsebytes(envelope.original_content) for envelope in list(self.mailbox.envelopes)]
        return [mail for mail in mails if all(word in text_of(mail) for word in words)]

    @property
    def channels(self) -> str:
        return f"""
[[channel]]
name = "mail"
kind = "email"
host = "127.0.0.1"
port = {self.port}
tls = "none"
from = "truehelo@business.example"
to = ["ops@business.example"]
helo = "watch.business.example"

[[channel]]
name = "hook"
kind = "webhook"
url = "{self.hook.url}"
secret_env = "HOOK_KEY"
"""


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    text: str = body.get_content()
    return text


@contextmanager
def post() -> Iterator[Post]:
    """A mail server by aiosmtpd and a webhook's other side."""
    mailbox = Mailbox()
    with smtp_server(mailbox) as port, Hook().serving() as hook:
        yield Post(mailbox, port, hook)
