"""Postfix: what each restriction says, in which order, and with which code. Each row was held against 3.7.11."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.clients import client
from truehelo.errors import InputError
from truehelo.receivers.client import Client, HeloNotKnownError
from truehelo.receivers.mtas._glibc_names import is_ipv6
from truehelo.receivers.mtas._postfix_names import is_askable, is_hostname, is_ipv4, is_literal, said
from truehelo.receivers.mtas.postfix import ORDER
from truehelo.receivers.selection import configured
from truehelo.reception import Reception

IP, SIX, GOOD, BAD = "192.0.2.25", "2001:db8::25", "mail.example.com", "mx.example.net"
HOSTS = {GOOD: IP, BAD: "192.0.2.26"}
ACCEPT, REFUSE, TEMPFAIL, AT_RISK = Reception.ACCEPT, Reception.REFUSE, Reception.TEMPFAIL, Reception.AT_RISK
NO_NAME = "450 4.7.25 Client host rejected: cannot find your hostname, [{ip}]"
NO_REVERSE = "450 4.7.1 Client host rejected: cannot find your reverse hostname, [{ip}]"
CLIENT, REVERSE = "reject_unknown_client_hostname", "reject_unknown_reverse_client_hostname"
INVALID, NON_FQDN, UNKNOWN = ORDER[2:]

right = client(IP, ptr=GOOD, hosts=HOSTS)

NAMES = [  # what the client restriction minds, and what the reverse restriction minds
    ("a name that leads back", right, False, False),
    ("no PTR", client(IP, ptr="nxdomain"), True, True),
    ("an owner without PTR", client(IP, ptr="nodata"), True, True),
    ("an alias to an owner without PTR", client(IP, ptr="alias nodata"), True, True),
    ("an alias to a name that leads back", client(IP, ptr=f"alias {GOOD}", hosts=HOSTS), False, False),
    ("the PTR fails", client(IP, ptr="servfail"), True, True),
    ("the PTR cannot be read", client(IP, ptr="malformed"), True, True),
    ("the root as name", client(IP, ptr=".", hosts={"": IP}), True, True),
    ("a name without address", client(IP, ptr=GOOD), True, False),
    ("a name with another address", client(IP, ptr=BAD, hosts=HOSTS), True, False),
    ("one address of several", client(IP, ptr=GOOD, hosts={GOOD: f"192.0.2.26 {IP}"}), False, False),
    ("the forward lookup fails", client(IP, ptr=GOOD, hosts={GOOD: "servfail"}), True, False),
    ("the other family fails", client(IP, ptr=GOOD, hosts={GOOD: f"{IP}, AAAA servfail"}), False, False),
    ("the other family alone", client(SIX, ptr=GOOD, hosts={GOOD: IP}), True, False),
    ("IPv6 that leads back", client(SIX, ptr=GOOD, hosts={GOOD: SIX}), False, False),
    ("an underscore", client(IP, ptr="a_b.example.com", hosts={"a_b.example.com": IP}), False, False),
    ("a slash", client(IP, ptr="a/b.example.com", hosts={"a/b.example.com": IP}), True, True),
    ("a leading hyphen", client(IP, ptr="-a.example.com", hosts={"-a.example.com": IP}), True, True),
    ("a trailing hyphen", client(IP, ptr="a-.example.com", hosts={"a-.example.com": IP}), True, True),
    ("digits alone", client(IP, ptr="12345", hosts={"12345": IP}), True, True),
    ("the address itself as name", client(IP, ptr=IP, hosts={IP: IP}), True, True),
    ("localhost, whatever DNS says", client(IP, ptr="localhost", hosts={"localhost": IP}), True, False),
]


@pytest.mark.parametrize(("what", "world", "client_minds", "reverse_minds"), NAMES)
def test_the_client_restrictions(what: str, world: Client, client_minds: bool, reverse_minds: bool) -> None:
    for setting, minds, reply in ((CLIENT, client_minds, NO_NAME), (REVERSE, reverse_minds, NO_REVERSE)):
        judgement = configured(f"postfix+{setting}").judge(world)
        expected = (TEMPFAIL, reply.format(ip=world.ip), setting) if minds else (ACCEPT, "", "accept")
        assert (judgement.verdict, judgement.reply, judgement.rule.id) == expected, setting
    assert configured("postfix").judge(world).verdict is ACCEPT, "a stock Postfix minds none of it"


CODES = [  # with unknown_client_reject_code = 550
    ("a denial is for good", CLIENT, client(IP, ptr="nxdomain"), f"550 5.7.25 {NO_NAME[11:]}"),
    ("a name elsewhere is for good", CLIENT, client(IP, ptr=BAD, hosts=HOSTS), f"550 5.7.25 {NO_NAME[11:]}"),
    ("a reply that cannot be read is for good", CLIENT, client(IP, ptr="malformed"), f"550 5.7.25 {NO_NAME[11:]}"),
    ("a failed PTR stays temporary", CLIENT, client(IP, ptr="servfail"), NO_NAME),
    ("a refused PTR stays temporary", REVERSE, client(IP, ptr="refused"), NO_REVERSE),
    ("a failed forward lookup stays temporary", CLIENT, client(IP, ptr=GOOD, hosts={GOOD: "timeout"}), NO_NAME),
    ("no PTR", REVERSE, client(IP, ptr="nodata"), f"550 5.7.1 {NO_REVERSE[10:]}"),
]


@pytest.mark.parametrize(("what", "setting", "world", "reply"), CODES)
def test_the_reject_code_is_for_what_is_certain(what: str, setting: str, world: Client, reply: str) -> None:
    judgement = configured(f"postfix+{setting}+unknown_client_reject_code=550").judge(world)
    assert judgement.reply == reply.format(ip=IP)
    assert judgement.verdict is (TEMPFAIL if reply[0] == "4" else REFUSE)


def test_the_order_of_the_records_decides() -> None:
    for order, first in ((f"{GOOD} {BAD}", ACCEPT), (f"{BAD} {GOOD}", TEMPFAIL)):
        judgement = configured(f"postfix+{CLIENT}").judge(client(IP, ptr=order, hosts=HOSTS))
        assert (judgement.verdict, judgement.depends) == (AT_RISK, "record order")
        assert next(each.verdict for each in judgement.possible()) is first
        assert {each.verdict for each in judgement.possible()} == {ACCEPT, TEMPFAIL}


def test_names_that_come_to_the_same_leave_no_doubt() -> None:
    world = client(IP, ptr=f"{BAD} c.example.net", hosts=HOSTS)
    assert configured(f"postfix+{CLIENT}").judge(world).depends == ""


def _no(setting: str, helo: str, why: str, code: str) -> tuple[str, str]:
    return setting, f"{code} <{helo}>: Helo command rejected: {why}"


def _invalid(helo: str, shown: str | None = None) -> tuple[str, str]:
    return _no(INVALID, shown or helo, "Invalid name", "501 5.5.2")


def _non_fqdn(helo: str, shown: str | None = None) -> tuple[str, str]:
    return _no(NON_FQDN, shown or helo, "need fully-qualified hostname", "504 5.5.2")


def _unknown(helo: str, shown: str | None = None) -> tuple[str, str]:
    return _no(UNKNOWN, shown or helo, "Host not found", "450 4.7.1")


def _all(helo: str, shown: str | None = None) -> tuple[tuple[str, str], ...]:
    return _invalid(helo, shown), _non_fqdn(helo, shown), _unknown(helo, shown)


def _literal(helo: str) -> tuple[tuple[str, str], ...]:
    return tuple(_no(setting, helo, "invalid ip address", "501 5.5.2") for setting in (INVALID, NON_FQDN, UNKNOWN))


HELO: list[tuple[str, dict[str, str], tuple[tuple[str, str], ...]]] = [
    (GOOD, {GOOD: IP}, ()),
    (GOOD, {GOOD: "192.0.2.99"}, ()),
    (GOOD, {GOOD: "2001:db8::1"}, ()),
    (GOOD, {}, (_unknown(GOOD),)),
    (f"{GOOD}.", {GOOD: IP}, (_unknown(f"{GOOD}."),)),
    ("mail", {}, (_non_fqdn("mail"), _unknown("mail"))),
    ("mail", {"mail": IP}, (_non_fqdn("mail"),)),
    ("a_b.example.com", {"a_b.example.com": IP}, ()),
    ("-a.example.com", {"-a.example.com": IP}, _all("-a.example.com")),
    ("a..b", {}, _all("a..b")),
    ("12345", {"12345": IP}, _all("12345")),
    ("192.0.2.25", {}, (_non_fqdn("192.0.2.25"), _unknown("192.0.2.25"))),
    ("192.0.2.300", {}, _all("192.0.2.300")),
    ("2001:db8::1", {}, (_non_fqdn("2001:db8::1"), _unknown("2001:db8::1"))),
    ("[192.0.2.25]", {}, ()),
    ("[192.0.2.99]", {}, ()),
    ("[192.0.2.05]", {}, ()),
    ("[IPv6:2001:db8::1]", {}, ()),
    ("[ipv6:2001:db8::1]", {}, ()),
    ("[]", {}, _literal("[]")),
    ("[192.0.2.300]", {}, _literal("[192.0.2.300]")),
    ("[192.0.2.25", {}, _literal("[192.0.2.25")),
    ("[2001:db8::1]", {}, _literal("[2001:db8::1]")),
    ("[IPv4:192.0.2.25]", {}, _literal("[IPv4:192.0.2.25]")),
    ("[mail.example.com]", {}, _literal("[mail.example.com]")),
    ("mail!x.example.com", {}, _all("mail!x.example.com")),
    ("mail x", {}, _all("mail x", "mail?x")),
    ("user@example.com", {}, _all("user@example.com", "user?example.com")),
    ("(mail)", {}, _all("(mail)", "?mail?")),
    ("mäil.example.com", {}, _all("mäil.example.com")),
    ("*.example.com", {"*.example.com": IP}, (_invalid("*.example.com"), _non_fqdn("*.example.com"))),
    (f"{'a' * 64}.example.com", {}, _all(f"{'a' * 64}.example.com")),
]


@pytest.mark.parametrize(("helo", "hosts", "minded"), HELO, ids=[f"{row[0][:20]}-{len(row[2])}" for row in HELO])
def test_the_helo_restrictions(helo: str, hosts: dict[str, str], minded: tuple[tuple[str, str], ...]) -> None:
    world = client(IP, ptr="nxdomain", helo=helo, hosts=hosts)
    replies = dict(minded)
    for setting in (INVALID, NON_FQDN, UNKNOWN):
        judgement = configured(f"postfix+{setting}").judge(world)
        assert judgement.reply == replies.get(setting, ""), setting
        assert judgement.rule.id == (setting if setting in replies else "accept")
    assert configured("postfix").judge(world).verdict is ACCEPT


EXISTS = [
    ("a mail exchanger alone", client(helo=BAD, hosts={BAD: "nodata"}, mx={BAD: "m.example"}), ACCEPT),
    ("a null MX counts", client(helo=BAD, hosts={BAD: "nodata"}, mx={BAD: "."}), ACCEPT),
    ("a null MX beside a failure", client(helo=BAD, hosts={BAD: "A nxdomain, AAAA servfail"}, mx={BAD: "."}), TEMPFAIL),
    ("a null MX beside a reply that cannot be read", client(helo=BAD, hosts={BAD: "malformed"}, mx={BAD: "."}), TEMPFAIL),
    ("a mail exchanger beside a failure", client(helo=BAD, hosts={BAD: "servfail"}, mx={BAD: "m.example"}), ACCEPT),
    ("an exchanger that is an address", client(helo=BAD, hosts={BAD: "nodata"}, mx={BAD: "192.0.2.9"}), ACCEPT),
    ("an exchanger that is no host name", client(helo=BAD, hosts={BAD: "nodata"}, mx={BAD: "m/x.example"}), REFUSE),
    (
        "one that is, and one that is not",
        client(helo=BAD, hosts={BAD: "nodata"}, mx={BAD: "m/x.example m.example"}),
        ACCEPT,
    ),
    ("a null MX and one that is no host name", client(helo=BAD, hosts={BAD: "nodata"}, mx={BAD: "m/x.example ."}), ACCEPT),
    ("the root has addresses", client(helo=".", hosts={"": "2001:db8::1"}), ACCEPT),
    ("the root cannot be looked up", client(helo=".", hosts={"": "servfail"}, mx={"": "servfail"}), TEMPFAIL),
    ("the root has no records", client(helo=".", hosts={"": "nodata"}), REFUSE),
    ("no host name, and a failure", client(helo=BAD, hosts={BAD: "A servfail"}, mx={BAD: "m/x.example"}), TEMPFAIL),
    ("an answer beside a failure", client(helo=BAD, hosts={BAD: "A servfail, AAAA 2001:db8::1"}), ACCEPT),
    ("nothing but a failure", client(helo=BAD, hosts={BAD: "servfail"}, mx={BAD: "servfail"}), TEMPFAIL),
    ("denials", client(helo=BAD, hosts={BAD: "nodata"}), REFUSE),
]


@pytest.mark.parametrize(("what", "world", "verdict"), EXISTS)
def test_whether_the_helo_exists(what: str, world: Client, verdict: Reception) -> None:
    assert configured(f"postfix+{UNKNOWN}+unknown_hostname_reject_code=550").judge(world).verdict is verdict


def test_what_is_said_of_an_exchanger_that_is_no_host_name() -> None:
    world = client(helo=BAD, hosts={BAD: "nodata"}, mx={BAD: "-m.example"})
    said = f"450 4.7.1 <{BAD}>: Helo command rejected: Malformed DNS server reply"
    assert configured(f"postfix+{UNKNOWN}").judge(world).reply == said


def test_a_deferral_is_kept_back_while_others_are_tried() -> None:
    world = client(IP, ptr="nxdomain", helo="mail", hosts={"mail": "servfail"})
    order = f"restrictions={UNKNOWN}/{NON_FQDN}"
    assert configured(f"postfix+{order}").judge(world).rule.id == NON_FQDN
    assert configured(f"postfix+{order}+unknown_helo_hostname_tempfail_action=defer").judge(world).rule.id == UNKNOWN
    assert configured(f"postfix+restrictions={UNKNOWN}/{INVALID}").judge(world).reply == _unknown("mail")[1]


def test_the_first_restriction_that_objects_replies() -> None:
    world = client(IP, ptr="nxdomain", helo="mail")
    assert configured("postfix+strict").judge(world).rule.id == REVERSE
    assert configured(f"postfix+restrictions={NON_FQDN}/{CLIENT}").judge(world).rule.id == NON_FQDN
    assert configured(f"postfix+restrictions={CLIENT}/{NON_FQDN}").judge(world).rule.id == CLIENT


def test_an_unknown_restriction_is_refused_with_what_there_is() -> None:
    with pytest.raises(InputError, match="has no restriction 'reject_odd'; restrictions= takes reject_unknown_reverse"):
        configured("postfix+restrictions=reject_odd")


def test_soft_bounce_makes_every_refusal_temporary() -> None:
    judgement = configured(f"postfix+{NON_FQDN}+soft_bounce").judge(client(helo="mail"))
    assert (judgement.verdict, judgement.reply[:9]) == (TEMPFAIL, "404 4.5.2")


def test_the_codes_are_the_administrators() -> None:
    judgement = configured(f"postfix+{NON_FQDN}+non_fqdn_reject_code=550").judge(client(helo="mail"))
    assert (judgement.verdict, judgement.reply[:9]) == (REFUSE, "550 5.5.2")


def test_without_lookups_nobody_has_a_name() -> None:
    assert configured(f"postfix+{CLIENT}+smtpd_peername_lookup=no").judge(right).verdict is TEMPFAIL


@pytest.mark.parametrize("setting", ["", "+smtpd_helo_required", "+strict"])
def test_ehlo_needs_a_name(setting: str) -> None:
    judgement = configured(f"postfix{setting}").judge(client(IP, ptr="nxdomain", helo=""))
    assert (judgement.verdict, judgement.reply) == (REFUSE, "501 Syntax: EHLO hostname")


def test_without_delay_the_client_is_judged_before_ehlo_and_the_helo_as_it_was_said() -> None:
    world = client(IP, ptr="nxdomain", helo="")
    assert configured(f"postfix+{CLIENT}+smtpd_delay_reject=no").judge(world).rule.id == CLIENT
    world = client(IP, ptr=GOOD, helo="mail x", hosts=HOSTS)
    assert "<mail x>" in configured(f"postfix+{INVALID}+smtpd_delay_reject=no").judge(world).reply


def test_postscreen_looks_at_no_name() -> None:
    for world in (right, client(IP, ptr="nxdomain", helo="mail"), client(IP, ptr="servfail", helo="[]")):
        judgement = configured("postfix+postscreen").judge(world)
        assert (judgement.verdict, judgement.rule.id) == (ACCEPT, "postscreen")
    assert configured("postfix+postscreen").judge(client(IP, helo="")).verdict is REFUSE, "smtpd stands behind it"
    assert configured(f"postfix+postscreen+{CLIENT}").judge(client(IP)).verdict is TEMPFAIL


def test_the_client_restrictions_do_not_wait_for_the_helo() -> None:
    assert configured(f"postfix+{CLIENT}").judge(client(IP, helo=None)).verdict is TEMPFAIL
    with pytest.raises(HeloNotKnownError):
        configured("postfix+strict").judge(client(IP, ptr=GOOD, helo=None, hosts=HOSTS))


@given(st.text(alphabet="aB1-_.*[]:@ ü", max_size=70))
def test_reading_a_name_never_fails(text: str) -> None:
    if is_hostname(text):
        assert is_askable(text)
        assert all(0 < len(label) <= 63 for label in text.split("."))
    assert is_literal(text) <= (text[:1] == "[" and text[-1:] == "]")
    assert len(said(text)) == len(text)


@given(st.text(alphabet="0123456789.:abcdef", max_size=20))
def test_addresses_are_those_that_the_system_reads(text: str) -> None:
    if is_ipv6(text):
        socket.inet_pton(socket.AF_INET6, text)
    if is_ipv4(text):
        assert len(text.split(".")) == 4
