"""A lookup that failed is never "no record": what hangs on it is undetermined (RFC 9989 §4.10)."""

import pytest

from support.domaintable import judged, tags

NAME = "news.example.com"
TABLE = (
    "example.com MX 10 mail.example.com\nmail.example.com A 192.0.2.25\nnews.example.com A 192.0.2.26\n"
    "default._bimi.news.example.com TXT v=BIMI1; l=https://example.com/a.svg; a=https://example.com/a.pem\n"
)
PARENT = "_dmarc.example.com TXT v=DMARC1; p={}; rua=mailto:d@example.com\n"
OWN = "_dmarc.news.example.com TXT v=DMARC1; p=reject; rua=mailto:d@example.com\n"
FAILURES = ["servfail", "timeout", "refused", "malformed"]
JUDGED = {"DMARC_ENFORCED", "DMARC_POLICY_NONE", "DMARC_MISSING", "BIMI_GOOD", "BIMI_NEEDS_DMARC", "DMARC_NO_REPORTS"}


def told(table: str, fail: dict[str, str], name: str = NAME) -> set[str]:
    return {each for each in tags(judged(TABLE + table, asked=name, fail=fail)) if each.startswith(("DMARC", "BIMI"))}


@pytest.mark.parametrize("how", FAILURES)
@pytest.mark.parametrize("policy", ["none", "reject"])
def test_the_record_above_says_nothing_while_the_own_name_is_not_known(policy: str, how: str) -> None:
    found = told(PARENT.format(policy), {"_dmarc.news.example.com TXT": how})
    assert "DMARC_UNKNOWN" in found
    assert not found & JUDGED


@pytest.mark.parametrize("how", FAILURES)
def test_what_is_wrong_above_a_name_that_is_not_known_may_have_no_part_in_it(how: str) -> None:
    two = PARENT.format("none") + PARENT.format("reject")
    assert told(two, {"_dmarc.news.example.com TXT": how}) == {"DMARC_UNKNOWN"}


@pytest.mark.parametrize("how", FAILURES)
def test_a_failure_above_the_organisation_changes_nothing(how: str) -> None:
    table = PARENT.format("reject")
    assert told(table, {"_dmarc.com TXT": how}) == told(table, {})
    assert "DMARC_ENFORCED" in told(OWN + table, {"_dmarc.com TXT": how})


@pytest.mark.parametrize("how", FAILURES)
def test_reports_to_a_host_that_may_be_of_the_same_organisation(how: str) -> None:
    found = told(OWN, {"_dmarc.example.com TXT": how})
    assert {"DMARC_ENFORCED", "DMARC_UNKNOWN"} <= found
    assert "DMARC_EXTERNAL_UNAUTHORISED" not in found
    stranger = told(OWN.replace("d@example.com", "d@collector.example"), {"_dmarc.example.com TXT": how})
    assert "DMARC_EXTERNAL_UNAUTHORISED" in stranger


@pytest.mark.parametrize("how", FAILURES)
def test_a_failure_half_way_up_could_hide_the_organisation(how: str) -> None:
    found = told(PARENT.format("reject"), {"_dmarc.news.example.com TXT": how}, "a.news.example.com")
    assert "DMARC_UNKNOWN" in found
    assert not found & JUDGED
