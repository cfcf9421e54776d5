"""DKIM keys: the TXT record at SELECTOR._domainkey.DOMAIN, read and written (RFC 6376 §3.6.1, RFC 8463, RFC 8301).

A record that verifiers cannot take a key from is an error; one whose key is revoked, weak or for testing is a key, and says
so. Whether mail is signed with it is seen in reports alone.
"""

import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date

from truehelo.facts.text import decode, visible
from truehelo.records.dkim.der import DerError, RsaKey, read_rsa
from truehelo.records.errors import MAX_FAULTS, Flaw, RecordError
from truehelo.records.tags import WHITE, Tag, TagList, bad_value, read_tags, second

VERSION = "DKIM1"
RSA, ED25519 = "rsa", "ed25519"
LEAST_BITS, WISE_BITS, MOST_BITS = 1024, 2048, 4096
"""Below the first a verifier does not trust a signature; signers should use the second, and all can read up to the third
(RFC 8301 §3.2)."""
ED25519_OCTETS = 32
_SPKI_OCTETS = 44
"""An Ed25519 key in its wrapping (RFC 8410 §4), which is not what a record holds."""

_CITES = ("RFC 6376 §3.6.1",)
_KNOWN = frozenset("v h k n p s t g".split())
_FLAGS = frozenset("ys")
_WORD = re.compile(r"[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])?|\*", re.ASCII)
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}", re.ASCII)
_SPACES = re.compile(r"[ \t\r\n]+")
_UNTIL = re.compile(
    r"\b(?:exp(?:ir(?:es|y|ation|ing))?|valid[ _-]*(?:to|until|thru|through)|not[ _-]*after|until)\b[^0-9]{0,12}"
    r"([0-9]{4})[-/.]?([0-9]{2})[-/.]?([0-9]{2})(?![0-9])",
    re.ASCII | re.IGNORECASE,
)


_MEANT = re.compile(r'(?:\A["\s]*v\s*=\s*DKIM1|(?:\A|;)["\s]*p\s*=)', re.ASCII | re.IGNORECASE)


def is_meant(text: str) -> bool:
    """Tell whether a text was plainly meant to be a key: it has its version, or the tag p (RFC 6376 §3.6.1)."""
    return _MEANT.search(text) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class DkimKey:
    """A public key in the DNS.

    `kind` is the tag k ("rsa" by default), in lower case. `octets` are the key as published, empty when `revoked`. `bits`
    is the size of an RSA modulus, 256 for Ed25519, and 0 where there is no key or its kind is not known. `hashes` are those
    that may be used, empty for all; `services` are whom the key is for ("*" for all). `testing` and `strict` are the flags
    y and s. `notes` is the tag n, for people, and `expires` a date in it that somebody called the end of the key: a habit,
    no standard. `granularity` is the tag g of RFC 4871 §3.6.1, None where it is absent. Two keys are equal when they say
    the same.
    """

    text: str = field(default="", compare=False)
    kind: str = RSA
    octets: bytes = b""
    bits: int = 0
    hashes: tuple[str, ...] = ()
    services: tuple[str, ...] = ("*",)
    flags: tuple[str, ...] = ()
    notes: str = ""
    granularity: str | None = None
    tags: tuple[Tag, ...] = field(default=(), compare=False)
    unknown: tuple[Tag, ...] = field(default=(), compare=False)
    faults: tuple[RecordError, ...] = field(default=(), compare=False)

    @property
    def revoked(self) -> bool:
        """The owner has taken the key back: p is empty (RFC 6376 §3.6.1)."""
        return not self.octets

    @property
    def testing(self) -> bool:
        """The flag y: verifiers are not to treat a failing signature otherwise than none (RFC 6376 §3.6.1)."""
        return "y" in self.flags

    @property
    def strict(self) -> bool:
        """The flag s: the user's domain in a signature must be the domain itself, none below it (RFC 6376 §3.6.1)."""
        return "s" in self.flags

    @property
    def known_kind(self) -> bool:
        """Verifiers know the kind of key (RFC 6376 §3.3, RFC 8463 §3)."""
        return self.kind in (RSA, ED25519)

    @property
    def for_mail(self) -> bool:
        """The key is meant for mail (RFC 6376 §3.6.1, the tag s)."""
        return "*" in self.services or "email" in self.services

    @property
    def verifies(self) -> bool:
        """A verifier that keeps to RFC 8301 §3 can accept a signature by this key."""
        if self.revoked or not self.for_mail or (self.hashes and "sha256" not in self.hashes):
            return False
        return self.kind == ED25519 or (self.kind == RSA and self.bits >= LEAST_BITS)

    @property
    def expires(self) -> date | None:
        """The date in the notes that is called the end of the key, where there is one."""
        found = _UNTIL.search(self.notes)
        if found is None:
            return None
        try:
            return date(int(found[1]), int(found[2]), int(found[3]))
        except ValueError:
            return None


