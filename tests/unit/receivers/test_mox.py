"""mox: iprev weighs, the form of EHLO and the address of HELO are demanded."""

import pytest

from support.clients import client
from truehelo.receivers.client import Client
from truehelo.receivers.selection import configured
from truehelo.reception import Reception

IP, SIX, GOOD = "192.0.2.25", "2001:db8::25", "mail.example.com"
HOSTS = {GOOD: f"{IP} {SIX}"}
ACCEPT, REFUSE, AT_RISK = Reception.ACCEPT, Reception.REFUSE, Reception.AT_RISK
NO_ADDRESS = "550 5.5.0 your ehlo domain does not resolve to an IP address"

ROWS = [
    ("mox", client(IP, ptr=GOOD, hosts=HOSTS), ACCEPT, ""),
    ("mox", client(SIX, ptr=GOOD, hosts=HOSTS), ACCEPT, ""),
    ("mox", client(IP, ptr=f"mx.example.net {GOOD}", hosts=HOSTS), ACCEPT, ""),  # any of the names will do
    ("mox", client(IP, ptr=f"mx.example.net {GOOD}", hosts={"mx.example.net": "servfail", **HOSTS}), ACCEPT, ""),
    ("mox", client(IP, ptr="nxdomain"), AT_RISK, "451 4.3.0 error processing"),
    ("mox", client(IP, ptr="servfail"), AT_RISK, "451 4.3.0 error processing"),
    ("mox", client(IP, ptr=GOOD, hosts={GOOD: "192.0.2.99"}), AT_RISK, "451 4.3.0 error processing"),
    ("mox", client(SIX, ptr=GOOD, hosts={GOOD: IP}), AT_RISK, "451 4.3.0 error processing"),
    ("mox", client(IP, ptr=GOOD, helo="mail", hosts=HOSTS), ACCEPT, ""),
    ("mox", client(IP, ptr=GOOD, helo="nowhere.example.com", hosts=HOSTS), ACCEPT, ""),
    ("mox", client(IP, ptr=GOOD, helo=IP, hosts=HOSTS), ACCEPT, ""),
    ("mox", client(IP, ptr=GOOD, helo=f"[{IP}]", hosts=HOSTS), ACCEPT, ""),
    ("mox", client(IP, ptr=GOOD, helo=f"[{IP}", hosts=HOSTS), ACCEPT, ""),  # the closing bracket is not missed
    ("mox", client(SIX, ptr=GOOD, helo=f"[IPv6:{SIX}]", hosts=HOSTS), ACCEPT, ""),
    ("mox", client(SIX, ptr=GOOD, helo=f"[{SIX}]", hosts=HOSTS), REFUSE, "501 5.5.2"),
    ("mox", client(SIX, ptr=GOOD, helo=SIX, hosts=HOSTS), REFUSE, "501 5.5.2"),
    ("mox", client(IP, ptr=GOOD, helo="[192.0.2.300]", hosts=HOSTS), REFUSE, "501 5.5.2"),
    ("mox", client(IP, ptr=GOOD, helo="my_host.example.com", hosts=HOSTS), REFUSE, "501 5.5.2"),
    ("mox", client(IP, ptr=GOOD, helo="mail.example.com.", hosts=HOSTS), REFUSE, "501 5.5.2"),
    ("mox", client(IP, ptr=GOOD, helo="mail..example.com", hosts=HOSTS), REFUSE, "501 5.5.2"),
    ("mox", client(IP, ptr=GOOD, helo="-mail.example.com", hosts=HOSTS), REFUSE, "501 5.5.2"),
    ("mox", client(IP, ptr=GOOD, helo="mäil.example.com", hosts=HOSTS), REFUSE, "501 5.5.2"),
    ("mox+helo", client(IP, ptr=GOOD, hosts=HOSTS), ACCEPT, ""),
    ("mox+helo", client(IP, ptr=GOOD, helo="nowhere.example.com", hosts=HOSTS), REFUSE, NO_ADDRESS),
    ("mox+helo", client(IP, ptr=GOOD, helo="mx.example.com", hosts={"mx.example.com": "192.0.2.99", **HOSTS}), ACCEPT, ""),
    ("mox+helo", client(IP, ptr=GOOD, helo="mx.example.com", hosts={"mx.example.com": "servfail", **HOSTS}), ACCEPT, ""),
    ("mox+helo", client(IP, ptr=GOOD, helo=f"[{IP}]", hosts=HOSTS), REFUSE, "501 5.5.2"),
]


@pytest.mark.parametrize(("receiver", "world", "verdict", "reply"), ROWS)
def test_mox_does_this_with_that_client(receiver: str, world: Client, verdict: Reception, reply: str) -> None:
    judgement = configured(receiver).judge(world)
    known = configured(receiver).receiver.rules

    assert (judgement.verdict, judgement.reply) == (verdict, reply)
    assert all(outcome.rule in known for outcome in judgement.possible())


def test_what_mox_knows_of_a_sender_decides_when_iprev_is_not_pass() -> None:
    judgement = configured("mox").judge(client(IP, ptr="nxdomain"))

    assert judgement.depends == "what mox knows of the sender"
    assert [outcome.verdict for outcome in judgement.outcomes] == [ACCEPT, Reception.TEMPFAIL]
