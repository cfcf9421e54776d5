"""Advice that is obeyed makes the names agree, and each of its steps is needed: over the worlds of all scenarios.

Each step is carried out in the world's table as its owner would: a PTR record takes the place of the old ones, an address
record is added (and replaces an alias), the mail server calls itself by the new name.
"""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.scenarios import Scenario, load
from support.world import World
from support.zone import owner_name
from truehelo.engine.judge import judge
from truehelo.findings import Step, SubjectAudit, Verdict

CHOSEN = "mail.chosen.example"
_SETTLED = (Verdict.MATCH, Verdict.UNDETERMINED)


def owner(line: str) -> str:
    return owner_name(line.split(maxsplit=1)[0])


def rdtype(line: str) -> str:
    words = line.split()
    return words[2] if words[1].isdigit() else words[1]


def obey(scenario: Scenario, steps: Sequence[Step]) -> Scenario:
    """Return the world after these steps."""
    zone = [line.strip() for line in scenario.get("zone", "").splitlines() if line.strip()]
    after: dict[str, Any] = dict(scenario)
    for step in steps:
        for record in step.records:
            name, ttl, _, kind, data = record.replace("NAME", CHOSEN).split(maxsplit=4)
            gone = {"PTR": ("PTR",), "A": ("CNAME",), "AAAA": ("CNAME",), "TXT": ("TXT",)}[kind]
            zone = [line for line in zone if not (owner(line) == name.removesuffix(".") and rdtype(line) in gone)]
            zone.append(f"{name.removesuffix('.')} {ttl} {kind} {data.removesuffix('.')}")
        if step.owner == "mail server":
            name = step.verify.split()[2].partition("=")[2].replace("NAME", CHOSEN)
            if "greeting" in step.what or "EHLO" in step.what:
                after["smtp"] = dict.fromkeys(scenario["smtp"], name)
            if "helo" in scenario and "HELO that it sends" in step.what:
                after["helo"] = name
    after["zone"] = "\n".join(zone)
    return after


def audit(scenario: Scenario) -> SubjectAudit:
    smtp = scenario.get("smtp")
    made = World(scenario.get("zone", ""))
    return judge(
        made.facts(
            scenario["ip"],
            helo=scenario.get("helo"),
            expect=scenario.get("expected"),
            smtp=None if smtp is None else {int(port): script for port, script in smtp.items()},
            spf=scenario.get("spf", ()),
            sources=scenario.get("sources", ("argument",)),
        )
    )


def unresolved(scenario: Scenario) -> set[str]:
    """Return the tags that steps promise to resolve, and that are found again once all steps are taken."""
    steps = [step for step in audit(scenario).advice if step.owner != "you"]
    after = audit(obey(scenario, steps))
    return {each.tag.name for each in after.findings} & {tag for step in steps for tag in step.resolves}


# Where something cannot be looked up, or other servers speak too, carrying out a step is not enough to see it work.
WORLDS = [each for each in load() if "fail" not in each and "authority" not in each]
BROKEN = [each for each in WORLDS if audit(each).verdict in (Verdict.MISMATCH, Verdict.DIFFERS)]


def test_there_are_enough_broken_worlds() -> None:
    assert len(BROKEN) > 40


@pytest.mark.parametrize("scenario", BROKEN, ids=[each["name"] for each in BROKEN])
def test_the_names_agree_once_the_advice_is_obeyed(scenario: Scenario) -> None:
    before = audit(scenario)
    after = audit(obey(scenario, before.advice))
    unseen = any(step.owner == "you" for step in before.advice)
    assert after.verdict in (_SETTLED if unseen else (Verdict.MATCH,))
    about_names = ("PTR_", "IPREV_", "GREETING_", "EHLO_", "HELO_")
    left = {
        each.tag.name
        for each in after.findings
        if each.tag.name.startswith(about_names) and each.severity in ("error", "warning")
    }
    assert left == set()