def parse(text: str) -> DkimKey | RecordError:
    """Read a key record. Total: any text gives a key, or why verifiers take none from it (RFC 6376 §3.6.1, §6.1.2)."""
    listed = read_tags(text)
    wrong = second(listed.tags) or _version(listed, text)
    if wrong is not None:
        return wrong
    tags = {tag.name: tag for tag in listed.tags}
    if "p" not in tags:
        flaw = Flaw.MISSING if tags.keys() & _KNOWN else Flaw.NOT_ONE
        reason = "the tag p, which holds the key, is absent"
        return RecordError(position=len(text), length=0, reason=reason, kind=flaw, cites=_CITES)
    kind = tags["k"].value.lower() if "k" in tags and tags["k"].value else RSA
    octets = _octets(tags["p"])
    if isinstance(octets, RecordError):
        return octets
    rsa: RsaKey | None = None
    if octets and kind == RSA:
        try:
            rsa = read_rsa(octets)
        except DerError as error:
            return _no_key(tags["p"], f"the key {error}")
    if octets and kind == ED25519 and len(octets) != ED25519_OCTETS:
        return _no_key(tags["p"], _wrong_ed25519(octets))
    key = DkimKey(
        text=text,
        kind=kind,
        octets=octets,
        bits=rsa.bits if rsa else len(octets) * 8 if kind == ED25519 else 0,
        hashes=_words(tags.get("h")),
        services=_words(tags.get("s")) or ("*",),
        flags=_words(tags.get("t")),
        notes=_unquoted(tags["n"].value) if "n" in tags else "",
        granularity=tags["g"].value if "g" in tags else None,
        tags=listed.tags,
        unknown=tuple(tag for tag in listed.tags if tag.name not in _KNOWN),
    )
    faults = sorted((*listed.faults, *_faults(key, tags, rsa)), key=lambda fault: fault.position)
    return replace(key, faults=tuple(faults[:MAX_FAULTS]))


def _version(listed: TagList, text: str) -> RecordError | None:
    """The tag v is optional; where it stands it says DKIM1 (RFC 6376 §3.6.1)."""
    for tag in listed.tags:
        if tag.name == "v" and tag.value != VERSION:
            wrong = bad_value(tag, VERSION, _CITES, Flaw.NOT_ONE)
            return replace(wrong, reason=f"{wrong.reason}: verifiers pass the record over")
    if not listed.tags:
        reason = f'"{visible(text, 40)}" holds no tag'
        return RecordError(position=0, length=len(text), reason=reason, kind=Flaw.NOT_ONE, cites=_CITES)
    return None


def _octets(tag: Tag) -> bytes | RecordError:
    bare = _SPACES.sub("", tag.value)
    if not _BASE64.fullmatch(bare):
        return bad_value(tag, "a key in base64", _CITES)
    # Padding is often lost where a key is pasted; most verifiers read it all the same.
    try:
        return binascii.a2b_base64(bare.rstrip("=") + "=" * (-len(bare.rstrip("=")) % 4))
    except binascii.Error:
        return _no_key(tag, "the key is cut short: its base64 has a length that none can have")


def _no_key(tag: Tag, reason: str) -> RecordError:
    return RecordError(position=tag.value_position, length=len(tag.value), reason=reason, kind=Flaw.BAD_VALUE, cites=_CITES)


def _wrong_ed25519(octets: bytes) -> str:
    if len(octets) == _SPKI_OCTETS:
        return f"the Ed25519 key stands in a wrapping of ASN.1; the record holds its last {ED25519_OCTETS} octets alone"
    return f"the Ed25519 key has {len(octets)} octets, and {ED25519_OCTETS} are needed"


def _words(tag: Tag | None) -> tuple[str, ...]:
    """Words with colons between them (RFC 6376 §3.6.1)."""
    if tag is None or not tag.value:
        return ()
    return tuple(dict.fromkeys(word.strip(WHITE).lower() for word in tag.value.split(":")))


