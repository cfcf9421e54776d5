"""The options that commands share, each written once, and what they are read into."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from math import isnan, nan
from typing import TYPE_CHECKING, Any

import click

from truehelo.render import FORMATS

if TYPE_CHECKING:
    from truehelo.app import Settings

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

_NO_LIST = ".:@=/"
"""Signs that no name of a blocklist holds, and every target but a bare word does."""
EXIT_CODES = "Exit codes: 0 good, 1 findings at or above --fail-on, 2 usage or bad input, 3 undetermined, 130 interrupted."


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """How results are wanted. `format_name` is None where none was named."""

    format_name: str | None
    files: tuple[str, ...]
    verbosity: int
    color: str
    fail_on: str
    checklist: bool
    matrix: bool = False
    ticket: bool = False


def _all(options: Sequence[Decorator]) -> Decorator:
    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


class Seconds(click.FloatRange):
    """A number of seconds within bounds. "nan" lies within none, though no comparison would say so."""

    name = "seconds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number; what is wrong with it is said with the bounds."""
        try:
            number = float(value)
        except ValueError:
            number = nan
        if isnan(number):
            self.fail(f"{value!r} is no number of seconds; accepted are {self.min:g} to {self.max:,.0f}", param, ctx)
        return super().convert(value, param, ctx)


_TRIES: list[Decorator] = [
    click.option("--timeout", type=Seconds(0.05, 600), metavar="SECONDS", help="Per DNS try and SMTP step [3 and 15]."),
    click.option(
        "--retries",
        type=click.IntRange(0, 20),
        metavar="N",
        default=2,
        show_default=True,
        help="More DNS tries per server.",
    ),
]

_ADVANCED: list[Decorator] = [
    *_TRIES,
    click.option("-4", "only4", is_flag=True, help="IPv4 addresses of names only."),
    click.option("-6", "only6", is_flag=True, help="IPv6 addresses of names only."),
]

_CONCURRENCY = click.option(
    "--concurrency", type=click.IntRange(1, 100_000), metavar="N", default=200, show_default=True, help="Targets at once."
)

_WHERE: list[Decorator] = [
    click.option(
        "--resolver",
        "resolvers",
        multiple=True,
        metavar="ADDR[:PORT]",
        help="Resolver to ask; also tls://, https://. Repeatable.",
    ),
    click.option(
        "--connect-to", multiple=True, metavar="IP:PORT:IP:PORT", help="Reach the first endpoint at the second. Repeatable."
    ),
]

_LOOKUP: list[Decorator] = [*_WHERE, *_ADVANCED]

_RDAP = click.option("--rdap", is_flag=True, help="Ask the registry who holds the address.")

_SMTP: list[Decorator] = [
    click.option(
        "--port", "ports", multiple=True, type=click.IntRange(1, 65535), metavar="N", help="SMTP port [25]. Repeatable."
    ),
    click.option("--helo", metavar="NAME", help="The HELO that the server sends (a greeting does not tell)."),
    click.option("--expect", metavar="NAME", help="The name that the PTR should have."),
    click.option("--no-smtp", is_flag=True, help="DNS only."),
    click.option("--no-starttls", is_flag=True, help="Leave TLS out of the SMTP conversation."),
    click.option("--no-authoritative", is_flag=True, help="Do not ask the reverse zone's own servers."),
    click.option("--yes", is_flag=True, help="Networks of more than 65,536 addresses are meant."),
]

_JUDGE: list[Decorator] = [
    click.option(
        "--receivers",
        metavar="LIST",
        help="Receivers to ask, such as gmail,postfix+strict; none for none. `truehelo receivers` lists them.",
    ),
    click.option("--profile", metavar="FILE", help="Receivers to ask, from a profile file."),
    click.option("--mta", metavar="NAME", help="The mail server, for its settings; `truehelo guide` lists them."),
    click.option("--guides", metavar="DIR", help="A folder of further guides, one TOML file each."),
    click.option(
        "--what-if",
        "what_if",
        multiple=True,
        metavar="CHANGE",
        help="Judge on changed facts too: ptr=NAME, helo=NAME, greeting=NAME, forward=ADDRESS. Repeatable.",
    ),
]

_DNSBL: list[Decorator] = [
    click.option(
        "--dnsbl",
        is_flag=False,
        flag_value="default",
        metavar="[LIST,...]",
        help="Ask blocklists too: the usual ones, or those named; all for all that can be asked.",
    ),
    click.option("--dnsbl-keys", metavar="FILE", help='Keys of blocklists, in TOML: spamhaus-zen = "KEY".'),
]

_COLOR = click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True)

_FORMATS: list[Decorator] = [
    click.option(
        "--format", "-f", "format_name", type=click.Choice(list(FORMATS)), help="Format of standard output [text]."
    ),
    click.option("--json", "as_json", is_flag=True, help="Short for --format json."),
    click.option(
        "-o",
        "--output",
        "files",
        multiple=True,
        metavar="FILE",
        help="Write to FILE too; its suffix tells the format. Repeatable.",
    ),
    click.option(
        "--fail-on",
        type=click.Choice(["error", "warning", "never"]),
        default="warning",
        show_default=True,
        help="What makes exit code 1.",
    ),
]

_OUTPUT: list[Decorator] = [
    *_FORMATS,
    click.option("--checklist", is_flag=True, help="End with what is done, not done, not determined."),
    click.option("--matrix", is_flag=True, help="Text only of what each receiver does with each address."),
    click.option("--ticket", is_flag=True, help="Text only of the message to the holder of the address."),
    click.option("-q", "--quiet", is_flag=True, help="Verdict lines only."),
    click.option("-v", "--verbose", count=True, help="Evidence; -vv every exchange and the SMTP transcript."),
    _COLOR,
]

