"""A running `truehelo watch` against real servers: what changes is told once, what cannot be seen is not told at all.

Each story plays in a thread over addresses of its own.
"""

import json
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from integration.watching.told import Post, text_of
from integration.watching.town import (
    GATE,
    GOOD,
    LISTED,
    MAIL,
    POOL,
    REVERSE6,
    SILENCED,
    SPAMCOP,
    TAKEN,
    WORKED_ON,
    ZONES,
    Town,
    owner6,
)
from integration.watching.watcher import Watcher, ask, until
from integration.watching.world import TTL
from truehelo.blocklists.catalogue import catalogue

pytestmark = pytest.mark.integration

# The stories


def first_look(watcher: Watcher, ip: str) -> None:
    """Wait until an address was looked at, and stands well."""
    until(f"{ip} is seen for the first time", lambda: watcher.state(ip) == "ok", 90)


def kept_quiet(told: Post, seconds: float, *ips: str) -> None:
    """Nothing is told for a while."""
    before = told.hook.kinds(*ips)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.5)
        assert told.hook.kinds(*ips) == before


def told_twice(told: Post, *ips: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """One alert and one recovery, by each channel, and nothing else: return both bodies."""
    until(f"the mails about {ips[0]}", lambda: len(told.mails(ips[0])) >= 2, 20)
    opened, recovered = told.hook.bodies(*ips)
    assert [opened["kind"], recovered["kind"]] == ["opened", "recovered"]
    assert opened["thread"] == recovered["thread"]
    mails = told.mails(ips[0])
    assert len(mails) == 2
    assert mails[0]["References"] == mails[1]["References"] == mails[0]["In-Reply-To"]
    assert len({mail["Message-ID"] for mail in mails}) == 2
    assert told.hook.forged == 0
    return opened, recovered


def a_ptr_is_reset(town: Town, name: str, within_s: float, start: Callable[[], None], end: Callable[[], None]) -> None:
    """The PTR becomes the provider's default, and is put back."""
    watcher, told = town.watch(name)
    first_look(watcher, MAIL)
    changed = time.time()
    start()
    until("the reset is told", lambda: told.hook.kinds(MAIL), within_s)
    kept_quiet(told, 15, MAIL)
    end()
    until("the repair is told", lambda: len(told.hook.kinds(MAIL)) > 1, within_s)
    kept_quiet(told, 15, MAIL)
    opened, recovered = told_twice(told, MAIL)

    assert opened["tag"] == "PTR_UNEXPECTED"
    (member,) = opened["members"]
    assert (member["old"], member["new"]) == ("mail.business.example", "192-0-2-25.dynamic.cloudhost.example")
    assert (member["expected"], member["groups"], member["owner"]) == ("mail.business.example", ["office"], "Ann")
    assert opened["served_by"] == ["ns1.business.example (192.0.2.53)"]
    until_when = datetime.fromisoformat(opened["caches_until"]).timestamp()
    assert changed < until_when < changed + within_s + TTL
    fix = "\n".join(opened["fix"])
    assert "PTR mail.business.example." in fix
    assert "truehelo wait 192.0.2.25 --for PTR=mail.business.example" in fix
    assert any(line.startswith("haraka") for line in opened["receivers"])
    assert datetime.fromisoformat(recovered["closed"]).timestamp() > changed
    alert = text_of(told.mails(MAIL)[0])
    for words in ("mail.business.example", "192-0-2-25.dynamic.cloudhost.example", "ns1.business.example"):
        assert words in alert
    assert f"{datetime.fromtimestamp(until_when, UTC):%H:%M}" in alert, "until when caches may hold the old one"

    flips = [(each["what"], each["old"], each["new"]) for each in watcher.history(MAIL)["changes"]]
    default = "192-0-2-25.dynamic.cloudhost.example"
    assert ("ptr", "mail.business.example", default) in flips
    assert ("ptr", default, "mail.business.example") in flips
    assert Counter(flips)["PTR_UNEXPECTED", "ok", "failing"] == Counter(flips)["PTR_UNEXPECTED", "failing", "ok"] == 1


def ptr(town: Town) -> None:
    """The same reset is seen by a watch in a hurry and by one with the usual settings."""
    broken: list[str] = []
    mended: list[str] = []

    def once(held: list[str], name: str, record: str) -> None:
        """The last of the two watches makes the change, for both."""
        held.append(name)
        if len(held) == 2:
            town.net.zones.change("2.0.192.in-addr.arpa", _25=record)
        until("the other watch is as far", lambda: len(held) == 2, 300)

    default = "PTR 192-0-2-25.dynamic.cloudhost.example."

    def one(name: str, within_s: float) -> None:
        a_ptr_is_reset(
            town,
            name,
            within_s,
            lambda: once(broken, name, default),
            lambda: once(mended, name, "PTR mail.business.example."),
        )

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(one, "quick", 300), pool.submit(one, "usual", 300)]:
            done.result()


