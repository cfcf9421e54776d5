"""`truehelo alerts`: which channels there are, whether they work, who is told of what."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from truehelo.cli.acting import SEVERITIES, moment, now
from truehelo.cli.alerts_log import deliveries, preview, redeliver
from truehelo.cli.options import json_options
from truehelo.cli.terminal import complain, write
from truehelo.cli.watching import config_option
from truehelo.errors import InputError
from truehelo.facts.text import visible
from truehelo.render.codes import FINDINGS, GOOD

if TYPE_CHECKING:
    from truehelo.configuration.channels import ChannelSettings
    from truehelo.configuration.read import Configuration
    from truehelo.monitoring import Notice

SEND_S = 90.0
"""How long a test waits at most, whatever a channel's own bound is."""
_NONE = "no channel is configured: docs/how-to/alerts.md shows how"


@click.group(epilog="Exit codes: 0 good, 1 a test or a delivery failed, or nobody is told; 2 usage or bad input.")
def alerts() -> None:
    """See whether people are reached: test channels, read the delivery log, ask who is told of what.

    \b
    Examples:
      truehelo alerts test
      truehelo alerts routes PTR_MISSING --group customers-north
      truehelo alerts deliveries --failed
      truehelo alerts redeliver 12
    """


for _each in (deliveries, preview, redeliver):
    alerts.add_command(_each)


@alerts.command(short_help="List the channels.", epilog="Exit codes: 0 good, 2 usage or bad configuration.")
@json_options
@config_option
def channels(as_json: bool, config: str | None) -> int:
    """List the channels of the configuration: name, kind, and where they lead to. No secret is shown.

    \b
    Example:
      truehelo alerts channels --config /etc/truehelo/truehelo.toml
    """
    from truehelo.render import alerting as rendered
    from truehelo.render.document import dumps

    alerting = _configured(config)[0].alerting
    write(dumps(rendered.channels_document(alerting), indent=2) if as_json else rendered.channels(alerting))
    if not alerting.channels:
        complain(_NONE)
    return GOOD


def _configured(config: str | None) -> "tuple[Configuration, Path | None]":
    from truehelo.app.watching import find_config, read_config

    path = find_config(config)
    return read_config(path), None if path is None else path.parent


# Testing


@alerts.command(
    short_help="Send a test message, now.", epilog="Exit codes: 0 all of them took it, 1 one did not, 2 usage or bad input."
)
@click.argument("names", nargs=-1, metavar="[CHANNEL...]")
@config_option
def test(names: tuple[str, ...], config: str | None) -> int:
    """Send a test message through each CHANNEL, or through all, and say what the other side said.

    It goes the way that alerts go, from this machine and this account, but not through the outbox: nothing is tried again.

    \b
    Examples:
      truehelo alerts test
      truehelo alerts test ops pager --config /etc/truehelo/truehelo.toml
    """
    from truehelo import app

    configuration, folder = _configured(config)
    known = {each.name: each for each in configuration.alerting.channels}
    if not known:
        raise InputError("a test", "has nowhere to go", _NONE)
    for name in names:
        if name not in known:
            raise InputError(f"channel {visible(name, 60)!r}", "is not configured", f"there are {', '.join(sorted(known))}")
    chosen = [known[name] for name in dict.fromkeys(names or known)]
    return GOOD if app.run(_test(chosen, folder)) else FINDINGS


async def _test(chosen: "list[ChannelSettings]", folder: Path | None) -> bool:
    import asyncio  # late: the help needs none of it

    return all(await asyncio.gather(*(_test_one(each, folder) for each in chosen)))


async def _test_one(settings: "ChannelSettings", folder: Path | None) -> bool:
    """Send a test through one channel, and say what came of it; True when it was taken."""
    import asyncio
    import secrets

    from truehelo.alerts import build_channels
    from truehelo.app import guarded
    from truehelo.ports import ChannelError
    from truehelo.render.notice import message

    try:
        channel = build_channels([settings], folder, loopback_only=guarded())[settings.name]
    except InputError as error:
        return _came(settings.name, taken=False, detail=str(error))
    try:
        said = await asyncio.wait_for(
            channel.send(message(_notice(settings.name)), f"test_{secrets.token_hex(16)}"), SEND_S
        )
    except ChannelError as error:
        again = " (the watch would try again)" if error.temporary else " (the watch would give up)"
        return _came(settings.name, taken=False, detail=error.detail + again)
    except TimeoutError:
        return _came(settings.name, taken=False, detail=f"no reply within {SEND_S:.0f} s")
    finally:
        await channel.aclose()
    return _came(settings.name, taken=True, detail=said)


