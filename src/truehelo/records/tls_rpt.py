"""TLS-RPT: where reports about TLS are to go, the TXT record at _smtp._tls.DOMAIN (RFC 8460 §3).

What the reports say is read by `reports.tls`.
"""

import re
from dataclasses import dataclass, field

from truehelo.facts.text import visible
from truehelo.records.errors import MAX_FAULTS, Flaw, RecordError
from truehelo.records.tags import Tag, read_tags, second
from truehelo.records.uri import ReportUri, read_uris

VERSION = "TLSRPTv1"
PREFIX = "_smtp._tls"
"""The labels before the domain at which the record stands."""
SCHEMES = frozenset({"mailto", "https"})
_CITES = ("RFC 8460 §3",)
_BEGINS = re.compile(r"v=TLSRPTv1[ \t]*(?:;|\Z)", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsRptRecord:
    """Where reports are to go, by mailto and https. `faults` are what is wrong and leaves the rest in force."""

    rua: tuple[ReportUri, ...]
    text: str = field(default="", compare=False)
    unknown: tuple[Tag, ...] = field(default=(), compare=False)
    faults: tuple[RecordError, ...] = field(default=(), compare=False)


def is_tls_rpt(text: str) -> bool:
    """Tell whether a TXT record is meant for this: others at the name are passed over (RFC 8460 §3)."""
    return _BEGINS.match(text) is not None


def parse(text: str) -> TlsRptRecord | RecordError:
    """Read a record. Total: any text gives a record with an address at least, or why it is none (RFC 8460 §3)."""
    if not is_tls_rpt(text):
        reason = f'"{visible(text, 40)}" does not begin with v={VERSION} and a semicolon'
        length = len(text.partition(";")[0])
        return RecordError(position=0, length=length, reason=reason, kind=Flaw.NOT_ONE, cites=_CITES)
    listed = read_tags(text)
    doubled = second(listed.tags)
    if doubled is not None:
        return doubled
    rua = next((tag for tag in listed.tags if tag.name == "rua"), None)
    if rua is None:
        reason = "the tag rua, which says where reports go, is absent"
        return RecordError(position=len(text), length=0, reason=reason, kind=Flaw.MISSING, cites=_CITES)
    uris, wrong = read_uris(rua.value, rua.value_position, "rua", _CITES)
    wrong += [_strange_scheme(uri) for uri in uris if uri.scheme not in SCHEMES or uri.size is not None]
    sound = tuple(uri for uri in uris if uri.scheme in SCHEMES and uri.size is None)
    if not sound:
        return wrong[0]
    unknown = tuple(tag for tag in listed.tags if tag.name not in ("v", "rua"))
    faults = sorted((*listed.faults, *wrong, *map(_undefined, unknown)), key=lambda fault: fault.position)
    return TlsRptRecord(rua=sound, text=text, unknown=unknown, faults=tuple(faults[:MAX_FAULTS]))


def _strange_scheme(uri: ReportUri) -> RecordError:
    words = "holds an exclamation mark, which is written %21" if uri.size is not None else "is neither mailto nor https"
    return RecordError(
        position=uri.position,
        length=len(uri.text),
        reason=f'"{visible(uri.text, 80)}" in rua {words}',
        kind=Flaw.BAD_URI,
        cites=_CITES,
    )


def _undefined(tag: Tag) -> RecordError:
    reason = f"the tag {visible(tag.name, 40)} is not defined, and is passed over"
    return RecordError(position=tag.position, length=tag.length, reason=reason, kind=Flaw.UNKNOWN, cites=_CITES)


def format_record(record: TlsRptRecord) -> str:
    """Return the text to publish for a record."""
    parts = [f"v={VERSION}", "rua=" + ",".join(uri.text for uri in record.rua)]
    return "; ".join([*parts, *(f"{tag.name}={tag.value}" for tag in record.unknown)])
