"""`truehelo generic`: does a name look generated, why, what filters say of it, and how well the classifier does."""

import sys
from typing import TYPE_CHECKING, Any

import click

from truehelo.cli.options import json_options
from truehelo.cli.terminal import complain, wants_ascii, wants_color, width, write
from truehelo.errors import FileError, InputError
from truehelo.facts.address import Address, parse_address
from truehelo.facts.names import canonical, name_fault
from truehelo.facts.text import visible
from truehelo.render.codes import FINDINGS, GOOD, USAGE
from truehelo.render.look import Look
from truehelo.render.style import Style

if TYPE_CHECKING:
    from truehelo.generic.assess import Assessment
    from truehelo.generic.reason import Reason
    from truehelo.generic.report import Report, Share

_MAX_LIST = 64 * 2**20
_FORM = "give NAME, or NAME=ADDRESS as in mail.example.com=192.0.2.25"
_COLORS = {"generic": "yellow", "sender": "green", "plain": "bold"}


@click.command(epilog="Exit codes: 0 no name looks generated, 1 one does, 2 usage or bad input. With --report: 0.")
@click.argument("names", nargs=-1, metavar="NAME[=ADDRESS]...")
@click.option("--report", "as_report", is_flag=True, help="How well the classifier does on its labelled list.")
@json_options
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True)
def generic(names: tuple[str, ...], as_report: bool, as_json: bool, color: str) -> int:
    """Say whether each NAME looks generated (by a provider or from its address) or like a sender's, and for which reasons.

    With its ADDRESS a name is held against that address alone; without one, what looks like an address counts. Beside the
    verdict: what the rules of rspamd and SpamAssassin say of the name, as PTR and as HELO. Nothing is looked up.
    @FILE or - hold one name a line.

    \b
    Examples:
      truehelo generic 192-0-2-25.pool.example.com=192.0.2.25
      truehelo generic mail.example.com mx-pool-1.example.com
      truehelo generic @names.txt --json
      truehelo generic --report
    """
    style = Style(Look(width=width(sys.stdout), color=wants_color(sys.stdout, color), ascii=wants_ascii(sys.stdout)))
    if as_report:
        if names:
            raise click.UsageError("--report takes no names: it judges the labelled list")
        return _print_report(style, as_json=as_json)
    if not names:
        raise click.UsageError("a name is missing: give one, @FILE, - for standard input, or --report")
    found, bad = _read(names)
    if found:
        write(_json(found) if as_json else _text(found, style))
    elif not bad:
        raise InputError(visible(" ".join(names), 120), "holds no name, only blank lines and comments", "give one a line")
    if bad:
        return USAGE
    return FINDINGS if any(each.kind == "generic" for each in found) else GOOD


# Reading


def _read(args: tuple[str, ...]) -> tuple[list["Assessment"], bool]:
    """Return what follows for each name that can be used, and whether there was one that cannot, which is told at once."""
    from truehelo.generic.assess import assess

    found: list[Assessment] = []
    bad = False
    for arg in args:
        try:
            texts = _listed(arg)
        except InputError as error:
            complain(str(error))
            bad = True
            continue
        for place, text in texts:
            try:
                found.append(assess(*_parse(text)))
            except InputError as error:
                complain(f"{place}: {error}" if place else str(error))
                bad = True
    return found, bad


def _listed(arg: str) -> list[tuple[str, str]]:
    """Return the names of an argument, each with its place in a list; `#` begins a comment there."""
    from pathlib import Path

    from truehelo.files import read_whole

    if arg != "-" and not arg.startswith("@"):
        return [("", arg)]
    accepted = "give a file with one name a line, as in @names.txt"
    if arg == "-":
        content, file = sys.stdin.buffer.read(_MAX_LIST + 1), "standard input"
        if len(content) > _MAX_LIST:
            raise FileError(file, "is larger than 64 MiB", "split it")
    elif not Path(arg[1:]).name:
        raise FileError(visible(arg, 60), "names no file", accepted)
    else:
        content, file = read_whole(Path(arg[1:]), _MAX_LIST, accepted), arg[1:]
    lines = content.decode("utf-8-sig", "backslashreplace").splitlines()
    stripped = ((number, line.partition("#")[0].strip()) for number, line in enumerate(lines, start=1))
    return [(f"{file}:{number}", text) for number, text in stripped if text]


def _parse(text: str) -> tuple[str, Address | None]:
    """Read NAME, NAME=ADDRESS, or ADDRESS=NAME as `check` takes it.

    Raises:
        InputError: It is none of these.
    """
    name, equals, address = (part.strip() for part in text.partition("="))
    if equals and parse_address(name) is not None:
        name, address = address, name
    # An underscore is no fault here: names that are generated hold them.
    fault = name_fault(name.replace("_", "x"))
    shown = visible(name, 80) or "an empty name"
    if fault is not None:
        raise InputError(shown, f"the name {fault}" if name else "there is no name", _FORM)
    if "." not in canonical(name):
        raise InputError(shown, "is one label alone", _FORM)
    ip = parse_address(address) if equals else None
    if equals and ip is None:
        raise InputError(visible(address, 60) or "an empty address", f"is no address for {shown}", _FORM)
    return name, ip


