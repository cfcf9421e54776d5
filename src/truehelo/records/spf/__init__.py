"""SPF (RFC 7208): reading records, evaluating them, and listing what they authorise.

Nothing here asks the DNS: `evaluate` and `expand` yield questions and are sent lookups; `drive` runs them to the end.
"""

from truehelo.records.spf.evaluate import DEFAULT_LIMITS, evaluate
from truehelo.records.spf.expand import SpfExpansion, SpfSource, expand
from truehelo.records.spf.parse import (
    Kind,
    Mechanism,
    Modifier,
    SpfRecord,
    SpfSyntaxError,
    is_spf,
    parse,
    spf_texts,
)
from truehelo.records.spf.result import Limits, Match, SpfResult, SpfWord, Why
from truehelo.records.talk import drive
from truehelo.records.txt import txt_text

__all__ = [
    "DEFAULT_LIMITS",
    "Kind",
    "Limits",
    "Match",
    "Mechanism",
    "Modifier",
    "SpfExpansion",
    "SpfRecord",
    "SpfResult",
    "SpfSource",
    "SpfSyntaxError",
    "SpfWord",
    "Why",
    "drive",
    "evaluate",
    "expand",
    "is_spf",
    "parse",
    "spf_texts",
    "txt_text",
]
