"""`truehelo ack`: somebody is on it."""

import click

from truehelo.cli.acting import BY, NUMBER, moment, now, who, words
from truehelo.cli.terminal import write
from truehelo.cli.watching import config_option, database_option, opened
from truehelo.facts.text import visible
from truehelo.render.codes import GOOD


@click.command(epilog="Exit codes: 0 done, or so already; 2 usage or bad input, and nothing was done.")
@click.argument("numbers", nargs=-1, required=True, type=NUMBER, metavar="NUMBER...")
@click.option("--note", metavar="TEXT", help="A note; alone on an incident that is acknowledged or over.")
@click.option("--undo", is_flag=True, help="Take the acknowledgement back: reminders and escalations go on.")
@BY
@config_option
@database_option
def ack(
    numbers: tuple[int, ...], note: str | None, undo: bool, by: str | None, config: str | None, database: str | None
) -> int:
    """Say that somebody is on incidents: no more reminders, no escalation. Their end is told all the same.

    An acknowledgement goes with its incident: what begins after its end is a new one. On an incident that is
    acknowledged or over, --note adds a note and nothing else.

    \b
    Examples:
      truehelo ack 17
      truehelo ack 17 18 --note "the provider has a ticket"
      truehelo ack 17 --undo
    """
    from truehelo.monitor import acting

    name, text = who(by), "" if note is None else words(note, "--note", acting.MAX_NOTE)
    told = []
    with opened(database, config=config) as store, store.write() as connection:
        at = now()
        for incident in acting.known(connection, list(dict.fromkeys(numbers))):
            head = f"incident {incident.id}"
            if undo:
                done = acting.withdraw(connection, incident, by=name, note=text, now=at)
                told.append(f"{head}: no longer acknowledged" if done else f"{head}: is not acknowledged")
            elif text and incident.closed is not None:
                acting.annotate(connection, incident, by=name, note=text, now=at)
                told.append(f"{head}: noted")
            elif acting.acknowledge(connection, incident, by=name, note=text, now=at):
                told.append(f"{head}: acknowledged by {name}")
            else:
                since = f"{moment(incident.acknowledged or at):%Y-%m-%d %H:%M} UTC"
                noted = "noted; " if text else ""
                told.append(f"{head}: {noted}was acknowledged already, by {incident.acknowledged_by}, {since}")
    write("".join(f"{visible(line)}\n" for line in told))
    return GOOD
