"""`truehelo explain`: the documentation of a tag."""

import re
import sys
from collections.abc import Mapping

import click

from truehelo.cli.pages import first_sentence, inline, plain, sections
from truehelo.cli.terminal import wants_ascii, width, write
from truehelo.errors import InputError
from truehelo.facts.text import visible
from truehelo.findings import Tag
from truehelo.render.look import Look
from truehelo.render.style import Style


@click.command(epilog="Exit codes: 0 explained, 2 there is no such tag.")
@click.argument("tags", nargs=-1, metavar="[TAG...]")
def explain(tags: tuple[str, ...]) -> None:
    """Print the documentation of each TAG, or without one a sentence on every tag.

    \b
    Examples:
      truehelo explain PTR_MISSING
      truehelo explain
    """
    from truehelo import checks, domains
    from truehelo.sources.tags import TAGS

    known = {**TAGS, **domains.all_tags(), **checks.all_tags()}
    style = Style(Look(width=width(sys.stdout), ascii=wants_ascii(sys.stdout)))
    if not tags:
        write(style.finish([line for name in sorted(known) for line in _entry(known[name], style)]))
        return
    found = [_known(tag, known) for tag in tags]
    for number, tag in enumerate(found):
        write(style.finish([*([""] if number else []), *_page(tag, style)]))


def _known(text: str, known: Mapping[str, Tag]) -> Tag:
    found = known.get(text.strip().upper().replace("-", "_"))
    if found is None:
        raise InputError(visible(text, 60) or "an empty tag", "is no tag", _suggestions(text, list(known)))
    return found


def _entry(tag: Tag, style: Style) -> list[str]:
    sentence = first_sentence(sections().get(tag.name, "")) or _template(tag)
    return [_head(tag), *style.wrap(sentence, "    ")]


def _head(tag: Tag) -> str:
    return f"{tag.name}  [{tag.severity}{', undetermined' if tag.undetermined else ''}]"


def _template(tag: Tag) -> str:
    return re.sub(r"\{(\w+)\}", r"<\1>", tag.message)


def _page(tag: Tag, style: Style) -> list[str]:
    head = [_head(tag), *style.wrap(inline(_template(tag)), "  ")]
    cites = style.wrap(", ".join(tag.cites), "  ") if tag.cites else []
    section = sections().get(tag.name)
    body = plain(section, style.look.width).splitlines() if section else []
    return [*head, *cites, *([""] if body else []), *body]


def _suggestions(tag: str, known: list[str]) -> str:
    from difflib import get_close_matches

    wanted = tag.strip().upper().replace("-", "_")
    near = get_close_matches(wanted, known, n=4, cutoff=0.55) or [name for name in known if wanted and wanted in name][:4]
    if near:
        return f"near to it are {', '.join(near)}; truehelo explain lists all"
    return "truehelo explain lists all"
