"""Who is told of which notice, how soon, when again; what is silenced; when a failed delivery is tried anew."""

import tomllib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.notices import AT, DIGEST, ONE, TEST, UNSEEN
from truehelo.configuration.alerting import Alerting, read_alerting
from truehelo.drift.routing import (
    FIRST_RETRY,
    LAST_RETRY,
    MAX_TRIES,
    deliveries,
    next_reminder,
    next_try,
    retry_after,
    silenced,
)
from truehelo.findings import Severity
from truehelo.monitoring import Notice, NoticeKind, Silence

CHANNELS = "".join(
    f'[[channel]]\nname = "{name}"\nkind = "command"\nargv = ["true"]\n' for name in ("mail", "chat", "pager")
)
ESCALATING = '[[route]]\nchannels = ["chat"]\ncontinue = true\n[[route]]\nchannels = ["pager"]\nafter = "30m"'
NOW, HALF = timedelta(), timedelta(minutes=30)


def alerting(routes: str) -> Alerting:
    return read_alerting(tomllib.loads(CHANNELS + routes), "watch.toml")


def told(notice: Notice, routes: str, **more: object) -> dict[str, timedelta]:
    return {each.channel: each.after for each in deliveries(notice, alerting(routes), **more)}  # type: ignore[arg-type]


def later(minutes: int, kind: NoticeKind, **more: object) -> Notice:
    return replace(ONE, kind=kind, at=AT + timedelta(minutes=minutes), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("why", "routes", "channels"),
    [
        ("without a route, all", "", {"mail", "chat", "pager"}),
        (
            "the first that matches ends the search",
            '[[route]]\nchannels = ["mail"]\n[[route]]\nchannels = ["chat"]',
            {"mail"},
        ),
        ("unless it continues", '[[route]]\nchannels="mail"\ncontinue=true\n[[route]]\nchannels="chat"', {"mail", "chat"}),
        (
            "one that does not match is passed",
            '[[route]]\ntags="DNSBL_*"\nchannels="mail"\n[[route]]\nchannels="chat"',
            {"chat"},
        ),
        ("a tag by pattern", '[[route]]\ntags = ["PTR_*"]\nchannels = ["mail"]', {"mail"}),
        ("case matters in a tag", '[[route]]\ntags = ["ptr_*"]\nchannels = ["mail"]', set()),
        ("a group by pattern", '[[route]]\ngroups = ["customers-*"]\nchannels = ["mail"]', {"mail"}),
        ("another group", '[[route]]\ngroups = ["office"]\nchannels = ["mail"]', set()),
        ("an owner", '[[route]]\nowners = ["anna"]\nchannels = ["mail"]', {"mail"}),
        ("another owner", '[[route]]\nowners = ["bert"]\nchannels = ["mail"]', set()),
        ("the least severity", '[[route]]\nseverity = "error"\nchannels = ["mail"]', {"mail"}),
        ("all conditions must match", '[[route]]\ntags = "PTR_*"\nowners = "bert"\nchannels = "mail"', set()),
    ],
)
def test_a_new_error_goes_to(why: str, routes: str, channels: set[str]) -> None:
    assert set(told(ONE, routes)) == channels, why


def test_a_note_is_told_only_where_notes_are_wanted() -> None:
    note = replace(ONE, severity=Severity.NOTE)
    assert told(note, "") == {}
    assert told(note, '[[route]]\nseverity = "note"\nchannels = ["mail"]') == {"mail": NOW}


def test_blindness_is_told_to_whoever_reads_warnings() -> None:
    assert set(told(UNSEEN, "")) == {"mail", "chat", "pager"}
    assert told(UNSEEN, '[[route]]\nseverity = "error"') == {}


def test_the_owner_of_a_member_counts_where_the_notice_names_none() -> None:
    assert told(replace(ONE, owners=()), '[[route]]\nowners = ["anna"]\nchannels = ["mail"]') == {"mail": NOW}


def test_what_is_left_to_the_digest_is_not_told_at_once() -> None:
    digest = '[digest]\nevery = "daily"\nchannels = ["mail"]\n'
    routes = digest + '[[route]]\ntags = "PTR_*"\ndigest = true\n[[route]]\nchannels = "chat"'
    assert told(ONE, routes) == {}
    assert told(DIGEST, routes) == {"mail": NOW}


def test_a_digest_without_configuration_goes_nowhere_and_a_test_everywhere() -> None:
    assert told(DIGEST, "") == {}
    assert set(told(TEST, '[[route]]\nowners = ["nobody"]')) == {"mail", "chat", "pager"}


