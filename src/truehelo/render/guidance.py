"""How a step is taken at this provider or with this mail server: what the guides said, as text and as Markdown.

By default a provider shows the way in its panel and one command, and no more than two guesses; -v shows every way, and
where the facts are from. Commands and lines are copied, so they are never wrapped. `advice` chose which guide it is.
"""

from collections.abc import Callable, Iterator, Sequence

from truehelo.facts.text import visible
from truehelo.findings import Guidance, Step, Sureness, Way
from truehelo.render.look import NORMAL
from truehelo.render.style import Style

GUESSES = 2
PROMPTS = {"powershell": "PS> "}
_PROMPT = "$ "
_SCRIPTED = ("cli", "api", "powershell")


def shown(step: Step, *, all_ways: bool) -> tuple[Guidance, ...]:
    """Return the guesses that are shown."""
    return step.guidance if all_ways else step.guidance[:GUESSES]


def ways(found: Guidance, *, all_ways: bool) -> list[Way]:
    """Return the ways that are shown: all that are needed; of those of which one is enough, the panel and one command."""
    if all_ways or found.take == "all":
        return list(found.ways)
    by_hand = [way for way in found.ways if way.kind not in _SCRIPTED]
    scripted = [way for way in found.ways if way.kind in _SCRIPTED]
    return by_hand[:1] + scripted[:1]


def head(found: Guidance) -> str:
    """Say whose guide it is and why, in words for a line of its own."""
    where = "With" if found.take == "all" else "At" if not found.name.startswith("a ") else "In"
    sure = "" if found.sureness is Sureness.CERTAIN else f"{found.sureness}: "
    return f"{where} {found.name} ({sure}{found.why}):"


def draw(step: Step, style: Style, indent: str) -> list[str]:
    """Return what the guides say of a step as lines."""
    detailed = style.look.verbosity > NORMAL
    lines: list[str] = []
    for found in shown(step, all_ways=detailed):
        lines += style.wrap(head(found), indent, indent + "  ")
        lines += _ways(ways(found, all_ways=detailed), style, indent + "  ")
        lines += [f"{indent}  {_PROMPT}{visible(command)}" for command in found.then]
        for note in found.notes:
            lines += style.wrap(visible(note), f"{indent}  Note: ", indent + "    ")
        for detail in found.details if detailed else ():
            lines += style.wrap(visible(detail), f"{indent}  - ", indent + "    ")
    if step.hint and (detailed or step.owner == "mail server"):
        lines += style.wrap(visible(step.hint), indent, indent + "  ")
    return lines


def _ways(found: Sequence[Way], style: Style, indent: str) -> Iterator[str]:
    place = None
    for way in found:
        if way.kind == "config":
            if way.where != place:
                yield from style.wrap(f"{visible(way.where)}:", indent, indent + "  ")
            yield from (f"{indent}    {visible(line)}" for line in way.lines)
        else:
            yield from style.wrap(visible(way.where), indent, indent + "  ") if way.where else ()
        yield from (f"{indent}{PROMPTS.get(way.kind, _PROMPT)}{visible(command)}" for command in way.commands)
        if way.note and (style.look.verbosity > NORMAL or way.kind == "config"):
            yield from style.wrap(f"({visible(way.note)})", indent + "  ", indent + "  ")
        place = way.where if way.kind == "config" else None


def markdown(step: Step, escape: Callable[[str], str], fenced: Callable[[list[str]], list[str]]) -> list[str]:
    """Return what the guides say of a step as Markdown, within its list item: every way, since a page has room.

    `escape` makes text show as itself; `fenced` puts copied lines into a code block.
    """
    lines: list[str] = []
    for found in shown(step, all_ways=False):
        lines += [f"   {escape(head(found))}", ""]
        for way in found.ways:
            copied = [*way.lines, *(PROMPTS.get(way.kind, _PROMPT) + command for command in way.commands)]
            about = ". ".join(part for part in (way.where, way.note) if part)
            lines += [f"   - {escape(about)}", ""] if about else []
            lines += fenced(copied) if copied else []
        lines += fenced([_PROMPT + command for command in found.then]) if found.then else []
        lines += [f"   - Note: {escape(note)}" for note in found.notes]
        lines += [""] if found.notes else []
    return lines + ([f"   {escape(step.hint)}", ""] if step.hint and step.owner == "mail server" else [])
