"""Ports: what the engine needs of the outside world, as Protocols. Adapters in `probes` and `lab` provide them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from truehelo.facts.address import Address
from truehelo.facts.dns import AuthoritativeView, Exchange, Lookup, Question
from truehelo.facts.domain import PolicyFetch
from truehelo.facts.holder import Holder
from truehelo.facts.smtp import SmtpSession
from truehelo.monitoring import Message

NOT_CONTACTED = "not contacted: TRUEHELO_LOOPBACK_ONLY is set"
"""What an adapter says of a place that it was kept from, as nothing may leave this machine."""


class Resolver(Protocol):
    """Asks the DNS. Never raises for what the network does: that is an outcome."""

    @property
    def servers(self) -> tuple[str, ...]:
        """The configured resolvers, in the order in which they are asked, as the user wrote them."""

    async def lookup(self, question: Question) -> Lookup:
        """Ask the resolvers in order until one answers.

        A denial or a failure is put to a second resolver, where there is one, before it is believed.
        """

    async def ask_each(self, question: Question) -> tuple[Exchange, ...]:
        """Ask every resolver, all at once: what each of them has cached now."""

    async def authoritative(self, question: Question) -> AuthoritativeView:
        """Find the zone cut above the name (at the end of its CNAME chain) and ask each of its servers directly."""

    async def examine(self) -> tuple[str, ...]:
        """Find out which resolvers answer for what cannot exist, or deny what must: they are not asked again for a while.

        Returns those that are not asked. Asking again within a minute costs nothing.
        """

    def forget(self) -> None:
        """Drop what was looked up before, so that a long run sees a delegation that has changed meanwhile."""

    async def aclose(self) -> None:
        """Close what was kept open."""


class SmtpProbe(Protocol):
    """Holds one SMTP conversation that never reaches MAIL."""

    async def converse(self, ip: Address, port: int, on_name: Callable[[str], None] | None = None) -> SmtpSession:
        """Connect, wait for the greeting, say EHLO, perhaps STARTTLS, say QUIT.

        `on_name` is called with a stated name (of the greeting, of the EHLO reply) as soon as it is seen, so that its
        forward lookup need not wait for the end. Never raises for what the network does.
        """


class HolderRegistry(Protocol):
    """Asks the registry (RDAP) who holds an address."""

    async def holder(self, ip: Address) -> Holder:
        """Return the registration that covers `ip`; a failure is a fact, not an exception."""


class PolicyFetcher(Protocol):
    """Fetches MTA-STS policies over HTTPS (RFC 8461 §3.3)."""

    async def fetch(self, host: str, ips: Sequence[Address]) -> PolicyFetch:
        """Fetch the policy of `host` ("mta-sts.example.com"), which has these addresses; a failure is a fact."""


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The time of day, in UTC."""

    def monotonic(self) -> float:
        """Seconds since some fixed point; never goes back."""


class TimeServer(Protocol):
    """Somebody else's clock."""

    @property
    def name(self) -> str:
        """Whose clock it is."""

    async def offset(self) -> float | None:
        """How many seconds our clock is behind (negative: ahead); None when that server did not answer."""


class Suffixes(Protocol):
    """Knows the public suffix list."""

    def organisation(self, name: str) -> str | None:
        """Return the registered domain above or at `name` (publicsuffix.org), None when the name is a suffix itself."""


class ChannelError(Exception):
    """A message could not be handed over. `temporary`: another try may succeed. The text holds no secret.

    `retry_after_s` is how long the other side asks to wait, bounded by the channel; `tries` is after how many tries in all
    a temporary error is believed to be a lasting one (None: as many as are made anyway).
    """

    def __init__(
        self, detail: str, *, temporary: bool, retry_after_s: float | None = None, tries: int | None = None
    ) -> None:
        """Say in one sentence what went wrong, and whether to try again."""
        self.detail, self.temporary = detail, temporary
        self.retry_after_s, self.tries = retry_after_s, tries
        super().__init__(detail)


class Channel(Protocol):
    """A way to tell people."""

    @property
    def name(self) -> str:
        """The name that the operator gave it."""

    async def send(self, message: Message, key: str) -> str:
        """Hand a message over; `key` is its idempotency key, the same on every try of the same delivery.

        Returns what the other side said, for the delivery log.

        Raises:
            ChannelError: It was not handed over, or nobody can say whether it was.
        """

    async def aclose(self) -> None:
        """Close what was kept open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """All that an audit may use. `smtp` is None under --no-smtp, `registry` and `policies` are None unless asked for."""

    resolver: Resolver
    clock: Clock
    suffixes: Suffixes
    smtp: SmtpProbe | None = None
    registry: HolderRegistry | None = None
    policies: PolicyFetcher | None = None
