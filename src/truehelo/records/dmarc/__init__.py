"""DMARC (RFC 9989, and RFC 7489 where it is still followed): reading records, finding the one that applies, and its effect.

Nothing here asks the DNS: `discover`, `discover_psl` and `external` yield questions and are sent lookups.
"""

from truehelo.records.dmarc.discover import (
    Asked,
    DmarcDiscovery,
    External,
    Place,
    aligned,
    discover,
    discover_psl,
    external,
    walked,
)
from truehelo.records.dmarc.effective import EffectivePolicy, effective, effective_7489
from truehelo.records.dmarc.model import Disposition, DmarcRecord, DmarcUri, Standing
from truehelo.records.dmarc.parse import format_record, is_dmarc, is_meant, parse
from truehelo.records.errors import Flaw, RecordError
from truehelo.records.uri import mailto

__all__ = [
    "Asked",
    "Disposition",
    "DmarcDiscovery",
    "DmarcRecord",
    "DmarcUri",
    "EffectivePolicy",
    "External",
    "Flaw",
    "Place",
    "RecordError",
    "Standing",
    "aligned",
    "discover",
    "discover_psl",
    "effective",
    "effective_7489",
    "external",
    "format_record",
    "is_dmarc",
    "is_meant",
    "mailto",
    "parse",
    "walked",
]
