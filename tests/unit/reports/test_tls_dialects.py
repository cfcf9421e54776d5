"""TLS reports as reporters really send them: what each departure from RFC 8460 is called, and what it is read as."""

from typing import Any

import pytest

from support.reportmail import TLS, tls_json, tls_policy
from truehelo.reports.tls import read_tls

FIRST = TLS["policies"][0]
DETAIL = FIRST["failure-details"][0]
ID = TLS["report-id"]


def dates(start: Any, end: Any) -> bytes:
    return tls_json(**{"date-range": {"start-datetime": start, "end-datetime": end}})


def detail(**changes: Any) -> bytes:
    merged = {**DETAIL, **{name.replace("_", "-"): value for name, value in changes.items()}}
    return tls_policy(details=[{name: value for name, value in merged.items() if value is not ...}])


MIDNIGHT = "2026-03-01T00:00:00"
PERFECT = tls_policy(summary={"total-successful-session-count": 1, "total-failure-session-count": 0}, details=...)
# How real reporters depart from RFC 8460, what it is called, and where what they mean is found.
DIALECTS = [
    ("a byte order mark", b"\xef\xbb\xbf" + tls_json(), "byte order mark", "report_id", ID),
    ("UTF-16", tls_json().decode().encode("utf-16"), "UTF-16", "report_id", ID),
    ("windows-1252", tls_json(**{"report-id": "$"}).replace(b"$", b"Caf\xe9"), "windows-1252", "report_id", "Café"),
    (
        "times without a zone (Microsoft)",
        dates(MIDNIGHT, "2026-03-01T23:59:59"),
        "time without a zone",
        "begin",
        1772323200,
    ),
    ("days for times", dates("2026-03-01", "2026-03-02"), "time without a zone", "end", 1772409600),
    ("seconds for times", dates(1772323200, "1772409599"), "seconds for a time", "begin", 1772323200),
    ("fractions of seconds", dates(MIDNIGHT + ".000Z", MIDNIGHT + ".999999999Z"), None, "begin", 1772323200),
    ("a zone of its own", dates("2026-03-01T01:00:00+01:00", "2026-03-02T00:59:59+0100"), None, "end", 1772409599),
    ("no contact-info", tls_json(**{"contact-info": ...}), "no contact-info", "contact_info", ""),
    ("no report-id", tls_json(**{"report-id": None}), "no report-id", "report_id", ""),
    ("a number for a text", tls_json(**{"report-id": 17}), "text that is none", "report_id", "17"),
    ("one policy for the list of one", tls_json(policies=FIRST), "policies that are no list", "faults", ()),
    ("no policies at all", tls_json(policies=[]), None, "policies", ()),
    (
        "a member twice",
        tls_json().replace(b'"report-id"', b'"report-id": "0", "report-id"'),
        "doubled member",
        "report_id",
        ID,
    ),
]
POLICY_DIALECTS = [
    (
        "mx-host as one text (as in the RFC)",
        tls_policy({"mx-host": "*.A.example"}),
        "mx-host as one text",
        "mx_hosts",
        ("*.a.example",),
    ),
    (
        "mx-host-pattern (Postfix)",
        tls_policy({"mx-host": ..., "mx-host-pattern": ["a.example"]}),
        "mx-host-pattern",
        "mx_hosts",
        ("a.example",),
    ),
    ("no mx-host", tls_policy({"mx-host": ...}), None, "mx_hosts", ()),
    (
        "the policy as one text",
        tls_policy({"policy-string": "version: STSv1\r\nmode: none\n"}),
        "policy-string as one text",
        "strings",
        ("version: STSv1", "mode: none"),
    ),
    ("null for the policy", tls_policy({"policy-string": None, "policy-type": "no-policy-found"}), None, "strings", ()),
    (
        "no policy-domain where there is no policy (Postfix)",
        tls_policy({"policy-domain": ..., "policy-type": "no-policy-found"}),
        "no policy-domain",
        "domain",
        "",
    ),
    ("a domain with a final point", tls_policy({"policy-domain": "Business.Example."}), None, "domain", "business.example"),
    ("a policy-type in capitals", tls_policy({"policy-type": "STS"}), None, "type", "sts"),
    ("a policy-type of its own", tls_policy({"policy-type": "dane"}), "a policy-type of its own", "type", "dane"),
    ("no policy-type", tls_policy({"policy-type": ...}), "no policy-type", "type", ""),
    (
        "counts as text",
        tls_policy(summary={"total-successful-session-count": "7", "total-failure-session-count": " 2"}),
        "number as text",
        "failed",
        2,
    ),
    (
        "counts with a fraction",
        tls_policy(summary={"total-successful-session-count": 7.0, "total-failure-session-count": 0}),
        "number with a fraction",
        "successful",
        7,
    ),
    (
        "no count of failures",
        tls_policy(summary={"total-successful-session-count": 7}),
        "no total-failure-session-count",
        "failed",
        0,
    ),
    ("no summary", tls_policy(summary=...), "no summary", "successful", 0),
    ("no failure-details (Microsoft)", PERFECT, None, "failures", ()),
    ("null for failure-details", tls_policy(details="").replace(b'""', b"null"), None, "failures", ()),
    ("one failure for the list of one", tls_policy(details=DETAIL), "failure-details that are no list", "bad", 0),
]
FAILURE_DIALECTS = [
    ("no sending-mta-ip (Microsoft)", detail(sending_mta_ip=...), None, "sending_mta_ip", ""),
    (
        "empty texts for what is not known",
        detail(sending_mta_ip="", receiving_ip=" ", receiving_mx_hostname=""),
        None,
        "receiving_ip",
        "",
    ),
    ("null for what is not known", detail(receiving_ip=None), None, "receiving_ip", ""),
    ("an address that is written long", detail(sending_mta_ip="2001:DB8:0:0::1"), None, "sending_mta_ip", "2001:db8::1"),
    ("an IPv4-mapped address", detail(sending_mta_ip="::ffff:192.0.2.25"), None, "sending_mta_ip", "192.0.2.25"),
    (
        "an address in brackets",
        detail(receiving_ip="[IPv6:2001:db8::1]"),
        "address in brackets",
        "receiving_ip",
        "2001:db8::1",
    ),
    (
        "additional-info-uri",
        detail(additional_info_uri="https://receiver.example/1"),
        "additional-info-uri",
        "additional_information",
        "https://receiver.example/1",
    ),
    ("an additional-information", detail(additional_information="x"), None, "additional_information", "x"),
    (
        "a reason in words (Mail.ru)",
        detail(failure_reason_code="bad https response code: 404"),
        None,
        "failure_reason_code",
        "bad https response code: 404",
    ),
    ("a result of its own", detail(result_type="Unknown-Error"), None, "result_type", "unknown-error"),
    ("no count", detail(failed_session_count=...), "no failed-session-count", "sessions", 0),
    (
        "control characters",
        detail(failure_reason_code="a\x1b[31m\u202e\x00\ud800"),
        None,
        "failure_reason_code",
        "a\\x1b[31m\\u202e\\x00\\ud800",
    ),
]


