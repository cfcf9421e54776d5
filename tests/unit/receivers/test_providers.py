"""Mailbox providers and gateways: which band of outcomes follows of which names, in words."""

import pytest

from support.clients import client
from truehelo.receivers import all_receivers
from truehelo.receivers.client import Client, HeloNotKnownError, Reverse
from truehelo.receivers.model import Receiver
from truehelo.receivers.selection import configured
from truehelo.reception import Grade, Judgement, Reception

IP, SIX, GOOD = "192.0.2.25", "2001:db8::25", "mail.example.com"
BOTH = {GOOD: f"{IP} {SIX}"}
GENERIC4, GENERIC6 = "host-192-0-2-25.isp.example.com", "2001-db8--25.isp.example.com"
TWO = f"{GOOD} mx.example.net"

WORLDS = {
    "right": client(IP, ptr=GOOD, hosts=BOTH),
    "right, v6": client(SIX, ptr=GOOD, hosts=BOTH),
    "no PTR": client(IP, ptr="nxdomain", hosts=BOTH),
    "no PTR, v6": client(SIX, ptr="nxdomain", hosts=BOTH),
    "elsewhere": client(IP, ptr=GOOD, hosts={GOOD: "192.0.2.99"}),
    "elsewhere, v6": client(SIX, ptr=GOOD, hosts={GOOD: IP}),
    "PTR fails": client(IP, ptr="servfail", hosts=BOTH),
    "PTR fails, v6": client(SIX, ptr="servfail", hosts=BOTH),
    "forward fails": client(IP, ptr=GOOD, hosts={GOOD: "servfail"}),
    "generic": client(IP, ptr=GENERIC4, helo=GENERIC4, hosts={GENERIC4: IP}),
    "generic, v6": client(SIX, ptr=GENERIC6, helo=GENERIC6, hosts={GENERIC6: SIX}),
    "two names, one right": client(IP, ptr=TWO, hosts=BOTH),
    "another HELO": client(IP, ptr=GOOD, helo="mx.example.com", hosts={"mx.example.com": IP, **BOTH}),
}

