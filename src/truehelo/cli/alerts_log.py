"""`truehelo alerts deliveries`, `redeliver` and `preview`: what was sent, what came of it, and what would be said."""

from typing import TYPE_CHECKING

import click

from truehelo.cli.acting import BY, NUMBER, look, moment, now, who
from truehelo.cli.options import json_options
from truehelo.cli.terminal import write
from truehelo.cli.watching import config_option, database_option, opened
from truehelo.errors import InputError
from truehelo.facts.text import visible
from truehelo.render.codes import FINDINGS, GOOD

if TYPE_CHECKING:
    from truehelo.monitoring import Dispatch
    from truehelo.store.outbox import Letter

_KINDS = ("opened", "grown", "reminder", "escalated", "recovered", "flapping", "stable", "unseen", "seen")


@click.command(
    short_help="Show what was delivered, and each try.",
    epilog="Exit codes: 0 good, 1 one of those that are shown was given up, 2 usage or bad input.",
)
@click.argument("number", type=NUMBER, required=False, metavar="[NUMBER]")
@click.option("--failed", is_flag=True, help="Only what was given up.")
@click.option("--pending", is_flag=True, help="Only what is still to be delivered.")
@click.option("--channel", metavar="NAME", help="Only through this channel.")
@click.option("--incident", type=NUMBER, metavar="N", help="Only of this incident.")
@click.option(
    "--limit", type=click.IntRange(1, 100_000), metavar="N", default=50, show_default=True, help="At most so many."
)
@json_options
@config_option
@database_option
def deliveries(  # noqa: PLR0913  each is an option
    *,
    number: int | None,
    failed: bool,
    pending: bool,
    channel: str | None,
    incident: int | None,
    limit: int,
    as_json: bool,
    config: str | None,
    database: str | None,
) -> int:
    """Show messages with each of their tries, the newest first; with NUMBER, one of them and what it says.

    \b
    Examples:
      truehelo alerts deliveries
      truehelo alerts deliveries --failed --channel ops
      truehelo alerts deliveries 12
    """
    if failed and pending:
        raise click.UsageError("--failed and --pending exclude each other; without either, all are shown")
    if number is not None and (failed or pending or channel or incident):
        raise click.UsageError("NUMBER names one message, and excludes what chooses among them")
    from truehelo.monitor.dossier import dispatches
    from truehelo.store import dossier, outbox

    state = "failed" if failed else "pending" if pending else None
    with opened(database, config=config) as store, store.read() as connection:
        if number is None:
            letters = dossier.letters(connection, state=state, channel=channel, incident=incident, most=limit)
        else:
            letters = [_there(outbox.letter(connection, number), number)]
        found = dispatches(connection, letters)
    if as_json:
        write(_json(found))
    elif number is not None:
        write(_text(found) + _words(letters[0]))
    else:
        write(_text(found))
    return FINDINGS if any(each.state == "failed" for each in found) else GOOD


def _there(letter: "Letter | None", number: int) -> "Letter":
    if letter is None:
        raise InputError(f"message {number}", "there is none of that number", "truehelo alerts deliveries lists them")
    return letter


def _text(found: "tuple[Dispatch, ...]") -> str:
    from truehelo.render.incident import dispatch_lines
    from truehelo.render.style import Style

    if not found:
        return "no messages\n"
    style = Style(look("never"))
    lines: list[str] = []
    for each in found:
        about = "" if each.incident is None else f" (incident {each.incident})"
        first, *rest = dispatch_lines(each, style, moment(now()), about)
        lines += [first.removeprefix("  "), *rest]
    return style.finish(lines)


def _json(found: "tuple[Dispatch, ...]") -> str:
    from truehelo.render.document import dumps
    from truehelo.render.incidents import dispatch_document

    return dumps({"schema": "truehelo/deliveries/1", "messages": [dispatch_document(each) for each in found]}, indent=2)


