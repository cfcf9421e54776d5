"""`truehelo reports import`: reports from files, folders, standard input, object stores, and configured mailboxes."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from truehelo.cli import reports_text
from truehelo.cli.inventory_files import Where
from truehelo.cli.options import json_options
from truehelo.cli.terminal import complain, write
from truehelo.cli.watching import config_option, database_option, opened
from truehelo.errors import InputError
from truehelo.facts.text import visible
from truehelo.render.codes import FINDINGS, GOOD, USAGE

if TYPE_CHECKING:
    from truehelo.app.receiving import Mailbox
    from truehelo.app.reporting import Read, Summary
    from truehelo.configuration.reports import ReportSettings
    from truehelo.intake.item import Item
    from truehelo.store.database import Database

EVERY_S = 10.0
"""Seconds between two lines that say how far it is."""


@click.command(
    "import",
    short_help="Bring in reports.",
    epilog="Exit codes: 0 all is stored, 1 something was refused, or has bad records, and the rest is stored, "
    "2 usage, bad input, or a database that failed, 130 interrupted.",
)
@click.argument("paths", nargs=-1, metavar="[PATH...]")
@click.option("--mailbox", "mailboxes", multiple=True, metavar="NAME", help="A mailbox of the configuration. Repeatable.")
@click.option("--keep-aside", metavar="DIR", help="Copy what is refused into this folder.")
@click.option(
    "--jobs", "-j", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes that read ahead of the store."
)
@click.option("--look", is_flag=True, help="Then look at sources that nobody watches, as reports look does.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but what is wrong.")
@json_options
@database_option
@config_option
def import_(
    paths: tuple[str, ...],
    mailboxes: tuple[str, ...],
    keep_aside: str | None,
    jobs: int,
    look: bool,
    quiet: bool,
    as_json: bool,
    **where: Unpack[Where],
) -> int:
    """Bring in reports: DMARC aggregate and failure reports, and TLS reports, in whatever they come.

    PATH is a file, a folder (all of it, but for hidden and partial files), a mailbox (mbox, Maildir), - for standard
    input, or a path such as s3://bucket/reports/. What is stored already is counted and left out: import again at any time.

    \b
    Examples:
      truehelo reports import reports/
      truehelo reports import google.zip yahoo.xml.gz mail.eml archive.mbox
      curl -s https://example.com/report.xml.gz | truehelo reports import -
      truehelo reports import --mailbox dmarc --json
    """
    from truehelo.app.watching import find_config, read_config

    if not paths and not mailboxes:
        raise click.UsageError("name a PATH, - for standard input, or a --mailbox of the configuration")
    _settle()
    path = find_config(where["config"])
    configuration = read_config(path)
    settings = configuration.reports
    unknown = sorted(set(mailboxes) - {each.name for each in settings.mailboxes})
    if unknown:
        known = ", ".join(each.name for each in settings.mailboxes)
        accepted = f"there are {known}" if known else "describe one in a table [[reports.mailbox]]"
        raise InputError(f"mailbox {visible(unknown[0], 60)!r}", "is not configured", accepted)
    with opened(**where, make=True) as store:
        running = _Import(store, settings, None if path is None else path.parent, keep_aside, jobs)
        code = running.run(paths, mailboxes, quiet=quiet, as_json=as_json)
        if look:
            from truehelo.cli.reports_look import look_beside

            look_beside(store, configuration, quiet=quiet)
        return code


def _settle() -> None:
    import gc

    # Records live for a moment, and shapes to the end; looking for garbage among them is a tenth of the work.
    gc.set_threshold(50_000, 20, 20)


class _Import:
    """One import."""

    def __init__(
        self, store: "Database", settings: "ReportSettings", folder: Path | None, keep_aside: str | None, jobs: int
    ) -> None:
        from truehelo.app.receiving import Mailbox, aside_of
        from truehelo.app.reporting import Keeper
        from truehelo.intake.aside import Aside

        everything = None if keep_aside is None else Aside(Path(keep_aside), 1_000_000, 2**40)
        aside = everything or aside_of(settings, store, folder)
        self.keeper = Keeper(store, redact=settings.redact, aside=aside, all_aside=everything is not None)
        self._boxes: dict[str, Mailbox] = {each.name: Mailbox(each, store, folder) for each in settings.mailboxes}
        self._jobs, self._redact, self._good = jobs, settings.redact, True
        self._began = time.monotonic()
        self._due = self._began + EVERY_S

    def run(self, paths: tuple[str, ...], mailboxes: tuple[str, ...], *, quiet: bool, as_json: bool) -> int:
        """Take everything in, and say what came of it; also where it is broken off."""
        whole = False
        try:
            self._take_all(paths)
            for name in mailboxes:
                self._take_mailbox(self._boxes[name])
            whole = True
        finally:
            self._tell(quiet=quiet, as_json=as_json, whole=whole)
        found = self.keeper.summary
        if not self._good:
            return USAGE
        return FINDINGS if found.refused or found.bad else GOOD

    def _take_all(self, paths: tuple[str, ...]) -> None:
        items = self._items(paths)
        if self._jobs == 1:
            for item in items:
                self._take(item)
            return
        from truehelo.app.reading_ahead import ahead

        for item, read in ahead(items, self._jobs, redact=self._redact):
            self._take(item, read)

    def _take(self, item: "Item", read: "Read | None" = None) -> None:
        from truehelo.intake.stream import taken_apart

        for part in taken_apart(item):
            with _unbroken():
                self.keeper.take(part, read)
            self._progress(part)

    def _items(self, paths: tuple[str, ...]) -> "Iterator[Item]":
        from truehelo.app import guarded
        from truehelo.intake import files, remote
        from truehelo.intake.item import IntakeError

        for text in dict.fromkeys(paths):
            try:
                if text == "-":
                    yield files.standard_input()
                elif remote.is_one(text):
                    yield from remote.items(text, loopback_only=guarded())
                else:
                    yield from files.items(Path(text))
            except IntakeError as error:  # one path that cannot be read stops no other
                self._complain(str(error))

    def _take_mailbox(self, mailbox: "Mailbox") -> None:
        from contextlib import closing

        from truehelo.app.receiving import Left
        from truehelo.intake.bell import Bell
        from truehelo.intake.item import IntakeError, LaterError

        bell, left = Bell(), Left()
        try:
            with closing(mailbox.items(bell)) as items:
                for item in items:
                    try:
                        self._take(item)
                    except LaterError as error:
                        if not mailbox.loose:
                            raise
                        left.add(error)
        except IntakeError as error:
            self._complain(f"mailbox {mailbox.settings.name}: {error}")
        finally:
            bell.close()
        if left.count:
            self._complain(f"mailbox {mailbox.settings.name}: {left}")

    def _complain(self, sentence: str) -> None:
        self._good = False
        complain(sentence)

    def _progress(self, item: "Item") -> None:
        now = time.monotonic()
        if now >= self._due:
            self._due = now + EVERY_S
            found = self.keeper.summary
            complain(f"{found.items:,} read, {found.new:,} reports stored; the last was {visible(item.name, 60)}")

    def _tell(self, *, quiet: bool, as_json: bool, whole: bool) -> None:
        found: Summary = self.keeper.summary
        for sentence in reports_text.complaints(found):
            complain(sentence)
        if not whole:
            complain("broken off: what is counted as stored is stored; import the same again to go on")
        took_s = time.monotonic() - self._began
        if as_json:
            write(reports_text.summary_json(found, took_s, whole=whole))
        elif not quiet:
            write(reports_text.summary(found, took_s))


@contextmanager
def _unbroken() -> Iterator[None]:
    """Have an interruption wait until what is being stored is stored and counted; a second one does not wait.

    One that arrived in the midst of a transaction might end in a finaliser, from where Python lets nothing through.
    """
    asked = False

    def later(_number: int, _frame: object) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        complain("finishing what is being stored; interrupt again to stop at once")

    before = signal.signal(signal.SIGINT, later)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if asked:
        raise KeyboardInterrupt
