"""TLS reports: what RFC 8460 says, what reporters really send, what cannot be used, and whatever anybody sends."""

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.reportmail import TLS, tls_json, tls_policy
from truehelo.reports.model import (
    DEFAULT_BUDGET,
    Budget,
    BudgetError,
    Extra,
    Fault,
    ReportError,
    TlsFailure,
    TlsPolicy,
    TlsReport,
)
from truehelo.reports.tls import DIALECTS, read_tls

FIRST = TLS["policies"][0]
DETAIL = FIRST["failure-details"][0]


def read(octets: bytes, **budget: Any) -> TlsReport:
    return read_tls(octets, Budget(**budget))


def test_a_report_as_the_rfc_has_it() -> None:
    assert read(tls_json()) == TlsReport(
        organization_name="Receiver Example",
        contact_info="tls@receiver.example",
        report_id="2026-03-01_business.example",
        begin=1772323200,
        end=1772409599,
        policies=(
            TlsPolicy(
                type="sts",
                domain="business.example",
                strings=("version: STSv1", "mode: testing", "mx: *.business.example", "max_age: 86400"),
                mx_hosts=("*.business.example",),
                successful=5326,
                failed=303,
                failures=(
                    TlsFailure(
                        result_type="certificate-expired",
                        sessions=100,
                        sending_mta_ip="2001:db8:abcd:12::1",
                        receiving_mx_hostname="mx1.business.example",
                    ),
                    TlsFailure(
                        result_type="starttls-not-supported",
                        sessions=203,
                        sending_mta_ip="2001:db8:abcd:13::1",
                        receiving_mx_hostname="mx2.business.example",
                        receiving_ip="203.0.113.56",
                    ),
                ),
            ),
        ),
        digest=hashlib.sha256(tls_json()).hexdigest(),
    )


def dates(start: Any, end: Any) -> bytes:
    return tls_json(**{"date-range": {"start-datetime": start, "end-datetime": end}})


MIDNIGHT = "2026-03-01T00:00:00"


def test_what_the_rfc_does_not_know_is_kept() -> None:
    policy = {**FIRST, "more": {"a": [1]}, "summary": {**FIRST["summary"], "sum": 3}}
    report = read(tls_json(policies=[policy], vendor="é"))
    assert set(report.extras) == {
        Extra(path="vendor", text='"\\u00e9"'),
        Extra(path="policies/1/more", text='{"a": [1]}'),
        Extra(path="policies/1/summary/sum", text="3"),
    }


BAD_DETAILS = [
    ("a failure that is no object", 17, "it is no object"),
    ("no result-type", {"failed-session-count": 1}, "it has no result-type"),
    ("a negative count", {**DETAIL, "failed-session-count": -1}, "failed-session-count is no number of sessions: -1"),
    ("a count that is no number", {**DETAIL, "failed-session-count": "many"}, "no number of sessions: many"),
    ("a count of half a session", {**DETAIL, "failed-session-count": 0.5}, "no number of sessions: 0.5"),
    ("a count that is true", {**DETAIL, "failed-session-count": True}, "no number of sessions: true"),
    ("a count above all counting", {**DETAIL, "failed-session-count": 10**30}, "no number of sessions: 1000"),
    ("an address that is none", {**DETAIL, "sending-mta-ip": "mail.example"}, "sending-mta-ip is no address: mail.example"),
]


@pytest.mark.parametrize(("what", "bad", "why"), BAD_DETAILS, ids=[row[0] for row in BAD_DETAILS])
def test_a_failure_that_cannot_be_used_is_a_fault_with_its_place(what: str, bad: Any, why: str) -> None:
    octets = tls_policy({"policy-string": ["Zürich", "✓"]}, details=[DETAIL, bad, DETAIL])
    octets = json.dumps(json.loads(octets), ensure_ascii=False, indent=2).encode()
    report = read(octets)
    (fault,) = report.faults
    assert fault.number == 1
    assert fault.reason.startswith("entry 2 of failure-details: ")
    assert why in fault.reason
    assert json.JSONDecoder().raw_decode(octets[fault.offset :].decode())[0] == bad
    assert (len(report.policies[0].failures), report.policies[0].bad) == (2, 1)


def test_numbers_that_json_does_not_have_are_null() -> None:
    report = read(tls_policy(details=[{**DETAIL, "failed-session-count": float("nan")}]))
    assert report.policies[0].failures[0].sessions == 0
    huge = tls_policy(details=[{**DETAIL, "failed-session-count": 777}]).replace(b"777", b"1e999")
    assert read(huge).policies[0].bad == 1


BAD_POLICIES = [
    ("a policy that is no object", [], "the policy is no object"),
    ("a policy without policy", {"summary": {}}, "its member policy is no object"),
    ("a summary that is no object", {**FIRST, "summary": [1]}, "its summary is no object"),
    ("a negative sum", {**FIRST, "summary": {"total-successful-session-count": -1}}, "is no number of sessions: -1"),
    ("failures that are no list", {**FIRST, "failure-details": 3}, "its failure-details are no list"),
    ("mx-host with numbers", {**FIRST, "policy": {"mx-host": [1]}}, "its mx-host is no list of texts"),
    ("a policy of objects", {**FIRST, "policy": {"policy-string": {}}}, "its policy-string is no list of texts"),
]


@pytest.mark.parametrize(("what", "bad", "why"), BAD_POLICIES, ids=[row[0] for row in BAD_POLICIES])
def test_a_policy_that_cannot_be_used_is_a_fault_and_the_others_count(what: str, bad: Any, why: str) -> None:
    octets = tls_json(policies=[FIRST, bad, FIRST])
    report = read(octets)
    assert len(report.policies) == 2
    (fault,) = report.faults
    assert fault.number == 2
    assert why in fault.reason
    assert octets.count(b'"policy-type"', 0, fault.offset) == 1


