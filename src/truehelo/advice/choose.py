"""Which name should be the right one? The one on which most sides agree already, so that the least must move.

The order: what the operator expects; a PTR name that confirms and is nobody's default; a stated name that leads back to
the address; a name that two sides state although its forward record is wrong; a PTR name or a stated name alone.
"""

from collections.abc import Iterator

from truehelo.facts.names import NameForm, canonical, is_fqdn
from truehelo.generic import classify
from truehelo.identity import Forward, Identity, Stated, StatedBy

_TRUST = (StatedBy.HELO, StatedBy.GREETING, StatedBy.EHLO_REPLY)
"""Receivers judge the HELO; the greeting and the EHLO reply are the next best witness of what the operator means."""


def right_name(identity: Identity) -> str | None:
    """Return the name that this server should have everywhere, or None when the facts suggest none."""
    return next(_candidates(identity), None)


def undecided(identity: Identity) -> bool:
    """Which side is right cannot be told yet: a PTR, or the address of a PTR name, could not be looked up.

    The server may then be right and the PTR wrong, or the other way round; an expected name or a confirmed one decides.
    """
    if identity.facts.expected_name is not None:
        return False
    ptr = identity.facts.ptr
    if ptr is None or ptr.outcome.is_undetermined:
        return True
    own = own_ptr_names(identity)
    if any(name in identity.confirmed_names for name in own):
        return False
    name = right_name(identity)
    return any(each != name and identity.forwards[each] is Forward.UNKNOWN for each in own)


def own_ptr_names(identity: Identity) -> list[str]:
    """Return the examined PTR names that are full names and nobody's default."""
    return [name for name in identity.judged_names if is_fqdn(name) and name not in identity.generic]


def organisation(identity: Identity) -> str | None:
    """Return the bare domain of the server's organisation, where the audit found one out."""
    return next((question.domain for question in identity.facts.spf if question.identity != "helo"), None)


def _candidates(identity: Identity) -> Iterator[str]:
    expected = identity.facts.expected_name
    if expected is not None and is_fqdn(expected):
        yield canonical(expected)
    stated = [found for by in _TRUST for found in identity.stated_by(by) if _usable(identity, found)]
    ptr = own_ptr_names(identity)
    own = [found.text for found in stated]
    confirmed = [name for name in ptr if name in identity.confirmed_names]
    yield from (name for name in confirmed if name in own)
    # A PTR should not name an alias (RFC 2181 §10.2): where the server states the name behind it, that one is right.
    yield from (
        found.text for found in stated if found.forward is Forward.CONFIRMED and _behind(identity, found, confirmed)
    )
    yield from confirmed
    yield from (found.text for found in stated if found.forward is Forward.CONFIRMED)
    yield from (name for name in ptr if name in own)
    # The bare domain, when it leads elsewhere, is the web site's: adding an address there would harm it.
    bare = organisation(identity)
    yield from (found.text for found in stated if found.forward is not Forward.ELSEWHERE or found.text != bare)
    yield from ptr


def _behind(identity: Identity, stated: Stated, names: list[str]) -> bool:
    """One of these names is an alias of the stated one."""
    lookups = [identity.facts.forward(name) for name in names]
    return any(lookup is not None and lookup.chain and lookup.owner == stated.text for lookup in lookups)


def _usable(identity: Identity, stated: Stated) -> bool:
    return stated.form.form is NameForm.FQDN and not classify(stated.text, identity.facts.ip)
