"""SpamAssassin: what it reads in the Received line of each mail server, and the points of its four score sets."""

import pytest

from support.clients import client
from truehelo.receivers.client import Client, HeloNotKnownError
from truehelo.receivers.selection import configured
from truehelo.reception import Judgement, Reception

IP, SIX, GOOD = "20.7.142.9", "2a01:4f8::9", "mail.business.example"
AWAY, GENERIC, SHORT = "away.business.example", "20-7-142-9.dyn.cloudhost.example", "mx1.a.example"
HOSTS = {GOOD: f"{IP} {SIX}", AWAY: "20.7.142.99", GENERIC: IP, SHORT: IP}
KHOP = "KHOP_HELO_FCRDNS 1"
POSTFIX, EXIM = "spamassassin+postfix", "spamassassin+exim"
SENDMAIL, OPENSMTPD = "spamassassin+sendmail", "spamassassin+opensmtpd"
BLIND = "spamassassin+exim_without_host_lookup"


def said(judgement: Judgement) -> str:
    """The symbols with their points, as in the tables."""
    return ", ".join(sorted(f"{symbol.name} {symbol.points:g}" for symbol in judgement.symbols))


NONE = "RDNS_NONE 0.793"
REVERSE = [
    # PTR, behind Postfix, Exim, Sendmail, OpenSMTPD; the HELO is right
    (GOOD, "", "", "", ""),
    ("nxdomain", NONE, NONE, NONE, ""),  # "<unknown>" is a name to it, and short enough to be let go
    ("servfail", NONE, NONE, NONE, ""),
    (AWAY, NONE, NONE, KHOP, KHOP),
    ("gone.business.example", NONE, NONE, KHOP, KHOP),
    ("12345", NONE, NONE, NONE, ""),
    (GENERIC, *[f"{KHOP}, RDNS_DYNAMIC 0.982"] * 2, *[f"{KHOP}, RDNS_DYNAMIC 0.982"] * 2),
    (SHORT, "", "", "", ""),
    ("localhost", NONE, NONE, "RDNS_LOCALHOST 0.001", "RDNS_LOCALHOST 0.001"),
]


@pytest.mark.parametrize(("ptr", "postfix", "exim", "sendmail", "opensmtpd"), REVERSE)
def test_reverse(ptr: str, postfix: str, exim: str, sendmail: str, opensmtpd: str) -> None:
    world = client(IP, ptr=ptr, helo=GOOD, hosts=HOSTS)
    symbols = {front: said(configured(front).judge(world)) for front in (POSTFIX, EXIM, SENDMAIL, OPENSMTPD)}
    # A line that begins with four numbers costs next to nothing; Exim's begins with the reverse name.
    assert {front: each.removesuffix(", TVD_RCVD_IP 0.001") for front, each in symbols.items()} == {
        POSTFIX: postfix,
        EXIM: exim,
        SENDMAIL: sendmail,
        OPENSMTPD: opensmtpd,
    }


def test_exim_without_host_lookup_never_knows_a_name() -> None:
    assert said(configured(BLIND).judge(client(IP, ptr=GOOD, helo=GOOD, hosts=HOSTS))) == NONE


def test_the_first_name_counts_behind_postfix_and_any_behind_exim() -> None:
    world = client(IP, ptr=f"{AWAY} {GOOD}", helo=GOOD, hosts=HOSTS)
    assert said(configured(EXIM).judge(world)) == ""
    judgement = configured(POSTFIX).judge(world)
    assert (judgement.depends, judgement.verdict) == ("record order", Reception.ACCEPT)
    assert [said(each) for each in judgement.possible()] == [NONE, ""]


def test_one_name_that_cannot_be_looked_up_leaves_exim_without_any() -> None:
    assert (
        said(
            configured(EXIM).judge(
                client(IP, ptr=f"{GOOD} slow.example", hosts=HOSTS | {"slow.example": "servfail"}, helo=GOOD)
            )
        )
        == NONE
    )
    half = HOSTS | {"slow.example": "A 20.7.142.80, AAAA servfail"}
    assert said(configured(EXIM).judge(client(IP, ptr=f"slow.example {GOOD}", hosts=half, helo=GOOD))) == ""


