"""DKIM keys in the DNS: what they are, what is weak, what is none (RFC 6376 §3.6.1, RFC 8301 §3, RFC 8463 §4)."""

import base64
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import lru_cache

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from truehelo.facts.dns import Record
from truehelo.records.dkim import ED25519, RSA, DkimKey, format_key, key_name, parse
from truehelo.records.dkim.der import DerError, read_rsa
from truehelo.records.errors import Flaw, RecordError
from truehelo.records.txt import quoted, txt_text


def der(value: int, kind: int = 0x02) -> bytes:
    """An INTEGER as a library writes it."""
    octets = value.to_bytes(value.bit_length() // 8 + 1, "big")
    return element(kind, octets)


def element(kind: int, content: bytes) -> bytes:
    size = len(content)
    head = bytes([size]) if size < 128 else bytes([0x82]) + size.to_bytes(2, "big")
    return bytes([kind]) + head + content


def bare(bits: int, exponent: int = 65537) -> bytes:
    """An RSAPublicKey whose modulus has so many bits; nobody could sign with it."""
    return element(0x30, der((1 << (bits - 1)) | 1) + der(exponent))


def wrapped(bits: int, oid: str = "2a864886f70d010101") -> bytes:
    """The same as a SubjectPublicKeyInfo."""
    algorithm = element(0x30, element(0x06, bytes.fromhex(oid)) + b"\x05\x00")
    return element(0x30, algorithm + element(0x03, b"\0" + bare(bits)))


def b64(octets: bytes) -> str:
    return base64.b64encode(octets).decode("ascii")


P2048, P1024 = b64(wrapped(2048)), b64(wrapped(1024))
E32 = b64(bytes(range(32)))


def read(text: str) -> DkimKey:
    key = parse(text)
    assert isinstance(key, DkimKey), key
    return key


KEYS = [
    ("an RSA key", f"v=DKIM1; k=rsa; p={P2048}", (RSA, 2048, True), []),
    ("RSA is the default", f"v=DKIM1; p={P2048}", (RSA, 2048, True), []),
    ("the version can be left out", f"p={P2048}", (RSA, 2048, True), []),
    ("an Ed25519 key", f"v=DKIM1; k=ed25519; p={E32}", (ED25519, 256, True), []),
    ("the kind knows no case", f"v=DKIM1; k=RSA; p={P2048}", (RSA, 2048, True), []),
    ("white space in the key", f"v=DKIM1; p={P2048[:40]} {P2048[40:90]}\t\r\n {P2048[90:]}", (RSA, 2048, True), []),
    ("padding that was lost", f"v=DKIM1; k=ed25519; p={E32.rstrip('=')}", (ED25519, 256, True), []),
    ("a revoked key", "v=DKIM1; p=", (RSA, 0, False), []),
    ("a key of 1024 bits counts, and is short", f"p={P1024}", (RSA, 1024, True), [Flaw.WEAK]),
    ("a key of 1023 bits does not count", f"p={b64(wrapped(1023))}", (RSA, 1023, False), [Flaw.WEAK]),
    ("a key of 512 bits does not count", f"p={b64(wrapped(512))}", (RSA, 512, False), [Flaw.WEAK]),
    ("a key of 4096 bits counts", f"p={b64(wrapped(4096))}", (RSA, 4096, True), []),
    ("a key of 8192 bits is more than all can read", f"p={b64(wrapped(8192))}", (RSA, 8192, True), [Flaw.WEAK]),
    ("a key without its wrapping", f"p={b64(bare(2048))}", (RSA, 2048, True), [Flaw.SYNTAX]),
    ("a kind that nobody knows", f"v=DKIM1; k=dsa; p={E32}", ("dsa", 0, False), [Flaw.BAD_VALUE]),
    ("sha1 alone", f"v=DKIM1; h=sha1; p={P2048}", (RSA, 2048, False), [Flaw.WEAK]),
    ("sha1 and sha256", f"v=DKIM1; h=sha1:sha256; p={P2048}", (RSA, 2048, True), []),
    ("a key that is not for mail", f"v=DKIM1; s=tlsrpt; p={P2048}", (RSA, 2048, False), [Flaw.BAD_VALUE]),
    ("a key that is for mail", f"v=DKIM1; s=email:tlsrpt; p={P2048}", (RSA, 2048, True), []),
    ("a key that is for everything", f"v=DKIM1; s=*; p={P2048}", (RSA, 2048, True), []),
    ("flags that are known", f"v=DKIM1; t=y:s; p={P2048}", (RSA, 2048, True), []),
    ("a flag that is not", f"v=DKIM1; t=y:x; p={P2048}", (RSA, 2048, True), [Flaw.UNKNOWN]),
    ("a tag that is not", f"v=DKIM1; x=1; p={P2048}", (RSA, 2048, True), [Flaw.UNKNOWN]),
    ("a tag of an earlier edition", f"v=DKIM1; g=*; p={P2048}", (RSA, 2048, True), [Flaw.OBSOLETE]),
    ("the version behind the key", f"p={P2048}; v=DKIM1", (RSA, 2048, True), [Flaw.ORDER]),
    ("commas where colons belong", f"v=DKIM1; t=y,s; p={P2048}", (RSA, 2048, True), [Flaw.UNKNOWN, Flaw.BAD_VALUE]),
]


@pytest.mark.parametrize(("why", "text", "is_", "flaws"), KEYS, ids=[row[0] for row in KEYS])
def test_keys(why: str, text: str, is_: tuple[str, int, bool], flaws: list[Flaw]) -> None:
    key = read(text)
    assert (key.kind, key.bits, key.verifies) == is_
    assert [fault.kind for fault in key.faults] == flaws
    for fault in key.faults:
        assert fault.reason.isprintable()
        assert 0 <= fault.position <= fault.position + fault.length <= len(text)


NONE = [
    ("nothing", "", Flaw.NOT_ONE, ""),
    ("another record", "v=spf1 -all", Flaw.NOT_ONE, "spf1 -all"),
    ("another version", f"v=DKIM2; p={P2048}", Flaw.NOT_ONE, "DKIM2"),
    ("the version in lower case", f"v=dkim1; p={P2048}", Flaw.NOT_ONE, "dkim1"),
    ("text", "hello world", Flaw.NOT_ONE, "hello world"),
    ("a key tag that is absent", "v=DKIM1; k=rsa", Flaw.MISSING, ""),
    ("a tag twice", f"p={P2048}; p={P2048}", Flaw.DUPLICATE, f"p={P2048}"),
    ("a key that is no base64", "v=DKIM1; p=@@@@", Flaw.BAD_VALUE, "@@@@"),
    ("quotes in the key", f'v=DKIM1; p={P2048[:20]}" "{P2048[20:]}', Flaw.BAD_VALUE, f'{P2048[:20]}" "{P2048[20:]}'),
    ("a key that is cut short", f"v=DKIM1; p={P2048[:100]}", Flaw.BAD_VALUE, P2048[:100]),
    ("a key that is one character short", "v=DKIM1; p=MIIBI", Flaw.BAD_VALUE, "MIIBI"),
    ("something behind the key", "v=DKIM1; p=" + b64(wrapped(2048) + b"x"), Flaw.BAD_VALUE, b64(wrapped(2048) + b"x")),
    ("an Ed25519 key of the wrong size", f"v=DKIM1; k=ed25519; p={b64(bytes(31))}", Flaw.BAD_VALUE, b64(bytes(31))),
    ("an Ed25519 key in a wrapping", f"v=DKIM1; k=ed25519; p={b64(bytes(44))}", Flaw.BAD_VALUE, b64(bytes(44))),
    ("an Ed25519 key that says RSA", f"v=DKIM1; k=rsa; p={E32}", Flaw.BAD_VALUE, E32),
    ("a certificate's key of another algorithm", f"p={b64(wrapped(2048, '2a8648ce3d0201'))}", Flaw.BAD_VALUE, ""),
]


@pytest.mark.parametrize(("why", "text", "flaw", "place"), NONE, ids=[row[0] for row in NONE])
def test_texts_that_hold_no_key(why: str, text: str, flaw: Flaw, place: str) -> None:
    error = parse(text)
    assert isinstance(error, RecordError)
    assert error.kind is flaw
    assert text[error.position :][: error.length].startswith(place)
    assert error.cites


def test_what_a_key_says_of_itself() -> None:
    key = read(f"v=DKIM1; k=rsa; t=y:s; n=expires=20on=202027-03-31; p={P2048}")
    assert (key.testing, key.strict, key.revoked, key.for_mail, key.known_kind) == (True, True, False, True, True)
    assert (key.notes, key.expires) == ("expires on 2027-03-31", date(2027, 3, 31))
    assert read("v=DKIM1; p=").revoked
    assert key_name("s1", "example.com") == "s1._domainkey.example.com"


NOTES = [
    ("expires 2027-01-31", date(2027, 1, 31)),
    ("valid until 20270131", date(2027, 1, 31)),
    ("Expiry: 2027/01/31", date(2027, 1, 31)),
    ("not-after=3D2027-01-31T00:00:00Z", date(2027, 1, 31)),
    ("rotated 2025-01-31, exp 2027-01-31", date(2027, 1, 31)),
    ("created 2027-01-31", None),
    ("expires 2027-13-31", None),
    ("expires 2027-01-311", None),
    ("see https://example.com/2027", None),
    ("", None),
]


@pytest.mark.parametrize(("notes", "expected"), NOTES, ids=[row[0] or "nothing" for row in NOTES])
def test_a_date_in_the_notes_counts_only_where_it_is_called_an_end(notes: str, expected: date | None) -> None:
    assert read(f"v=DKIM1; n={notes}; p={P2048}").expires == expected


@lru_cache
def real(bits: int) -> rsa.RSAPublicKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits).public_key()


