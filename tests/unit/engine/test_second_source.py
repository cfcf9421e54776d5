"""A denial or failure on which something rests is put to the authoritative servers, whoever asked it first."""

import asyncio
from dataclasses import dataclass, replace

import pytest

from support.ports import FakePorts
from support.world import FakeResolver, World
from truehelo.engine.audit import Run
from truehelo.engine.gather import MAX_SIBLINGS, Wishes
from truehelo.engine.subjects import MAX_OF_NAME
from truehelo.engine.targets import parse_target
from truehelo.facts.dns import AuthoritativeView, Question
from truehelo.findings import Audit, Verdict

RIGHT = """
example.com MX 10 mail.example.com
example.com TXT v=spf1 a:mail.example.com -all
mail.example.com A 192.0.2.25
mail.example.com AAAA 2001:db8::25
192.0.2.25 PTR mail.example.com
2001:db8::25 PTR mail.example.com
"""


@dataclass
class Direct(FakeResolver):
    """Resolvers of a world, and authoritative servers that say what the table says although the resolvers do not."""

    silent: bool = False

    async def authoritative(self, question: Question) -> AuthoritativeView:
        await asyncio.sleep(self.delay_s)
        said = replace(World(RIGHT).exchange(question), server="ns1.example@192.0.2.153:53", flags=("AA",))
        return AuthoritativeView(question=question, apex="example.com", exchanges=() if self.silent else (said,))


def audit(fail: dict[str, str], *targets: str, silent: bool = False, authoritative: bool = True) -> Audit:
    world = World(RIGHT, fail=fail, smtp={"192.0.2.25": {25: "mail.example.com"}})
    ports = FakePorts(world).ports()
    object.__setattr__(ports, "resolver", Direct(world, silent=silent))
    wishes = Wishes(authoritative=authoritative)
    return asyncio.run(Run(ports=ports, wishes=wishes).audit([parse_target(text) for text in targets]))


@pytest.mark.parametrize("target", ["192.0.2.25", "192.0.2.25 example.com", "192.0.2.25 mail.example.com"])
@pytest.mark.parametrize("lie", ["nxdomain", "nodata", "servfail", "timeout"])
def test_one_resolvers_word_against_the_forward_record_is_not_believed_whoever_asked_first(lie: str, target: str) -> None:
    """For a domain, SPF asks for this very record before the PTR name or the greeting does."""
    done = audit({"mail.example.com A": lie}, *target.split())
    subject = next(each for each in done.subjects if str(each.facts.ip) == "192.0.2.25")
    assert subject.verdict is Verdict.MATCH, [finding.tag.name for finding in subject.findings]


@pytest.mark.parametrize("target", ["mail.example.com", "host:mail.example.com", "example.com", "domain:example.com"])
@pytest.mark.parametrize("failure", ["servfail", "timeout", "refused"])
def test_a_target_of_which_only_a_part_could_be_looked_up_is_undetermined_for_the_rest(failure: str, target: str) -> None:
    done = audit({"mail.example.com A": failure}, target, silent=True)
    assert [str(subject.facts.ip) for subject in done.subjects] == ["2001:db8::25"]
    assert [(each.asked, each.undetermined) for each in done.unresolved] == [(target, True)]
    assert f"A: {failure}" in done.unresolved[0].detail
    assert audit({"mail.example.com A": failure}, target).unresolved == (), "the authoritative servers say the rest"


def test_a_name_whose_mx_could_not_be_looked_up_may_be_a_domain() -> None:
    done = audit({"mail.example.com MX": "servfail"}, "mail.example.com", silent=True)
    assert len(done.subjects) == 2
    assert [each.undetermined for each in done.unresolved] == [True]


def test_a_null_mx_is_called_by_its_name() -> None:
    world = World("example.com MX 0 .\nexample.com TXT v=spf1 -all")
    done = asyncio.run(Run(ports=FakePorts(world).ports(), wishes=Wishes()).audit([parse_target("example.com")]))
    assert [(each.undetermined, "null MX" in each.detail) for each in done.unresolved] == [(False, True)]


@pytest.mark.parametrize("lie", ["nxdomain", "nodata", "servfail"])
def test_the_other_family_is_not_said_to_fail_on_one_resolvers_word(lie: str) -> None:
    reverse = "5.2.0.0." + "0." * 20 + "8.b.d.0.1.0.0.2.ip6.arpa PTR"
    for question in (reverse, "mail.example.com AAAA"):
        (subject,) = audit({question: lie}, "192.0.2.25").subjects
        assert "FAMILY_ASYMMETRY" not in {finding.tag.name for finding in subject.findings}


