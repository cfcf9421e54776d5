"""Lists of targets: lines, comments, and what is too large or of the wrong family. One bad line stops no other."""

from collections.abc import Iterable

from truehelo.engine.targets import Target, TargetLine, parse_target
from truehelo.errors import FileError, InputError

MAX_TARGET_ADDRESSES = 65_536
"""How many addresses a network may hold without a further word."""
HARD_LIMIT = 2**24
BOTH = frozenset({4, 6})
"""IPv4 and IPv6."""


def lines(text: str, name: str) -> list[TargetLine]:
    """Return the targets of a list, one a line; blank lines and what follows a `#` are skipped. `name` is for errors."""
    return [
        TargetLine(text=target, where=f"{name}:{number}")
        for number, line in enumerate(text.splitlines(), start=1)
        if (target := line.partition("#")[0].strip())
    ]


def sort_out(
    found: Iterable[TargetLine], *, yes: bool = False, families: frozenset[int] = BOTH
) -> tuple[list[TargetLine], list[InputError]]:
    """Return the lines that can be used, and an error for each that cannot, with its place if it has one."""
    good: list[TargetLine] = []
    bad: list[InputError] = []
    for line in found:
        try:
            checked(line, yes=yes, families=families)
        except InputError as error:
            name, colon, number = line.where.rpartition(":")
            is_line = bool(colon) and number.isdigit()
            bad.append(FileError(name, str(error), line=int(number)) if is_line else error)
        else:
            good.append(line)
    return good, bad


def checked(line: TargetLine, *, yes: bool, families: frozenset[int]) -> Target:
    """Read one target and hold it against the limits.

    Raises:
        InputError: It is no target, too large a network (`yes`: large is meant), or of a family that is left out.
    """
    target = parse_target(line.text)
    family = target.ip.version if target.ip is not None else target.network.version if target.network is not None else None
    if family is not None and family not in families:
        raise InputError(target.text, f"is IPv{family}", f"leave out -{10 - family} to check it")
    count = 1 if target.network is None else target.network.num_addresses
    if count > HARD_LIMIT:
        raise InputError(target.text, "holds more than 16,777,216 addresses", "give smaller networks")
    if count > MAX_TARGET_ADDRESSES and not yes:
        raise InputError(target.text, f"holds {count:,} addresses", f"more than {MAX_TARGET_ADDRESSES:,} need --yes")
    return target
