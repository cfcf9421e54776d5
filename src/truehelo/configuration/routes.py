"""Routes: which notices go to which channels, how soon, how often again, and whether a recovery is told.

    [[route]]
    tags = ["PTR_*", "IPREV_*"]
    severity = "error"
    groups = ["customers-*"]
    channels = ["pager"]
    after = "30m"

Routes are tried in order, and the first that matches ends the search unless it says `continue = true`. Does not decide
who is told of what (`drift/routing.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from truehelo.configuration.digest import channel_names
from truehelo.configuration.table import Table, tables
from truehelo.errors import FileError
from truehelo.findings import Severity

MAX_ROUTES = 1000
_LONGEST = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """What it matches must all match: patterns for the tag, groups and owners, and the least severity.

    `after` greater than zero makes it an escalation: it tells only what is then still open and not acknowledged.
    `remind_every`, None for never, is how often what is still open is told again. `digest`: told in the digest alone.
    """

    channels: tuple[str, ...]
    severity: Severity = Severity.WARNING
    tags: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    after: timedelta = timedelta()
    remind_every: timedelta | None = None
    recovered: bool = True
    continues: bool = False
    digest: bool = False


def read_routes(values: Mapping[str, object], names: tuple[str, ...], has_digest: bool, where: str) -> tuple[Route, ...]:
    """Read every `[[route]]`; with none, every channel gets what is a warning or worse.

    Raises:
        FileError: One cannot be used.
    """
    each = tables(values, "route", where)
    if len(each) > MAX_ROUTES:
        raise FileError(where, f"describes {len(each)} routes", f"{MAX_ROUTES} are the most")
    if not each:
        return (Route(channels=names),) if names else ()
    return tuple(
        _route(Table(table, f"[[route]] {number}", where), names, has_digest) for number, table in enumerate(each, 1)
    )


def _route(table: Table, names: tuple[str, ...], has_digest: bool) -> Route:
    digest = table.flag("digest", False)
    if digest and not has_digest:
        table.fail("is left to the digest, and there is none", "describe it, beginning with a line [digest]")
    for key in ("channels", "after", "remind_every"):
        if digest and table.has(key):
            table.fail(f"is left to the digest, and has {key}", f"remove one of digest and {key}")
    route = Route(
        channels=() if digest else channel_names(table, names),
        severity=Severity(table.choice("severity", [str(word) for word in Severity], str(Severity.WARNING))),
        tags=table.texts("tags", ()),
        groups=table.texts("groups", ()),
        owners=table.texts("owners", ()),
        after=table.duration("after", timedelta(seconds=1), _LONGEST, timedelta()),
        remind_every=_remind_every(table),
        recovered=table.flag("recovered", True),
        continues=table.flag("continue", False),
        digest=digest,
    )
    table.done()
    return route


def _remind_every(table: Table) -> timedelta | None:
    if not table.has("remind_every"):
        return None
    return table.duration("remind_every", timedelta(minutes=5), _LONGEST)
