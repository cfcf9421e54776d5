"""Sendmail: what require_rdns and block_bad_helo say, and what EHLO answers at once. Each row was held against 8.17.1."""

import socket
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.clients import client
from truehelo.facts.dns import Outcome
from truehelo.receivers.client import Client, HeloNotKnownError, Hosts, Names
from truehelo.receivers.mtas._glibc_names import ipv4_number, is_hostname, unescaped
from truehelo.receivers.selection import configured
from truehelo.reception import Reception

IP, GOOD, OTHER = "192.0.2.25", "mail.example.com", "mx.example.net"
HOSTS = {GOOD: IP}
ACCEPT, REFUSE, TEMPFAIL, AT_RISK = Reception.ACCEPT, Reception.REFUSE, Reception.TEMPFAIL, Reception.AT_RISK
NO_PTR = f"550 5.7.1 Fix reverse DNS for {IP}"
PTR_FAILED = f"451 4.1.8 Client IP address {IP} does not resolve"
FORGED = f"451 4.1.8 Possibly forged hostname for {IP}"
INVALID = "501 5.0.0 Invalid domain name"

right = client(IP, ptr=GOOD, hosts=HOSTS)

NAMES = [
    ("sendmail", client(IP, ptr="nxdomain"), ACCEPT, ""),
    ("sendmail", client(IP, ptr="servfail"), ACCEPT, ""),
    ("sendmail+delay_checks", client(IP, ptr="nxdomain"), ACCEPT, ""),
    ("sendmail+require_rdns", right, ACCEPT, ""),
    ("sendmail+require_rdns", client(IP, ptr="nxdomain"), REFUSE, NO_PTR),
    ("sendmail+require_rdns", client(IP, ptr="alias nodata"), REFUSE, NO_PTR),
    ("sendmail+require_rdns", client(IP, ptr="malformed"), REFUSE, NO_PTR),
    ("sendmail+require_rdns", client(IP, ptr="servfail"), TEMPFAIL, PTR_FAILED),
    ("sendmail+require_rdns", client(IP, ptr="refused"), TEMPFAIL, PTR_FAILED),
    ("sendmail+require_rdns", client(IP, ptr="timeout"), TEMPFAIL, PTR_FAILED),
    ("sendmail+require_rdns", client(IP, ptr=GOOD), TEMPFAIL, FORGED),
    ("sendmail+require_rdns", client(IP, ptr=GOOD, hosts={GOOD: "192.0.2.26"}), TEMPFAIL, FORGED),
    ("sendmail+require_rdns", client(IP, ptr=GOOD, hosts={GOOD: f"192.0.2.26 {IP}"}), ACCEPT, ""),
    ("sendmail+require_rdns", client(IP, ptr=GOOD, hosts={GOOD: "servfail"}), TEMPFAIL, FORGED),
    ("sendmail+require_rdns", client(IP, ptr=GOOD, hosts={GOOD: "timeout"}), TEMPFAIL, FORGED),
    ("sendmail+require_rdns", client(IP, ptr=GOOD, hosts={GOOD: "2001:db8::25"}), TEMPFAIL, FORGED),  # the other family
    ("sendmail+require_rdns", client(IP, ptr=GOOD, hosts={GOOD: f"{IP}, AAAA servfail"}), ACCEPT, ""),
    ("sendmail+require_rdns", client(IP, ptr=f"alias {GOOD}", hosts={GOOD: f"alias {IP}"}), ACCEPT, ""),
    ("sendmail+require_rdns", client("2001:db8::25", ptr=GOOD, hosts={GOOD: "2001:db8::25"}), ACCEPT, ""),
    (
        "sendmail+require_rdns",  # written in full
        client("2001:db8:c::12", ptr="nxdomain"),
        REFUSE,
        "550 5.7.1 Fix reverse DNS for IPv6:2001:db8:c:0:0:0:0:12",
    ),
    ("sendmail+require_rdns", client(IP, ptr="mail_1.example.com", hosts={"mail_1.example.com": IP}), ACCEPT, ""),
    ("sendmail+require_rdns", client(IP, ptr="mail-.example.com", hosts={"mail-.example.com": IP}), ACCEPT, ""),
    ("sendmail+require_rdns", client(IP, ptr="mail.-a.example.com", hosts={"mail.-a.example.com": IP}), ACCEPT, ""),
    ("sendmail+require_rdns", client(IP, ptr="-mail.example.com", hosts={"-mail.example.com": IP}), REFUSE, NO_PTR),
    ("sendmail+require_rdns", client(IP, ptr="mail/1.example.com"), REFUSE, NO_PTR),
    ("sendmail+require_rdns", client(IP, ptr="user\\@mail.example.com"), REFUSE, NO_PTR),
    ("sendmail+require_rdns", client(IP, ptr="12345", hosts={"12345": IP}), REFUSE, NO_PTR),
    ("sendmail+require_rdns", client(IP, ptr="0x7f.1", hosts={"0x7f.1": IP}), REFUSE, NO_PTR),
    ("sendmail+require_rdns", client(IP, ptr=IP, hosts={IP: IP}), REFUSE, NO_PTR),
    ("sendmail+require_rdns", client(IP, ptr="1.2.3.4.5", hosts={"1.2.3.4.5": IP}), TEMPFAIL, FORGED),  # never looked up
    ("sendmail+require_rdns", client(IP, ptr="255.255.255.255"), TEMPFAIL, FORGED),  # "no address" to inet_addr
    ("sendmail+require_rdns", client(IP, ptr="."), TEMPFAIL, FORGED),
    ("sendmail+require_rdns", client(IP, ptr="localhost", hosts={"localhost": IP}), TEMPFAIL, FORGED),  # the file of hosts
    ("sendmail+require_rdns+delay_checks", client(IP, ptr="nxdomain"), REFUSE, NO_PTR.replace("Fix", "<recipient>... Fix")),
    ("sendmail+require_rdns+delay_checks", client(IP, ptr="servfail"), TEMPFAIL, PTR_FAILED),
    ("sendmail+require_rdns+delay_checks", client(IP, ptr=GOOD), TEMPFAIL, FORGED),
]