def test_faults_that_are_kept_are_few_and_all_are_counted() -> None:
    report = read(tls_policy(details=[3] * 250))
    assert len(report.faults) == 100
    assert report.policies[0].bad == 250
    assert report.faults[0] == Fault(
        number=1, offset=report.faults[0].offset, reason="entry 1 of failure-details: it is no object"
    )


NO_REPORTS = [
    ("a list", b"[]", "not a TLS report"),
    ("a text", b'"policies"', "not a TLS report"),
    ("an object of something else", b'{"a": 1}', "not a TLS report"),
    ("nothing", b"", "broken"),
    ("a text that breaks off", tls_json()[:-30], "broken"),
    ("a text that is not closed", b'{"policies": "', "broken"),
    ("two reports", tls_json() + tls_json(), "broken"),
    ("a number of thousands of digits", b'{"policies": ' + b"1" * 5000 + b"}", "digits"),
    ("no date-range", tls_json(**{"date-range": ...}), "has no date-range"),
    ("no start", dates(None, MIDNIGHT), "has no start-datetime"),
    ("an end that is no time", dates(MIDNIGHT, "soon"), "the end-datetime is no time"),
    ("an end that is no object of time", dates(MIDNIGHT, {}), "the end-datetime is no time"),
    ("a day that is none", dates("2026-02-30T00:00:00Z", MIDNIGHT), "the start-datetime is no time"),
    (
        "a start before all counting",
        dates("0001-01-01T00:00:00+01:00", MIDNIGHT),
        "the start-datetime of the TLS report is not",
    ),
    (
        "an end after all counting",
        dates(MIDNIGHT, "9999-12-31T23:59:59-01:00"),
        "the end-datetime of the TLS report is not",
    ),
    ("an end before the start", dates("2026-03-02T00:00:00Z", "2026-03-01T00:00:00Z"), "ends before it begins"),
    ("a time of another century", dates("0001-01-01T00:00:00Z", MIDNIGHT), "these centuries"),
    ("an infinite time", dates(1, MIDNIGHT).replace(b"1,", b"1e999,", 1), "these centuries"),
    ("a time that is true", dates(True, MIDNIGHT), "these centuries"),
    ("no policies", tls_json(policies=...), "no list of policies"),
    ("policies that are a number", tls_json(policies=3), "no list of policies"),
]


@pytest.mark.parametrize(("what", "octets", "why"), NO_REPORTS, ids=[row[0] for row in NO_REPORTS])
def test_what_is_no_report_is_refused_in_one_sentence(what: str, octets: bytes, why: str) -> None:
    with pytest.raises(ReportError, match=why) as refused:
        read(octets)
    assert "\n" not in str(refused.value)
    assert not refused.value.reason.endswith(".")


TOO_MUCH = [
    ("lists in lists", b'{"policies": ' + b"[" * 30, {}, "24 deep"),
    ("lists in lists, a million deep", b"[" * 1_000_000, {}, "24 deep"),
    ("more marks than the budget", tls_policy(details=[DETAIL] * 50), {"tokens": 500}, "500 texts"),
    ("commas alone", b"[" + b"," * 1_000_000, {}, "300000 texts"),
    ("a text that is too long", tls_json(vendor="x" * 70_000), {}, "65536 characters"),
    ("a name that is too long", tls_json(**{"x" * 70_000: 1}), {}, "65536 characters"),
    ("a text of quotes that never ends", b'{"policies": "' + b'\\"' * 500_000, {}, "65536 characters"),
]


@pytest.mark.parametrize(("what", "octets", "budget", "why"), TOO_MUCH, ids=[row[0] for row in TOO_MUCH])
def test_a_report_above_its_budget_is_stopped(what: str, octets: bytes, budget: dict[str, int], why: str) -> None:
    with pytest.raises(BudgetError, match=why):
        read(octets, **budget)


def answer(octets: bytes) -> None:
    """Read, and let nothing but a refusal pass."""
    try:
        report = read_tls(octets, DEFAULT_BUDGET)
    except ReportError as refused:
        told = str(refused)
    else:
        told = f"{report.organization_name}{report.policies}"
        assert report.begin <= report.end
        assert set(report.dialects) <= set(DIALECTS)
    told.encode()


@given(st.binary(max_size=400))
def test_any_octets_are_a_report_or_refused(octets: bytes) -> None:
    answer(octets)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just(MIDNIGHT),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
NAMES = (
    "policies policy summary failure-details date-range start-datetime end-datetime policy-type "
    "mx-host policy-string policy-domain total-successful-session-count result-type sending-mta-ip "
    "failed-session-count additional-information organization-name contact-info report-id"
).split()


@given(st.data())
def test_a_report_with_anything_in_the_place_of_a_member(data: st.DataObject) -> None:
    report = json.loads(tls_json())
    for _ in range(data.draw(st.integers(1, 3))):
        place: Any = report
        for _ in range(data.draw(st.integers(0, 5))):
            inner = [
                each for each in (place.values() if isinstance(place, dict) else place) if isinstance(each, dict | list)
            ]
            place = data.draw(st.sampled_from(inner)) if inner else place
        value = data.draw(JSON)
        if isinstance(place, dict):
            place[data.draw(st.sampled_from([*place, *NAMES]))] = value
        else:
            place.append(value)
    answer(json.dumps(report).encode())
