"""What the harness knows of a daemon: how it is started, what it is asked, and when a prediction and a sight disagree.

A daemon is one module in `daemons/`, named as on the command line. README.md beside this file says what it exposes.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from random import Random
from typing import Any

from differential.place import Place
from truehelo.receivers.client import Client
from truehelo.reception import Judgement, Reception


class Daemon(ABC):
    """A daemon that runs, in every set-up at once.

    `version` is what the daemon calls its own version; `setups` are the set-ups it runs in, each named as an operator
    writes the receiver that predicts it ("exim@4.96+helo_verify_hosts").
    """

    version: str
    setups: tuple[str, ...]

    @abstractmethod
    def observe(self, setup: str, client: Client) -> Any:
        """Return what the daemon does with this client, in one set-up; its text is what a report prints."""

    @abstractmethod
    def disagreement(self, setup: str, client: Client, judgement: Judgement, seen: Any) -> str:
        """Return what is wrong with the prediction, in words that follow "predicted"; "" when nothing is."""

    def settle(self, client: Client) -> None:  # noqa: B027  # most have nothing to do
        """Get ready for the world of this client, which is served from now on (empty a cache)."""

    def skips(self, setup: str, number: int) -> bool:
        """Tell whether a set-up leaves a world out (one that is too slow to meet them all)."""
        return False

    def expectation(self, setup: str, seen: Any) -> str:
        """Return what was seen as the rest of a table row: "REFUSE, '550 ...'"."""
        return repr(str(seen))


Start = Callable[[Place], AbstractContextManager[Daemon]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What a module of `daemons/` exposes as KIND.

    `packages` leads from a folder of `integration.servers.fetch` to the packages in it (had before the network is left
    behind). `accounts` are the users it needs. `dropped`: the share of worlds in which a query is dropped. `reshape` turns
    a random world into one of the kind that matters here; a world that does not suit is left out.
    """

    name: str
    packages: Mapping[str, tuple[str, ...]]
    start: Start
    accounts: tuple[str, ...] = ()
    dropped: float = 0.01
    suits: Callable[[Client], bool] = lambda _: True
    reshape: Callable[[Client, Random], Client] = lambda client, _: client


def outcomes(judgement: Judgement) -> Iterator[tuple[Reception, str]]:
    """Yield verdict and reply of each outcome that is predicted, that of the served order first."""
    for outcome in judgement.possible():
        yield outcome.verdict, outcome.reply