def pool(town: Town) -> None:
    """A provider resets a whole /24."""
    watcher, told = town.watch("quick")
    first_look(watcher, POOL[-1])
    default = {str(number): f"PTR {ip.replace('.', '-')}.dynamic.cloudhost.example." for number, ip in enumerate(POOL, 1)}
    town.net.zones.change_all("100.51.198.in-addr.arpa", default)
    until("the reset of the /24 is told", lambda: told.hook.kinds(*POOL), 150)
    (opened,) = told.hook.bodies(*POOL)
    assert opened["count"] == 214
    assert "214 addresses in 198.51.100.0/24" in opened["summary"]
    scraped(town)
    town.net.zones.change_all("100.51.198.in-addr.arpa", ZONES["100.51.198.in-addr.arpa"])
    until("the end is told", lambda: len(told.hook.kinds(*POOL)) > 1, 150)
    kept_quiet(told, 10, *POOL)
    opened, recovered = told.hook.bodies(*POOL)
    assert (opened["kind"], recovered["kind"]) == ("opened", "recovered")
    assert opened["incident"] == recovered["incident"]
    assert recovered["count"] == 214
    assert len([mail for mail in told.mails() if "198.51.100" in mail["Subject"]]) == 2


def scraped(town: Town) -> None:
    """What `/metrics` says while the /24 is broken: counts, and each address."""

    def value(name: str, **labels: str) -> float:
        families = text_string_to_metric_families(ask(town.metrics, "/metrics")[1])
        held = {(each.name, frozenset(each.labels.items())): each.value for family in families for each in family.samples}
        return held.get((name, frozenset(labels.items())), 0.0)

    until("the watch counts", lambda: value("truehelo_subjects", state="failing") >= 214, 30)
    assert value("truehelo_ready") == 1
    assert value("truehelo_incidents_open", severity="error") >= 1
    assert value("truehelo_findings", tag="PTR_UNEXPECTED", severity="error") >= 214
    assert value("truehelo_target_state", target="h7.business.example", ip=POOL[6], state="failing") == 1
    assert value("truehelo_target_state", target="h7.business.example", ip=POOL[6], state="ok") == 0
    labels = {"target": "h7.business.example", "ip": POOL[6], "tag": "PTR_UNEXPECTED", "severity": "error"}
    assert value("truehelo_check_result", **labels) == 1
    assert value("truehelo_dns_queries_total", resolver=town.net.unbound.resolver, rcode="answer") > 400
    assert value("truehelo_dns_queries_total", resolver="authoritative", rcode="answer") > 400
    assert value("truehelo_deliveries_total", channel="hook", result="delivered") >= 1


def greeting(town: Town) -> None:
    """A mail server calls itself otherwise after an update; then it goes away for a while."""
    watcher, told = town.watch("quick")
    first_look(watcher, GATE)
    until("its greeting is seen", lambda: "greeting" in watcher.seen(GATE), 60)
    town.greeter.name = "old.business.example"
    until("the other name is told", lambda: told.hook.kinds(GATE), 90)
    town.greeter.name = "gate.business.example"
    until("the right name is told", lambda: len(told.hook.kinds(GATE)) > 1, 90)
    opened, _ = told_twice(told, GATE)
    assert opened["tag"].startswith("GREETING_")
    (member,) = opened["members"]
    assert member["old"] == "gate.business.example leads back"
    assert member["new"] == "old.business.example leads to 203.0.113.99"
    town.greeter.down()
    kept_quiet(told, 45, GATE)
    town.greeter.up()
    kept_quiet(told, 15, GATE)


def maintenance(town: Town) -> None:
    """What fails under maintenance is told only if it still does afterwards."""
    watcher, told = town.watch("quick")
    first_look(watcher, WORKED_ON)
    began = time.monotonic()
    watcher.cli("silence", WORKED_ON, "--maintenance", "--for", "2m", "--reason", "new routers")
    until("the watch hears of it", lambda: watcher.overlay(WORKED_ON) == "maintenance", 30)
    town.net.zones.change(REVERSE6, **{owner6(WORKED_ON): None})
    kept_quiet(told, began + 118 - time.monotonic(), WORKED_ON)
    until("it still fails when the maintenance is over", lambda: told.hook.kinds(WORKED_ON), 90)
    town.net.zones.change(REVERSE6, **{owner6(WORKED_ON): ZONES[REVERSE6][owner6(WORKED_ON)]})
    until("its end is told", lambda: len(told.hook.kinds(WORKED_ON)) > 1, 90)
    opened, _ = told_twice(told, WORKED_ON)
    assert opened["tag"] == "PTR_MISSING"


