"""A notice in words: every form says the same, none of it can be broken out of, and the data fits the schema that ships."""

import json
import re
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import timedelta
from html.parser import HTMLParser
from importlib.resources import files

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.notices import AT, EVIL, HOSTILE, MANY, ONE, TEST, member, notices
from truehelo.facts.text import visible
from truehelo.monitoring import Member, Notice, NoticeKind
from truehelo.render.notice import MAX_SUBJECT, message
from truehelo.render.style import columns

SCHEMA = json.loads((files("truehelo.render") / "schema" / "notice-1.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())
ELEMENTS = set("html head meta title style body main h1 h2 p table tr th td a ul li br pre".split())
ALL = notices()
FEW = replace(MANY, members=MANY.members[:3], count=3)
TWICE = replace(MANY, members=(member(0), member(0)), count=2, groups=("north", "south"))
APART = replace(MANY, members=(member(0), member(300)), count=2)
TAME = {name: notice for name, notice in ALL.items() if name != "hostile"}


class Reader(HTMLParser):
    """What a browser makes of a page: elements with their attributes, and the text."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def words_of(text: str) -> Iterator[str]:
    yield from re.findall(r"\S+", text)


def assert_harmless(notice: Notice) -> None:
    made = message(notice)
    assert made.subject.isprintable()
    assert len(made.subject) <= MAX_SUBJECT
    assert made.thread.isprintable()
    assert " " not in made.thread
    assert all(line.isprintable() for line in made.text.splitlines())
    assert made.text.splitlines() == made.text.removesuffix("\n").split("\n")
    page = Reader(made.html)
    assert page.open == []
    assert {tag for tag, _ in page.elements} <= ELEMENTS
    for tag, attributes in page.elements:
        assert set(attributes) <= {"lang", "charset", "http-equiv", "content", "name", "class", "scope", "href"}
        assert tag != "a" or (attributes["href"] or "").startswith(("https://", "http://"))
    made.html.encode("utf-8")
    VALIDATOR.validate(json.loads(json.dumps(made.data)))


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_notice_is_harmless_in_every_form(name: str) -> None:
    assert_harmless(ALL[name])


def test_the_schema_is_itself_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", sorted(TAME))
def test_plain_text_is_at_most_78_columns_wide_but_for_a_command_which_is_to_be_copied(name: str) -> None:
    wide = [line for line in message(TAME[name]).text.splitlines() if columns(line) > 78]
    assert [line for line in wide if not line.startswith("    truehelo silence ")] == []


@pytest.mark.parametrize("name", sorted(ALL))
def test_the_page_says_all_that_the_text_says(name: str) -> None:
    made = message(ALL[name])
    page = Reader(made.html).text.replace(" ", "")
    missing = [word for word in words_of(made.text) if word.rstrip(":") not in page]
    assert missing == []


@pytest.mark.parametrize("name", sorted(ALL))
def test_nothing_is_loaded_from_elsewhere(name: str) -> None:
    html = message(ALL[name]).html
    assert "default-src 'none'" in html
    assert not re.search(r"<(img|script|link|iframe|object|form|base)|@import|url\(|\son\w+=", html, re.IGNORECASE)
    assert "prefers-color-scheme:dark" in html


def test_a_command_is_given_whole_on_one_line() -> None:
    lines = message(ONE).text.splitlines()
    assert "    7.113.0.203.in-addr.arpa. 3600 IN PTR mail.business.example." in lines
    assert "    truehelo ack 17" in lines
    assert '    truehelo silence 203.0.113.7 --tag PTR_UNEXPECTED --for 8h --reason "why"' in lines


@pytest.mark.parametrize(
    ("why", "notice", "command"),
    [
        ("one address is named", ONE, "truehelo silence 203.0.113.7 --tag"),
        ("several of one group: the group", ALL["unseen"], "truehelo silence --group customers-north --tag"),
        ("several groups in one network: the network", FEW, "for a while:\n    truehelo silence 203.0.113.0/24 --tag"),
        ("an address from two places: the address", TWICE, "truehelo silence 203.0.113.7 --tag"),
        ("some are not named: the tag, and what that means", MANY, "nor of this finding anywhere else:"),
        ("in several networks: the tag, and what that means", APART, "nor of this finding anywhere else:"),
        ("a name that a shell might read otherwise is left out", replace(APART, groups=("$(id)",)), "silence --tag PTR_"),
    ],
)
def test_what_is_silenced(why: str, notice: Notice, command: str) -> None:
    assert command in message(notice).text, why


KEY_OF_4096 = '  s1._domainkey.business.example. 3600 IN TXT "v=DKIM1; k=rsa; p=' + "A" * 736 + '"'


def test_a_record_to_copy_is_whole_or_not_there() -> None:
    whole = message(replace(ONE, fix=("Publish:", KEY_OF_4096)))
    assert "  " + KEY_OF_4096 in whole.text.splitlines()
    assert KEY_OF_4096.strip() in Reader(whole.html).text
    assert whole.data["fix"] == ["Publish:", KEY_OF_4096]
    longer = message(replace(ONE, fix=("Publish:", KEY_OF_4096 * 12)))
    assert "AAAA" not in longer.text + longer.html + str(longer.data)
    assert "too long to be shown here; truehelo incidents shows it" in longer.text


def test_what_is_over_without_having_been_seen_well_is_closed_and_not_recovered() -> None:
    closed = message(replace(ALL["recovered"], ended="it was acknowledged by ann@vm"))
    assert closed.subject.startswith("[truehelo #17] closed: ")
    assert "recovered" not in closed.subject
    assert message(ALL["recovered"]).subject.startswith("[truehelo #17] recovered: ")


@pytest.mark.parametrize(
    "notice",
    [
        ALL["recovered"],
        ALL["stable"],
        ALL["seen"],
        ALL["digest"],
        TEST,
        replace(ONE, closed=AT),
        replace(ONE, incident=None),
    ],
    ids=lambda notice: f"{notice.kind}",
)
def test_what_is_over_or_no_incident_cannot_be_acknowledged(notice: Notice) -> None:
    assert "truehelo ack" not in message(notice).text


def test_a_tag_that_is_no_word_gets_no_command_at_all() -> None:
    assert "truehelo silence" not in message(HOSTILE).text


def test_all_messages_of_an_incident_have_one_thread_and_another_incident_another() -> None:
    threads = {message(replace(ONE, kind=kind, at=AT + timedelta(hours=n))).thread for n, kind in enumerate(NoticeKind)}
    assert len(threads) == 1
    assert message(MANY).thread not in threads
    assert message(replace(ONE, opened=AT + timedelta(days=9))).thread not in threads


def test_the_same_notice_makes_the_same_message() -> None:
    assert message(ONE) == message(replace(ONE))


def test_many_addresses_are_counted_and_the_first_told_as_ranges() -> None:
    text = message(MANY).text
    assert "Addresses   214: 203.0.113.7-56 and 164 more" in text
    assert "and 164 more" in text.split("What changed:")[1]


def test_equal_changes_are_told_once_and_of_many_the_first() -> None:
    each = tuple(member(number, old=f"mail-{number}.business.example") for number in range(40))
    text = message(replace(MANY, members=each, count=40)).text
    assert text.count("from: mail-") == 10
    assert "and 30 more" in text


def test_an_address_that_is_none_is_shown_and_not_taken_for_one() -> None:
    assert r"203.0.113.7\x0d\x0aBcc:" in message(HOSTILE).text


def test_a_long_digest_says_what_was_left_out() -> None:
    text = message(replace(ALL["digest"], lines=tuple(f"line {number}" for number in range(600)))).text
    assert "line 499" in text
    assert "line 500" not in text
    assert "and 100 more lines" in text


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "https://a.example/\r\nX: y", "https://a.example/<b>", "", "ftp://a.example"]
)
def test_a_url_that_is_none_is_no_link(url: str) -> None:
    assert "<a " not in message(replace(ONE, url=url)).html


HOSTILE_TEXT = st.text(max_size=80) | st.sampled_from(
    [EVIL, "</style></title><script>", "\u2028", "&#10;", "-- \n", '"><a href=x>']
)
TEXTS = st.lists(HOSTILE_TEXT, max_size=3).map(tuple)
MEMBERS = st.lists(
    st.builds(
        Member,
        ip=HOSTILE_TEXT | st.just("192.0.2.7"),
        since=st.just(AT),
        expected=HOSTILE_TEXT,
        groups=TEXTS,
        owner=HOSTILE_TEXT,
        old=HOSTILE_TEXT,
        new=HOSTILE_TEXT,
        closed=st.none() | st.just(AT),
    ),
    max_size=3,
).map(tuple)


@given(
    st.builds(
        Notice,
        kind=st.sampled_from(NoticeKind),
        tag=HOSTILE_TEXT,
        severity=st.just(ONE.severity),
        at=st.just(AT),
        summary=HOSTILE_TEXT,
        incident=st.none() | st.integers(0),
        opened=st.none() | st.just(AT),
        closed=st.none() | st.just(AT),
        cause=HOSTILE_TEXT,
        members=MEMBERS,
        count=st.integers(0, 10**6),
        served_by=TEXTS,
        caches_until=st.none() | st.just(AT),
        receivers=TEXTS,
        fix=TEXTS,
        lines=TEXTS,
        groups=TEXTS,
        owners=TEXTS,
        url=HOSTILE_TEXT,
    )
)
def test_whatever_the_network_says_stays_text(notice: Notice) -> None:
    assert_harmless(notice)


def test_the_data_has_every_field_of_a_notice() -> None:
    assert {field.name for field in fields(Notice)} - {"at"} <= set(message(ONE).data)
    assert visible(EVIL) == message(HOSTILE).data["cause"]
