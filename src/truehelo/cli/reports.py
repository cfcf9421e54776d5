"""`truehelo reports`: what receivers report, brought in, and what it tells. Each command is imported when it is used."""

from collections.abc import ItemsView, ValuesView
from importlib import import_module
from typing import Any, cast

import click

COMMANDS = {
    "class": ("truehelo.cli.reports_class:class_", "Say what a source is: mine, forwarder, unauthorised."),
    "export": ("truehelo.cli.reports_export:export", "Hand records or daily sums out."),
    "import": ("truehelo.cli.reports_import:import_", "Bring in reports from files, folders, mailboxes."),
    "ip": ("truehelo.cli.reports_ip:ip", "Say what became of a source's mail, and why."),
    "listen": ("truehelo.cli.reports_listen:listen", "Take reports by SMTP, and from mailboxes, as they come."),
    "look": ("truehelo.cli.reports_look:look", "Look at the sources that nobody watches."),
    "new": ("truehelo.cli.reports_sources:new", "Say which sources are new."),
    "reporters": ("truehelo.cli.reports_lists:reporters", "Say who reports, and who fell silent."),
    "sources": ("truehelo.cli.reports_sources:sources", "Say where mail leaves from, under which names."),
    "status": ("truehelo.cli.reports_status:status", "Say what came in, when, by which way."),
    "trend": ("truehelo.cli.reports_lists:trend", "Say how mail fares over time."),
}
"""Name to `module:command` and the line that the help of the group shows."""


class _Commands(dict[str, click.Command]):
    """The commands of the group, each imported when somebody asks for it; to know their names needs none of them."""

    def __getitem__(self, name: str) -> click.Command:
        module, _, attribute = COMMANDS[name][0].partition(":")
        return cast("click.Command", getattr(import_module(module), attribute))

    def get(self, name: str, default: Any = None) -> Any:
        return self[name] if name in self else default  # noqa: SIM401  (this is `get`)

    def values(self) -> ValuesView[click.Command]:  # type: ignore[override]  # a view all the same
        return {name: self[name] for name in self}.values()

    def items(self) -> ItemsView[str, click.Command]:  # type: ignore[override]  # as above
        return {name: self[name] for name in self}.items()


class _Group(click.Group):
    """A group whose help is written from the table."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in self.list_commands(ctx)])


@click.group(
    cls=_Group,
    commands=_Commands.fromkeys(COMMANDS, click.Command("")),
    epilog="Exit codes: 0 good, 1 findings, 2 usage, bad input, or a database that failed, 130 interrupted.",
)
def reports() -> None:
    """Bring in what receivers report of your mail (DMARC, TLS), and ask what it tells.

    \b
    Examples:
      truehelo reports import reports/ more.zip
      truehelo reports listen --config /etc/truehelo/truehelo.toml
      truehelo reports status
    """
