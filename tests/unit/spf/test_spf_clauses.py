"""SPF by clause of RFC 7208: a table of cases, over the evaluation as it stands."""

from ipaddress import ip_address

import pytest

from support.spf_cases import CASES, Case
from support.world import World
from truehelo.records.spf import drive, evaluate


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.clause} {case.sentence}")
def test_case(case: Case) -> None:
    known = {name: case.said(word) for name, word in (("sender", "from"), ("helo", "helo")) if word in case.asks.split()}
    talk = evaluate(ip_address(case.ip), case.domain, **known)
    result = drive(talk, World(case.zone, fail=case.fail).lookup)
    assert result.result == case.word, result.detail


def test_the_table_is_large_and_says_each_thing_once() -> None:
    assert len(CASES) >= 150
    sentences = [(case.clause, case.sentence) for case in CASES]
    assert len(set(sentences)) == len(sentences)
    assert {case.word for case in CASES} == {"none", "neutral", "pass", "fail", "softfail", "temperror", "permerror"}


def test_every_clause_about_evaluation_has_its_cases() -> None:
    clauses = (
        "§3.2 §3.3 §4.3 §4.4 §4.5 §4.6 §4.6.1 §4.6.2 §4.6.3 §4.6.4 §4.7 §4.8 §5 §5.1 §5.2 §5.3 §5.4 §5.5 §5.6 §5.7 §6 §6.1"
    )
    assert set(f"{clauses} §6.2 §7.1 §7.2 §7.3".split()) <= {case.clause for case in CASES}
