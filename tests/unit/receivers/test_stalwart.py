"""Stalwart: the form of EHLO, iprev over the first two PTR names, and the tags of its filter."""

import pytest

from support.clients import client
from truehelo.receivers.client import Client
from truehelo.receivers.selection import configured
from truehelo.reception import Reception

IP, SIX, GOOD = "192.0.2.25", "2001:db8::25", "mail.example.com"
HOSTS = {GOOD: f"{IP} {SIX}"}
OTHER = {"mx.example.com": IP, **HOSTS}
ACCEPT, AT_RISK, REFUSE, TEMPFAIL = Reception.ACCEPT, Reception.AT_RISK, Reception.REFUSE, Reception.TEMPFAIL

TAGS = [
    (client(IP, ptr=GOOD, hosts=HOSTS), 0.0, ""),
    (client(SIX, ptr=GOOD, hosts=HOSTS), 0.0, ""),
    (client(IP, ptr=GOOD, helo="MAIL.example.com.", hosts=HOSTS), 0.0, ""),
    (client(IP, ptr="nxdomain", hosts=HOSTS), 2.0, "RDNS_NONE"),
    (client(IP, ptr="alias nodata", hosts=HOSTS), 2.0, "RDNS_NONE"),
    (client(IP, ptr="servfail", hosts=HOSTS), 0.0, ""),
    (client(IP, ptr=GOOD, hosts={GOOD: "servfail"}), 0.0, ""),
    (client(IP, ptr=GOOD, hosts={GOOD: "192.0.2.99"}), 2.0, "RDNS_NONE"),
    (client(SIX, ptr=GOOD, hosts={GOOD: IP}), 2.0, "RDNS_NONE"),  # the other family does not count
    (client(IP, ptr=GOOD, helo="mx.example.com", hosts=OTHER), 1.0, "HELO_IPREV_MISMATCH"),
    (client(IP, ptr=GOOD, hosts={}), 2.3, "RDNS_NONE HELO_NORES_A_OR_MX"),
    (client(IP, ptr="servfail", helo="nowhere.example.com"), 0.3, "HELO_NORES_A_OR_MX"),
    (client(IP, ptr="servfail", helo="example.com", mx={"example.com": "mx.example.net"}), 0.0, ""),
    (client(IP, ptr="servfail", helo="mx.example.com", hosts={"mx.example.com": "A nxdomain, AAAA servfail"}), 0.0, ""),
    (
        client(IP, ptr="servfail", helo="mx.example.com", hosts={"mx.example.com": "A servfail, AAAA nxdomain"}),
        0.3,
        "HELO_NORES_A_OR_MX",
    ),
    (client(IP, ptr=GOOD, helo=f"[{IP}]", hosts=HOSTS), 3.0, "HELO_BAREIP"),
    (client(IP, ptr=GOOD, helo=IP, hosts=HOSTS), 3.0, "HELO_BAREIP"),
    (client(IP, ptr=GOOD, helo="[192.0.2.99]", hosts=HOSTS), 4.0, "HELO_BAREIP HELO_IP_A"),
    (client(IP, ptr=GOOD, helo="mail.lan", hosts=HOSTS), 2.0, "HELO_NOT_FQDN"),
    (client(IP, ptr=GOOD, helo="user.lan", hosts=HOSTS), 5.0, "RCVD_HELO_USER HELO_NOT_FQDN"),
    (client(IP, ptr="nxdomain", helo="mail.lan", hosts=HOSTS), 4.0, "HELO_NOT_FQDN RDNS_NONE"),
    (
        client(IP, ptr="xn--mil-qla.example.com", helo="xn--mil-qla.example.com", hosts={"xn--mil-qla.example.com": IP}),
        1.0,
        "HELO_IPREV_MISMATCH",  # decoded on one side alone
    ),
]