ROWS = [
    ("gmail", "right", "accept"),
    ("gmail", "right, v6", "accept"),
    ("gmail", "no PTR", "tempfail: tempfail 451 4.7.23, refuse 550 5.7.25"),
    ("gmail", "no PTR, v6", "tempfail: tempfail 451 4.7.23, refuse 550 5.7.25, refuse 550 5.7.1"),
    ("gmail", "elsewhere", "tempfail: tempfail 451 4.7.23, refuse 550 5.7.25"),
    ("gmail", "elsewhere, v6", "tempfail: tempfail 451 4.7.23, refuse 550 5.7.25, refuse 550 5.7.1"),
    ("gmail", "PTR fails", "tempfail: tempfail 451 4.7.23, refuse 550 5.7.25"),
    ("gmail", "forward fails", "tempfail: tempfail 451 4.7.23, refuse 550 5.7.25"),
    ("gmail", "generic", "accept"),
    ("gmail", "another HELO", "accept"),
    ("gmail", "two names, one right", "at_risk: accept, tempfail 451 4.7.23, refuse 550 5.7.25"),
    ("outlook", "right", "accept"),
    ("outlook", "no PTR", "at_risk: refuse, at_risk, accept"),
    ("outlook", "elsewhere", "at_risk: refuse, at_risk, accept"),
    ("outlook", "PTR fails", "at_risk: refuse, accept"),
    ("outlook", "generic", "at_risk: refuse 550 DY-001, accept"),
    ("exchange-online", "no PTR", "accept"),
    ("exchange-online", "elsewhere", "accept"),
    ("exchange-online", "two names, one right", "accept"),
    ("exchange-online", "right, v6", "accept"),
    ("exchange-online", "no PTR, v6", "tempfail: tempfail 450 4.7.25, refuse 550 5.7.25"),
    ("exchange-online", "elsewhere, v6", "at_risk: accept, tempfail 450 4.7.25, refuse 550 5.7.25"),
    ("exchange-online", "PTR fails, v6", "at_risk: tempfail 450 4.7.25, accept"),
    ("yahoo", "right", "accept"),
    ("yahoo", "no PTR", "at_risk: tempfail, at_risk"),
    ("yahoo", "generic", "at_risk: at_risk, accept"),
    ("yahoo", "another HELO", "accept"),
    ("icloud", "right", "accept"),
    ("icloud", "no PTR", "at_risk: refuse, at_risk, accept"),
    ("icloud", "generic", "at_risk: at_risk, accept"),
    ("comcast", "right", "accept"),
    ("comcast", "no PTR", "refuse 554 comcast: refuse 554 comcast, at_risk"),
    ("comcast", "elsewhere", "refuse 554 PTR: refuse 554 PTR, refuse 554 comcast"),
    ("comcast", "PTR fails", "tempfail: tempfail 421 Reverse, at_risk"),
    ("comcast", "forward fails", "tempfail: tempfail 421 Reverse, at_risk"),
    ("comcast", "generic, v6", "at_risk: refuse 550 ES000010, accept"),
    ("gmx", "right", "accept"),
    ("gmx", "no PTR", "refuse 554 gmx.net: refuse 554 gmx.net, at_risk"),
    ("gmx", "elsewhere", "refuse 554 gmx.net: refuse 554 gmx.net, at_risk"),
    ("gmx", "generic", "at_risk: refuse 554 gmx.net, accept"),
    ("gmx", "PTR fails", "tempfail: tempfail, refuse 554 gmx.net"),
    ("gmx", "another HELO", "accept"),
    ("t-online", "right", "accept"),
    ("t-online", "no PTR", f"refuse 554 IP={IP}: refuse 554 IP={IP}, at_risk"),
    ("t-online", "elsewhere", f"refuse 554 IP={IP}: refuse 554 IP={IP}, at_risk"),
    ("t-online", "generic", f"at_risk: refuse 554 IP={IP}, refuse 554 IP={IP}, accept"),
    ("freenet", "right", "accept"),
    ("freenet", "no PTR", "refuse 550 inconsistent: refuse 550 inconsistent, at_risk"),
    ("freenet", "PTR fails", "tempfail: tempfail, refuse 550 inconsistent"),
    ("fastmail", "right", "accept"),
    ("fastmail", "no PTR", "at_risk: refuse, at_risk"),
    ("fastmail", "another HELO", "at_risk: refuse, at_risk, accept"),
    ("proofpoint", "right", "accept"),
    ("proofpoint", "no PTR", "at_risk: refuse 550 5.7.0, at_risk"),
    ("proofpoint", "another HELO", "at_risk: at_risk, accept"),
    ("barracuda", "right", "accept"),
    ("barracuda", "no PTR", "refuse: refuse, at_risk"),
    ("barracuda", "elsewhere", "accept"),
    ("barracuda", "PTR fails", "at_risk: accept, refuse"),
    ("barracuda+no_ptr=quarantine", "no PTR", "at_risk: at_risk, accept"),
    ("barracuda+no_ptr=off", "no PTR", "accept"),
    ("barracuda+no_ptr=off", "PTR fails", "accept"),
    ("cisco", "no PTR", "accept"),
    ("cisco+verify", "right", "accept"),
    ("cisco+verify", "no PTR", "at_risk: tempfail, at_risk, accept"),
    ("cisco+ptr_mismatch+policy=BLOCKED", "elsewhere", "refuse"),
    ("cisco+ptr_mismatch+policy=BLOCKED", "no PTR", "accept"),
    ("cisco+ptr_failed+policy=BLOCKED", "PTR fails", "refuse"),
    ("cox", "right", "accept"),
    ("cox", "no PTR", "refuse 554 Cox: refuse 554 Cox, at_risk"),
    ("cox", "elsewhere", "at_risk: accept, refuse"),
    ("cox", "PTR fails", "tempfail: tempfail 421 CXDNS, refuse 554 CXDNS"),
    ("spectrum", "right", "accept"),
    ("spectrum", "no PTR", "at_risk: refuse 550 AUP#I-1100, accept"),
    ("spectrum", "right, v6", "accept"),
    ("secureserver", "right", "accept"),
    ("secureserver", "no PTR", "tempfail: tempfail 421 IB108, at_risk"),
    ("secureserver", "elsewhere", "at_risk: accept, tempfail 421 IB108"),
    ("improvmx", "right", "accept"),
    ("improvmx", "no PTR", "refuse 550 5.7.25: refuse 550 5.7.25, at_risk"),
    ("improvmx", "elsewhere", "at_risk: accept, refuse 550 5.7.25"),
    ("spamhaus-css", "right", "accept"),
]


def in_short(judgement: Judgement) -> str:
    """Verdict and the first two words of the reply, and the same of each outcome where there are several."""
    outcomes = [_short(outcome) for outcome in judgement.possible()]
    if len(outcomes) == 1:
        return outcomes[0]
    head = _short(judgement) if judgement.verdict is Reception.REFUSE else judgement.verdict.value
    return f"{head}: {', '.join(outcomes)}"


def _short(judgement: Judgement) -> str:
    return " ".join((judgement.verdict.value, *judgement.reply.split()[:2]))


@pytest.mark.parametrize(("receiver", "world", "short"), ROWS)
def test_a_provider_does_this_with_that_client(receiver: str, world: str, short: str) -> None:
    assert in_short(configured(receiver).judge(WORLDS[world])) == short


PROVIDERS = [receiver for receiver in all_receivers().values() if receiver.kind == "provider"]


@pytest.mark.parametrize("receiver", PROVIDERS, ids=lambda receiver: receiver.id)
@pytest.mark.parametrize("world", WORLDS)
def test_every_rule_by_which_a_provider_judges_is_among_its_rules(receiver: Receiver, world: str) -> None:
    name = receiver.id
    judgement = configured(name).judge(WORLDS[world])

    for outcome in judgement.possible():
        assert outcome.rule in receiver.rules
        assert "{" not in outcome.reply


