"""What is said where this program itself fails over content.

Whoever can send a mail must not be able to stop the intake with one: what fails is refused, and the rest goes on. The fault
is not hidden by that: the refusal says whose it is, of what type, and where in the program. What a report is refused for
otherwise is not decided here (`aggregate`, `tls`, `failure`).
"""

from pathlib import Path
from traceback import walk_tb

from truehelo.reports.model import ReportError

WORDS = "this program has a fault and cannot read it"
"""How such a refusal begins."""


def fault(error: Exception) -> ReportError:
    """Return the refusal for an error that nobody expected while content was read.

    Args:
        error: As it was caught. What it says itself is left out: there may be anything of the content in it.
    """
    return ReportError(f"{WORDS} ({type(error).__name__})", _place(error))


def _place(error: Exception) -> str:
    """Where in our own code it happened."""
    place = ""
    for frame, line in walk_tb(error.__traceback__):
        if str(frame.f_globals.get("__name__")).startswith("truehelo."):
            place = f"{Path(frame.f_code.co_filename).name}, line {line}"
    return place