NO_DOT = "FSL_HELO_NON_FQDN_1 0.001, HELO_NO_DOMAIN 1"
HELOS = [
    # HELO of a client whose PTR name is right
    (GOOD, ""),
    ("MAIL.Business.example", ""),
    (f"{GOOD}.", ""),
    (f"{GOOD}.example", ""),
    ("mail.other.example", KHOP),
    ("mail", f"{NO_DOT}, {KHOP}"),
    ("localhost", f"FSL_HELO_NON_FQDN_1 0.001, HELO_LOCALHOST 3.828, {KHOP}"),
    ("pc", f"FSL_HELO_NON_FQDN_1 0.001, HELO_NO_DOMAIN 1, HELO_OEM 0.27, {KHOP}"),
    ("oem.example.com", f"HELO_OEM 0.27, {KHOP}"),
    ("nas.home", f"HELO_LH_HOME 1.736, {KHOP}"),
    ("device.lan", f"FSL_HELO_DEVICE 0.1, HELO_LH_HOME 1.736, {KHOP}"),
    (IP, f"FSL_HELO_BARE_IP_1 2.347, {KHOP}, TVD_RCVD_IP 0.001, TVD_RCVD_IP4 0.001"),
    ("127.0.0.1", f"{KHOP}, TVD_RCVD_IP 0.001, TVD_RCVD_IP4 0.001"),
    (
        "8.9.10.11",
        f"FSL_HELO_BARE_IP_1 2.347, {KHOP}, RCVD_HELO_IP_MISMATCH 2.368, TVD_RCVD_IP 0.001, TVD_RCVD_IP4 0.001",
    ),
    ("20.7.142.200", f"FSL_HELO_BARE_IP_1 2.347, {KHOP}, TVD_RCVD_IP 0.001, TVD_RCVD_IP4 0.001"),
    ("10.1.2.3", f"FSL_HELO_BARE_IP_1 2.347, {KHOP}, TVD_RCVD_IP 0.001, TVD_RCVD_IP4 0.001"),
    (f"[{IP}]", KHOP),
    (f"[{IP}][{IP}]", f"{KHOP}, RCVD_DBL_DQ 1"),
    (f"[IPv6:{SIX}]", f"HELO_NO_DOMAIN 1, {KHOP}"),
    ("yahoo.com", f"{KHOP}, RCVD_FAKE_HELO_DOTCOM 1.189"),
    ("mx.yahoo.com", KHOP),
    ("mx1.hotmail.com", f"FSL_FAKE_HOTMAIL_RVCD 2.365, {KHOP}"),
    ("User", f"FSL_HELO_NON_FQDN_1 0.001, FSL_NEW_HELO_USER 1, HELO_NO_DOMAIN 1, {KHOP}, NSL_RCVD_FROM_USER 1"),
    ("20-7-142-9.x.example.net", f"HELO_DYNAMIC_IPADDR2 3.607, {KHOP}, TVD_RCVD_IP 0.001"),
    ("ip-20-7-142-9.x.example.net", f"HELO_DYNAMIC_IPADDR 1.951, {KHOP}"),
    ("9.red-20-7-142.x.example.net", f"HELO_DYNAMIC_SPLIT_IP 3.482, {KHOP}"),
    ("node1.mail2.example.com", f"HELO_DYNAMIC_DHCP 0.206, {KHOP}"),
    ("o20-7-142-9.outbound-mail.sendgrid.net", f"HELO_STATIC_HOST -0.001, {KHOP}"),
]


@pytest.mark.parametrize(("helo", "symbols"), HELOS)
def test_helo_behind_postfix(helo: str, symbols: str) -> None:
    assert said(configured(POSTFIX).judge(client(IP, ptr=GOOD, helo=helo, hosts=HOSTS))) == symbols


GONE = [
    ("nas.home", GOOD, f"HELO_LH_HOME 1.736, {KHOP}", KHOP),
    ("pool1-2.example.com", GOOD, f"CK_HELO_GENERIC 1, {KHOP}", KHOP),
    ("mx.yahoo.com", "nxdomain", f"PDS_HP_HELO_NORDNS 1, {NONE}", NONE),
    ("oem.example.com", GOOD, f"HELO_OEM 0.27, {KHOP}", f"HELO_OEM 0.27, {KHOP}"),
]


@pytest.mark.parametrize(("helo", "ptr", "in_12", "in_13"), GONE)
def test_debian_13_packages_three_rules_less(helo: str, ptr: str, in_12: str, in_13: str) -> None:
    world = client(IP, ptr=ptr, helo=helo, hosts=HOSTS)
    assert said(configured(POSTFIX).judge(world)) == in_12
    assert said(configured(f"{POSTFIX}+debian_13").judge(world)) == in_13
    updated = configured(f"{POSTFIX}+sa_update").judge(world)
    assert configured(f"{POSTFIX}+sa_update+debian_13").judge(world) == updated, "sa-update brings rules of its own"


def test_exim_does_not_write_a_literal_of_the_address() -> None:
    judge = configured(EXIM).judge
    assert said(judge(client(IP, ptr=GOOD, helo=f"[{IP}]", hosts=HOSTS))) == ""
    assert said(judge(client(SIX, ptr=GOOD, helo=f"[IPv6:{SIX}]", hosts=HOSTS))) == ""
    assert said(judge(client(IP, ptr=GOOD, helo="[20.7.142.10]", hosts=HOSTS))) == KHOP
    assert said(judge(client(IP, ptr="nxdomain", helo=f"[{IP}]", hosts=HOSTS))) == NONE
    assert "NSL_RCVD_HELO_USER 1" in said(judge(client(IP, ptr=GOOD, helo="user", hosts=HOSTS)))


def test_big_names_without_reverse_name() -> None:
    world = client(IP, ptr="nxdomain", helo="mx.yahoo.com")
    assert said(configured(POSTFIX).judge(world)) == f"PDS_HP_HELO_NORDNS 1, {NONE}"
    # Only the last Received line counts, and only behind a server that is known to look for the name.
    assert "NO_RDNS_DOTCOM_HELO 0.823" in said(configured(f"{POSTFIX}+single_hop").judge(world))
    assert "NO_RDNS_DOTCOM_HELO" not in said(configured(f"{EXIM}+single_hop").judge(world))