STEPS = [
    ("opened: at once, and later to the pager", ONE, {}, {"chat": NOW, "pager": HALF}),
    (
        "opened and acknowledged: whether the pager is told is asked at its time",
        ONE,
        {"acknowledged": True},
        {"chat": NOW, "pager": HALF},
    ),
    ("escalated too early: nobody", later(29, NoticeKind.ESCALATED), {}, {}),
    ("escalated in time: the pager", later(30, NoticeKind.ESCALATED), {}, {"pager": NOW}),
    ("escalated, but somebody is on it", later(30, NoticeKind.ESCALATED), {"acknowledged": True}, {}),
    ("grown before the pager knows", later(10, NoticeKind.GROWN), {}, {"chat": NOW}),
    ("grown when the pager knows", later(40, NoticeKind.GROWN), {}, {"chat": NOW, "pager": NOW}),
    ("recovered before the pager knew", later(10, NoticeKind.RECOVERED), {}, {"chat": NOW}),
    ("recovered when the pager knew", later(40, NoticeKind.RECOVERED), {}, {"chat": NOW, "pager": NOW}),
    ("recovered, and the pager was never told", later(40, NoticeKind.RECOVERED), {"told": {"chat"}}, {"chat": NOW}),
    (
        "recovered and acknowledged is told all the same",
        later(10, NoticeKind.RECOVERED),
        {"acknowledged": True},
        {"chat": NOW},
    ),
    ("told sooner than its time, it hears the end", later(10, NoticeKind.RECOVERED), {"told": {"pager"}}, {"pager": NOW}),
]


@pytest.mark.parametrize(("why", "notice", "more", "expected"), STEPS, ids=[row[0] for row in STEPS])
def test_an_escalation(why: str, notice: Notice, more: dict[str, object], expected: dict[str, timedelta]) -> None:
    assert told(notice, ESCALATING, **more) == expected


def test_two_routes_to_one_channel_are_one_delivery_at_the_earlier_time() -> None:
    routes = '[[route]]\nchannels="chat"\nafter="1h"\ncontinue=true\n[[route]]\nchannels=["chat","mail"]\nafter="5m"'
    assert told(ONE, routes) == {"chat": timedelta(minutes=5), "mail": timedelta(minutes=5)}


def test_a_recovery_is_not_told_where_it_is_not_wanted() -> None:
    assert told(later(9, NoticeKind.RECOVERED), '[[route]]\nchannels = "mail"\nrecovered = false') == {}


REMINDING = (
    '[[route]]\nchannels = "mail"\nremind_every = "1d"\ncontinue = true\n[[route]]\nchannels = "chat"\nremind_every = "2h"'
)