# What filters say


def _opinions(name: str) -> dict[str, Any]:
    """Return what the rules of filters make of a name, as PTR and as HELO."""
    from truehelo.generic.rspamd import rspamd_class
    from truehelo.generic.spamassassin import helo_symbols, rdns_symbols

    return {
        "rspamd": {"ptr": rspamd_class(name, helo=False), "helo": rspamd_class(name, helo=True)},
        "spamassassin": {"ptr": list(rdns_symbols(name)), "helo": list(helo_symbols(name))},
    }


# Writing


def _json(found: list["Assessment"]) -> str:
    from truehelo.render.document import dumps

    names = [
        {
            "name": each.name,
            "ip": None if each.ip is None else str(each.ip),
            "verdict": each.kind.value,
            "generic": [_reason(reason) for reason in each.generic],
            "sender": [_reason(reason) for reason in each.sender],
            **_opinions(each.name),
        }
        for each in found
    ]
    return dumps({"schema": "truehelo/generic/1", "names": names}, indent=2)


def _reason(reason: "Reason") -> dict[str, Any]:
    return {"rule": reason.rule, "detail": reason.detail, "provider": reason.provider}


def _text(found: list["Assessment"], style: Style) -> str:
    lines: list[str] = []
    for each in found:
        on = "" if each.ip is None else f" on {each.ip}"
        verdict = style.paint(each.kind.value, _COLORS[each.kind.value])
        lines += [*([""] if lines else []), f"{style.paint(visible(each.name), 'bold')}{on}: {verdict}"]
        for title, reasons in (("generated", each.generic), ("sender", each.sender)):
            said = "; ".join(visible(reason.detail) for reason in reasons) or "nothing"
            lines += _entry(style, title, said)
        said_of = _opinions(each.name)
        rspamd, symbols = said_of["rspamd"], said_of["spamassassin"]
        lines += _entry(style, "rspamd", f"class {rspamd['ptr']:g} of 5 as PTR, {rspamd['helo']:g} as HELO")
        as_ptr, as_helo = (", ".join(symbols[key]) or "nothing" for key in ("ptr", "helo"))
        lines += _entry(style, "SpamAssassin", f"{as_ptr} as PTR, {as_helo} as HELO")
    return style.finish(lines)


def _entry(style: Style, title: str, text: str) -> list[str]:
    return style.wrap(text, f"  {title.ljust(12)}  ", " " * 16)


# The report


def _print_report(style: Style, *, as_json: bool) -> int:
    from truehelo.generic.report import report

    found = report()
    write(_report_json(found) if as_json else style.finish(_report_lines(found, style)))
    return GOOD


def _report_json(found: "Report") -> str:
    from truehelo.render.document import dumps

    def share(of: "Share") -> dict[str, int]:
        return {"names": of.total, "right": of.right, "right_by_rules": of.right_by_rules}

    return dumps(
        {
            "schema": "truehelo/generic-report/1",
            "labels": [{"half": half, "label": label, **share(of)} for (half, label), of in found.by_label.items()],
            "sources": [
                {"half": half, "label": label, "source": source, **share(of)}
                for (half, label, source), of in found.by_source.items()
            ],
            "wrong": [
                {
                    "half": wrong.entry.half,
                    "label": wrong.entry.label,
                    "name": wrong.entry.name,
                    "ip": None if wrong.entry.ip is None else str(wrong.entry.ip),
                    "source": wrong.entry.source,
                    "generic": [_reason(reason) for reason in wrong.reasons],
                }
                for wrong in found.wrong
            ],
        },
        indent=2,
    )


def _report_lines(found: "Report", style: Style) -> list[str]:
    from truehelo.generic.lists import sources

    lines = ["half      label     source        names  right          by the rules alone"]
    for (half, label), total in found.by_label.items():
        rows = [("all", total)]
        rows += [(key[2], share) for key, share in found.by_source.items() if key[:2] == (half, label)]
        lines += [f"{half:<9} {label:<9} {source:<12} {_shares(share)}" for source, share in rows]
    lines += ["", "right: of senders' names, those that are not called generic; of the others, those that are.", ""]
    lines += [f"Names judged wrongly: {len(found.wrong)}"]
    for wrong in found.wrong:
        entry = wrong.entry
        why = "".join(f" ({reason.detail})" for reason in wrong.reasons)
        on = "" if entry.ip is None else f"={entry.ip}"
        lines += style.wrap(f"{entry.name}{on}{why}", f"  {entry.half:<9} {entry.label:<9} ", " " * 4)
    lines += ["", "Sources:"]
    for key, text in sources().items():
        lines += style.wrap(text, f"  {key:<12} ", " " * 15)
    return lines


def _shares(share: "Share") -> str:
    """The figures of one row, percentages to a tenth, never rounded up to 100."""
    parts = [f"{share.total:>6}"]
    for right in (share.right, share.right_by_rules):
        tenths = 1000 * right // share.total if share.total else 0
        parts.append(f"{right:>5} {tenths / 10:>5.1f} %")
    return "  ".join(parts)
