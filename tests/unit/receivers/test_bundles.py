"""Bundles: what their mail server refuses comes first, then what their filter says."""

import pytest

from support.clients import client
from truehelo.receivers.client import Client
from truehelo.receivers.selection import configured
from truehelo.reception import Reception

IP, GOOD = "192.0.2.25", "mail.example.com"
HOSTS = {GOOD: IP}
EC2, EC2_EU = "ec2-192-0-2-25.compute-1.amazonaws.com", "ec2-192-0-2-25.eu-west-1.compute.amazonaws.com"
REFUSE, TEMPFAIL = Reception.REFUSE, Reception.TEMPFAIL
NOT_FULL = "504 5.5.2 <mail>: Helo command rejected: need fully-qualified hostname"
DYNAMIC = (
    "ACCESS DENIED. Your email was rejected because the sending mail server appears to be on a dynamic IP address that "
    "should not be doing direct mail delivery"
)
BARE = "ACCESS DENIED. Your email was rejected because the sending mail server sent non RFC compliant HELO identity"
NOT_COMPLIANT = "550 Access denied - Invalid HELO name (See RFC2821 4.1.1.1)"

REFUSED = [
    ("iredmail", client(IP, ptr=GOOD, helo="mail", hosts=HOSTS), REFUSE, NOT_FULL),
    (
        "iredmail",
        client(IP, ptr=GOOD, helo=IP, hosts=HOSTS),
        REFUSE,
        f"554 5.7.1 <{IP}>: Helo command rejected: {BARE} ({IP})",
    ),
    (
        "iredmail",
        client(IP, ptr=EC2, helo=EC2, hosts={EC2: IP}),
        REFUSE,
        f"554 5.7.1 <{EC2}>: Helo command rejected: {DYNAMIC} (2-192-0-2)",
    ),
    (
        "iredmail",
        client(IP, ptr=GOOD, helo="nowhere.example.com", hosts=HOSTS),
        TEMPFAIL,
        "450 4.7.1 <nowhere.example.com>: Helo command rejected: Host not found",
    ),
    ("modoboa", client(IP, ptr=GOOD, helo="mail", hosts=HOSTS), REFUSE, NOT_FULL),
    ("docker-mailserver", client(IP, ptr=GOOD, helo="mail", hosts=HOSTS), REFUSE, NOT_FULL),
    (
        "docker-mailserver",
        client(IP, ptr=GOOD, helo="mail..example.com", hosts=HOSTS),
        REFUSE,
        "501 5.5.2 <mail..example.com>: Helo command rejected: Invalid name",
    ),
    (
        "cpanel",
        client(IP, ptr=GOOD, helo="mail", hosts=HOSTS),
        REFUSE,
        "550 Access denied - Invalid HELO name (See RFC2821 4.1.1.1)",
    ),
    (
        "cpanel",
        client(IP, ptr=GOOD, helo=IP, hosts=HOSTS),
        REFUSE,
        "550 Access denied - Invalid HELO name (See RFC2821 4.1.1.1)",
    ),
]
NOT_REFUSED = [
    ("iredmail", client(IP, ptr=GOOD, hosts=HOSTS)),
    ("iredmail", client(IP, ptr="nxdomain", hosts=HOSTS)),  # nothing is asked of the PTR record
    ("iredmail", client(IP, ptr=GOOD, helo="mx.example.com", hosts={"mx.example.com": "192.0.2.99", **HOSTS})),
    ("iredmail", client(IP, ptr=GOOD, helo=f"[{IP}]", hosts=HOSTS)),
    ("iredmail", client(IP, ptr=EC2_EU, helo=EC2_EU)),  # let pass, though it does not resolve
    ("modoboa", client(IP, ptr="nxdomain", helo="nowhere.example.com")),
    ("mailinabox", client(IP, ptr="nxdomain", helo="mail")),
    ("docker-mailserver", client(IP, ptr="nxdomain", helo="nowhere.example.com")),
    ("cpanel", client(IP, ptr="nxdomain", helo="nowhere.example.com")),
    ("cpanel", client(IP, ptr=GOOD, helo=f"[{IP}]", hosts=HOSTS)),
    ("cpanel+helo_syntax_off", client(IP, ptr=GOOD, helo="mail", hosts=HOSTS)),
]


@pytest.mark.parametrize(("receiver", "world", "verdict", "reply"), REFUSED)
def test_a_bundle_refuses_that_client_so(receiver: str, world: Client, verdict: Reception, reply: str) -> None:
    judgement = configured(receiver).judge(world)

    assert (judgement.verdict, judgement.reply) == (verdict, reply)
    assert judgement.rule in configured(receiver).receiver.rules


@pytest.mark.parametrize(("receiver", "world"), NOT_REFUSED)
def test_a_bundle_does_not_refuse_that_client(receiver: str, world: Client) -> None:
    assert configured(receiver).judge(world).verdict not in (REFUSE, TEMPFAIL)


@pytest.mark.parametrize(
    ("bundle", "filtering"),
    [
        ("iredmail", "spamassassin+postfix+sa_update"),
        ("mailinabox", "spamassassin+postfix+sa_update"),
        ("modoboa", "spamassassin+postfix+sa_update"),
        ("docker-mailserver+spamassassin", "spamassassin+postfix"),
        ("docker-mailserver+rspamd", "rspamd"),
        ("cpanel+spamassassin", "spamassassin+exim"),
    ],
)
def test_what_is_not_refused_is_for_the_filter(bundle: str, filtering: str) -> None:
    for world in (client(IP, ptr=GOOD, hosts=HOSTS), client(IP, ptr="nxdomain", hosts=HOSTS)):
        assert configured(bundle).judge(world) == configured(filtering).judge(world)


def test_docker_mailserver_has_no_filter_on_as_shipped() -> None:
    assert configured("docker-mailserver").judge(client(IP, ptr="nxdomain", hosts=HOSTS)).score is None
