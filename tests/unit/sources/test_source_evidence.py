"""From records to the signs by which a source is classed."""

import pytest

from truehelo.reports.model import DkimResult, Reason, Shape, SpfCheck
from truehelo.sources.classes import Evidence
from truehelo.sources.evidence import Tally, Whole


def organisation(name: str) -> str | None:
    labels = name.split(".")
    return ".".join(labels[-2:]) if len(labels) > 1 else None


def shape(dkim: str = "fail", spf: str = "fail", **values: object) -> Shape:
    return Shape(**{"disposition": "none", "dkim": dkim, "spf": spf, "header_from": "business.example"} | values)  # type: ignore[arg-type]


def counted(*shapes: Shape, domain: str = "business.example") -> Evidence:
    tally = Tally(organisation)
    for each in shapes:
        tally.add(each, 10, domain, ["r1.example"])
    return tally.evidence(share=0.5, watched=False, own_name=False)


def signature(domain: str, selector: str, result: str) -> DkimResult:
    return DkimResult(domain=domain, selector=selector, result=result)


@pytest.mark.parametrize(
    ("sentence", "record", "expected"),
    [
        ("both aligned", shape("pass", "pass"), {"both": 10}),
        ("SPF alone", shape("fail", "pass"), {"spf": 10}),
        ("DKIM alone", shape("pass", "fail"), {"dkim": 10}),
        (
            "a signature of the domain, of a name below it, is broken",
            shape(dkim_results=(signature("mail.business.example", "s1", "fail"),)),
            {"broken": 10},
        ),
        ("a broken signature of somebody else is not", shape(dkim_results=(signature("other.example", "s1", "fail"),)), {}),
        (
            "a broken signature beside one that verifies is none",
            shape("pass", dkim_results=(signature("business.example", "s1", "fail"),)),
            {"dkim": 10},
        ),
        ("a reverse-path of another organisation", shape(envelope_from="list.other.example"), {"foreign": 10}),
        ("a reverse-path as an address", shape(envelope_from="srs0=x@other.example"), {"foreign": 10}),
        ("a reverse-path below the domain is its own", shape(envelope_from="bounce.business.example"), {}),
        (
            "not told: what SPF was asked about",
            shape(spf_results=(SpfCheck(domain="other.example", scope="mfrom", result="pass"),)),
            {"foreign": 10},
        ),
        (
            "a HELO is no reverse-path",
            shape(spf_results=(SpfCheck(domain="other.example", scope="helo", result="pass"),)),
            {},
        ),
        ("an empty reverse-path is nobody's", shape(envelope_from=""), {}),
        ("a mailing list by the receiver's word", shape(reasons=(Reason(type="mailing_list"),)), {"forwarding": 10}),
        ("another reason is none", shape(reasons=(Reason(type="local_policy"),)), {}),
    ],
)
def test_a_record_counts_for_what_it_says(sentence: str, record: Shape, expected: dict[str, int]) -> None:
    found = counted(record)
    numbers = {name: getattr(found, name) for name in ("both", "spf", "dkim", "broken", "forwarding", "foreign")}
    assert {name: number for name, number in numbers.items() if number} == expected, sentence
    assert found.messages == 10


def test_domains_and_reporters_are_counted_once() -> None:
    tally = Tally(organisation)
    for domain in ("business.example", "business.example", "shop.example"):
        tally.add(shape(header_from=domain), 1, domain, ["r1.example"])
    found = tally.evidence(share=1.0, watched=False, own_name=False)
    assert (found.domains, found.reporters, found.messages) == (2, 1, 3)


@pytest.mark.parametrize(
    ("sentence", "whole", "expected"),
    [
        ("all of it was counted", Whole(40, 20, 0, 0, 1), (40, 20, 0, 20, 0, False)),
        ("a tenth of it was", Whole(400, 230, 5, 0, 3), (400, 230, 5, 165, 0, True)),
        ("more was counted than is known to have been sent: the records count", Whole(8, 8), (40, 20, 0, 20, 0, False)),
        ("of hardly anything alignment is known otherwise", Whole(400, 390, 0, 0), (400, 390, 0, 10, 0, True)),
    ],
)
def test_what_was_seen_in_a_part_is_reckoned_up_to_the_whole(
    sentence: str, whole: Whole, expected: tuple[object, ...]
) -> None:
    tally = Tally(organisation)
    tally.add(shape("pass", "pass"), 20, "business.example", ["r1"])
    tally.add(shape(dkim_results=(signature("business.example", "s1", "fail"),)), 20, "business.example", ["r1"])
    found = tally.evidence(share=1.0, watched=False, own_name=False, whole=whole)
    told = (found.messages, found.both, found.spf, found.broken, found.foreign, found.reckoned)
    assert told == expected, sentence
    assert found.reporters == max(1, whole.reporters)
    assert found.read == (40 if whole.messages > 40 else None)


def test_where_no_record_is_kept_the_sums_are_all() -> None:
    found = Tally(organisation).evidence(share=1.0, watched=False, own_name=False, whole=Whole(50, 10, 20, 5, 2))
    assert (found.messages, found.both, found.spf, found.dkim, found.broken, found.reporters) == (50, 10, 20, 5, 0, 2)
    assert (found.domains, found.reckoned, found.read) == (1, False, 0)


def test_a_selector_is_shared_when_it_verifies_from_sources_that_are_mine() -> None:
    tally = Tally(organisation)
    aligned = signature("business.example", "s1", "pass")
    tally.add(shape("pass", dkim_results=(aligned, signature("relay.example", "r", "pass"))), 5, "business.example", ["r1"])
    assert tally.verified == {("business.example", "s1"): 5}
    assert tally.signed == {("business.example", "s1"): 5, ("relay.example", "r"): 5}
    mine, others = [("business.example", "s1")], [("relay.example", "r")]
    assert tally.evidence(share=0.1, watched=False, own_name=False, mine=mine).shared_selector
    assert not tally.evidence(share=0.1, watched=False, own_name=False, mine=others).shared_selector


def test_a_signature_that_is_named_twice_counts_once() -> None:
    tally = Tally(organisation)
    twice = signature("business.example", "s1", "pass")
    tally.add(shape("pass", dkim_results=(twice, twice)), 5, "business.example", ["r1"])
    assert tally.verified[twice.domain, twice.selector] == tally.signed[twice.domain, twice.selector] == 5
