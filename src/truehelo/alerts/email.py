"""Mail: plain text and HTML, to all recipients of a channel in one transaction with one server.

RFC 5321 for the transaction (a 4xx may be tried again, a 5xx may not, §4.2.1), RFC 5322 §3.6.4 for what threads the
messages of an incident, RFC 3834 §5 for the mark that keeps holiday replies away. The Message-ID follows from the
idempotency key: whoever gets the same message twice can tell. Does not keep a connection.
"""

import asyncio
import contextlib
import ssl
from base64 import b64encode
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from truehelo.alerts._kind import ChannelKind, Outstanding, Place, said
from truehelo.configuration.channels import EmailSettings
from truehelo.errors import FileError
from truehelo.facts.text import visible
from truehelo.monitoring import Message, NoticeKind
from truehelo.ports import Channel, ChannelError

if TYPE_CHECKING:
    import aiosmtplib

_POLICY = SMTP.clone(cte_type="7bit")
_ALONE = frozenset({NoticeKind.DIGEST, NoticeKind.TEST})
"""Kinds that belong to no incident."""
_QUIT_S = 3.0
_DOUBTFUL_TRIES = 6
"""How often a server is tried that does not offer what it is asked for, such as STARTTLS."""


class EmailChannel:
    """Sends through one mail server."""

    def __init__(self, settings: EmailSettings, password: str, context: ssl.SSLContext) -> None:
        """Take the settings, the password ("" without login), and what the server's certificate is verified by."""
        self._settings, self._password, self._context = settings, password, context
        self._outstanding = Outstanding(settings.recipients)
        plain = f"\0{settings.user}\0{password}"
        self._secrets = (password, *(b64encode(text.encode()).decode() for text in (password, plain) if password))

    def __repr__(self) -> str:
        return f"<email channel {self.name}>"

    @property
    def name(self) -> str:
        """The name that the operator gave it."""
        return self._settings.name

    async def send(self, message: Message, key: str) -> str:
        """Send a message to whoever has not got it yet under this key.

        Raises:
            ChannelError: It failed for all recipients, or for one at least who may be tried again.
        """
        import aiosmtplib

        whom = self._outstanding.left(key)
        octets = compose(self._settings, message, key).as_bytes()
        client = self._client()
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                await client.connect()
                refused, reply = await client.sendmail(self._settings.envelope, whom, octets)
        except aiosmtplib.SMTPRecipientsRefused as error:
            replies = {each.recipient: (each.code, each.message) for each in error.recipients}
            raise self._refused(replies, ()) from None
        except aiosmtplib.SMTPResponseException as error:
            raise self._error(f"answered {error.code} {error.message}", temporary=error.code < 500) from None
        except TimeoutError:
            client.close()  # whoever is that slow gets no QUIT either
            raise self._error(f"did not answer in {self._settings.timeout_s:g} s", temporary=True) from None
        except OSError as error:
            raise self._error(f"cannot be reached: {error}", temporary=True) from None
        except aiosmtplib.SMTPException as error:
            raise self._error(f"failed: {error.message}", temporary=True, tries=_DOUBTFUL_TRIES) from None
        finally:
            await _leave(client)
        taken = [each for each in whom if each not in refused]
        self._outstanding.note(key, taken)
        if refused:
            replies = {each: (found.code, found.message) for each, found in refused.items()}
            return self._partly(key, replies, taken, reply)
        return said(f"{self._where}: {reply}", self._secrets)

    async def aclose(self) -> None:
        """Nothing is kept open."""

    @property
    def _where(self) -> str:
        return f"{self._settings.host}:{self._settings.port}"

    def _client(self) -> "aiosmtplib.SMTP":
        import aiosmtplib

        settings = self._settings
        return aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            use_tls=settings.tls == "tls",
            start_tls=settings.tls == "starttls",
            tls_context=self._context if settings.tls != "none" else None,
            username=settings.user or None,
            password=self._password or None,
            local_hostname=settings.helo or None,
            timeout=settings.timeout_s,
        )

    def _partly(self, key: str, refused: dict[str, tuple[int, str]], taken: list[str], reply: str) -> str:
        """Some got it: the others are tried again where that may help, else they are named in what is logged."""
        if any(code < 500 for code, _ in refused.values()):
            raise self._refused(refused, taken)
        self._outstanding.forget(key)
        refusals = "; ".join(f"refused {whom}: {code} {text}" for whom, (code, text) in refused.items())
        return said(f"{self._where}: {reply}; {refusals}", self._secrets)

    def _refused(self, replies: dict[str, tuple[int, str]], taken: "list[str] | tuple[()]") -> ChannelError:
        refusals = "; ".join(f"{whom}: {code} {text}" for whom, (code, text) in replies.items())
        already = f" (others have got it: {', '.join(taken)})" if taken else ""
        return self._error(f"refused {refusals}{already}", temporary=any(code < 500 for code, _ in replies.values()))

    def _error(self, detail: str, *, temporary: bool, tries: int | None = None) -> ChannelError:
        return ChannelError(said(f"{self._where} {detail}", self._secrets), temporary=temporary, tries=tries)


async def _leave(client: "aiosmtplib.SMTP") -> None:
    """Say QUIT; whatever comes of it, the message has been taken or not before."""
    import aiosmtplib

    with contextlib.suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
        if client.is_connected:
            await client.quit(timeout=_QUIT_S)
    client.close()


def compose(settings: EmailSettings, message: Message, key: str) -> EmailMessage:
    """Return the mail, headers and both forms of the text."""
    domain = settings.sender.rpartition("@")[2]
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = Address(settings.sender_name, addr_spec=settings.sender)
    mail["To"] = [Address(addr_spec=each) for each in settings.recipients]
    mail["Subject"] = undecoded(visible(message.subject, 200))
    mail["Date"] = format_datetime(datetime.now(UTC))
    mail["Message-ID"] = f"<{_digest(key)}@{domain}>"
    if message.kind not in _ALONE:
        # All messages of an incident answer the same one, which nobody has: mail readers gather them below it.
        root = f"<incident.{_digest(message.thread)}@{domain}>"
        mail["In-Reply-To"] = root
        mail["References"] = root
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text)
    mail.add_alternative(message.html, subtype="html")
    return mail


def undecoded(text: str) -> str:
    """Return a text that is no encoded word (RFC 2047 §2) anywhere.

    What sets a header decodes it: a name that a stranger chose would end the header, begin others, and hide characters.
    """
    return text.replace("=?", "= ?")


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:32]


def trusting(channel: str, ca_file: str, place: Place) -> ssl.SSLContext:
    """Return what certificates are verified by: the system's authorities, and those of a file.

    Raises:
        FileError: The file cannot be read or holds none.
    """
    context = ssl.create_default_context()
    if ca_file:
        path = place.path(ca_file)
        try:
            context.load_verify_locations(cafile=path)
        except OSError as error:  # an SSLError is one
            reason = (
                "holds no certificates in PEM" if isinstance(error, ssl.SSLError) else f"cannot be read ({error.strerror})"
            )
            raise FileError(str(path), reason, f"the channel {channel} needs it") from None
    return context


def build(settings: EmailSettings, place: Place) -> Channel:
    """Make the channel; reads its password and its certificates.

    Raises:
        InputError: One of them cannot be read.
    """
    password = place.secret(settings.name, settings.password) if settings.password is not None else ""
    channel = EmailChannel(settings, password, trusting(settings.name, settings.ca_file, place))
    return place.keep_in(channel, settings.host)


KIND = ChannelKind(name="email", build=build)
