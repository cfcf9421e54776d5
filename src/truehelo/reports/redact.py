"""What is taken out of failure reports before anything is kept: whoever wrote, and to whom.

RFC 6590 asks it of those who report; many do not do it. Local parts of mail addresses become stars, not hashes: names of
people can be guessed, and so can their hashes. Host names and addresses stay, since they are what a failure report is for.
Which fields are kept at all is for `failure`.
"""

import re
from itertools import pairwise

from truehelo.facts.address import parse_address
from truehelo.facts.text import visible
from truehelo.reports.mime import domain_of, when

STARS = "***"
_ENDS_LOCAL = ' \t<>()[],;:"'
# Properties of RFC 8601 §2.7 and of Received-SPF (RFC 7208 §9.1) before an address; anything else before "=" is part of it.
_PROPERTY = re.compile(r"(?:(?:smtp|header|body|policy)\.[a-z-]{1,30}|envelope-from|x-sender|from|i)=", re.IGNORECASE)
_CFWS = r"(?:[ \t]|\([^()]*+\))*+"
# Who was authenticated (RFC 8601 §2.7.4) need not look like an address; around "." and "=" there may be CFWS (§2.2).
_LOGIN = re.compile(rf'smtp{_CFWS}\.{_CFWS}auth{_CFWS}={_CFWS}(?:"[^"]*+"?|[^\s;"]++)', re.IGNORECASE)
_QUOTED = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_CLAUSES = frozenset({"from", "by", "via", "with", "id", "for"})


def hide(text: str) -> str:
    """Return `text` with logins, and the local part of every mail address (RFC 5321 §4.1.2), replaced by stars."""
    *before, last = _QUOTED.sub(_unquoted, _LOGIN.sub(f"smtp.auth={STARS}", text)).split("@")
    return "@".join([*(_without_local(piece) for piece in before), last])


def _unquoted(quoted: re.Match[str]) -> str:
    """A quoted string, or stars where it is a local part: there may be an @ in it."""
    return STARS if quoted.string.startswith("@", quoted.end()) else quoted[0]


def _without_local(piece: str) -> str:
    """What stands before an @, without the local part at its end."""
    piece = piece.rstrip().removesuffix('"')
    cut = max(piece.rfind(end) for end in _ENDS_LOCAL) + 1
    local = piece[cut:]
    if found := _PROPERTY.match(local):
        cut, local = cut + found.end(), local[found.end() :]
    return piece[:cut] + (STARS if local else "")


def address(text: str) -> str:
    """Return a mail address as stars and its domain; "" for the empty reverse-path."""
    domain = domain_of(text)
    if domain:
        return f"{STARS}@{domain}"
    return STARS if text.strip(" \t<>") else ""


def signature(text: str) -> str:
    """Return of a DKIM-Signature (RFC 6376 §3.5) its domain and its selector."""
    tags = {name.strip(): found.strip() for name, _, found in (tag.partition("=") for tag in text.split(";"))}
    return "; ".join(f"{name}={visible(tags[name], 255)}" for name in ("d", "s") if name in tags)


def received(text: str) -> str:
    """Return of a Received field (RFC 5321 §4.4) who gave the message to whom, how, and when.

    Kept are the words after from, by and with, addresses and helo= in the comment after from, the name before such an
    address, and the date. Whom it was for, and whoever was authenticated, is gone. So is what stands after from where it
    is the user of a machine, who handed the message over on it, or may be one.
    """
    trace, _, date = text.rpartition(";")
    if when(date) is None:
        trace, date = text, ""
    words = _words(trace)
    plain = [word.lower() for is_comment, word in words if not is_comment]
    local = any(before == "with" and word.startswith("local") for before, word in pairwise(plain))
    kept: list[str] = []
    clause, taken = "", True
    for is_comment, word in words:
        if is_comment:
            if clause == "from" and not local and (told := _told(word)):
                kept.append(f"({told})")
        elif word.lower() in _CLAUSES:
            clause, taken = word.lower(), False
        elif not taken and clause in ("from", "by", "with"):
            kept += [clause, word.rstrip(";") if clause != "from" else STARS if local else _host(word.rstrip(";"))]
            taken = True
    date = " ".join(word for is_comment, word in _words(date)[:6] if not is_comment)
    return hide(f"{' '.join(kept)}; {date}" if date else " ".join(kept))


def _words(text: str) -> list[tuple[bool, str]]:
    """The words of a structured field, and its comments (RFC 5322 §3.2.2), nested ones within their outermost."""
    found: list[tuple[bool, str]] = []
    depth = 0
    for piece in re.split(r"([()])", text):
        if piece == "(":
            depth += 1
        elif piece == ")":
            depth = max(depth - 1, 0)
        elif depth:
            found.append((True, piece))
        else:
            found += [(False, word) for word in piece.split()]
    return found


def _told(comment: str) -> str:
    """Of a comment after from: addresses, the name before the first, and the HELO that Exim notes."""
    words = comment.replace("[", " [").split()
    addresses = [_is_address(word) for word in words]
    kept = [
        word
        for at, word in enumerate(words)
        if addresses[at] or word.lower().startswith("helo=") or (at == 0 and addresses[1:2] == [True])
    ]
    kept = [f"{word[:5]}{_host(word[5:])}" if word.lower().startswith("helo=") else word for word in kept]
    return " ".join(word for word in kept if "@" not in word)


def _host(word: str) -> str:
    """A name or an address, or stars: what has no dot may be a user, or the machine that somebody named for themselves."""
    named = "." in word.strip(".") and '"' not in word
    return word if not word or named or _is_address(word) else STARS


def _is_address(word: str) -> bool:
    literal = word.strip("[],").lower().removeprefix("ipv6:")
    return (parse_address(literal) or parse_address(literal.rpartition("]:")[0] or literal.partition(":")[0])) is not None