@pytest.mark.parametrize("scenario", BROKEN, ids=[each["name"] for each in BROKEN])
def test_no_step_of_it_could_be_left_out(scenario: Scenario) -> None:
    before = audit(scenario)
    needed = [step for step in before.advice if step.owner != "you" and not set(step.resolves) & {"FAMILY_ASYMMETRY"}]
    for left_out in needed:
        after = audit(obey(scenario, [step for step in before.advice if step is not left_out]))
        still = {each.tag.name for each in after.findings} & (set(left_out.resolves) | {"PTR_UNEXPECTED"})
        assert after.verdict not in _SETTLED or still, left_out.what


@pytest.mark.parametrize("scenario", WORLDS, ids=[each["name"] for each in WORLDS])
def test_what_a_step_resolves_is_gone_once_all_steps_are_taken(scenario: Scenario) -> None:
    # What these steps tell a person to look at is not carried out by a record.
    assert unresolved(scenario) - {"SPF_BROKEN", "NOT_SMTP", "PTR_UNKNOWN"} == set()


@pytest.mark.parametrize("scenario", WORLDS, ids=[each["name"] for each in WORLDS])
def test_a_world_that_is_right_is_left_alone(scenario: Scenario) -> None:
    found = audit(scenario)
    if found.verdict is Verdict.MATCH and not any(each.severity in ("error", "warning") for each in found.findings):
        assert found.advice == ()


NAMES = ["mail.example.com", "mx.example.net", "192-0-2-25.isp.example", "mail_1.example.com", "localhost"]
IPS = ["192.0.2.25", "2001:db8::25"]
lines = st.one_of(
    st.builds("{} PTR {}".format, st.sampled_from(IPS), st.sampled_from(NAMES)),
    st.builds("{} A {}".format, st.sampled_from(NAMES), st.sampled_from(["192.0.2.25", "192.0.2.99"])),
    st.builds("{} AAAA {}".format, st.sampled_from(NAMES), st.sampled_from(["2001:db8::25", "2001:db8::99"])),
    st.sampled_from(["mail.example.com CNAME mx.example.net", "mail.example.com CNAME gone.example.net"]),
)
stated = st.one_of(st.none(), st.sampled_from([*NAMES, "[192.0.2.25]", "[IPv6:2001:db8::25]", "[192.0.2.9]", "mail"]))


@st.composite
def worlds(draw: st.DrawFn) -> Scenario:
    """Draw a small world with any agreement in it, in which all can be looked up."""
    table = list(dict.fromkeys(draw(st.lists(lines, max_size=10))))
    aliased = any("CNAME" in line for line in table)
    greeting, ehlo = draw(stated), draw(stated)
    script = {"greeting": f"220 {greeting} ESMTP" if greeting else "220 ready"} | ({"ehlo": ehlo} if ehlo else {})
    return {
        "zone": "\n".join(line for line in table if not aliased or " CNAME " in line or not line.startswith("mail.e")),
        "ip": draw(st.sampled_from(IPS)),
        "smtp": draw(st.sampled_from([None, {25: script}])),
        "expected": draw(st.sampled_from([None, "mail.example.com", "mx.example.net"])),
    } | ({"helo": helo} if (helo := draw(stated)) else {})


@settings(max_examples=200, deadline=None)
@given(scenario=worlds())
def test_the_names_of_any_world_agree_once_the_advice_is_obeyed_and_no_sooner(scenario: Scenario) -> None:
    if audit(scenario).verdict in (Verdict.MISMATCH, Verdict.DIFFERS):
        test_the_names_agree_once_the_advice_is_obeyed(scenario)
        test_no_step_of_it_could_be_left_out(scenario)
    # A name that leads here now may have addresses of the other family that nobody looked at before.
    assert unresolved(scenario) - {"FAMILY_ASYMMETRY"} == set()
    test_a_world_that_is_right_is_left_alone(scenario)
