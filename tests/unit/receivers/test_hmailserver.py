"""hMailServer: points of its PTR and HELO checks."""

import pytest

from support.clients import client
from truehelo.receivers.client import Client
from truehelo.receivers.selection import configured
from truehelo.reception import Reception

IP, SIX, GOOD = "192.0.2.25", "2001:db8::25", "mail.example.com"
HOSTS = {GOOD: f"{IP} {SIX}"}
OTHER = {"mx.example.com": "192.0.2.99"}

ROWS = [
    ("hmailserver", client(IP, ptr="nxdomain", helo="mail"), None),
    ("hmailserver+ptr", client(IP, ptr=GOOD, hosts=HOSTS), 0),
    ("hmailserver+ptr", client(SIX, ptr=GOOD, hosts=HOSTS), 0),
    ("hmailserver+ptr", client(IP, ptr="nxdomain"), 1),
    ("hmailserver+ptr", client(IP, ptr="servfail"), 0),  # a failure counts for the client
    ("hmailserver+ptr", client(IP, ptr=GOOD), 1),
    ("hmailserver+ptr", client(IP, ptr=GOOD, hosts={GOOD: "servfail"}), 1),  # but not the failure of the name
    ("hmailserver+ptr", client(SIX, ptr=GOOD, hosts={GOOD: IP}), 1),
    ("hmailserver+ptr", client(IP, ptr=GOOD, helo="mail", hosts=HOSTS), 0),
    ("hmailserver+helo", client(IP, ptr="nxdomain", hosts=HOSTS), 0),
    ("hmailserver+helo", client(IP, ptr=GOOD, helo="mx.example.com", hosts={**HOSTS, **OTHER}), 2),
    ("hmailserver+helo", client(IP, ptr=GOOD, helo="nowhere.example.com", hosts=HOSTS), 2),
    ("hmailserver+helo", client(IP, ptr=GOOD, helo="mx.example.com", hosts={"mx.example.com": "servfail"}), 0),
    ("hmailserver+helo", client(IP, ptr=GOOD, helo="mail", hosts=HOSTS), 2),
    ("hmailserver+helo", client(IP, helo=f"[{IP}]"), 0),
    ("hmailserver+helo", client(IP, helo="[192.0.2.99]"), 2),
    ("hmailserver+helo", client(SIX, helo=f"[IPv6:{SIX}]"), 2),  # right by RFC 5321 §4.1.3, and not understood
    ("hmailserver+helo", client(SIX, helo=f"[{SIX}]"), 0),
    ("hmailserver+helo", client(IP, helo=""), 0),
    ("hmailserver+ptr+helo", client(IP, ptr=GOOD, hosts=HOSTS), 0),
    ("hmailserver+ptr+helo", client(IP, ptr="nxdomain", helo="mail"), 3),
]


@pytest.mark.parametrize(("receiver", "world", "points"), ROWS)
def test_hmailserver_gives_so_many_points(receiver: str, world: Client, points: int | None) -> None:
    judgement = configured(receiver).judge(world)

    assert judgement.score == points
    assert judgement.verdict is (Reception.AT_RISK if points else Reception.ACCEPT)
    assert sum(symbol.points for symbol in judgement.symbols) == (points or 0)


def test_the_first_of_several_ptr_names_counts() -> None:
    judgement = configured("hmailserver+ptr").judge(client(IP, ptr=f"{GOOD} mx.example.net", hosts=HOSTS))

    assert judgement.depends == "record order"
    assert [outcome.score for outcome in judgement.outcomes] == [0.0, 1.0]