@pytest.mark.parametrize("receiver", PROVIDERS, ids=lambda receiver: receiver.id)
def test_no_provider_claims_to_have_shown_its_source(receiver: Receiver) -> None:
    assert all(rule.grade is not Grade.SOURCE for rule in receiver.rules)


def test_replies_name_the_address_of_the_client() -> None:
    assert (
        configured("exchange-online")
        .judge(WORLDS["no PTR, v6"])
        .reply.endswith(f"address [{SIX}] must have reverse DNS record.")
    )
    assert IP in configured("gmx").judge(WORLDS["no PTR"]).reply


def test_with_several_ptr_names_the_verdict_depends_on_how_many_are_looked_at() -> None:
    judgement = configured("gmail").judge(WORLDS["two names, one right"])

    assert judgement.depends == "record order"
    assert {outcome.rule.grade for outcome in judgement.outcomes} == {Grade.UNVERIFIED}


CSS = [
    ("mail.example.com", {GOOD: IP}, Reception.ACCEPT, "HELO"),
    (f"[{IP}]", {}, Reception.ACCEPT, "HELO"),
    ("localhost", {}, Reception.AT_RISK, "HELO localhost"),
    ("localhost.localdomain", {}, Reception.AT_RISK, "HELO localhost"),
    ("mail", {}, Reception.AT_RISK, "HELO localhost"),
    (IP, {}, Reception.AT_RISK, "HELO address"),
    ("[192.0.2.99]", {}, Reception.AT_RISK, "HELO address"),
    ("mail..example.com", {}, Reception.AT_RISK, "HELO address"),
    ("mail.example.com", {}, Reception.AT_RISK, "HELO does not resolve"),
    ("mail.example.com", {GOOD: "192.0.2.99"}, Reception.AT_RISK, "HELO mismatch"),
    ("mail.example.com", {GOOD: "servfail"}, Reception.ACCEPT, "HELO lookup"),
    ("my_host.example.com", {"my_host.example.com": IP}, Reception.ACCEPT, "HELO"),
]


@pytest.mark.parametrize(("helo", "hosts", "verdict", "rule"), CSS)
def test_spamhaus_lists_addresses_for_such_a_helo(helo: str, hosts: dict[str, str], verdict: Reception, rule: str) -> None:
    judgement = configured("spamhaus-css").judge(client(IP, ptr="nxdomain", helo=helo, hosts=hosts))

    assert (judgement.verdict, judgement.rule.id) == (verdict, rule)
    assert (f"[{IP}]" in judgement.reply) is (verdict is Reception.AT_RISK)


@pytest.mark.parametrize(
    "receiver", ["gmail", "outlook", "exchange-online", "yahoo", "icloud", "comcast", "gmx", "t-online", "freenet"]
)
def test_most_providers_judge_without_the_helo(receiver: str) -> None:
    world = client(IP, ptr=GOOD, helo=None, hosts=BOTH)

    assert configured(receiver).judge(world).verdict is Reception.ACCEPT


@pytest.mark.parametrize("receiver", ["fastmail", "proofpoint", "spamhaus-css"])
def test_those_that_look_at_the_helo_wait_for_it(receiver: str) -> None:
    with pytest.raises(HeloNotKnownError):
        configured(receiver).judge(client(IP, ptr=GOOD, helo=None, hosts=BOTH))


@pytest.mark.parametrize(
    ("world", "reverse"),
    [
        (WORLDS["right"], Reverse.CONFIRMED),
        (WORLDS["right, v6"], Reverse.CONFIRMED),
        (WORLDS["no PTR"], Reverse.NONE),
        (client(IP, ptr="alias nodata"), Reverse.NONE),
        (WORLDS["PTR fails"], Reverse.FAILED),
        (WORLDS["forward fails"], Reverse.FAILED),
        (WORLDS["elsewhere, v6"], Reverse.ELSEWHERE),
        (client(IP, ptr=GOOD), Reverse.ELSEWHERE),
        (WORLDS["generic"], Reverse.GENERIC),
        (WORLDS["two names, one right"], Reverse.PARTLY),
        (client(IP, ptr=f"{GOOD} mx.example.net", hosts={"mx.example.net": "servfail", **BOTH}), Reverse.PARTLY),
        (client(IP, ptr=f"{GENERIC4} {GOOD}", hosts={GENERIC4: IP, **BOTH}), Reverse.CONFIRMED),
        (client(IP, ptr=f"{GENERIC4} {GOOD}", hosts={GENERIC4: IP}), Reverse.GENERIC),
    ],
)
def test_the_ptr_names_of_a_client_stand_so_to_its_address(world: Client, reverse: Reverse) -> None:
    assert world.reverse is reverse
