"""Bad records are counted with number, place and reason; bad reports are refused with one sentence; budgets hold."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.aggregate import METADATA, POLICY, RECORD, REPORT, ROW, changed, read
from truehelo.reports.aggregate import read_aggregate
from truehelo.reports.aggregate.values import address
from truehelo.reports.model import DEFAULT_BUDGET, BudgetError, ReportError

FAULTS = [
    ("the address is none", "192.0.2.25", "192.0.2.256", 'source_ip is "192.0.2.256", which is no address'),
    ("the address is a name", "192.0.2.25", "mail.example", 'source_ip is "mail.example", which is no address'),
    ("the address has noughts in front", "192.0.2.25", "192.0.2.025", 'source_ip is "192.0.2.025", which is no address'),
    ("the address has a scope", "192.0.2.25", "fe80::1%25eth0", 'source_ip is "fe80::1%25eth0", which is no address'),
    ("the address is empty", "192.0.2.25", "", "source_ip is empty"),
    ("the address would colour a terminal", "192.0.2.25", "\u202e1", 'source_ip is "\\u202e1", which is no address'),
    ("the address is very long", "192.0.2.25", "1" * 900, f'source_ip is "{"1" * 57}...", which is no address'),
    ("there is no address", "<source_ip>192.0.2.25</source_ip>", "", "it has no source_ip"),
    ("there are two addresses", "<count>", "<source_ip>192.0.2.1</source_ip><count>", "it has more than one source_ip"),
    ("the count is none", "<count>3", "<count>many", 'count is "many", which is no number'),
    ("the count is below nought", "<count>3", "<count>-3", 'count is "-3", which is no number'),
    ("the count has a fraction", "<count>3", "<count>3.5", 'count is "3.5", which is no number'),
    ("the count has digits of another script", "<count>3", "<count>٣", 'count is "٣", which is no number'),
    ("the count is empty", "<count>3", "<count>", "count is empty"),
    ("the count is more than fits", "<count>3", f"<count>{2**63}", f"count is {2**63}, more than can be stored"),
    ("there is no count", "<count>3</count>", "", "it has no count"),
    ("there are two counts", "<count>3", "<count>2</count><count>3", "it has more than one count"),
    ("there is no row", ROW, "", "it has no row"),
    ("there are two rows", ROW, ROW + ROW, "it has more than one row"),
]


@pytest.mark.parametrize(("old", "new", "reason"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS])
def test_a_bad_record_is_counted_and_the_others_stay(old: str, new: str, reason: str) -> None:
    assert old in RECORD
    text = REPORT.replace(RECORD, RECORD + RECORD.replace(old, new, 1) + RECORD)
    found = read(text)
    assert [record[:2] for record in found.records] == [("192.0.2.25", 3)] * 2
    assert (found.reading.bad, found.reading.records, found.reading.messages) == (1, 2, 6)
    (fault,) = found.reading.faults
    assert (fault.number, fault.reason) == (2, reason)
    assert text.encode()[fault.offset :].startswith(b"<record>")
    assert fault.offset == len(text[: text.index(RECORD) + len(RECORD)].encode()) + 1


def test_a_hundred_faults_are_told_and_all_are_counted() -> None:
    found = read(REPORT.replace(RECORD, RECORD + RECORD.replace("<count>3", "<count>x") * 250))
    assert (found.reading.bad, len(found.reading.faults)) == (250, 100)
    assert [fault.number for fault in found.reading.faults] == list(range(2, 102))


def test_counts_add_up_to_what_can_be_stored() -> None:
    most = RECORD.replace("<count>3", f"<count>{2**63 - 1}")
    assert read(REPORT.replace(RECORD, most)).reading.messages == 2**63 - 1
    with pytest.raises(ReportError, match="its counts come to more messages than can be stored"):
        read(REPORT.replace(RECORD, most + RECORD))


REFUSALS: list[tuple[str, bytes | str, str, str]] = [
    ("nothing", "", "there is no XML in it", "octet 0"),
    ("blank alone", " \n" * 900, "there is no XML in it", "octet 1,800"),
    ("text", "unused", "it is not well-formed XML, syntax error", "octet 0"),
    (
        "another root element",
        "<html><body/></html>",
        "it is XML, but no aggregate report: its root element is not <feedback>",
        "octet 0",
    ),
    ("half a report", REPORT[:500], "its XML ends early", "octet 500"),
    ("no end tag", REPORT.removesuffix("</feedback>\n"), "its XML ends early", f"octet {len(REPORT) - 12:,}"),
    (
        "tags that cross",
        changed("</count>", "</cunt>"),
        "it is not well-formed XML, mismatched tag",
        f"octet {REPORT.index('</count>') + 2:,}",
    ),
    ("a bare ampersand", changed("Receiver", "R&D"), "it is not well-formed XML, not well-formed (invalid token)", ""),
    ("an entity of nobody", changed("Receiver", "R&auml;"), "it uses an entity that XML does not define", ""),
    ("a NUL", changed("Receiver", "Recei\0ver"), "it is not well-formed XML, not well-formed (invalid token)", ""),
    ("no metadata", changed(METADATA, ""), "it has no report_metadata", ""),
    ("no policy", changed(POLICY, ""), "it has no policy_published", ""),
    ("no record", changed(RECORD, ""), "it has no record", ""),
    (
        "bad records alone",
        changed("<count>3", "<count>x"),
        'none of its records can be used, count is "x", which is no number',
        "",
    ),
    (
        "no reporter",
        changed("<org_name>Receiver</org_name>\n  <email>dmarc@receiver.example</email>", ""),
        "it does not say who reports: org_name and email are missing",
        "",
    ),
    (
        "no domain",
        changed("<domain>sender.example</domain>\n  <adkim>", "<adkim>"),
        "it does not say which domain it is about: policy_published has no domain",
        "",
    ),
    (
        "no range",
        changed("<begin>1780000000</begin>\n   <end>1780086399</end>", ""),
        'it does not say which time it is about: "" is no time',
        "",
    ),
    (
        "a range of words",
        changed("1780000000", "yesterday"),
        'it does not say which time it is about: "yesterday" is no time',
        "",
    ),
    (
        "a time before all reports",
        changed("1780000000", "0"),
        'it does not say which time it is about: "0" is no time of a report',
        "",
    ),
    (
        "a time after all calendars",
        changed("1780000000", "9" * 20),
        f'it does not say which time it is about: "{"9" * 20}" is no time of a report',
        "",
    ),
    (
        "a document type",
        changed("<feedback", "<!DOCTYPE feedback>\n<feedback"),
        "it has a document type declaration, which no report needs and bombs use",
        "",
    ),
    ("two reports", REPORT + REPORT, "a second report follows the first in one file; they must be parted", ""),
]


@pytest.mark.parametrize(("octets", "reason", "where"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS])
def test_a_bad_report_is_refused_with_one_sentence(octets: bytes | str, reason: str, where: str) -> None:
    with pytest.raises(ReportError) as refused:
        read(octets)
    assert refused.value.reason == reason
    if where:
        assert refused.value.where == where
    assert "\n" not in str(refused.value)


LONG = RECORD.replace("sender.example</header_from>", "sender.example" + "x" * 400 + "</header_from>")
DEEP = RECORD.replace("</row>", "<a><b><c><d/></c></b></a></row>")

COUNT = REPORT.count("</")

BUDGETS = [
    ("octets", len(REPORT), REPORT, REPORT + "\n", f"it is longer than {len(REPORT):,} octets"),
    ("elements", COUNT, REPORT, changed("<count>", "<x/><count>"), f"it has more than {COUNT} elements"),
    ("depth", 5, changed(RECORD, RECORD), changed(RECORD, DEEP), "its elements lie more than 5 deep"),
    (
        "attributes",
        1,
        changed("<count>", "<x a=''/><count>"),
        changed("<count>", "<x a='' b=''/><count>"),
        "an element has more than 1 attributes",
    ),
    (
        "text",
        414,
        changed(RECORD, LONG),
        changed(RECORD, LONG.replace("xxx", "xxxx", 1)),
        "it has a text longer than 414 characters",
    ),
    ("text", 414, REPORT, changed("<count>", f"<x a='{'y' * 415}'/><count>"), "it has a text longer than 414 characters"),
    ("text", 414, REPORT, changed(" <record>", "y" * 415 + " <record>"), "it has a text longer than 414 characters"),
    (
        "record",
        len(RECORD) - 11,
        REPORT,
        changed("<count>", "<x/><count>"),
        f"it has an element longer than {len(RECORD) - 11} octets",
    ),
    (
        "record",
        1000,
        REPORT,
        changed("<record>", f"<!--{'y' * 1001}--><record>"),
        "it has an element longer than 1,000 octets",
    ),
    (
        "record",
        1000,
        REPORT,
        changed("<version>", "<x/>" * 150 + "<version>"),
        "it has more than 1,000 octets beside its records",
    ),
]


@pytest.mark.parametrize(
    ("bound", "value", "within", "beyond", "reason"),
    BUDGETS,
    ids=[f"{row[0]} {number}" for number, row in enumerate(BUDGETS)],
)
def test_a_budget_holds(bound: str, value: int, within: str, beyond: str, reason: str) -> None:
    budget = replace(DEFAULT_BUDGET, **{bound: value})
    read(within, budget)
    with pytest.raises(BudgetError) as refused:
        read(beyond, budget)
    assert refused.value.reason == reason


def test_time_is_counted_while_the_report_is_read_and_not_while_its_records_are_kept() -> None:
    now = [0.0]

    def clock() -> float:
        return now[0]

    def slowly(costs: float) -> Iterator[bytes]:
        octets = REPORT.replace(RECORD, RECORD * 6000).encode()
        for start in range(0, len(octets), 200_000):
            now[0] += costs
            yield octets[start : start + 200_000]

    budget = replace(DEFAULT_BUDGET, seconds=60.0)
    for _ in read_aggregate(slowly(1.0), budget, clock=clock).batches():
        now[0] += 1000
    with pytest.raises(BudgetError, match="it takes more than 60 seconds to read"):
        for _ in read_aggregate(slowly(5.0), budget, clock=clock).batches():
            pass


@given(st.ip_addresses().map(str))
def test_every_canonical_address_is_read_as_it_is(text: str) -> None:
    assert address(text) == text or text.lower().startswith("::ffff:")


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_is_not(text: str) -> None:
    try:
        found = address(text)
    except ValueError as error:
        found = ""
        assert str(error).startswith("source_ip is")  # noqa: PT017 - most texts are none
    assert not found or address(found) == found
