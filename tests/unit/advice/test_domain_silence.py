"""A name that sends no mail may say so, and says so of itself alone: the rest of its organisation still sends."""

import pytest

from support.domaintable import judged, step_for

ORGANISATION = "example.com MX 10 mail.example.com\nmail.example.com A 192.0.2.25\n"
REJECT, LOOK = '"v=DMARC1; p=reject"', '"v=DMARC1; p=none; rua=mailto:dmarc-reports@example.com"'
KEY = "v=DKIM1; k=ed25519; p=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


@pytest.mark.parametrize(
    ("words", "asked", "table", "record"),
    [
        (
            "a null MX alone, at the organisation",
            "example.com",
            "example.com MX 0 .",
            f"_dmarc.example.com. 3600 IN TXT {REJECT}",
        ),
        (
            "a null MX alone, at a name below: the organisation is left alone",
            "quiet.example.com",
            f"{ORGANISATION}quiet.example.com MX 0 .",
            f"_dmarc.quiet.example.com. 3600 IN TXT {REJECT}",
        ),
        (
            "a null MX beside another says nothing",
            "example.com",
            f"{ORGANISATION}example.com MX 0 .",
            f"_dmarc.example.com. 3600 IN TXT {LOOK}",
        ),
        (
            "a name without MX that sends by its SPF record",
            "example.com",
            "example.com MX 0 .\nexample.com TXT v=spf1 ip4:192.0.2.25 -all",
            f"_dmarc.example.com. 3600 IN TXT {LOOK}",
        ),
        (
            "a name without MX whose SPF record leads to another",
            "example.com",
            "example.com MX 0 .\nexample.com TXT v=spf1 redirect=_spf.example.com\n_spf.example.com TXT v=spf1 a -all",
            f"_dmarc.example.com. 3600 IN TXT {LOOK}",
        ),
        (
            "a name without MX whose SPF record authorises nobody",
            "example.com",
            "example.com MX 0 .\nexample.com TXT v=spf1 -all",
            f"_dmarc.example.com. 3600 IN TXT {REJECT}",
        ),
        (
            "a name without MX that has a key to sign with",
            "example.com",
            f"example.com MX 0 .\ns1._domainkey.example.com TXT {KEY}",
            f"_dmarc.example.com. 3600 IN TXT {LOOK}",
        ),
    ],
)
def test_a_policy_of_reject_is_for_names_that_send_nothing(words: str, asked: str, table: str, record: str) -> None:
    step = step_for(judged(table, asked=asked, selectors=("s1",)), "DMARC_MISSING")
    assert step is not None
    assert step.records == (record,), words


def test_a_name_that_could_not_be_looked_up_is_not_silent() -> None:
    step = step_for(judged("example.com MX 0 .", fail={"example.com TXT": "servfail"}), "DMARC_MISSING")
    assert step is not None
    assert LOOK in step.records[0]


@pytest.mark.parametrize(
    ("words", "table", "silent"),
    [
        ("a null MX alone", "example.com MX 0 .", True),
        ("a null MX beside another", f"{ORGANISATION}example.com MX 0 .", False),
        ("an MX that takes mail", ORGANISATION, False),
        ("no MX, and an address", "example.com A 192.0.2.25", False),
        ("a null MX, and a key", f"example.com MX 0 .\ns1._domainkey.example.com TXT {KEY}", False),
    ],
)
def test_an_spf_record_that_refuses_everybody_is_for_names_that_send_nothing(words: str, table: str, silent: bool) -> None:
    step = step_for(judged(table, selectors=("s1",)), "DOMAIN_SPF_MISSING")
    assert step is not None
    assert ('"v=spf1 -all"' in step.records[0]) is silent, words
