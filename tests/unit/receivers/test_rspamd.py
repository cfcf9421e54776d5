"""rspamd: hfilter, the check of reverse DNS and once_received in three releases, and what their points lead to."""

import pytest

from support.clients import client
from truehelo.errors import InputError
from truehelo.receivers.client import Client, HeloNotKnownError
from truehelo.receivers.selection import configured
from truehelo.reception import Judgement, Reception

IP, SIX, GOOD = "20.7.142.9", "2a01:4f8::9", "mail.example.com"
STATIC, PLAIN, DYNAMIC = "static.9.example.com", "out.example.com", "dynamic-9.example.com"
HOSTS = {GOOD: f"{IP} {SIX}", PLAIN: f"{IP} {SIX}", STATIC: IP, DYNAMIC: IP}
ACCEPT, AT_RISK, REFUSE, TEMPFAIL = Reception.ACCEPT, Reception.AT_RISK, Reception.REFUSE, Reception.TEMPFAIL
NO_ADDRESS = "HFILTER_HELO_IP_A 1, HFILTER_HELO_NORES_A_OR_MX 0.3"


def said(judgement: Judgement) -> str:
    """The symbols with their points, as in the tables."""
    return ", ".join(f"{symbol.name} {symbol.points:g}" for symbol in judgement.symbols)


def sees(helo: str, **more: str | dict[str, str]) -> Client:
    """A client that is right in every name but the HELO."""
    return client(IP, ptr=GOOD, helo=helo, **{"hosts": HOSTS, **more})


HELOS = [
    # 4.1, and 3.4
    (GOOD, "", ""),
    ("MAIL.example.com.", "", ""),
    (PLAIN, "", ""),
    ("nowhere.example.com", NO_ADDRESS, NO_ADDRESS),
    ("mail", "HFILTER_HELO_5 3", "HFILTER_HELO_5 3"),
    ("localhost", "HFILTER_HELO_5 3", "HFILTER_HELO_5 3"),
    ("mail.local", "HFILTER_HELO_5 3", NO_ADDRESS),
    ("mail.LAN", "HFILTER_HELO_5 3", NO_ADDRESS),
    ("device.lan", "HFILTER_HELO_5 3", "HFILTER_HELO_5 3"),
    ("1.0.10.in-addr.arpa", "HFILTER_HELO_5 3", "HFILTER_HELO_4 2.5"),
    ("mail_1.example.com", "HFILTER_HELO_NOT_FQDN 2", "HFILTER_HELO_NOT_FQDN 2"),
    ("mail.example.c", "HFILTER_HELO_NOT_FQDN 2", "HFILTER_HELO_NOT_FQDN 2"),
    ("[IPv4:20.7.142.9]", "HFILTER_HELO_NOT_FQDN 2", "HFILTER_HELO_NOT_FQDN 2"),
    (f"[{IP}]", "HFILTER_HELO_BAREIP 3", "HFILTER_HELO_BAREIP 3"),
    (IP, "HFILTER_HELO_BAREIP 3", "HFILTER_HELO_BAREIP 3"),
    ("20-7-142-9", "HFILTER_HELO_BAREIP 3", "HFILTER_HELO_BAREIP 3"),
    ("20X7X142X9", "HFILTER_HELO_BAREIP 3", "HFILTER_HELO_5 3"),
    (f"[{SIX}]", "HFILTER_HELO_BAREIP 3", "HFILTER_HELO_BAREIP 3"),
    (f"[IPv6:{SIX}]", "HFILTER_HELO_5 3", "HFILTER_HELO_5 3"),
    ("[192.168.1.1]", "HFILTER_HELO_BADIP 4.5", "HFILTER_HELO_BADIP 4.5"),
    ("100.127.3.4", "HFILTER_HELO_BADIP 4.5", "HFILTER_HELO_BAREIP 3"),
    ("20.7.142.255", "HFILTER_HELO_BADIP 4.5", "HFILTER_HELO_BAREIP 3"),
    ("198.51.100.7", "HFILTER_HELO_BADIP 4.5", "HFILTER_HELO_BADIP 4.5"),
    ("fe80::1", "HFILTER_HELO_BADIP 4.5", "HFILTER_HELO_BADIP 4.5"),
    ("10.example.com", NO_ADDRESS, "HFILTER_HELO_BADIP 4.5"),
    ("dsl-7.example.com", "HFILTER_HELO_4 2.5", "HFILTER_HELO_4 2.5"),
    ("mx.host.example.com", "HFILTER_HELO_2 1", "HFILTER_HELO_2 1"),
    ("my.vps.example", "HFILTER_HELO_1 0.5", NO_ADDRESS),
    ("c-20-7.hsd1.comcast.net", NO_ADDRESS, "HFILTER_HELO_5 3"),
    ("[mail.example.com]", "", ""),
    ("[nowhere.example.com]", NO_ADDRESS, NO_ADDRESS),
    ("user", "HFILTER_HELO_5 3, RCVD_HELO_USER 3", "HFILTER_HELO_5 3, RCVD_HELO_USER 3"),
    ("users", "HFILTER_HELO_5 3", "HFILTER_HELO_5 3"),
    ("rspamc.local", "", ""),
]