BLOCKS = "sendmail+block_bad_helo+delay_checks"
OURS = f"{BLOCKS}+own=mx.receiver.example/203.0.113.25"


def said(helo: str, ip: str = IP) -> Client:
    return client(ip, ptr=GOOD, helo=helo, hosts={GOOD: ip})


def bogus(helo: str) -> str:
    return f"550 5.7.1 <recipient>... bogus HELO name used: {helo}"


HELOS = [
    ("sendmail", said(""), REFUSE, "501 5.0.0 EHLO requires domain address"),
    ("sendmail", said("mail example.com"), REFUSE, INVALID),
    ("sendmail", said("mail!x.example.com"), REFUSE, INVALID),
    ("sendmail", said("mail/x.example.com"), REFUSE, INVALID),
    ("sendmail", said("mäil.example.com"), REFUSE, INVALID),
    ("sendmail", said("a." * 128 + "a"), REFUSE, INVALID),
    ("sendmail", said("a." * 128), ACCEPT, ""),
    ("sendmail", said("mail.example.com "), ACCEPT, ""),
    ("sendmail", said("my_host:25#[x]"), ACCEPT, ""),
    ("sendmail", said(".mail..example.com."), ACCEPT, ""),
    ("sendmail", said("mail"), ACCEPT, ""),
    ("sendmail", said("[192.0.2.300"), ACCEPT, ""),
    ("sendmail+require_rdns", client(IP, ptr="nxdomain", helo="a b"), REFUSE, INVALID),  # EHLO comes first
    ("sendmail+block_bad_helo", said("mail"), ACCEPT, ""),  # behind the decision to relay
    (BLOCKS, said("mail.example.com"), ACCEPT, ""),
    (BLOCKS, said("nowhere.example"), ACCEPT, ""),
    (BLOCKS, said("mail"), REFUSE, bogus("mail")),
    (BLOCKS, said("MAIL"), REFUSE, bogus("MAIL")),
    (BLOCKS, said("mail."), REFUSE, bogus("mail.")),
    (BLOCKS, said(".mail"), REFUSE, bogus(".mail")),
    (BLOCKS, said("mail.."), ACCEPT, ""),
    (BLOCKS, said("localhost"), REFUSE, bogus("localhost")),
    (BLOCKS, said("x" * 250), REFUSE, bogus("x" * 227)),
    (BLOCKS, said(f"[{IP}]"), ACCEPT, ""),
    (BLOCKS, said("[192.0.2.300"), ACCEPT, ""),
    (BLOCKS, said("[]"), REFUSE, bogus("[]")),
    (BLOCKS, said(IP), ACCEPT, ""),
    (BLOCKS, said("127.0.0.1"), REFUSE, bogus("127.0.0.1")),
    (BLOCKS, said("[127.0.0.1]"), REFUSE, bogus("[127.0.0.1]")),
    (BLOCKS, said("[IPv6:2001:db8::25]", "2001:db8::25"), REFUSE, bogus("[IPv6:2001:db8::25]")),  # right, and no dot
    (BLOCKS, said("[IPv6:::ffff:192.0.2.1]"), ACCEPT, ""),
    (BLOCKS, said("2001:db8::25"), REFUSE, bogus("2001:db8::25")),
    (BLOCKS, said("IPv6:2001:db8::25"), ACCEPT, ""),
    (BLOCKS, said("IPv6:"), REFUSE, bogus("IPv6:")),
    (BLOCKS, said("IPv6:::1"), REFUSE, bogus("IPv6:::1")),
    (BLOCKS, said("mx.receiver.example"), ACCEPT, ""),
    (OURS, said("mx.receiver.example"), REFUSE, bogus("mx.receiver.example")),
    (OURS, said("MX.Receiver.Example"), REFUSE, bogus("MX.Receiver.Example")),
    (OURS, said("mx.receiver.example."), ACCEPT, ""),
    (OURS, said("203.0.113.25"), REFUSE, bogus("203.0.113.25")),
    (OURS, said("[203.0.113.25]"), REFUSE, bogus("[203.0.113.25]")),
    (f"{OURS}+require_rdns", client(IP, ptr=GOOD, helo="mail"), TEMPFAIL, FORGED),  # the client comes before its HELO
    (f"{OURS}+require_rdns", client(IP, ptr=GOOD, hosts=HOSTS, helo="mail"), REFUSE, bogus("mail")),
]


