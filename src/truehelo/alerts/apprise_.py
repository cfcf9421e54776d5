"""Slack, Teams, PagerDuty, Matrix, ntfy and many more, by Apprise, where that is installed (the extra `apprise`).

Its plugins block, so they run in threads of the channel's own. Only services beyond this machine may be named: none
that draws on a desktop, writes a log or runs a program here. What Apprise logs during a call is the reason that is
told, without URLs. Does not know what any service makes of a message.
"""

import asyncio
import contextvars
import importlib.util
import logging
import re
from concurrent.futures import ThreadPoolExecutor
from inspect import signature
from typing import Any
from urllib.parse import parse_qs, urlsplit

from truehelo.alerts._kind import ChannelKind, Outstanding, Place, Withheld, quieten, said
from truehelo.configuration.channels import AppriseSettings
from truehelo.errors import InputError
from truehelo.findings import Severity
from truehelo.monitoring import Message, NoticeKind
from truehelo.ports import Channel, ChannelError

SCHEMAS = frozenset(
    """
    apprise apprises betterstack bulksms clicksend cliq d7sms dingtalk discord feishu flock form forms gchat goalert
    goalerts gotify gotifys hassio hassios ifttt ilert incidentio json jsons lark line matrix matrixs mmost mmosts
    msgbird ncloud nclouds nctalk nctalks nexmo notica noticas notifico ntfy ntfys opsgenie pagerduty pagertree pbul
    plivo pover prowl pushed pushy revolt ringc rocket rockets ryver seven signal signals signl4 simplepush sinch
    slack smseagle smseagles spike splunk spush squadcast synology synologys telnyx tgram threema twilio twist
    victorops voipms vonage webex wecombot whatsapp workflow workflows wxteams xmatters xml xmls zoom zulip
    """.split()
)
"""Services that only reach out over the network. Mail is not among them: the kind "email" tells whom it hangs on."""
MAX_URLS = 50
MAX_THREADS = 16
_URL = re.compile(r"[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)
_TOKEN = re.compile(r"[^/?&=@:#\s]{6,}")
_MENTION = re.compile(r"@(?=everyone|here|channel|all|room)|<(?=[!@#])", re.IGNORECASE)


class AppriseChannel:
    """Hands a message to each of several services."""

    def __init__(self, settings: AppriseSettings, services: dict[str, Any], secrets: tuple[str, ...]) -> None:
        """Take the settings, the services by what they are called in logs, and what must not be told."""
        self._settings, self._services, self._secrets = settings, services, secrets
        self._outstanding = Outstanding(services)
        self._pool = ThreadPoolExecutor(min(MAX_THREADS, len(services)), thread_name_prefix=f"apprise-{settings.name}")

    def __repr__(self) -> str:
        return f"<apprise channel {self.name}>"

    @property
    def name(self) -> str:
        """The name that the operator gave it."""
        return self._settings.name

    async def send(self, message: Message, key: str) -> str:
        """Hand a message to the services that have not taken it yet under this key, all at once.

        Raises:
            ChannelError: One of them did not take it.
        """
        whom = self._outstanding.left(key)
        outcomes = await asyncio.gather(*(self._one(service, message) for service in whom))
        failed = {service: reason for service, reason in zip(whom, outcomes, strict=True) if reason is not None}
        self._outstanding.note(key, [service for service in whom if service not in failed])
        if failed:
            reasons = "; ".join(f"{service}: {reason}" for service, reason in failed.items())
            raise ChannelError(said(reasons, self._secrets), temporary=True)
        return f"taken by {', '.join(whom)}"

    async def aclose(self) -> None:
        """Let the threads go; one that still waits for its service ends with it."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _one(self, service: str, message: Message) -> str | None:
        """Why a service did not take the message, None when it did."""
        loop, timeout_s = asyncio.get_running_loop(), self._settings.timeout_s
        call = loop.run_in_executor(self._pool, _notify, self._services[service], message)
        try:
            return await asyncio.wait_for(call, timeout_s)
        except TimeoutError:
            return f"did not answer in {timeout_s:g} s"


def _notify(plugin: Any, message: Message) -> str | None:
    """Call a service and wait for it; runs in a thread."""
    import apprise

    caller = apprise.Apprise(asset=plugin.asset)
    caller.add(plugin)
    with _Captured() as captured:
        well = caller.notify(
            title=unmentioned(message.subject),
            body=unmentioned(message.text),
            notify_type=weight(message, apprise.NotifyType),
            body_format=apprise.NotifyFormat.TEXT,
        )
    return None if well else captured.reason()


def weight(message: Message, types: Any) -> Any:
    """Return the type of notification that Apprise knows for a message."""
    if message.data.get("ended"):
        return types.INFO  # it is over, and was not seen well again
    if message.kind in (NoticeKind.RECOVERED, NoticeKind.STABLE, NoticeKind.SEEN):
        return types.SUCCESS
    return {Severity.ERROR: types.FAILURE, Severity.WARNING: types.WARNING}.get(message.severity, types.INFO)


def unmentioned(text: str) -> str:
    """Return a text that calls nobody: names of the network may hold what a chat takes for everyone."""
    return _MENTION.sub(lambda found: f"{found[0]} ", text)


_current: contextvars.ContextVar[object] = contextvars.ContextVar("apprise_call", default=None)


class _Captured(logging.Handler):
    """What Apprise logs during one call, also from threads that it starts itself with the context of the call."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if _current.get() is self and len(self._lines) < 20:
            self._lines.append(record.getMessage())

    def __enter__(self) -> "_Captured":
        self._token = _current.set(self)
        logging.getLogger("apprise").addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger("apprise").removeHandler(self)
        _current.reset(self._token)

    def reason(self) -> str:
        """The reason, without URLs."""
        return _URL.sub("(URL)", " / ".join(self._lines)) or "failed, and said no reason"


def build(settings: AppriseSettings, place: Place) -> Channel:
    """Make the channel; reads its URLs.

    Raises:
        InputError: Apprise is not installed, or a URL cannot be used; the sentence holds no URL.
    """
    if importlib.util.find_spec("apprise") is None:
        accepted = "install it: pip install 'truehelo[apprise]'"
        raise InputError(f"channel {settings.name}", "is of the kind apprise, and Apprise is not installed", accepted)
    given = settings.urls.file or f"environment variable {settings.urls.env}"
    lines = place.secret(settings.name, settings.urls).splitlines()
    # What it logs may hold tokens: it is heard during a call alone (`_Captured`), and reaches no log of the program.
    logger = logging.getLogger("apprise")
    logger.propagate = False
    logger.addHandler(logging.NullHandler())
    quieten("apprise", "urllib3", "requests")
    urls = {n: line.strip() for n, line in enumerate(lines, 1) if line.strip() and not line.lstrip().startswith("#")}
    if not 1 <= len(urls) <= MAX_URLS:
        raise InputError(given, f"holds {len(urls)} URLs", f"1 to {MAX_URLS}, one a line")
    services = {f"{url.partition(':')[0].lower()} {n}": _service(url, f"{given}:{n}") for n, url in urls.items()}
    secrets = {token for url in urls.values() for token in (url, *_TOKEN.findall(url.partition("://")[2]))}
    channel: Channel = AppriseChannel(settings, services, tuple(secrets))
    for name, service in services.items():
        # Most services have no host in their URL, but a place that Apprise knows.
        host = getattr(service, "host", None)
        if place.keep_in(channel, host if isinstance(host, str) else "") is not channel:
            return Withheld(settings.name, f"the service {name}")
    return channel


def _service(url: str, given: str) -> Any:
    schema, separator, _ = url.partition("://")
    if not separator or schema.lower() not in SCHEMAS:
        from truehelo.configuration.table import nearest

        word = schema.lower() if separator and re.fullmatch(r"[A-Za-z0-9+.-]{1,30}", schema) else "what stands there"
        raise InputError(given, f"{word} is no service that may be used here", nearest(word, SCHEMAS))
    import apprise  # late: 100 ms, and an extra

    # Since 2.3 a service with a deadline runs in threads that all of Apprise shares; ours has a deadline and threads here.
    knows_deadlines = "service_timeout" in signature(apprise.AppriseAsset).parameters
    deadline: dict[str, Any] = {"service_timeout": 0} if knows_deadlines else {}
    asset = apprise.AppriseAsset(storage_mode=apprise.PersistentStoreMode.MEMORY, **deadline)
    with _Captured() as captured:
        plugin = apprise.Apprise.instantiate(url, asset=asset)
    if plugin is None:
        accepted = f"see the Apprise documentation for {schema.lower()}://"
        raise InputError(given, f"is no URL that Apprise takes ({said(captured.reason(), _TOKEN.findall(url))})", accepted)
    if "overflow" not in parse_qs(urlsplit(url).query):
        # A service refuses what is longer than it takes, for good: then the larger an outage, the surer nobody hears of it.
        plugin.overflow_mode = apprise.OverflowMode.SPLIT
    return plugin


KIND = ChannelKind(name="apprise", build=build)
