"""Who holds an address, as its registry says over RDAP (RFC 9083 §5.4). Asked for only on request."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class HolderOutcome(StrEnum):
    """What came of asking the registry."""

    FOUND = "found"
    NOT_FOUND = "not_found"
    FAILED = "failed"
    """The registry could not be reached, or its answer could not be read: nothing is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """The registration that covers an address."""

    outcome: HolderOutcome
    at: datetime
    handle: str = ""
    name: str = ""
    organisation: str = ""
    network: str = ""
    country: str = ""
    abuse: tuple[str, ...] = ()
    detail: str = ""

    @property
    def key(self) -> str:
        """The name of this fact in the evidence of a subject."""
        return "rdap:holder"
