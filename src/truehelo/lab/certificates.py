"""Self-signed certificates for the mail servers of the laboratory, made when first needed and kept for the process.

Nobody trusts them and nobody should: what is read off them are names.
"""

import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

LIFE = timedelta(days=90)


@lru_cache(maxsize=64)
def server_context(names: tuple[str, ...]) -> ssl.SSLContext:
    """Return a TLS context whose certificate holds `names`; the first is also its subject."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # Python's ssl takes certificates from files alone.
    with tempfile.TemporaryDirectory(prefix="truehelo-lab-") as folder:
        path = Path(folder) / "server.pem"
        path.touch(mode=0o600)
        path.write_bytes(_pem(names or ("localhost",)))
        context.load_cert_chain(path)
    return context


def _pem(names: tuple[str, ...]) -> bytes:
    from cryptography import x509  # late: 60 ms, and few scenarios speak TLS
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0][:64])])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + LIFE)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private + certificate.public_bytes(serialization.Encoding.PEM)
