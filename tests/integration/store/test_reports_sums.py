"""Messages in are messages in facts are messages in roll-ups, whatever the order, whoever is killed, however often."""

import pytest

from integration.store import sums
from support.corpus import corpus

pytestmark = pytest.mark.integration


def test_sums_are_exact_in_any_order_twice_and_with_kills_between(store_url: str) -> None:
    """`sums.py 10000` does the same at full size."""
    done = sums.run(store_url, list(corpus(5, 60, largest=300)), 5, kills=2, limit=120)
    assert done.kills == 2
    assert 0 < done.stored_at_kills[0] < done.reports
    assert done.messages > done.reports
