"""A part of an IPv4 address in a host part that does not say mail: two octets beside a word, or octets written together.

Two octets that happen to stand in a name are no evidence (mta-100-25.example.com may well be the hundredth), and neither is
the way in which pools of senders are numbered (a8-1, so254-9). Whole addresses are for `written`.
"""

from collections.abc import Iterator
from ipaddress import IPv4Address
from itertools import pairwise

from truehelo.generic.reason import Reason
from truehelo.generic.words import addressed_word
from truehelo.generic.written import DIGITS, MIN_DIGITS, TIGHT

_MIN_NUMBERS = 5
_MIN_WORD = 3


def written_half(host: str, ip: IPv4Address, *, runs: list[str], words: list[str]) -> Reason | None:
    """Return how `host`, without the registered domain, holds a part of `ip`; `runs` are its digits, `words` its words."""
    octets = ip.packed
    if any(len(run) >= MIN_DIGITS for run in runs):
        called = next((called for text, called in _joined(octets) if text in runs), None)
        if called is not None:
            return Reason(rule="holds-octets", detail=f"holds {called} octets of its own address written together")
    c, d = octets[2:]
    if len(runs) >= 2 and (str(d) in runs or f"{d:03d}" in runs) and (found := _last_two(host, c, d, words)):
        return found
    return _hex_half(host, octets, words)


def _joined(octets: bytes) -> Iterator[tuple[str, str]]:
    """Yield two or three neighbouring octets as one number of six digits or more, and how many they are."""
    for part, called in ((octets[2:], "two"), (octets[:3], "three"), (octets[1:], "three")):
        for order in (part, part[::-1]):
            for text in ("".join(f"{octet:03d}" for octet in order), "".join(map(str, order))):
                if len(text) >= MIN_DIGITS:
                    yield text, called


def _last_two(host: str, c: int, d: int, words: list[str]) -> Reason | None:
    found = [run for run in DIGITS.finditer(host) if run.end() - run.start() <= 3]
    for one, other in pairwise(found):
        pair = int(one.group()), int(other.group())
        if pair not in ((c, d), (d, c)) or host[one.end() : other.start()] not in TIGHT:
            continue
        word = addressed_word(words)
        if word is not None:
            return Reason(rule="holds-octets", detail=f'holds two octets of its own address and the word "{word}"')
        padded = any(len(run.group()) > 1 and run.group()[0] == "0" for run in (one, other))
        if pair == (c, d) and _named_after(host, one.start(), other.end(), padded=padded):
            return Reason(rule="holds-octets", detail="is named after the last two octets of its own address")
    return None


def _named_after(host: str, start: int, end: int, *, padded: bool) -> bool:
    """The two octets and a word before them are the first label, or the two numbers are the whole host part.

    A letter or two before them is how pools of senders are numbered too, below a zone of theirs; so then there must be no
    label above, or a zero before one of the octets.
    """
    numbers = host[start:end]
    if len(numbers) < _MIN_NUMBERS or numbers[: len(numbers) // 2] == numbers[-(len(numbers) // 2) :]:
        return False
    if "." in numbers:
        return start == 0 and end == len(host)
    before = host[:start].removesuffix("-")
    if "." in before or host[end : end + 1] not in ("", "."):
        return False
    return start == 0 or padded or len(before) >= _MIN_WORD or end == len(host)


def _hex_half(host: str, octets: bytes, words: list[str]) -> Reason | None:
    """The last two octets as the four hex digits that end the first label, after a word that is given to addresses."""
    head = host.partition(".")[0]
    if head.endswith(octets[2:].hex()) and (word := addressed_word(words)):
        return Reason(rule="holds-octets", detail=f'holds two octets of its own address in hex and the word "{word}"')
    return None
