"""`truehelo receivers`: which receivers there are, their settings and rules, and what they do in the standard worlds."""

import sys

import click

from truehelo.cli.terminal import wants_ascii, width, write
from truehelo.facts.text import visible
from truehelo.render.look import Look
from truehelo.render.style import Style


@click.command(epilog="Exit codes: 0 printed, 2 there is no such receiver.")
@click.argument("names", nargs=-1, metavar="[NAME...]")
def receivers(names: tuple[str, ...]) -> None:
    """List the receivers that can be asked, or print all that is known of each NAME: settings, rules, sources, verdicts.

    A name is written NAME, NAME@VERSION, and with settings NAME+SETTING+SETTING=VALUE. `check --receivers` takes several
    between commas; `check --profile` takes a file.

    \b
    Examples:
      truehelo receivers
      truehelo receivers postfix
      truehelo receivers gmail rspamd
      truehelo check 192.0.2.25 --receivers gmail,exim@4.96+helo_verify_hosts
    """
    from truehelo.cli.pages import plain
    from truehelo.receivers.selection import configured
    from truehelo.render.receiver_page import page

    look = Look(width=width(sys.stdout), ascii=wants_ascii(sys.stdout))
    style = Style(look)
    if not names:
        write(style.finish(_list(style)))
        return
    found = [configured(visible(name, 200)).receiver for name in names]
    for number, receiver in enumerate(dict.fromkeys(each.id for each in found)):
        text = plain(page(next(each for each in found if each.id == receiver)), look.width)
        write(style.finish([*([""] if number else []), *text.rstrip().splitlines()]))


def _list(style: Style) -> list[str]:
    from truehelo.receivers import KINDS, all_receivers
    from truehelo.render.receiver_page import SEVERAL

    lines: list[str] = []
    for kind in KINDS:
        of_kind = [each for each in all_receivers().values() if each.kind == kind]
        lines += [*([""] if lines else []), style.paint(SEVERAL[kind], "bold")]
        for each in of_kind:
            lines += style.wrap(each.title, f"  {each.id:<18}  ", " " * 22)
            options = [f"@{version}" for version in each.versions if version]
            options += [f"+{name}" for name in (*each.settings, *each.presets)] + [f"+{name}=..." for name in each.values]
            lines += style.wrap(" ".join(options), " " * 22) if options else []
    return lines