@pytest.mark.parametrize("bits", [1024, 2048])
@pytest.mark.parametrize("form", [PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1])
def test_keys_that_a_library_wrote_are_read(bits: int, form: PublicFormat) -> None:
    key = read_rsa(real(bits).public_bytes(Encoding.DER, form))
    assert (key.bits, key.exponent, key.bare) == (bits, 65537, form is PublicFormat.PKCS1)


def test_an_ed25519_key_that_a_library_wrote_is_read_raw_and_told_in_its_wrapping() -> None:
    public = ed25519.Ed25519PrivateKey.generate().public_key()
    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    assert read(f"v=DKIM1; k=ed25519; p={b64(raw)}").octets == raw
    spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert "last 32 octets" in str(parse(f"v=DKIM1; k=ed25519; p={b64(spki)}"))
    assert "Ed25519" in str(parse(f"v=DKIM1; k=rsa; p={b64(spki)}"))


def damaged(octets: bytes) -> Iterator[bytes]:
    for at in range(len(octets)):
        yield octets[:at]
        for change in (0x00, 0x80, 0xFF):
            yield octets[:at] + bytes([change]) + octets[at + 1 :]


def test_a_damaged_key_is_read_or_refused_and_nothing_else() -> None:
    refused: list[str] = []
    for octets in damaged(wrapped(1024)):
        try:
            read_rsa(octets)
        except DerError as error:
            refused.append(str(error))
    assert len(refused) > 200
    assert all(refused)


