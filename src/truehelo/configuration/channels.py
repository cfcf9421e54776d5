"""The channels of the configuration: what kind each is, whom or what it reaches, and where its secrets stand.

    [[channel]]
    name = "ops"
    kind = "email"
    host = "smtp.example.net"
    from = "alerts@example.net"
    to = ["ops@example.net"]

Pure: a secret is named here by file or environment variable, and read by the adapter alone (`alerts/`). Does not decide
which message goes where (`routes.py`).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlsplit

from truehelo.configuration.table import Table, tables
from truehelo.errors import FileError
from truehelo.facts.address import parse_address
from truehelo.facts.names import name_fault
from truehelo.facts.text import visible

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", re.ASCII)
ENVIRONMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}", re.ASCII)
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*", re.ASCII)
_SHORT, _LONG = timedelta(seconds=1), timedelta(minutes=10)
MAX_CHANNELS = 100
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """Where a secret stands: in a file, or in an environment variable. Never the secret."""

    file: str = ""
    env: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSettings:
    """What every channel has: the name that the operator gave it, its kind, and how long one try may take in seconds."""

    name: str
    kind: str
    timeout_s: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailSettings(ChannelSettings):
    """Mail through one server. `tls` is "starttls", "tls" (from the first octet) or "none".

    `envelope` is the sender for bounces (RFC 5321 §4.1.1.2), "" the null one; `helo` the name to say in EHLO, "" the
    machine's own; `ca_file` certificates to trust besides the system's.
    """

    host: str
    port: int
    tls: str
    sender: str
    sender_name: str
    recipients: tuple[str, ...]
    envelope: str
    user: str = ""
    password: Secret | None = None
    helo: str = ""
    ca_file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSettings(ChannelSettings):
    """A signed POST (Standard Webhooks). One of `url` and `url_secret` is set; `old_secret` signs too while keys change."""

    url: str = ""
    url_secret: Secret | None = None
    secret: Secret
    old_secret: Secret | None = None
    ca_file: str = ""
    proxy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandSettings(ChannelSettings):
    """A program and its arguments, never a shell line. `pass_env` names the variables that it is to see."""

    argv: tuple[str, ...]
    pass_env: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AppriseSettings(ChannelSettings):
    """URLs for Apprise, one a line; they hold tokens, so they are a secret as a whole."""

    urls: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherSettings(ChannelSettings):
    """A kind that another package brings: its keys as they were written, for that package to read."""

    options: Mapping[str, object] = field(default_factory=dict)


def read_channels(values: Mapping[str, object], where: str) -> tuple[ChannelSettings, ...]:
    """Read every `[[channel]]`.

    Raises:
        FileError: One cannot be used, or two have the same name.
    """
    found: dict[str, ChannelSettings] = {}
    each = tables(values, "channel", where)
    if len(each) > MAX_CHANNELS:
        raise FileError(where, f"describes {len(each)} channels", f"{MAX_CHANNELS} are the most")
    for number, table in enumerate(each, 1):
        channel = _channel(table, f"[[channel]] {number}", where)
        if channel.name in found:
            raise FileError(where, f"[[channel]] {number} is called {channel.name}, as an earlier one is", "rename one")
        found[channel.name] = channel
    return tuple(found.values())


def _channel(values: Mapping[str, object], place: str, where: str) -> ChannelSettings:
    table = Table(values, place, where)
    accepted = 'give each channel a name of letters, digits, "-", "_" and ".", as in name = "ops"'
    name = table.text("name", accepted=accepted)
    if NAME.fullmatch(name) is None:
        table.fail(f"name is {visible(name, 80)!r}", accepted)
    table.place = f"{place} ({name})"
    kind = table.text("kind", accepted=f"it is one of {', '.join(KINDS)}, or a kind that an installed package brings")
    timeout_s = table.duration("timeout", _SHORT, _LONG, timedelta(seconds=30)).total_seconds()
    if kind not in KINDS:
        options = {key: value for key, value in values.items() if key not in ("name", "kind", "timeout")}
        return OtherSettings(name=name, kind=kind, timeout_s=timeout_s, options=options)
    channel = KINDS[kind](table, name, timeout_s)
    table.done()
    return channel


def _email(table: Table, name: str, timeout_s: float) -> ChannelSettings:
    tls = table.choice("tls", ("starttls", "tls", "none"), "starttls")
    host = table.text("host", accepted='name the mail server, as in host = "smtp.example.net"')
    _refuse_bad_host(table, "host", host)
    sender = _mailbox(table, "from", table.text("from", accepted='write from = "alerts@example.net"'))
    recipients = table.texts("to", accepted='write to = ["ops@example.net"]')
    helo = table.text("helo", "")
    if helo:
        _refuse_bad_host(table, "helo", helo)
    envelope = sender
    if table.has("envelope_from"):
        empty = table.values["envelope_from"] == ""
        envelope = "" if empty else _mailbox(table, "envelope_from", table.text("envelope_from"))
    user, password = table.text("user", ""), secret(table, "password")
    if bool(user) is not bool(password):
        table.fail(
            "has a user and no password" if user else "has a password and no user",
            "give user, and password_file or password_env",
        )
    if user and tls == "none" and host.lower() not in LOOPBACK:
        table.fail('would send its password in clear: tls is "none"', 'write tls = "starttls" or tls = "tls"')
    return EmailSettings(
        name=name,
        kind="email",
        timeout_s=timeout_s,
        host=host,
        port=table.whole("port", 1, 65535, {"starttls": 587, "tls": 465, "none": 25}[tls]),
        tls=tls,
        sender=sender,
        sender_name=table.text("from_name", "truehelo"),
        recipients=tuple(_mailbox(table, "to", each) for each in recipients),
        envelope=envelope,
        user=user,
        password=password,
        helo=helo,
        ca_file=table.text("ca_file", ""),
    )


def _webhook(table: Table, name: str, timeout_s: float) -> ChannelSettings:
    url, url_secret = table.text("url", ""), secret(table, "url")
    if bool(url) is bool(url_secret):
        table.fail(
            "has no url" if not url else "has two addresses",
            'write url = "https://..." or, when it holds a token, url_file or url_env',
        )
    if url:
        fault = url_fault(url)
        if fault:
            table.fail(f"url {fault}", 'write url = "https://hooks.example.net/truehelo"')
    signing = secret(table, "secret")
    if signing is None:
        table.fail(
            "has no secret to sign with", 'write secret_file = "..." or secret_env = "..."; it holds whsec_ and base64'
        )
    proxy = table.text("proxy", "")
    if proxy and url_fault(proxy):
        table.fail(f"proxy {url_fault(proxy)}", 'write proxy = "http://proxy.example.net:3128"')
    return WebhookSettings(
        name=name,
        kind="webhook",
        timeout_s=timeout_s,
        url=url,
        url_secret=url_secret,
        secret=signing,
        old_secret=secret(table, "old_secret"),
        ca_file=table.text("ca_file", ""),
        proxy=proxy,
    )


def _command(table: Table, name: str, timeout_s: float) -> ChannelSettings:
    accepted = 'write the program and each argument as a list: argv = ["/usr/local/bin/page", "--urgent"]'
    if table.has("argv") and isinstance(table.values["argv"], str):
        table.fail("argv is one text, and no shell takes it apart", accepted)
    table.require("argv", accepted)
    argv = table.values["argv"]
    if not isinstance(argv, list) or not argv or not all(isinstance(part, str) for part in argv):
        table.fail("argv is no list of texts", accepted)
    if not argv[0] or any("\0" in part for part in argv) or sum(map(len, argv)) > 10_000:
        table.fail("argv names no program, holds a NUL, or is longer than 10000 characters", accepted)
    pass_env = table.texts("pass_env", ())
    for variable in pass_env:
        if ENVIRONMENT.fullmatch(variable) is None:
            table.fail(f"pass_env names {visible(variable, 80)!r}", 'name variables, as in pass_env = ["PAGER_TOKEN"]')
    return CommandSettings(name=name, kind="command", timeout_s=timeout_s, argv=tuple(argv), pass_env=pass_env)


def _apprise(table: Table, name: str, timeout_s: float) -> ChannelSettings:
    for key in ("url", "urls"):
        if table.has(key):
            table.fail(
                f"has {key}, and Apprise URLs hold tokens", "put them into a file, one a line, and name it with urls_file"
            )
    urls = secret(table, "urls")
    if urls is None:
        table.fail("has no URLs", 'write urls_file = "..." or urls_env = "..."; it holds Apprise URLs, one a line')
    return AppriseSettings(name=name, kind="apprise", timeout_s=timeout_s, urls=urls)


KINDS: dict[str, Callable[[Table, str, float], ChannelSettings]] = {
    "email": _email,
    "webhook": _webhook,
    "command": _command,
    "apprise": _apprise,
}
"""The kinds that come with the program, and the function that reads each."""


def secret(table: Table, key: str) -> Secret | None:
    """Read where a secret stands, from KEY_file or KEY_env; None when neither is there.

    Raises:
        FileError: Both are there, or the secret itself is.
    """
    in_file, in_env = f"{key}_file", f"{key}_env"
    if key in ("password", "secret", "old_secret") and table.has(key):
        table.fail(
            f"has {key} itself", f"a secret does not belong into this file: name where it stands, {in_file} or {in_env}"
        )
    file, env = table.text(in_file, ""), table.text(in_env, "")
    if file and env:
        table.fail(f"has both {in_file} and {in_env}", "keep one")
    if env and ENVIRONMENT.fullmatch(env) is None:
        table.fail(f"{in_env} is {visible(env, 80)!r}", "it is the name of an environment variable")
    return Secret(file=file, env=env) if file or env else None


def url_fault(url: str) -> str:
    """Return why a URL cannot be used, in words that follow it and do not repeat it; "" when it can."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "is no URL"
    if parts.scheme not in ("http", "https") or not host or any(char.isspace() for char in url):
        return "is no URL of http:// or https://"
    if parts.username is not None or parts.password is not None:
        return "holds a user or a password"
    if port == 0 or (parse_address(host) is None and name_fault(host) is not None):
        return "names a host or port that cannot be"
    return ""


def _refuse_bad_host(table: Table, key: str, host: str) -> None:
    if parse_address(host) is None and name_fault(host) is not None:
        table.fail(f"{key} is {visible(host, 100)!r}: the name {name_fault(host)}", "give a host name or an address")


def _mailbox(table: Table, key: str, text: str) -> str:
    local, at, domain = text.rpartition("@")
    well = (
        at
        and len(text) <= 254
        and _LOCAL.fullmatch(local)
        and "." in domain
        and name_fault(domain) is None
        and domain.isascii()
    )
    if not well and not (at and _LOCAL.fullmatch(local) and domain == "localhost"):
        accepted = 'write a plain address such as "ops@example.net"; a domain outside ASCII in its form xn--'
        table.fail(f"{key} is {visible(text, 100)!r}, which is no mail address", accepted)
    return text
