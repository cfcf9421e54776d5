"""The verdict table: each row is a sentence, a world, and the verdict that follows."""

import pytest

from support.world import World
from truehelo.findings import Verdict
from truehelo.identity import Identity
from truehelo.verdict import verdict

IP = "192.0.2.25"
GOOD = "192.0.2.25 PTR mail.example.com\nmail.example.com A 192.0.2.25\n"
GENERIC = "192.0.2.25 PTR 192-0-2-25.isp.example\n192-0-2-25.isp.example A 192.0.2.25\nmail.example.com A 192.0.2.25\n"
FORGED = "192.0.2.25 PTR mail.example.com\nmail.example.com A 192.0.2.99\n"
OWN = "mail.example.net A 192.0.2.25\n"

Row = tuple[str, str, dict[str, str], str | None, str | None, str | None]
# sentence, table, what fails, greeting (None: --no-smtp, "-": unreachable), HELO, expected name
MATCH: list[Row] = [
    ("every stated name is a confirmed PTR name", GOOD, {}, "mail.example.com", "mail.example.com", None),
    ("no stated name is needed under --no-smtp", GOOD, {}, None, None, None),
    ("a declared HELO is enough where the greeting is unreachable", GOOD, {}, "-", "mail.example.com", None),
    ("the PTR has the expected name", GOOD, {}, "mail.example.com", None, "mail.example.com"),
    ("a generic name that the server states itself", GENERIC, {}, "192-0-2-25.isp.example", None, None),
    (
        "the stated name's lookup of the other family fails",
        GOOD,
        {"mail.example.com AAAA": "timeout"},
        "mail.example.com",
        None,
        None,
    ),
]
DIFFERS: list[Row] = [
    ("the greeting leads back and is not a PTR name", GOOD + OWN, {}, "mail.example.net", None, None),
    ("the HELO leads back and is not a PTR name", GOOD + OWN, {}, "mail.example.com", "mail.example.net", None),
    ("the HELO is the right literal", GOOD, {}, "mail.example.com", "[192.0.2.25]", None),
    ("the greeting is the right literal", GOOD, {}, "[192.0.2.25]", None, None),
]
MISMATCH: list[Row] = [
    ("there is no PTR", "mail.example.com A 192.0.2.25", {}, "mail.example.com", None, None),
    ("there is no PTR, and the greeting is unreachable", "", {}, "-", None, None),
    ("iprev fails", FORGED, {}, None, None, None),
    (
        "iprev fails, and the HELO could not be looked up",
        FORGED,
        {"x.example.net A": "timeout"},
        None,
        "x.example.net",
        None,
    ),
    ("the greeting is a single word", GOOD, {}, "mail", None, None),
    ("the HELO is a single word", GOOD, {}, None, "mail", None),
    ("the HELO is invalid", GOOD, {}, None, "mail_1.example.com", None),
    ("the HELO is a bare address", GOOD, {}, None, "192.0.2.25", None),
    ("the HELO is empty", GOOD, {}, None, "", None),
    ("the HELO is a wrong literal", GOOD, {}, None, "[192.0.2.26]", None),
    ("the greeting's forward record is missing", GOOD, {}, "mail.example.net", None, None),
    ("the HELO leads elsewhere", GOOD + "mail.example.net A 192.0.2.99", {}, None, "mail.example.net", None),
    ("the only PTR name is generic and the greeting is another name", GENERIC, {}, "mail.example.com", None, None),
    ("the only PTR name is generic and the HELO is another name", GENERIC, {}, None, "mail.example.com", None),
    ("the expected name is not a PTR name", GOOD + OWN, {}, "mail.example.com", None, "mail.example.net"),
    (
        "a contradiction stands while another fact is missing",
        GOOD + "mail.example.net A 192.0.2.99",
        {"mail.example.com A": "servfail"},
        None,
        "mail.example.net",
        None,
    ),
]
UNDETERMINED: list[Row] = [
    ("the PTR lookup fails", GOOD, {"192.0.2.25 PTR": "servfail"}, "mail.example.com", None, None),
    (
        "the PTR lookup fails, so that an expected name is no contradiction",
        GOOD,
        {"192.0.2.25 PTR": "timeout"},
        None,
        None,
        "x.example",
    ),
    ("the PTR name cannot be looked up", GOOD, {"mail.example.com A": "refused"}, None, None, None),
    ("the greeting is unreachable and no HELO is declared", GOOD, {}, "-", None, None),
    (
        "the greeting name cannot be looked up",
        GOOD + OWN,
        {"mail.example.net A": "timeout"},
        "mail.example.net",
        None,
        None,
    ),
    (
        "the HELO cannot be looked up",
        GOOD + OWN,
        {"mail.example.net A": "malformed"},
        "mail.example.com",
        "mail.example.net",
        None,
    ),
]
ROWS = [
    (reached, *row)
    for reached, rows in (
        (Verdict.MATCH, MATCH),
        (Verdict.DIFFERS, DIFFERS),
        (Verdict.MISMATCH, MISMATCH),
        (Verdict.UNDETERMINED, UNDETERMINED),
    )
    for row in rows
]


@pytest.mark.parametrize(
    ("reached", "sentence", "table", "fail", "greeting", "helo", "expected"),
    ROWS,
    ids=[f"{row[0]} when {row[1]}" for row in ROWS],
)
def test_the_verdict_is(
    reached: Verdict,
    sentence: str,
    table: str,
    fail: dict[str, str],
    greeting: str | None,
    helo: str | None,
    expected: str | None,
) -> None:
    smtp = None if greeting is None else {25: {"ended": "unreachable"} if greeting == "-" else greeting}
    facts = World(table, fail=fail).facts(IP, helo=helo, expect=expected, smtp=smtp)
    assert verdict(Identity(facts)) is reached, sentence


@pytest.mark.parametrize(
    "ip", ["10.0.0.1", "127.0.0.1", "100.64.0.1", "169.254.1.1", "fd00::1", "fe80::1", "::1", "64:ff9b::1"]
)
def test_an_address_that_nobody_outside_can_see_is_undetermined(ip: str) -> None:
    assert verdict(Identity(World("").facts(ip, helo="mail"))) is Verdict.UNDETERMINED


@pytest.mark.parametrize("ip", ["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"])
def test_documentation_addresses_are_judged_like_public_ones(ip: str) -> None:
    assert verdict(Identity(World("").facts(ip))) is Verdict.MISMATCH


def test_a_masked_greeting_leaves_the_ehlo_reply_as_the_stated_name() -> None:
    facts = World(GOOD).facts(IP, smtp={25: {"greeting": "220 *******", "ehlo": "mail.example.com"}})
    assert verdict(Identity(facts)) is Verdict.MATCH


def test_an_ehlo_reply_that_does_not_lead_back_is_a_mismatch_behind_a_good_greeting() -> None:
    facts = World(GOOD).facts(IP, smtp={25: {"greeting": "220 mail.example.com ESMTP", "ehlo": "inner.example.com"}})
    assert verdict(Identity(facts)) is Verdict.MISMATCH
