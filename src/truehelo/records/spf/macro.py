"""SPF macros: text to tokens, and tokens to text (RFC 7208 §7).

The letters c, r and t belong to explanations alone (RFC 7208 §7.2), which this program neither fetches nor expands, so
that they are read in an explanation's text only. Whether the outcome is a name that can be looked up is decided by
whoever looks it up; here it is only cut to length (RFC 7208 §7.3).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address

from truehelo.facts.address import Address

MAX_NAME = 253
MAX_PARTS = 128
"""No name has more labels, so that a greater number of right-hand parts means all of them."""
_ENOUGH = MAX_NAME + 1
"""Characters of a name, with its final dot. Where there are more, that shows that it is too long."""

_MACRO = re.compile(r"%(?:\{([A-Za-z])([0-9]*)([rR]?)([-.+,/_=]*)\}|([%_-]))", re.ASCII)
_LITERAL = re.compile(r"[!-$&-~]+", re.ASCII)
_TOP_LABEL_END = re.compile(r"\.(?=[a-z0-9-]*[a-z-])[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.?$", re.ASCII | re.IGNORECASE)
_RESERVED = re.compile(r"[^A-Za-z0-9._~-]+", re.ASCII)
_LETTERS = frozenset("slodipvh")
_ESCAPES = {"%": "%", "_": " ", "-": "%20"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Macro:
    """One macro: `letter` in lower case, or one of "%", "_", "-"; `parts` is how many right-hand parts stay, 0 for all."""

    letter: str
    parts: int = 0
    reverse: bool = False
    delimiters: str = "."
    escape: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MacroString:
    """A text with macros in it: `text` as written, `tokens` in order."""

    text: str
    tokens: tuple[str | Macro, ...]

    @property
    def letters(self) -> frozenset[str]:
        """The macro letters that the text depends on."""
        return frozenset(token.letter for token in self.tokens if isinstance(token, Macro)) & _LETTERS


@dataclass(frozen=True, slots=True, kw_only=True)
class MacroFault:
    """Why a text is not a macro-string, and where in it (0-based)."""

    problem: str
    position: int


def parse_macro_string(text: str) -> MacroString | MacroFault:
    """Read a macro-string (RFC 7208 §7.1). Total: any text gives the one or the other."""
    tokens: list[str | Macro] = []
    position = 0
    while position < len(text):
        if text[position] == "%":
            found = _MACRO.match(text, position)
            token = None if found is None else _macro(found)
            if found is None or token is None:
                return MacroFault(problem="holds a macro that is not well formed", position=position)
            tokens.append(token)
        else:
            found = _LITERAL.match(text, position)
            if found is None:
                return MacroFault(problem="holds a character that is not allowed there", position=position)
            tokens.append(found.group())
        position = found.end()
    return MacroString(text=text, tokens=tuple(tokens))


def _macro(found: re.Match[str]) -> Macro | None:
    letter, digits, reverse, delimiters, escape = found.groups()
    if escape is not None:
        return Macro(letter=escape)
    if letter.lower() not in _LETTERS:
        return None
    parts = 0
    if digits:
        # The text decides the length of the number: a long one is not converted.
        significant = digits.lstrip("0")
        if not significant:
            return None
        parts = MAX_PARTS if len(significant) > 3 else min(int(significant), MAX_PARTS)
    return Macro(
        letter=letter.lower(), parts=parts, reverse=bool(reverse), delimiters=delimiters or ".", escape=letter.isupper()
    )


def parse_domain_spec(text: str) -> MacroString | MacroFault:
    """Read a domain-spec: a macro-string that ends in a macro or in a dot and a top label (RFC 7208 §7.1)."""
    if not text:
        return MacroFault(problem="lacks its domain", position=0)
    read = parse_macro_string(text)
    if isinstance(read, MacroFault):
        return read
    end = read.tokens[-1]
    if isinstance(end, str) and not _TOP_LABEL_END.search(end):
        return MacroFault(problem="does not end in a dot and a top-level label", position=len(text) - len(end))
    return read


def expand(spec: MacroString, values: Mapping[str, str]) -> str:
    """Return the text with its macros replaced by `values`, which holds a value for each of `spec.letters`.

    Of a text that becomes too long for a name only the end is made, as nothing else counts of it (RFC 7208 §7.3).
    """
    pieces: list[str] = []
    length = 0
    # Each macro of four characters may stand for a whole name: whoever writes the record must not decide what that costs.
    for token in reversed(spec.tokens):
        piece = token if isinstance(token, str) else _replace(token, values)
        pieces.append(piece)
        length += len(piece)
        if length > _ENOUGH:
            break
    return "".join(reversed(pieces))


def _replace(macro: Macro, values: Mapping[str, str]) -> str:
    if macro.letter in _ESCAPES:
        return _ESCAPES[macro.letter]
    parts = re.split(f"[{re.escape(macro.delimiters)}]", values[macro.letter])
    if macro.reverse:
        parts.reverse()
    text = ".".join(parts[-macro.parts :])
    return _RESERVED.sub(_percent, text) if macro.escape else text


def _percent(found: re.Match[str]) -> str:
    """Escape what a URI may not hold as it is (RFC 3986 §2.3)."""
    return "".join(f"%{octet:02X}" for octet in found.group().encode("utf-8", "backslashreplace"))


def shorten(name: str) -> str:
    """Return a name without the left labels that make it longer than 253 characters (RFC 7208 §7.3)."""
    name = name.removesuffix(".")
    if len(name) <= MAX_NAME:
        return name
    # The labels to the left of the first dot in here are too many; what has no dot here is no name, whatever is cut.
    _, dot, rest = name[-MAX_NAME - 1 :].partition(".")
    return rest if dot else name.rpartition(".")[2]


def address_text(ip: Address) -> str:
    """Return what %{i} stands for: a dotted quad, or the 32 nibbles of an IPv6 address with dots (RFC 7208 §7.3)."""
    return str(ip) if isinstance(ip, IPv4Address) else ".".join(ip.exploded.replace(":", ""))