def test_an_address_in_a_name_costs_where_from_is_bare_and_nobody_else_has_passed_it_on() -> None:
    world = client(IP, ptr=GENERIC, helo=GENERIC, hosts=HOSTS)
    assert "NO_FM_NAME_IP_HOSTN 1" in said(configured(f"{POSTFIX}+single_hop+bare_from").judge(world))
    assert "NO_FM_NAME_IP_HOSTN" not in said(configured(f"{POSTFIX}+bare_from").judge(world))
    assert "NO_FM_NAME_IP_HOSTN" not in said(configured(f"{POSTFIX}+single_hop").judge(world))
    backwards = client(IP, ptr="nxdomain", helo="9x142x7x20.example.net")
    assert "NO_FM_NAME_IP_HOSTN 1" in said(configured(f"{POSTFIX}+single_hop+bare_from").judge(backwards))


def test_spf_or_dkim_that_pass_spare_a_helo_of_its_own() -> None:
    world = client(IP, ptr=GOOD, helo="mail.other.example", hosts=HOSTS)
    assert said(configured(f"{POSTFIX}+authenticated").judge(world)) == ""


def test_localhost_as_reverse_name_counts_over_ipv4_alone() -> None:
    assert said(configured(SENDMAIL).judge(client(SIX, ptr="localhost", helo="localhost.example", hosts={}))) == ""


def test_an_address_that_nobody_has() -> None:
    assert "RCVD_ILLEGAL_IP 1.3" in said(configured(POSTFIX).judge(client("224.0.0.9", ptr=GOOD, helo=GOOD)))
    assert "RCVD_ILLEGAL_IP" not in said(configured(POSTFIX).judge(client("192.0.2.9", ptr=GOOD, helo=GOOD)))


SETS = [("0", 2.399), ("1", 1.274), ("2", 1.228), ("3", 0.793)]


@pytest.mark.parametrize(("score_set", "points"), SETS)
def test_score_sets(score_set: str, points: float) -> None:
    judgement = configured(f"{POSTFIX}+set={score_set}").judge(client(IP, ptr="nxdomain", helo=GOOD, hosts=HOSTS))
    assert judgement.score == points


def test_what_sa_update_changes() -> None:
    world = client(IP, ptr=GOOD, helo="mail", hosts=HOSTS)
    symbols = said(configured(f"{POSTFIX}+sa_update").judge(world))
    assert symbols == "FSL_HELO_NON_FQDN_1 0.001, HELO_NO_DOMAIN 0.001, KHOP_HELO_FCRDNS 0.4"


VERDICTS = [
    (client(IP, ptr=GOOD, helo=GOOD, hosts=HOSTS), Reception.ACCEPT, "no symbol", 0.0),
    (client(IP, ptr="nxdomain", helo=GOOD, hosts=HOSTS), Reception.ACCEPT, "no symbol", 0.793),
    (client(IP, ptr=GOOD, helo="mail.other.example", hosts=HOSTS), Reception.AT_RISK, "KHOP_HELO_FCRDNS", 1.0),
    (client(IP, ptr=GENERIC, helo=GENERIC, hosts=HOSTS), Reception.AT_RISK, "HELO_DYNAMIC_IPADDR2", 4.59),
]


@pytest.mark.parametrize(("world", "verdict", "rule", "score"), VERDICTS)
def test_verdicts(world: Client, verdict: Reception, rule: str, score: float) -> None:
    judgement = configured(POSTFIX).judge(world)
    assert (judgement.verdict, judgement.rule.id, judgement.score) == (verdict, rule, score)


def test_the_helo_is_waited_for() -> None:
    with pytest.raises(HeloNotKnownError):
        configured(POSTFIX).judge(client(IP, ptr=GOOD, helo=None, hosts=HOSTS))


def test_exim_puts_the_confirmed_name_first_that_comes_first() -> None:
    world = client(IP, ptr=f"{GOOD} other.name.example.com", helo=GOOD, hosts=HOSTS | {"other.name.example.com": IP})
    judgement = configured(EXIM).judge(world)
    assert [said(each) for each in judgement.possible()] == ["", KHOP]
    unconfirmed = client(IP, ptr=f"{GOOD} other.name.example.com", helo=GOOD, hosts=HOSTS)
    assert said(configured(EXIM).judge(unconfirmed)) == ""


def test_the_root_as_ptr_name_hides_the_helo_behind_opensmtpd() -> None:
    judge = configured("spamassassin+opensmtpd+set=2").judge
    assert said(judge(client(IP, ptr=".", helo="google.com", hosts={}))) == "RDNS_NONE 1.228"
    assert said(judge(client(IP, ptr="nxdomain", helo="google.com", hosts={}))) == ""
    fired = "FSL_NEW_HELO_USER 1, NSL_RCVD_FROM_USER 1, RDNS_NONE 1.228"
    assert said(judge(client(IP, ptr=".", helo="User", hosts={}))) == fired
