"""The verdict: do the names of this server agree? From the three relations alone, never from a severity.

The table is in docs/reference/verdicts.md; the first line that holds decides. What each receiver makes of it is
another question.
"""

from truehelo.facts.address import judgeable
from truehelo.facts.names import NameForm, canonical
from truehelo.findings import Result, Verdict
from truehelo.identity import Forward, Identity, Stated


def verdict(identity: Identity) -> Verdict:
    """Return the verdict on one address."""
    if not judgeable(identity.facts.ip):
        return Verdict.UNDETERMINED
    if _contradicted(identity):
        return Verdict.MISMATCH
    if _something_missing(identity):
        return Verdict.UNDETERMINED
    if all(stated.in_confirmed for stated in identity.stated):
        return Verdict.MATCH
    return Verdict.DIFFERS


def _contradicted(identity: Identity) -> bool:
    if identity.iprev in (Result.FAIL, Result.PERMERROR):
        return True
    if any(is_wrong(stated) for stated in identity.stated):
        return True
    # The textbook case: the PTR confirms, but it is the provider's name and the server states its own.
    if _only_generic(identity, Forward.CONFIRMED) and _only_generic(identity, Forward.CONFIRMED, Forward.UNKNOWN):
        return True
    return unexpected(identity)


def _only_generic(identity: Identity, *forwards: Forward) -> bool:
    """A stated name is no PTR name, and the PTR names of these relations to the address are all generic."""
    names = [name for name, forward in identity.forwards.items() if forward in forwards]
    all_generic = bool(names) and all(name in identity.generic for name in names)
    return all_generic and any(stated.in_ptr is False for stated in identity.stated)


def unexpected(identity: Identity) -> bool:
    """The PTR names are known, and the name that the operator expects is not among them."""
    expected, ptr = identity.facts.expected_name, identity.facts.ptr
    if expected is None or ptr is None or ptr.outcome.is_undetermined:
        return False
    return canonical(expected) not in identity.ptr_names


def is_wrong(stated: Stated) -> bool:
    """A stated name is not fully qualified, is invalid, or does not lead to the address."""
    if stated.form.form in (NameForm.SINGLE_LABEL, NameForm.INVALID):
        return True
    return stated.forward in (Forward.MISSING, Forward.ELSEWHERE)


def _something_missing(identity: Identity) -> bool:
    if identity.iprev is Result.TEMPERROR:
        return True
    if identity.facts.smtp_asked and not identity.stated:
        return True
    # A name of the server's own that could not be looked up decides whether this is the textbook case.
    if _only_generic(identity, Forward.CONFIRMED):
        return True
    return any(stated.forward is Forward.UNKNOWN for stated in identity.stated)
