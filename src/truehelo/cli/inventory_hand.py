"""`truehelo inventory add` and `remove`: lines by hand, one at a time."""

from typing import TYPE_CHECKING, Any, Unpack

import click

from truehelo.cli import inventory_text
from truehelo.cli.inventory_files import Where, default_interval, now, who
from truehelo.cli.terminal import write
from truehelo.cli.watching import config_option, database_option, opened
from truehelo.errors import InputError
from truehelo.render.codes import GOOD

if TYPE_CHECKING:
    from truehelo.inventory.model import Line


@click.command(short_help="Add a line by hand.", epilog="Exit codes: 0 good, 2 usage or bad input.")
@click.argument("target", metavar="TARGET")
@click.option(
    "--expect", "expected", multiple=True, metavar="NAME", help="A name that the PTR should be among. Repeatable."
)
@click.option("--helo", default="", metavar="NAME", help="The HELO that the server sends.")
@click.option("--domain", "domains", multiple=True, metavar="NAME", help="A domain whose SPF authorises it. Repeatable.")
@click.option("--group", "groups", multiple=True, metavar="NAME", help="A group that it is in. Repeatable.")
@click.option("--owner", default="", metavar="NAME", help="Who is responsible.")
@click.option("--vantage", default="", metavar="NAME", help="The vantage point to watch from [any].")
@click.option("--interval", metavar="TIME", help="Between checks, such as 5m.")
@click.option("--port", "ports", multiple=True, type=click.IntRange(1, 65535), metavar="N", help="SMTP port. Repeatable.")
@click.option("--no-smtp", is_flag=True, help="DNS only, whatever a network that holds it says.")
@click.option("--pool", default="", metavar="NAME", help="What the network is called.")
@click.option("--discover", multiple=True, metavar="mx|spf", help="What a domain leads to [both]. Repeatable.")
@click.option("--note", default="", metavar="TEXT", help="Free words.")
@click.option("--replace", is_flag=True, help="Put it in the place of a line that was added by hand before.")
@click.option("--yes", is_flag=True, help="A network of more than 65,536 addresses is meant.")
@database_option
@config_option
def add(
    target: str,
    ports: tuple[int, ...],
    interval: str | None,
    no_smtp: bool,
    replace: bool,
    yes: bool,
    **values: Any,
) -> int:
    """Add TARGET by hand: an address, a network, host:NAME or domain:NAME, or ADDRESS=NAME with its expected name.

    \b
    Examples:
      truehelo inventory add 192.0.2.25=mail.example.com --group eu --port 25
      truehelo inventory add 198.51.100.0/28 --expect 'out-{d}.example.com' --pool bulk
      truehelo inventory add domain:example.com --discover mx
    """
    from truehelo.inventory.expand import oversize
    from truehelo.inventory.fields import build

    where: Where = {"database": values.pop("database"), "config": values.pop("config")}
    if ports and no_smtp:
        raise click.UsageError("--port and --no-smtp exclude each other")
    given: dict[str, object] = {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}
    address, equals, name = target.partition("=")
    if equals:
        given["expected"] = [name, *values["expected"]]
    if ports or no_smtp:
        given["ports"] = list(ports)
    if interval is not None:
        given["interval"] = int(interval) if interval.isdecimal() and len(interval) < 9 else interval
    line = build({"target": address, **given})
    large = oversize(line.aim, yes=yes)
    if large is not None:
        raise large
    _change(where, line, replace=replace)
    return GOOD


def _change(where: Where, line: "Line", *, replace: bool) -> None:
    """Add one line by hand, or put it in the place of the one that was there.

    Raises:
        InputError: There is a line of that target already, and it may not be replaced.
    """
    from truehelo.inventory.diff import diff
    from truehelo.store.inventory import carry_out, kept_lines, lock

    interval = default_interval(where)
    with opened(**where, make=True) as store, store.write() as connection:
        lock(connection)
        kept = kept_lines(connection)
        difference = diff([each for each in kept if each.place == line.place], [line], line.managed_by)
        for conflict in difference.conflicts:
            manager = conflict.kept.managed_by
            raise InputError(line.target, f"is managed by {manager}", "change it there, and import that file again")
        if difference.changed and not replace:
            raise InputError(line.target, "is there already, with other values", "give --replace to change it")
        done = carry_out(connection, kept, difference, now(), by=who(), default_interval_s=interval)
    write(inventory_text.summary(difference, done.subjects))


@click.command(
    short_help="Remove lines that were added by hand.",
    epilog="Exit codes: 0 good, 2 usage or bad input; then nothing was removed.",
)
@click.argument("targets", nargs=-1, required=True, metavar="TARGET...")
@click.option("--vantage", metavar="NAME", help="Only the line for this vantage point.")
@click.option("--yes", is_flag=True, help="Remove also what a file manages; its next import brings it back.")
@database_option
@config_option
def remove(targets: tuple[str, ...], vantage: str | None, yes: bool, **where: Unpack[Where]) -> int:
    """Remove TARGETs that were added by hand. What was seen of their addresses stays in the history.

    \b
    Examples:
      truehelo inventory remove 192.0.2.25
      truehelo inventory remove domain:example.com host:mail.example.net
    """
    from truehelo.inventory.diff import Diff
    from truehelo.inventory.target import read_target
    from truehelo.store.inventory import carry_out, kept_lines, lock

    wanted = {str(read_target(target)) for target in targets}
    interval = default_interval(where)
    with opened(**where) as store, store.write() as connection:
        lock(connection)
        kept = kept_lines(connection)
        gone = [line for line in kept if line.target in wanted and vantage in (None, line.vantage)]
        for target in sorted(wanted - {line.target for line in gone}):
            raise InputError(target, "is not in the inventory", "truehelo inventory list shows what is")
        for line in gone:
            if line.managed_by and not yes:
                way_out = "take it out of that file and import it again, or give --yes"
                raise InputError(line.target, f"is managed by {line.managed_by}", way_out)
        difference = Diff(managed_by=gone[0].managed_by, removed=tuple(gone))
        done = carry_out(connection, kept, difference, now(), by=who(), default_interval_s=interval)
    write(inventory_text.summary(difference, done.subjects))
    return GOOD
