"""maddy: the strict reading, PTR name = HELO, and what a failure does."""

import pytest

from support.clients import client
from truehelo.receivers.client import Client
from truehelo.receivers.selection import configured
from truehelo.reception import Reception

IP, SIX, GOOD = "192.0.2.25", "2001:db8::25", "mail.example.com"
HOSTS = {GOOD: f"{IP} {SIX}"}
ACCEPT, AT_RISK, REFUSE, TEMPFAIL = Reception.ACCEPT, Reception.AT_RISK, Reception.REFUSE, Reception.TEMPFAIL
RDNS, EHLO = "maddy+require_matching_rdns", "maddy+require_matching_ehlo"
REJECT = "+fail_action=reject"

ROWS = [
    ("maddy", client(IP, ptr="nxdomain", helo="mail"), ACCEPT, ""),
    (RDNS, client(IP, ptr=GOOD, hosts=HOSTS), ACCEPT, ""),
    (RDNS, client(IP, ptr=GOOD, helo="MAIL.Example.COM."), ACCEPT, ""),  # nor is it asked whether the name leads back
    (RDNS, client(IP, ptr=GOOD, helo="mx.example.com", hosts=HOSTS), AT_RISK, ""),
    (RDNS, client(IP, ptr=GOOD, helo=f"[{IP}]", hosts=HOSTS), AT_RISK, ""),
    (RDNS, client(IP, ptr="nxdomain"), AT_RISK, ""),
    (RDNS, client(IP, ptr="servfail"), AT_RISK, ""),
    (RDNS + REJECT, client(IP, ptr=GOOD, hosts=HOSTS), ACCEPT, ""),
    (
        RDNS + REJECT,
        client(IP, ptr=GOOD, helo="mx.example.com"),
        REFUSE,
        "550 5.7.25 rDNS name does not match source hostname",
    ),
    (RDNS + REJECT, client(IP, ptr="nodata"), REFUSE, "550 5.7.25 No PTR record found"),
    (RDNS + REJECT, client(IP, ptr="servfail"), TEMPFAIL, "450 4.7.25 DNS error during policy check"),
    (RDNS + REJECT, client(IP, ptr="timeout"), TEMPFAIL, "450 4.7.25 DNS error during policy check"),
    (RDNS + "+fail_action=ignore", client(IP, ptr="nxdomain"), ACCEPT, ""),
    (EHLO, client(IP, ptr="nxdomain", hosts=HOSTS), ACCEPT, ""),
    (EHLO, client(SIX, ptr="nxdomain", hosts=HOSTS), ACCEPT, ""),
    (EHLO, client(IP, ptr="nxdomain", helo=f"[{IP}]"), ACCEPT, ""),
    (EHLO, client(SIX, ptr="nxdomain", helo=f"[IPv6:{SIX}]"), ACCEPT, ""),
    (EHLO, client(IP, ptr="nxdomain", helo="mail"), AT_RISK, ""),
    (
        EHLO + REJECT,
        client(IP, helo="[192.0.2.99]"),
        REFUSE,
        "550 5.7.0 IP in EHLO is not the same as the actual client IP",
    ),
    (
        EHLO + REJECT,
        client(IP, hosts={GOOD: "192.0.2.99"}),
        REFUSE,
        "550 5.7.0 No matching A/AAA records found for the EHLO hostname",
    ),
    (EHLO + REJECT, client(IP), REFUSE, "550 5.7.0 DNS error during policy check"),
    (EHLO + REJECT, client(IP, hosts={GOOD: "servfail"}), TEMPFAIL, "450 4.7.0 DNS error during policy check"),
    (RDNS + "+require_matching_ehlo", client(IP, ptr=GOOD, hosts=HOSTS), ACCEPT, ""),
    (RDNS + "+require_matching_ehlo", client(IP, ptr=GOOD), AT_RISK, ""),
    (RDNS + "+require_matching_ehlo", client(IP, ptr="nxdomain", hosts=HOSTS), AT_RISK, ""),
]


@pytest.mark.parametrize(("receiver", "world", "verdict", "reply"), ROWS)
def test_maddy_does_this_with_that_client(receiver: str, world: Client, verdict: Reception, reply: str) -> None:
    judgement = configured(receiver).judge(world)

    assert (judgement.verdict, judgement.reply) == (verdict, reply)
    assert judgement.rule in configured(receiver).receiver.rules


def test_maddy_takes_whichever_ptr_name_comes_first() -> None:
    judgement = configured(RDNS + REJECT).judge(client(IP, ptr=f"mx.example.net {GOOD}", hosts=HOSTS))

    assert (judgement.verdict, judgement.depends) == (AT_RISK, "record order")
    assert [outcome.verdict for outcome in judgement.outcomes] == [REFUSE, ACCEPT]


def test_two_ptr_names_of_which_neither_is_the_helo_leave_no_doubt() -> None:
    judgement = configured(RDNS + REJECT).judge(client(IP, ptr="a.example.net b.example.net"))

    assert (judgement.verdict, judgement.outcomes) == (REFUSE, ())
