"""mailcow: Postfix's rule about the HELO first, then rspamd with mailcow's points and thresholds."""

import pytest

from support.clients import client
from truehelo.receivers.client import Client
from truehelo.receivers.selection import configured
from truehelo.reception import Reception

IP, GOOD = "20.7.142.9", "mail.example.com"
HOSTS = {GOOD: IP, "dynamic-9.example.com": IP}
LATER, REJECTED = "451 4.7.1 Try again later", "554 5.7.1 Spam message rejected"
ROWS = [
    (client(IP, ptr=GOOD, helo=GOOD, hosts=HOSTS), Reception.ACCEPT, "", 0.0),
    (client(IP, ptr="nxdomain", helo=GOOD, hosts=HOSTS), Reception.TEMPFAIL, LATER, 10.6),
    (client(IP, ptr="servfail", helo=GOOD, hosts=HOSTS), Reception.TEMPFAIL, LATER, 10.6),
    (client(IP, ptr="gone.mail.example.com", helo=GOOD, hosts=HOSTS), Reception.ACCEPT, "", 0.0),
    (client(IP, ptr="nxdomain", helo=f"[{IP}]", hosts=HOSTS), Reception.TEMPFAIL, LATER, 13.6),
    (
        client(IP, ptr="nxdomain", helo="192.168.1.1", hosts=HOSTS),
        Reception.REFUSE,
        "554 5.7.1 Spam message rejected",
        15.1,
    ),
    (client(IP, ptr=GOOD, helo="nowhere.example.com", hosts=HOSTS), Reception.AT_RISK, "", 1.3),
    (client(IP, ptr=GOOD, helo="mail", hosts=HOSTS), Reception.AT_RISK, "", 3.0),
    (client(IP, ptr="dynamic-9.example.com", helo=GOOD, hosts=HOSTS), Reception.TEMPFAIL, LATER, 7.1),
    (
        client(IP, ptr=GOOD, helo="-mail.example.com", hosts=HOSTS),
        Reception.REFUSE,
        "501 5.5.2 <-mail.example.com>: Helo command rejected: Invalid name",
        None,
    ),
]


@pytest.mark.parametrize(("world", "verdict", "reply", "score"), ROWS)
def test_mailcow(world: Client, verdict: Reception, reply: str, score: float | None) -> None:
    judgement = configured("mailcow").judge(world)
    assert (judgement.verdict, judgement.reply, judgement.score) == (verdict, reply, score)
