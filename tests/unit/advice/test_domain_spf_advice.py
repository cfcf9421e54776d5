"""What is advised about an SPF record of a domain: the exact text, or none where nobody can know it (RFC 7208)."""

import pytest

from support.domaintable import judged, step_for, text_of

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