@pytest.mark.parametrize(("world", "points", "tags"), TAGS)
def test_stalwart_gives_these_tags(world: Client, points: float, tags: str) -> None:
    judgement = configured("stalwart").judge(world)

    assert judgement.score == points
    assert " ".join(symbol.name for symbol in judgement.symbols) == tags
    assert judgement.verdict is (AT_RISK if points >= 1 else ACCEPT)


FORM = "550 5.5.0 Invalid EHLO domain."
FAILED = "550 5.7.25 Reverse DNS validation failed."
DELAYED = "451 4.7.25 Temporary error validating reverse DNS."
REPLIES = [
    ("stalwart", client(IP, ptr=GOOD, helo="mail", hosts=HOSTS), REFUSE, FORM),
    ("stalwart", client(SIX, ptr=GOOD, helo=f"[IPv6:{SIX}]", hosts=HOSTS), REFUSE, FORM),  # no dot in it
    ("stalwart", client(IP, ptr=GOOD, helo="...", hosts=HOSTS), REFUSE, FORM),
    ("stalwart", client(IP, ptr=GOOD, helo="a" * 64 + ".example.com", hosts=HOSTS), REFUSE, FORM),
    ("stalwart", client(IP, ptr=GOOD, helo="", hosts=HOSTS), REFUSE, ""),
    ("stalwart", client(IP, ptr="nxdomain", hosts=HOSTS), AT_RISK, ""),
    ("stalwart+strict", client(IP, ptr=GOOD, hosts=HOSTS), ACCEPT, ""),
    ("stalwart+strict", client(IP, ptr="nxdomain", hosts=HOSTS), REFUSE, FAILED),
    ("stalwart+strict", client(IP, ptr=GOOD), REFUSE, FAILED),
    ("stalwart+strict", client(IP, ptr=GOOD, hosts={GOOD: "192.0.2.99"}), REFUSE, FAILED),
    ("stalwart+strict", client(IP, ptr="timeout", hosts=HOSTS), TEMPFAIL, DELAYED),
    ("stalwart+strict", client(IP, ptr=GOOD, hosts={GOOD: "servfail"}), TEMPFAIL, DELAYED),
    ("stalwart+strict", client(IP, ptr=GOOD, helo="mx.example.com", hosts=OTHER), AT_RISK, ""),
]


@pytest.mark.parametrize(("receiver", "world", "verdict", "reply"), REPLIES)
def test_stalwart_answers_that_client_so(receiver: str, world: Client, verdict: Reception, reply: str) -> None:
    judgement = configured(receiver).judge(world)

    assert (judgement.verdict, judgement.reply) == (verdict, reply)
    assert judgement.rule in configured(receiver).receiver.rules


def test_with_two_ptr_names_the_helo_is_held_against_the_first() -> None:
    judgement = configured("stalwart").judge(client(IP, ptr=f"{GOOD} mx.example.com", hosts=OTHER))

    assert judgement.depends == "record order"
    assert [outcome.score for outcome in judgement.outcomes] == [0.0, 1.0]


def test_a_third_ptr_name_may_not_be_seen() -> None:
    judgement = configured("stalwart+strict").judge(client(IP, ptr=f"a.example.com b.example.com {GOOD}", hosts=HOSTS))

    assert (judgement.verdict, judgement.depends) == (AT_RISK, "record order")
    assert judgement.outcomes[0].reply == FAILED


def test_either_of_two_ptr_names_may_lead_back() -> None:
    judgement = configured("stalwart+strict").judge(client(IP, ptr=f"a.example.com {GOOD}", hosts=HOSTS))

    assert not any(outcome.verdict is REFUSE for outcome in judgement.possible())


def test_the_error_of_the_last_name_is_the_result() -> None:
    hosts = {"a.example.com": "servfail", "b.example.com": "nxdomain"}
    judgement = configured("stalwart+strict").judge(client(IP, ptr="a.example.com b.example.com", hosts=hosts))

    assert [outcome.reply for outcome in judgement.outcomes] == [FAILED, DELAYED]