@pytest.mark.parametrize("lie", ["nxdomain", "servfail", "timeout"])
def test_a_target_is_not_said_to_be_without_address_on_one_resolvers_word(lie: str) -> None:
    everything = dict.fromkeys(
        ["example.com MX", "mail.example.com MX", "mail.example.com A", "mail.example.com AAAA"], lie
    )
    for target in ("mail.example.com", "host:mail.example.com", "domain:example.com", "example.com"):
        done = audit(everything, target)
        assert "192.0.2.25" in [str(subject.facts.ip) for subject in done.subjects], target
        assert all(each.undetermined for each in done.unresolved)


@pytest.mark.parametrize(("silent", "authoritative"), [(True, True), (False, False)])
def test_a_denial_stands_where_no_second_source_speaks_or_none_may_be_asked(silent: bool, authoritative: bool) -> None:
    (subject,) = audit(
        {"mail.example.com A": "nxdomain"}, "192.0.2.25", silent=silent, authoritative=authoritative
    ).subjects
    assert "IPREV_MISMATCH" in {finding.tag.name for finding in subject.findings}


def test_no_more_addresses_of_the_other_family_are_followed_than_the_bound() -> None:
    names = [f"m{number}.example.com" for number in range(8)]
    table = [f"192.0.2.25 PTR {name}" for name in names] + [f"{name} A 192.0.2.25" for name in names]
    table += [f"{name} AAAA 2001:db8::{number}{digit}" for number, name in enumerate(names) for digit in range(8)]
    ports = FakePorts(World("\n".join(table))).ports(smtp=False)
    done = asyncio.run(Run(ports=ports, wishes=Wishes()).audit([parse_target("192.0.2.25")]))
    assert len(done.subjects[0].facts.siblings) == MAX_SIBLINGS


class _Broken(FakeResolver):
    """Breaks the promise of its port for one name."""

    async def authoritative(self, question: Question) -> AuthoritativeView:
        if question.name.startswith("26."):
            raise ZeroDivisionError("planted")
        return await super().authoritative(question)


def test_a_fault_of_the_program_in_one_subject_leaves_the_others_whole_and_is_told() -> None:
    world = World(RIGHT, smtp={"192.0.2.25": {25: "mail.example.com"}})
    ports = FakePorts(world).ports()
    object.__setattr__(ports, "resolver", _Broken(world))
    done = asyncio.run(Run(ports=ports, wishes=Wishes()).audit([parse_target(f"192.0.2.{n}") for n in (25, 26)]))
    assert [subject.verdict for subject in done.subjects] == [Verdict.MATCH, Verdict.UNDETERMINED]
    assert "192.0.2.26" in done.notes[0]
    assert "planted" in done.notes[0]


def test_a_resolver_that_denies_what_the_authority_has_is_overruled_and_told() -> None:
    for question in ("192.0.2.25 PTR", "mail.example.com A"):
        (subject,) = audit({question: "nxdomain"}, "192.0.2.25").subjects
        assert subject.verdict is Verdict.MATCH
        assert "RESOLVERS_DISAGREE" in {finding.tag.name for finding in subject.findings}


@pytest.mark.parametrize("target", ["example.com", "domain:example.com"])
@pytest.mark.parametrize("failing", ["example.com MX", "example.com TXT"])
def test_a_domain_of_which_mx_or_spf_could_not_be_looked_up_is_undetermined_for_the_rest(failing: str, target: str) -> None:
    table = "example.com MX 10 mail.example.com\nexample.com A 192.0.2.80\n" + RIGHT
    world = World(table, fail={failing: "servfail"})
    done = asyncio.run(Run(ports=FakePorts(world).ports(), wishes=Wishes()).audit([parse_target(target)]))
    assert done.subjects
    assert [each.undetermined for each in done.unresolved] == [True], done.unresolved


def test_a_domain_without_mx_whose_spf_failed_is_not_said_to_lead_nowhere() -> None:
    world = World("example.com A 192.0.2.80", fail={"example.com TXT": "timeout"})
    done = asyncio.run(Run(ports=FakePorts(world).ports(), wishes=Wishes()).audit([parse_target("domain:example.com")]))
    assert [(each.undetermined, "TXT: timeout" in each.detail) for each in done.unresolved] == [(True, True)]


@pytest.mark.parametrize("target", ["mail.example.com", "example.com", "domain:example.com"])
def test_a_name_leads_to_no_more_addresses_than_the_bound_and_says_so(target: str) -> None:
    table = ["example.com MX 10 mail.example.com", "example.com TXT v=spf1 a:mail.example.com -all"]
    table += [f"mail.example.com A 203.0.{number // 256}.{number % 256}" for number in range(MAX_OF_NAME + 76)]
    ports = FakePorts(World("\n".join(table))).ports(smtp=False)
    done = asyncio.run(Run(ports=ports, wishes=Wishes()).audit([parse_target(target)]))
    assert len(done.subjects) == MAX_OF_NAME
    assert any("leads to more than 1,024 addresses" in note for note in done.notes)
