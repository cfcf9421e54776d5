"""Who is told of what, in words: channels without their secrets, and what routes make of a finding.

Does not decide anything (`drift/routing.py` does), and never shows what a secret or an argument of a program says.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from truehelo.configuration.alerting import Alerting
from truehelo.configuration.channels import (
    AppriseSettings,
    ChannelSettings,
    CommandSettings,
    EmailSettings,
    OtherSettings,
    Secret,
    WebhookSettings,
)
from truehelo.configuration.duration import write_duration
from truehelo.configuration.routes import Route
from truehelo.drift.routing import matching
from truehelo.facts.text import visible
from truehelo.monitoring import Notice
from truehelo.render.document import Json


def place(channel: ChannelSettings) -> str:
    """Say where a channel leads to, without anything secret."""
    match channel:
        case EmailSettings():
            login = " with a login" if channel.user else ""
            whom = ", ".join(channel.recipients)
            return visible(f"mail to {whom} through {channel.host}:{channel.port}, tls {channel.tls}{login}")
        case WebhookSettings():
            where = urlsplit(channel.url).netloc if channel.url else _hidden("a URL", channel.url_secret)
            return visible(f"signed POST to {where}")
        case CommandSettings():
            more = len(channel.argv) - 1
            return visible(f"runs {channel.argv[0]}") + (f" with {more} argument{'' if more == 1 else 's'}" if more else "")
        case AppriseSettings():
            return visible(f"Apprise, {_hidden('URLs', channel.urls)}")
        case OtherSettings():
            return visible(f"set by {', '.join(sorted(channel.options))}" if channel.options else "without settings")
        case _:
            return ""


def _hidden(what: str, secret: Secret | None) -> str:
    if secret is None:
        return what
    return f"{what} in {secret.file}" if secret.file else f"{what} in the variable {secret.env}"


def channels(alerting: Alerting) -> str:
    """Return the channels as a table: name, kind, where to."""
    if not alerting.channels:
        return "no channels\n"
    rows = [(each.name, visible(each.kind, 40), place(each)) for each in alerting.channels]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    return "".join(f"{name.ljust(widths[0])}  {kind.ljust(widths[1])}  {where}\n" for name, kind, where in rows)


def channels_document(alerting: Alerting) -> Json:
    """Return the channels as plain dicts and lists."""
    rows = [
        {"channel": each.name, "kind": each.kind, "place": place(each), "timeout_s": each.timeout_s}
        for each in alerting.channels
    ]
    return {"schema": "truehelo/channels/1", "channels": rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one route does with a finding; `number` is its place in the configuration, from 1 on."""

    number: int
    route: Route


def taken(notice: Notice, alerting: Alerting) -> list[Told]:
    """Return the routes that a notice takes, with their numbers."""
    found = list(matching(notice, alerting))
    return [Told(number=number, route=each) for number, each in enumerate(alerting.routes, 1) if _is_in(each, found)]


def _is_in(route: Route, found: Sequence[Route]) -> bool:
    return any(each is route for each in found)


def routes(found: Sequence[Told], alerting: Alerting, group_s: float) -> str:
    """Say who is told, and when; for `group_s` seconds a message waits for others of the same cause."""
    lines: list[str] = []
    for each in found:
        if each.route.digest:
            digest = alerting.digest
            whom = ", ".join(digest.channels) if digest is not None else "nobody"
            lines.append(f"route {each.number}: in the digest alone, to {whom}")
        lines += [f"route {each.number}: {channel} {_when(each.route, group_s)}" for channel in each.route.channels]
    return "".join(f"{line}\n" for line in lines) or "nobody is told: no route fits\n"


def _when(route: Route, group_s: float) -> str:
    if route.after:
        first = f"after {write_duration(route.after)}, if it is open and not acknowledged then"
    else:
        first = f"after {write_duration(timedelta(seconds=group_s))}, what has the same cause in one message"
    parts = [first]
    if route.remind_every is not None:
        parts.append(f"again every {write_duration(route.remind_every)} while it is so")
    parts.append("of the end too" if route.recovered else "not of the end")
    return "; ".join(parts)


def routes_document(notice: Notice, found: Sequence[Told], alerting: Alerting) -> Json:
    """Return who is told as plain dicts and lists."""
    digest = () if alerting.digest is None else alerting.digest.channels
    told = [
        {
            "route": each.number,
            "channels": list(digest if each.route.digest else each.route.channels),
            "digest": each.route.digest,
            "after_s": each.route.after.total_seconds(),
            "remind_every_s": None if each.route.remind_every is None else each.route.remind_every.total_seconds(),
            "recovered": each.route.recovered,
        }
        for each in found
    ]
    return {"schema": "truehelo/routes/1", "tag": notice.tag, "severity": str(notice.severity), "told": told}
