r"""The octets of a message as they come after DATA (RFC 5321 §4.1.1.4): where they end, without the dots that were added.

One bytearray, however short the lines are or how long, and nothing once the message is larger than it may be. It ends with
<CRLF>.<CRLF> alone: whoever takes a bare line feed for a line end lets a second message be smuggled in. Does not read from
a connection, and does not reply (`smtp`).
"""

END = b"\r\n.\r\n"
_CRLF = b"\r\n"


class Content:
    """A message that comes in.

    Args:
        most: How many octets it may have (RFC 1870 §6), without the dots that were added and the line that ends it.
        line: How many octets a line of it may have, with its end.
    """

    def __init__(self, most: int, line: int) -> None:
        """Begin after the line that said DATA, whose end counts as the one before the first line."""
        self._most, self._longest = most, line
        self._held = bytearray()
        self._rest, self._begun = _CRLF, False
        self._size = self._line = 0
        """How many octets the message has so far, and how many of them since its last line end."""
        self.octets = 0
        """How many came in all."""
        self.too_large = self.too_long = False
        """There are more octets than there may be; a line of them is too long. Nothing is held then."""

    def feed(self, block: bytes) -> bytes | None:
        """Take what came; return None as long as the message goes on, then what came after its end."""
        self.octets += len(block)
        data = self._rest + block
        end = data.find(END)
        if end >= 0:
            self._rest = b""
            self._take(data[: end + len(_CRLF)])
            return data[end + len(END) :]
        cut = max(len(data) - len(END) + 1, 0)
        # A dot counts by the line end before it: the two stay together.
        cut -= 2 if data.endswith(_CRLF, 0, cut) else data.endswith(b"\r", 0, cut)
        self._rest = data[cut:]
        self._take(data[:cut])
        return None

    def take(self) -> bytes:
        """Return the message, which is not held any more."""
        whole = bytes(self._held)
        self._held = bytearray()
        return whole

    def _take(self, lines: bytes) -> None:
        if not lines:
            return
        plain = lines.replace(b"\r\n.", _CRLF)  # RFC 5321 §4.5.2
        if not self._begun:
            self._begun, plain = True, plain[len(_CRLF) :]
        self.too_long = self.too_long or self._has_long(plain)
        self._size += len(plain)
        self.too_large = self._size > self._most
        if self.too_large or self.too_long:
            self._held = bytearray()
        else:
            self._held += plain

    def _has_long(self, plain: bytes) -> bool:
        begin = -self._line
        last = plain.rfind(_CRLF)
        self._line = self._line + len(plain) if last < 0 else len(plain) - last - len(_CRLF)
        while len(plain) - begin > self._longest:
            end = plain.rfind(_CRLF, max(begin, 0), max(begin + self._longest, 0))
            if end < 0:
                return True
            begin = end + len(_CRLF)
        return False
