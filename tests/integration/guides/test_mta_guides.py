"""What the guides promise, kept by the real programs: each setting is accepted, and makes the names that it says it makes.

Before, exactly the wanted names are wrong, in the way in which they come to be: by the host name, or set apart from it.
The guide's settings for them are then put where it says. Afterwards the server's greeting, its reply to EHLO and the HELO
that it sends are all right, the last read by a sink to which it relays a message.
"""

import smtplib

import pytest

from integration.servers.relays import IP, MACHINE, PACKAGES, Before, relay
from integration.servers.sink import sink
from truehelo.advice.guides import packaged
from truehelo.advice.guides.need import Clues, Need
from truehelo.advice.guides.pick import mtas
from truehelo.findings import Aim, Guidance, Sureness

pytestmark = pytest.mark.integration
RIGHT, WRONG = "mail.right.example", "mail.wrong.example"
ALL = ("greeting", "ehlo_reply", "helo")
# which names are wrong, and what was configured
CASES: list[tuple[str, tuple[str, ...], Before]] = [
    ("all three by the host name", ALL, Before(host=WRONG)),
    ("what it says as a server, by the host name", ("greeting", "ehlo_reply"), Before(host=WRONG, helo=RIGHT)),
    ("the greeting alone, set apart", ("greeting",), Before(host=RIGHT, greeting=WRONG)),
    ("the reply to EHLO alone", ("ehlo_reply",), Before(host=WRONG, greeting=RIGHT, helo=RIGHT)),
    ("the HELO alone, set apart", ("helo",), Before(host=RIGHT, helo=WRONG)),
]
# OpenSMTPD greets as it replies to EHLO: there is one setting for both.
IMPOSSIBLE = {("opensmtpd", ("greeting",)), ("opensmtpd", ("ehlo_reply",))}


def guidance(kind: str, wrong: tuple[str, ...]) -> Guidance:
    aim = Aim(kind="says", ips=(IP,), name=RIGHT, where=frozenset(wrong))
    need = Need(aim=aim, reverse=None, zone=None, forward_right=True, helo_known=True, clues=Clues())
    (found,) = packaged().named(kind).guidance(need)
    return found


def spoken(where: tuple[str, int]) -> tuple[str, str]:
    """The greeting, and the name in the reply to EHLO; one message is left behind."""
    with smtplib.SMTP(timeout=30, local_hostname="client.example") as client:
        greeting = client.connect(*where)[1].decode()
        ehlo = client.ehlo()[1].decode().split()[0]
        client.sendmail("from@client.example", ["to@sink.example"], "Subject: test\n\ntest\n")
    return greeting, ehlo


ROWS = [
    pytest.param(kind, wrong, before, id=f"{kind}: {why}")
    for kind in sorted(PACKAGES)
    for why, wrong, before in CASES
    if (kind, wrong) not in IMPOSSIBLE
]


@pytest.mark.parametrize(("kind", "wrong", "before"), ROWS)
def test_the_settings_of_the_guide_make_the_names_that_it_promises(
    kind: str, wrong: tuple[str, ...], before: Before
) -> None:
    with sink() as receiver, relay(kind, before, guidance(kind, wrong).ways, receiver.where) as server:
        greeting, ehlo = spoken(server.where)
        assert (greeting.split()[0], ehlo, receiver.first()) == (RIGHT, RIGHT, RIGHT)


@pytest.mark.parametrize("kind", sorted(PACKAGES))
def test_without_the_guide_all_three_are_wrong_and_the_greeting_leads_to_it(kind: str) -> None:
    with sink() as receiver, relay(kind, Before(host=WRONG), (), receiver.where) as server:
        greeting, ehlo = spoken(server.where)
        assert {greeting.split()[0], ehlo, receiver.first()} <= {WRONG, MACHINE}
    (picked,) = mtas(packaged().mtas, Clues(greetings=(greeting,)), None)
    # Debian's Exim does not say that it is Debian's.
    assert picked.guide.id == kind.removesuffix("-debian")
    assert picked.sureness is Sureness.LIKELY
