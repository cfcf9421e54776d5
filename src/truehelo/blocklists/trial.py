"""Whether a list is to be believed, from what each resolver said to its test entries (RFC 5782 §5).

A list holds 127.0.0.2 and does not hold 127.0.0.1 (for IPv6 the same as mapped addresses). One that lacks the first is
dead, or a resolver hides it; one that has the second lists everything; and a resolver that answers for a name in .invalid
makes answers of denials (RFC 6761 §6.4). Each resolver is weighed by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from truehelo.blocklists.model import Blocklist
from truehelo.facts.address import parse_address
from truehelo.facts.blocklist import Doubt
from truehelo.facts.dns import Exchange, Lookup, Outcome
from truehelo.facts.text import visible


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What came of the test. `bad` are the servers that are not to be heard, where others are good.

    `by_text`: the entry is there in TXT records only, so that an address is asked for by TXT. `lookups` are those of the
    test, kept where there is a `doubt`.
    """

    doubt: Doubt | None = None
    detail: str = ""
    bad: frozenset[str] = frozenset()
    by_text: bool = False
    lookups: tuple[Lookup, ...] = ()

    def with_lookups(self, lookups: tuple[Lookup, ...]) -> "Trial":
        """Return the same, with its evidence."""
        return replace(self, lookups=lookups)


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What one server's answers say; no doubt for a good one."""

    doubt: Doubt | None = None
    detail: str = ""
    by_text: bool = False


def answers_for_nothing(exchanges: Sequence[Exchange]) -> frozenset[str]:
    """Return the servers that answered for a name that cannot exist."""
    return frozenset(exchange.server for exchange in exchanges if exchange.outcome is Outcome.ANSWER)


def weigh(
    entry: Blocklist,
    rewriters: frozenset[str],
    listed: Sequence[Exchange],
    clean: Sequence[Exchange],
    texts: Sequence[Exchange] = (),
) -> Trial:
    """Weigh what each server said to the entry that must be there, to the one that must not, and to the first one's TXT."""
    servers = dict.fromkeys(exchange.server for exchange in (*listed, *clean))
    found: dict[str, _Verdict] = {}
    for server in servers:
        found[server] = _server(entry, server, rewriters, _of(server, listed), _of(server, clean), _of(server, texts))
    good = [verdict for verdict in found.values() if verdict.doubt is None]
    if good:
        # One that could not be reached now is no worse than the others: the resolver passes it over by itself.
        bad = frozenset(name for name, each in found.items() if each.doubt not in (None, Doubt.UNREACHABLE))
        return Trial(bad=bad, by_text=all(each.by_text for each in good))
    if not found:
        return Trial(doubt=Doubt.UNREACHABLE, detail="nothing was asked")
    worst = min(found.items(), key=lambda item: _TELLING.index(item[1].doubt))
    return Trial(doubt=worst[1].doubt, detail=f"{worst[1].detail}, by {visible(worst[0], 80)}")


_TELLING: tuple[Doubt | None, ...] = (
    Doubt.REFUSED,
    Doubt.LISTS_EVERYTHING,
    Doubt.REWRITTEN,
    Doubt.DEAD,
    Doubt.UNREACHABLE,
    None,
)
"""Of several doubts, which one is told."""


def _of(server: str, exchanges: Sequence[Exchange]) -> Exchange | None:
    return next((exchange for exchange in exchanges if exchange.server == server), None)


def _server(
    entry: Blocklist,
    server: str,
    rewriters: frozenset[str],
    listed: Exchange | None,
    clean: Exchange | None,
    text: Exchange | None,
) -> _Verdict:
    if server in rewriters:
        return _Verdict(Doubt.REWRITTEN, "a name that cannot exist has an address")
    there = _there(entry, listed, text)
    return there if there.doubt is not None else _not_there(entry, clean, there)


def _there(entry: Blocklist, listed: Exchange | None, text: Exchange | None) -> _Verdict:
    if listed is None:  # the list is known to have no such entry
        return _Verdict()
    if listed.outcome is Outcome.ANSWER:
        return _codes(entry, listed, expected=True)
    if listed.outcome is Outcome.NODATA and text is not None and text.outcome is Outcome.ANSWER:
        return _Verdict(by_text=True)
    if listed.outcome.is_denial:
        return _Verdict(Doubt.DEAD, f"its test entry is not there ({listed.outcome})")
    return _failed(listed)


def _not_there(entry: Blocklist, clean: Exchange | None, there: _Verdict) -> _Verdict:
    if clean is None or clean.outcome.is_denial:
        return there
    if clean.outcome is not Outcome.ANSWER:
        return _failed(clean)
    wrong = _codes(entry, clean, expected=False)
    if wrong.doubt is not None:
        return wrong
    codes = ", ".join(visible(record.data, 60) for record in clean.records)
    return _Verdict(Doubt.LISTS_EVERYTHING, f"{codes} for a name that no list holds")


def _codes(entry: Blocklist, exchange: Exchange, *, expected: bool) -> _Verdict:
    """Weigh an answer: from elsewhere, a refusal, or one that may stand."""
    for record in exchange.records:
        code, shown = record.data, visible(record.data, 60)
        ip = parse_address(code)
        refusal = entry.refusal(code)
        if ip is None or ip.version != 4 or ip.packed[0] != 127:
            return _Verdict(Doubt.REWRITTEN, f"{shown} for a name of the list")
        if expected and any(codes.hold(code) for codes in entry.tests.expect):
            continue
        if refusal is not None:
            return _Verdict(Doubt.REFUSED, f"it refuses to answer: {refusal.means} ({shown})")
        if code == "127.0.0.1" and entry.meaning(code) is None:
            return _Verdict(Doubt.REFUSED, f"it answers its test entry with {shown}, which is how lists refuse a query")
        if code.startswith("127.255."):
            return _Verdict(Doubt.REFUSED, f"it answers with {shown}, a code for an error")
    return _Verdict()


def _failed(exchange: Exchange) -> _Verdict:
    if exchange.outcome is Outcome.REFUSED:
        return _Verdict(Doubt.REFUSED, "the query was refused (REFUSED)")
    words = "no answer in time" if exchange.outcome is Outcome.TIMEOUT else exchange.outcome.upper()
    return _Verdict(Doubt.UNREACHABLE, words)