@pytest.mark.parametrize(("helo", "now", "then"), HELOS)
def test_helo(helo: str, now: str, then: str) -> None:
    assert said(configured("rspamd@4.1").judge(sees(helo))) == now
    assert said(configured("rspamd@3.4").judge(sees(helo))) == then


HELO_RECORDS = [
    # the records of mx.example.com, its MX, 4.1 and 3.4
    (IP, "", "", ""),
    ("20.7.142.77", "", "HFILTER_HELO_IP_A 1", ""),
    (SIX, "", "HFILTER_HELO_IP_A 1", ""),
    (f"A servfail, {SIX}", "", "", ""),
    ("servfail", "", "", NO_ADDRESS),
    ("malformed", "", NO_ADDRESS, NO_ADDRESS),
    ("A servfail, AAAA nodata", "", "", NO_ADDRESS),
    ("nodata", "", NO_ADDRESS, NO_ADDRESS),
    ("nodata", GOOD, "HFILTER_HELO_IP_A 1", "HFILTER_HELO_IP_A 1"),
    ("nodata", ".", "HFILTER_HELO_IP_A 1", "HFILTER_HELO_IP_A 1"),
    ("nodata", "gone.example.com", *["HFILTER_HELO_IP_A 1, HFILTER_HELO_NORESOLVE_MX 0.2"] * 2),
    ("nodata", "gone.example.com away.example.com", *["HFILTER_HELO_IP_A 1, HFILTER_HELO_NORESOLVE_MX 0.4"] * 2),
]


@pytest.mark.parametrize(("records", "mx", "now", "then"), HELO_RECORDS)
def test_records_of_the_helo(records: str, mx: str, now: str, then: str) -> None:
    world = sees("mx.example.com", hosts=HOSTS | {"mx.example.com": records}, mx={"mx.example.com": mx} if mx else {})
    assert said(configured("rspamd@4.1").judge(world)) == now
    assert said(configured("rspamd@3.4").judge(world)) == then


GONE = {GOOD: IP, "gone.example.com": "nxdomain", "mail.dsl.example.com": "nxdomain"}
NO_PTR = "RDNS_NONE 2, HFILTER_HOSTNAME_UNKNOWN 2.5, ONCE_RECEIVED 0.1"
REVERSE = [
    # PTR, 4.1, 3.4
    (GOOD, "", ""),
    ("nxdomain", NO_PTR, "RDNS_NONE 1, HFILTER_HOSTNAME_UNKNOWN 2.5"),
    ("alias nodata", NO_PTR, "RDNS_NONE 1, HFILTER_HOSTNAME_UNKNOWN 2.5"),
    (
        "servfail",
        "RDNS_NONE 2, RDNS_DNSFAIL 0, HFILTER_HOSTNAME_UNKNOWN 2.5, ONCE_RECEIVED 0.1",
        "RDNS_NONE 1, RDNS_DNSFAIL 0, HFILTER_HOSTNAME_UNKNOWN 2.5",
    ),
    ("malformed", NO_PTR, "RDNS_NONE 1, HFILTER_HOSTNAME_UNKNOWN 2.5"),
    ("gone.example.com", "ONCE_RECEIVED 0.2", "HFILTER_HOSTNAME_UNKNOWN 2.5"),
    ("mail.dsl.example.com", "HFILTER_HOSTNAME_4 2.5", "HFILTER_HOSTNAME_UNKNOWN 2.5"),
    (PLAIN, "ONCE_RECEIVED 0.2", ""),
    (STATIC, "ONCE_RECEIVED 0.1, ONCE_RECEIVED_STRICT 4", ""),
    (DYNAMIC, "HFILTER_HOSTNAME_5 3, ONCE_RECEIVED 0.1, ONCE_RECEIVED_STRICT 4", "HFILTER_HOSTNAME_5 3"),
]


