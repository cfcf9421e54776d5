"""Field by field what parsedmarc reads, over an ordinary corpus; each difference is listed here and explained on a page.

What the three `..._as_parsedmarc_says` do is the whole of the differences on ordinary reports.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import parsedmarc
import pytest

from support.aggregate import POLICY, RECORD, REPORT, RESULTS, Read, changed, read
from support.corpus import corpus
from truehelo.reports.model import AggregateHead, DkimResult, Record, ReportError, SpfCheck

PAGE = Path(__file__).parents[3] / "docs/reference/reports-and-parsedmarc.md"


def theirs(xml: bytes | str) -> dict[str, Any]:
    """What parsedmarc reads, without asking anybody."""
    return dict(parsedmarc.parse_aggregate_report_xml(xml, offline=True))


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


def metadata_as_parsedmarc_says(head: AggregateHead) -> dict[str, Any]:
    """The metadata: nothing is None here; there, what is left out is."""
    said = head.metadata
    return {
        "org_name": said.org_name,
        "org_email": said.email,
        "org_extra_contact_info": said.extra_contact_info or None,
        "report_id": said.report_id,
        "begin_date": _moment(said.begin),
        "end_date": _moment(said.end),
        "errors": list(said.errors),
        "generator": said.generator or None,
    }


def policy_as_parsedmarc_says(head: AggregateHead) -> dict[str, Any]:
    """The policy: it fills in the defaults of adkim, aspf and sp."""
    policy = head.policy
    filled = {"adkim": policy.adkim or "r", "aspf": policy.aspf or "r", "p": policy.p, "sp": policy.sp or policy.p}
    left = {name: getattr(policy, name) or None for name in ("pct", "fo", "np", "testing", "discovery_method")}
    return {"domain": policy.domain, **filled, **left}


def _signature(result: DkimResult) -> dict[str, Any]:
    human = result.human_result or None
    return {
        "domain": result.domain,
        "selector": result.selector or "none",
        "result": result.result or "none",
        "human_result": human,
    }


def _check(result: SpfCheck) -> dict[str, Any]:
    human = result.human_result or None
    return {
        "domain": result.domain,
        "scope": result.scope or "mfrom",
        "result": result.result or "none",
        "human_result": human,
    }


def record_as_parsedmarc_says(record: Record) -> dict[str, Any]:
    """A record: results without a domain are not there, and the reverse-path is filled in from SPF."""
    source, count, shape = record
    backfilled = shape.spf_results[-1].domain or None if shape.spf_results else None
    return {
        "source": source,
        "count": count,
        "policy_evaluated": {
            "disposition": shape.disposition,
            "dkim": shape.dkim,
            "spf": shape.spf,
            "policy_override_reasons": [
                {"type": reason.type, "comment": reason.comment or None} for reason in shape.reasons
            ],
        },
        "identifiers": {
            "header_from": shape.header_from,
            "envelope_from": shape.envelope_from or backfilled,
            "envelope_to": shape.envelope_to or None,
        },
        "auth_results": {
            "dkim": [_signature(result) for result in shape.dkim_results if result.domain],
            "spf": [_check(result) for result in shape.spf_results if result.domain],
        },
    }


def test_an_ordinary_corpus_is_read_alike_field_by_field() -> None:
    records = 0
    for file in corpus(8, 100, largest=150, odd=0):
        found, expected = read(file.xml), theirs(file.xml)
        assert {name: expected["report_metadata"][name] for name in metadata_as_parsedmarc_says(found.head)} == (
            metadata_as_parsedmarc_says(found.head)
        )
        assert expected["policy_published"] == policy_as_parsedmarc_says(found.head)
        assert not found.head.namespace or expected["xml_namespace"] == found.head.namespace
        assert expected["xml_schema"] == (found.head.version or "draft")
        told = [{**record, "source": record["source"]["ip_address"]} for record in expected["records"]]
        fields = ("source", "count", "policy_evaluated", "identifiers", "auth_results")
        assert [{name: record[name] for name in fields} for record in told] == list(
            map(record_as_parsedmarc_says, found.records)
        )
        records += len(told)
    assert records > 1000


Look = Callable[[Any], object]


def _result(report: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return list(report["records"][0]["auth_results"][kind])


SPF_WITHOUT_DOMAIN = changed("<domain>bounce.sender.example</domain>", "")
DIFFERENCES: list[tuple[str, str, Look, object, Look, object]] = [
    (
        "the name of the reporter is kept as it is",
        changed("<org_name>Receiver", "<org_name>mail.receiver.example"),
        lambda r: r.head.metadata.org_name,
        "mail.receiver.example",
        lambda p: p["report_metadata"]["org_name"],
        "receiver.example",
    ),
    (
        "a reporter without a name is not given that of its address",
        changed("<org_name>Receiver", "<org_name>"),
        lambda r: (r.head.metadata.org_name, r.head.metadata.email),
        ("", "dmarc@receiver.example"),
        lambda p: p["report_metadata"]["org_name"],
        "receiver.example",
    ),
    (
        "the report's id is kept as it is",
        changed("4711", "&lt;4711@receiver.example&gt;"),
        lambda r: r.head.metadata.report_id,
        "<4711@receiver.example>",
        lambda p: p["report_metadata"]["report_id"],
        "4711",
    ),
    (
        "an alignment mode that is left out stays out",
        changed("  <adkim>r</adkim>\n", ""),
        lambda r: r.head.policy.adkim,
        "",
        lambda p: p["policy_published"]["adkim"],
        "r",
    ),
    (
        "a policy for subdomains that is left out stays out",
        changed("  <sp>none</sp>\n", ""),
        lambda r: r.head.policy.sp,
        "",
        lambda p: p["policy_published"]["sp"],
        "reject",
    ),
    (
        "of several policies all are kept",
        changed(POLICY, POLICY + POLICY.replace("reject", "none")),
        lambda r: len(r.head.policies),
        2,
        lambda p: p["policy_published"]["p"],
        "reject",
    ),
    (
        "a version that is left out stays out",
        changed(" <version>1.0</version>\n", ""),
        lambda r: r.head.version,
        "",
        lambda p: p["xml_schema"],
        "draft",
    ),
    (
        "the namespace is that of the root element",
        changed(
            '<feedback xmlns="http://dmarc.org/dmarc-xml/0.1"', '<feedback xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
        ),
        lambda r: r.head.namespace,
        "",
        lambda p: p["xml_namespace"],
        "http://www.w3.org/2001/XMLSchema",
    ),
    (
        "an address is in its canonical form",
        changed("192.0.2.25", "2001:DB8:0:0:0:0:0:1"),
        lambda r: r.records[0][0],
        "2001:db8::1",
        lambda p: p["records"][0]["source"]["ip_address"],
        "2001:db8:0:0:0:0:0:1",
    ),
    (
        "an IPv4 address in IPv6 is the IPv4 address",
        changed("192.0.2.25", "::ffff:192.0.2.25"),
        lambda r: r.records[0][0],
        "192.0.2.25",
        lambda p: p["records"][0]["source"]["ip_address"],
        "::ffff:192.0.2.25",
    ),
    (
        "a record that cannot be used is counted, with its place and the reason",
        REPORT.replace(RECORD, RECORD + RECORD.replace("192.0.2.25", "mail.example")),
        lambda r: (len(r.records), r.reading.bad),
        (1, 1),
        lambda p: [record["source"]["ip_address"] for record in p["records"]],
        ["192.0.2.25"],
    ),
    (
        "a count below nought is a fault",
        REPORT.replace(RECORD, RECORD + RECORD.replace("<count>3", "<count>-3")),
        lambda r: (len(r.records), r.reading.bad),
        (1, 1),
        lambda p: [record["count"] for record in p["records"]],
        [3, -3],
    ),
    (
        "a reverse-path that is left out stays out",
        changed("   <envelope_from>bounce.sender.example</envelope_from>\n", ""),
        lambda r: r.records[0][2].envelope_from,
        None,
        lambda p: p["records"][0]["identifiers"]["envelope_from"],
        "bounce.sender.example",
    ),
    (
        "an empty reverse-path is empty",
        changed("<envelope_from>bounce.sender.example", "<envelope_from>"),
        lambda r: r.records[0][2].envelope_from,
        "",
        lambda p: p["records"][0]["identifiers"]["envelope_from"],
        "bounce.sender.example",
    ),
    (
        "all names are in lower case and without a final dot",
        changed("<domain>sender.example</domain>\n    <sel", "<domain>Sender.Example.</domain>\n    <sel"),
        lambda r: r.records[0][2].dkim_results[0].domain,
        "sender.example",
        lambda p: _result(p, "dkim")[0]["domain"],
        "Sender.Example.",
    ),
    (
        "a selector that is left out stays out",
        changed("    <selector>s1</selector>\n", ""),
        lambda r: r.records[0][2].dkim_results[0].selector,
        "",
        lambda p: _result(p, "dkim")[0]["selector"],
        "none",
    ),
    (
        "a scope that is left out stays out",
        changed("    <scope>mfrom</scope>\n", ""),
        lambda r: r.records[0][2].spf_results[0].scope,
        "",
        lambda p: _result(p, "spf")[0]["scope"],
        "mfrom",
    ),
    (
        "a result without a domain is kept",
        SPF_WITHOUT_DOMAIN,
        lambda r: r.records[0][2].spf_results,
        (SpfCheck(domain="", scope="mfrom", result="pass"),),
        lambda p: _result(p, "spf"),
        [],
    ),
    (
        "a disposition that is left out stays out",
        changed("    <disposition>none</disposition>\n", ""),
        lambda r: r.records[0][2].disposition,
        "",
        lambda p: p["records"][0]["policy_evaluated"]["disposition"],
        "none",
    ),
    (
        "authentication results in two parts are all read",
        REPORT.replace(RECORD, RECORD + RECORD.replace(RESULTS, RESULTS + RESULTS)),
        lambda r: [len(record[2].dkim_results) for record in r.records],
        [1, 2],
        lambda p: [len(record["auth_results"]["dkim"]) for record in p["records"]],
        [1, 0],
    ),
    (
        "a record without policy_evaluated is kept",
        REPORT.replace(RECORD, RECORD + RECORD.replace("policy_evaluated>", "other>")),
        lambda r: [record[2].dkim for record in r.records],
        ["pass", ""],
        lambda p: len(p["records"]),
        1,
    ),
    (
        "a report of more than a day is not cut into days",
        changed("1780086399", "1780172800"),
        lambda r: [record[1] for record in r.records],
        [3],
        lambda p: len(p["records"]) > 1,
        True,
    ),
    (
        "an element that the schema does not know is kept",
        changed("<count>", "<first_seen>9</first_seen><count>"),
        lambda r: [extra.text for extra in r.records[0][2].extras],
        ["9"],
        lambda p: "first_seen" in str(p),
        False,
    ),
    (
        "octets that are not UTF-8 are read as windows-1252",
        changed("Receiver", "Empf\xe4nger"),
        lambda r: r.head.metadata.org_name,
        "Empf\xe4nger",
        lambda p: p["report_metadata"]["org_name"],
        "Empfnger",
    ),
]


@pytest.mark.parametrize(
    ("text", "look", "ours", "look_there", "there"), [row[1:] for row in DIFFERENCES], ids=[row[0] for row in DIFFERENCES]
)
def test_where_they_differ(text: str, look: Look, ours: object, look_there: Look, there: object) -> None:
    octets = text.encode("latin-1")
    found: Read = read(octets)
    assert look(found) == ours
    assert look_there(theirs(octets)) == there


def _refused_there(octets: bytes) -> bool:
    try:
        return not theirs(parsedmarc.extract_report(octets))
    except (parsedmarc.ParserError, KeyError):
        return True


ONE_SIDED: list[tuple[str, bytes, bool, bool]] = [
    ("a byte order mark is no hindrance", ("\ufeff" + REPORT).encode(), True, False),
    ("a line end before the XML declaration is no hindrance", b"\n" + REPORT.encode(), True, False),
    ("UTF-16 is read", REPORT.encode("utf-16"), True, False),
    (
        "elements with a prefix are read",
        REPORT.replace("</", "\0").replace("<", "<d:").replace("\0", "</d:").replace("<d:?", "<?").encode(),
        True,
        False,
    ),
    ("a report without an id is read", changed("  <report_id>4711</report_id>\n", "").encode(), True, False),
    ("times in ISO 8601 are read", changed("1780000000", "2026-05-28T20:26:40Z").encode(), True, False),
    (
        "XML that is not well-formed is refused, not repaired",
        changed("<email>dmarc@receiver.example", "<email><dmarc@receiver.example>").encode(),
        False,
        True,
    ),
    ("a second report in the file is not passed over", (REPORT + REPORT).encode(), False, True),
    ("a report whose records are all bad is refused", changed("<count>3", "<count>-3").encode(), False, True),
]


@pytest.mark.parametrize(("octets", "ours", "there"), [row[1:] for row in ONE_SIDED], ids=[row[0] for row in ONE_SIDED])
def test_what_one_of_them_alone_reads(octets: bytes, ours: bool, there: bool) -> None:
    try:
        read(octets)
        found = True
    except ReportError:
        found = False
    assert (found, not _refused_there(octets)) == (ours, there)


def test_the_page_explains_every_difference() -> None:
    page = PAGE.read_text()
    assert [row[0] for row in [*DIFFERENCES, *ONE_SIDED] if row[0] not in page] == []
