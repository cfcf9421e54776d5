"""hMailServer: "Check PTR" and "Check host in HELO command", both off as shipped, give points towards the spam mark.

Read in `SpamTestPTR.cpp`, `SpamTestHeloHost.cpp` and `DNSResolver.cpp` of its current source. A DNS failure counts in
favour of the client in both, except that of the name behind the PTR. Does not model older releases, whose PTR check,
where there is one, takes the first address of the name alone.
"""

from truehelo.receivers.client import Client
from truehelo.receivers.model import Config, Judge, Receiver
from truehelo.reception import Grade, Judgement, Reception, Rule, Symbol, either

_SEEN = "2026-11"
_STOCK = Rule(
    id="stock",
    words="neither check is on",
    grade=Grade.SOURCE,
    source="hMailServer, AntiSpamConfiguration and the tables it is created with",
    seen="2026-08",
)
_PTR = Rule(
    id="Check PTR",
    words="there is no PTR record, or its first name has no address of the client",
    grade=Grade.SOURCE,
    source="hMailServer, SpamTestPTR.cpp",
    seen=_SEEN,
)
_HELO = Rule(
    id="Check host in HELO command",
    words="no address of the HELO is that of the client, nor is it the literal of it",
    grade=Grade.SOURCE,
    source="hMailServer, SpamTestHeloHost.cpp",
    seen=_SEEN,
)
_PASSES = Rule(
    id="spam score 0",
    words="the checks that are on pass",
    grade=Grade.SOURCE,
    source="hMailServer, SpamTestRunner.cpp",
    seen=_SEEN,
)

_OFF = Judgement(Reception.ACCEPT, _STOCK)
_PTR_SYMBOL = Symbol("SpamTestPTR", 1.0)
_HELO_SYMBOL = Symbol("SpamTestHeloHost", 2.0)
# The spam mark is set at 5 points, and mail is deleted at 20: names alone reach neither.
_SCORES = {
    (False, False): Judgement(Reception.ACCEPT, _PASSES, score=0.0),
    (True, False): Judgement(Reception.AT_RISK, _PTR, score=1.0, symbols=(_PTR_SYMBOL,)),
    (False, True): Judgement(Reception.AT_RISK, _HELO, score=2.0, symbols=(_HELO_SYMBOL,)),
    (True, True): Judgement(Reception.AT_RISK, _HELO, score=3.0, symbols=(_HELO_SYMBOL, _PTR_SYMBOL)),
}


def _ptr_fails(client: Client) -> tuple[bool, ...]:
    """Return whether the PTR check fails, for each name that may come first."""
    if client.ptr.outcome.is_undetermined:
        return (False,)
    return tuple(not client.leads_back(name) for name in client.ptr.names) or (True,)


def _helo_fails(client: Client) -> bool:
    helo = client.helo_said
    if not helo:
        return False
    if helo.startswith("["):
        return helo.strip("[]") != str(client.ip)
    hosts = [client.hosts(client.helo_key, family) for family in (4, 6)]
    if any(client.ip in found.addresses for found in hosts):
        return False
    return not any(found.outcome.is_undetermined for found in hosts)


def _build(config: Config) -> Judge:
    ptr, helo = "ptr" in config.on, "helo" in config.on
    if not config.on:
        return lambda _client: _OFF

    def judge(client: Client) -> Judgement:
        helo_fails = helo and _helo_fails(client)
        fails = _ptr_fails(client) if ptr else (False,)
        if len(fails) == 1:
            return _SCORES[fails[0], helo_fails]
        return either(tuple(_SCORES[each, helo_fails] for each in fails), "record order")

    return judge


RECEIVER = Receiver(
    id="hmailserver",
    title="hMailServer",
    kind="mta",
    about=(
        "A mail server for Windows. Its spam checks of a client's names are off until the operator turns them on: the "
        "PTR check (setting ptr, 1 point) takes the first PTR name and wants the client among its addresses; the HELO "
        "check (setting helo, 2 points) wants it among the addresses of the HELO, or the literal of it. Mail is marked "
        "as spam at 5 points and deleted at 20, so the names alone decide nothing, but they add to what else is found. "
        "A literal of IPv6 with its tag, as RFC 5321 wants it, fails the HELO check; without the tag it passes. When a "
        "lookup fails, the client has passed, except where the PTR answers and the lookup of its name fails."
    ),
    rules=(_STOCK, _PASSES, _PTR, _HELO),
    build=_build,
    settings={
        "ptr": "Check PTR: the first PTR name must lead back (1 point)",
        "helo": "Check host in HELO command: the HELO must lead to the client (2 points)",
    },
    shown=("hmailserver", "hmailserver+ptr+helo"),
)
