"""Alerting as the configuration describes it: channels, routes, maintenance windows and the digest.

The tables `[[channel]]`, `[[route]]`, `[[maintenance]]` and `[digest]`. Does not read what else stands in the same file.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from truehelo.configuration.channels import ChannelSettings, read_channels
from truehelo.configuration.digest import Digest, read_digest
from truehelo.configuration.maintenance import Window, read_windows
from truehelo.configuration.routes import Route, read_routes

KEYS = frozenset({"channel", "route", "maintenance", "digest"})
"""The top-level keys that `read_alerting` reads; others are for whoever reads the file as a whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerting:
    """Who is told of what. `routes` is never empty while there is a channel."""

    channels: tuple[ChannelSettings, ...] = ()
    routes: tuple[Route, ...] = ()
    maintenance: tuple[Window, ...] = ()
    digest: Digest | None = None


def read_alerting(table: Mapping[str, object], where: str) -> Alerting:
    """Read the alerting tables of a configuration that TOML has taken apart; `where` names the file in errors.

    Raises:
        FileError: A table, key or value cannot be used; the sentence names it, the cause and the way out.
    """
    channels = read_channels(table, where)
    names = tuple(channel.name for channel in channels)
    digest = read_digest(table, names, where)
    return Alerting(
        channels=channels,
        routes=read_routes(table, names, digest is not None, where),
        maintenance=read_windows(table, where),
        digest=digest,
    )