def _came(name: str, *, taken: bool, detail: str) -> bool:
    write(f"{name}: {'taken' if taken else 'FAILED'}: {visible(detail, 500)}\n")
    return taken


def _notice(name: str) -> "Notice":
    from truehelo.findings import Severity
    from truehelo.monitoring import Notice, NoticeKind

    return Notice(
        kind=NoticeKind.TEST, tag="", severity=Severity.NOTE, at=moment(now()), summary=f"the channel {name} reaches you"
    )


# Who is told


@alerts.command(
    short_help="Say who would be told of a finding.",
    epilog="Exit codes: 0 somebody is told, 1 nobody is, 2 usage or bad input.",
)
@click.argument("tag", metavar="TAG")
@click.option("--severity", type=click.Choice(SEVERITIES), help="How bad [as the tag is by itself].")
@click.option("--group", "groups", multiple=True, metavar="GROUP", help="A group of the address. Repeatable.")
@click.option("--owner", "owners", multiple=True, metavar="OWNER", help="An owner of the address. Repeatable.")
@json_options
@config_option
def routes(
    tag: str, severity: str | None, groups: tuple[str, ...], owners: tuple[str, ...], as_json: bool, config: str | None
) -> int:
    """Say who would be told of an incident with TAG, when, and by which route.

    \b
    Examples:
      truehelo alerts routes PTR_MISSING
      truehelo alerts routes GREETING_DIFFERS --group customers-north --owner Ann
      truehelo alerts routes DNSBL_LISTED:spamcop --severity error
    """
    from truehelo.monitor.tags import ignored_by
    from truehelo.render import alerting as rendered
    from truehelo.render.document import dumps

    configuration, _ = _configured(config)
    notice = _about(tag, severity, groups, owners)
    alerting = configuration.alerting
    found = rendered.taken(notice, alerting)
    write(
        dumps(rendered.routes_document(notice, found, alerting), indent=2)
        if as_json
        else rendered.routes(found, alerting, configuration.watching.watch.group_s)
    )
    settings = configuration.watching.watch
    ignored = notice.tag in ignored_by(settings.ignore)
    if ignored or notice.severity.rank > settings.severity.rank:
        way_out = "[watch] ignore" if ignored else f"[watch] severity, which is {settings.severity}"
        complain(f"{notice.tag} ({notice.severity}) is not watched at all, by {way_out}")
    if not alerting.channels:
        complain(_NONE)
    return GOOD if any(each.route.channels or each.route.digest for each in found) else FINDINGS


def _about(tag: str, severity: str | None, groups: tuple[str, ...], owners: tuple[str, ...]) -> "Notice":
    """Return a notice as it would be made of an incident with a tag.

    Raises:
        InputError: There is no such tag.
    """
    from truehelo.checks import all_tags
    from truehelo.findings import Severity
    from truehelo.monitor.tags import known_tag
    from truehelo.monitoring import Notice, NoticeKind

    known = known_tag(tag)
    if set(known) & set("*?["):
        raise InputError(visible(tag, 60), "fits several tags", "name one, as in PTR_MISSING or DNSBL_LISTED:spamcop")
    blind = known == "CANNOT_SEE"
    declared = all_tags().get(known.partition(":")[0])
    usual = Severity.NOTE if blind else Severity.WARNING if declared is None else declared.severity
    return Notice(
        kind=NoticeKind.UNSEEN if blind else NoticeKind.OPENED,
        tag=known,
        severity=usual if severity is None else Severity(severity),
        at=moment(now()),
        summary="",
        incident=1,
        groups=groups,
        owners=owners,
    )
