"""Twelve pitfalls of blocklist checks, each from a public report, against a real rbldnsd or our laboratory.

A row names the report that it stands for: somebody was told to be listed, or trusted, or clean, and was not. Every row goes
through the DNS adapter over a socket and the whole engine; what is demanded is listed, clean or unknown, and the reason.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from integration.servers.rbldnsd import Data, Rbldnsd, rbldnsd
from truehelo.blocklists import Listing, State, Subscription, Weight, subscribe
from truehelo.blocklists.parse import parse_lists
from truehelo.blocklists.query import entry_name
from truehelo.engine.blocklists import Blocklists
from truehelo.facts.address import Address, parse_address
from truehelo.lab import Lab, parse
from truehelo.probes.clock import SystemClock
from truehelo.probes.dns import DnsResolver, parse_resolver
from truehelo.probes.routes import Routes

pytestmark = pytest.mark.integration

GOOD = ":127.0.0.2:test entry\n127.0.0.2\n"
EVERYTHING = "0.0.0.0/1\n128.0.0.0/1\n"


def address(text: str) -> Address:
    ip = parse_address(text)
    assert ip is not None
    return ip


def blocklists(resolvers: Sequence[str], lists: Sequence[Subscription]) -> Blocklists:
    clock = SystemClock()
    resolver = DnsResolver(
        [parse_resolver(text) for text in resolvers],
        timeout=0.5,
        retries=1,
        routes=Routes.parse((), loopback_only=True),
        vantage="test",
        clock=clock,
    )
    return Blocklists(resolver=resolver, clock=clock, lists=lists)


@dataclass(frozen=True)
class Row:
    """What rbldnsd serves, who is asked about whom, and what must be said. `report` is where the wrong answer was told."""

    report: str
    zones: dict[str, Data]
    list: str
    state: State
    reason: str = ""
    ips: tuple[str, ...] = ("192.0.2.25",)
    severity: Weight | None = None
    codes: tuple[str, ...] = field(default=())


ROWS = {
    "1. a code for an error is no listing, though the list itself is well": Row(
        "mjl-/mox issue 354, dmippolitov/pydnsbl issue 27: 127.255.255.x was counted as listed",
        {"zen.spamhaus.org": {"ip4set": GOOD + ":127.255.255.252:\n192.0.2.25"}},
        "spamhaus-zen",
        State.UNKNOWN,
        "it refuses to answer: the name of the zone is mistyped (127.255.255.252)",
    ),
    "2. a public resolver is refused for every address, which lists nobody": Row(
        "matteocorti/check_rbl pull request 45, hestiacp issue 4366: every host was blacklisted through 8.8.8.8",
        {"zen.spamhaus.org": {"ip4set": ":127.255.255.254:open resolver\n" + EVERYTHING}},
        "spamhaus-zen",
        State.UNKNOWN,
        "it refuses to answer: the query came through a public or shared resolver",
    ),
    "3. a quota that is used up refuses with a code, or with 127.0.0.1, and lists nobody": Row(
        "DjinnS/check-rbl issue 2, IntellexApps/blcheck pull request 30: 127.0.0.1 and 127.255.255.255 counted as listed",
        {"bl.spamcop.net": {"ip4set": GOOD + ":127.0.0.1:too many queries\n192.0.2.0/24"}},
        "spamcop",
        State.UNKNOWN,
        "the answer is 127.0.0.1, which is how lists refuse a query",
    ),
    "5. a list that is dead neither lists nor clears": Row(
        "matteocorti/check_rbl issue 55, mailcow pull request 5901: SORBS answers, and holds nothing since June 2024",
        {"dnsbl.sorbs.net": {"ip4set": ""}},
        "sorbs",
        State.UNKNOWN,
        "the list is dead: its test entry is not there; it ended 2024-06-05",
    ),
    "6. a list that lists everything lists nobody": Row(
        "sovereign issue 338: AHBL was made to list every address on 1 January 2015",
        {"dnsbl.ahbl.org": {"ip4set": ":127.0.0.2:dead\n" + EVERYTHING}},
        "ahbl",
        State.UNKNOWN,
        "it lists everything: 127.0.0.2 for a name that no list holds",
    ),
    "6b. a domain that was sold answers from elsewhere for every name, and lists nobody": Row(
        "matteocorti/check_rbl issue 18: bl.spamcannibal.org went to 91.195.240.117 for every name",
        {"bl.spamcannibal.org": {"ip4set": ":203.0.113.117:for sale\n" + EVERYTHING}},
        "spamcannibal",
        State.UNKNOWN,
        "203.0.113.117 for a name of the list",
    ),
    "7. IPv6 is asked for by all of its nibbles, and every address of a listed /64 is listed with it": Row(
        "matteocorti/check_rbl issues 19 and 42: nibbles were left out, so that addresses were listed and missed at random",
        {"zen.spamhaus.org": {"ip4set": GOOD, "ip6trie": ":127.0.0.3:css\n2001:db8:1:2::/64"}},
        "spamhaus-zen",
        State.LISTED,
        ips=("2001:db8:1:2::25", "2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2:3cc8:64ff:fefa:c56"),
        severity=Weight.ERROR,
        codes=("127.0.0.3",),
    ),
    "7b. the /64 beside a listed one is clean": Row(
        "matteocorti/check_rbl issue 19: addresses of other networks were told to be listed",
        {"zen.spamhaus.org": {"ip4set": GOOD, "ip6trie": ":127.0.0.3:css\n2001:db8:1:2::/64"}},
        "spamhaus-zen",
        State.CLEAN,
        ips=("2001:db8:1:3::25", "2001:db8::25"),
    ),
    "8. an allowlist whose quota is used up trusts everybody, and is believed of nobody": Row(
        "rspamd pull request 4627: DNSWL answered 127.0.10.3 (high trust) for every address above its limit",
        {"list.dnswl.org": {"ip4set": ":127.0.10.3:over limit\n" + EVERYTHING}},
        "dnswl",
        State.UNKNOWN,
        "the limit of queries is passed: every address then gets this code (127.0.10.3)",
    ),
    "8b. its documented code for the quota is none of trust either": Row(
        "framapiaf.org 107337162281552050: 127.0.0.255 let spam pass as allowed",
        {"list.dnswl.org": {"ip4set": ":127.0.10.0:test\n127.0.0.2\n:127.0.0.255:over limit\n192.0.2.25"}},
        "dnswl",
        State.UNKNOWN,
        "the limit of queries is passed, or the resolver is a public one (127.0.0.255)",
    ),
    "9. a TXT record without an A record is no listing": Row(
        "evgeni/bley issue 35: a name without an A record was taken for a listing (RFC 5782 §2.1)",
        {"psbl.surriel.com": {"generic": "2.0.0.127 A 127.0.0.2\n25.2.0.192 TXT seen in a trap"}},
        "psbl",
        State.UNKNOWN,
        "it has a TXT record for the address and no A record",
    ),
    "9b. a list that has TXT records alone is asked for them": Row(
        "grommunio/gromox issue 94: the reason stands in TXT, and a list may publish nothing else",
        {"psbl.surriel.com": {"generic": "2.0.0.127 TXT test entry\n25.2.0.192 TXT seen in a trap"}},
        "psbl",
        State.LISTED,
        severity=Weight.WARNING,
    ),
    "10. a reputation that is told for every sender is no listing for the worse": Row(
        "matteocorti/check_rbl issue 54: rep.mailspike.net 127.0.0.17 (a good sender) was told as blacklisted",
        {"rep.mailspike.net": {"ip4set": GOOD + ":127.0.0.17:\n192.0.2.25"}},
        "mailspike-rep",
        State.LISTED,
        severity=Weight.OK,
        codes=("127.0.0.17",),
    ),
    "10b. a yellow entry is information": Row(
        "IntellexApps/blcheck issue 9, YunoHost pull request 2333: Hostkarma 127.0.0.3 was told as blacklisted",
        {"hostkarma.junkemailfilter.com": {"ip4set": GOOD + ":127.0.0.3:\n192.0.2.25"}},
        "hostkarma",
        State.LISTED,
        severity=Weight.NOTE,
        codes=("127.0.0.3",),
    ),
    "an address that is listed is told to be, with the code and the words of the list": Row(
        "the plain case, without which all the others would be cheap",
        {"zen.spamhaus.org": {"ip4set": GOOD + ":127.0.0.10:\n192.0.2.0/24"}},
        "spamhaus-zen",
        State.LISTED,
        severity=Weight.ERROR,
        codes=("127.0.0.10",),
    ),
    "an address that is taken out of a listed range is clean": Row(
        "rbldnsd(8): an entry with an exclamation mark",
        {"zen.spamhaus.org": {"ip4set": GOOD + ":127.0.0.10:\n192.0.2.0/24\n!192.0.2.25"}},
        "spamhaus-zen",
        State.CLEAN,
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
def test_what_rbldnsd_serves_is_told_for_what_it_is(row: Row) -> None:
    async def look(server: Rbldnsd) -> list[Listing]:
        asked = blocklists([server.resolver], subscribe([row.list]))
        found = await asyncio.gather(*(asked.look(address(ip)) for ip in row.ips))
        return [each for (each,) in found]

    with rbldnsd(row.zones) as server:
        for found in asyncio.run(look(server)):
            assert (found.state, found.codes if row.codes else ()) == (row.state, row.codes), (row.report, found)
            assert row.reason in found.reason, row.report
            if row.severity is not None:
                assert found.severity is row.severity, row.report
            if found.state is State.LISTED and ":" in row.ips[0]:
                assert found.group == "2001:db8:1:2::/64"


def test_3_a_quota_that_is_used_up_between_two_addresses_is_noticed_at_the_second() -> None:
    """DjinnS/check-rbl issue 2: the first hosts were right, and from some point on every one was blacklisted."""

    async def look(server: Rbldnsd) -> list[tuple[State, str]]:
        asked = blocklists([server.resolver], subscribe(["spamhaus-zen"]))
        (before,) = await asked.look(address("192.0.2.1"))
        server.change("zen.spamhaus.org", {"ip4set": ":127.255.255.255:too many\n" + EVERYTHING})
        (after,) = await asked.look(address("192.0.2.2"))
        return [(before.state, before.reason), (after.state, after.reason)]

    with rbldnsd({"zen.spamhaus.org": {"ip4set": GOOD}}) as server:
        assert asyncio.run(look(server)) == [
            (State.CLEAN, ""),
            (State.UNKNOWN, "it refuses to answer: too many queries (127.255.255.255)"),
        ]


def test_11_silence_is_neither_a_listing_nor_a_clean_bill() -> None:
    """mail-in-a-box/mailinabox issue 1816: a timeout was mailed to people as "your server is blacklisted"."""

    async def look(server: Rbldnsd) -> list[tuple[State, str]]:
        asked = blocklists([server.resolver], subscribe(["spamhaus-zen"]))
        (before,) = await asked.look(address("192.0.2.1"))
        with server.silent():
            (during,) = await asked.look(address("192.0.2.25"))
            (untested,) = await blocklists([server.resolver], subscribe(["spamhaus-zen"])).look(address("192.0.2.25"))
        (after,) = await blocklists([server.resolver], subscribe(["spamhaus-zen"])).look(address("192.0.2.25"))
        return [(each.state, each.reason) for each in (before, during, untested, after)]

    with rbldnsd({"zen.spamhaus.org": {"ip4set": GOOD + ":127.0.0.4:\n192.0.2.25"}}) as server:
        assert asyncio.run(look(server)) == [
            (State.CLEAN, ""),
            (State.UNKNOWN, "no answer in time"),
            (State.UNKNOWN, f"its test entries could not be looked up: no answer in time, by {server.resolver}"),
            (State.LISTED, ""),
        ]


def test_where_a_list_refuses_the_first_resolver_the_second_is_heard() -> None:
    """modoboa-installer issue 467: one public resolver in the chain made Spamhaus answer with a code for an error."""

    async def look(refused: Rbldnsd, good: Rbldnsd) -> Listing:
        (found,) = await blocklists([refused.resolver, good.resolver], subscribe(["spamhaus-zen"])).look(
            address("192.0.2.25")
        )
        return found

    refused = {"zen.spamhaus.org": {"ip4set": ":127.255.255.254:open resolver\n" + EVERYTHING}}
    good = {"zen.spamhaus.org": {"ip4set": GOOD + ":127.0.0.3:\n192.0.2.25"}}
    with rbldnsd(refused) as one, rbldnsd(good) as two:
        found = asyncio.run(look(one, two))
    assert (found.state, found.codes) == (State.LISTED, ("127.0.0.3",))


LAB = """
[zone."bl.example".records]
"2.0.0.127" = { A = ["127.0.0.2"] }
"25.2.0.192" = { A = ["127.0.0.4"], TXT = ["seen in a trap"] }
"26.2.0.192" = { TXT = ["only words"] }
"x.27.2.0.192" = { A = ["127.0.0.2"] }
"""
REWRITING = LAB + '\n[zone."invalid".records]\n"*" = { A = ["203.0.113.80"] }\n'
OWN = """
operator = "Example"
home = "https://lists.example/"
[[list]]
id = "own"
name = "Own list"
about = "sent mail to a trap"
zone = "bl.example"
grade = "S"
source = "this test"
seen = "2026-11"
"""


def in_lab(text: str, judge: Callable[[list[Listing]], None], *ips: str) -> None:
    """Ask a list of our own in a laboratory about some addresses."""
    (entry,) = parse_lists(OWN, "own.toml")

    async def look() -> list[Listing]:
        async with Lab(parse(text, "lab.toml")) as lab:
            asked = blocklists(lab.resolvers, [Subscription(entry=entry)])
            return [each for ip in ips for each in await asked.look(address(ip))]

    judge(asyncio.run(look()))


def test_4_a_resolver_that_rewrites_denials_lists_nobody() -> None:
    """ShlomiPorush/mailcow-logs-viewer issue 102: answers of an advertising resolver were counted as listings."""

    def judge(found: list[Listing]) -> None:
        assert [each.state for each in found] == [State.UNKNOWN, State.UNKNOWN]
        assert all("the resolvers answer for names that do not exist" in each.reason for each in found)

    in_lab(REWRITING, judge, "192.0.2.25", "192.0.2.99")


def test_4b_the_same_list_through_a_plain_resolver_tells_listed_from_clean() -> None:
    def judge(found: list[Listing]) -> None:
        assert [(each.state, each.text) for each in found] == [
            (State.LISTED, "seen in a trap"),
            (State.CLEAN, ""),
            (State.UNKNOWN, "only words"),
            (State.CLEAN, ""),
        ]

    in_lab(LAB, judge, "192.0.2.25", "192.0.2.99", "192.0.2.26", "192.0.2.27")


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("servfail", "the lookup failed (SERVFAIL)"),
        ("refused", "the query was refused (REFUSED)"),
        ("drop", "no answer in time"),
        ("garbage", "the lookup failed (MALFORMED)"),
    ],
)
def test_12_a_server_that_fails_says_nothing_of_an_address(fault: str, reason: str) -> None:
    """ircd-hybrid/hopm issue 19, CpanelInc/tech-MSP issue 1: SERVFAIL and REFUSED were told as "is listed"."""

    def judge(found: list[Listing]) -> None:
        assert [each.state for each in found] == [State.UNKNOWN, State.CLEAN]
        assert found[0].reason in (reason, "no answer in time")

    in_lab(f'{LAB}\n[fault]\n"25.2.0.192.bl.example A" = "{fault}"\n', judge, "192.0.2.25", "192.0.2.99")


@pytest.mark.parametrize("fault", ["servfail", "refused", "drop"])
def test_12b_a_list_whose_servers_all_fail_is_unknown_and_not_dead(fault: str) -> None:
    """mailwatch issue 1082: 82 of 97 lists were taken for gone when a resolver failed."""

    def judge(found: list[Listing]) -> None:
        assert found[0].state is State.UNKNOWN
        assert "dead" not in found[0].reason

    name = entry_name("127.0.0.2", "bl.example")
    in_lab(f'{LAB}\n[fault]\n"{name} A" = "{fault}"\n', judge, "192.0.2.25")
