"""Whether what the configuration says can be used: what a watch would refuse at its start, or never do, is told beforehand.

Nothing is contacted, and nothing is made. An error names the file and the table, or the key.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from truehelo import app
from truehelo.alerts import build_channels
from truehelo.app.watching import blocklists_of, database_of
from truehelo.configuration.read import Configuration
from truehelo.errors import FileError, InputError


def check(configuration: Configuration, path: Path | None, database: str | None = None) -> None:
    """Make sure that a watch could start: resolvers, routes, lists, channels and secrets, the name of the database, tags.

    Args:
        configuration: What was read.
        path: Where; None for the defaults.
        database: What goes before the database of the configuration.

    Raises:
        InputError: Something cannot be used, or has no effect.
    """
    from truehelo.probes.dns import parse_resolver, system_resolvers
    from truehelo.probes.routes import Routes
    from truehelo.store.database import Database

    settings, folder = configuration.watching.watch, None if path is None else path.parent
    with _naming(path, "[watch] resolvers"):
        for text in settings.resolvers:
            parse_resolver(text)
    if not settings.resolvers:
        system_resolvers()
    with _naming(path, "[watch] connect_to"):
        Routes.parse(settings.connect_to, loopback_only=app.guarded())
    with _naming(path, "[blocklists]"):
        blocklists_of(configuration, folder)
    build_channels(configuration.alerting.channels, folder)
    check_tags(configuration, path)
    if database:
        Database(database).close()
        return
    with _naming(path, "[store]"):
        if named := database_of(configuration, path):
            Database(named).close()  # it is not opened


def check_tags(configuration: Configuration, path: Path | None) -> None:
    """Make sure that each tag, or pattern, that is ignored or routed is one that there may be.

    Raises:
        InputError: One fits nothing.
    """
    for error in _tags(configuration, path):
        raise error


def warnings(configuration: Configuration, path: Path | None) -> tuple[str, ...]:
    """Return what has no effect: that ends no watch, since this version may have dropped a tag that the last one had."""
    return tuple(str(error) for error in _tags(configuration, path))


def _tags(configuration: Configuration, path: Path | None) -> Iterator[InputError]:
    from truehelo.monitor.tags import check_ignored, check_patterns

    named = [("[watch] ignore", check_ignored, (each,)) for each in configuration.watching.watch.ignore]
    for number, route in enumerate(configuration.alerting.routes, 1):
        named += [(f"[[route]] {number} tags", check_patterns, (each,)) for each in route.tags]
    for place, checked, patterns in named:
        try:
            with _naming(path, place):
                checked(patterns)
        except InputError as error:
            yield error


@contextmanager
def _naming(path: Path | None, place: str) -> Iterator[None]:
    """Have an error name the file and the place in it.

    Raises:
        FileError: Something there cannot be used.
    """
    try:
        yield
    except InputError as error:
        if path is None:
            raise
        raise FileError(str(path), f"{place}: {error.given}: {error.problem}", error.accepted) from None
