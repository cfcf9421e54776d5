"""What a rendering may depend on besides the audit: width, colour, encoding, how much is wanted.

It is decided by the command line, from the terminal and the options, and handed in, so that rendering stays pure.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from truehelo.findings import Audit, Severity

QUIET, NORMAL, EVIDENCE, TRACE = -1, 0, 1, 2
"""How much is wanted: -q, nothing, -v, -vv."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a rendering should look.

    `width` is in columns. `ascii` asks for output without any other character. `verbosity` is one of QUIET, NORMAL,
    EVIDENCE, TRACE. `fail_on` is the least severity that counts as a failure, None when nothing does. `where` leads
    from a target as it was written to where it was written, such as "servers.txt:12".
    """

    width: int = 80
    color: bool = False
    ascii: bool = False
    verbosity: int = NORMAL
    checklist: bool = False
    matrix: bool = False
    ticket: bool = False
    fail_on: Severity | None = Severity.WARNING
    where: Mapping[str, str] = field(default_factory=dict)


Renderer = Callable[[Audit, Look], str]
