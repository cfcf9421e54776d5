"""TLS for the SMTP probe: a context that takes any certificate, and the facts read off one (RFC 3207, RFC 9525).

The names are wanted, not trust: an MTA's certificate is often self-signed, and refusing it would hide them.
"""

import ssl
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from truehelo.facts.text import decode
from truehelo.facts.tls import TlsSession

if TYPE_CHECKING:
    from cryptography.x509 import Certificate, Name

MAX_NAMES = 100

P = TypeVar("P")
T = TypeVar("T")


@lru_cache(maxsize=1)
def reading_context() -> ssl.SSLContext:
    """Return a client context without verification."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def tls_facts(connection: ssl.SSLObject) -> TlsSession:
    """Read an established session; what cannot be read of a certificate leaves its fields empty, and the others not.

    A certificate may hold what its reader does not take, and be none the worse for it: names of kinds that nobody uses
    (RFC 5280 §4.2.1.6), for one.
    """
    cipher = connection.cipher()
    session = TlsSession(version=connection.version() or "", cipher=cipher[0] if cipher else "")
    der = connection.getpeercert(binary_form=True)
    return _with_certificate(session, der) if der else session


def _with_certificate(session: TlsSession, der: bytes) -> TlsSession:
    from cryptography import x509  # late: 60 ms, and only where TLS was spoken

    certificate = _read(x509.load_der_x509_certificate, der, None)
    if certificate is None:
        return session
    return replace(
        session,
        subject=_read(_subject, certificate, ""),
        issuer=_read(_issuer, certificate, ""),
        names=_read(_alternative_names, certificate, ()),
        not_before=_read(_not_before, certificate, None),
        not_after=_read(_not_after, certificate, None),
    )


def _read(part: Callable[[P], T], of: P, otherwise: T) -> T:
    try:
        return part(of)
    except Exception:  # noqa: BLE001  the octets are a stranger's, and the library does not say all that it raises over them
        return otherwise


def _subject(certificate: "Certificate") -> str:
    return _common_name(certificate.subject)


def _issuer(certificate: "Certificate") -> str:
    return certificate.issuer.rfc4514_string()


def _not_before(certificate: "Certificate") -> datetime | None:
    return certificate.not_valid_before_utc


def _not_after(certificate: "Certificate") -> datetime | None:
    return certificate.not_valid_after_utc


def _common_name(name: "Name") -> str:
    from cryptography.x509 import NameOID

    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    if not found:
        return ""
    value = found[0].value
    return value if isinstance(value, str) else decode(value)


def _alternative_names(certificate: "Certificate") -> tuple[str, ...]:
    """Return the DNS names and addresses in the certificate, bounded."""
    from cryptography import x509

    extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    names = extension.get_values_for_type(x509.DNSName)
    addresses = extension.get_values_for_type(x509.IPAddress)
    return tuple([*names, *(str(address) for address in addresses)][:MAX_NAMES])
