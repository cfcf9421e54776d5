"""What is read off a TLS session: each part of a stranger's certificate by itself, and nothing raises."""

import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtensionOID, NameOID

from truehelo.facts.tls import TlsSession
from truehelo.probes.smtp.tls import MAX_NAMES, reading_context, tls_facts

NAME = "mail.business.example"
BEGAN, ENDS = datetime(2026, 1, 1, tzinfo=UTC), datetime(2036, 1, 1, tzinfo=UTC)
KEY = ec.generate_private_key(ec.SECP256R1())
DNS_NAME = bytes((0x82, len(NAME))) + NAME.encode()
EDI_PARTY_NAME = b"\xa5\x07\xa1\x05\x0c\x03abc"
X400_ADDRESS = b"\xa3\x02\x30\x00"


def der(alternative: bytes | None = DNS_NAME, *, name: str = NAME) -> bytes:
    """A certificate signed by itself, with these general names in it (None: without the extension)."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = x509.CertificateBuilder(subject, subject, KEY.public_key(), 1, BEGAN, ENDS)
    if alternative is not None:
        # A sequence of up to 65,535 octets.
        value = b"\x30\x82" + len(alternative).to_bytes(2, "big") + alternative
        if len(alternative) < 128:
            value = bytes((0x30, len(alternative))) + alternative
        made = made.add_extension(x509.UnrecognizedExtension(ExtensionOID.SUBJECT_ALTERNATIVE_NAME, value), critical=False)
    return made.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def session(certificate: bytes, folder: Path) -> TlsSession:
    """The facts of a session with a server that shows this certificate; the two talk in memory."""
    both = folder / "both.pem"
    private = KEY.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    both.write_bytes(ssl.DER_cert_to_PEM_cert(certificate).encode() + private)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(both)
    there, here = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = serving.wrap_bio(there, here, server_side=True)
    client = reading_context().wrap_bio(here, there)
    done: set[ssl.SSLObject] = set()
    while len(done) < 2:
        for end in (client, server):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
            done.add(end)
    return tls_facts(client)


WHOLE = {"subject": NAME, "issuer": f"CN={NAME}", "names": (NAME,), "not_before": BEGAN, "not_after": ENDS}
NOTHING: dict[str, object] = {"subject": "", "issuer": "", "names": (), "not_before": None, "not_after": None}
PLAIN = der()
VERSION, UTC_TIME, OF_NAME = b"\xa0\x03\x02\x01\x02", b"\x17\x0d260101000000Z", b"\x06\x03\x55\x04\x03\x0c\x15mail"
PARTS: dict[str, tuple[bytes, dict[str, object]]] = {
    "all of a certificate that can be read": (PLAIN, WHOLE),
    "no names where it has none": (der(None), WHOLE | {"names": ()}),
    "no names where an EDI party is among them": (der(DNS_NAME + EDI_PARTY_NAME), WHOLE | {"names": ()}),
    "no names where an X.400 address is among them": (der(X400_ADDRESS + DNS_NAME), WHOLE | {"names": ()}),
    "no names where one is no UTF-8": (der(b"\x82\x02\xc3\x28"), WHOLE | {"names": ()}),
    "no names where an address has three octets": (der(b"\x87\x03\1\2\3"), WHOLE | {"names": ()}),
    "the first hundred of many names": (der(DNS_NAME * 300), WHOLE | {"names": (NAME,) * MAX_NAMES}),
    "nothing of a version that there is not": (PLAIN.replace(VERSION, b"\xa0\x03\x02\x01\x09"), NOTHING),
}


@pytest.mark.parametrize(("certificate", "fields"), PARTS.values(), ids=PARTS.keys())
def test_what_is_read_of_a_certificate_is(certificate: bytes, fields: dict[str, object], tmp_path: Path) -> None:
    found = session(certificate, tmp_path)
    assert found.version.startswith("TLSv1.")
    assert found.cipher
    assert {field: getattr(found, field) for field in fields} == fields


class Shown:
    """A session that shows these octets as its certificate, which no library would take for one."""

    def __init__(self, octets: bytes | None) -> None:
        self.octets = octets

    def cipher(self) -> tuple[str, str, int] | None:
        return None

    def version(self) -> str | None:
        return "TLSv1.3"

    def getpeercert(self, *, binary_form: bool) -> bytes | None:
        return self.octets


OCTETS: dict[str, tuple[bytes | None, dict[str, object]]] = {
    "no certificate": (None, NOTHING),
    "octets that are none": (b"\x30\x03abc", NOTHING),
    "half of one": (PLAIN[: len(PLAIN) // 2], NOTHING),
    "one whose day of beginning is none": (PLAIN.replace(UTC_TIME, b"\x17\x0d269901000000Z"), NOTHING),
    "one whose names are no UTF-8": (
        PLAIN.replace(OF_NAME, OF_NAME[:-4] + b"\xff\xff\xff\xff"),
        WHOLE | {"subject": "", "issuer": ""},
    ),
}


@pytest.mark.parametrize(("octets", "fields"), OCTETS.values(), ids=OCTETS.keys())
def test_a_session_is_told_also_where_the_server_shows(octets: bytes | None, fields: dict[str, object]) -> None:
    found = tls_facts(Shown(octets))  # type: ignore[arg-type]
    assert (found.version, found.cipher) == ("TLSv1.3", "")
    assert {field: getattr(found, field) for field in fields} == fields
