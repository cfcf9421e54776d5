"""Mailu: Postfix without a rule about names, then rspamd with stock points and greylisting."""

import pytest

from support.clients import client
from truehelo.receivers.client import Client
from truehelo.receivers.selection import configured
from truehelo.reception import Reception

IP, GOOD = "20.7.142.9", "mail.example.com"
HOSTS = {GOOD: IP}
LATER = "451 4.7.1 Try again later"
ROWS = [
    (client(IP, ptr=GOOD, helo=GOOD, hosts=HOSTS), Reception.ACCEPT, "", 0.0),
    (client(IP, ptr="nxdomain", helo=GOOD, hosts=HOSTS), Reception.TEMPFAIL, LATER, 4.6),
    (client(IP, ptr="gone.mail.example.com", helo=GOOD, hosts=HOSTS), Reception.ACCEPT, "", 0.0),
    (client(IP, ptr=GOOD, helo="mail", hosts=HOSTS), Reception.AT_RISK, "", 3.0),
    (client(IP, ptr=GOOD, helo="-mail.example.com", hosts=HOSTS), Reception.AT_RISK, "", 2.0),
    (client(IP, ptr=GOOD, helo="", hosts=HOSTS), Reception.REFUSE, "501 Syntax: EHLO hostname", None),
]


@pytest.mark.parametrize(("world", "verdict", "reply", "score"), ROWS)
def test_mailu(world: Client, verdict: Reception, reply: str, score: float | None) -> None:
    judgement = configured("mailu").judge(world)
    assert (judgement.verdict, judgement.reply, judgement.score) == (verdict, reply, score)
