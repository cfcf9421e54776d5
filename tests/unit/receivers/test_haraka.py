"""Haraka: what fcrdns answers in place of the greeting, and helo.checks at EHLO. Each row was held against Haraka 3.3.4."""

import pytest

from support.clients import client
from truehelo.receivers.client import Client
from truehelo.receivers.selection import configured
from truehelo.reception import Reception

IP, GOOD = "45.83.12.25", "mail.example.com"
HOSTS = {GOOD: IP}
ACCEPT, REFUSE, TEMPFAIL, AT_RISK = Reception.ACCEPT, Reception.REFUSE, Reception.TEMPFAIL, Reception.AT_RISK
NO_RDNS = f"554 client [{IP}] rejected; no rDNS"
NO_MATCH = "554 Sorry, no FCrDNS match found"


def generic(name: str, ip: str = IP) -> str:
    return f"554 client {name} [{ip}] rejected; generic rDNS, please use your ISPs SMTP relay"


right = client(IP, ptr=GOOD, hosts=HOSTS)

FCRDNS = [
    ("haraka", client(IP, ptr="nxdomain", helo="mail"), ACCEPT, ""),
    (
        "haraka",
        client(IP, ptr=GOOD, helo="", hosts=HOSTS),
        REFUSE,
        "501 EHLO requires domain/address - see RFC-2821 4.1.1.1",
    ),
    ("haraka+fcrdns", right, ACCEPT, ""),
    ("haraka+fcrdns", client(IP, ptr=f"alias {GOOD}", hosts=HOSTS), ACCEPT, ""),
    ("haraka+fcrdns", client(IP, ptr=GOOD, hosts={GOOD: "45.83.12.99"}), ACCEPT, ""),  # the same /24
    ("haraka+fcrdns", client(IP, ptr=GOOD, hosts={GOOD: "45.83.13.25"}), REFUSE, NO_MATCH),
    ("haraka+fcrdns", client(IP, ptr=GOOD), REFUSE, NO_MATCH),
    ("haraka+fcrdns", client(IP, ptr=GOOD, hosts={GOOD: "servfail"}), REFUSE, NO_MATCH),
    ("haraka+fcrdns", client(IP, ptr=GOOD, hosts={GOOD: f"{IP}, AAAA servfail"}), ACCEPT, ""),
    ("haraka+fcrdns", client(IP, ptr=f"mx.example.net {GOOD}", hosts=HOSTS), ACCEPT, ""),
    ("haraka+fcrdns", client(IP, ptr=f"mx.example.net {GOOD}", hosts={"mx.example.net": "servfail", **HOSTS}), ACCEPT, ""),
    ("haraka+fcrdns", client(IP, ptr="nxdomain"), REFUSE, NO_RDNS),
    ("haraka+fcrdns", client(IP, ptr="alias nodata"), REFUSE, NO_RDNS),
    ("haraka+fcrdns", client(IP, ptr="servfail"), REFUSE, NO_RDNS),
    ("haraka+fcrdns", client(IP, ptr="refused"), REFUSE, NO_RDNS),
    ("haraka+reject.no_rdns", client(IP, ptr=GOOD), ACCEPT, ""),
    ("haraka+reject.no_fcrdns", client(IP, ptr="nxdomain"), ACCEPT, ""),  # another key is for that
    ("haraka+reject.no_fcrdns", client(IP, ptr="servfail"), ACCEPT, ""),
    ("haraka+reject.no_fcrdns", client(IP, ptr="mail.corp", hosts={"mail.corp": IP}), REFUSE, NO_MATCH),
    ("haraka+reject.no_fcrdns", client(IP, ptr="m+x.example.com", hosts={"m+x.example.com": IP}), REFUSE, NO_MATCH),
    (
        "haraka+reject.invalid_tld",
        client(IP, ptr="mail.corp", hosts={"mail.corp": IP}),
        REFUSE,
        f"554 client [{IP}] rejected; invalid TLD in rDNS (mail.corp)",
    ),
    ("haraka+reject.invalid_tld", client(IP, ptr="mail.example"), ACCEPT, ""),
    (
        "haraka+reject.generic_rdns",
        client(IP, ptr="h45-83-12-25.isp.com", hosts={"h45-83-12-25.isp.com": IP}),
        REFUSE,
        generic("h45-83-12-25.isp.com"),
    ),
    ("haraka+reject.generic_rdns", client(IP, ptr="static.25.12.83.45.clients.isp.com"), ACCEPT, ""),
    ("haraka+reject.generic_rdns", client(IP, ptr="mta-12-25.isp.com"), REFUSE, generic("mta-12-25.isp.com")),
    (
        "haraka+reject.generic_rdns",  # one name that looks so is enough, even where another leads back
        client(IP, ptr=f"{GOOD} h45-83-12-25.isp.com", hosts=HOSTS),
        REFUSE,
        generic("h45-83-12-25.isp.com"),
    ),
    ("haraka+fcrdns", client("2a01:4f8::25", ptr=GOOD, hosts={GOOD: "2a01:4f8::25"}), ACCEPT, ""),
    ("haraka+fcrdns", client("2a01:4f8::25", ptr=GOOD, hosts={GOOD: "2a01:4f8::26 45.83.12.25"}), REFUSE, NO_MATCH),
    ("haraka+reject.generic_rdns", client("2a01:4f8::25", ptr="2a01-4f8--25.isp.com"), ACCEPT, ""),
]

