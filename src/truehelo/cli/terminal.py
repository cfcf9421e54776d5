"""What the terminal can show: width, colour, encoding; writing to it, complaining on it, progress on it.

Results go to standard output, everything else to standard error. Text that came from elsewhere is made visible first.
"""

import io
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Self, TextIO

from truehelo.errors import FileError
from truehelo.facts.text import visible

if TYPE_CHECKING:
    from rich.progress import Progress

MAX_WIDTH = 100
PIPED_WIDTH = 80
PROGRESS_EVERY = 10.0
"""Seconds between progress lines where there is no terminal to redraw."""
BAR_AFTER = 1.0
"""Seconds before a bar is worth drawing."""


def width(stream: IO[str]) -> int:
    """Return the columns to fill: those of the terminal, at most 100; 80 where there is none."""
    if not stream.isatty():
        return PIPED_WIDTH
    return max(40, min(shutil.get_terminal_size((PIPED_WIDTH, 24)).columns, MAX_WIDTH))


def wants_color(stream: IO[str], choice: str) -> bool:
    """Decide on colour: what was asked for, then NO_COLOR, then FORCE_COLOR, then whether a person is looking."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def wants_ascii(stream: IO[str]) -> bool:
    """Tell whether the stream's encoding is not one of Unicode's, or LC_ALL=C asks for ASCII.

    Python takes UTF-8 for the C locale (PEP 540), which is good for files and says nothing of the terminal.
    """
    if os.environ.get("LC_ALL") in ("C", "POSIX") and not os.environ.get("PYTHONIOENCODING"):
        return True
    return not (getattr(stream, "encoding", None) or "ascii").lower().replace("-", "").startswith("utf")


def complain(sentence: str, *, plugin: bool = False) -> None:
    """Print one sentence on stderr, or for a monitoring plugin as its status line, which is read from stdout."""
    text = visible(sentence)
    if plugin:
        try:
            write(f"UNKNOWN - {text.replace('|', ' ')}\n")
        except FileError as error:
            complain(str(error))
        return
    encoding = getattr(sys.stderr, "encoding", None) or "ascii"
    with suppress(OSError):  # a sentence that cannot be written must not take the place of the exit code
        sys.stderr.write(f"truehelo: {text}\n".encode(encoding, "backslashreplace").decode(encoding))
        sys.stderr.flush()


def write(text: str) -> bool:
    """Write a result to stdout; False when its reader has gone, which is no error.

    Raises:
        FileError: It cannot be written, for instance to a full disk.
    """
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    try:
        with writing():
            sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
            sys.stdout.flush()
    except BrokenPipeError:
        return False
    return True


@contextmanager
def writing() -> Iterator[None]:
    """Have what goes wrong with stdout told as such; a reader that has gone stays a `BrokenPipeError`.

    Raises:
        FileError: It cannot be written, for instance to a full disk.
    """
    try:
        yield
    except OSError as error:
        # What is still buffered would fail again at exit.
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123  (kept until exit, on purpose)
        if isinstance(error, BrokenPipeError):
            raise
        raise FileError("standard output", f"cannot be written ({error.strerror})") from None


def read_any_bytes(stream: TextIO) -> None:
    """Make a stream take any octets: a line that is no UTF-8 is one bad line, and a byte order mark is none of it."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding="utf-8-sig", errors="backslashreplace")


class ProgressLine:
    """Progress on stderr: a bar on a terminal, else a line every ten seconds. Nothing for what is done in a moment."""

    def __init__(self) -> None:
        """Begin the clock; nothing is shown before there is something to wait for."""
        self._tty = sys.stderr.isatty()
        self._due = time.monotonic() + (BAR_AFTER if self._tty else PROGRESS_EVERY)
        self._bar: Progress | None = None

    def __enter__(self) -> Self:
        """Nothing is drawn yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Take the bar away, and give the cursor back."""
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, done: int, total: int, text: str) -> None:
        """Say that `done` of `total` are through, the last of them `text`."""
        now = time.monotonic()
        if now < self._due or done >= total:
            return
        if self._tty:
            self._due = now + 0.1
            self._draw(done, total)
        else:
            self._due = now + PROGRESS_EVERY
            complain(f"{done:,} of {total:,}, the last of them {visible(text, 40)}")

    def _draw(self, done: int, total: int) -> None:
        from rich.console import Console  # late: 40 ms, for who waits anyway
        from rich.progress import Progress

        if self._bar is None:
            console = Console(file=sys.stderr, highlight=False, markup=False, no_color=bool(os.environ.get("NO_COLOR")))
            self._bar = Progress(console=console, transient=True)
            self._task = self._bar.add_task("targets", total=total)
            self._bar.start()
        self._bar.update(self._task, completed=done)
