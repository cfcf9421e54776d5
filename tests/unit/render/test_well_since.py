"""Of whom it is said that they are well again: not of those that an incident ended with for another reason."""

from datetime import UTC, datetime

import pytest

from truehelo.monitoring import Member
from truehelo.render.notice_parts import well_since

EARLY, LATE = datetime(2026, 3, 1, 9, tzinfo=UTC), datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sentence", "closed", "ended", "over", "expected"),
    [
        ("it fails still", None, "", None, None),
        ("it was seen well, and others fail", EARLY, "", None, EARLY),
        ("it was the last that was seen well", LATE, "", LATE, LATE),
        ("nobody watches it any more", LATE, "no longer watched", LATE, None),
        ("it was well before the others were told elsewhere", EARLY, "told with incident 7", LATE, EARLY),
    ],
)
def test_who_is_well_again(
    sentence: str, closed: datetime | None, ended: str, over: datetime | None, expected: datetime | None
) -> None:
    member = Member(ip="192.0.2.25", since=EARLY, closed=closed)
    assert well_since(member, ended, over) == expected, sentence
