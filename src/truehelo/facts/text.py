"""Text from the network, made harmless to look at.

A greeting, a PTR name or a TXT record is data chosen by a stranger. Before any of it is shown to a person or
written to a log it passes through `visible`, which leaves no control, format or direction-changing character
as it is. What an output format needs beyond that (HTML, CSV, JUnit) is for the renderer of that format.
"""

import unicodedata

# Cc control, Cf format (bidi overrides, zero width), Co private use, Cs surrogate, Cn unassigned, Zl/Zp separators.
_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})


def _escape(char: str) -> str:
    point = ord(char)
    if point < 0x100:
        return f"\\x{point:02x}"
    if point < 0x10000:
        return f"\\u{point:04x}"
    return f"\\U{point:08x}"


def visible(text: str, limit: int | None = None) -> str:
    """Return `text` with every character that is not plainly visible written as an escape.

    Args:
        text: Anything, for instance a greeting line.
        limit: The longest result in characters; a longer one is cut and ends in "...".
    """
    if not (text.isascii() and text.isprintable()):
        text = "".join(
            _escape(char) if unicodedata.category(char) in _HIDDEN or (char.isspace() and char != " ") else char
            for char in text
        )
    if limit is not None and len(text) > limit:
        return text[: max(0, limit - 3)] + "..."
    return text


def is_text(text: str) -> bool:
    """Tell whether a text can be written as UTF-8; one of a command line holds what is not in surrogates (PEP 383)."""
    return text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text)


def storable(text: str) -> str:
    """Return a text without what no database takes: NUL, which any protocol may carry, and halves of surrogate pairs."""
    if "\0" in text:
        text = text.replace("\0", "�")
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def decode(octets: bytes) -> str:
    r"""Return octets from the wire as text: UTF-8 where they are, `\xNN` where they are not. Never raises."""
    return octets.decode("utf-8", "backslashreplace")
