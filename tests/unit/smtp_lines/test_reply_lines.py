"""Octets to SMTP replies: what each kind of talk is taken for, and that nothing at all raises."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truehelo.facts.smtp import Ended, Reply, ehlo_reply_name, greeting_name
from truehelo.probes.smtp.lines import Heard, Limits, ReplyLines

LIMITS = Limits(line_octets=200, reply_lines=5, octets=1000)


def hear(*pieces: bytes, limits: Limits = LIMITS, end: bool = False) -> list[Heard]:
    lines = ReplyLines(limits)
    heard = [one for piece in pieces for one in lines.feed(piece)]
    return heard + lines.end() if end else heard


def reply_of(heard: list[Heard]) -> Reply | None:
    replies = [one.reply for one in heard if one.reply is not None]
    return replies[-1] if replies else None


def ended_of(heard: list[Heard]) -> Ended | None:
    endings = [one.ended for one in heard if one.ended is not None]
    return endings[-1] if endings else None


@pytest.mark.parametrize(
    ("what", "octets", "code", "lines"),
    [
        ("one line", b"220 mail.example ESMTP\r\n", 220, ("mail.example ESMTP",)),
        ("several lines", b"220-Welcome\r\n220-wait\r\n220 mail.example\r\n", 220, ("Welcome", "wait", "mail.example")),
        ("a bare line feed", b"220 mail.example\n", 220, ("mail.example",)),
        ("a code alone", b"220\r\n", 220, ("",)),
        ("a code and a blank", b"220 \r\n", 220, ("",)),
        ("a tab after the code", b"220\tmail.example\r\n", 220, ("mail.example",)),
        ("a refusal", b"554 No SMTP service here\r\n", 554, ("No SMTP service here",)),
        ("differing codes: the last counts", b"220-hello\r\n554 but no\r\n", 554, ("hello", "but no")),
        ("text that is no UTF-8", b"220 caf\xe9.example\r\n", 220, ("caf\\xe9.example",)),
        ("text in UTF-8", "220 café.example\r\n".encode(), 220, ("café.example",)),
        ("an escape sequence", b"220 \x1b[31mred\x1b[0m\r\n", 220, ("\x1b[31mred\x1b[0m",)),
        ("even a NUL, behind a code", b"220 a\x00b\r\n", 220, ("a\x00b",)),
    ],
)
def test_a_reply_is_read_from(what: str, octets: bytes, code: int, lines: tuple[str, ...]) -> None:
    assert reply_of(hear(octets)) == Reply(code=code, lines=lines), what


@pytest.mark.parametrize(
    ("what", "octets", "ended"),
    [
        ("a web server", b"HTTP/1.1 400 Bad Request\r\n", Ended.HTTP),
        ("a web page", b"<!DOCTYPE html>\n", Ended.HTTP),
        ("a TLS alert, without any line end", b"\x15\x03\x01\x00\x02\x02\x46", Ended.BINARY),
        ("NULs, without any line end", b"\x00\x00\x00\x2e", Ended.BINARY),
        ("a line that is no text", b"\xff\xfe\xfd\n", Ended.BINARY),
        ("another protocol", b"SSH-2.0-OpenSSH_9.2\r\n", Ended.NOT_SMTP),
        ("an empty line", b"\r\n", Ended.NOT_SMTP),
        ("a code below all codes", b"020 x\r\n", Ended.NOT_SMTP),
        ("a code above all codes", b"620 x\r\n", Ended.NOT_SMTP),
        ("four digits", b"2200 x\r\n", Ended.NOT_SMTP),
        ("a code and text without a blank", b"220mail.example\r\n", Ended.NOT_SMTP),
        ("plain text in the middle of a reply", b"220-hello\r\nand more\r\n220 x\r\n", Ended.NOT_SMTP),
        ("a line without end", b"220 " + b"x" * 300, Ended.TOO_MUCH),
        ("a line that is too long", b"220 " + b"x" * 300 + b"\r\n", Ended.TOO_MUCH),
        ("a reply of too many lines", b"220-x\r\n" * 6, Ended.TOO_MUCH),
        ("too much in all", b"250 x\r\n" * 200, Ended.TOO_MUCH),
    ],
)
def test_trouble_has_its_own_word_for(what: str, octets: bytes, ended: Ended) -> None:
    heard = hear(octets)
    assert ended_of(heard) is ended, what
    assert heard[-1].detail, what


def test_a_reply_comes_only_with_its_last_line() -> None:
    lines = ReplyLines(LIMITS)
    assert reply_of(lines.feed(b"220-Welcome\r\n220 mail")) is None
    assert lines.pending
    assert reply_of(lines.feed(b".example\r\n")) == Reply(code=220, lines=("Welcome", "mail.example"))
    assert not lines.pending


def test_two_replies_in_one_piece_are_two() -> None:
    heard = hear(b"220 a\r\n250 b\r\n")
    assert [one.reply.code for one in heard if one.reply] == [220, 250]


def test_text_that_stops_in_the_middle_of_a_line_is_named_at_the_end() -> None:
    assert ended_of(hear(b"Hello the", end=True)) is Ended.NOT_SMTP
    assert ended_of(hear(b"HTTP/1.0 40", end=True)) is Ended.HTTP


def test_half_a_reply_is_no_trouble_at_the_end() -> None:
    heard = hear(b"220 mail.exa", end=True)
    assert ended_of(heard) is None
    assert heard[-1].text == "220 mail.exa"


def test_after_trouble_nothing_more_is_heard() -> None:
    lines = ReplyLines(LIMITS)
    assert ended_of(lines.feed(b"rubbish\r\n")) is Ended.NOT_SMTP
    assert lines.feed(b"220 mail.example\r\n") == []
    assert lines.end() == []


@given(st.lists(st.binary(max_size=300), max_size=12))
def test_arbitrary_octets_never_raise_and_stay_within_bounds(pieces: list[bytes]) -> None:
    heard = hear(*pieces, end=True)
    assert sum(one.ended is not None for one in heard) <= 1
    for one in heard:
        assert len(one.text) <= 4 * max(LIMITS.line_octets, 200)
        if one.reply is not None:
            assert 100 <= one.reply.code <= 599
            assert 1 <= len(one.reply.lines) <= LIMITS.reply_lines


@given(st.sampled_from([b"220 ", b"220-x\r\n220 ", b"250 ", b"250-"]), st.binary(max_size=120))
def test_the_names_in_arbitrary_replies_are_read_without_a_complaint(start: bytes, octets: bytes) -> None:
    for one in hear(start + octets + b"\r\n"):
        if one.reply is not None:
            assert greeting_name(one.reply).form
            name = ehlo_reply_name(one.reply)
            assert name is None or name.split() == [name]


SMTP_LIKE = st.lists(
    st.sampled_from(
        [b"220", b"250", b"554", b"-", b" ", b"\r\n", b"\n", b"\r", b"mail.example", b"x" * 90, b"\x00", b"\xff"]
    ),
    max_size=40,
).map(b"".join)


@given(SMTP_LIKE, st.lists(st.integers(0, 400), max_size=6))
def test_where_the_network_cuts_makes_no_difference_to_the_replies(octets: bytes, cuts: list[int]) -> None:
    places = sorted({0, *(cut for cut in cuts if cut < len(octets)), len(octets)})
    pieces = [octets[low:high] for low, high in pairwise(places)]
    limits = Limits(line_octets=10_000, reply_lines=50, octets=100_000)
    whole, cut = hear(octets, limits=limits), hear(*pieces, limits=limits)
    assert [one.reply for one in whole if one.reply] == [one.reply for one in cut if one.reply]
    assert ended_of(whole) is ended_of(cut)