@pytest.mark.parametrize(("receiver", "world", "verdict", "reply"), NAMES + HELOS)
def test_judges_a_client(receiver: str, world: Client, verdict: Reception, reply: str) -> None:
    judgement = configured(receiver).judge(world)
    assert (judgement.verdict, judgement.reply) == (verdict, reply)


@pytest.mark.parametrize(
    ("ptr", "outcomes"),
    [
        (f"{GOOD} {OTHER}", [ACCEPT, TEMPFAIL]),
        (f"{OTHER} {GOOD}", [TEMPFAIL, ACCEPT]),
        (f"12345 {GOOD}", [REFUSE, ACCEPT]),
        (f"-x.example.com {OTHER} {GOOD}", [REFUSE, TEMPFAIL, ACCEPT]),
    ],
)
def test_depends_on_which_ptr_name_comes_first(ptr: str, outcomes: list[Reception]) -> None:
    judgement = configured("sendmail+require_rdns").judge(client(IP, ptr=ptr, hosts=HOSTS))
    assert judgement.verdict is AT_RISK
    assert judgement.depends == "record order"
    assert [each.verdict for each in judgement.possible()] == outcomes


def test_does_not_depend_on_the_order_when_no_ptr_name_is_better() -> None:
    judgement = configured("sendmail+require_rdns").judge(client(IP, ptr=f"{GOOD} {OTHER}"))
    assert (judgement.verdict, judgement.depends) == (TEMPFAIL, "")


def test_a_helo_that_is_not_known_is_asked_for() -> None:
    for receiver in ("sendmail", "sendmail+require_rdns", BLOCKS):
        with pytest.raises(HeloNotKnownError):
            configured(receiver).judge(client(IP, ptr=GOOD, helo=None))


@given(st.text("0123456789abcdefxX.", max_size=16))
def test_reads_addresses_as_inet_aton_does(text: str) -> None:
    try:
        expected = int.from_bytes(socket.inet_aton(text), "big")
    except OSError:
        expected = None
    assert ipv4_number(text) == expected


@given(st.text(max_size=30))
def test_any_text_can_be_asked_to_be_a_host_name(text: str) -> None:
    assert isinstance(is_hostname(text), bool)
    if "\\" not in text:
        assert unescaped(text) == text


@given(st.text(max_size=300))
def test_any_helo_is_answered_in_one_of_three_ways(helo: str) -> None:
    judgement = configured(OURS).judge(client(IP, ptr="nxdomain", helo=helo))
    assert judgement.verdict is (REFUSE if judgement.reply else ACCEPT)
    assert judgement.reply[:10] in ("", "501 5.0.0 ", "550 5.7.1 ")


@given(st.text(max_size=80), st.booleans())
def test_any_ptr_name_is_judged(name: str, confirmed: bool) -> None:
    hosts = Hosts(Outcome.ANSWER, (right.ip,)) if confirmed else Hosts(Outcome.NXDOMAIN)
    world = replace(right, ptr=Names(Outcome.ANSWER, (name,)), forwards={(name, 4): hosts})
    judgement = configured("sendmail+require_rdns").judge(world)
    assert judgement.reply in (("", NO_PTR, FORGED) if confirmed else (NO_PTR, FORGED))


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("mail.example.com", "mail.example.com"),
        (r"mail\x.example.com", "mailx.example.com"),
        (r"user\064mail", "user@mail"),
        (r"a\\b", r"a\b"),
        (r"a\.b", "a\x00b"),
        (r"a\046b", "a\x00b"),
        (r"a\300", None),
        (r"a\25", None),
        ("a\\", None),
    ],
)
def test_reads_what_a_backslash_stands_for(text: str, meant: str | None) -> None:
    assert unescaped(text) == meant