BARE = "550 Invalid address format in HELO"
DYNAMIC = "550 HELO is dynamic"
INVALID = "550 HELO host name invalid"
NO_DOT = "550 HELO host must be a FQDN or address literal (RFC 5321 2.3.5)"
NOT_RDNS = "550 HELO host does not match rDNS"
NOT_FORWARD = "550 HELO host has no forward DNS match"
NOT_NEAR = "550 HELO IP literal not in the same /24 as your IP address"
NOT_COMPANY = "550 You are not who you say you are"
SIX = "2a01:4f8::25"
OTHER = {"mx.example.net": "45.83.13.1", "mx.example.com": "45.83.13.1", **HOSTS}

HELO = [
    ("haraka+helo.checks", right, ACCEPT, ""),
    ("haraka+helo.checks", client(IP, ptr=GOOD, helo=IP, hosts=HOSTS), REFUSE, BARE),
    ("haraka+reject.bare_ip", client(IP, ptr=GOOD, helo=f"[{IP}]", hosts=HOSTS), ACCEPT, ""),
    ("haraka+reject.bare_ip", client(SIX, ptr=GOOD, helo=SIX), REFUSE, BARE),
    ("haraka+reject.bare_ip", client(SIX, ptr=GOOD, helo=f"IPv6:{SIX}"), REFUSE, BARE),
    ("haraka+reject.dynamic", client(IP, ptr=GOOD, helo="h12-25.isp.com"), REFUSE, DYNAMIC),
    ("haraka+reject.dynamic", client(IP, ptr=GOOD, helo="mx12.isp.com"), ACCEPT, ""),
    ("haraka+reject.dynamic", client(IP, ptr=GOOD, helo=f"[{IP}]"), ACCEPT, ""),
    ("haraka+reject.valid_hostname", client(IP, ptr=GOOD, helo="mail"), REFUSE, NO_DOT),
    ("haraka+reject.valid_hostname", client(IP, ptr=GOOD, helo="mail.lan"), REFUSE, INVALID),
    ("haraka+reject.valid_hostname", client(IP, ptr=GOOD, helo="mail.example.com."), REFUSE, INVALID),
    ("haraka+reject.valid_hostname", client(IP, ptr=GOOD, helo="my_host.example.com"), ACCEPT, ""),
    ("haraka+reject.valid_hostname", client(IP, ptr=GOOD, helo=f"[{IP}]"), ACCEPT, ""),
    ("haraka+reject.rdns_match", client(IP, ptr=GOOD, helo="other.example.com", hosts=HOSTS), ACCEPT, ""),
    ("haraka+reject.rdns_match", client(IP, ptr=GOOD, helo="mail.example.net", hosts=HOSTS), REFUSE, NOT_RDNS),
    ("haraka+reject.rdns_match", client(IP, ptr=GOOD, helo=f"[{IP}]", hosts=HOSTS), ACCEPT, ""),
    ("haraka+reject.rdns_match", client(IP, ptr=GOOD), ACCEPT, ""),  # whether the name leads back is not asked
    ("haraka+reject.rdns_match", client(IP, ptr="nxdomain"), REFUSE, NOT_RDNS),
    ("haraka+reject.rdns_match", client(IP, ptr="servfail"), REFUSE, NOT_RDNS),  # for good
    ("haraka+reject.forward_dns", client(IP, ptr=GOOD, helo="mx.example.net", hosts=OTHER), REFUSE, NOT_FORWARD),
    ("haraka+reject.forward_dns", client(IP, ptr=GOOD, helo="mx.example.com", hosts=OTHER), ACCEPT, ""),  # the same domain
    ("haraka+reject.forward_dns", client(IP, ptr=GOOD, helo="mx.example.net"), ACCEPT, ""),  # no address is not minded
    (
        "haraka+reject.forward_dns",
        client(IP, ptr=GOOD, helo="mx.example.net", hosts={"mx.example.net": "servfail"}),
        ACCEPT,
        "",
    ),
    (
        "haraka+reject.forward_dns",
        client(IP, ptr=GOOD, helo="mail"),
        REFUSE,
        "550 Invalid HELO host cannot achieve forward DNS match",
    ),
    (
        "haraka+reject.forward_dns",
        client(IP, ptr=GOOD, helo="mx.example.net", hosts={"mx.example.net": "timeout"}),
        TEMPFAIL,
        "450 DNS timeout resolving your HELO hostname",
    ),
    ("haraka+reject.literal_mismatch", client(IP, helo="[45.83.12.99]"), ACCEPT, ""),
    ("haraka+reject.literal_mismatch", client(IP, helo="[45.83.13.25]"), REFUSE, NOT_NEAR),
    ("haraka+reject.literal_mismatch", client(SIX, helo=f"[IPv6:{SIX}]"), REFUSE, NOT_NEAR),  # right, and refused
    ("haraka+reject.literal_mismatch", client(IP, helo="mail.example.com"), ACCEPT, ""),
    ("haraka+reject.literal_mismatch", client(IP, helo="[45.83.12.025]"), REFUSE, NOT_NEAR),
    ("haraka+reject.literal_mismatch", client(IP, helo=f"[IPv6:::ffff:{IP}]"), REFUSE, NOT_NEAR),
    (
        "haraka+reject.literal_mismatch+check.literal_mismatch=1",
        client(IP, helo="[45.83.12.99]"),
        REFUSE,
        "550 HELO IP literal does not match your IP address",
    ),
    ("haraka+reject.literal_mismatch+check.literal_mismatch=1", client(SIX, helo=f"[IPv6:{SIX}]"), ACCEPT, ""),
    ("haraka+reject.literal_mismatch+check.literal_mismatch=3", client(IP, helo="[10.0.0.1]"), ACCEPT, ""),
    ("haraka+reject.big_company", client(IP, ptr=GOOD, helo="yahoo.com", hosts=HOSTS), REFUSE, NOT_COMPANY),
    ("haraka+reject.big_company", client(IP, ptr="a.b.yahoo.com", helo="yahoo.com"), ACCEPT, ""),
    ("haraka+reject.big_company", client(IP, ptr="notyahoo.com", helo="yahoo.com"), REFUSE, NOT_COMPANY),
    ("haraka+reject.big_company", client(IP, ptr="nxdomain", helo="yahoo.com"), REFUSE, NOT_COMPANY),
    ("haraka+reject.big_company", client(IP, ptr=GOOD, helo="mail.yahoo.com"), ACCEPT, ""),
    (
        "haraka+helo.checks",
        client(IP, ptr=GOOD, helo="", hosts=HOSTS),
        REFUSE,
        "501 EHLO requires domain/address - see RFC-2821 4.1.1.1",
    ),
    ("haraka+helo.checks", client(IP, ptr=GOOD, helo="mail.example.com and more", hosts=HOSTS), ACCEPT, ""),
    ("haraka+fcrdns+helo.checks", client(IP, ptr="nxdomain", helo="mail"), REFUSE, NO_RDNS),  # the greeting comes first
]
ROWS = FCRDNS + HELO


