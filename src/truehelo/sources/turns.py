"""When a receiver began to refuse a source, and what was seen to change before that.

Of each receiver apart, since each has its own rules. A change of the address is a cause that fits when it came before the
refusals, and not long before: receivers keep what they looked up for as long as it may be cached, and reports count whole
days. What fits may still be chance; that several receivers turn after the same change makes it likely. Does not decide
whether a share has changed (`change.py`).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import log
from typing import TypedDict

from truehelo.sources.change import Change, Count, changes, gain
from truehelo.sources.model import MISSING, DayRow, Flip, Turn

DAY_S = 86_400.0
BEFORE_DAYS = 3
"""So many days a change may lie before the refusals: a PTR's usual TTL is a day, and a report's day is the receiver's."""
LEAST_BEFORE = 20
"""Mail of a source is missed only where there was as much of it before."""
REST = 0.02
"""What may be left of its share: a receiver refuses on some days only from the afternoon on."""
_HARDLY = log(3.0)
"""By so much less than a change takes it is already looked for."""
_WEIGHT = (
    "PTR_MISSING",
    "IPREV_MISMATCH",
    "IPREV_FORWARD_MISSING",
    "PTR_UNEXPECTED",
    "PTR_GENERIC",
    "HELO_FORWARD_MISSING",
    "HELO_FORWARD_ELSEWHERE",
    "DNSBL_",
    "HELO_",
    "SPF_",
    "PTR_",
    "GREETING_",
)
"""What receivers refuse for, the likeliest first: tags, or how several of them begin."""


def ceased(days: Iterable[DayRow], whole: Mapping[str, Mapping[int, int]], flips: Sequence[Flip] = ()) -> tuple[Turn, ...]:
    """Return which receivers tell of no mail of a source any more although they tell of others', the oldest first.

    Who refuses at the connection sees no message, and has none to report. That the source sends nothing any more looks the
    same, so that this is a question, not an answer.

    Args:
        days: What each receiver did with the mail of the source on each day.
        whole: How much mail each receiver told of in all on each day.
        flips: What was seen to change of the address, in any order.
    """
    own: dict[str, dict[int, int]] = defaultdict(dict)
    for row in days:
        held = own[row.reporter]
        held[row.day] = held.get(row.day, 0) + row.sums.messages
    found = []
    for reporter, mine in own.items():
        told = whole.get(reporter, {})
        if not _may_have_ceased(mine, told):
            continue
        last = changes(_missing(mine, told), least=0.0)[-1:]
        for change in last:
            before, after = change.before.messages - change.before.hits, change.after.messages - change.after.hits
            if before >= LEAST_BEFORE and after * change.before.messages <= REST * before * change.after.messages:
                found.append(Turn(reporter=reporter, change=change, disposition=MISSING, causes=causes(change, flips)))
    return tuple(sorted(found, key=lambda turn: (turn.change.day, turn.reporter)))


def silent(days: Iterable[DayRow], lately: Mapping[str, Mapping[int, int]]) -> frozenset[str]:
    """Return the receivers of which `ceased` is worth asking: all others tell of the source on their own last day too.

    Args:
        days: What each receiver did with the mail of the source on each day.
        lately: How much mail each receiver told of in all on each of the last days that are asked about.
    """
    own: dict[str, int] = defaultdict(int)
    ends: dict[str, int] = defaultdict(int)
    last = {reporter: max(told) for reporter, told in lately.items() if told}
    for row in days:
        own[row.reporter] += row.sums.messages
        if row.day == last.get(row.reporter):
            ends[row.reporter] += row.sums.messages
    found = set()
    for reporter, sent in own.items():
        after = min(ends[reporter], lately[reporter][last[reporter]]) if reporter in last else 0
        if sent - after >= LEAST_BEFORE and after <= REST * (sent - after):
            found.add(reporter)
    return frozenset(found)


def _missing(mine: Mapping[int, int], told: Mapping[int, int]) -> list[Count]:
    """Return, as hits, the messages of each day that are of others."""
    return [Count(day, total, max(0, total - mine.get(day, 0))) for day, total in sorted(told.items())]


