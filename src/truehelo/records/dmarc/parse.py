"""DMARC records: text to meaning, and back (RFC 9989 §4.7, §4.8; RFC 7489 §6.3 and §6.4 where older receivers differ).

The first tag decides whether a text is a DMARC record at all. Behind it nothing is fatal but a tag that comes twice: what
is not valid falls back to its default, and is named. Which record applies to a name is for `discover` and `effective`.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from truehelo.facts.text import visible
from truehelo.records.dmarc.model import Disposition, DmarcRecord, DmarcUri, Standing
from truehelo.records.errors import MAX_FAULTS, Flaw, RecordError
from truehelo.records.tags import WHITE, Tag, bad_value, read_tags, second
from truehelo.records.uri import read_uris

VERSION = "DMARC1"
_VERSION = re.compile(r"[vV][ \t]*=[ \t]*DMARC1[ \t]*(?:;|\Z)", re.ASCII)
_MEANT = re.compile(r'["\s]*v[ \t]*=[ \t]*dmarc', re.ASCII | re.IGNORECASE)
_FORMAT = ("RFC 9989 §4.7",)
_REMOVED = {
    "pct": "how many messages it is applied to",
    "rf": "the format of failure reports",
    "ri": "the interval of reports",
}
_KNOWN = frozenset("v p sp np adkim aspf rua ruf fo psd t pct rf ri".split())
_NUMBER = re.compile(r"[0-9]{1,10}", re.ASCII)
MAX_INTERVAL = 2**32 - 1
"""The greatest ri, in seconds (RFC 7489 §6.3)."""


def is_dmarc(text: str) -> bool:
    """Tell whether a TXT record begins with the tag that makes a DMARC record of it (RFC 9989 §4.7, §4.10)."""
    return _VERSION.match(text) is not None


def is_meant(text: str) -> bool:
    """Tell whether a text is no DMARC record, and was plainly meant to be one (another case, a space or a quote before)."""
    return not is_dmarc(text) and _MEANT.match(text) is not None


def parse(text: str) -> DmarcRecord | RecordError:
    """Read a DMARC record. Total: any text gives a record, or why it is none (RFC 9989 §4.7, §4.8)."""
    if not is_dmarc(text):
        return _no_version(text)
    listed = read_tags(text)
    tags = listed.tags
    doubled = second(tags)
    if doubled is not None:
        return doubled
    reading = _Reading(tags={tag.name.lower(): tag for tag in reversed(tags)})
    reading.faults.extend(listed.faults)
    return reading.read(text, tags)


def _no_version(text: str) -> RecordError:
    reason = f'"{visible(text, 40)}" does not begin with v={VERSION} and a semicolon or the end'
    if is_meant(text):
        first = text.partition(";")[0]
        if first.strip(WHITE).partition("=")[2].strip(WHITE).upper() == VERSION:
            reason += ", in capitals and with nothing before it"
        elif "=" in first.partition("=")[2]:
            reason += ": a semicolon is missing"
    length = len(text.partition(";")[0])
    return RecordError(position=0, length=length, reason=reason, kind=Flaw.NOT_ONE, cites=_FORMAT)


@dataclass(slots=True, kw_only=True)
class _Reading:
    """The tags of one record by their name, and what was found wrong so far."""

    tags: dict[str, Tag]
    faults: list[RecordError] = field(default_factory=list)

    def read(self, text: str, tags: tuple[Tag, ...]) -> DmarcRecord:
        unknown = tuple(tag for tag in tags if tag.name.lower() not in _KNOWN)
        rua, ruf = self._uris("rua"), self._uris("ruf")
        p, sp, np = self._disposition("p"), self._disposition("sp"), self._disposition("np")
        record = DmarcRecord(
            text=text,
            p=p,
            sp=sp,
            np=np,
            adkim=self._word("adkim", ("r", "s"), "r"),
            aspf=self._word("aspf", ("r", "s"), "r"),
            rua=rua,
            ruf=ruf,
            fo=self._options(),
            psd=self._word("psd", ("y", "n", "u"), "u"),
            testing=self._word("t", ("y", "n"), "n") == "y",
            pct=self._number("pct", 100),
            rf=tuple(word.strip(WHITE).lower() for word in self._value("rf").split(":")) if "rf" in self.tags else (),
            ri=self._number("ri", MAX_INTERVAL),
            standing=self._standing(rua, ("p", p), ("sp", sp), ("np", np), needs_p=False),
            standing_7489=self._standing(rua, ("p", p), ("sp", sp), needs_p=True),
            tags=tags,
            unknown=unknown,
        )
        self._remarks(tags, unknown)
        return replace(record, faults=tuple(sorted(self.faults, key=lambda fault: fault.position)[:MAX_FAULTS]))

    def _standing(self, rua: tuple[DmarcUri, ...], *policies: tuple[str, Disposition | None], needs_p: bool) -> Standing:
        """What the policy tags are worth: an absent p is p=none (RFC 9989 §4.7), and was an error (RFC 7489 §6.6.3)."""
        broken = any(word is None and name in self.tags for name, word in policies)
        if not broken and not (needs_p and "p" not in self.tags):
            return Standing.SOUND
        return Standing.AS_NONE if rua else Standing.IGNORED

    # Values

    def _value(self, name: str) -> str:
        return self.tags[name].value if name in self.tags else ""

    def _disposition(self, name: str) -> Disposition | None:
        if name not in self.tags:
            return None
        try:
            return Disposition(self._value(name).lower())
        except ValueError:
            cites = ("RFC 9989 §4.7", "RFC 9989 §4.10.1")
            self.faults.append(bad_value(self.tags[name], "none, quarantine or reject", cites))
            return None

    def _word(self, name: str, words: tuple[str, ...], default: str) -> str:
        if name not in self.tags:
            return default
        value = self._value(name).lower()
        if value in words:
            return value
        wanted = f"{', '.join(words[:-1])} or {words[-1]}; {default} counts instead"
        self.faults.append(bad_value(self.tags[name], wanted, ("RFC 9989 §4.7", "RFC 9989 §4.8")))
        return default

    def _number(self, name: str, most: int) -> int | None:
        value = self._value(name)
        if name not in self.tags:
            return None
        if _NUMBER.fullmatch(value) and int(value) <= most:
            return int(value)
        self.faults.append(bad_value(self.tags[name], f"a number from 0 to {most}", ("RFC 7489 §6.3",)))
        return None

    def _options(self) -> tuple[str, ...]:
        if "fo" not in self.tags:
            return ("0",)
        words = tuple(word.strip(WHITE).lower() for word in self._value("fo").split(":"))
        if set(words) <= set("01ds") and len(set(words)) == len(words) and not {"0", "1"} <= set(words):
            return words
        wanted = "0 or 1, and d and s, with colons between; 0 counts instead"
        self.faults.append(bad_value(self.tags["fo"], wanted, ("RFC 9989 §4.7", "RFC 9989 §4.8")))
        return ("0",)

    def _uris(self, name: str) -> tuple[DmarcUri, ...]:
        if name not in self.tags:
            return ()
        cites = ("RFC 9989 §4.8", "RFC 3986 §2.1")
        uris, faults = read_uris(self._value(name), self.tags[name].value_position, name, cites)
        self.faults.extend(faults)
        self.faults.extend(_obsolete_size(uri) for uri in uris if uri.size is not None)
        return tuple(uris)

    # What is not wrong, and will be read in another way by somebody

    def _remarks(self, tags: tuple[Tag, ...], unknown: Iterable[Tag]) -> None:
        for tag in unknown:
            self._remark(tag, Flaw.UNKNOWN, f"the tag {visible(tag.name, 40)} is not defined, and is passed over", *_FORMAT)
        for name, what in _REMOVED.items():
            if name in self.tags:
                words = f"the tag {name} ({what}) is gone from DMARC; older receivers still follow it"
                self._remark(self.tags[name], Flaw.OBSOLETE, words, "RFC 9989 §9.3", "RFC 7489 §6.3")
        for tag in tags:
            if tag.name != tag.name.lower() and tag.name.lower() in _KNOWN:
                words = f"the tag {tag.name} is written in capitals, which some receivers do not know"
                self._remark(tag, Flaw.CASE, words, "RFC 6376 §3.2")
        if "fo" in self.tags and "ruf" not in self.tags:
            self._remark(self.tags["fo"], Flaw.USELESS, "the tag fo says nothing where ruf is absent", *_FORMAT)
        self._place_of_p(tags)

    def _place_of_p(self, tags: tuple[Tag, ...]) -> None:
        p = self.tags.get("p")
        if p is None:
            words = "the tag p is absent: it counts as none, and older receivers apply no policy at all"
            end = RecordError(
                position=tags[0].position + tags[0].length,
                length=0,
                reason=words,
                kind=Flaw.MISSING,
                cites=("RFC 9989 §4.7", "RFC 7489 §6.3"),
            )
            self.faults.append(end)
        elif len(tags) > 1 and tags[1] is not p:
            words = "the tag p does not come right behind v, where older receivers expect it"
            self._remark(p, Flaw.ORDER, words, "RFC 7489 §6.4")

    def _remark(self, tag: Tag, kind: Flaw, words: str, *cites: str) -> None:
        self.faults.append(
            RecordError(position=tag.position, length=tag.length, reason=words, kind=kind, cites=tuple(cites))
        )


def _obsolete_size(uri: DmarcUri) -> RecordError:
    at = uri.text.rindex("!")
    reason = f'the limit of size "{uri.text[at:]}" is obsolete, and reporters ignore it'
    return RecordError(
        position=uri.position + at,
        length=len(uri.text) - at,
        reason=reason,
        kind=Flaw.OBSOLETE,
        cites=("RFC 9989 §4.8", "RFC 7489 §6.2"),
    )


# From meaning to text

_DEFAULTS: tuple[tuple[str, Callable[[DmarcRecord], str]], ...] = (
    ("p", lambda record: record.p or ""),
    ("sp", lambda record: record.sp or ""),
    ("np", lambda record: record.np or ""),
    ("adkim", lambda record: "" if record.adkim == "r" else record.adkim),
    ("aspf", lambda record: "" if record.aspf == "r" else record.aspf),
    ("rua", lambda record: ",".join(uri.text for uri in record.rua)),
    ("ruf", lambda record: ",".join(uri.text for uri in record.ruf)),
    ("fo", lambda record: "" if record.fo == ("0",) else ":".join(record.fo)),
    ("psd", lambda record: "" if record.psd == "u" else record.psd),
    ("t", lambda record: "y" if record.testing else ""),
    ("pct", lambda record: "" if record.pct is None else str(record.pct)),
    ("rf", lambda record: ":".join(record.rf)),
    ("ri", lambda record: "" if record.ri is None else str(record.ri)),
)


def format_record(record: DmarcRecord) -> str:
    """Return the text to publish for a record: what is not the default, p right behind v, unknown tags at the end."""
    parts = [f"v={VERSION}"]
    parts += [f"{name}={value}" for name, told in _DEFAULTS if (value := told(record))]
    parts += [f"{tag.name}={tag.value}" for tag in record.unknown]
    return "; ".join(parts)
