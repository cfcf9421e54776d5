"""The configuration file as a whole: one TOML document, each table read by the file beside that is named like it."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field

from truehelo.configuration import alerting as alerting_tables
from truehelo.configuration import domains as domain_tables
from truehelo.configuration import reports as report_tables
from truehelo.configuration import service as service_tables
from truehelo.configuration import watch as watch_tables
from truehelo.configuration.alerting import Alerting, read_alerting
from truehelo.configuration.domains import Beside, read_beside
from truehelo.configuration.reports import ReportSettings, read_reports
from truehelo.configuration.service import ServiceSettings, read_service
from truehelo.configuration.table import nearest
from truehelo.configuration.watch import Watching, read_watching
from truehelo.errors import FileError
from truehelo.facts.text import visible

KEYS = watch_tables.KEYS | alerting_tables.KEYS | service_tables.KEYS | report_tables.KEYS | domain_tables.KEYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """All that the configuration file says; without a file, the defaults."""

    watching: Watching = field(default_factory=Watching)
    alerting: Alerting = field(default_factory=Alerting)
    service: ServiceSettings = field(default_factory=ServiceSettings)
    reports: ReportSettings = field(default_factory=ReportSettings)
    beside: Beside = field(default_factory=Beside)


def read_configuration(text: str, where: str) -> Configuration:
    """Read a configuration file.

    Raises:
        FileError: It is no TOML, or a table, key or value cannot be used; the sentence names it, the cause and the way out.
    """
    try:
        values: Mapping[str, object] = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        said = str(error) or "it is nested too deeply"
        raise FileError(where, f"is no TOML ({said})", "docs/reference/configuration.md shows one") from None
    for key in sorted(set(values) - KEYS):
        raise FileError(where, f"has an unknown table {visible(key, 60)!r}", nearest(key, KEYS))
    return Configuration(
        watching=read_watching(values, where),
        alerting=read_alerting(values, where),
        service=read_service(values, where),
        reports=read_reports(values, where),
        beside=read_beside(values, where),
    )