_PLAIN_OUTPUT: list[Decorator] = [
    *_FORMATS,
    click.option("-q", "--quiet", is_flag=True, help="One line each."),
    click.option("-v", "--verbose", count=True, help="Evidence, and all of what is listed; -vv every exchange."),
    _COLOR,
]


def lookup_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of whatever asks the DNS; the command gets `settings`."""
    return _settings(_all(_LOOKUP)(function))


def records_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of whatever asks the DNS for both address families alike; the command gets `settings`."""
    return _settings(_all([*_WHERE, *_TRIES])(function))


def check_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of whatever audits; the command gets `settings`."""
    return _settings(_all([*_LOOKUP, _CONCURRENCY, *_SMTP, _RDAP, *_DNSBL, *_JUDGE])(function))


def audit_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of an audit that brings its own resolvers and routes; the command gets `settings`."""
    return _settings(_all([*_ADVANCED, _CONCURRENCY, *_SMTP, *_JUDGE])(function))


def judge_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of whatever judges and looks nothing up; the command gets `settings`."""
    return _settings(_all(_JUDGE)(function))


def json_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of whatever prints text or JSON and is no audit; the command gets `as_json`."""

    @wraps(function)
    def wrapper(*, as_json: bool, format_name: str | None, **values: Any) -> Any:
        if as_json and format_name == "text":
            raise click.UsageError("--json and --format text exclude each other")
        return function(as_json=as_json or format_name == "json", **values)

    options: list[Decorator] = [
        click.option("--format", "-f", "format_name", type=click.Choice(["text", "json"]), help="Format [text]."),
        click.option("--json", "as_json", is_flag=True, help="Short for --format json."),
    ]
    return _all(options)(wrapper)


def output_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of whatever prints an audit; the command gets `output`."""
    return _output(_all(_OUTPUT)(function))


def plain_output_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of whatever prints findings in all formats and audits no addresses; the command gets `output`."""
    return _output(_all(_PLAIN_OUTPUT)(function))


def _settings(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def wrapper(**values: Any) -> Any:
        return function(settings=_make_settings(values), **values)

    return wrapper


def _make_settings(values: dict[str, Any]) -> "Settings":
    """Take the options out of `values` and return the settings that they make."""
    from truehelo.app import Settings  # late: it brings the DNS library

    only4, only6 = values.pop("only4", False), values.pop("only6", False)
    if only4 and only6:
        raise click.UsageError("-4 and -6 exclude each other; without either, both families are looked up")
    made: dict[str, Any] = {
        "resolvers": values.pop("resolvers", ()),
        "connect_to": values.pop("connect_to", ()),
        "timeout": values.pop("timeout", None),
        "retries": values.pop("retries", 2),
        "families": frozenset({4} if only4 else {6} if only6 else {4, 6}),
    }
    if "ports" in values:
        made["concurrency"] = values.pop("concurrency")
        made["ports"] = values.pop("ports") or (25,)
        made["helo"], made["expect"] = values.pop("helo"), values.pop("expect")
        made["smtp"] = not values.pop("no_smtp")
        made["starttls"] = not values.pop("no_starttls")
        made["authoritative"] = not values.pop("no_authoritative")
        made["rdap"], made["yes"] = values.pop("rdap", False), values.pop("yes")
    if "dnsbl" in values:
        made |= _lists(values)
    if "what_if" in values:
        made["receivers"], made["profile"] = values.pop("receivers"), values.pop("profile")
        made["what_if"] = values.pop("what_if")
        made["mta"], made["guides"] = values.pop("mta"), values.pop("guides")
        if made["receivers"] is not None and made["profile"] is not None:
            raise click.UsageError("--receivers and --profile exclude each other; a profile names its receivers")
    return Settings(**made)


def _lists(values: dict[str, Any]) -> dict[str, Any]:
    """Take --dnsbl and its keys out of `values`. What follows the bare option and cannot be a list is a target."""
    asked, keys = values.pop("dnsbl"), values.pop("dnsbl_keys")
    if asked is not None and (asked == "-" or any(sign in asked for sign in _NO_LIST)):
        values["targets"], asked = (asked, *values["targets"]), "default"
    names = tuple(name.strip() for name in (asked or "").split(",") if name.strip())
    if asked is not None and not names:
        raise click.UsageError("--dnsbl= names no list; give names between commas, or --dnsbl alone")
    if keys is not None and not names:
        raise click.UsageError("--dnsbl-keys without --dnsbl: no list is asked")
    return {"dnsbl": names, "dnsbl_keys": keys}


def _output(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def wrapper(**values: Any) -> Any:
        return function(output=_make_output(values), **values)

    return wrapper


def _make_output(values: dict[str, Any]) -> Output:
    format_name, as_json = values.pop("format_name"), values.pop("as_json")
    if as_json and format_name not in (None, "json"):
        raise click.UsageError(f"--json and --format {format_name} exclude each other")
    ticket = values.pop("ticket", False)
    if ticket and (as_json or format_name not in (None, "text")):
        raise click.UsageError("--ticket prints text; name another format for a file, as in -o audit.json")
    quiet, verbose = values.pop("quiet"), values.pop("verbose")
    if quiet and verbose:
        raise click.UsageError("-q and -v exclude each other")
    return Output(
        format_name="json" if as_json else format_name,
        files=tuple(file for file in values.pop("files") if file != "-"),  # "-" gets the results anyway
        verbosity=-1 if quiet else min(verbose, 2),
        color=values.pop("color"),
        fail_on=values.pop("fail_on"),
        checklist=values.pop("checklist", False),
        matrix=values.pop("matrix", False),
        ticket=ticket,
    )
