"""The message to the holder of an address: to whom, for what, with which evidence, and when there is none."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.audits import audit, hostile
from support.talk import AT
from support.world import World
from truehelo.advice.guides import packaged
from truehelo.engine.judge import Judging, judge
from truehelo.facts.holder import Holder, HolderOutcome
from truehelo.findings import SubjectAudit
from truehelo.render import render
from truehelo.render.look import Look

SOA = "100.51.198.in-addr.arpa SOA ns1.cloudhost.example. dns-admin.cloudhost.example. 1 7200 900 1209600 3600\n"
DEFAULT = "198-51-100-4.dynamic.cloudhost.example"
OWN = f"198.51.100.4 PTR {DEFAULT}\n{DEFAULT} A 198.51.100.4\nmail.business.example A 198.51.100.4\n"
AUTHORITY = {"ns1.cloudhost.example": [DEFAULT]}


def judged(zone: str, ip: str, smtp: str | None = None, **facts: Any) -> SubjectAudit:
    world = World(zone, authority=facts.pop("authority", None), fail=facts.pop("fail", None))
    made = world.facts(ip, smtp=None if smtp is None else {25: smtp}, **facts)
    return judge(made, Judging(receivers=(), guides=packaged()))


def ticket(*subjects: SubjectAudit) -> str:
    return render(audit(*subjects), "text", Look(ticket=True))


def test_a_message_has_whom_what_the_record_what_is_in_place_and_what_each_server_said() -> None:
    text = ticket(judged(SOA + OWN, "198.51.100.4", "mail.business.example", authority=AUTHORITY))
    assert text.startswith("To: dns-admin@cloudhost.example (contact of the zone 100.51.198.in-addr.arpa)\nSubject: ")
    assert "  4.100.51.198.in-addr.arpa. 3600 IN PTR mail.business.example.\n" in text
    assert "Its forward record is in place" in text
    assert "192.0.2.53:53 (resolver, 03:04:05 UTC): PTR" in text
    assert "ns1.cloudhost.example@192.0.2.153:53 (name server of the zone" in text


def test_a_forward_record_that_is_missing_is_said_to_come_first() -> None:
    text = ticket(judged(SOA + f"198.51.100.4 PTR {DEFAULT}", "198.51.100.4", "mail.business.example"))
    assert "not in place yet, and will be published first:\n  mail.business.example. 3600 IN A 198.51.100.4" in text


def test_two_addresses_of_one_holder_share_a_message_and_another_holder_gets_one_of_his_own() -> None:
    zone = SOA + OWN + "198.51.100.5 PTR x.cloudhost.example\nmx.business.example A 198.51.100.5\n"
    zone += "2.0.192.in-addr.arpa SOA ns1.other.example. admin.other.example. 1 2 3 4 300\nmail.example.com A 192.0.2.25"
    one = judged(zone, "198.51.100.4", "mail.business.example", authority=AUTHORITY)
    two = judged(zone, "198.51.100.5", "mx.business.example", authority={"ns1.cloudhost.example": ["x.cloudhost.example"]})
    three = judged(zone, "192.0.2.25", "mail.example.com", authority={"ns1.other.example": "nxdomain"})
    text = ticket(one, two, three)
    assert text.count("Hello,") == 2
    assert "Subject: Reverse DNS (PTR) of 198.51.100.4 and 1 more\n" in text
    assert "To: admin@other.example" in text
    assert text.count("Please set the reverse DNS") == 3


# sentence, zone, ip, what the server says, a part of what is printed
NOBODY = [
    (
        "all agree",
        "192.0.2.25 PTR m.example.com\nm.example.com A 192.0.2.25",
        "192.0.2.25",
        "m.example.com",
        "nobody has to act",
    ),
    (
        "only the greeting is wrong",
        "192.0.2.25 PTR m.example.com\nm.example.com A 192.0.2.25",
        "192.0.2.25",
        "x.example.com",
        "nobody else has to act: the steps are those of your mail server and your DNS zone",
    ),
    (
        "the customer sets the PTR",
        "198.51.100.4 PTR 198.51.100.4.vultrusercontent.com\nm.example.com A 198.51.100.4",
        "198.51.100.4",
        "m.example.com",
        "nobody else has to act: the customer sets the PTR at Vultr (truehelo guide vultr)",
    ),
    (
        "no name is known",
        "192.0.2.26 PTR x.example",
        "192.0.2.25",
        "localhost",
        "choose one, publish its address, then truehelo check 192.0.2.25 --expect NAME --ticket",
    ),
    ("a private address", "", "10.0.0.5", None, "nobody else has to act"),
]


@pytest.mark.parametrize(("why", "zone", "ip", "said", "part"), NOBODY, ids=[row[0] for row in NOBODY])
def test_a_sentence_where_nobody_else_has_to_act(why: str, zone: str, ip: str, said: str | None, part: str) -> None:
    text = " ".join(ticket(judged(zone, ip, said)).split())
    assert part in text, why
    assert "Hello," not in text


def test_where_support_sets_the_ptr_the_message_goes_there() -> None:
    name = "c-198-51-100-4.hsd1.ca.comcast.net"
    text = ticket(judged(f"198.51.100.4 PTR {name}\nm.example.com A 198.51.100.4", "198.51.100.4", "m.example.com"))
    assert text.startswith(
        "To: the access provider's business support: reverse DNS (PTR) of 198.51.100.4 to be m.example.com"
    )


def test_the_registration_is_whom_to_write_to_as_well() -> None:
    subject = judged(SOA + OWN, "198.51.100.4", "mail.business.example", authority=AUTHORITY)
    holder = Holder(
        outcome=HolderOutcome.FOUND, at=AT, organisation="Cloud Host", abuse=("abuse@cloudhost.example", "x\ny")
    )
    facts = replace(subject.facts, holder=holder)
    text = ticket(judge(facts, Judging(receivers=(), guides=packaged())))
    assert "Or: Cloud Host, abuse@cloudhost.example (holder of the network, as its registry says)\n" in text


def test_servers_that_do_not_answer_are_asked_to() -> None:
    subject = judged(
        SOA + OWN,
        "198.51.100.4",
        "mail.business.example",
        fail={"198.51.100.4 PTR": "servfail"},
        authority={"ns1.x": "servfail"},
    )
    text = " ".join(ticket(subject).split())
    assert "do not answer for the PTR of 198.51.100.4. Please look at the delegation" in text
    assert "SERVFAIL" in text


def test_no_address_no_message() -> None:
    assert ticket() == "no address was audited, so there is nobody to write to\n"


@given(st.lists(st.text(min_size=1, max_size=40), min_size=1, max_size=8))
def test_no_text_of_a_stranger_ends_a_header_or_reaches_the_terminal(texts: list[str]) -> None:
    text = render(hostile(texts), "text", Look(ticket=True))
    lines = text.splitlines()
    assert sum(line.startswith("Subject: ") for line in lines) <= 1
    assert all(line.isprintable() for line in text.split("\n"))