@pytest.mark.parametrize(
    ("why", "last", "more", "expected"),
    [
        ("the sooner of two", {"mail": 0, "chat": 0}, {}, ("chat", 120)),
        ("counted from when it was last told", {"mail": 0, "chat": 1380}, {}, ("mail", 1440)),
        ("whoever was not told is not reminded", {"mail": 0}, {}, ("mail", 1440)),
        ("nobody was told", {}, {}, None),
        ("somebody is on it", {"mail": 0, "chat": 0}, {"acknowledged": True}, None),
    ],
)
def test_the_next_reminder(why: str, last: dict[str, int], more: dict[str, bool], expected: tuple[str, int] | None) -> None:
    times = {channel: AT + timedelta(minutes=minutes) for channel, minutes in last.items()}
    found = next_reminder(ONE, alerting(REMINDING), times, **more)
    got = None if found is None else (found.channel, int((found.at - AT).total_seconds()) // 60)
    assert got == expected, why


def test_nothing_is_reminded_of_without_being_asked_for_or_after_its_end() -> None:
    times = {"mail": AT, "chat": AT, "pager": AT}
    assert next_reminder(ONE, alerting(""), times) is None
    assert next_reminder(replace(ONE, closed=AT), alerting(REMINDING), times) is None
    assert told(later(1440, NoticeKind.REMINDER), "") == {}
    assert told(later(1440, NoticeKind.REMINDER), REMINDING) == {"mail": NOW, "chat": NOW}
    assert told(later(1440, NoticeKind.REMINDER), REMINDING, told={"mail"}) == {"mail": NOW}


@given(st.integers(1, 60), st.text(max_size=40))
def test_a_retry_waits_between_five_seconds_and_six_hours_and_always_as_long(attempt: int, key: str) -> None:
    length = retry_after(attempt, key)
    assert FIRST_RETRY <= length <= LAST_RETRY
    assert length == retry_after(attempt, key)


def test_retries_grow_and_those_of_different_keys_differ() -> None:
    steps = [retry_after(attempt, "17.opened.mail") for attempt in range(1, 8)]
    assert steps == sorted(steps)
    assert steps[0] < timedelta(seconds=7)
    assert steps[-1] > timedelta(hours=4)
    assert len({retry_after(3, f"key {number}") for number in range(100)}) == 100


def test_all_tries_together_take_about_three_days() -> None:
    whole = sum((retry_after(attempt, "key") for attempt in range(1, MAX_TRIES)), timedelta())
    assert timedelta(days=2) < whole < timedelta(days=4)


@pytest.mark.parametrize(
    ("why", "attempt", "error", "tried"),
    [
        ("a lasting error is not tried again", 1, {"temporary": False}, False),
        ("a temporary one is", 1, {"temporary": True}, True),
        ("not for ever", MAX_TRIES, {"temporary": True}, False),
        ("less often where the channel says so", 3, {"temporary": True, "tries": 3}, False),
        ("but that often", 2, {"temporary": True, "tries": 3}, True),
    ],
)
def test_the_next_try(why: str, attempt: int, error: dict[str, object], tried: bool) -> None:
    assert (next_try(attempt, "key", **error) is not None) is tried, why  # type: ignore[arg-type]


def test_the_other_side_may_ask_for_more_time_but_not_for_less() -> None:
    assert next_try(1, "key", temporary=True, retry_after_s=3600.0) == timedelta(hours=1)
    assert next_try(1, "key", temporary=True, retry_after_s=0.0) == retry_after(1, "key")


UNTIL = datetime(2026, 3, 1, 12, tzinfo=UTC)


def silence(**what: object) -> Silence:
    return Silence(id=1, reason="moving", by="anna", until=UNTIL, **what)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("why", "what", "hours", "heard"),
    [
        ("it names nothing: all is silent", {}, 0, False),
        ("it has ended", {}, 2, True),
        ("it has not begun", {"since": UNTIL - timedelta(minutes=1)}, 0, True),
        ("an address", {"ip": "203.0.113.7"}, 0, False),
        ("a network", {"ip": "203.0.113.0/24"}, 0, False),
        ("a network with bits behind its prefix", {"ip": "203.0.113.9/24"}, 0, False),
        ("another network", {"ip": "198.51.100.0/24"}, 0, True),
        ("a network of the other family", {"ip": "::/0"}, 0, True),
        ("what is no network silences nothing", {"ip": "all"}, 0, True),
        ("a group", {"groups": ("customers-*",)}, 0, False),
        ("another group", {"groups": ("office",)}, 0, True),
        ("a tag", {"tags": ("PTR_*",)}, 0, False),
        ("another tag", {"tags": ("DNSBL_*",)}, 0, True),
        ("all of it must match", {"ip": "203.0.113.7", "tags": ("DNSBL_*",)}, 0, True),
    ],
)
def test_a_silence(why: str, what: dict[str, object], hours: int, heard: bool) -> None:
    found = silenced(
        [silence(**what)], "PTR_MISSING", ip_address("203.0.113.7"), ("customers-north",), AT + timedelta(hours=hours)
    )
    assert (found is None) is heard, why


@pytest.mark.parametrize(
    ("pattern", "goes"),
    [("DNSBL_LISTED", True), ("DNSBL_*", True), ("DNSBL_LISTED:spamcop", True), ("DNSBL_LISTED:sorbs", False)],
)
def test_a_list_has_a_tag_of_its_own_and_answers_to_that_of_all(pattern: str, goes: bool) -> None:
    tag = "DNSBL_LISTED:spamcop"
    assert bool(told(replace(ONE, tag=tag), f'[[route]]\ntags = "{pattern}"\nchannels = ["mail"]')) is goes
    assert (silenced([silence(tags=(pattern,))], tag, None, (), AT) is not None) is goes


def test_what_has_no_address_is_not_silenced_by_one() -> None:
    assert silenced([silence(ip="203.0.113.7")], "PTR_UNKNOWN", None, (), AT) is None
    assert silenced([silence(tags=("PTR_*",))], "PTR_UNKNOWN", None, (), AT) is not None
