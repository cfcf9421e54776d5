"""Advice: the least that must move, at the owner who can move it."""

import pytest

from support.world import World
from truehelo.engine.judge import judge
from truehelo.facts.names import is_fqdn
from truehelo.findings import SubjectAudit

TEXTBOOK = """
198.51.100.4 PTR 198-51-100-4.dynamic.cloudhost.example
198-51-100-4.dynamic.cloudhost.example A 198.51.100.4
mail.business.example A 198.51.100.4
"""
GOOD = """
192.0.2.25 PTR mail.example.com
mail.example.com A 192.0.2.25
"""


def judged(zone: str, ip: str, smtp: str | None = None, **facts: object) -> SubjectAudit:
    world = World(zone, authority=facts.pop("authority", None), fail=facts.pop("fail", None))  # type: ignore[arg-type]
    return judge(world.facts(ip, smtp=None if smtp is None else {25: smtp}, **facts))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("why", "zone", "ip", "smtp", "more", "owners", "name"),
    [
        (
            "A and greeting agree, so only the PTR moves",
            TEXTBOOK,
            "198.51.100.4",
            "mail.business.example",
            {},
            ["reverse zone"],
            "mail.business.example",
        ),
        (
            "PTR and A agree, so only the greeting moves",
            GOOD,
            "192.0.2.25",
            "old.example.com",
            {},
            ["mail server"],
            "mail.example.com",
        ),
        (
            "a single label in the greeting moves to the confirmed name",
            GOOD,
            "192.0.2.25",
            "mail",
            {},
            ["mail server"],
            "mail.example.com",
        ),
        (
            "PTR and greeting agree, so only the A record moves",
            "192.0.2.25 PTR mail.example.com",
            "192.0.2.25",
            "mail.example.com",
            {},
            ["dns zone"],
            "mail.example.com",
        ),
        (
            "no PTR but a right greeting: only the PTR moves",
            "mail.example.com A 192.0.2.25",
            "192.0.2.25",
            "mail.example.com",
            {},
            ["reverse zone"],
            "mail.example.com",
        ),
        (
            "the expected name wins over what confirms",
            GOOD + "new.example.com A 192.0.2.25",
            "192.0.2.25",
            "mail.example.com",
            {"expect": "new.example.com"},
            ["reverse zone", "mail server"],
            "new.example.com",
        ),
        (
            "nothing agrees but the greeting names a host: A first, then PTR",
            "192.0.2.26 PTR x.example",
            "192.0.2.25",
            "mail.example.com",
            {},
            ["dns zone", "reverse zone"],
            "mail.example.com",
        ),
        (
            "a wrong HELO moves, the rest stays",
            GOOD,
            "192.0.2.25",
            "mail.example.com",
            {"helo": "localhost"},
            ["mail server"],
            "mail.example.com",
        ),
        (
            "nothing at all is known of a name: choose one",
            "192.0.2.26 PTR x.example",
            "192.0.2.25",
            "mail",
            {},
            ["dns zone", "reverse zone", "mail server"],
            "NAME",
        ),
        ("all agree: nothing to do", GOOD, "192.0.2.25", "mail.example.com", {}, [], ""),
    ],
)
def test_the_least_moves(
    why: str, zone: str, ip: str, smtp: str, more: dict[str, object], owners: list[str], name: str
) -> None:
    steps = judged(zone, ip, smtp, **more).advice
    assert [step.owner for step in steps] == owners, why
    assert [step.step for step in steps] == list(range(1, len(steps) + 1))
    assert all(name in step.what for step in steps)


def test_the_textbook_fix_gives_the_record_the_question_what_to_leave_and_the_command() -> None:
    (step,) = judged(TEXTBOOK, "198.51.100.4", "mail.business.example").advice
    assert step.records == ("4.100.51.198.in-addr.arpa. 3600 IN PTR mail.business.example.",)
    assert "set the reverse DNS (PTR record) of 198.51.100.4 to mail.business.example" in step.ask
    assert "A record of mail.business.example" in step.leave
    assert "names that the mail server states" in step.leave
    assert step.verify == "truehelo wait 198.51.100.4 --for PTR=mail.business.example"
    assert {"PTR_GENERIC", "GREETING_DIFFERS"} <= set(step.resolves)


def test_the_holder_is_read_off_the_reverse_zone() -> None:
    zone = TEXTBOOK + "100.51.198.in-addr.arpa SOA ns1.cloudhost.example hostmaster.cloudhost.example 1 2 3 4 300"
    held = judged(
        zone,
        "198.51.100.4",
        "mail.business.example",
        authority={"ns1.cloudhost.example": ["198-51-100-4.dynamic.cloudhost.example"]},
    )
    who = held.advice[0].who
    assert "100.51.198.in-addr.arpa" in who
    assert "ns1.cloudhost.example" in who
    assert "hostmaster@cloudhost.example" in who


def test_a_classless_delegation_puts_the_record_where_the_alias_points() -> None:
    zone = """
    25.2.0.192.in-addr.arpa CNAME 25.0/26.2.0.192.in-addr.arpa
    25.0/26.2.0.192.in-addr.arpa PTR wrong.example.com
    mail.example.com A 192.0.2.25
    """
    (step,) = judged(zone, "192.0.2.25", "mail.example.com").advice
    assert step.records[0].startswith("25.0/26.2.0.192.in-addr.arpa. ")
    assert "RFC 2317" in step.what


@pytest.mark.parametrize("failing", ["timeout", "servfail", "refused"])
def test_an_undetermined_ptr_is_never_answered_with_a_new_ptr(failing: str) -> None:
    steps = judged(GOOD, "192.0.2.25", "mail.example.com", fail={"192.0.2.25 PTR": failing}).advice
    assert [record for step in steps for record in step.records if " PTR " in record] == []
    assert any("as they are until then" in step.leave for step in steps)


def test_a_private_address_is_not_blamed_on_anybody() -> None:
    (step,) = judged("", "10.0.0.5").advice
    assert step.owner == "you"


@pytest.mark.parametrize(
    "said", ["$(reboot).example.com", "`id`.example.com", "a;rm -rf.example", "mail.example.com'", "\x1b[31m.example"]
)
def test_no_name_from_the_network_reaches_a_command_unless_it_is_a_host_name(said: str) -> None:
    steps = judged("192.0.2.26 PTR x.example", "192.0.2.25", f"{said}").advice
    for step in steps:
        for line in (step.verify, *step.records):
            assert not set(line) & set("$`;'\x1b|&<>"), line
            assert is_fqdn(line.rpartition("PTR=")[2]) or "PTR=" not in line or line.endswith("NAME")


@pytest.mark.parametrize(
    ("record", "changed"),
    [
        ("v=spf1 ip4:192.0.2.9 -all", "v=spf1 ip4:192.0.2.9 ip4:192.0.2.25 -all"),
        ("v=spf1 ~ALL", "v=spf1 ip4:192.0.2.25 ~ALL"),
        ("v=spf1 ip4:192.0.2.9", "v=spf1 ip4:192.0.2.9 ip4:192.0.2.25"),
        ("v=spf1 redirect=other.example", "v=spf1 ip4:192.0.2.25 redirect=other.example"),
    ],
)
def test_an_omitted_address_is_put_into_the_record_before_what_decides_about_the_rest(record: str, changed: str) -> None:
    zone = GOOD + f"example.com 600 TXT {record}\nother.example TXT v=spf1 -all"
    (step,) = judged(zone, "192.0.2.25", "mail.example.com", spf=["organisation example.com"]).advice
    assert step.records == (f'example.com. 600 IN TXT "{changed}"',)
    assert "only receives" in step.leave
