"""What was read of a record once need not be read again: a bounded memory of records by their octets, for the process.

Its keys are all that a reading depends on but address and count: the root element, and the octets of the record after them.
"""

from dataclasses import dataclass

from truehelo.reports.model import Shape

_MOST = 2048
_MOST_OCTETS = 3 * 2**19


@dataclass(frozen=True, slots=True)
class Remembered:
    """A record that was read: its shape, the dialects that it shows, and how many elements it has."""

    shape: Shape
    notes: frozenset[str]
    elements: int


class Memo:
    """Two generations: what is asked for lives on in the younger one; when that is full, the older one is forgotten."""

    def __init__(self) -> None:
        """Begin empty."""
        self._young: dict[tuple[object, bytes], Remembered] = {}
        self._old: dict[tuple[object, bytes], Remembered] = {}
        self._octets = 0

    def get(self, context: object, octets: bytes) -> Remembered | None:
        """Return what was read of these octets below this root."""
        key = context, octets
        found = self._young.get(key)
        if found is None:
            found = self._old.get(key)
            if found is not None:
                self.put(context, octets, found)
        return found

    def put(self, context: object, octets: bytes, found: Remembered) -> None:
        """Keep what was read."""
        if len(self._young) >= _MOST or self._octets + len(octets) > _MOST_OCTETS:
            self._old, self._young, self._octets = self._young, {}, 0
        self._young[context, octets] = found
        self._octets += len(octets)
