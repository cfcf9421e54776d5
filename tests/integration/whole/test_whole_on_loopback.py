"""The command line from end to end over real servers: every arrow of the pipeline at once, and nothing faked but routes."""

import asyncio
import re
import subprocess
import time
from typing import Any

import pytest

from integration.servers.dns import CHILD, MOVING, PARENT, REVERSE4, REVERSE6, zone_text
from integration.servers.smtp import Mta
from integration.whole.conftest import GATE, Internet
from truehelo.facts.dns import Question
from truehelo.probes.clock import SystemClock
from truehelo.probes.dns import DnsResolver, parse_resolver

pytestmark = pytest.mark.integration


def tags(subject: dict[str, Any]) -> set[str]:
    return {finding["tag"] for finding in subject["findings"]}


def only(document: dict[str, Any]) -> dict[str, Any]:
    (subject,) = document["subjects"]
    found: dict[str, Any] = subject
    return found


def test_a_mail_server_with_one_name_everywhere_matches(internet: Internet, gate: Mta) -> None:
    code, document = internet.check("192.0.2.40", "--helo", GATE, routes=(gate.route("192.0.2.40"),))
    subject = only(document)
    assert (code, subject["verdict"], subject["iprev"]) == (0, "match", "pass"), tags(subject)
    assert subject["names"] == {
        "ptr": [GATE],
        "confirmed": [GATE],
        "greeting": GATE,
        "ehlo_reply": GATE,
        "helo": {"name": GATE, "source": "declared"},
    }
    assert subject["advice"] == []


def test_the_same_server_behind_its_providers_default_name_is_a_mismatch_with_one_fix(
    internet: Internet, gate: Mta
) -> None:
    code, document = internet.check("198.51.100.4", routes=(gate.route("198.51.100.4"),))
    subject = only(document)
    assert (code, subject["verdict"], subject["iprev"]) == (1, "mismatch", "pass"), tags(subject)
    assert {"PTR_GENERIC", "GREETING_DIFFERS", "GREETING_FORWARD_CONFIRMED"} <= tags(subject)
    (step,) = subject["advice"]
    assert step["owner"] == "reverse zone"
    (record,) = (line.split() for line in step["records"])
    assert (record[0], record[-2:]) == (f"4.{PARENT}.", ["PTR", f"{GATE}."])
    text = internet.truehelo("check", "198.51.100.4", routes=(gate.route("198.51.100.4"),)).stdout
    assert PARENT in text
    assert "hostmaster@business.example" in text


def test_a_mail_server_that_is_gone_is_undetermined(internet: Internet) -> None:
    code, document = internet.check("192.0.2.40", routes=("192.0.2.40:25:127.0.0.1:1",))
    subject = only(document)
    assert (code, subject["verdict"], subject["iprev"]) == (3, "undetermined", "pass"), tags(subject)
    assert "GREETING_UNREACHABLE" in tags(subject)


@pytest.mark.parametrize(
    ("target", "verdict", "apex", "wanted"),
    [
        ("192.0.2.25", "match", REVERSE4, set[str]()),
        ("2001:db8::25", "match", REVERSE6, set[str]()),
        ("198.51.100.33", "match", CHILD, {"PTR_CLASSLESS"}),
        ("198.51.100.34", "mismatch", CHILD, {"PTR_MISSING", "PTR_CLASSLESS"}),
        ("192.0.2.26", "mismatch", REVERSE4, {"IPREV_MISMATCH"}),
        ("192.0.2.27", "mismatch", REVERSE4, {"PTR_MISSING"}),
    ],
)
def test_the_zone_cut_is_found_by_real_delegations(
    internet: Internet, target: str, verdict: str, apex: str, wanted: set[str]
) -> None:
    _, document = internet.check(target, "--no-smtp")
    subject = only(document)
    assert subject["verdict"] == verdict, tags(subject)
    assert wanted <= tags(subject)
    (zone,) = (fact for fact in subject["evidence"].values() if "apex" in fact)
    assert zone["apex"] == apex
    if "PTR_MISSING" in wanted:
        assert any("hostmaster@business.example" in str(step) for step in subject["advice"]), subject["advice"]


def test_a_domain_leads_to_its_mail_servers_and_to_what_its_spf_record_authorises(internet: Internet) -> None:
    code, document = internet.check("business.example", "--no-smtp")
    assert {subject["ip"]: (subject["verdict"], subject["sources"]) for subject in document["subjects"]} == {
        "192.0.2.25": ("match", ["mx", "spf"]),
        "2001:db8::25": ("match", ["mx", "spf"]),
        "192.0.2.40": ("match", ["spf"]),
        "198.51.100.4": ("match", ["spf"]),
        "203.0.113.7": ("mismatch", ["spf"]),
    }
    assert code == 1
    assert all("SPF_COVERS_HOST" in tags(subject) for subject in document["subjects"])


def test_a_change_is_seen_at_the_source_and_counted_down_in_the_caches_and_waited_for(internet: Internet) -> None:
    """Both resolvers hold the old records when the zone changes: one for 5 seconds, the other for ten minutes."""
    code, before = internet.check("203.0.113.7", "203.0.113.8", "--no-smtp")
    assert [subject["names"]["ptr"] for subject in before["subjects"]] == [["old.business.example"]] * 2
    assert not any("PTR_CHANGING" in tags(subject) for subject in before["subjects"])
    assert _waited(internet, "7", "--give-up=0").returncode == 1
    changed = "7 5 PTR moved.business.example.\n8 600 PTR moved.business.example.\n"
    for server in (internet.servers.nsd, internet.servers.knot):
        server.reload(MOVING, zone_text(MOVING, changed, serial=2))
    _until_served(internet, "moved.business.example.")

    subject = only(internet.check("203.0.113.8", "--no-smtp")[1])
    assert subject["names"]["ptr"] == ["old.business.example"], "what receivers see today is judged"
    (changing,) = (finding for finding in subject["findings"] if finding["tag"] == "PTR_CHANGING")
    seconds = int(re.search(r"for another (\d+) s", changing["message"])[1])  # type: ignore[index]
    assert 500 < seconds <= 600
    cached = _waited(internet, "8", "--give-up=0")
    assert (cached.returncode, "at the latest" in cached.stdout) == (1, True), cached.stdout

    waited = _waited(internet, "7", "--give-up=25")
    assert waited.returncode == 0, waited.stdout + waited.stderr
    code, after = internet.check("203.0.113.7", "--no-smtp")
    assert (code, only(after)["verdict"]) == (0, "match")
    assert "PTR_CHANGING" not in tags(only(after))


def _waited(internet: Internet, host: str, give_up: str) -> "subprocess.CompletedProcess[str]":
    return internet.truehelo("wait", f"203.0.113.{host}", "--for", "PTR=moved.business.example", "--every=0.5", give_up)


def _until_served(internet: Internet, name: str) -> None:
    question = Question(name=f"7.{MOVING}", rdtype="PTR")
    upstreams = [parse_resolver(server.resolver) for server in (internet.servers.nsd, internet.servers.knot)]
    end = time.monotonic() + 15
    while time.monotonic() < end:
        asks = DnsResolver(upstreams, routes=internet.servers.routes, vantage="test", clock=SystemClock())
        if all([record.data for record in x.records] == [name] for x in asyncio.run(asks.ask_each(question))):
            return
        time.sleep(0.1)
    raise AssertionError("the name servers did not take up the new zone")
