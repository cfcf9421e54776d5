"""qmail, netqmail and notqmail: nothing in them looks at the names of a client.

`qmail-smtpd.c` writes the PTR name and the HELO that it is given into Received and decides nothing by them. Does not
model what wrappers such as rblsmtpd or patches such as spamcontrol add.
"""

from truehelo.receivers.client import Client
from truehelo.receivers.model import Config, Judge, Receiver
from truehelo.reception import Grade, Judgement, Reception, Rule

_ACCEPTS = Rule(
    id="stock",
    words="it looks at no name of the client",
    grade=Grade.SOURCE,
    source="qmail-smtpd.c of notqmail a7012e4",
    seen="2026-08",
)
_ACCEPT = Judgement(Reception.ACCEPT, _ACCEPTS)


def _judge(_client: Client) -> Judgement:
    return _ACCEPT


def _build(_config: Config) -> Judge:
    return _judge


RECEIVER = Receiver(
    id="qmail",
    title="qmail (netqmail, notqmail)",
    kind="mta",
    about=(
        "A mail server of 1998, kept alive as notqmail. It takes mail whatever the names of the client are: neither PTR "
        "nor HELO is compared with anything. The PTR name comes from tcpserver and lands in Received unconfirmed. What "
        "operators put in front of it (rblsmtpd, spamdyke, patches) may judge, and is not modelled here."
    ),
    rules=(_ACCEPTS,),
    build=_build,
)
