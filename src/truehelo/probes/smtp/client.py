"""The SMTP probe: settings, and one conversation for each address and port that is asked about.

RFC 5321 §4.5.3.2 (patience), §4.1.4 (what to say in EHLO). The course of a conversation is in `conversation`.
"""

import socket
from collections.abc import Callable

from truehelo.errors import InputError
from truehelo.facts.address import Address
from truehelo.facts.names import NameForm, stated_form
from truehelo.facts.smtp import SmtpSession
from truehelo.ports import Clock
from truehelo.probes.routes import Routes
from truehelo.probes.smtp.conversation import Conversation, Settings
from truehelo.probes.smtp.lines import Limits

IMPLICIT_TLS = frozenset({465})
_STEPS = 6
"""Connection, TLS, EHLO, HELO, STARTTLS, and one to spare for QUIT."""


class SmtpClient:
    """The SmtpProbe port over asyncio streams. One client may hold any number of conversations at once."""

    def __init__(  # noqa: PLR0913  # settings, by keyword alone
        self,
        *,
        routes: Routes,
        clock: Clock,
        vantage: str | None = None,
        timeout: float = 15.0,
        greeting_timeout: float = 30.0,
        connect_timeout: float | None = None,
        starttls: bool = True,
        ehlo_name: str | None = None,
        implicit_tls: frozenset[int] = IMPLICIT_TLS,
        limits: Limits | None = None,
    ) -> None:
        """Hold the settings.

        Args:
            routes: Where to connect instead, and what may be contacted.
            clock: Tells the times of the transcript.
            vantage: From where this looks, for the facts; the name of this machine by default.
            timeout: Seconds for each step after the greeting.
            greeting_timeout: Seconds for the whole greeting.
            connect_timeout: Seconds for the connection; `timeout` by default.
            starttls: Whether STARTTLS is used where it is offered.
            ehlo_name: What to say in EHLO; this machine's full name, or the literal of the local address, by default.
            implicit_tls: Ports that speak TLS from the start.
            limits: Bounds on what the server says, and on the whole; by default as long as all steps may take.

        Raises:
            InputError: `ehlo_name` is neither a host name nor an address literal.
        """
        if ehlo_name is not None and stated_form(ehlo_name).form is NameForm.INVALID:
            accepted = "a host name or an address literal such as [192.0.2.1] is accepted"
            raise InputError(ehlo_name, "is no name for EHLO", accepted)
        self._settings = Settings(
            routes=routes,
            clock=clock,
            vantage=socket.gethostname() if vantage is None else vantage,
            timeout=timeout,
            greeting_timeout=greeting_timeout,
            connect_timeout=timeout if connect_timeout is None else connect_timeout,
            starttls=starttls,
            ehlo_name=ehlo_name,
            implicit_tls=implicit_tls,
            limits=limits or Limits(total_s=greeting_timeout + _STEPS * timeout),
        )

    async def converse(self, ip: Address, port: int, on_name: Callable[[str], None] | None = None) -> SmtpSession:
        """Hold one conversation and return all that was seen of it.

        A cancelled conversation returns what it has (INTERRUPTED); the cancellation then takes effect at the caller's
        next await.

        Args:
            ip: The audited address.
            port: The audited port; `routes` says where it is really reached.
            on_name: Told each stated name the moment it is seen.
        """
        return await Conversation(self._settings, ip, port, on_name).hold()
