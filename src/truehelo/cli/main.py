"""The commands, and what every one of them has in common: errors in one sentence, and exit codes.

Exit codes: 0 good, 1 findings, 2 usage or bad input, 3 undetermined, 70 a bug, 130 interrupted.
"""

import os
import re
import sys
from collections.abc import Sequence
from importlib import import_module
from itertools import takewhile
from typing import cast

import click

from truehelo.cli.terminal import complain, writing
from truehelo.errors import FileError, InputError
from truehelo.facts.text import is_text, visible
from truehelo.render.codes import BUG, INTERRUPTED, UNKNOWN, USAGE

COMMANDS = {
    "ack": ("truehelo.cli.ack:ack", "Say that somebody is on an incident."),
    "alerts": ("truehelo.cli.alerts:alerts", "Test channels, see what was delivered and who is told of what."),
    "check": ("truehelo.cli.check:check", "Audit the names of mail servers: evidence, findings, the fix."),
    "db": ("truehelo.cli.db:db", "Look after the database of the watch: upgrade, backup, check."),
    "demo": ("truehelo.cli.demo:demo", "Audit a textbook scenario for real, over loopback."),
    "doctor": ("truehelo.cli.doctor:doctor", "Say what this machine can and cannot see."),
    "domain": ("truehelo.cli.domain:domain", "Judge the records of a domain: SPF, DKIM, DMARC and the rest."),
    "explain": ("truehelo.cli.explain:explain", "Print the documentation of a tag."),
    "generic": ("truehelo.cli.generic:generic", "Say whether a name looks generated, and why."),
    "guide": ("truehelo.cli.guide:guide", "Print how a provider's PTR is set, or a mail server told its name."),
    "history": ("truehelo.cli.history:history", "Show how an address stood, and each change with its evidence."),
    "incidents": ("truehelo.cli.incidents:incidents", "List what is open, or show one incident in full."),
    "inventory": ("truehelo.cli.inventory:inventory", "Say what is to be watched: import, export, diff, by hand."),
    "lab": ("truehelo.cli.lab:lab", "Serve a scenario on loopback until stopped."),
    "receivers": ("truehelo.cli.receivers:receivers", "List receivers, and what is known of each."),
    "replay": ("truehelo.cli.replay:replay", "Judge saved evidence again, offline."),
    "reports": ("truehelo.cli.reports:reports", "Bring in what receivers report, and ask what it tells."),
    "report": ("truehelo.cli.regular:report", "Write the regular audit of what is watched, for people."),
    "silence": ("truehelo.cli.silence:silence", "Hear nothing of something for a while, or announce maintenance."),
    "status": ("truehelo.cli.status:status", "Say what is wrong now, and what is unknown."),
    "watch": ("truehelo.cli.watch:watch", "Watch what the inventory names, and tell what is confirmed."),
    "wait": ("truehelo.cli.wait:wait", "Watch until a DNS change is everywhere."),
}
_FORMAT = re.compile(r"--format|-[A-Za-z0-9]*f")
_NAGIOS = re.compile(r"--format=nagios|-[A-Za-z0-9]*f=?nagios")


class LazyGroup(click.Group):
    """A group whose commands are imported when they are used; its help needs none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names of the commands, in the order of the alphabet."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import one command; None when there is no such command."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        return cast("click.Command", getattr(import_module(module), attribute))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in self.list_commands(ctx)])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 good, 1 findings, 2 usage or bad input, 3 undetermined, 130 interrupted.",
)
@click.version_option(package_name="truehelo", message="truehelo %(version)s")
def cli() -> None:
    """Tell whether a mail server's names are true: PTR, forward record, greeting and HELO.

    \b
    Examples:
      truehelo demo                   see it fail and pass, without any network
      truehelo check 192.0.2.25       one address
      truehelo check example.com      its MX hosts and what its SPF authorises
      truehelo check 192.0.2.25=mail.example.com --helo mail.example.com
      truehelo explain PTR_MISSING    what a finding means
    """


def run(arguments: Sequence[str]) -> int:
    """Run one command and return the exit code. Every error that has a cause in the input is one sentence on stderr."""
    plugin = _wants_nagios(arguments)
    try:
        code = cli.main(args=list(arguments), prog_name="truehelo", standalone_mode=False)
    except (click.ClickException, InputError) as error:
        _tell(error, plugin=plugin)
        code = UNKNOWN if plugin else USAGE
    except (KeyboardInterrupt, click.Abort):
        complain("interrupted")
        code = INTERRUPTED
    except (BrokenPipeError, SystemExit):
        # The command library writes help itself, and leaves where the reader of that has gone.
        _forget_stdout()
        code = 0
    except OSError as error:
        unwritten = _unwritten(error)
        if unwritten is None:
            code = _bug(error, arguments, plugin=plugin)
        else:
            complain(str(unwritten))
            code = UNKNOWN if plugin else USAGE
    except UnicodeEncodeError as error:
        # Octets that are no UTF-8 are fine in the name of a file, and nothing that a database finds.
        strange = next((word for word in arguments if not is_text(word)), None)
        if strange is None:
            code = _bug(error, arguments, plugin=plugin)
        else:
            complain(f"{visible(strange, 60)}: is not UTF-8, and names nothing; write it in UTF-8", plugin=plugin)
            code = UNKNOWN if plugin else USAGE
    except Exception as error:  # noqa: BLE001  (the outermost frame: whatever arrives here is a bug, and is told as one)
        code = _bug(error, arguments, plugin=plugin)
    return code if isinstance(code, int) else 0


def _tell(error: click.ClickException | InputError, *, plugin: bool) -> None:
    """Say what was wrong with the input, in one sentence; a command without anything gets its help instead."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
    elif isinstance(error, click.UsageError):
        path = error.ctx.command_path if error.ctx is not None else "truehelo"
        complain(f"{error.format_message().rstrip('.')}; see {path} --help", plugin=plugin)
    elif isinstance(error, click.ClickException):
        complain(error.format_message(), plugin=plugin)
    else:
        complain(str(error), plugin=plugin)


def _wants_nagios(arguments: Sequence[str]) -> bool:
    """Tell whether the plugin interface is asked for; options may be what is wrong, so it is read off the bare words.

    Short options may stand together and hold their value: `-vf nagios`, `-vfnagios` (POSIX.1-2017 §12.2, guidelines 5, 6).
    """
    options = list(takewhile("--".__ne__, arguments))
    return any(
        _NAGIOS.fullmatch(word) is not None or (after == "nagios" and _FORMAT.fullmatch(word) is not None)
        for word, after in zip(options, [*options[1:], ""], strict=False)
    )


def _bug(error: Exception, arguments: Sequence[str], *, plugin: bool) -> int:
    complain(f"this is a bug in truehelo: {type(error).__name__}: {error}", plugin=plugin)
    if "-vv" in arguments or os.environ.get("TRUEHELO_DEBUG") == "1":
        import traceback  # late: 8 ms that only a bug should cost

        traceback.print_exception(error)
    else:
        complain("set TRUEHELO_DEBUG=1 to see where, and please report it")
    return UNKNOWN if plugin else BUG


def _unwritten(error: OSError) -> FileError | None:
    """Tell what is to be said where stdout is what failed, which the command library writes help to; else None."""
    frame = error.__traceback__
    while frame is not None and frame.tb_frame.f_code is not click.echo.__code__:
        frame = frame.tb_next
    if frame is None:
        return None
    try:
        with writing():
            raise error
    except FileError as told:
        return told


def _forget_stdout() -> None:
    """The reader has gone: let nothing that is still buffered raise at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
