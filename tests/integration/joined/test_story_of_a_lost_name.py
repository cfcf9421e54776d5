"""The story: a watched address loses its PTR in the lab, receivers refuse it in the days after, `reports ip` says why.

The lab answers, `truehelo watch` runs as a process of its own, reports are brought in and questions asked by command. The
loss is of today; the days after it lie ahead, and the reports of them are there already.
"""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from integration.watching.watcher import Watcher, until
from support.sentreports import Sent, report
from truehelo.lab.lab import Lab
from truehelo.lab.read import parse

pytestmark = pytest.mark.integration

MAIL, OTHER, NAME, DOMAIN = "192.0.2.25", "203.0.113.9", "mail.business.example", "business.example"
RECEIVERS = {"r1.example": 1, "r2.example": 2, "r3.example": 99}
"""Who reports, and from which day after the loss on it refuses."""
BEFORE, AFTER = 20, 6
TODAY = int(time.time() // 86_400)

WORLD = f"""
title = "A mail server and its name"

[zone."2.0.192.in-addr.arpa"]
ns = ["ns1.cloudhost.example"]
ttl = 1

[zone."113.0.203.in-addr.arpa"]
ns = ["ns1.cloudhost.example"]

[zone."cloudhost.example"]
ns = ["ns1.cloudhost.example"]

[zone."business.example"]
ns = ["ns1.cloudhost.example"]

[zone."business.example".records]
"@" = {{ MX = "10 {NAME}", TXT = "v=spf1 ip4:{MAIL} -all" }}
mail = {{ A = "{MAIL}" }}

[zone."cloudhost.example".records]
relay = {{ A = "{OTHER}" }}

[nameserver]
"ns1.cloudhost.example" = "203.0.113.10"

[[resolver]]
name = "one"

[[resolver]]
name = "two"
"""
THERE = f'\n[ptr]\n"{MAIL}" = "{NAME}"\n"{OTHER}" = "relay.cloudhost.example"\n'
LOST = f'\n[ptr]\n"{OTHER}" = "relay.cloudhost.example"\n'


@contextmanager
def laboratory() -> Iterator[tuple[Lab, Any]]:
    """A lab in a thread of its own, and how its world is swapped."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def run(coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(20)

    async def made() -> Lab:
        return await Lab(parse(WORLD + THERE)).__aenter__()

    lab = run(made())
    try:
        yield lab, lambda text: run(lab.reload(parse(WORLD + text)))
    finally:
        run(lab.__aexit__(None, None, None))
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def rows(after: int, refuses_from: int) -> list[Sent]:
    """What a receiver saw so many days after the loss."""
    return [
        Sent(ip=MAIL, count=30, disposition="quarantine" if after >= refuses_from else "none"),
        Sent(ip=OTHER, count=2, spf=False, envelope="alumni.example"),
    ]


def written(folder: Path) -> Path:
    folder.mkdir()
    for name, refuses_from in RECEIVERS.items():
        for after in range(-BEFORE, AFTER + 1):
            octets = report(name, DOMAIN, TODAY + after, rows(after, refuses_from))
            (folder / f"{name}!{DOMAIN}!{TODAY + after}.xml").write_bytes(octets)
    return folder


@pytest.fixture
def watcher(tmp_path: Path) -> Iterator[Watcher]:
    made = Watcher(tmp_path)
    yield made
    made.end()


def date(day: int) -> str:
    return f"{datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day):%Y-%m-%d}"


def test_refusals_are_traced_to_the_name_that_was_lost(watcher: Watcher, tmp_path: Path) -> None:
    with laboratory() as (lab, change):
        watcher.configure(
            f'[watch]\ninterval = "10s"\nrechecks = ["5s", "10s", "20s"]\ntimeout = "2s"\n'
            f"resolvers = {json.dumps(list(lab.resolvers))}\nconnect_to = {json.dumps(list(lab.connect_to))}\n"
        )
        watcher.import_(f'[[subject]]\ntarget = "{MAIL}"\nexpected = "{NAME}"\nports = []\n')
        watcher.start()
        until("it is seen that all is well", lambda: watcher.state(MAIL) == "ok", 60)
        lost_at = time.time()
        change(LOST)
        until("it is confirmed that the name is lost", lambda: watcher.state(MAIL) == "failing", 90)
        watcher.stop()
        watcher.cli("reports", "import", str(written(tmp_path / "reports")), "--look", "--json")
        looked = json.loads(watcher.cli("reports", "look", "--json"))
        assert looked == {"looked": 0, "undetermined": 0, "spf_asked": 0, "left": 0}, "the import has looked already"

    last = ("--until", date(TODAY + AFTER))
    told = json.loads(watcher.cli("reports", "ip", MAIL, "--json", *last))
    assert told["cause"]["what"] == "PTR_MISSING"
    assert told["cause"]["still"]
    assert abs(datetime.fromisoformat(told["cause"]["at"]).timestamp() - lost_at) < 90
    turns = {each["reporter"]: each for each in told["changes"]}
    assert {name: (each["day"], each["worse"], each["disposition"]) for name, each in turns.items()} == {
        name: (date(TODAY + after), True, "quarantine") for name, after in RECEIVERS.items() if after < AFTER
    }
    for each in turns.values():
        assert each["earliest"] <= each["day"] <= each["latest"]
        assert each["causes"][0]["what"] == "PTR_MISSING"
        assert each["refused_aligned"] == each["refused"]
    fix = "\n".join(told["fix"])
    assert f"25.2.0.192.in-addr.arpa. 3600 IN PTR {NAME}." in fix
    assert f"truehelo wait {MAIL} --for PTR={NAME}" in fix

    text = watcher.cli("reports", "ip", MAIL, *last)
    for words in ("Cause", "PTR_MISSING failing since", "2 receivers began to refuse after that", "the policy is not why"):
        assert words in " ".join(text.split())
    sources = json.loads(watcher.cli("reports", "sources", DOMAIN, "--json", *last))
    by_ip = {each["ip"]: each for each in sources["sources"]}
    assert by_ip[OTHER]["names"]["origin"] == "observed"
    assert by_ip[OTHER]["names"]["confirmed"] == ["relay.cloudhost.example"]
    assert by_ip[OTHER]["standing"]["class"] == "forwarder"
    assert by_ip[OTHER]["spf"][0]["result"] == "fail"
    assert by_ip[MAIL]["watched"]
    assert by_ip[MAIL]["standing"]["class"] == "mine"
