"""A webhook's other side that takes its time, and keeps each request from the moment it came."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECRET = "whsec_" + "dHJ1ZWhlbG8gdGVzdHMgaGF2ZSBhIGtleSB0b28h"


@dataclass
class Request:
    """When it came (seconds since the epoch), its idempotency key, its body, and whether it was answered."""

    at: float
    key: str
    body: dict[str, Any]
    answered: bool = False


@dataclass
class Hook:
    """Answers after `delay_s`. `came` is set with each request."""

    delay_s: float = 0.0
    requests: list[Request] = field(default_factory=list)
    came: threading.Event = field(default_factory=threading.Event)

    def keys(self) -> dict[tuple[int, str], dict[str, int]]:
        """How often each key was seen, by what it was about: incident and kind."""
        found: dict[tuple[int, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for request in list(self.requests):
            found[request.body["incident"], request.body["kind"]][request.key] += 1
        return found

    @property
    def unanswered(self) -> bool:
        return any(not request.answered for request in list(self.requests))

    def __enter__(self) -> Hook:
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                request = Request(time.time(), self.headers["webhook-id"], body)
                hook.requests.append(request)
                hook.came.set()
                time.sleep(hook.delay_s)
                with contextlib.suppress(OSError):  # whoever asked is gone
                    self.send_response(204)
                    self.end_headers()
                request.answered = True

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)
