"""What checks say beyond their tags: wording, merging over ports, evidence, bounds."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.talk import Script
from support.world import World
from truehelo.checks import all_checks, run_checks
from truehelo.facts.dns import Outcome
from truehelo.facts.tls import TlsSession
from truehelo.findings import Finding, Severity
from truehelo.identity import Identity

GOOD = "192.0.2.25 PTR mail.example.com\nmail.example.com A 192.0.2.25\n"


def findings(table: str = GOOD, ip: str = "192.0.2.25", **words: Any) -> dict[str, Finding]:
    world = {key: words.pop(key) for key in ("fail", "authority") if key in words}
    return {finding.tag.name: finding for finding in run_checks(Identity(World(table, **world).facts(ip, **words)))}


def said(name: str, *args: Any, **words: Any) -> str:
    return findings(*args, **words)[name].message


def smtp(script: Script) -> Mapping[int, Script]:
    return {25: script}


MESSAGES = [
    (
        "GREETING_UNREACHABLE",
        {"ended": "unreachable", "detail": "connection refused"},
        "no connection (connection refused)",
    ),
    ("GREETING_UNREACHABLE", {"ended": "connect_timeout"}, "no connection in time"),
    ("GREETING_UNREACHABLE", {"ended": "silence"}, "nothing was said in time"),
    ("GREETING_UNREACHABLE", {"ended": "closed"}, "closed before a greeting"),
    ("GREETING_UNREACHABLE", {"ended": "tls_failed"}, "TLS could not be set up"),
    ("GREETING_UNREACHABLE", {"ended": "too_much"}, "more was sent than a greeting may hold"),
    ("GREETING_UNREACHABLE", {"ended": "interrupted"}, "interrupted"),
    ("GREETING_REFUSED", {"greeting": "554-no\n554 go away"}, '"554 no go away"'),
    ("GREETING_REFUSED", {"ended": "refused", "detail": "reset"}, '"reset"'),
    ("GREETING_REFUSED", {"greeting": "421 busy"}, '"421 busy"'),
    ("NOT_SMTP", {"ended": "http"}, "it speaks HTTP"),
    ("NOT_SMTP", {"ended": "binary"}, "it sends binary data"),
    ("NOT_SMTP", {"ended": "not_smtp"}, "it sends text that is no reply"),
    ("NOT_SMTP", {"greeting": "250 hello", "ended": "quit"}, "it greets with 250"),
    ("GREETING_MASKED", {"greeting": "220 ******"}, '"******"'),
    ("GREETING_NOT_FQDN", {"greeting": "220 mx ESMTP"}, "mx, which is not a full host name: it is a single word"),
    ("GREETING_NOT_FQDN", {"greeting": "220 a_b.example ESMTP"}, "holds an underscore"),
]


@pytest.mark.parametrize(("tag", "script", "text"), MESSAGES)
def test_each_way_a_conversation_can_go_is_said_in_its_own_words(tag: str, script: Script, text: str) -> None:
    assert text in said(tag, smtp=smtp(script))


@pytest.mark.parametrize("ended", ["unreachable", "connect_timeout", "silence", "closed", "tls_failed", "too_much"])
def test_no_greeting_is_never_a_refusal_and_never_something_other_than_smtp(ended: str) -> None:
    found = findings(smtp=smtp({"ended": ended}))
    assert {"GREETING_REFUSED", "NOT_SMTP"} & set(found) == set()
    assert found["GREETING_UNREACHABLE"].tag.undetermined


def test_equal_findings_of_several_ports_are_one_and_name_the_ports() -> None:
    found = findings(smtp={25: "mail.example.com", 465: {"ended": "unreachable"}, 587: "mail.example.com"})
    assert found["GREETING_MATCHES"].args["ports"] == "25, 587"
    assert found["GREETING_MATCHES"].evidence == ("smtp:25", "smtp:587", "dns:PTR:25.2.0.192.in-addr.arpa")
    assert found["GREETING_UNREACHABLE"].args["ports"] == "465"


def test_a_port_that_turns_to_nonsense_after_a_good_greeting_keeps_the_greeting_and_is_named() -> None:
    found = findings(smtp=smtp({"greeting": "220 mail.example.com ESMTP", "ended": "not_smtp"}))
    assert {"GREETING_MATCHES", "NOT_SMTP"} <= set(found)


def test_text_from_the_network_is_shown_harmlessly() -> None:
    message = said("GREETING_REFUSED", smtp=smtp({"greeting": "554 \x1b[2J\u202egnp.exe"}))
    assert "\\x1b[2J\\u202e" in message
    assert message.isprintable()


def test_a_long_list_of_names_is_cut_with_a_count() -> None:
    table = "\n".join(f"192.0.2.25 PTR m{i}.example.com" for i in range(9))
    assert said("PTR_MULTIPLE", table).endswith("m4.example.com and 4 more")


@pytest.mark.parametrize(
    ("target", "fault"),
    [
        ("mail_1.example.com", "holds an underscore"),
        ("192.0.2.25", "is an address, not a name"),
        ("-mail.example.com", "has a label that begins or ends with a hyphen"),
        ("a/b.example.com", "has characters that no host name may hold"),
        ("mail.example.123", "ends in a number"),
        ("mail..example.com", "has an empty label"),
        (f"{'a' * 64}.example.com", "has a label longer than 63 characters"),
    ],
)
def test_a_malformed_ptr_name_is_named_with_its_fault(target: str, fault: str) -> None:
    assert fault in said("PTR_INVALID_NAME", f"192.0.2.25 PTR {target}")


def test_the_root_as_ptr_name_is_shown_as_a_dot() -> None:
    assert said("PTR_INVALID_NAME", "192.0.2.25 PTR .") == "the PTR name . of 192.0.2.25 is no host name: it is empty"


def test_generic_names_say_every_reason() -> None:
    assert said("PTR_GENERIC", "192.0.2.25 PTR 192-0-2-25.isp.example") == (
        "the PTR name 192-0-2-25.isp.example looks generated: holds its own address"
    )


@pytest.mark.parametrize(
    ("ip", "text"),
    [
        ("10.1.2.3", "private"),
        ("100.64.0.9", "carrier"),
        ("64:ff9b::1", "NAT64"),
        ("::1", "own machine"),
        ("240.0.0.1", "reserved"),
    ],
)
def test_an_address_that_is_not_public_is_told_what_receivers_see_instead(ip: str, text: str) -> None:
    assert text in said("ADDRESS_NOT_PUBLIC", "", ip)


def test_nothing_else_is_found_about_an_address_that_is_not_public() -> None:
    assert list(findings(GOOD, "10.1.2.3", smtp=smtp("mail"), helo="mail.example.com", expect="x.example")) == [
        "ADDRESS_NOT_PUBLIC"
    ]


def test_a_lame_server_without_authority_has_no_opinion() -> None:
    facts = World(GOOD, authority={"ns1.isp.example": ["mail.example.com"], "ns2.isp.example": "nxdomain"}).facts(
        "192.0.2.25"
    )
    assert facts.reverse_zone is not None
    lame = tuple(
        replace(each, flags=()) if each.outcome is Outcome.NXDOMAIN else each for each in facts.reverse_zone.exchanges
    )
    facts = replace(facts, reverse_zone=replace(facts.reverse_zone, exchanges=lame))
    assert "PTR_SERVERS_DISAGREE" not in {finding.tag.name for finding in run_checks(Identity(facts))}


def test_the_order_and_case_of_names_is_no_disagreement_of_servers() -> None:
    table = "192.0.2.25 PTR a.example.com\n192.0.2.25 PTR b.example.com"
    found = findings(table, authority={"ns1.isp.example": ["B.example.com", "a.example.com"]})
    assert {"PTR_CHANGING", "PTR_SERVERS_DISAGREE"} & set(found) == set()


def test_the_worst_findings_come_first() -> None:
    ranks = [finding.severity.rank for finding in run_checks(Identity(World("").facts("192.0.2.25", helo="mail")))]
    assert ranks == sorted(ranks)
    assert ranks[0] == Severity.ERROR.rank


def test_tags_that_say_not_known_weigh_no_more_than_a_note() -> None:
    for check in all_checks():
        for tag in check.tags:
            assert not tag.undetermined or tag.severity is Severity.NOTE, tag.name


def test_tags_of_one_check_are_all_it_gives_and_each_cites_a_source() -> None:
    for check in all_checks():
        assert check.cites
        assert all(tag.cites and tag.message and tag.name.isupper() for tag in check.tags)


def test_the_names_in_a_certificate_are_no_matter_of_identity() -> None:
    facts = World(GOOD).facts("192.0.2.25", smtp=smtp("mail.example.com"))
    tls = TlsSession(version="TLSv1.3", cipher="x", names=("other.example.net",))
    with_tls = replace(facts, sessions=tuple(replace(session, tls=tls) for session in facts.sessions))
    assert run_checks(Identity(with_tls)) == run_checks(Identity(facts))


@given(greeting=st.text(max_size=80), ehlo=st.text(max_size=80), helo=st.text(max_size=80), target=st.text(max_size=80))
def test_any_text_from_the_network_is_judged_and_shown_in_one_harmless_line(
    greeting: str, ehlo: str, helo: str, target: str
) -> None:
    plain = [" ".join(text.splitlines()) for text in (greeting, ehlo, target)]
    facts = World(GOOD).facts(
        "192.0.2.25", helo=helo, smtp=smtp({"greeting": f"220 {plain[0]}", "ehlo": f"250 {plain[1]}"})
    )
    ptr = facts.ptr
    assert ptr is not None
    record = replace(ptr.records[0], data=target)
    hostile = replace(ptr, exchanges=tuple(replace(each, records=(record,)) for each in ptr.exchanges))
    lookups = tuple(hostile if lookup is ptr else lookup for lookup in facts.lookups)
    for finding in run_checks(Identity(replace(facts, lookups=lookups))):
        assert finding.message.isprintable()
        assert "\n" not in finding.message
