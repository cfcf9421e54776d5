"""An audit to its readers: standard output, files, and the exit code. Files are written whole or not at all."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import click

from truehelo.cli.options import Output
from truehelo.cli.terminal import complain, wants_ascii, wants_color, width, write
from truehelo.errors import FileError
from truehelo.findings import Audit, Severity
from truehelo.render import COMPLETE, render
from truehelo.render.exitcode import exit_code, plugin_state
from truehelo.render.look import Look

SUFFIXES = {
    ".txt": "text",
    ".json": "json",
    ".jsonl": "jsonl",
    ".csv": "csv",
    ".md": "markdown",
    ".xml": "junit",
    ".sarif": "sarif",
    ".prom": "prometheus",
}


def fail_on(word: str) -> Severity | None:
    """Return the severity that --fail-on names; None for never."""
    return None if word == "never" else Severity(word)


def file_formats(output: Output) -> dict[str, str]:
    """Return each output file and its format: by suffix, else by --format.

    Raises:
        click.UsageError: Neither tells it.
    """
    formats: dict[str, str] = {}
    for file in output.files:
        format_name = _by_suffix(file, output.format_name) or output.format_name
        if format_name is None:
            accepted = " ".join(SUFFIXES)
            raise click.UsageError(
                f"-o {file}: its suffix tells no format; accepted are {accepted}, or a --format beside it"
            )
        formats[file] = format_name
    return formats


def _by_suffix(file: str, asked: str | None) -> str | None:
    """The format that a file's name tells. SARIF is JSON, and is often kept under that name."""
    path = Path(file)
    if path.suffix.lower() == ".json" and (asked == "sarif" or path.with_suffix("").suffix.lower() == ".sarif"):
        return "sarif"
    return SUFFIXES.get(path.suffix.lower())


def prepare(output: Output, save: str | None, read: Sequence[str]) -> None:
    """Look at the files to be written before the work is done, not after it. `read` are those that it begins with.

    Raises:
        click.UsageError: The format of a file is not told; or a file would be written twice, or over what is read.
        FileError: There is no folder for a file.
    """
    file_formats(output)
    taken = {Path(os.path.realpath(file)): "is what is read" for file in read}
    for file in [*output.files, *([] if save is None else [save])]:
        try:
            path = Path(os.path.realpath(file))
            if path in taken and (path.is_file() or not path.exists()):  # a device may be named twice
                raise click.UsageError(f"{file}: {taken[path]}, and would be written over; name another file")
            path.parent.stat()
            problem = "is a directory" if path.is_dir() else ""
        except OSError as error:
            problem = (error.strerror or "").lower()
        if problem:
            raise FileError(file, f"cannot be written ({problem})", "choose a file in a folder that exists")
        taken[path] = "is named twice"


def report(audit: Audit, output: Output, where: Mapping[str, str] | None = None, *, save: str | None = None) -> int:
    """Print an audit, write its files, save its evidence; return the exit code.

    Raises:
        FileError: A file cannot be written; everything else is, and is printed.
        click.UsageError: The format of a file is not told.
    """
    threshold = fail_on(output.fail_on)
    plain = Look(
        verbosity=output.verbosity,
        checklist=output.checklist,
        matrix=output.matrix,
        ticket=output.ticket,
        fail_on=threshold,
        where=where or {},
    )
    failed = _save(audit, save)
    failed = failed or write_files(output, lambda format_name: render(audit, format_name, plain))
    _print(audit, output, plain)
    if failed is not None:
        raise failed
    return plugin_state(audit, threshold) if output.format_name == "nagios" else exit_code(audit, threshold)


def write_files(output: Output, rendered: Callable[[str], str]) -> FileError | None:
    """Write each file in its format; the first that cannot be written is returned, when the others are."""
    failed: FileError | None = None
    for file, format_name in file_formats(output).items():
        try:
            _write_file(file, rendered(format_name))
        except FileError as error:
            failed = failed or error
    return failed


def look_of_stdout(plain: Look, color: str) -> Look:
    """Return a look with the width, the colours and the character set of standard output."""
    return replace(plain, width=width(sys.stdout), color=wants_color(sys.stdout, color), ascii=wants_ascii(sys.stdout))


def _save(audit: Audit, save: str | None) -> FileError | None:
    from truehelo.app import save as save_evidence  # late: it brings the engine

    try:
        if save is not None:
            save_evidence(audit, save)
    except FileError as error:
        return error
    return None


def _print(audit: Audit, output: Output, plain: Look) -> None:
    format_name = output.format_name or "text"
    if not went_to_file(output):
        write(render(audit, format_name, look_of_stdout(plain, output.color)))
        if format_name not in COMPLETE:
            _tell_rest(audit)


def _write_file(file: str, text: str) -> None:
    from truehelo.app import write_whole  # late: it brings the engine

    write_whole(Path(file), text.encode("utf-8", "backslashreplace"))


def went_to_file(output: Output) -> bool:
    """A format that was named for a file (`--format junit -o results`) is not printed as well."""
    return any(_by_suffix(file, None) != format_name for file, format_name in file_formats(output).items())


def _tell_rest(audit: Audit) -> None:
    """What a format has no place for is still said."""
    for unresolved in audit.unresolved:
        complain(f"{unresolved.asked}: {unresolved.detail}")
    for note in audit.notes:
        complain(note)
    if audit.interrupted:
        complain("interrupted: what is not known by now counts as undetermined")
