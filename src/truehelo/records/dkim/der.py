"""The size of an RSA key, read out of its DER (RFC 8017 §A.1.1, RFC 5280 §4.1): enough to tell a sound from a broken one.

Both forms that stand in the DNS are read: the SubjectPublicKeyInfo that everybody publishes, and the bare RSAPublicKey that
RFC 6376 §3.6.1 names. By hand, because a library refuses the short keys that are to be told of. No signature is verified.
"""

from dataclasses import dataclass

RSA_OID = bytes.fromhex("2a864886f70d010101")
ED25519_OID = bytes.fromhex("2b6570")
_SEQUENCE, _INTEGER, _BIT_STRING, _OID = 0x30, 0x02, 0x03, 0x06


class DerError(ValueError):
    """The octets are no such key; words that follow "the key"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RsaKey:
    """An RSA key: the bits of its modulus, its exponent, and whether it came without its wrapping (RSAPublicKey)."""

    bits: int
    exponent: int
    bare: bool


@dataclass(slots=True)
class _Reader:
    octets: bytes
    at: int = 0

    @property
    def done(self) -> bool:
        return self.at >= len(self.octets)

    def peek(self) -> int:
        return self.octets[self.at] if not self.done else -1

    def take(self, kind: int) -> bytes:
        """Return the content of the element that begins here, which must be of a kind."""
        if self.peek() != kind:
            raise DerError("is not laid out as a key is")
        length, start = self._length(self.at + 1)
        end = start + length
        if end > len(self.octets):
            raise DerError("is cut short")
        self.at = end
        return self.octets[start:end]

    def _length(self, at: int) -> tuple[int, int]:
        """Return how many octets the content has, and where it begins (X.690 §8.1.3)."""
        if at >= len(self.octets):
            raise DerError("is cut short")
        first = self.octets[at]
        if first < 0x80:
            return first, at + 1
        count = first & 0x7F
        if not 1 <= count <= 4 or at + 1 + count > len(self.octets):
            raise DerError("is cut short")
        return int.from_bytes(self.octets[at + 1 : at + 1 + count], "big"), at + 1 + count


def read_rsa(octets: bytes) -> RsaKey:
    """Read an RSA public key.

    Raises:
        DerError: The octets are none.
    """
    outer = _Reader(octets)
    inside = _Reader(outer.take(_SEQUENCE))
    if not outer.done:
        raise DerError("has something behind its end")
    if inside.peek() == _INTEGER:
        return _numbers(inside, bare=True)
    algorithm = _Reader(_Reader(inside.take(_SEQUENCE)).take(_OID))
    if algorithm.octets != RSA_OID:
        other = "an Ed25519 key" if algorithm.octets == ED25519_OID else "of another algorithm"
        raise DerError(f"is {other}, not RSA")
    wrapped = inside.take(_BIT_STRING)
    if wrapped[:1] != b"\0":
        raise DerError("is not laid out as a key is")
    content = _Reader(wrapped, 1)
    return _numbers(_Reader(content.take(_SEQUENCE)), bare=False)


def _numbers(inside: _Reader, *, bare: bool) -> RsaKey:
    modulus = int.from_bytes(inside.take(_INTEGER), "big", signed=True)
    exponent = int.from_bytes(inside.take(_INTEGER), "big", signed=True)
    if modulus <= 0 or exponent <= 0:
        raise DerError("holds a number below one")
    return RsaKey(bits=modulus.bit_length(), exponent=exponent, bare=bare)