@pytest.mark.parametrize(("receiver", "world", "verdict", "reply"), ROWS)
def test_haraka_does_this_with_that_client(receiver: str, world: Client, verdict: Reception, reply: str) -> None:
    judgement = configured(receiver).judge(world)

    assert (judgement.verdict, judgement.reply) == (verdict, reply)
    assert judgement.rule in configured(receiver).receiver.rules


def test_a_ptr_query_that_times_out_is_refused_or_put_off_by_how_long_its_resolver_tries() -> None:
    judgement = configured("haraka+fcrdns").judge(client(IP, ptr="timeout"))

    assert judgement.verdict is TEMPFAIL
    assert [outcome.reply for outcome in judgement.outcomes] == [NO_RDNS, f"421 client [{IP}] rDNS lookup timeout"]


def test_rdns_match_looks_at_whichever_ptr_name_comes_first() -> None:
    world = client(IP, ptr=f"{GOOD} mx.example.net", helo=GOOD, hosts=HOSTS)

    judgement = configured("haraka+reject.rdns_match").judge(world)

    assert (judgement.verdict, judgement.depends) == (AT_RISK, "record order")
    assert [outcome.verdict for outcome in judgement.outcomes] == [ACCEPT, REFUSE]


def test_rejects_at_the_greeting_do_not_wait_for_the_helo() -> None:
    world = client(IP, ptr="nxdomain", helo=None)

    assert configured("haraka+fcrdns+helo.checks").judge(world).reply == NO_RDNS
