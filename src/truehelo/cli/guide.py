"""`truehelo guide`: how a provider's PTR is set, and a mail server told its name."""

import sys

import click

from truehelo.cli.pages import plain
from truehelo.cli.terminal import wants_ascii, width, write
from truehelo.errors import InputError
from truehelo.facts.address import parse_address
from truehelo.facts.names import is_fqdn
from truehelo.facts.text import visible
from truehelo.render.look import Look
from truehelo.render.style import Style

_LISTS = "truehelo guide lists them"


@click.command(epilog="Exit codes: 0 printed, 2 there is no such guide, or a guide cannot be read.")
@click.argument("guides", nargs=-1, metavar="[GUIDE...]")
@click.option("--name", metavar="NAME", help="The name that the server is to have, to fill in.")
@click.option("--ip", metavar="ADDRESS", help="The address of the server, to fill in.")
@click.option("--guides", "folder", metavar="DIR", help="A folder of further guides, one TOML file each.")
def guide(guides: tuple[str, ...], name: str | None, ip: str | None, folder: str | None) -> None:
    """Print each GUIDE: how the PTR is set at this provider, or which settings make the names of this mail server.

    Without one: a line on every guide there is. What is in capitals stands for what was not given.

    \b
    Examples:
      truehelo guide
      truehelo guide hetzner-cloud
      truehelo guide postfix --name mail.example.com --ip 192.0.2.25
    """
    from truehelo.advice.guides.fill import places
    from truehelo.render.guide import page
    from truehelo.shelf import everything

    if name is not None and not is_fqdn(name):
        raise InputError(f"--name {visible(name, 60)}", "is no full host name", "give one such as mail.example.com")
    if ip is not None and parse_address(ip) is None:
        raise InputError(f"--ip {visible(ip, 60)}", "is no address", "give one such as 192.0.2.25 or 2001:db8::25")
    library = everything(folder)
    held = {each.id: each for each in library.everyone}
    style = Style(Look(width=width(sys.stdout), ascii=wants_ascii(sys.stdout)))
    if not guides:
        write(style.finish(_listed("Providers", [(each.id, each.name) for each in library.providers], style)))
        write(style.finish(["", *_listed("Mail servers", [(each.id, each.name) for each in library.mtas], style)]))
        return
    filled = places(name=name, ip=ip)
    wanted = [_known(word, list(held)) for word in guides]
    for number, word in enumerate(wanted):
        lines = plain(page(held[word], filled), style.look.width).splitlines()
        write(style.finish([*([""] if number else []), *lines]))


def _listed(title: str, rows: list[tuple[str, str]], style: Style) -> list[str]:
    wide = max(len(word) for word, _ in rows)
    lines = [line for word, name in rows for line in style.wrap(name, f"  {word.ljust(wide)}  ")]
    return [title, *lines]


def _known(text: str, known: list[str]) -> str:
    from difflib import get_close_matches

    wanted = text.strip().casefold().replace(" ", "-")
    if wanted in known:
        return wanted
    near = get_close_matches(wanted, known, n=4, cutoff=0.55) or [word for word in known if wanted and wanted in word][:4]
    accepted = f"near to it are {', '.join(near)}; {_LISTS}" if near else _LISTS
    raise InputError(visible(text, 60) or "an empty name", "is no guide", accepted)