@pytest.mark.parametrize(("ptr", "now", "then"), REVERSE)
def test_reverse(ptr: str, now: str, then: str) -> None:
    world = client(IP, ptr=ptr, helo=GOOD, hosts=GONE | {PLAIN: IP, STATIC: IP, DYNAMIC: IP})
    assert said(configured("rspamd@4.1").judge(world)) == now
    assert said(configured("rspamd@3.4").judge(world)) == then


def test_only_the_worse_of_helo_and_host_name_counts_and_the_helo_when_they_are_alike() -> None:
    judge = configured("rspamd@3.4").judge
    assert said(judge(client(IP, ptr=DYNAMIC, helo="dsl-7.example.com", hosts=HOSTS))) == "HFILTER_HOSTNAME_5 3"
    assert said(judge(client(IP, ptr=DYNAMIC, helo=DYNAMIC, hosts=HOSTS))) == "HFILTER_HELO_5 3"


ONCE, STRICT = "ONCE_RECEIVED 0.1", "ONCE_RECEIVED 0.1, ONCE_RECEIVED_STRICT 4"
TWICE = "ONCE_RECEIVED 0.2, ONCE_RECEIVED_STRICT 7.8"
LINES = [
    # receiver, PTR, symbols of once_received
    ("rspamd@3.4", STATIC, ""),
    ("rspamd@3.4+single_hop", STATIC, ""),
    ("rspamd@3.4+single_hop", "gone.static.example.com", STRICT),
    ("rspamd@3.4+single_hop", "gone.example.com", ONCE),
    ("rspamd@3.4+single_hop", "mail.static.example.com", ""),
    ("rspamd@3.4+single_hop", "nxdomain", ONCE),
    ("rspamd@3.4+exim", STATIC, ""),
    ("rspamd@3.4+exim+single_hop", STATIC, STRICT),
    ("rspamd@3.4+exim+single_hop", GOOD, ONCE),
    ("rspamd@3.12", STATIC, TWICE),
    ("rspamd@3.12+single_hop", STATIC, STRICT),
    ("rspamd@3.12+exim", STATIC, ""),
    ("rspamd@3.12+exim+single_hop", STATIC, TWICE),
    ("rspamd@4.1", "mail.static.example.com", ""),
    ("rspamd@4.1", "gone.static.example.com", STRICT),
    ("rspamd@4.1+single_hop", PLAIN, ONCE),
    ("rspamd@4.1+exim", STATIC, ""),
    ("rspamd@4.1+exim+single_hop", STATIC, STRICT),
]


@pytest.mark.parametrize(("receiver", "ptr", "symbols"), LINES)
def test_received_lines(receiver: str, ptr: str, symbols: str) -> None:
    judgement = configured(receiver).judge(client(IP, ptr=ptr, helo=GOOD, hosts=HOSTS))
    assert ", ".join(each for each in said(judgement).split(", ") if each.startswith("ONCE_")) == symbols


LITERALS = [
    # HELO behind Exim, whether rspamd 3.4 counts one line
    (f"[{IP}]", True),
    ("[20.7.142.10]", False),
    ("[20.7.142.09]", True),
    ("[020.7.142.0010]", False),
    ("[IPv6:2a01:4f8::7]", False),
    ("[ipv6:2a01:4f8::7%eth0]", False),
    ("[IPv6:20.7.142.10]", True),
    ("[20.7.142]", True),
]


