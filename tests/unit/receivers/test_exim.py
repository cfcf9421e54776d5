"""Exim: what helo_verify_hosts and the ACL conditions say, and the shape of HELO.

Rows were held against 4.96, those of later releases against 4.98.2 and 4.100.1.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.clients import client
from truehelo.facts.address import parse_address
from truehelo.receivers.client import Client, HeloNotKnownError
from truehelo.receivers.mtas._exim_names import is_asked, is_helo, is_ipv4, is_ipv6
from truehelo.receivers.selection import configured
from truehelo.reception import Reception

IP, SIX, GOOD, BAD = "192.0.2.25", "2001:db8::25", "mail.example.com", "mx.example.net"
HOSTS = {GOOD: IP, BAD: "192.0.2.26"}
ACCEPT, REFUSE, TEMPFAIL = Reception.ACCEPT, Reception.REFUSE, Reception.TEMPFAIL
SYNTAX = "501 Syntactically invalid EHLO argument(s)"
PROHIBITED = "550 Administrative prohibition"
LATER = "451 Temporary local problem - please try later"
HELO_REFUSED = "550 EHLO argument does not match calling host"
HELO_DEFERRED = "451 EHLO argument does not match calling host"

right = client(IP, ptr=GOOD, hosts=HOSTS)

REVERSE = [
    ("a name that leads back", right, ACCEPT, ""),
    ("no PTR", client(IP, ptr="nxdomain"), REFUSE, PROHIBITED),
    ("an owner without PTR", client(IP, ptr="nodata"), REFUSE, PROHIBITED),
    ("an alias to nothing", client(IP, ptr="alias nxdomain"), REFUSE, PROHIBITED),
    ("an alias to an owner without PTR", client(IP, ptr="alias nodata"), TEMPFAIL, LATER),
    ("an alias to a name that leads back", client(IP, ptr=f"alias {GOOD}", hosts=HOSTS), ACCEPT, ""),
    ("the PTR fails", client(IP, ptr="servfail"), TEMPFAIL, LATER),
    ("the PTR is refused", client(IP, ptr="refused"), TEMPFAIL, LATER),
    ("the PTR is dropped", client(IP, ptr="timeout"), TEMPFAIL, LATER),
    ("the PTR cannot be read", client(IP, ptr="malformed"), TEMPFAIL, LATER),
    ("the root as name", client(IP, ptr=".", hosts={"": IP}), REFUSE, PROHIBITED),
    ("a name without address", client(IP, ptr=GOOD), REFUSE, PROHIBITED),
    ("a name with another address", client(IP, ptr=BAD, hosts=HOSTS), REFUSE, PROHIBITED),
    ("one address of several", client(IP, ptr=GOOD, hosts={GOOD: f"192.0.2.26 {IP} 2001:db8::1"}), ACCEPT, ""),
    (
        "the last of twelve",
        client(IP, ptr=f"{' '.join(f'n{i}.example.com' for i in range(11))} {GOOD}", hosts=HOSTS),
        ACCEPT,
        "",
    ),
    ("bad and good", client(IP, ptr=f"{BAD} {GOOD}", hosts=HOSTS), ACCEPT, ""),
    ("good and failing", client(IP, ptr=f"{GOOD} {BAD}", hosts={GOOD: IP, BAD: "servfail"}), TEMPFAIL, LATER),
    ("A fails, AAAA is elsewhere", client(IP, ptr=GOOD, hosts={GOOD: "A servfail, AAAA 2001:db8::1"}), REFUSE, PROHIBITED),
    ("A fails, AAAA is denied", client(IP, ptr=GOOD, hosts={GOOD: "A servfail"}), TEMPFAIL, LATER),
    ("A is right, AAAA fails", client(IP, ptr=GOOD, hosts={GOOD: f"{IP}, AAAA servfail"}), ACCEPT, ""),
    ("the other family alone", client(SIX, ptr=GOOD, hosts={GOOD: IP}), REFUSE, PROHIBITED),
    ("IPv6 that leads back", client(SIX, ptr=GOOD, hosts={GOOD: SIX}), ACCEPT, ""),
    ("the address itself as name", client(IP, ptr=IP, hosts={IP: IP}), REFUSE, PROHIBITED),
    ("a leading hyphen", client(IP, ptr="-a.example.com", hosts={"-a.example.com": IP}), REFUSE, PROHIBITED),
    ("an at sign", client(IP, ptr="a\\@b.example.com", hosts={"a\\@b.example.com": IP}), REFUSE, PROHIBITED),
]


@pytest.mark.parametrize(("what", "world", "verdict", "reply"), REVERSE)
def test_reverse_host_lookup(what: str, world: Client, verdict: Reception, reply: str) -> None:
    judgement = configured("exim@4.96+reverse_host_lookup").judge(world)
    assert (judgement.verdict, judgement.reply) == (verdict, reply)
    assert judgement.rule.id == ("accept" if verdict is ACCEPT else "verify = reverse_host_lookup")
    assert configured("exim@4.96").judge(world).verdict is ACCEPT, "a stock Exim minds none of it"


@pytest.mark.parametrize("world", [world for _, world, verdict, _ in REVERSE if verdict is TEMPFAIL])
def test_defer_ok_passes_what_only_failed(world: Client) -> None:
    assert configured("exim@4.96+reverse_host_lookup+defer_ok").judge(world).verdict is ACCEPT


def test_defer_ok_does_not_pass_a_denial() -> None:
    judgement = configured("exim@4.96+reverse_host_lookup+defer_ok").judge(client(IP, ptr="nxdomain"))
    assert (judgement.verdict, judgement.reply) == (REFUSE, PROHIBITED)


UNDERSCORE, SLASH, STAR, HYPHEN = "a_b.example.com", "mail/1.example.com", "*.example.com", "-mail.example.com"
LATER_RELEASES = [
    ("a name that leads back", right, ACCEPT, ACCEPT),
    ("no PTR", client(IP, ptr="nxdomain"), REFUSE, REFUSE),
    ("an alias to an owner without PTR", client(IP, ptr="alias nodata"), TEMPFAIL, TEMPFAIL),
    ("the PTR cannot be read", client(IP, ptr="malformed"), TEMPFAIL, TEMPFAIL),
    ("an underscore, and it leads back", client(IP, ptr=UNDERSCORE, hosts={UNDERSCORE: IP}), ACCEPT, ACCEPT),
    ("an underscore, and it leads elsewhere", client(IP, ptr=UNDERSCORE, hosts={UNDERSCORE: "192.0.2.2"}), REFUSE, REFUSE),
    ("an underscore, and its lookup fails", client(IP, ptr=UNDERSCORE, hosts={UNDERSCORE: "servfail"}), TEMPFAIL, TEMPFAIL),
    ("a slash", client(IP, ptr=SLASH, hosts={SLASH: IP}), ACCEPT, TEMPFAIL),
    ("an asterisk", client(IP, ptr=STAR, hosts={STAR: IP}), REFUSE, TEMPFAIL),
    ("an escaped character", client(IP, ptr="mail\\032one.example.com"), REFUSE, TEMPFAIL),
    ("a leading hyphen and an underscore", client(IP, ptr="-a_b.example.com"), REFUSE, TEMPFAIL),
    ("others go first", client(IP, ptr=f"{UNDERSCORE} {GOOD}", hosts={UNDERSCORE: "servfail", GOOD: IP}), TEMPFAIL, ACCEPT),
    ("others go first, and lead nowhere", client(IP, ptr=f"{HYPHEN} {STAR}"), REFUSE, REFUSE),
    ("the root goes nowhere", client(IP, ptr=f". {UNDERSCORE}", hosts={UNDERSCORE: IP}), ACCEPT, Reception.AT_RISK),
    ("A is denied, AAAA cannot be read", client(IP, ptr=GOOD, hosts={GOOD: "AAAA malformed"}), TEMPFAIL, REFUSE),
    ("A cannot be read, AAAA is denied", client(IP, ptr=GOOD, hosts={GOOD: "A malformed"}), TEMPFAIL, REFUSE),
    ("A cannot be read, AAAA fails", client(IP, ptr=GOOD, hosts={GOOD: "A malformed, AAAA servfail"}), TEMPFAIL, REFUSE),
    ("A fails, AAAA cannot be read", client(IP, ptr=GOOD, hosts={GOOD: "A servfail, AAAA malformed"}), TEMPFAIL, TEMPFAIL),
    ("A is right, AAAA cannot be read", client(IP, ptr=GOOD, hosts={GOOD: f"{IP}, AAAA malformed"}), ACCEPT, ACCEPT),
    ("AAAA is right, A cannot be read", client(SIX, ptr=GOOD, hosts={GOOD: f"A malformed, {SIX}"}), ACCEPT, ACCEPT),
]


@pytest.mark.parametrize(("what", "world", "before", "since"), LATER_RELEASES, ids=[row[0] for row in LATER_RELEASES])
def test_what_changed_with_4_97(what: str, world: Client, before: Reception, since: Reception) -> None:
    assert configured("exim@4.96+reverse_host_lookup").judge(world).verdict is before
    assert configured("exim@4.97+reverse_host_lookup").judge(world).verdict is since


ORDERS = [
    (f"{UNDERSCORE} {STAR}", ""),
    (f"{STAR} {UNDERSCORE}", LATER),
    (f". {UNDERSCORE}", PROHIBITED),
    (f"{UNDERSCORE} .", ""),
    ("c_d.example.com " + UNDERSCORE, PROHIBITED),
]


@pytest.mark.parametrize(("ptr", "reply"), ORDERS)
def test_the_order_matters_where_no_name_is_plain(ptr: str, reply: str) -> None:
    judgement = configured("exim@4.97+reverse_host_lookup").judge(client(IP, ptr=ptr, hosts={UNDERSCORE: IP}))
    assert judgement.depends == "record order"
    assert judgement.outcomes[0].reply == reply, "that of the served order comes first"
    assert len(judgement.outcomes) == 2


HELO = [
    ("an address with a final dot that is an alias", client(IP, helo=f"{IP}.", hosts={IP: f"alias {IP} 2001:db8::9"}), ""),
    ("the PTR name", right, ""),
    ("the PTR name in capitals", client(IP, ptr=GOOD, helo="MAIL.Example.COM", hosts=HOSTS), ""),
    (
        "a second PTR name",
        client(IP, ptr=f"{GOOD} b.example.com", helo="b.example.com", hosts={GOOD: IP, "b.example.com": IP}),
        "",
    ),
    ("a PTR name that does not lead back", client(IP, ptr=f"{GOOD} {BAD}", helo=BAD, hosts=HOSTS), HELO_REFUSED),
    ("another name with the address", client(IP, ptr="nxdomain", helo=GOOD, hosts=HOSTS), ""),
    ("a name with the address and a final dot", client(IP, ptr="nxdomain", helo=f"{GOOD}.", hosts=HOSTS), ""),
    ("a name elsewhere", client(IP, ptr=GOOD, helo=BAD, hosts=HOSTS), HELO_REFUSED),
    ("a name nowhere", client(IP, ptr=GOOD, helo="x.example.org", hosts=HOSTS), HELO_REFUSED),
    (
        "a name with MX alone",
        client(IP, ptr=GOOD, helo=BAD, hosts={GOOD: IP, BAD: "nodata"}, mx={BAD: "m.example"}),
        HELO_REFUSED,
    ),
    ("a name whose lookup fails", client(IP, ptr=GOOD, helo=BAD, hosts={GOOD: IP, BAD: "servfail"}), HELO_REFUSED),
    ("a name elsewhere, and the PTR fails", client(IP, ptr="servfail", helo=BAD, hosts=HOSTS), HELO_DEFERRED),
    ("a name with the address, and the PTR fails", client(IP, ptr="servfail", helo=GOOD, hosts=HOSTS), ""),
    ("a single label", client(IP, ptr=GOOD, helo="mail", hosts=HOSTS), HELO_REFUSED),
    ("the literal of the address", client(IP, ptr="servfail", helo=f"[{IP}]"), ""),
    ("the beginning of another literal", client("192.0.2.2", ptr=GOOD, helo="[192.0.2.25]"), ""),
    ("another literal", client(IP, ptr=GOOD, helo="[192.0.2.99]", hosts=HOSTS), HELO_REFUSED),
    ("another literal, and the PTR fails", client(IP, ptr="servfail", helo="[192.0.2.99]"), HELO_REFUSED),
    ("the tagged literal of IPv6", client(SIX, ptr=GOOD, helo=f"[IPv6:{SIX}]", hosts={GOOD: SIX}), HELO_REFUSED),
    ("the untagged literal of IPv6", client(SIX, ptr=GOOD, helo=f"[{SIX}]", hosts={GOOD: SIX}), ""),
    ("the tagged literal of IPv4", client(IP, ptr=GOOD, helo=f"[IPv4:{IP}]", hosts=HOSTS), HELO_REFUSED),
    ("an address with a final dot that has it", client(IP, ptr="nxdomain", helo="1.2.3.4.", hosts={"1.2.3.4": IP}), ""),
    (
        "the same beside an AAAA",
        client(IP, ptr="nxdomain", helo="1.2.3.4.", hosts={"1.2.3.4": f"{IP} {SIX}"}),
        HELO_REFUSED,
    ),
    ("the address without brackets", client(IP, ptr=GOOD, helo=IP, hosts={GOOD: IP, IP: IP}), HELO_REFUSED),
]


@pytest.mark.parametrize(("what", "world", "reply"), HELO)
def test_helo_verify_hosts_and_verify_helo(what: str, world: Client, reply: str) -> None:
    judgement = configured("exim@4.96+helo_verify_hosts").judge(world)
    assert judgement.reply == reply
    assert judgement.verdict is (ACCEPT if not reply else TEMPFAIL if reply[0] == "4" else REFUSE)
    in_acl = configured("exim@4.96+verify_helo").judge(world)
    assert (in_acl.verdict, in_acl.reply) == ((REFUSE, PROHIBITED) if reply else (ACCEPT, "")), "never temporary"


def test_ehlo_is_judged_before_the_acl() -> None:
    world = client(IP, ptr="nxdomain", helo="x.example.org")
    assert configured("exim+strict").judge(world).reply == HELO_REFUSED


GOOD_SHAPES = ["mail.example.com", "mail", "mail.example.com.", "a..b", ".a", "-a", "12345", "a" * 300, "192.0.2.1"]
GOOD_SHAPES += ["[192.0.2.1]", "[IPv6:2001:db8::1]", "[ipv6:2001:db8::1]", "[2001:db8::1]", "[IPv4:192.0.2.1]"]
BAD_SHAPES = ["", "mail x", "user@example.com", "a!b", "a%b", "a:b", "a/b", "a_b", "mäil.example", "2001:db8::1", "[]", "["]
BAD_SHAPES += [
    "[192.0.2.300]",
    "[192.0.2.1",
    "192.0.2.1]",
    "[192.0.2.05]",
    "[IPv6:192.0.2.1]",
    "[IPv4:2001:db8::1]",
    "[mail]",
]


@pytest.mark.parametrize("helo", GOOD_SHAPES)
def test_a_helo_of_this_shape_is_taken(helo: str) -> None:
    assert configured("exim").judge(client(IP, helo=helo)).verdict is ACCEPT


@pytest.mark.parametrize("helo", BAD_SHAPES)
def test_a_helo_of_this_shape_is_refused_at_once(helo: str) -> None:
    judgement = configured("exim+strict").judge(client(IP, helo=helo))
    assert (judgement.verdict, judgement.rule.id, judgement.reply) == (REFUSE, "helo syntax", SYNTAX)
    assert configured("exim+helo_accept_junk_hosts").judge(client(IP, helo=helo)).verdict is ACCEPT


def test_helo_allow_chars_adds_characters() -> None:
    world = client(IP, helo="my_host.example.com")
    assert configured("exim+helo_allow_chars=_").judge(world).verdict is ACCEPT
    assert configured("exim+helo_allow_chars=/").judge(world).reply == SYNTAX


def test_without_a_helo_nothing_can_be_said() -> None:
    with pytest.raises(HeloNotKnownError):
        configured("exim").judge(client(IP, ptr="nxdomain", helo=None))


@given(st.text(alphabet="[]iIpPvV46:.0123456789abcdef-_ @", max_size=30))
def test_reading_a_helo_never_fails_and_knows_addresses(text: str) -> None:
    shape = is_helo(text)
    assert isinstance(shape, bool)
    if text[:1] != "[":
        assert shape == (bool(text) and all(char.isascii() and (char.isalnum() or char in ".-") for char in text))
    assert is_asked(text) <= (text.strip(".-/") != "")


@given(st.ip_addresses())
def test_every_address_is_one(ip: object) -> None:
    read = parse_address(str(ip))
    assert is_ipv4(str(ip)) or is_ipv6(str(ip))
    assert is_helo(f"[{ip}]")
    assert read is not None
