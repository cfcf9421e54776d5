"""What the SPF check adds to an evaluation: which domains it judges, with what weight, and on what evidence."""

from support.world import World
from truehelo.checks.spf import CHECK
from truehelo.facts.subject import SubjectFacts
from truehelo.findings import Finding, Result, Severity
from truehelo.identity import Identity

ZONE = """
192.0.2.25 PTR mail.example.com
mail.example.com A 192.0.2.25
example.com TXT v=spf1 include:_spf.example.com -all
_spf.example.com TXT v=spf1 ip4:198.51.100.7 ?all
"""


def found(facts: SubjectFacts) -> list[Finding]:
    return list(CHECK.run(Identity(facts)))


def test_a_finding_rests_on_the_records_that_were_read() -> None:
    (finding,) = found(World(ZONE).facts("192.0.2.25", spf=["organisation example.com"]))
    assert finding.evidence == ("dns:TXT:example.com", "dns:TXT:_spf.example.com")
    assert finding.args["domain"] == "example.com"
    assert (finding.tag.name, finding.result, finding.severity) == ("SPF_OMITS_HOST", Result.FAIL, Severity.WARNING)


def test_a_finding_rests_on_what_could_not_be_looked_up() -> None:
    zone = "example.com TXT v=spf1 a:mail.example.com -all"
    facts = World(zone, fail={"mail.example.com A": "refused"}).facts("192.0.2.25", spf=["organisation example.com"])
    (finding,) = found(facts)
    assert finding.evidence == ("dns:TXT:example.com", "dns:A:mail.example.com")
    assert (finding.tag.name, finding.tag.undetermined, finding.result) == ("SPF_UNKNOWN", True, Result.TEMPERROR)


def test_an_address_from_mx_alone_is_weighed_as_a_note_and_another_is_not() -> None:
    weights = {}
    for kinds in (("mx",), ("mx", "spf"), ("spf",), ("argument",)):
        (finding,) = found(World(ZONE).facts("192.0.2.25", spf=["organisation example.com"], sources=kinds))
        weights[kinds] = finding.severity
    assert weights == {
        ("mx",): Severity.NOTE,
        ("mx", "spf"): Severity.WARNING,
        ("spf",): Severity.WARNING,
        ("argument",): Severity.WARNING,
    }


def test_a_declared_helo_is_weighed_in_full_also_for_an_address_from_mx() -> None:
    zone = ZONE + "mail.example.com TXT v=spf1 -all\n"
    (finding,) = found(
        World(zone).facts("192.0.2.25", helo="mail.example.com", spf=["helo mail.example.com"], sources=["mx"])
    )
    assert (finding.tag.name, finding.severity) == ("SPF_OMITS_HOST", Severity.WARNING)


def test_nothing_is_said_of_an_address_that_nobody_outside_can_see() -> None:
    assert found(World(ZONE).facts("10.0.0.1", spf=["organisation example.com"])) == []


def test_nothing_is_said_when_no_domain_was_asked_about() -> None:
    assert found(World(ZONE).facts("192.0.2.25")) == []


def test_text_from_the_record_is_made_visible() -> None:
    zone = "example.com TXT v=spf1 \x1b[31mred -all"
    (finding,) = found(World(zone).facts("192.0.2.25", spf=["organisation example.com"]))
    assert finding.tag.name == "SPF_BROKEN"
    assert "\x1b" not in finding.message
    assert "\\x1b" in finding.message
