"""What a source is suggested to be, and why; and that nobody is ever told to authorise a forwarder."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truehelo.sources import classes
from truehelo.sources.classes import TO_DO, Evidence, SourceClass, suggest

MINE, FORWARDER, UNAUTHORISED, UNKNOWN = SourceClass


@pytest.mark.parametrize(
    ("sentence", "seen", "kind", "codes"),
    [
        ("what the inventory names is mine", Evidence(messages=3, watched=True), MINE, ["inventory"]),
        (
            "a forwarder's signs do not count against the inventory",
            Evidence(messages=100, dkim=100, foreign=100, shared_selector=True, watched=True),
            MINE,
            ["inventory"],
        ),
        (
            "SPF and DKIM aligned is mine",
            Evidence(messages=100, both=98, dkim=2, reporters=8),
            MINE,
            ["spf-aligned", "both-aligned"],
        ),
        ("SPF aligned alone is mine: the record itself says so", Evidence(messages=9, spf=9), MINE, ["spf-aligned"]),
        (
            "my signature on a path of another organisation, and the same key is used by my servers",
            Evidence(messages=100, dkim=96, foreign=96, shared_selector=True, reporters=1, share=0.01),
            FORWARDER,
            ["envelope-foreign", "selector-shared"],
        ),
        (
            "a forwarder that keeps the reverse-path: SPF fails, little mail to one receiver",
            Evidence(messages=12, dkim=11, reporters=1, share=0.002),
            FORWARDER,
            ["spf-lost"],
        ),
        (
            "a mailing list breaks my signature",
            Evidence(messages=40, broken=38, foreign=40, reporters=6),
            FORWARDER,
            ["signature-broken"],
        ),
        (
            "receivers say that it is a list",
            Evidence(messages=40, forwarding=30, foreign=40, reporters=6),
            FORWARDER,
            ["forwarding"],
        ),
        (
            "a service with a key of its own, to many receivers, is mine although its reverse-path is its own",
            Evidence(messages=9000, dkim=8990, foreign=9000, reporters=20, share=0.4),
            MINE,
            ["own-selector"],
        ),
        (
            "a server that SPF forgot: it signs, and its name is ours",
            Evidence(messages=900, dkim=900, shared_selector=True, reporters=9, share=0.2, own_name=True),
            MINE,
            ["own-name"],
        ),
        (
            "my signature, my reverse-path, much mail to many: a server that SPF forgot, or not",
            Evidence(messages=900, dkim=900, shared_selector=True, reporters=9, share=0.2),
            UNKNOWN,
            ["partly-aligned"],
        ),
        ("never aligned is unauthorised", Evidence(messages=50), UNAUTHORISED, ["never-aligned"]),
        (
            "a few messages in the name of several domains are too",
            Evidence(messages=4, domains=3),
            UNAUTHORISED,
            ["never-aligned", "many-domains"],
        ),
        ("never aligned, as far as it was read", Evidence(messages=50, read=12), UNAUTHORISED, ["never-aligned"]),
        ("never aligned, and none of its records was read", Evidence(messages=50, read=0), UNKNOWN, ["no-record-read"]),
        (
            "it signs, and none of its records was read: whose key that is nobody knows",
            Evidence(messages=900, dkim=900, reporters=9, share=0.2, read=0),
            UNKNOWN,
            ["partly-aligned", "no-record-read"],
        ),
        ("SPF passes, which needs no record", Evidence(messages=50, spf=50, read=0), MINE, ["spf-aligned"]),
        ("a few messages of one domain say nothing", Evidence(messages=4), UNKNOWN, ["few-messages"]),
        (
            "never aligned, yet authorised: a shared service perhaps, set up wrongly",
            Evidence(messages=500, authorised="pass"),
            UNKNOWN,
            ["authorised"],
        ),
        (
            "never aligned, and its name is ours: a server that does not sign",
            Evidence(messages=500, own_name=True),
            UNKNOWN,
            ["own-name"],
        ),
        (
            "some of it looks forwarded, most of it does not",
            Evidence(messages=100, broken=20),
            UNKNOWN,
            ["perhaps-forwarded"],
        ),
        ("nothing was sent", Evidence(messages=0), UNKNOWN, ["few-messages"]),
    ],
)
def test_a_class_is_suggested_with_its_reasons(sentence: str, seen: Evidence, kind: SourceClass, codes: list[str]) -> None:
    found = suggest(seen)
    assert (found.kind, [sign.code for sign in found.signs]) == (kind, codes), sentence


def test_it_is_said_of_how_many_messages_a_record_was_read() -> None:
    [sign] = suggest(Evidence(messages=50, read=12)).signs
    assert sign.text == ("none of 50 messages was aligned, and none of the 12 that were read carried a signature of yours")


counts = st.integers(0, 1000)
evidence = st.builds(
    lambda both, spf, dkim, rest, **others: Evidence(
        messages=both + spf + dkim + rest, both=both, spf=spf, dkim=dkim, **others
    ),
    counts,
    counts,
    counts,
    counts,
    broken=counts,
    forwarding=counts,
    foreign=counts,
    read=st.none() | counts,
    shared_selector=st.booleans(),
    domains=st.integers(1, 5),
    reporters=st.integers(1, 50),
    share=st.floats(0, 1),
    watched=st.booleans(),
    own_name=st.booleans(),
    authorised=st.sampled_from(["", "pass", "fail", "temperror"]),
)


@given(evidence)
def test_every_suggestion_has_a_reason(seen: Evidence) -> None:
    found = suggest(seen)
    assert found.signs
    assert all(sign.text for sign in found.signs)
    assert not (seen.watched and found.kind is not SourceClass.MINE)
    assert not (seen.aligned and found.kind is SourceClass.UNAUTHORISED), "what passes is not without leave"


AUTHORISING = re.compile(
    r"\b(add|include|list|put|insert|authoris|authoriz|allow|permit|whitelist|extend)\w*\b[^.]*\bspf\b"
    r"|\bspf\b[^.]*\b(add|include|list|put|insert|allow|permit|extend)\w*\b"
    r"|\binclude:|\bip[46]:|\ba:|\bredirect=",
    re.IGNORECASE,
)
"""How an advice to put somebody into an SPF record would read."""


def texts() -> Iterator[str]:
    """Everything that is said of a forwarder, and of what is suggested to be one."""
    yield TO_DO[SourceClass.FORWARDER]
    for messages in (1, 12, 400):
        for shared in (True, False):
            for broken, forwarding in ((messages, 0), (0, messages), (0, 0)):
                seen = Evidence(
                    messages=messages,
                    dkim=0 if broken else messages,
                    broken=broken,
                    forwarding=forwarding,
                    foreign=messages,
                    shared_selector=shared,
                )
                found = suggest(seen)
                if found.kind is SourceClass.FORWARDER:
                    yield from (sign.text for sign in found.signs)


def test_nobody_is_told_to_authorise_a_forwarder() -> None:
    said = list(texts())
    assert len(said) > 8
    assert not [text for text in said if AUTHORISING.search(text)]


def test_such_an_advice_would_be_noticed() -> None:
    for text in ("Add it to your SPF record", "put ip4:192.0.2.1 there", "Your SPF record should include it"):
        assert AUTHORISING.search(text)


def test_each_class_says_what_to_do() -> None:
    assert set(TO_DO) == set(SourceClass)
    assert "{source}" in TO_DO[SourceClass.UNKNOWN]
    assert classes.FORWARDING
