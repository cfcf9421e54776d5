"""What a DMARC record asks for at one name (RFC 9989 §4.7, §4.10.1; RFC 7489 §6.3)."""

import pytest

from truehelo.records.dmarc import DmarcRecord, effective, effective_7489, parse

ROWS = [
    ("at the name itself p counts", "p=reject; sp=none; np=none", True, True, "reject p"),
    ("below it sp counts", "p=reject; sp=none", False, True, "none sp"),
    ("below it p counts where sp is absent", "p=reject", False, True, "reject p"),
    ("np counts for names that do not exist", "p=none; sp=quarantine; np=reject", False, False, "reject np"),
    ("np does not count for names that exist", "p=none; np=reject", False, True, "none p"),
    ("sp counts for names that do not exist where np is absent", "p=none; sp=reject", False, False, "reject sp"),
    ("p counts for names that do not exist where both are absent", "p=reject", False, False, "reject p"),
    ("np does not count at the name itself", "p=none; np=reject", True, False, "none p"),
    ("a test lowers reject", "p=reject; t=y", True, True, "quarantine p"),
    ("a test lowers quarantine", "p=quarantine; t=y", True, True, "none p"),
    ("a test leaves none", "p=none; t=y", True, True, "none p"),
    ("a test lowers sp", "p=none; sp=reject; t=y", False, True, "quarantine sp"),
    ("an absent p is none", "sp=reject", True, True, "none p"),
    ("an absent p leaves sp", "sp=reject", False, True, "reject sp"),
    (
        "a bad sp makes it p=none where reports are asked for",
        "p=reject; sp=x; rua=mailto:a@b.example",
        True,
        True,
        "none p",
    ),
    ("a bad sp ends DMARC where they are not", "p=reject; sp=x", True, True, "nothing"),
]


def record(rest: str) -> DmarcRecord:
    read = parse(f"v=DMARC1; {rest}")
    assert isinstance(read, DmarcRecord)
    return read


@pytest.mark.parametrize(("why", "rest", "own", "exists", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_now(why: str, rest: str, own: bool, exists: bool, expected: str) -> None:
    policy = effective(record(rest), own=own, exists=exists)
    assert ("nothing" if policy is None else f"{policy.policy} {policy.tag}") == expected


def test_a_test_says_what_is_declared() -> None:
    policy = effective(record("p=reject; t=y"), own=True)
    assert policy is not None
    assert (policy.declared, policy.policy, policy.testing) == ("reject", "quarantine", True)


BEFORE = [
    ("a test was not known", "p=reject; t=y", True, "reject p 100"),
    ("np was not known", "p=none; np=reject", False, "none p 100"),
    ("a bad np was not seen", "p=reject; np=x", True, "reject p 100"),
    ("pct was followed", "p=reject; pct=20", True, "reject p 20"),
    ("sp was followed", "p=reject; sp=none", False, "none sp 100"),
    ("an absent p ended DMARC", "sp=reject", False, "nothing"),
    ("an absent p was none where reports were asked for", "sp=reject; rua=mailto:a@b.example", False, "none p 100"),
]


@pytest.mark.parametrize(("why", "rest", "own", "expected"), BEFORE, ids=[row[0] for row in BEFORE])
def test_before(why: str, rest: str, own: bool, expected: str) -> None:
    policy = effective_7489(record(rest), own=own)
    assert ("nothing" if policy is None else f"{policy.policy} {policy.tag} {policy.share}") == expected
