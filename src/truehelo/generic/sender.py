"""What makes a name look like a sender's: a large sender's pool, a word of mail with small numbers, a zone of mail servers.

The other side of `rules`: these reasons speak against a generated name, and are told beside it. None of them proves that
the host sends mail, or may.
"""

import re

from truehelo.generic.parts import host_part, registrable, words
from truehelo.generic.providers import find_provider
from truehelo.generic.reason import Reason
from truehelo.generic.words import mail_stem, mail_word, mail_zone

_SMALL = re.compile(r"[0-9]{1,3}")
_NUMBERS = re.compile(r"[0-9]+")


def sender_reasons(name: str) -> tuple[Reason, ...]:
    """Return what in `name` (lower case, no final dot) makes it look like a sender's name; none where nothing does."""
    reasons: list[Reason] = []
    provider = find_provider(name)
    if provider is not None and provider.sender:
        detail = f"name in the outbound pool of {provider.name}"
        reasons.append(Reason(rule="sender-pool", detail=detail, provider=provider.id))
    host = host_part(name)
    word = mail_word(words(host)) or mail_stem(host)
    if word is not None:
        numbers = _NUMBERS.findall(host)
        small = all(_SMALL.fullmatch(number) for number in numbers)
        told = " and no number" if not numbers else " and small numbers" if small else ""
        reasons.append(Reason(rule="mail-word", detail=f'holds the mail word "{word}"{told}'))
    zone = mail_zone(name.rpartition(".")[0])
    if zone is not None:
        reasons.append(Reason(rule="mail-zone", detail=f'stands in a zone of mail servers, "{zone}"'))
    if word is None and (stem := mail_stem(registrable(name))):
        reasons.append(Reason(rule="mail-domain", detail=f'has "{stem}" in its registered domain'))
    return tuple(reasons)
