r"""Domain names between the wire and text (RFC 1035 §3.1, §4.1.4, §5.1).

Text is in presentation form without the final dot; the root is the empty text. What is not plainly printable is
escaped as `\DDD`, so that each name has exactly one text. Does not decide what a host name may look like.
"""

from collections.abc import Iterator

MAX_WIRE = 255
"""Octets of a name on the wire (RFC 1035 §2.3.4)."""
MAX_POINTERS = 127
"""How many compression pointers a name goes through: as many as a name of 255 octets has labels, each behind its own."""

_SPECIAL = b'"().;\\@$'
_PLAIN = bytes(octet for octet in range(0x21, 0x7F) if octet not in _SPECIAL)


class BadMessageError(ValueError):
    """The octets are not a DNS message; the text says what is wrong with them."""


class UnaskableNameError(ValueError):
    """The text is no name that could be put into a DNS question; the text says why."""


def read_name(wire: bytes, start: int) -> tuple[str, bytes, int]:
    """Read a name, following compression pointers.

    Returns:
        The text, the octets without compression, and the position after the name.

    Raises:
        BadMessageError: The name is cut off, too long, or its pointers do not lead backwards, or are too many.
    """
    labels: list[bytes] = []
    pos, bound, after, length, pointers = start, start, -1, 1, 0
    try:
        while size := wire[pos]:
            if size < 64:
                label = wire[pos + 1 : pos + 1 + size]
                if len(label) != size:
                    raise BadMessageError("a name is cut off")
                labels.append(label)
                pos += size + 1
                length += size + 1
                if length > MAX_WIRE:
                    raise BadMessageError("a name is longer than 255 octets")
            elif size >= 192:
                target = (size & 63) << 8 | wire[pos + 1]
                if after < 0:
                    after = pos + 2
                # Only ever backwards: this is what makes a loop of pointers impossible.
                if target >= bound:
                    raise BadMessageError("a compression pointer does not lead backwards")
                # Backwards can still be long: a message has room for a chain of thousands, walked for each of its names.
                pointers += 1
                if pointers > MAX_POINTERS:
                    raise BadMessageError(f"a name goes through more than {MAX_POINTERS} compression pointers")
                pos = bound = target
            else:
                raise BadMessageError("a label is of an unknown kind")
    except IndexError:
        raise BadMessageError("a name is cut off") from None
    uncompressed = b"".join([bytes((len(label),)) + label for label in labels]) + b"\0"
    return _text(labels), uncompressed, (pos + 1 if after < 0 else after)


def skip_name(wire: bytes, pos: int) -> int:
    """Return the position after a name that is of no interest.

    Raises:
        BadMessageError: The name is cut off.
    """
    try:
        while size := wire[pos]:
            if size >= 192:
                return pos + 2
            if size >= 64:
                raise BadMessageError("a label is of an unknown kind")
            pos += size + 1
    except IndexError:
        raise BadMessageError("a name is cut off") from None
    return pos + 1


def _text(labels: list[bytes]) -> str:
    joined = b".".join(labels)
    # One pass in C tells the names that need no escape: only plain octets, and no dot but ours.
    dots = len(labels) - 1 if labels else 0
    if len(joined.translate(None, _PLAIN)) == dots == joined.count(b"."):
        return joined.decode("ascii")
    return ".".join([label.decode("latin-1").translate(_ESCAPES) for label in labels])


def _escape(octet: int) -> str:
    if octet in _SPECIAL:
        return "\\" + chr(octet)
    return chr(octet) if 0x20 < octet < 0x7F else f"\\{octet:03d}"


_ESCAPES = {octet: _escape(octet) for octet in range(256) if octet not in _PLAIN}


def is_plain(text: str) -> bool:
    """Tell whether a name in ASCII has neither an escape nor an octet that `read_name` would escape."""
    octets = text.encode("ascii")
    return len(octets.translate(None, _PLAIN)) == octets.count(b".")


def write_name(text: str) -> bytes:
    """Return a name in text as octets.

    Raises:
        UnaskableNameError: The name is not ASCII, has an empty or an overlong label, is too long, or has a bad escape.
    """
    text = text.removesuffix(".") if not text.endswith("\\.") else text
    if not text:
        return b"\0"
    if not text.isascii():
        raise UnaskableNameError("the name has characters outside ASCII")
    labels = _unescape(text) if "\\" in text else text.encode("ascii").split(b".")
    parts: list[bytes] = []
    for label in labels:
        if not 1 <= len(label) <= 63:
            raise UnaskableNameError(
                "the name has an empty label" if not label else "the name has a label longer than 63 octets"
            )
        parts.append(bytes((len(label),)) + label)
    octets = b"".join(parts) + b"\0"
    if len(octets) > MAX_WIRE:
        raise UnaskableNameError("the name is longer than 255 octets")
    return octets


def _unescape(text: str) -> list[bytes]:
    labels = [bytearray()]
    rest = iter(text.encode("ascii"))
    for octet in rest:
        if octet == 0x2E:
            labels.append(bytearray())
        elif octet != 0x5C:
            labels[-1].append(octet)
        else:
            labels[-1].append(_escaped(rest))
    return [bytes(label) for label in labels]


def _escaped(rest: Iterator[int]) -> int:
    first = next(rest, None)
    if first is None:
        raise UnaskableNameError("the name ends in a backslash")
    if not 0x30 <= first <= 0x39:
        return first
    digits = bytes((first, next(rest, 0), next(rest, 0)))
    if not digits.isdigit() or int(digits) > 255:
        raise UnaskableNameError("the name has a backslash before something that is not an octet")
    return int(digits)