@pytest.mark.parametrize(("what", "octets", "dialect", "member", "value"), DIALECTS, ids=[row[0] for row in DIALECTS])
def test_dialects_are_read_and_named(what: str, octets: bytes, dialect: str | None, member: str, value: Any) -> None:
    report = read_tls(octets)
    assert report.dialects == ((dialect,) if dialect else ())
    assert getattr(report, member) == value


@pytest.mark.parametrize(
    ("what", "octets", "dialect", "member", "value"), POLICY_DIALECTS, ids=[row[0] for row in POLICY_DIALECTS]
)
def test_dialects_of_policies(what: str, octets: bytes, dialect: str | None, member: str, value: Any) -> None:
    report = read_tls(octets)
    assert (dialect in report.dialects) if dialect else not report.dialects
    assert getattr(report.policies[0], member) == value
    assert report.faults == ()


@pytest.mark.parametrize(
    ("what", "octets", "dialect", "member", "value"), FAILURE_DIALECTS, ids=[row[0] for row in FAILURE_DIALECTS]
)
def test_dialects_of_failures(what: str, octets: bytes, dialect: str | None, member: str, value: Any) -> None:
    report = read_tls(octets)
    assert report.dialects == ((dialect,) if dialect else ())
    assert getattr(report.policies[0].failures[0], member) == value
    assert report.policies[0].bad == 0
