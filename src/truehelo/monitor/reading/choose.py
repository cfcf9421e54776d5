"""Which subjects and which tags are asked for: patterns of groups, owners and tags, held against what there is."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import ColumnElement, Connection, or_, true

from truehelo.configuration.match import any_match, fits_tag
from truehelo.errors import InputError
from truehelo.facts.text import visible
from truehelo.render.reading import Asked
from truehelo.store import reading
from truehelo.store.tables import subjects

_MAGIC = frozenset("*?[")


def chosen(connection: Connection, asked: Asked) -> ColumnElement[bool] | None:
    """Return the condition that subjects fulfil which are asked for; None for all.

    Raises:
        InputError: No watched address is in such a group, or of such an owner.
    """
    conditions = []
    if asked.groups:
        conditions.append(_groups(connection, asked.groups))
    if asked.owners:
        fitting = [each for each in reading.distinct(connection, subjects.c.owner) if any_match(asked.owners, (each,))]
        _need(fitting, "owner", asked.owners)
        conditions.append(reading.within(connection, subjects.c.owner, fitting))
    if not conditions:
        return None
    found: ColumnElement[bool] = true()
    for condition in conditions:
        found = found & condition
    return found


def _groups(connection: Connection, patterns: Sequence[str]) -> ColumnElement[bool]:
    if not any(_MAGIC & set(pattern) for pattern in patterns):
        condition = or_(*(reading.holds(connection, subjects.c.groups, group) for group in patterns))
        if not reading.any_watched(connection, condition):
            _need((), "group", patterns)
        return condition
    decode = msgspec.json.Decoder(list[str]).decode
    fitting = [text for text in reading.distinct(connection, subjects.c.groups) if any_match(patterns, decode(text))]
    _need(fitting, "group", patterns)
    return reading.within(connection, subjects.c.groups, fitting)


def _need(fitting: Sequence[str], what: str, patterns: Sequence[str]) -> None:
    if not fitting:
        shown = ", ".join(visible(pattern, 60) for pattern in patterns[:5])
        raise InputError(
            f"{what} {shown}", "fits no address that is watched", "truehelo inventory list shows what there is"
        )


def tags_of(patterns: Sequence[str], held: Sequence[str]) -> list[str]:
    """Return those of the tags that there are which a pattern fits."""
    return [tag for tag in held if fits_tag(patterns, (tag,))]