@pytest.mark.parametrize(("helo", "one_line"), LITERALS)
def test_a_literal_of_another_address_in_exims_line_makes_two_lines_of_one(helo: str, one_line: bool) -> None:
    judge = configured("rspamd@3.4+exim+single_hop").judge
    assert ("ONCE_RECEIVED 0.1" in said(judge(client(IP, ptr="nxdomain", helo=helo)))) == one_line


def test_exim_hands_over_any_name_that_leads_back_and_postfix_the_first() -> None:
    world = client(IP, ptr=f"gone.example.com {GOOD}", helo=GOOD, hosts=HOSTS)
    assert said(configured("rspamd@3.4+exim").judge(world)) == ""
    judgement = configured("rspamd@3.4").judge(world)
    assert judgement.depends == "record order"
    assert [said(each) for each in judgement.possible()] == ["HFILTER_HOSTNAME_UNKNOWN 2.5", ""]


def test_a_host_called_user_is_like_a_helo_user_behind_exim() -> None:
    world = client(IP, ptr="user", helo=GOOD, hosts=HOSTS | {"user": IP})
    assert said(configured("rspamd@3.4+exim").judge(world)) == "RCVD_HELO_USER 3"
    assert said(configured("rspamd@3.4").judge(world)) == ""


VERDICTS = [
    # receiver, client, verdict, reply, the rule that tells
    ("rspamd", client(IP, ptr=GOOD, helo=GOOD, hosts=HOSTS), ACCEPT, "", "no symbol"),
    ("rspamd", client(IP, ptr=PLAIN, helo=PLAIN, hosts=HOSTS), ACCEPT, "", "no symbol"),
    ("rspamd", sees("my.vps.example"), ACCEPT, "", "no symbol"),
    ("rspamd", sees("nowhere.example.com"), AT_RISK, "", "HFILTER_HELO_IP_A"),
    ("rspamd", client(IP, ptr="nxdomain", helo=GOOD, hosts=HOSTS), AT_RISK, "", "HFILTER_HOSTNAME_UNKNOWN"),
    (
        "rspamd+greylisting",
        client(IP, ptr="nxdomain", helo=GOOD, hosts=HOSTS),
        TEMPFAIL,
        "451 4.7.1 Try again later",
        "HFILTER_HOSTNAME_UNKNOWN",
    ),
    (
        "rspamd+greylisting+greylist=5",
        client(IP, ptr="nxdomain", helo=GOOD, hosts=HOSTS),
        AT_RISK,
        "",
        "HFILTER_HOSTNAME_UNKNOWN",
    ),
    ("rspamd+reject=3", sees("mail"), REFUSE, "554 5.7.1 Spam message rejected", "HFILTER_HELO_5"),
    ("rspamd+add_header=0.5+greylist=9", sees("my.vps.example"), AT_RISK, "", "HFILTER_HELO_1"),
]


@pytest.mark.parametrize(("receiver", "world", "verdict", "reply", "rule"), VERDICTS)
def test_actions(receiver: str, world: Client, verdict: Reception, reply: str, rule: str) -> None:
    judgement = configured(receiver).judge(world)
    assert (judgement.verdict, judgement.reply, judgement.rule.id) == (verdict, reply, rule)


@pytest.mark.parametrize("value", ["much", "", "nan", "inf"])
def test_a_threshold_that_is_no_number(value: str) -> None:
    with pytest.raises(InputError, match="is not a number of points"):
        configured(f"rspamd+greylist={value}")


def test_an_address_of_the_documentation_ranges_stands_for_a_public_one() -> None:
    world = client("192.0.2.25", ptr=GOOD, helo="[192.0.2.25]", hosts={GOOD: "192.0.2.25"})
    assert said(configured("rspamd").judge(world)) == "HFILTER_HELO_BAREIP 3"


def test_the_helo_is_waited_for() -> None:
    with pytest.raises(HeloNotKnownError):
        configured("rspamd").judge(client(IP, ptr=GOOD, helo=None, hosts=HOSTS))
