"""BIMI: where the mark of a brand lies, the TXT record at SELECTOR._bimi.DOMAIN.

An Internet-Draft that some mailbox providers follow (draft-brand-indicators-for-message-identification §4.2). Whether the
picture and the certificate behind it are good, and whether DMARC is strict enough for it, is not decided here.
"""

import re
from dataclasses import dataclass, field

from truehelo.facts.names import is_fqdn
from truehelo.facts.text import visible
from truehelo.records.errors import MAX_FAULTS, Flaw, RecordError
from truehelo.records.tags import Tag, bad_value, read_tags, second

VERSION = "BIMI1"
DEFAULT_SELECTOR = "default"
PICTURES = (".svg", ".svgz")
"""How the path of a mark ends: no other format is defined."""
_CITES = ("draft-brand-indicators-for-message-identification §4.2",)
_BEGINS = re.compile(r"v[ \t]*=[ \t]*BIMI1[ \t]*(?:;|\Z)", re.ASCII)
_HTTPS = re.compile(r"https://([A-Za-z0-9.-]+)(?::[0-9]{1,5})?(/[!-+./-~-]*)?", re.ASCII | re.IGNORECASE)
_KNOWN = frozenset({"v", "l", "a", "avp", "lps"})
AVATARS = ("brand", "personal")


@dataclass(frozen=True, slots=True, kw_only=True)
class BimiRecord:
    """Where the mark lies (`location`, the tag l) and the evidence that the domain may use it (`evidence`, the tag a).

    Both are https URIs, or "". `avatar` is the tag avp: which picture the owner prefers, "" where it is absent.
    `selectors` is the tag lps: prefixes of local parts that choose a selector.
    """

    location: str = ""
    evidence: str = ""
    avatar: str = ""
    selectors: str = ""
    text: str = field(default="", compare=False)
    unknown: tuple[Tag, ...] = field(default=(), compare=False)
    faults: tuple[RecordError, ...] = field(default=(), compare=False)

    @property
    def declines(self) -> bool:
        """The owner wants no mark shown."""
        return not self.location and not self.evidence


def name(domain: str, selector: str = DEFAULT_SELECTOR) -> str:
    """Return the name at which the record stands."""
    return f"{selector}._bimi.{domain}"


def is_bimi(text: str) -> bool:
    """Tell whether a TXT record is meant for this."""
    return _BEGINS.match(text) is not None


def parse(text: str) -> BimiRecord | RecordError:
    """Read a record. Total: any text gives a record, or why receivers see none: they mend nothing."""
    if not is_bimi(text):
        reason = f'"{visible(text, 40)}" does not begin with v={VERSION} and a semicolon'
        length = len(text.partition(";")[0])
        return RecordError(position=0, length=length, reason=reason, kind=Flaw.NOT_ONE, cites=_CITES)
    listed = read_tags(text)
    doubled = second(listed.tags)
    if doubled is not None:
        return doubled
    tags = {tag.name: tag for tag in listed.tags}
    if "l" not in tags:
        reason = "the tag l, which says where the mark lies, is absent"
        return RecordError(position=len(text), length=0, reason=reason, kind=Flaw.MISSING, cites=_CITES)
    for each in ("l", "a"):
        wrong = _uri_fault(tags[each]) if each in tags else None
        if wrong is not None:
            return wrong
    unknown = tuple(tag for tag in listed.tags if tag.name not in _KNOWN)
    faults = [*listed.faults, *map(_undefined, unknown), *_remarks(tags)]
    faults.sort(key=lambda fault: fault.position)
    avatar = tags["avp"].value.lower() if "avp" in tags else ""
    return BimiRecord(
        location=tags["l"].value,
        evidence=tags["a"].value if "a" in tags else "",
        avatar=avatar if avatar in AVATARS else "",
        selectors=tags["lps"].value if "lps" in tags else "",
        text=text,
        unknown=unknown,
        faults=tuple(faults[:MAX_FAULTS]),
    )


def _uri_fault(tag: Tag) -> RecordError | None:
    if not tag.value:
        return None
    found = _HTTPS.fullmatch(tag.value)
    if found is None or not is_fqdn(found[1]):
        return bad_value(tag, "an https URI with a full host name", _CITES, Flaw.BAD_URI)
    path = (found[2] or "").partition("?")[0].lower()
    if tag.name == "l" and not path.endswith(PICTURES):
        return bad_value(tag, "the URI of an SVG", _CITES, Flaw.BAD_URI)
    return None


def _remarks(tags: dict[str, Tag]) -> list[RecordError]:
    faults: list[RecordError] = []
    if "avp" in tags and tags["avp"].value.lower() not in AVATARS:
        faults.append(bad_value(tags["avp"], " or ".join(AVATARS), _CITES))
    if not tags["l"].value and "a" in tags and tags["a"].value:
        reason = "there is evidence, and no mark"
        faults.append(
            RecordError(
                position=tags["l"].position, length=tags["l"].length, reason=reason, kind=Flaw.USELESS, cites=_CITES
            )
        )
    return faults


def _undefined(tag: Tag) -> RecordError:
    reason = f"the tag {visible(tag.name, 40)} is not defined, and is passed over"
    return RecordError(position=tag.position, length=tag.length, reason=reason, kind=Flaw.UNKNOWN, cites=_CITES)


def format_record(record: BimiRecord) -> str:
    """Return the text to publish for a record."""
    parts = [f"v={VERSION}", f"l={record.location}", f"a={record.evidence}"]
    parts += [f"avp={record.avatar}"] if record.avatar else []
    parts += [f"lps={record.selectors}"] if record.selectors else []
    return "; ".join([*parts, *(f"{tag.name}={tag.value}" for tag in record.unknown)]) + ";"
