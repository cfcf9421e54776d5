"""The Received line of the four mail servers: a message is delivered for real, and the line that came out is compared.

Not a daemon but a question to four of them: `./differential --daemon received`.
"""

import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from differential.daemons import exim, opensmtpd, postfix, sendmail
from differential.daemons._process import MailServer
from differential.model import Daemon, Kind
from differential.place import Place
from differential.received import clause, received
from differential.sink import Sink
from differential.talk import connection, steps
from truehelo.receivers.client import Client
from truehelo.receivers.mtas._exim_lookup import lookups
from truehelo.reception import Judgement

_DELIVERED_S = 10.0
_QUEUES = {"exim": "exim/*/spool/input/*-H", "sendmail": "sendmail/*/queue/qf*"}
"""Where those two keep what they have taken; the other two deliver it to the sink."""
_CLAUSE = re.compile(rb"Received: (from .*?)\s+by ", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Line:
    """The clause that came out; "" where the server took no message."""

    clause: str

    def __str__(self) -> str:
        return self.clause or "no message was taken"


class Servers(Daemon):
    """The four servers, the stock set-up of each."""

    def __init__(self, version: str, ports: Mapping[str, int], sink: Sink, folder: Path) -> None:
        """Know where each listens, and where its mail comes out."""
        self.version, self.setups = version, tuple(ports)
        self._ports, self._sink, self._folder = ports, sink, folder

    def observe(self, setup: str, client: Client) -> Line:
        """Send a message from the client's address, and read the line that the server put on top."""
        marker = f"<{secrets.token_hex(8)}@sender.example>"
        with connection(client, self._ports[setup], 200) as talk:
            talk.read()
            if not all(talk.say(line)[:1] == "2" for _, line in steps(client.helo)):
                talk.leave()
                return Line("")
            talk.say("DATA")
            taken = talk.say(f"Message-ID: {marker}\r\nSubject: who am I\r\n\r\nx\r\n.")
            talk.leave()
        if taken[:1] != "2":
            return Line("")
        message = self._from_queue(setup, marker) if setup in _QUEUES else self._sink.message(marker.encode(), _DELIVERED_S)
        found = _CLAUSE.search(message)
        return Line(clause(found[1].decode("utf-8", "replace")) if found else "nothing was delivered")

    def _from_queue(self, setup: str, marker: str) -> bytes:
        """Return the headers of a message that waits in a queue: it was written before it was taken."""
        for file in self._folder.glob(_QUEUES[setup]):
            text = file.read_bytes()
            if marker.encode() in text:
                for part in file.parent.iterdir():
                    part.unlink()
                return text
        return b""

    def disagreement(self, setup: str, client: Client, judgement: Judgement, seen: Any) -> str:
        """The clause is to be the same, but for the case, which is that of DNS in a PTR name."""
        if not seen.clause:
            return ""
        # The line is that of Exim from 4.97 on; where an older one runs, worlds in which it differs are left out.
        older = setup == "exim" and "exim 4.96" in self.version
        if older and lookups(client, later=True)[0] != lookups(client, later=False)[0]:
            return ""
        predicted = received(setup, client)
        return "" if predicted.lower() == seen.clause.lower() else f"{predicted!r}, seen {seen.clause!r}"


@contextmanager
def start(place: Place) -> Iterator[Daemon]:
    with ExitStack() as stack:
        sink = stack.enter_context(Sink().listening())
        versions, ports = [], {}
        for module in (postfix, exim, opensmtpd, sendmail):
            daemon = stack.enter_context(module.start(place))
            assert isinstance(daemon, MailServer)
            versions.append(f"{module.KIND.name} {daemon.version}")
            ports[module.KIND.name] = daemon.port(daemon.setups[0])
        yield Servers(", ".join(versions), ports, sink, place.folder)


_KINDS = (postfix.KIND, exim.KIND, opensmtpd.KIND, sendmail.KIND)
KIND = Kind(
    name="received",
    packages={folder: packages for kind in _KINDS for folder, packages in kind.packages.items()},
    start=start,
    accounts=tuple(account for kind in _KINDS for account in kind.accounts),
    dropped=0.0,
)
