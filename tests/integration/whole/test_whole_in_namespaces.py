"""The command line where nothing is arranged for it: other machines, real ports, the system's resolver."""

from collections.abc import Iterator
from typing import Any

import pytest

from integration.whole.namespaces import DEFAULT, HOSTS, MAIL, REVERSE6, RIGHT4, RIGHT6, Wire, inhabited

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def machines() -> Iterator[Wire]:
    with inhabited() as made:
        yield made


def tags(subject: dict[str, Any]) -> set[str]:
    return {finding["tag"] for finding in subject["findings"]}


@pytest.mark.parametrize("ip", [RIGHT4, RIGHT6])
def test_a_right_server_matches_over_either_family(machines: Wire, ip: str) -> None:
    code, document = machines.check(ip, "--helo", MAIL)
    (subject,) = document["subjects"]
    assert (code, subject["verdict"], subject["iprev"]) == (0, "match", "pass"), tags(subject)
    assert (subject["names"]["greeting"], subject["names"]["ehlo_reply"]) == (MAIL, MAIL)
    assert document["resolvers"] == [HOSTS["recursor"][0]]
    session = subject["evidence"]["smtp:25"]
    assert session["connected_to"] in (f"{ip}:25", f"[{ip}]:25")
    assert session["tls"]["names"] == [MAIL]


def test_the_textbook_case_is_a_mismatch_whose_owner_is_found_from_the_root_down(machines: Wire) -> None:
    code, document = machines.check(DEFAULT)
    (subject,) = document["subjects"]
    assert (code, subject["verdict"]) == (1, "mismatch"), tags(subject)
    assert {"IPREV_CONFIRMED", "PTR_GENERIC", "GREETING_DIFFERS", "GREETING_FORWARD_CONFIRMED"} <= tags(subject)
    zone = next(fact for fact in subject["evidence"].values() if "apex" in fact)
    assert zone["apex"] == "100.51.198.in-addr.arpa"
    # Each name server at each of its addresses, over both families, on port 53.
    assert {x["server"]: x["outcome"] for x in zone["exchanges"]} == {
        "ns1.business.example@192.0.2.53:53": "answer",
        "ns1.business.example@[2001:db8::53]:53": "answer",
        "ns2.business.example@192.0.2.54:53": "answer",
    }
    assert "hostmaster@business.example" in str(subject["advice"])


def test_a_domain_is_audited_whole(machines: Wire) -> None:
    code, document = machines.check("business.example")
    assert code == 1
    assert {subject["ip"]: subject["verdict"] for subject in document["subjects"]} == {
        RIGHT4: "match",
        DEFAULT: "mismatch",
        RIGHT6: "match",
    }


def test_a_denial_comes_from_the_right_zone_and_a_dead_server_is_undetermined(machines: Wire) -> None:
    _, document = machines.check("2001:db8::26", "--timeout=1", "--retries=0")
    (subject,) = document["subjects"]
    assert {"PTR_MISSING", "GREETING_UNREACHABLE"} <= tags(subject)
    zone = next(fact for fact in subject["evidence"].values() if "apex" in fact)
    assert zone["apex"] == REVERSE6
    _, document = machines.check("203.0.113.99", "--timeout=1", "--retries=0", "--no-smtp")
    assert document["subjects"][0]["verdict"] == "mismatch", "the root denies it"


def test_a_machine_without_ipv6_waits_for_no_name_server_that_only_ipv6_leads_to(machines: Wire) -> None:
    switch = "/proc/sys/net/ipv6/conf/all/disable_ipv6"
    off = machines.run("ask", ["sh", "-c", f"echo 1 >{switch}"])
    assert off.returncode == 0, off.stderr
    try:
        done = machines.truehelo("wait", RIGHT4, "--for", f"PTR={MAIL}", "--give-up=5", "--every=0.5")
        assert done.returncode == 0, done.stdout
        code, document = machines.check(RIGHT6, "--timeout=1")
    finally:
        machines.run("ask", ["sh", "-c", f"echo 0 >{switch}"])
        machines.run("ask", ["ip", "address", "add", HOSTS["ask"][1], "dev", "eth0", "nodad"])
        machines.run("ask", ["ip", "-6", "route", "add", "default", "dev", "eth0"])
    (subject,) = document["subjects"]
    assert (code, subject["verdict"], subject["iprev"]) == (3, "undetermined", "pass"), tags(subject)


def test_without_its_resolver_nothing_is_known_and_nothing_is_said_to_fail(machines: Wire) -> None:
    code, document = machines.check(RIGHT4, "--resolver=203.0.113.54", "--timeout=0.5", "--retries=0")
    (subject,) = document["subjects"]
    assert (code, subject["verdict"], subject["iprev"]) == (3, "undetermined", "temperror"), tags(subject)
