"""`truehelo reports class`: say what a source is, take it back, and list what was said by whom."""

from typing import TYPE_CHECKING

import click

from truehelo.cli.acting import BY, moment, now, who, words
from truehelo.cli.options import json_options
from truehelo.cli.terminal import write
from truehelo.cli.watching import config_option, database_option, opened
from truehelo.errors import InputError
from truehelo.facts.text import visible
from truehelo.render.codes import GOOD

if TYPE_CHECKING:
    from truehelo.sources.model import Said

KINDS = ("mine", "forwarder", "unauthorised", "unknown")
MAX_REASON = 500
_WIDEST = {4: 8, 6: 19}
"""The widest network that can be classed at once: one of a provider, not half of the internet."""


@click.command(
    "class",
    short_help="Say what a source is: mine, forwarder, ...",
    epilog="Exit codes: 0 good, 2 usage or bad input.",
)
@click.argument("target", required=False, metavar="[ADDRESS|NETWORK]")
@click.argument("kind", required=False, metavar="[CLASS]", type=click.Choice(KINDS))
@click.option("--reason", metavar="TEXT", help="Why; it is kept with your name.")
@click.option("--end", is_flag=True, help="Take back what was said: the suggestion counts again.")
@click.option("--all", "everything", is_flag=True, help="List what was said before, too.")
@BY
@json_options
@database_option
@config_option
def class_(  # noqa: PLR0913  each is an option
    *,
    target: str | None,
    kind: str | None,
    reason: str | None,
    end: bool,
    everything: bool,
    by: str | None,
    as_json: bool,
    database: str | None,
    config: str | None,
) -> int:
    """Say what the source ADDRESS is, or each of a NETWORK: mine, forwarder, unauthorised or unknown, and why.

    What you say counts before what is suggested, and what is said of an address before what is said of its network. Who
    said what, when and why is kept. Without a CLASS, what is said now is listed.

    \b
    Examples:
      truehelo reports class 203.0.113.9 forwarder --reason "alumni addresses"
      truehelo reports class 198.51.100.0/24 mine --reason "our mail service"
      truehelo reports class 203.0.113.9 --end
      truehelo reports class --all
    """
    from truehelo.store.sources import classes
    from truehelo.store.upkeep import act

    name = None if target is None else target_of(target)
    if kind is None and not end:
        if reason is not None:
            raise click.UsageError("--reason goes with a CLASS")
        return _list(name, database, config, everything=everything, as_json=as_json)
    if name is None or (kind is not None and end) or everything or as_json:
        raise click.UsageError("say ADDRESS CLASS --reason TEXT, or ADDRESS --end; without both, what was said is listed")
    actor, at = who(by), now()
    with opened(database, config=config) as store, store.write() as connection:
        if end:
            if not classes.end(connection, name, at):
                raise InputError(name, "nothing is said of exactly this", "truehelo reports class lists what is")
            act(connection, at, actor, "end class", name)
        else:
            assert kind is not None  # noqa: S101  for mypy: told apart above
            if reason is None:
                raise click.UsageError("--reason is missing: say why in a sentence")
            why = words(reason, "--reason", MAX_REASON)
            classes.say(connection, name, kind, reason=why, by=actor, now=at)
            act(connection, at, actor, "class", f"{name}: {kind}: {why}")
    write(f"{name}: {'what was said of it no longer counts' if end else kind}\n")
    return GOOD


def target_of(text: str) -> str:
    """Return an address or a network in its one spelling.

    Raises:
        InputError: It is neither, or too wide a network.
    """
    from ipaddress import ip_network

    from truehelo.facts.address import parse_address

    given = visible(text, 80) or "an empty word"
    accepted = "give one as 192.0.2.25, 192.0.2.0/24 or 2001:db8::/48"
    found = parse_address(text.strip())
    if found is not None:
        return str(found)
    try:
        network = ip_network(text.strip())
    except ValueError:
        raise InputError(given, "is no address and no network", accepted) from None
    least = _WIDEST[network.version]
    if network.prefixlen < least:
        raise InputError(given, f"is too wide a network: /{least} is the widest", accepted)
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)


def _list(name: str | None, database: str | None, config: str | None, *, everything: bool, as_json: bool) -> int:
    from truehelo.monitor.sources.classing import said_of
    from truehelo.store.sources import classes

    at = now()
    with opened(database, config=config) as store, store.read() as connection:
        kept = classes.trail(connection, None if name is None else [name])
    found = said_of(each for each in kept if everything or each.ended_at is None)
    if as_json:
        from truehelo.render.reports_data import classes as document

        write(document(found, moment(at)))
    else:
        write("".join(_line(each) for each in found) or "nothing was said of any source\n")
    return GOOD


def _line(each: "Said") -> str:
    from truehelo.render.notice_parts import clean
    from truehelo.render.notice_parts import moment as when

    until = "" if each.ended is None else f", until {when(each.ended)}"
    said = f"by {clean(each.by, 100)}, {when(each.at)}{until}: {clean(each.reason, MAX_REASON)}"
    return f"{each.target}  {each.kind}  {said}\n"