def silence_and_ack(town: Town) -> None:
    """A silence keeps what is over before its end; an acknowledgement is seen, and the end is told all the same."""
    watcher, told = town.watch("quick")
    first_look(watcher, SILENCED)
    watcher.cli("silence", SILENCED, "--tag", "PTR_*", "--for", "3h", "--reason", "moving")
    town.net.zones.change(REVERSE6, **{owner6(SILENCED): None, owner6(TAKEN): None})
    until("what is not silenced is told", lambda: told.hook.kinds(TAKEN), 120)
    (opened,) = told.hook.bodies(TAKEN)
    number = str(opened["incident"])
    watcher.cli("ack", number, "--note", "the provider has a ticket", "--by", "ann")
    shown = json.loads(watcher.cli("incidents", number, "--json", code=None))
    assert "the provider has a ticket" in json.dumps(shown)
    until("the silenced one is open too", lambda: watcher.state(SILENCED) == "failing", 60)
    assert len(json.loads(watcher.cli("incidents", "--json", code=1))["incidents"]) >= 2
    for ip in (SILENCED, TAKEN):
        town.net.zones.change(REVERSE6, **{owner6(ip): ZONES[REVERSE6][owner6(ip)]})
    until("its end is told all the same", lambda: len(told.hook.kinds(TAKEN)) > 1, 120)
    until("the silenced one has ended", lambda: watcher.state(SILENCED) == "ok", 90)
    kept_quiet(told, 20, SILENCED)
    told_twice(told, TAKEN)
    assert told.hook.kinds(SILENCED) == []
    assert told.mails(SILENCED) == []


def blind(town: Town) -> None:
    """The resolver dies and comes back; then the zone's server does, and long enough to be told as such."""
    watcher, told = town.watch("blind")
    net = town.other
    first_look(watcher, MAIL)
    net.unbound.kill()
    cause = f"resolver {net.unbound.resolver}: timeout"
    until("that nothing can be seen is shown", lambda: watcher.causes() == [cause], 60)
    assert [each["cause"] for each in watcher.status()["unknown"]] == [cause]
    kept_quiet(told, 5)
    net.unbound.start()
    until("it is seen again", lambda: watcher.causes() == [], 45)
    assert told.hook.taken == []

    died = time.time()
    net.knot.kill()
    dead = "zone 2.0.192.in-addr.arpa: servfail"
    until("the zone cannot be seen", lambda: watcher.causes() == [dead], 60)
    until("it is told after a long time", told.hook.kinds, 240)
    at, _, notice = told.hook.taken[0]
    assert at - died > 150
    assert (notice["kind"], notice["severity"]) == ("unseen", "note")
    # Whichever it is at that moment: unbound says nothing for a while, and then SERVFAIL.
    assert "(zone 2.0.192.in-addr.arpa: servfail)" in notice["summary"] or ": timeout)" in notice["summary"]
    net.zones.server = net.knot.start()
    until("that it can be seen again is told", lambda: told.hook.kinds() == ["unseen", "seen"], 90)
    kept_quiet(told, 10)
    assert watcher.status()["unknown"] == []
    until("the mails", lambda: len(told.mails()) >= 2, 20)
    assert len(told.mails()) == 2
    strip = watcher.history(MAIL)["strips"][0]["seconds"]
    assert strip["undetermined"] > 150
    assert strip["failing"] == 0


def listed(town: Town) -> None:
    """An address gets on a blocklist and off again, while the server of another list says nothing."""
    watcher, told = town.watch("listed")
    first_look(watcher, LISTED)
    with town.gone.silent():
        town.lists.change(SPAMCOP, {"ip4set": GOOD + f":127.0.0.2:Blocked\n{LISTED}\n"})
        until("the listing is told", told.hook.kinds, 150)
        town.lists.change(SPAMCOP, {"ip4set": GOOD})
        until("the other list is unknown", lambda: "psbl" in json.dumps(watcher.status()), 90, 1)
        until("the end of the listing is told", lambda: len(told.hook.kinds()) > 1, 150)
        kept_quiet(told, 10)
    opened, _ = told_twice(told, LISTED)
    assert opened["tag"] == "DNSBL_LISTED:spamcop"
    entry = catalogue()["spamcop"]
    assert entry.name in opened["summary"]
    assert entry.delist in json.dumps(opened)
    meaning = next(each.means for each in entry.meanings if each.codes.hold("127.0.0.2"))
    assert meaning in opened["summary"]
    alert = " ".join(text_of(told.mails(LISTED)[0]).split())
    assert meaning in alert
    assert entry.delist in alert


STORIES = (ptr, listed, blind, pool, greeting, silence_and_ack, maintenance)


@pytest.mark.parametrize("story", STORIES, ids=[story.__name__ for story in STORIES])
def test_a_running_watch(
    story: Callable[[Town], None], began: dict[str, "Future[None]"], request: pytest.FixtureRequest
) -> None:
    began[request.node.nodeid].result()


def test_nobody_was_told_of_anything_else(town: Town, began: dict[str, "Future[None]"]) -> None:
    """All of these stories together: one opening and one end for each incident, and no channel more than the other."""
    for name, (watcher, told) in town.watched.items():
        counted = Counter((body["incident"], body["kind"]) for body in told.hook.bodies())
        assert set(counted.values()) == {1}, name
        assert len({key for _, key, _ in told.hook.taken}) == len(told.hook.taken)
        assert len(told.mails()) == len(told.hook.taken), name
        assert watcher.stop() == 0, watcher.said()
        assert "stopping without what is in flight" not in watcher.said()
        assert "Traceback" not in watcher.said()
