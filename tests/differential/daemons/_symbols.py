"""What a filter said of a message: its symbols with their points, held against those that were predicted.

A message of a world in which every name is right is scanned first; its symbols are about the message, and are left out of
all that is seen afterwards. Whatever else appears and was not predicted is a disagreement.
"""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from differential.model import Daemon
from truehelo.receivers.client import Client
from truehelo.receivers.selection import configured
from truehelo.reception import Judgement

SENDER, RECIPIENT = "ann@sender.example", "user@receiver.example"
_BODY = (
    f"From: Ann Other <{SENDER}>",
    f"To: {RECIPIENT}",
    "Subject: Your invoice of Thursday",
    "Date: {date}",
    "Message-ID: <{number}.abcdefgh.2026@sender.example>",
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=us-ascii",
    "",
    "Dear Mister Receiver,",
    "",
    "please find our invoice of last Thursday in the usual place.",
    "",
    "Kind regards,",
    "Ann Other",
    "",
)
SUBMITTED = (
    "Received: from desk.sender.example (desk.sender.example [216.160.83.56])\r\n"
    "\tby outbound.sender.example (Postfix) with ESMTPSA id 4ABCDE0001\r\n"
    f"\tfor <{RECIPIENT}>; {{date}}"
)
"""The line of the server that took the message from its author, whose address no world has (rspamd would see one hop)."""


@dataclass(frozen=True, slots=True)
class Found:
    """The symbols of a message, without those that every message of the run has; None: it never came to the filter."""

    symbols: Mapping[str, float] | None

    def __str__(self) -> str:
        if self.symbols is None:
            return "never came to the filter"
        return ", ".join(f"{symbol} {points:g}" for symbol, points in sorted(self.symbols.items())) or "no symbol"


class Filter(Daemon):
    """A filter in its set-ups. `beside` are beginnings of symbols that hang on more than names, and are not modelled."""

    beside: tuple[str, ...] = ()
    places = 3

    def __init__(self, version: str, setups: tuple[str, ...]) -> None:
        """Know the version and the set-ups; the messages that are right in every name are not scanned yet."""
        self.version, self.setups = version, setups
        self._usual: dict[str, frozenset[str]] = {}

    @abstractmethod
    def scan(self, setup: str, client: Client) -> Mapping[str, float] | None:
        """Return the symbols of a message from this client and their points; None when it never came to the filter."""

    def learn(self, client: Client) -> None:
        """Keep the symbols of a client that is right in every name, but those of the model: they are about the message."""
        for setup in self.setups:
            modelled = {rule.id for rule in configured(setup).receiver.rules}
            self._usual[setup] = frozenset(self.scan(setup, client) or ()) - modelled

    def observe(self, setup: str, client: Client) -> Found:
        """Scan a message."""
        symbols = self.scan(setup, client)
        if symbols is None:
            return Found(None)
        usual = self._usual[setup]
        about_names = {
            each: points for each, points in symbols.items() if each not in usual and not each.startswith(self.beside)
        }
        return Found({each: round(points, self.places) for each, points in about_names.items()})

    def disagreement(self, setup: str, client: Client, judgement: Judgement, seen: Any) -> str:
        """Symbols and points are to be those of the served order, each of them, and no other."""
        if seen.symbols is None:
            return ""
        first, *others = (self.predicted(each, seen) for each in judgement.possible())
        if first == seen.symbols or (judgement.depends != "record order" and seen.symbols in others):
            return ""
        return f"{Found(first)}{' or others' if others else ''}, seen {seen}"

    def predicted(self, judgement: Judgement, seen: Found) -> dict[str, float]:
        """Return what was predicted, in the form of what was seen."""
        return {symbol.name: round(symbol.points, self.places) for symbol in judgement.symbols}

    def expectation(self, setup: str, seen: Any) -> str:
        """The symbols."""
        return repr(str(seen)).replace("'", '"')


def message(number: int, date: str, lines: tuple[str, ...] = ()) -> str:
    """Return the message, with these Received lines before it."""
    return "\r\n".join((*lines, *_BODY)).format(number=number, date=date)