def _words(letter: "Letter") -> str:
    """Return what a message says, as far as that is settled: before the first try it is not."""
    from truehelo.monitor.notices import thaw
    from truehelo.render.notice import message

    if letter.notice is None:
        return "\nWhat it says is settled when it is first tried.\n"
    made = message(thaw(letter.notice))
    return f"\nSubject: {made.subject}\n\n{made.text}"


@click.command(
    short_help="Have messages sent again.",
    epilog="Exit codes: 0 the watch will send them, 2 usage or bad input, and nothing was done.",
)
@click.argument("numbers", nargs=-1, required=True, type=NUMBER, metavar="NUMBER...")
@BY
@config_option
@database_option
def redeliver(numbers: tuple[int, ...], by: str | None, config: str | None, database: str | None) -> int:
    """Have the watch send messages again, with the same key and the same words: one that was given up, say.

    \b
    Examples:
      truehelo alerts deliveries --failed
      truehelo alerts redeliver 12 13
    """
    from truehelo.store import outbox, upkeep

    name, told = who(by), []
    with opened(database, config=config) as store, store.write() as connection:
        at = now()
        for number in dict.fromkeys(numbers):
            letter = _there(outbox.letter(connection, number), number)
            if letter.state == "dropped":
                why = f"was not sent at all, since {visible(letter.detail, 200) or 'nobody needed to hear it'}"
                raise InputError(f"message {number}", why, "there is nothing to send again")
            if not outbox.redeliver(connection, number, at):
                raise InputError(f"message {number}", "is being sent at this moment", "look again in a minute")
            upkeep.act(connection, at, name, "redeliver", str(number))
            told.append(f"message {number}: to {visible(letter.channel, 80)}, as soon as the watch runs")
    write("".join(f"{line}\n" for line in told))
    return GOOD


@click.command(short_help="Show what would be said of an incident.", epilog="Exit codes: 0 good, 2 usage or bad input.")
@click.argument("number", type=NUMBER, metavar="NUMBER")
@click.option("--kind", type=click.Choice(_KINDS), help="Why it would be told [opened, or recovered when it is over].")
@click.option(
    "--format",
    "-f",
    "format_name",
    type=click.Choice(["text", "html", "json"]),
    default="text",
    show_default=True,
    help="As mail in plain text, as its HTML, or as a webhook gets it.",
)
@click.option(
    "--channel", metavar="NAME", help="As this channel would be told: of those addresses whose routes lead to it."
)
@config_option
@database_option
def preview(
    number: int, kind: str | None, format_name: str, channel: str | None, config: str | None, database: str | None
) -> int:
    """Show what would be said of incident NUMBER now. Nothing is sent.

    \b
    Examples:
      truehelo alerts preview 17
      truehelo alerts preview 17 --kind reminder --format html > reminder.html
      truehelo alerts preview 17 --channel customer-north
    """
    from truehelo.cli.acting import configured
    from truehelo.monitor.acting import known
    from truehelo.monitor.notices import notice_of
    from truehelo.monitoring import NoticeKind
    from truehelo.render.document import dumps
    from truehelo.render.notice import message

    settings = configured(config)
    url, alerting = settings.watching.watch.url, settings.alerting
    names = sorted(each.name for each in alerting.channels)
    if channel is not None and channel not in names:
        there_are = f"there are {', '.join(names)}" if names else "no channel is"
        raise InputError(f"channel {visible(channel, 60)!r}", "is not configured", there_are)
    with opened(database, config=config) as store, store.read() as connection:
        row = known(connection, [number])[0]
        wanted = NoticeKind(kind) if kind else NoticeKind.OPENED if row.closed is None else NoticeKind.RECOVERED
        made = message(notice_of(connection, row, wanted, now(), url, alerting, channel or ""))
    if format_name == "json":
        write(dumps(made.data, indent=2))
    else:
        write(made.html if format_name == "html" else f"Subject: {made.subject}\n\n{made.text}")
    return GOOD
