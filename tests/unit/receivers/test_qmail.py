"""qmail: no name moves it."""

import pytest

from support.clients import client
from truehelo.receivers.client import Client
from truehelo.receivers.selection import configured
from truehelo.reception import Reception


@pytest.mark.parametrize(
    "world",
    [
        client("192.0.2.25", ptr="mail.example.com", hosts={"mail.example.com": "192.0.2.25"}),
        client("192.0.2.25", ptr="nxdomain", helo="mail"),
        client("2001:db8::25", ptr="servfail", helo="2001:db8::25"),
        client("192.0.2.25", ptr="timeout", helo=None),
    ],
)
def test_qmail_takes_mail_whatever_the_names_are(world: Client) -> None:
    assert configured("qmail").judge(world).verdict is Reception.ACCEPT
