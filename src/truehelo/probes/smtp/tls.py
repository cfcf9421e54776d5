"""TLS for the SMTP probe: a context that takes any certificate, and the facts read off one (RFC 3207, RFC 9525).

The names are wanted, not trust: an MTA's certificate is often self-signed, and refusing it would hide them.
"""

import ssl
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from truehelo.facts.text import decode
from truehelo.facts.tls import TlsSession

if TYPE_CHECKING:
    from cryptography.x509 import Certificate, Name

MAX_NAMES = 100


@lru_cache(maxsize=1)
def reading_context() -> ssl.SSLContext:
    """Return a client context without verification."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def tls_facts(connection: ssl.SSLObject) -> TlsSession:
    """Read an established session; a certificate that cannot be parsed leaves its fields empty."""
    cipher = connection.cipher()
    version, name = connection.version() or "", cipher[0] if cipher else ""
    der = connection.getpeercert(binary_form=True)
    if not der:
        return TlsSession(version=version, cipher=name)
    try:
        subject, issuer, names, not_before, not_after = _certificate(der)
    except ValueError:
        return TlsSession(version=version, cipher=name)
    return TlsSession(
        version=version,
        cipher=name,
        subject=subject,
        issuer=issuer,
        names=names,
        not_before=not_before,
        not_after=not_after,
    )


def _certificate(der: bytes) -> tuple[str, str, tuple[str, ...], datetime, datetime]:
    """Take a certificate apart; ValueError where it is none."""
    from cryptography import x509  # late: 60 ms, and only where TLS was spoken

    certificate = x509.load_der_x509_certificate(der)
    return (
        _common_name(certificate.subject),
        certificate.issuer.rfc4514_string(),
        _alternative_names(certificate),
        certificate.not_valid_before_utc,
        certificate.not_valid_after_utc,
    )


def _common_name(name: "Name") -> str:
    from cryptography.x509 import NameOID

    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    if not found:
        return ""
    value = found[0].value
    return value if isinstance(value, str) else decode(value)


def _alternative_names(certificate: "Certificate") -> tuple[str, ...]:
    """Return the DNS names and addresses in the certificate, bounded; a broken extension holds none."""
    from cryptography import x509

    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension):
        return ()
    names = extension.get_values_for_type(x509.DNSName)
    addresses = extension.get_values_for_type(x509.IPAddress)
    return tuple([*names, *(str(address) for address in addresses)][:MAX_NAMES])
