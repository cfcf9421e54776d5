"""What is advised about an SPF record of a domain: the exact text, or none where nobody can know it (RFC 7208)."""

import pytest

from support.domaintable import judged, step_for, text_of
from truehelo.advice.spf import spf_with

MX = "example.com MX 10 mail.example.com\nmail.example.com A 192.0.2.25\n"


VOIDS = [
    ("an apex without address keeps its mx", f"{MX}example.com TXT v=spf1 a mx -all", "v=spf1 mx -all", "NODATA"),
    (
        "an apex without MX keeps its a",
        "example.com A 192.0.2.1\nexample.com TXT v=spf1 a mx -all",
        "v=spf1 a -all",
        "example.com MX (NODATA)",
    ),
    (
        "a name that is gone is told from one that has no address",
        f"{MX}example.com TXT v=spf1 a:gone.example.com mx -all",
        "v=spf1 mx -all",
        "gone.example.com A (NXDOMAIN)",
    ),
    ("a name in capitals", f"{MX}example.com TXT v=spf1 a:GONE.example.com mx -all", "v=spf1 mx -all", "NXDOMAIN"),
    ("a name by a macro", f"{MX}example.com TXT v=spf1 a:gone.%{{d}} mx -all", "v=spf1 mx -all", "NXDOMAIN"),
    (
        "an MX host without address leaves the mx term in its place",
        f"{MX}example.com MX 20 gone.example.com\nexample.com TXT v=spf1 mx -all",
        "",
        "gone.example.com A (NXDOMAIN)",
    ),
    ("nobody would be left to pass", "example.com TXT v=spf1 a mx -all", "", "example.com MX (NODATA)"),
    ("a redirect still lets somebody pass", f"{MX}example.com TXT v=spf1 a redirect=b.example.com\n"
     "b.example.com TXT v=spf1 ip4:192.0.2.1 -all", "v=spf1 redirect=b.example.com", "NODATA"),
    (
        "terms of another record are not the domain's to remove",
        f"{MX}example.com TXT v=spf1 mx include:b.example.net -all\nb.example.net TXT v=spf1 a:gone.example.net -all",
        "",
        "gone.example.net A (NXDOMAIN)",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("words", "table", "text", "names"), VOIDS, ids=[row[0] for row in VOIDS])
def test_terms_that_find_nothing_are_removed_and_no_others(words: str, table: str, text: str, names: str) -> None:
    audit = judged(table)
    step = step_for(audit, "DOMAIN_SPF_VOID")
    assert step is not None
    assert [text_of(record) for record in step.records] == ([text] if text else [])
    assert names in next(each.message for each in audit.findings if each.tag.name == "DOMAIN_SPF_VOID")


PTRS = [
    ("ptr alone becomes a place for an address", "v=spf1 ptr -all", "v=spf1 ip4:ADDRESS -all"),
    ("ptr among others", "v=spf1 mx ptr ip4:192.0.2.1 -all", "v=spf1 mx ip4:ADDRESS ip4:192.0.2.1 -all"),
    ("two of them become one place", "v=spf1 ptr ptr:example.net -all", "v=spf1 ip4:ADDRESS -all"),
    ("a qualifier stays", "v=spf1 mx ?PTR -all", "v=spf1 mx ?ip4:ADDRESS -all"),
]


@pytest.mark.parametrize(("words", "text", "advised"), PTRS, ids=[row[0] for row in PTRS])
def test_what_ptr_lets_pass_has_its_place_in_the_record_that_is_advised(words: str, text: str, advised: str) -> None:
    step = step_for(judged(f"{MX}example.com TXT {text}"), "DOMAIN_SPF_PTR_USED")
    assert step is not None
    assert [text_of(record) for record in step.records] == [advised]


def test_ptr_in_the_record_of_another_is_for_that_one_to_replace() -> None:
    table = f"{MX}example.com TXT v=spf1 mx include:b.example.net -all\nb.example.net TXT v=spf1 ptr -all"
    step = step_for(judged(table), "DOMAIN_SPF_PTR_USED")
    assert step is not None
    assert (step.records, step.who) == ((), "the owner of the zone that holds b.example.net")


OPEN = "open.example.net TXT v=spf1 +all\n"
ENDS = [
    ("its own +all", "v=spf1 mx +all", "", "v=spf1 mx ~all", ""),
    ("its own ?all", "v=spf1 mx ?ALL", "", "v=spf1 mx ~all", ""),
    ("no end", "v=spf1 mx", "", "v=spf1 mx ~all", ""),
    ("no end, and a modifier", "v=spf1 mx exp=x.example.com", "", "v=spf1 mx exp=x.example.com ~all", ""),
    ("a redirect to ?all", "v=spf1 redirect=b.example.net", "b.example.net TXT v=spf1 mx:example.com ?all", "",
     "b.example.net"),
    ("a redirect to a record without an end", "v=spf1 redirect=b.example.net",
     "b.example.net TXT v=spf1 mx:example.com", "", "b.example.net"),
    ("a redirect to +all", "v=spf1 redirect=open.example.net", OPEN, "", "open.example.net"),
    ("a redirect by way of another", "v=spf1 redirect=b.example.net",
     f"{OPEN}b.example.net TXT v=spf1 redirect=open.example.net", "", "open.example.net"),
    ("an include of +all before -all", "v=spf1 mx include:open.example.net -all", OPEN, "", "open.example.net"),
    ("an include of +all before ?all", "v=spf1 mx include:open.example.net ?all", OPEN, "", "open.example.net"),
    ("an include of +all that says neutral", "v=spf1 mx ?include:open.example.net -all", OPEN, "", "open.example.net"),
    ("a redirect beside +all counts for nothing", "v=spf1 redirect=open.example.net +all", OPEN,
     "v=spf1 redirect=open.example.net ~all", ""),
]  # fmt: skip


@pytest.mark.parametrize(("words", "text", "beside", "advised", "who"), ENDS, ids=[row[0] for row in ENDS])
def test_the_end_is_mended_where_it_stands(words: str, text: str, beside: str, advised: str, who: str) -> None:
    audit = judged(f"{MX}example.com TXT {text}\n{beside}")
    step = step_for(audit, "DOMAIN_SPF_ALLOWS_ALL") or step_for(audit, "DOMAIN_SPF_NEUTRAL")
    assert step is not None
    assert [text_of(record) for record in step.records] == ([advised] if advised else [])
    if who:
        assert step.who == f"the owner of the zone that holds {who}"
        assert any(f"the record of {who}, to which it leads," in each.message for each in audit.findings)


@pytest.mark.parametrize("text", ["v=spf1 ip4:128.0.0.0/1 -all", "v=spf1 ip4:128.0.0.0/1 +all"])
def test_a_network_that_is_too_wide_is_for_the_owner_to_narrow(text: str) -> None:
    step = step_for(judged(f"example.com TXT {text}"), "DOMAIN_SPF_ALLOWS_ALL")
    assert step is not None
    assert step.records == ()
    assert "ip4:128.0.0.0/1" in step.what


FIRST = [
    ("MX hosts in the domain", MX, "v=spf1 mx ~all"),
    ("MX hosts of another", "example.com MX 10 mx.example.net", "v=spf1 ip4:ADDRESS ~all"),
    ("MX hosts of its own and of another", f"{MX}example.com MX 20 mx.example.net", "v=spf1 ip4:ADDRESS ~all"),
    ("an MX host whose name only ends alike", "example.com MX 10 mx.notexample.com", "v=spf1 ip4:ADDRESS ~all"),
    ("no MX", "example.com A 192.0.2.25", "v=spf1 ip4:ADDRESS ~all"),
]


@pytest.mark.parametrize(("words", "table", "advised"), FIRST, ids=[row[0] for row in FIRST])
def test_a_first_record_refuses_nobody(words: str, table: str, advised: str) -> None:
    step = step_for(judged(table), "DOMAIN_SPF_MISSING")
    assert step is not None
    assert [text_of(record) for record in step.records] == [advised]


def test_an_mx_that_could_not_be_looked_up_is_not_guessed() -> None:
    step = step_for(judged("example.com A 192.0.2.25", fail={"example.com MX": "servfail"}), "DOMAIN_SPF_MISSING")
    assert step is not None
    assert [text_of(record) for record in step.records] == ["v=spf1 ip4:ADDRESS ~all"]


PLACES = [
    ("before the end", "v=spf1 mx -all", "v=spf1 mx NEW -all"),
    ("before a redirect", "v=spf1 mx redirect=b.example.net", "v=spf1 mx NEW redirect=b.example.net"),
    ("at the end, where there is none", "v=spf1 mx", "v=spf1 mx NEW"),
    ("before a term that marks it", "v=spf1 mx ~include:b.example.net ip4:192.0.2.1 -all",
     "v=spf1 mx NEW ~include:b.example.net ip4:192.0.2.1 -all"),
    ("before a term that says nothing of it", "v=spf1 ?ip4:192.0.2.0/24 -all", "v=spf1 NEW ?ip4:192.0.2.0/24 -all"),
    ("behind terms that say pass", "v=spf1 +mx +include:b.example.net +all", "v=spf1 +mx +include:b.example.net NEW +all"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "text", "advised"), PLACES, ids=[row[0] for row in PLACES])
def test_a_term_is_added_where_it_decides(words: str, text: str, advised: str) -> None:
    assert spf_with(text, "NEW") == advised


MERGED = [
    ("records that authorise", "v=spf1 mx -all", "v=spf1 ip4:192.0.2.1 -all", "v=spf1 ip4:192.0.2.1 mx -all"),
    ("the milder end", "v=spf1 mx ~all", "v=spf1 mx -all", "v=spf1 mx ~all"),
    ("one without an end", "v=spf1 mx", "v=spf1 ip4:192.0.2.1 -all", "v=spf1 ip4:192.0.2.1 mx ~all"),
    ("a term behind the end of one", "v=spf1 mx -all ip4:192.0.2.9", "v=spf1 a -all", "v=spf1 a mx -all"),
    ("a term that refuses", "v=spf1 -ip4:192.0.2.9 mx -all", "v=spf1 ip4:192.0.2.0/24 -all", ""),
    ("a term that says nothing", "v=spf1 ?mx -all", "v=spf1 ip4:192.0.2.0/24 -all", ""),
    ("a redirect", "v=spf1 redirect=b.example.net", "v=spf1 ip4:192.0.2.0/24 -all", ""),
    ("one that cannot be read", "v=spf1 ip4:x -all", "v=spf1 ip4:192.0.2.0/24 -all", ""),
]  # fmt: skip


@pytest.mark.parametrize(("words", "one", "two", "advised"), MERGED, ids=[row[0] for row in MERGED])
def test_two_records_become_one_where_their_order_does_not_matter(words: str, one: str, two: str, advised: str) -> None:
    for first, second in ((one, two), (two, one)):
        step = step_for(judged(f"example.com TXT {first}\nexample.com TXT {second}"), "DOMAIN_SPF_BROKEN")
        assert step is not None
        assert [text_of(record) for record in step.records] == ([advised] if advised else [])
