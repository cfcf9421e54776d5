"""TLS facts: what was negotiated, and the names in the certificate. Whether they are trusted is not judged here."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsSession:
    """A TLS session: protocol and cipher, and the names that the certificate holds (RFC 6125 §1.8, RFC 9525)."""

    version: str
    cipher: str
    subject: str = ""
    issuer: str = ""
    names: tuple[str, ...] = ()
    not_before: datetime | None = None
    not_after: datetime | None = None
