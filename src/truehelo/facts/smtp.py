"""SMTP facts: one conversation, line by line, and what can be read off it without judging.

RFC 5321 §4.2 (replies, greeting), §4.1.1.1 (EHLO and its reply). The name in a greeting belongs to the *receiving* side
of the server; it is not the HELO that the server sends as a client.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from truehelo.facts.address import parse_address
from truehelo.facts.names import NameForm, stated_form
from truehelo.facts.tls import TlsSession

_MASK = 3
"""So many asterisks are a mask, and no ornament."""


class Ended(StrEnum):
    """How a conversation ended: each its own fact."""

    QUIT = "quit"
    """All asked, all answered, QUIT said."""
    UNREACHABLE = "unreachable"
    """No connection: refused, no route, or not allowed from here."""
    CONNECT_TIMEOUT = "connect_timeout"
    SILENCE = "silence"
    """Connected, and no greeting within the time for it."""
    CLOSED = "closed"
    """The server closed the connection before it was done, without a reply that refuses."""
    REFUSED = "refused"
    """The greeting was 4xx or 5xx: this asker is not let in."""
    HTTP = "http"
    BINARY = "binary"
    NOT_SMTP = "not_smtp"
    """Text, but no SMTP reply."""
    TOO_MUCH = "too_much"
    """A line, a reply or the whole was longer than the bound."""
    TLS_FAILED = "tls_failed"
    TIMEOUT = "timeout"
    """The greeting came, a later reply did not."""
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the transcript: `at_s` seconds after the start, `who` is "S" (server), "C" (us) or "*" (an event)."""

    at_s: float
    who: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A reply, of one line or more: the code, and the text of each line without code and separator (RFC 5321 §4.2.1)."""

    code: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSession:
    """One conversation with one port of one address. `connected_to` differs from it under `--connect-to`."""

    ip: str
    port: int
    connected_to: str
    vantage: str
    at: datetime
    took_s: float
    ended: Ended
    transcript: tuple[Line, ...] = ()
    greeting: Reply | None = None
    ehlo: Reply | None = None
    tls: TlsSession | None = None
    detail: str = ""

    @property
    def key(self) -> str:
        """The name of this fact in the evidence of a subject."""
        return f"smtp:{self.port}"

    @property
    def extensions(self) -> tuple[str, ...]:
        """The EHLO keywords, upper case (RFC 5321 §4.1.1.1)."""
        if self.ehlo is None or self.ehlo.code != 250:
            return ()
        return tuple(words[0].upper() for line in self.ehlo.lines[1:] if (words := line.split()))


class GreetingForm(StrEnum):
    """What a 220 greeting says of the server's name."""

    NAMED = "named"
    """A host name or an address literal."""
    NOT_FQDN = "not_fqdn"
    """A word that stands where the name belongs and is no full name."""
    NO_NAME = "no_name"
    MASKED = "masked"
    """Overwritten by a middlebox, such as "220 ******" (SMTP inspection)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GreetingName:
    """The name in a greeting; `name` is set for NAMED and NOT_FQDN."""

    form: GreetingForm
    name: str | None = None


def greeting_name(greeting: Reply) -> GreetingName:
    """Read the name out of a 220 greeting: the first word of its *last* line (RFC 5321 §4.2, §4.3.1).

    Earlier lines may be a teaser in free text. A first word without a dot counts as a name only where SMTP or ESMTP
    follows it, since "220 Welcome to our server" names nobody.
    """
    text = greeting.lines[-1] if greeting.lines else ""
    words = text.split()
    if _is_masked(text) or (words and _is_masked(words[0])):
        return GreetingName(form=GreetingForm.MASKED)
    if not words or words[0].upper() in ("SMTP", "ESMTP"):
        return GreetingName(form=GreetingForm.NO_NAME)
    form = stated_form(words[0]).form
    if form in (NameForm.FQDN, NameForm.LITERAL):
        return GreetingName(form=GreetingForm.NAMED, name=words[0])
    if _meant_as_name(words[0]) or (len(words) > 1 and words[1].upper() in ("SMTP", "ESMTP")):
        return GreetingName(form=GreetingForm.NOT_FQDN, name=words[0])
    return GreetingName(form=GreetingForm.NO_NAME)


def _is_masked(text: str) -> bool:
    """Cisco's inspection leaves only the characters 2, 0, blank and asterisk."""
    return text.count("*") >= _MASK and not text.strip("*20 ")


def _meant_as_name(word: str) -> bool:
    """A malformed name is still meant as one: "mail_1.example.com", a bare address; but not "v2.0" or "Wait..."."""
    labels = word.removesuffix(".").split(".")
    if len(labels) < 2 or not all(label.replace("-", "").replace("_", "").isalnum() for label in labels):
        return False
    return parse_address(word) is not None or not labels[-1].isdigit()


def ehlo_reply_name(reply: Reply | None) -> str | None:
    """Return the first word of a 250 reply to EHLO or HELO, the name that the server gives itself (RFC 5321 §4.1.1.1).

    None where a middlebox has overwritten it.
    """
    if reply is None or reply.code != 250 or not reply.lines:
        return None
    words = reply.lines[0].split()
    return words[0] if words and not _is_masked(words[0]) else None
