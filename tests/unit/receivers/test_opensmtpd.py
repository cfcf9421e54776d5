"""OpenSMTPD: filters on fcrdns and rdns, and what EHLO answers. Each row was held against 6.8.0p2, 7.4.0 and 7.6.0."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.clients import client
from truehelo.errors import InputError
from truehelo.receivers.client import Client, HeloNotKnownError
from truehelo.receivers.mtas._opensmtpd_names import KEPT, is_helo, is_network, kept
from truehelo.receivers.selection import configured
from truehelo.reception import Reception

IP, GOOD, OTHER = "192.0.2.25", "mail.example.com", "mx.example.net"
HOSTS = {GOOD: IP}
ACCEPT, REFUSE, TEMPFAIL, AT_RISK = Reception.ACCEPT, Reception.REFUSE, Reception.TEMPFAIL, Reception.AT_RISK
NO, LATER = "550 no such names", "451 4.7.25 come back"
FCRDNS, RDNS = f"opensmtpd+fcrdns+reply={NO}", f"opensmtpd+rdns+reply={NO}"
INVALID = "501 5.5.4 Invalid command arguments: Invalid domain name"
LONG = "l" * 60 + ".example.com"

right = client(IP, ptr=GOOD, hosts=HOSTS)


def named(name: str, ip: str = IP) -> Client:
    """A client whose one PTR name leads back, as far as DNS goes."""
    return client(ip, ptr=name or ".", hosts={name: ip})


NAMES = [
    ("opensmtpd", client(IP, ptr="nxdomain"), ACCEPT, ""),
    ("opensmtpd", client(IP, ptr="servfail"), ACCEPT, ""),
    (FCRDNS, right, ACCEPT, ""),
    (RDNS, right, ACCEPT, ""),
    (FCRDNS, client(IP, ptr="nxdomain"), REFUSE, NO),
    (RDNS, client(IP, ptr="nxdomain"), REFUSE, NO),
    (RDNS, client(IP, ptr="alias nodata"), REFUSE, NO),
    (FCRDNS, client(IP, ptr="servfail"), REFUSE, NO),  # an outage of DNS is no better than no name
    (RDNS, client(IP, ptr="servfail"), REFUSE, NO),
    (RDNS, client(IP, ptr="timeout"), REFUSE, NO),
    (FCRDNS, client(IP, ptr=GOOD), REFUSE, NO),
    (RDNS, client(IP, ptr=GOOD), ACCEPT, ""),
    (FCRDNS, client(IP, ptr=GOOD, hosts={GOOD: "192.0.2.26"}), REFUSE, NO),
    (FCRDNS, client(IP, ptr=GOOD, hosts={GOOD: f"192.0.2.26 {IP}"}), ACCEPT, ""),
    (FCRDNS, client(IP, ptr=GOOD, hosts={GOOD: "servfail"}), REFUSE, NO),
    (RDNS, client(IP, ptr=GOOD, hosts={GOOD: "servfail"}), ACCEPT, ""),
    (FCRDNS, client(IP, ptr=GOOD, hosts={GOOD: "timeout"}), REFUSE, NO),
    (FCRDNS, client(IP, ptr=GOOD, hosts={GOOD: "2001:db8::25"}), REFUSE, NO),  # the other family
    (FCRDNS, client(IP, ptr=GOOD, hosts={GOOD: f"{IP}, AAAA timeout"}), ACCEPT, ""),
    (FCRDNS, client(IP, ptr=f"alias {GOOD}", hosts={GOOD: f"alias {IP}"}), ACCEPT, ""),
    (FCRDNS, named(GOOD, "2001:db8::25"), ACCEPT, ""),
    (FCRDNS, named("mail_1.example.com"), ACCEPT, ""),
    (FCRDNS, named("mail-.example.com"), ACCEPT, ""),
    (FCRDNS, named("mail.-a.example.com"), ACCEPT, ""),
    (RDNS, named("-mail.example.com"), REFUSE, NO),
    (RDNS, named("mail/1.example.com"), REFUSE, NO),
    (RDNS, named("user\\@mail.example.com"), REFUSE, NO),
    (FCRDNS, client(IP, ptr=f"-x.example.com {GOOD}", hosts=HOSTS), ACCEPT, ""),  # the next name counts
    (RDNS, named("a\\.b.example.com"), ACCEPT, ""),  # a dot within a label
    (FCRDNS, named("a\\.b.example.com"), REFUSE, NO),
    (FCRDNS, named(LONG), REFUSE, NO),  # cut before it is looked up
    (RDNS, named(LONG), ACCEPT, ""),
    (FCRDNS, named(LONG[-KEPT:]), ACCEPT, ""),
    (FCRDNS, client(IP, ptr=IP), ACCEPT, ""),  # its own address, of which DNS knows nothing
    (RDNS, client(IP, ptr=IP), REFUSE, NO),
    (FCRDNS, named("10.0.0.1"), REFUSE, NO),  # another address, which is not looked up
    (FCRDNS, named("10.0.0.1", "2001:db8::25"), ACCEPT, ""),  # no address to a client of IPv6
    (FCRDNS, named("1.2.3"), ACCEPT, ""),
    (RDNS, named("1.2.3"), REFUSE, NO),
    (RDNS, named("0xab"), REFUSE, NO),
    (RDNS, named("12345"), ACCEPT, ""),
    (RDNS, named("1.2.3.4.5"), ACCEPT, ""),
    (RDNS, named(""), ACCEPT, ""),  # the root
    (FCRDNS, named(""), REFUSE, NO),
    (f"opensmtpd+fcrdns+reply={LATER}", client(IP, ptr=GOOD), TEMPFAIL, LATER),
    ("opensmtpd+fcrdns", client(IP, ptr=GOOD), REFUSE, ""),  # whatever the administrator wrote
    (f"opensmtpd+rdns+fcrdns+reply={NO}", client(IP, ptr=GOOD), REFUSE, NO),
    (f"opensmtpd+rdns+fcrdns+reply={NO}", right, ACCEPT, ""),
    (f"{FCRDNS}+action=reject+phase=rcpt-to", client(IP, ptr=GOOD), REFUSE, NO),
]


def said(helo: str) -> Client:
    return client(IP, ptr=GOOD, helo=helo, hosts=HOSTS)


HELOS = [
    ("opensmtpd", said(""), REFUSE, "501 5.5.1 Invalid command: EHLO requires domain name"),
    ("opensmtpd", said("mail"), ACCEPT, ""),
    ("opensmtpd", said("my_host.example.com"), ACCEPT, ""),
    ("opensmtpd", said("mail-.example.com"), ACCEPT, ""),
    ("opensmtpd", said("-mail.example.com"), REFUSE, INVALID),
    ("opensmtpd", said("mail.example.com."), REFUSE, INVALID),
    ("opensmtpd", said("mail..example.com"), REFUSE, INVALID),
    ("opensmtpd", said(".mail.example.com"), REFUSE, INVALID),
    ("opensmtpd", said("mail:25"), REFUSE, INVALID),
    ("opensmtpd", said("a b"), REFUSE, INVALID),
    ("opensmtpd", said("user@example.com"), REFUSE, INVALID),
    ("opensmtpd", said("mäil.example.com"), REFUSE, INVALID),
    ("opensmtpd", said("mail\\x.example.com"), ACCEPT, ""),
    ("opensmtpd", said("a" * 63), ACCEPT, ""),
    ("opensmtpd", said("a" * 64), REFUSE, INVALID),
    ("opensmtpd", said("a." * 126 + "a"), ACCEPT, ""),
    ("opensmtpd", said("a." * 126 + "aa"), REFUSE, INVALID),
    ("opensmtpd", said(IP), ACCEPT, ""),
    ("opensmtpd", said("12345"), ACCEPT, ""),
    ("opensmtpd", said("2001:db8::25"), REFUSE, INVALID),
    ("opensmtpd", said(f"[{IP}]"), ACCEPT, ""),
    ("opensmtpd", said("[203.0.113.7]"), ACCEPT, ""),  # not the client's own
    ("opensmtpd", said(f"[IPv4:{IP}]"), REFUSE, INVALID),
    ("opensmtpd", said("[IPv6:2001:db8::25]"), ACCEPT, ""),
    ("opensmtpd", said("[2001:db8::25]"), ACCEPT, ""),
    ("opensmtpd", said(f"[ipv6:{IP}]"), ACCEPT, ""),
    ("opensmtpd", said("[192.0.2.05]"), REFUSE, INVALID),
    ("opensmtpd", said(f"[{IP}"), REFUSE, INVALID),
    ("opensmtpd", said("["), REFUSE, INVALID),
    ("opensmtpd", said("[]"), REFUSE, INVALID),
    ("opensmtpd", said(f"[{IP}]x"), REFUSE, INVALID),
    (FCRDNS, said("a b"), REFUSE, INVALID),
    (FCRDNS, client(IP, ptr="nxdomain", helo="a b"), REFUSE, NO),  # it comes before EHLO
    (f"{FCRDNS}+phase=ehlo", client(IP, ptr="nxdomain", helo="a b"), REFUSE, INVALID),  # it comes after
]


LOCALHOST = [
    ("localhost", IP, ACCEPT, REFUSE),  # in 6.8 the file of hosts is not read, and DNS is asked
    ("localhost", "127.0.0.1", ACCEPT, ACCEPT),
    ("localhost", "::1", ACCEPT, ACCEPT),
    ("mail.localhost", IP, ACCEPT, REFUSE),
    ("a.b.localhost", "2001:db8::25", ACCEPT, REFUSE),
    ("notlocalhost", IP, ACCEPT, ACCEPT),
    ("localhost.example.com", IP, ACCEPT, ACCEPT),
]


@pytest.mark.parametrize(("name", "ip", "before", "since"), LOCALHOST)
def test_the_machines_own_names_are_not_looked_up_since_7_6(
    name: str, ip: str, before: Reception, since: Reception
) -> None:
    settings = FCRDNS.partition("+")[2]
    assert configured(f"opensmtpd@6.8+{settings}").judge(named(name, ip)).verdict is before
    assert configured(f"opensmtpd@7.6+{settings}").judge(named(name, ip)).verdict is since
    assert configured("opensmtpd@7.6+rdns").judge(named(name, ip)).verdict is ACCEPT, "it is a name all the same"


@pytest.mark.parametrize(("receiver", "world", "verdict", "reply"), NAMES + HELOS)
def test_judges_a_client(receiver: str, world: Client, verdict: Reception, reply: str) -> None:
    judgement = configured(receiver).judge(world)
    assert (judgement.verdict, judgement.reply) == (verdict, reply)


@pytest.mark.parametrize(
    ("receiver", "ptr", "outcomes"),
    [
        (FCRDNS, f"{GOOD} {OTHER}", [ACCEPT, REFUSE]),
        (FCRDNS, f"{OTHER} {GOOD}", [REFUSE, ACCEPT]),
        (RDNS, f"1.2.3 {GOOD}", [REFUSE, ACCEPT]),
        (FCRDNS, f". {GOOD}", [REFUSE, ACCEPT]),
    ],
)
def test_depends_on_which_ptr_name_comes_first(receiver: str, ptr: str, outcomes: list[Reception]) -> None:
    judgement = configured(receiver).judge(client(IP, ptr=ptr, hosts=HOSTS))
    assert judgement.verdict is AT_RISK
    assert judgement.depends == "record order"
    assert [each.verdict for each in judgement.possible()] == outcomes


def test_a_filter_at_connect_does_not_wait_for_the_helo() -> None:
    world = client(IP, ptr="nxdomain", helo=None)
    assert configured(FCRDNS).judge(world).verdict is REFUSE
    for receiver in ("opensmtpd", f"{FCRDNS}+phase=mail-from"):
        with pytest.raises(HeloNotKnownError):
            configured(receiver).judge(world)


@pytest.mark.parametrize("reply", ["go away", "250 fine", "55 no", "550", "550 ", "٥٥٠ no", "550-no"])
def test_a_reply_that_smtpd_would_not_take_is_said_to_be_none(reply: str) -> None:
    with pytest.raises(InputError, match=r"is no reply of a filter; write a code of 4xx or 5xx"):
        configured(f"opensmtpd+rdns+reply={reply}")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("10", True),
        ("010.1", True),
        ("1.2.3.04", True),
        ("0xab", True),
        ("256", False),
        ("1.2.3.4.5", False),
        ("0x7f.1", False),
        ("1..2", False),
        ("", False),
    ],
)
def test_some_names_read_as_networks(name: str, expected: bool) -> None:
    assert is_network(name) is expected


@given(st.text(max_size=40))
def test_any_text_is_a_helo_or_is_none(text: str) -> None:
    passes = is_helo(text)
    if passes and text.lstrip()[:1] != "[":
        assert not text.endswith(".")
        assert text.isascii()


@given(st.text(max_size=100))
def test_any_ptr_name_is_kept_in_part_or_skipped(text: str) -> None:
    name = kept(text)
    assert name is None or len(name) <= KEPT
