"""What a DMARC record says (RFC 9989 §4.7): the policies, the modes of alignment, and where reports are to go."""

from dataclasses import dataclass, field
from enum import StrEnum

from truehelo.records.errors import RecordError
from truehelo.records.tags import Tag
from truehelo.records.uri import ReportUri


class Disposition(StrEnum):
    """What the owner of a domain asks for where mail fails (RFC 9989 §4.7, the tag p)."""

    NONE = "none"
    QUARANTINE = "quarantine"
    REJECT = "reject"

    @property
    def one_below(self) -> "Disposition":
        """What applies instead while the policy is tested (RFC 9989 §4.7, the tag t)."""
        return Disposition.QUARANTINE if self is Disposition.REJECT else Disposition.NONE


class Standing(StrEnum):
    """What a receiver makes of a record's policy tags (RFC 9989 §4.10.1, RFC 7489 §6.6.3)."""

    SOUND = "sound"
    """They count as they are written."""
    AS_NONE = "as-none"
    """One of them is not valid, and reports are asked for: the record counts as p=none."""
    IGNORED = "ignored"
    """One of them is not valid, and no reports are asked for: DMARC is not applied at all."""


DmarcUri = ReportUri
"""Where reports are to go (RFC 9989 §4.6)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DmarcRecord:
    """A DMARC record: a value for each tag, by default where the tag is absent or its value is not valid.

    `p`, `sp` and `np` are None where they are absent or not valid; which of the two, `has` tells. `adkim` and `aspf` are
    "r" or "s"; `psd` is "y", "n" or "u". `pct`, `rf` and `ri` (seconds) are of RFC 7489 §6.3, and None or empty where
    absent. `standing` is what receivers make of the policy tags, `standing_7489` what those of the older edition make of
    them. `unknown` are tags that nobody has defined, `faults` what is wrong and leaves the rest in force. Two records are
    equal when they say the same.
    """

    text: str = field(default="", compare=False)
    p: Disposition | None = None
    sp: Disposition | None = None
    np: Disposition | None = None
    adkim: str = "r"
    aspf: str = "r"
    rua: tuple[DmarcUri, ...] = ()
    ruf: tuple[DmarcUri, ...] = ()
    fo: tuple[str, ...] = ("0",)
    psd: str = "u"
    testing: bool = False
    pct: int | None = None
    rf: tuple[str, ...] = ()
    ri: int | None = None
    standing: Standing = Standing.SOUND
    standing_7489: Standing = field(default=Standing.SOUND, compare=False)
    tags: tuple[Tag, ...] = field(default=(), compare=False)
    unknown: tuple[Tag, ...] = field(default=(), compare=False)
    faults: tuple[RecordError, ...] = field(default=(), compare=False)

    def has(self, name: str) -> bool:
        """Tell whether a tag stands in the record, whatever its value is worth."""
        return self.tag(name) is not None

    def tag(self, name: str) -> Tag | None:
        """Return the tag of a name in lower case as it stands in the record; None where there is none."""
        return next((tag for tag in self.tags if tag.name.lower() == name), None)
