"""Since when a part is hidden, look by look; and when what it hid may have begun."""

import pytest

from truehelo.drift.hidden import hidden_since, may_have_begun

MAIL = ("smtp", "stated")


@pytest.mark.parametrize(
    ("sentence", "looks", "tag", "earliest"),
    [
        ("nothing was hidden", [(10, (), ())], "GREETING_DIFFERS", 50),
        (
            "the mail server was silent from the second look on",
            [(10, (), ()), (20, MAIL, ()), (30, MAIL, ())],
            "NOT_SMTP",
            20,
        ),
        ("it was silent once, and was seen well since", [(10, MAIL, ()), (20, (), ()), (30, MAIL, ())], "NOT_SMTP", 30),
        (
            "it was seen, and what it said is suspected but not believed",
            [(10, MAIL, ()), (20, (), ("GREETING_DIFFERS",)), (30, (), ("GREETING_DIFFERS",))],
            "GREETING_DIFFERS",
            10,
        ),
        ("what is suspected rests on something else", [(10, MAIL, ()), (20, (), ("PTR_MISSING",))], "NOT_SMTP", 50),
        ("the PTR could be seen all the while", [(10, MAIL, ())], "PTR_MISSING", 50),
        (
            "of two parts the one that is hidden for longer",
            [(10, MAIL, ()), (20, (*MAIL, "ptr"), ())],
            "GREETING_DIFFERS",
            10,
        ),
        (
            "the PTR was hidden when the mail server was seen again: the two have not been held against each other since",
            [(10, MAIL, ()), (20, (*MAIL, "ptr", "iprev"), ()), (30, ("ptr", "iprev"), ())],
            "GREETING_DIFFERS",
            10,
        ),
        (
            "what rests on the mail server alone was seen well with it",
            [(10, MAIL, ()), (20, (*MAIL, "ptr", "iprev"), ()), (30, ("ptr", "iprev"), ())],
            "NOT_SMTP",
            50,
        ),
        ("a list does not care for what the server says", [(10, (*MAIL, "ptr"), ())], "DNSBL_SPAMHAUS_SBL", 50),
    ],
)
def test_what_was_hidden_may_have_begun_when_it_was_seen_last(
    sentence: str, looks: list[tuple[float, tuple[str, ...], tuple[str, ...]]], tag: str, earliest: float
) -> None:
    hidden: dict[str, float] = {}
    for at, unseen, suspected in looks:
        hidden = hidden_since(hidden, unseen, suspected, at)
    assert may_have_begun(tag, 50, hidden) == earliest, sentence