def _unquoted(notes: str) -> str:
    """Undo the quoted-printable of notes (RFC 6376 §2.11), as far as it can be undone."""
    return re.sub(r"(?:=[0-9A-F]{2})+", lambda found: decode(bytes.fromhex(found[0].replace("=", ""))), notes)


def _faults(key: DkimKey, tags: dict[str, Tag], rsa: RsaKey | None) -> Iterable[RecordError]:
    for tag in key.unknown:
        yield _fault(tag, f"the tag {visible(tag.name, 40)} is not defined, and is passed over", Flaw.UNKNOWN)
    if not key.known_kind:
        reason = f'the kind of key "{visible(key.kind, 40)}" is not known to verifiers, which pass the record over'
        yield _fault(tags["k"], reason, Flaw.BAD_VALUE)
    if key.hashes and "sha256" not in key.hashes:
        reason = "the tag h leaves out sha256, without which no signature counts"
        yield _fault(tags["h"], reason, Flaw.WEAK, "RFC 8301 §3.1")
    if not key.for_mail:
        yield _fault(tags["s"], "the tag s leaves out email, so that the key is not for mail", Flaw.BAD_VALUE)
    if "v" in tags and key.tags[0].name != "v":
        yield _fault(tags["v"], "the tag v does not come first, so that verifiers may pass the record over", Flaw.ORDER)
    yield from _word_faults(key, tags)
    if key.granularity is not None:
        reason = "the tag g is of an earlier edition, and gone"
        if not key.granularity:
            reason += "; an empty one matched no address at all"
        yield _fault(tags["g"], reason, Flaw.OBSOLETE, "RFC 6376 §C.1", "RFC 4871 §3.6.1")
    if rsa is not None:
        yield from _size_faults(rsa, tags["p"])


def _word_faults(key: DkimKey, tags: dict[str, Tag]) -> Iterable[RecordError]:
    for word in key.flags:
        if word not in _FLAGS:
            yield _fault(tags["t"], f'the flag "{visible(word, 40)}" is not defined, and is passed over', Flaw.UNKNOWN)
    for name, words in (("h", key.hashes), ("s", key.services), ("t", key.flags)):
        if name in tags and not all(map(_WORD.fullmatch, words)):
            yield bad_value(tags[name], "words with colons between", _CITES)


def _fault(tag: Tag, reason: str, kind: Flaw, *cites: str) -> RecordError:
    return RecordError(position=tag.position, length=tag.length, reason=reason, kind=kind, cites=cites or _CITES)


def _size_faults(rsa: RsaKey, tag: Tag) -> Iterable[RecordError]:
    cite = "RFC 8301 §3.2"
    if rsa.bits < LEAST_BITS:
        yield _fault(tag, f"an RSA key of {rsa.bits} bits is too short: verifiers do not trust it", Flaw.WEAK, cite)
    elif rsa.bits < WISE_BITS:
        yield _fault(tag, f"an RSA key of {rsa.bits} bits counts; {WISE_BITS} are advised", Flaw.WEAK, cite)
    elif rsa.bits > MOST_BITS:
        yield _fault(tag, f"an RSA key of {rsa.bits} bits is longer than all verifiers can read", Flaw.WEAK, cite)
    if rsa.bare:
        yield _fault(tag, "the key stands without the wrapping that most verifiers expect", Flaw.SYNTAX)


def format_key(key: DkimKey) -> str:
    """Return the text to publish for a key: what is not the default, and the key at the end."""
    parts = [f"v={VERSION}", f"k={key.kind}"]
    # A list of one empty word is written as a colon: without it the tag would be empty, and mean its default.
    parts += [f"h={':'.join(key.hashes) or ':'}"] if key.hashes else []
    parts += [f"s={':'.join(key.services) or ':'}"] if key.services != ("*",) else []
    parts += [f"t={':'.join(key.flags) or ':'}"] if key.flags else []
    parts += [f"n={_quoted(key.notes)}"] if key.notes else []
    parts += [f"g={key.granularity}"] if key.granularity is not None else []
    parts += [f"{tag.name}={tag.value}" for tag in key.unknown]
    return "; ".join([*parts, f"p={binascii.b2a_base64(key.octets, newline=False).decode('ascii')}"])


def _quoted(notes: str) -> str:
    """Notes in the quoted-printable of DKIM: nothing but what may stand in a value (RFC 6376 §2.11)."""
    return re.sub(r"[^!-:<>-~]", lambda found: "".join(f"={octet:02X}" for octet in found[0].encode()), notes)
