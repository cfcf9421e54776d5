"""Channels: the ways to tell people, one file for each kind, found by the loader.

A file in this folder exposes `KIND`, a `ChannelKind`. Others add theirs by an entry point of the group
`truehelo.channels` that names such an object; its `build` gets the keys of the channel's table as
`OtherSettings.options`. Every channel follows `ports.Channel`. Libraries are imported when a channel of their kind is
built or used. Does not decide who is told what, and keeps no outbox.
"""

import importlib
import os
import pkgutil
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

from truehelo.alerts._kind import ChannelKind, Place
from truehelo.configuration.channels import ChannelSettings
from truehelo.configuration.table import nearest
from truehelo.errors import InputError
from truehelo.facts.text import visible
from truehelo.ports import Channel

GROUP = "truehelo.channels"

__all__ = ["GROUP", "ChannelKind", "DuplicateKindError", "Place", "all_kinds", "build_channels"]


class DuplicateKindError(Exception):
    """Two kinds of channel have the same name."""


@lru_cache(maxsize=1)
def all_kinds() -> dict[str, ChannelKind]:
    """Return every kind of channel by its name, ours first.

    Raises:
        DuplicateKindError: Two have the same name.
    """
    ours = [
        importlib.import_module(f"{__name__}.{info.name}").KIND
        for info in pkgutil.iter_modules(__path__)
        if not info.name.startswith("_")
    ]
    kinds: dict[str, ChannelKind] = {}
    for kind in (*ours, *_foreign()):
        if kind.name in kinds:
            raise DuplicateKindError(f"{kind.name!r} is declared twice among the kinds of channels")
        kinds[kind.name] = kind
    return kinds


def _foreign() -> tuple[ChannelKind, ...]:
    from importlib.metadata import entry_points  # late: 20 ms

    return tuple(point.load() for point in sorted(entry_points(group=GROUP), key=lambda point: point.name))


def build_channels(
    settings: Iterable[ChannelSettings],
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    *,
    loopback_only: bool = False,
) -> dict[str, Channel]:
    """Return the configured channels by their names, their secrets read.

    Args:
        settings: As `configuration.alerting` read them.
        folder: Where relative paths in them begin: the folder of the configuration file. The working directory by default.
        environment: Where `*_env` secrets are. The process's own by default.
        loopback_only: Contact nobody but this machine; a channel of ours that would fails instead.

    Raises:
        InputError: A kind is not known or not installed, or a secret cannot be read; the sentence holds no secret.
    """
    variables = os.environ if environment is None else environment
    place = Place(folder=folder or Path(), environment=variables, loopback_only=loopback_only)
    return {each.name: _build(each, place) for each in settings}


def _build(settings: ChannelSettings, place: Place) -> Channel:
    kinds = all_kinds()
    if settings.kind not in kinds:
        kind = visible(settings.kind, 60)
        raise InputError(
            f"channel {settings.name}", f"is of a kind that there is not: {kind!r}", nearest(settings.kind, kinds)
        )
    return kinds[settings.kind].build(settings, place)