@given(st.binary(max_size=80) | st.binary(max_size=40).map(lambda tail: b"\x30" + tail))
def test_any_octets_are_a_key_or_refused(octets: bytes) -> None:
    try:
        key = read_rsa(octets)
    except DerError:
        return
    assert key.bits > 0


PIECES = st.sampled_from(
    f"v=DKIM1|v=DKIM2|k=rsa|k=ed25519|k=|p=|p={P1024}|p={E32}|p=a|p=\u00fc|h=sha1|h=:|t=y|t=y::s|s=*|s=x y|n=a=20b|"
    "n==FF|g=|x=1|p|=|".split("|")
)


@given(st.lists(PIECES, max_size=8).map(";".join) | st.text(max_size=60).map("v=DKIM1;p=".__add__))
def test_any_text_is_read_and_every_fault_has_its_place(text: str) -> None:
    key = parse(text)
    for error in (key,) if isinstance(key, RecordError) else key.faults:
        assert 0 <= error.position <= error.position + error.length <= len(text)
        assert str(error).isprintable()
    if isinstance(key, DkimKey):
        assert read(format_key(key)) == key


@pytest.mark.parametrize("text", ["p=;h=:", "p=;s=:", "p=;t=:", "p=;h=::sha256", "p=;h="])
def test_lists_with_empty_words_are_read_again_as_they_were(text: str) -> None:
    assert read(format_key(read(text))) == read(text)


WORDS = st.lists(st.sampled_from(["sha1", "sha256", "x-new"]), max_size=3, unique=True).map(tuple)
MADE = st.builds(
    DkimKey,
    hashes=WORDS,
    services=st.sampled_from([("*",), ("email",), ("email", "other")]),
    flags=st.sampled_from([(), ("y",), ("y", "s")]),
    notes=st.text(max_size=30).map(lambda text: text.encode("utf-8", "ignore").decode()),
    granularity=st.sampled_from([None, "*", "ops"]),
)
MATERIAL = st.sampled_from(
    [(RSA, wrapped(2048), 2048), (RSA, b"", 0), (ED25519, bytes(range(32)), 256), ("x-later", b"abc", 0)]
)


@given(MADE, MATERIAL)
def test_what_is_written_is_read(made: DkimKey, material: tuple[str, bytes, int]) -> None:
    key = replace(made, kind=material[0], octets=material[1], bits=material[2])
    assert read(format_key(key)) == key


def test_a_key_in_several_strings_is_one_text() -> None:
    text = f"v=DKIM1; k=rsa; p={b64(wrapped(4096))}"
    shown = quoted(text)
    assert shown.count('" "') == 2
    assert read(txt_text(Record(owner="s._domainkey.example.com", ttl=300, rdtype="TXT", data=shown))).bits == 4096
