"""`truehelo silence`: hear nothing of something for a while, or announce maintenance; list both, and end them."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from truehelo.cli.acting import BY, NUMBER, moment, now, who, words
from truehelo.cli.terminal import complain, write
from truehelo.cli.watching import config_option, database_option, opened
from truehelo.errors import InputError
from truehelo.facts.text import visible
from truehelo.render.codes import GOOD

if TYPE_CHECKING:
    from truehelo.monitor.silencing import Covered
    from truehelo.monitoring import Silence

SHORTEST, LONGEST = timedelta(minutes=1), timedelta(days=90)
FARTHEST = timedelta(days=365)
"""How far ahead one may begin."""
MAX_REASON = 500
_MOST = 100
"""Groups, and tags, that one silence names."""


@click.command(epilog="Exit codes: 0 done, 2 usage or bad input, and nothing was done.")
@click.argument("target", required=False, metavar="[ADDRESS|NETWORK]")
@click.option("--group", "groups", multiple=True, metavar="GROUP", help="Addresses in it, as customers-*. Repeatable.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="Findings, as PTR_*. Repeatable.")
@click.option("--for", "length", metavar="TIME", help="How long: 90m, 8h, 2d; 1m to 90d.")
@click.option("--until", metavar="TIME", help="Or until when: 18:00, 2026-11-27 08:00 (UTC).")
@click.option("--starts", metavar="TIME", help="When it begins [now]: 22:00, 2026-11-27 08:00, 2h.")
@click.option("--reason", metavar="TEXT", help="Why, for those who come after you.")
@click.option("--maintenance", is_flag=True, help="Maintenance: what fails meanwhile opens no incident.")
@BY
@click.option("--yes", is_flag=True, help="That everything is silenced is meant.")
@click.option("--list", "listing", is_flag=True, help="List those that are not over.")
@click.option("--json", "as_json", is_flag=True, help="With --list, as JSON.")
@click.option("--end", "ends", multiple=True, type=NUMBER, metavar="NUMBER", help="End one now. Repeatable.")
@config_option
@database_option
def silence(  # noqa: PLR0913  each is an option
    *,
    target: str | None,
    groups: tuple[str, ...],
    tags: tuple[str, ...],
    length: str | None,
    until: str | None,
    starts: str | None,
    reason: str | None,
    maintenance: bool,
    by: str | None,
    yes: bool,
    listing: bool,
    as_json: bool,
    ends: tuple[int, ...],
    config: str | None,
    database: str | None,
) -> int:
    """Hear nothing of something for a while. All that is named must fit: the address, one of the groups, one of the tags.

    Checks go on, incidents open and end. What is still open when the silence ends is told then; what is over by then
    is not told at all. With --maintenance no incident is opened meanwhile.

    \b
    Examples:
      truehelo silence 192.0.2.25 --tag PTR_UNEXPECTED --for 8h --reason "moving"
      truehelo silence --group 'customers-*' --until 18:00 --reason "told them"
      truehelo silence 192.0.2.0/24 --maintenance --starts 22:00 --for 2h \\
        --reason "new routers"
      truehelo silence --list
      truehelo silence --end 3
    """
    making = any((target, groups, tags, length, until, starts, reason, maintenance, yes))
    if listing + bool(ends) + making > 1:
        raise click.UsageError("--list, --end and a new silence are three things; do one at a time")
    if as_json and not listing:
        raise click.UsageError("--json goes with --list")
    if listing:
        return _list(as_json, database, config)
    if ends:
        return _end(ends, who(by), database, config)
    if reason is None:
        raise click.UsageError('a silence needs --reason TEXT and --for TIME, as in --for 8h --reason "moving house"')
    at = moment(now())
    begins, over = _times(at, length, until, starts)
    made = _build(target, groups, tags, begins, over, words(reason, "--reason", MAX_REASON), who(by))
    return _make(made, "maintenance" if maintenance else "silence", at, yes=yes, database=database, config=config)


# What is given


def _times(at: datetime, length: str | None, until: str | None, starts: str | None) -> tuple[datetime | None, datetime]:
    """Return when a silence begins (None: at once) and ends.

    Raises:
        InputError: One of these is no time, or lies too near or too far.
    """
    from truehelo.configuration.duration import ACCEPTED, read_duration

    if (length is None) is (until is None):
        raise click.UsageError("give one of --for and --until: a silence ends by itself")
    begins = None if starts is None else _instant("--starts", starts, at)
    if begins is not None and not at - timedelta(minutes=1) <= begins <= at + FARTHEST:
        raise InputError(f"--starts {visible(starts or '', 60)}", "lies in the past, or more than a year ahead")
    if until is not None:
        given, over = f"--until {visible(until, 60)}", _instant("--until", until, begins or at)
    else:
        lasts = read_duration(length or "")
        given = f"--for {visible(length or '', 60)}"
        if lasts is None:
            raise InputError(given, "is no length of time", ACCEPTED)
        over = (begins or at) + min(lasts, LONGEST + SHORTEST)
    if not SHORTEST <= over - (begins or at) <= LONGEST:
        problem = "is in the past" if over <= (begins or at) else "is shorter than a minute, or longer than 90 days"
        raise InputError(given, problem, "a silence lasts from 1m to 90d")
    return begins, over


def _instant(option: str, text: str, at: datetime) -> datetime:
    from truehelo.configuration.instant import ACCEPTED, read_instant

    found = read_instant(text, at, ahead=True)
    if found is None:
        raise InputError(f"{option} {visible(text, 60)}", "is no time", ACCEPTED)
    return found


def _build(
    target: str | None,
    groups: tuple[str, ...],
    tags: tuple[str, ...],
    begins: datetime | None,
    over: datetime,
    reason: str,
    by: str,
) -> "Silence":
    """Return the silence that is asked for.

    Raises:
        InputError: Something that it names cannot be.
    """
    from truehelo.monitoring import Silence

    ip = "" if target is None else _target(target)
    for group in groups:
        _pattern("--group", group)
    known = _tags(tags)
    if max(len(groups), len(tags)) > _MOST:
        raise InputError("a silence", f"names more than {_MOST} groups or tags", "use patterns, as in --group 'eu-*'")
    return Silence(id=0, reason=reason, by=by, until=over, since=begins, ip=ip, groups=groups, tags=known)


def _target(text: str) -> str:
    """Return an address or a network as it is written best.

    Raises:
        InputError: It is neither.
    """
    from ipaddress import ip_interface, ip_network

    from truehelo.facts.address import parse_address

    address = parse_address(text.strip())
    if address is not None:
        return str(address)
    try:
        network = ip_network(text.strip(), strict=False)
        well = str(network.network_address) == str(ip_interface(text.strip()).ip)
    except ValueError:
        accepted = "give one as 192.0.2.25 or 192.0.2.0/24; names are silenced by --group"
        raise InputError(visible(text, 60) or "an empty word", "is no address and no network", accepted) from None
    if not well:
        raise InputError(visible(text, 60), "has bits behind its prefix", f"{network} is the network that it is in")
    return str(network)


def _pattern(option: str, text: str) -> None:
    if not text.strip() or not text.isprintable() or len(text) > 200:
        raise InputError(f"{option} {visible(text, 60)!r}", "names nothing", "give a name or a pattern, as in 'eu-*'")


def _tags(tags: tuple[str, ...]) -> tuple[str, ...]:
    """Return tags as they are written, each of which there must be.

    Raises:
        InputError: There is no such tag, and none that the pattern fits.
    """
    from truehelo.monitor.tags import known_tag

    return tuple(known_tag(tag) for tag in tags)


# Making one


def _make(made: "Silence", kind: str, at: datetime, *, yes: bool, database: str | None, config: str | None) -> int:
    from dataclasses import replace

    from truehelo.monitor import acting
    from truehelo.monitor.silencing import covered

    with opened(database, config=config) as store:
        with store.read() as connection:  # apart: the watch need not wait while fifty thousand addresses are gone through
            about = covered(connection, made, at.timestamp())
        if not yes and _is_everything(made, about):
            problem = "would silence everything" if kind == "silence" else "would put everything under maintenance"
            raise InputError("this", problem, "name an address, a group or a tag, or give --yes if that is meant")
        with store.write() as connection:
            number = acting.silence(connection, kind, made, at.timestamp())
    write(f"{kind} {number}: {_about(replace(made, id=number), about)}\n")
    if not about.addresses and made.tags != ("CANNOT_SEE",):
        complain("it covers no address that is watched now; truehelo inventory list shows what is")
    return GOOD


def _is_everything(made: "Silence", about: "Covered") -> bool:
    """Tell whether nothing would be left to hear of: nothing narrows it down, or what does still covers every address."""
    if made.tags and not any(set(tag) <= {"*"} for tag in made.tags):
        return False
    narrow = bool(made.ip and not made.ip.endswith("/0")) or bool(
        made.groups and not any(set(group) <= {"*"} for group in made.groups)
    )
    return not narrow or about.addresses == about.watched > 1


def _about(made: "Silence", about: "Covered") -> str:
    """Say what a silence covers now, and from when to when."""
    begins = "" if made.since is None else f"from {made.since:%Y-%m-%d %H:%M} "
    count = f"{about.addresses:,} of {about.watched:,} watched {'address' if about.watched == 1 else 'addresses'}"
    what = f" in {' or '.join(made.tags)}" if made.tags else ""
    numbers = ", ".join(str(number) for number in about.incidents[:20])
    more = f" and {len(about.incidents) - 20} more" if len(about.incidents) > 20 else ""
    still = f"; of what is open: incident {numbers}{more}" if numbers else ""
    return visible(f"{begins}until {made.until:%Y-%m-%d %H:%M} UTC, covers {count}{what}{still}")


# Listing, ending


def _list(as_json: bool, database: str | None, config: str | None) -> int:
    from truehelo.render.silences import json, text
    from truehelo.store.upkeep import silences_now

    at = now()
    with opened(database, config=config) as store, store.read() as connection:
        found = [(kind, each) for kind in ("silence", "maintenance") for each in silences_now(connection, kind, at)]
    write(json(found, moment(at)) if as_json else text(found, moment(at)))
    return GOOD


def _end(numbers: tuple[int, ...], by: str, database: str | None, config: str | None) -> int:
    from truehelo.monitor import acting

    ended = tuple(dict.fromkeys(numbers))
    with opened(database, config=config) as store, store.write() as connection:
        for number in ended:
            acting.end_silence(connection, number, by=by, now=now())
    write("".join(f"silence {number}: ended\n" for number in ended))
    return GOOD
