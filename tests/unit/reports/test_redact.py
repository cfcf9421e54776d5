"""What is taken out of failure reports: local parts, whoever was authenticated, whom it was for."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truehelo.reports import redact

TEXTS = [
    ("an address", "a@b.example", "***@b.example"),
    ("an address in brackets", "<a@b.example>", "<***@b.example>"),
    ("several", "a@b.example,c@d.example e@f.example", "***@b.example,***@d.example ***@f.example"),
    ("a quoted local part", '"a b@c"@b.example', "***@b.example"),
    ("a quoted local part without its beginning", 'a"@b.example', "***@b.example"),
    ("a quoted local part with a quote in it", r'"a \" b"@b.example', "***@b.example"),
    ("a quoted string between addresses", '"a@b.example" c@d.example', '"***@b.example" ***@d.example'),
    ("a VERP address", "bounces+17-xy=c.example@b.example", "***@b.example"),
    ("an SRS address", "SRS0=ab=cd=c.example=alice@b.example", "***@b.example"),
    ("a route", "a@b@c.example", "***@***@c.example"),
    ("space before the @", "alice @b.example", "***@b.example"),
    ("a property of RFC 8601", "spf=pass smtp.mailfrom=alice@b.example", "spf=pass smtp.mailfrom=***@b.example"),
    ("a property with an empty local part", "dkim=pass header.i=@b.example", "dkim=pass header.i=@b.example"),
    ("a property of Received-SPF", 'envelope-from="alice@b.example"; helo=c', 'envelope-from="***@b.example"; helo=c'),
    ("a local part that looks like a property", "alice.smith=c.example@b.example", "***@b.example"),
    ("a login", "auth=pass smtp.auth=alice; spf=none", "auth=pass smtp.auth=***; spf=none"),
    ("a login that is an address", 'auth=pass smtp.auth="alice x"@b.example', "auth=pass smtp.auth=***@b.example"),
    (
        "a login with white space (RFC 8601 §2.2)",
        "auth=pass smtp . auth =\talice; spf=none",
        "auth=pass smtp.auth=***; spf=none",
    ),
    ("a login with a comment", "auth=pass smtp.auth= (alice) alice; spf=none", "auth=pass smtp.auth=***; spf=none"),
    ("none", "spf=fail (p=none) header.from=b.example", "spf=fail (p=none) header.from=b.example"),
]


@pytest.mark.parametrize(("what", "text", "hidden"), TEXTS, ids=[row[0] for row in TEXTS])
def test_local_parts_are_hidden(what: str, text: str, hidden: str) -> None:
    assert redact.hide(text) == hidden


ADDRESSES = [
    ("bare", "a@B.example", "***@b.example"),
    ("with a name", "Alice <a@b.example>", "***@b.example"),
    ("the empty reverse-path", " <> ", ""),
    ("no domain", "alice", "***"),
]


@pytest.mark.parametrize(("what", "text", "hidden"), ADDRESSES, ids=[row[0] for row in ADDRESSES])
def test_of_an_address_its_domain_stays(what: str, text: str, hidden: str) -> None:
    assert redact.address(text) == hidden


DATE = "Sun, 1 Mar 2026 10:20:30 +0100"
POSTFIX = "from a.example (rdns.example [192.0.2.1])"
EXIM = "from [192.0.2.1] (helo=a.example) by b.example with esmtp"
KNOWN = "from a.example (unknown [192.0.2.1])"
PORT = "from rdns.example ([192.0.2.1]:4227 helo=a.example"
TRACES = [
    (
        "Postfix",
        f"{POSTFIX} (using TLSv1.3 with X (256/256 bits)) by b.example (Postfix) with ESMTPS id 4A for <bob@c.example>",
        f"{POSTFIX} by b.example with ESMTPS",
    ),
    ("a client that was authenticated", f"{KNOWN} (Authenticated sender: bob.smith) by b.example", f"{KNOWN} by b.example"),
    ("Exim", f"{EXIM} (Exim 4.96) (envelope-from <bob@c.example>) id 1a-B for bob@d.example", EXIM),
    ("Exim with a port and an ident", f"{PORT} ident=bob) by b.example", f"{PORT}) by b.example"),
    (
        "IPv6",
        "from a.example (rdns.example. [IPv6:2001:db8::1]) by b.example",
        "from a.example (rdns.example. [IPv6:2001:db8::1]) by b.example",
    ),
    (
        "Exchange",
        "from A.example (192.0.2.1) by B.example (192.0.2.2) with Microsoft SMTP Server id 15.0",
        "from A.example (192.0.2.1) by B.example with Microsoft",
    ),
    ("a local submission", "by b.example (Postfix, from userid 1000) id 4A", "by b.example"),
    ("a name that is an address", "from bob@a.example by b.example", "from ***@a.example by b.example"),
    ("a user of the machine", "from bob.smith by b.example with local (Exim 4.96)", "from *** by b.example with local"),
    (
        "a user who speaks SMTP on the machine",
        "from bob.smith (rdns.example [192.0.2.1]) by b.example with local-esmtp",
        "from *** by b.example with local-esmtp",
    ),
    (
        "a word that is no host name",
        "from bob (unknown [192.0.2.1]) by b.example",
        "from *** (unknown [192.0.2.1]) by b.example",
    ),
    ("a word in quotes", 'from "bob.smith x" by b.example', "from *** by b.example"),
    ("a HELO that is no host name", "from [192.0.2.1] (helo=bobs-laptop) by b", "from [192.0.2.1] (helo=***) by b"),
    ("an address for a name", "from [IPv6:2001:db8::1] by b.example", "from [IPv6:2001:db8::1] by b.example"),
    ("nothing", "", ""),
]


@pytest.mark.parametrize(("what", "trace", "kept"), TRACES, ids=[row[0] for row in TRACES])
def test_of_a_trace_stays_who_gave_it_to_whom(what: str, trace: str, kept: str) -> None:
    assert redact.received(f"{trace}; {DATE}") == f"{kept}; {DATE}"


def test_of_a_trace_without_a_date_no_more_stays() -> None:
    assert redact.received("from a.example (bob) by b.example for bob") == "from a.example by b.example"
    assert redact.received("by b.example; bob was here; now (bob)") == "by b.example"
    assert redact.received(f"by b.example; {DATE} (bob) bob") == f"by b.example; {DATE}"


def test_of_a_signature_stay_domain_and_selector() -> None:
    assert redact.signature("v=1; d=a.example ;s= s1; i=bob@a.example; bh=x=; b=y") == "d=a.example; s=s1"
    assert redact.signature("b=y") == ""


@given(st.text(max_size=200))
def test_any_text_can_be_redacted(text: str) -> None:
    redact.hide(text)
    redact.address(text)
    redact.signature(text)
    redact.received(text)


@pytest.mark.parametrize(
    "piece",
    ["a", "@", '"', "(", ")", "a@", " ", ";", "[", "=", "a b", "smtp.", "smtp.auth=(", "smtp (", "smtp\t", '\\"', 'a"@'],
)
def test_long_texts_cost_no_more_than_their_length(piece: str) -> None:
    text = piece * 100_000
    began = time.process_time()
    redact.hide(text)
    redact.received(text)
    redact.signature(text)
    assert time.process_time() - began < 1
