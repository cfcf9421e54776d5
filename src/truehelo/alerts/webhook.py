"""A signed POST, as Standard Webhooks 1.0.0 has it.

The body is the notice as data; `webhook-id` is the idempotency key, `webhook-signature` holds one HMAC-SHA256
("v1,...") for each key, two while keys are changed, over id, timestamp and body. Redirects are not followed: what was
signed for one place is not for another. Does not interpret the reply beyond its status.
"""

import asyncio
import binascii
import hashlib
import hmac
import importlib
import importlib.util
import json
import re
import ssl
import time
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from truehelo import __version__
from truehelo.alerts._kind import ChannelKind, Place, quieten, said
from truehelo.alerts.email import trusting
from truehelo.configuration.channels import Secret, WebhookSettings, url_fault
from truehelo.errors import InputError
from truehelo.monitoring import Message
from truehelo.ports import Channel, ChannelError

PREFIX = "whsec_"
MIN_KEY, MAX_KEY = 24, 64
"""Octets of a key (Standard Webhooks, signature scheme)."""
MAX_REPLY = 2048
MAX_WAIT_S = 6 * 3600.0
"""The longest Retry-After that is heeded."""
_AGAIN = frozenset({408, 425, 429})
"""Statuses below 500 that say: later (408 is RFC 9110 §15.5.9)."""
_PLAIN_ID = re.compile(r"[A-Za-z0-9_:@-]{1,200}", re.ASCII)


class WebhookChannel:
    """Posts to one URL."""

    def __init__(self, settings: WebhookSettings, url: str, keys: tuple[bytes, ...], context: ssl.SSLContext) -> None:
        """Take the settings, the URL, the keys (the present one first), and what certificates are verified by."""
        self._settings, self._url, self._keys, self._context = settings, url, keys, context
        parts = urlsplit(url)
        self._where = parts.hostname or ""
        # A path or a query may be what keeps strangers from posting.
        self._secrets = tuple(text for text in (url, parts.path, parts.query) if len(text) > 7)

    def __repr__(self) -> str:
        return f"<webhook channel {self.name}>"

    @property
    def name(self) -> str:
        """The name that the operator gave it."""
        return self._settings.name

    async def send(self, message: Message, key: str) -> str:
        """Post a message.

        Raises:
            ChannelError: No reply came, or one that is no success.
        """
        http = http_library()
        body = json.dumps(message.data, separators=(",", ":")).encode("ascii")
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                status, retry_after, reply = await self._post(http, body, signed(key, body, self._keys, time.time()))
        except TimeoutError:
            raise self._error(f"did not answer in {self._settings.timeout_s:g} s", temporary=True) from None
        except (http.HTTPError, http.InvalidURL, OSError) as error:
            raise self._error(f"cannot be reached: {error or type(error).__name__}", temporary=True) from None
        if 200 <= status < 300:
            return said(f"{status} {reply}", self._secrets)
        if 300 <= status < 400:
            raise self._error(
                f"answered {status}, and redirects are not followed: give the URL that it leads to", temporary=False
            )
        raise self._error(
            f"answered {status} {reply}",
            temporary=status >= 500 or status in _AGAIN,
            retry_after_s=wait(retry_after, datetime.now(UTC)),
        )

    async def aclose(self) -> None:
        """Nothing is kept open."""

    async def _post(self, http: Any, body: bytes, headers: dict[str, str]) -> tuple[int, str, str]:
        """Return status, Retry-After and the beginning of the reply."""
        client = http.AsyncClient(
            verify=self._context,
            proxy=self._settings.proxy or None,
            timeout=self._settings.timeout_s,
            follow_redirects=False,
            trust_env=False,
        )
        async with client, client.stream("POST", self._url, content=body, headers=headers) as response:
            octets = b""
            async for some in response.aiter_raw(MAX_REPLY):
                octets += some
                if len(octets) >= MAX_REPLY:
                    break
        return response.status_code, response.headers.get("retry-after", ""), octets[:MAX_REPLY].decode("utf-8", "replace")

    def _error(self, detail: str, *, temporary: bool, retry_after_s: float | None = None) -> ChannelError:
        return ChannelError(
            said(f"{self._where} {detail}", self._secrets), temporary=temporary, retry_after_s=retry_after_s
        )


