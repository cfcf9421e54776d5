"""Generic names: does a name look generated from its address, or handed out by a provider?

Three kinds of evidence, each with its reason: the name is a provider's default (`providers.toml`), it holds the audited
address itself (`written`), or it holds a word of access networks next to digits (`words`). No RFC defines this; RFC 8501
tells why providers generate such names. Does not decide whether the name leads back, nor what a receiver makes of it.
"""

import re
from functools import lru_cache

from truehelo.facts.address import Address
from truehelo.facts.names import MAX_NAME
from truehelo.generic.providers import find_provider
from truehelo.generic.reason import Reason
from truehelo.generic.words import access_word
from truehelo.generic.written import written_address

__all__ = ["Reason", "classify"]

_DIGIT = re.compile(r"[0-9]")


@lru_cache(maxsize=8192)
def classify(name: str, ip: Address) -> tuple[Reason, ...]:
    """Return the reasons for which `name` looks generated; none means that it does not.

    Args:
        name: Any text. What is no host name is judged as far as it looks like one; too long a text is not judged.
        ip: The address whose name it is. Only this address counts as "its own".
    """
    name = name.lower().removesuffix(".")
    if len(name) > MAX_NAME or "." not in name:
        return ()
    provider = find_provider(name)
    if provider is not None and provider.sender:
        # The outbound pool of a large sender: it may hold its address, and receivers know it for what it is.
        return ()
    reasons: list[Reason] = []
    if provider is not None:
        detail = f"provider default of {provider.name}"
        reasons.append(Reason(rule="provider-default", detail=detail, provider=provider.id))
    below_top = name.rpartition(".")[0]
    if _DIGIT.search(below_top) or (ip.version == 6 and len(below_top) >= 8):
        word = access_word(below_top.rpartition(".")[0])
        written = written_address(below_top, ip, beside=word)
        if written is not None:
            reasons.append(written)
        elif word is not None:
            reasons.append(Reason(rule="access-word", detail=f'holds the access-network word "{word}" next to digits'))
    return tuple(reasons)
