"""Generic names: does a name look generated from its address, or handed out by a provider?

Four kinds of evidence, each with its reason: the name is a provider's default (`providers.toml`), it holds the audited
address itself (`written`, `half`, `written6`), it holds a word of access networks next to digits (`words`), or it has a
shape of generated names (`shapes`). No RFC defines this; RFC 8501 tells why providers generate such names. Does not decide
whether the name leads back, nor what a receiver makes of it; what speaks for a sender is for `sender`.
"""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address

from truehelo.facts.address import Address
from truehelo.facts.names import MAX_NAME
from truehelo.generic.half import written_half
from truehelo.generic.parts import host_part, words
from truehelo.generic.providers import find_provider
from truehelo.generic.reason import Reason
from truehelo.generic.shapes import address_shape, generated_shape, placeholder
from truehelo.generic.words import access_word, mail_stem, mail_word, mail_zone
from truehelo.generic.written import DIGITS, written_address
from truehelo.generic.written6 import written_address6

__all__ = ["Reason", "classify", "generic_reasons", "without_table"]


@lru_cache(maxsize=8192)
def classify(name: str, ip: Address) -> tuple[Reason, ...]:
    """Return the reasons for which `name` looks generated; none means that it does not.

    Args:
        name: Any text. What is no host name is judged as far as it looks like one; too long a text is not judged.
        ip: The address whose name it is. Only this address counts as "its own".
    """
    return generic_reasons(name, ip)


def generic_reasons(name: str, ip: Address | None, *, every: bool = False) -> tuple[Reason, ...]:
    """Return what `classify` does, also where no address is known: shapes that look like one then count by themselves.

    With `every`, the word of access networks is told also beside an address, which says enough for a verdict.
    """
    name = name.lower().removesuffix(".")
    if len(name) > MAX_NAME or "." not in name:
        return ()
    provider = find_provider(name)
    if provider is None:
        return without_table(name, ip, every=every)
    if provider.sender:
        # The outbound pool of a large sender: it may hold its address, and receivers know it for what it is.
        return ()
    found = without_table(name, ip, every=every)
    return (_default_of(provider.id, provider.name), *found)


@lru_cache(maxsize=1024)
def _default_of(provider: str, name: str) -> Reason:
    return Reason(rule="provider-default", detail=f"provider default of {name}", provider=provider)


def without_table(name: str, ip: Address | None, *, every: bool = False) -> tuple[Reason, ...]:
    """Return the reasons of the rules alone, without the table of providers; `name` is in lower case, no final dot."""
    below_top = name.rpartition(".")[0]
    runs = DIGITS.findall(below_top)
    if not runs and (ip is None or ip.version == 4):
        found = placeholder(name)
        return () if found is None else (found,)
    if mail_stem(name):
        found = _written(below_top, ip, runs, None, mail=True)
        return () if found is None else (found,)
    return _by_words(name, ip, runs, every=every)


def _by_words(name: str, ip: Address | None, runs: list[str], *, every: bool) -> tuple[Reason, ...]:
    """Return the reasons for a name with digits in it; `runs` are those below the top-level label."""
    host = host_part(name)
    found = words(host)
    mail = mail_word(found) is not None
    host_runs = DIGITS.findall(host)
    word = access_word(host, found) if host_runs and not mail else None
    reason = _written(name.rpartition(".")[0], ip, runs, word, mail=mail) or placeholder(name)
    if reason is None and host_runs and not mail:
        half = written_half(host, ip, runs=host_runs, words=found) if isinstance(ip, IPv4Address) else None
        reason = half or generated_shape(host, max(map(len, host_runs)))
    reasons = [] if reason is None else [reason]
    if word is not None and (every or reason is None or reason.rule in _APART):
        reasons.append(Reason(rule="access-word", detail=f'holds the access-network word "{word}" next to digits'))
    return tuple(reasons)


_APART = frozenset({"serial-number", "hex-number", "placeholder", "generated-zone"})
"""Reasons beside which an access word is worth telling; an address in a name says enough."""


def _written(below_top: str, ip: Address | None, runs: list[str], word: str | None, *, mail: bool) -> Reason | None:
    """Return how the name holds its address, or for want of one what looks like it; not inside a zone of mail servers."""
    if ip is None:
        found = address_shape(below_top)
    elif isinstance(ip, IPv6Address):
        found = written_address6(below_top, ip) if len(below_top) >= 8 else None
    else:
        found = written_address(below_top, ip, runs=runs, beside=word, mail=mail) if runs else None
    return None if found is None or (mail and mail_zone(below_top)) else found
