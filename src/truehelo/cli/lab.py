"""`truehelo lab`: serve a scenario on loopback until stopped, or for as long as one command runs in it."""

import os
import sys
from shlex import quote
from typing import TYPE_CHECKING

import click

from truehelo.cli.terminal import complain, write
from truehelo.errors import InputError, TrueheloError

if TYPE_CHECKING:
    from asyncio.subprocess import Process

    from truehelo.lab import Lab, Scenario

PATIENCE_S = 1.0
"""How long an interrupted command has to end by itself, in seconds."""
LOOKING_UP = ("check", "domain", "wait", "doctor")
"""The commands that take the options of a laboratory."""


@click.command(
    context_settings={"ignore_unknown_options": True},
    epilog="Exit codes: those of COMMAND where one is given; else 0 when stopped, 2 for a scenario that cannot be used.",
)
@click.argument("scenario", metavar="FILE")
@click.option(
    "--port-base", type=click.IntRange(0, 65_000), default=0, metavar="N", help="First of the ports to use [any free ones]."
)
@click.argument("command", nargs=-1, type=click.UNPROCESSED, metavar="[-- COMMAND...]")
def lab(scenario: str, port_base: int, command: tuple[str, ...]) -> int:
    """Serve a scenario: resolvers, name servers and mail servers on loopback. Follows edits of FILE. Ctrl-C stops it.

    FILE is a scenario file, or the name of a scenario that comes with truehelo. With -- COMMAND it runs one truehelo
    command inside, the laboratory's options put in, and stops.

    \b
    Examples:
      truehelo lab textbook
      truehelo lab my-scenario.toml --port-base 5300
      truehelo lab my-scenario.toml -- check 198.51.100.4 --checklist
      truehelo lab propagation -- wait 192.0.2.25 --for PTR=mail.example.net
    """
    from truehelo.app import run
    from truehelo.lab import load

    loaded = load(scenario)
    if command and command[0] not in LOOKING_UP:
        raise InputError(command[0], "cannot run in a laboratory", f"accepted are {', '.join(LOOKING_UP)}")
    try:
        return run(_inside(loaded, port_base, command) if command else _serve(loaded, port_base))
    except KeyboardInterrupt:
        return 0


async def _inside(scenario: "Scenario", port_base: int, command: tuple[str, ...]) -> int:
    import asyncio

    from truehelo.lab import Lab

    async with Lab(scenario, base_port=port_base) as running:
        # A process of its own: it has its own event loop, and Ctrl-C reaches it as it would outside.
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "truehelo", command[0], *running.options(), *command[1:]),
            env={**os.environ, "TRUEHELO_LOOPBACK_ONLY": "1"},
        )
        try:
            return await _ended(process)
        finally:
            if process.returncode is None:
                process.terminate()
                await process.wait()


async def _ended(process: "Process") -> int:
    """Wait for the command. An interruption is the command's to answer: it prints what it knows, and tells its code."""
    import asyncio
    import signal

    try:
        return await process.wait()
    except asyncio.CancelledError:
        pass
    try:  # A terminal has interrupted the command too; whoever signalled this process alone has not.
        return await asyncio.wait_for(process.wait(), PATIENCE_S)
    except TimeoutError:
        process.send_signal(signal.SIGINT)
    return await process.wait()


async def _serve(scenario: "Scenario", port_base: int) -> int:
    from truehelo.lab import Lab

    async with Lab(scenario, base_port=port_base) as running:
        write(_greeting(scenario, running))
        await running.follow(scenario.path, _changed, _broken)
    return 0


def _greeting(scenario: "Scenario", running: "Lab") -> str:
    check = scenario.check
    words = ["truehelo", "check", *check.targets, *running.options()]
    words += ["--helo", check.helo] if check.helo else []
    words += ["--expect", check.expect] if check.expect else []
    words += [word for port in check.ports for word in ("--port", str(port))]
    lines = [
        f"{scenario.title or scenario.path}: serving on loopback; Ctrl-C stops it",
        f"resolvers: {', '.join(running.resolvers)}",
        "to check it, in another terminal:",
        "  " + " ".join(quote(word) for word in words),
    ]
    return "\n".join(lines) + "\n"


def _changed(*_: object) -> None:
    complain("the scenario was edited, and is served as it is now")


def _broken(error: TrueheloError) -> None:
    complain(f"{error}; the world before the edit is still served")