def http_library() -> Any:
    """Return the HTTP library that dnspython brings: httpx2 from its 2.9 on, httpx before."""
    return importlib.import_module("httpx2" if importlib.util.find_spec("httpx2") else "httpx")


def webhook_id(key: str) -> str:
    """Return the idempotency key as an id that may stand in a header and before a full stop, one for each key."""
    if _PLAIN_ID.fullmatch(key):
        return key
    return f"sha256_{hashlib.sha256(key.encode('utf-8', 'backslashreplace')).hexdigest()}"


def signed(key: str, body: bytes, keys: tuple[bytes, ...], at: float) -> dict[str, str]:
    """Return the headers of a body that is sent `at` seconds since the epoch, signed with each of the keys."""
    identity, timestamp = webhook_id(key), str(int(at))
    content = f"{identity}.{timestamp}.".encode("ascii") + body
    signatures = (b64encode(hmac.new(secret, content, hashlib.sha256).digest()).decode("ascii") for secret in keys)
    return {
        "content-type": "application/json",
        "accept-encoding": "identity",
        "user-agent": f"truehelo/{__version__}",
        "webhook-id": identity,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }


def wait(retry_after: str, now: datetime) -> float | None:
    """Return how many seconds a Retry-After asks to wait (RFC 9110 §10.2.3), bounded; None when it cannot be read."""
    if re.fullmatch(r"[0-9]{1,9}", retry_after, re.ASCII):
        return min(float(retry_after), MAX_WAIT_S)
    try:
        until = parsedate_to_datetime(retry_after)
        aware = until if until.tzinfo is not None else until.replace(tzinfo=UTC)
        return min(max((aware - now).total_seconds(), 0.0), MAX_WAIT_S)
    except (ValueError, OverflowError):
        return None


def read_key(channel: str, where: Secret, text: str) -> bytes:
    """Read a key: "whsec_" and base64 of 24 to 64 octets.

    Raises:
        InputError: It is none.
    """
    accepted = f"it is {PREFIX} and base64 of {MIN_KEY} to {MAX_KEY} random octets, as the channel {channel} needs it"
    given = where.file or f"environment variable {where.env}"
    text = text.strip()
    if not text.startswith(PREFIX):
        raise InputError(given, f"does not begin with {PREFIX}", accepted)
    try:
        key = b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise InputError(given, "is no base64", accepted) from None
    if not MIN_KEY <= len(key) <= MAX_KEY:
        raise InputError(given, f"is a key of {len(key)} octets", accepted)
    return key


def build(settings: WebhookSettings, place: Place) -> Channel:
    """Make the channel; reads its keys, its certificates, and its URL where that is a secret.

    Raises:
        InputError: One of them cannot be read or used.
    """
    url = settings.url
    if settings.url_secret is not None:
        url = place.secret(settings.name, settings.url_secret).strip()
        fault = url_fault(url)
        if fault:
            given = settings.url_secret.file or f"environment variable {settings.url_secret.env}"
            raise InputError(given, fault, f"the channel {settings.name} posts to it")
    quieten("httpx", "httpx2", "httpcore", "httpcore2")
    secrets = [each for each in (settings.secret, settings.old_secret) if each is not None]
    keys = tuple(read_key(settings.name, each, place.secret(settings.name, each)) for each in secrets)
    channel = WebhookChannel(settings, url, keys, trusting(settings.name, settings.ca_file, place))
    return place.keep_in(channel, urlsplit(settings.proxy or url).hostname or "")


KIND = ChannelKind(name="webhook", build=build)