def _may_have_ceased(mine: Mapping[int, int], told: Mapping[int, int]) -> bool:
    """Tell whether it is worth while to look for the day: next to nothing since one, and that hardly by chance."""
    first = min((day for day, sent in mine.items() if sent and told.get(day)), default=None)
    if first is None:
        return False
    days = sorted(day for day, count in told.items() if count and day >= first)
    whole = [told[day] for day in days]
    ours = [min(mine.get(day, 0), count) for day, count in zip(days, whole, strict=True)]
    sent, total, after, of = sum(ours), sum(whole), 0, 0
    cuts = []
    for place in range(len(days) - 1, -1, -1):
        after, of = after + ours[place], of + whole[place]
        if sent - after < LEAST_BEFORE or after > REST * (sent - after):
            break  # mostly on the last day already
        if after * (total - of) <= REST * (sent - after) * of:
            cuts.append(place)
    return bool(cuts) and gain(whole, ours, cuts) >= _HARDLY


class _Refused(TypedDict):
    disposition: str
    refused: int
    refused_aligned: int


def weight(tag: str) -> int:
    """Return how likely receivers refuse for a tag; 0 is the likeliest."""
    return next((place for place, start in enumerate(_WEIGHT) if tag.startswith(start)), len(_WEIGHT))


def turns(days: Iterable[DayRow], flips: Sequence[Flip] = ()) -> tuple[Turn, ...]:
    """Return at whom and when the share of refused mail of one source changed, the oldest first.

    Args:
        days: What each receiver did on each day; several rows of one day are added up.
        flips: What was seen to change of the address, in any order.
    """
    by_reporter: dict[str, list[DayRow]] = defaultdict(list)
    for day in days:
        by_reporter[day.reporter].append(day)
    found = [
        Turn(
            reporter=reporter,
            change=change,
            **_refused(rows, change),
            causes=causes(change, flips),
        )
        for reporter, rows in by_reporter.items()
        if any(row.sums.refused for row in rows)
        for change in changes(Count(row.day, row.sums.messages, row.sums.refused) for row in rows)
    ]
    return tuple(sorted(found, key=lambda turn: (turn.change.day, turn.reporter)))


def _refused(rows: Sequence[DayRow], change: Change) -> _Refused:
    """Say what was mostly done while the larger share was refused, and how much of that had passed DMARC."""
    part = [row for row in rows if (row.day >= change.day) is (change.size > 0)]
    rejected, put_aside = sum(row.sums.rejected for row in part), sum(row.sums.quarantined for row in part)
    return {
        "disposition": "reject" if rejected > put_aside else "quarantine",
        "refused": rejected + put_aside,
        "refused_aligned": sum(row.refused_aligned for row in part),
    }


def causes(change: Change, flips: Iterable[Flip]) -> tuple[Flip, ...]:
    """Return the flips that may be why, the likeliest first: of the right direction, before it, and not long before.

    Refusals follow a tag that began to fail, and end after one that is well again.
    """
    wanted = "failing" if change.size > 0 else "ok"
    first, last = (change.earliest - BEFORE_DAYS) * DAY_S, (change.latest + 1) * DAY_S
    fitting = [flip for flip in flips if flip.is_tag and flip.new == wanted and first <= flip.at.timestamp() < last]
    return tuple(sorted(fitting, key=lambda flip: (weight(flip.what), _distance(flip, change), flip.what)))


def _distance(flip: Flip, change: Change) -> float:
    """Return how far a flip lies from the beginning of the day of a change, in seconds."""
    return abs(flip.at.timestamp() - change.day * DAY_S)


def cause(found: Iterable[Turn]) -> Flip | None:
    """Return the flip that explains most of the turns for the worse; of equals the likelier, then the later."""
    worse = [turn for turn in found if turn.worse]
    votes: dict[tuple[str, float], int] = defaultdict(int)
    flips: dict[tuple[str, float], Flip] = {}
    for turn in worse:
        for flip in turn.causes:
            key = flip.what, flip.at.timestamp()
            votes[key] += 1
            flips[key] = flip
    best = max(votes, key=lambda key: (votes[key], -weight(key[0]), key[1]), default=None)
    return None if best is None else flips[best]


def refused_since(found: Iterable[Turn]) -> Mapping[str, int]:
    """Return since which day each receiver refuses that still does: whose last turn was for the worse."""
    last: dict[str, Turn] = {}
    for turn in found:
        last[turn.reporter] = turn
    return {name: turn.change.day for name, turn in last.items() if turn.worse}
