"""What an operator writes about alerts: what it means, and the sentence that each mistake gets."""

import tomllib
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truehelo.configuration.alerting import KEYS, Alerting, read_alerting
from truehelo.configuration.channels import (
    AppriseSettings,
    CommandSettings,
    EmailSettings,
    OtherSettings,
    Secret,
    WebhookSettings,
)
from truehelo.configuration.duration import read_duration, write_duration
from truehelo.configuration.mail_only import warn_only_watched_mail
from truehelo.configuration.routes import Route
from truehelo.errors import FileError
from truehelo.findings import Severity

MAIL = (
    '[[channel]]\nname = "ops"\nkind = "email"\nhost = "smtp.example.net"\nfrom = "a@example.net"\nto = ["b@example.net"]\n'
)
HOOK = '[[channel]]\nname = "hook"\nkind = "webhook"\nurl = "https://hooks.example.net/t"\nsecret_file = "key"\n'
RUN = '[[channel]]\nname = "run"\nkind = "command"\nargv = ["/usr/local/bin/page", "-u"]\n'
APPRISE = '[[channel]]\nname = "chat"\nkind = "apprise"\nurls_env = "CHAT_URLS"\n'


def read(text: str) -> Alerting:
    return read_alerting(tomllib.loads(text), "watch.toml")


def test_each_kind_of_channel_is_read() -> None:
    mail, hook, run, chat = read(MAIL + HOOK + RUN + APPRISE).channels
    assert isinstance(mail, EmailSettings)
    assert (mail.host, mail.port, mail.tls, mail.envelope) == ("smtp.example.net", 587, "starttls", "a@example.net")
    assert mail.recipients == ("b@example.net",)
    assert isinstance(hook, WebhookSettings)
    assert (hook.url, hook.secret, hook.old_secret) == ("https://hooks.example.net/t", Secret(file="key"), None)
    assert isinstance(run, CommandSettings)
    assert (run.argv, run.timeout_s) == (("/usr/local/bin/page", "-u"), 30.0)
    assert isinstance(chat, AppriseSettings)
    assert chat.urls == Secret(env="CHAT_URLS")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('tls = "tls"', {"tls": "tls", "port": 465}),
        ('tls = "none"', {"tls": "none", "port": 25}),
        ("port = 2525", {"tls": "starttls", "port": 2525}),
        ('timeout = "1m30s"', {"timeout_s": 90.0}),
        ('envelope_from = ""', {"envelope": ""}),
        ('envelope_from = "bounces@example.net"', {"envelope": "bounces@example.net"}),
        ('user = "u"\npassword_env = "SMTP_PASSWORD"', {"user": "u", "password": Secret(env="SMTP_PASSWORD")}),
        ('helo = "watch.example.net"', {"helo": "watch.example.net"}),
        ('from_name = "Watch of Example"', {"sender_name": "Watch of Example"}),
    ],
)
def test_a_mail_channel_takes(written: str, expected: dict[str, Any]) -> None:
    channel = read(MAIL + written).channels[0]
    assert {key: getattr(channel, key) for key in expected} == expected


def test_a_kind_of_another_package_keeps_its_keys() -> None:
    (channel,) = read('[[channel]]\nname = "x"\nkind = "pigeon"\ncolour = "grey"\ntimeout = "5s"').channels
    assert channel == OtherSettings(name="x", kind="pigeon", timeout_s=5.0, options={"colour": "grey"})


def test_without_a_route_every_channel_gets_what_is_a_warning_or_worse() -> None:
    assert read(MAIL + HOOK).routes == (Route(channels=("ops", "hook"), severity=Severity.WARNING),)


def test_without_anything_nobody_is_told() -> None:
    assert read("") == Alerting()


def test_a_route_is_read_whole() -> None:
    text = """
    [[route]]
    tags = ["PTR_*"]
    severity = "error"
    groups = ["customers-*"]
    owners = ["anna"]
    channels = ["hook"]
    after = "30m"
    remind_every = "1d"
    recovered = false
    continue = true
    """
    (route,) = read(MAIL + HOOK + text).routes
    assert route == Route(
        channels=("hook",),
        severity=Severity.ERROR,
        tags=("PTR_*",),
        groups=("customers-*",),
        owners=("anna",),
        after=timedelta(minutes=30),
        remind_every=timedelta(days=1),
        recovered=False,
        continues=True,
    )


def test_a_route_may_leave_everything_to_the_digest() -> None:
    (route,) = read(MAIL + '[digest]\nevery = "daily"\n[[route]]\nseverity = "note"\ndigest = true').routes
    assert (route.digest, route.channels) == (True, ())


MISTAKES = [
    ("a list that is none", "channel = 3", "channel is no list of tables; begin each one with a line [[channel]]"),
    ("a table that is no list", '[channel]\nname = "x"', "channel is no list of tables"),
    ("no name", '[[channel]]\nkind = "email"', "[[channel]] 1 has no name; give each channel a name"),
    ("a name with a blank", '[[channel]]\nname = "a b"\nkind = "email"', "[[channel]] 1 name is 'a b'"),
    ("no kind", '[[channel]]\nname = "x"', "[[channel]] 1 (x) has no kind; it is one of email, webhook, command, apprise"),
    ("one name twice", MAIL + MAIL, "[[channel]] 2 is called ops, as an earlier one is; rename one"),
    ("an unknown key", MAIL + "prot = 25", "[[channel]] 1 (ops) has an unknown key 'prot'; did you mean 'port'?"),
    ("no host", '[[channel]]\nname = "x"\nkind = "email"', "[[channel]] 1 (x) has no host; name the mail server"),
    ("a host that is none", MAIL.replace("smtp.example.net", "smtp_1"), "host is 'smtp_1': the name holds an underscore"),
    ("a sender that is none", MAIL.replace('"a@', '"'), "from is 'example.net', which is no mail address"),
    (
        "a header in a recipient",
        MAIL.replace("b@", "b\\r\\nBcc: c@"),
        "to holds a control or invisible character: b\\x0d\\x0aBcc",
    ),
    ("no recipients", MAIL.replace('["b@example.net"]', "[]"), "to is an empty list; write to ="),
    ("a number as recipient", MAIL.replace('["b@example.net"]', "[1]"), "to is no text"),
    ("a port too high", MAIL + "port = 65536", "port is 65536; port is a whole number from 1 to 65535"),
    ("a port in quotes", MAIL + 'port = "25"', "port is no whole number"),
    ("a port that is true", MAIL + "port = true", "port is no whole number"),
    ("a word for tls", MAIL + 'tls = "ssl"', "tls is 'ssl'; known are none, starttls, tls"),
    (
        "a user without password",
        MAIL + 'user = "u"',
        "has a user and no password; give user, and password_file or password_env",
    ),
    ("a password without user", MAIL + 'password_file = "p"', "has a password and no user"),
    ("the password itself", MAIL + 'password = "hunter2"', "has password itself; a secret does not belong into this file"),
    (
        "two places",
        MAIL + 'user="u"\npassword_file="p"\npassword_env="P"',
        "has both password_file and password_env; keep one",
    ),
    (
        "a variable that is none",
        MAIL + 'user="u"\npassword_env="A B"',
        "password_env is 'A B'; it is the name of an environment",
    ),
    ("a password in clear", MAIL + 'user="u"\npassword_env="P"\ntls="none"', "would send its password in clear"),
    ("a timeout that is none", MAIL + 'timeout = "soon"', "timeout is 'soon', which is no length of time; write it as"),
    ("a timeout too long", MAIL + 'timeout = "1h"', "timeout is 1h; it may be 1s to 10m"),
    ("a hook without url", HOOK.replace("url =", "#"), "[[channel]] 1 (hook) has no url; write url = "),
    ("a hook with two", HOOK + 'url_env = "U"', "has two addresses"),
    ("a hook elsewhere", HOOK.replace("https:", "ftp:"), "url is no URL of http:// or https://"),
    ("a password in a URL", HOOK.replace("//hooks", "//u:p@hooks"), "url holds a user or a password"),
    ("an unsigned hook", HOOK.replace("secret_file", "#"), "has no secret to sign with; write secret_file"),
    ("a hook with its key", HOOK.replace("secret_file", "secret"), "has secret itself"),
    (
        "a shell line",
        RUN.replace('["/usr/local/bin/page", "-u"]', '"page -u"'),
        "argv is one text, and no shell takes it apart",
    ),
    ("an empty command", RUN.replace('["/usr/local/bin/page", "-u"]', "[]"), "argv is no list of texts"),
    ("an odd variable", RUN + 'pass_env = ["A=B"]', "pass_env names 'A=B'"),
    ("an Apprise URL in the file", APPRISE.replace("urls_env", "url"), "has url, and Apprise URLs hold tokens"),
    ("Apprise without URLs", APPRISE.replace("urls_env", "#"), "has no URLs; write urls_file"),
    ("a route to nobody", '[[route]]\nseverity = "error"', "[[route]] 1 tells nobody: there is no channel"),
    (
        "a route elsewhere",
        MAIL + '[[route]]\nchannels = ["opps"]',
        "names a channel 'opps' that there is not; did you mean 'ops'?",
    ),
    ("a severity", MAIL + '[[route]]\nseverity = "eror"', "severity is 'eror'; did you mean 'error'?"),
    ("a reminder too often", MAIL + '[[route]]\nremind_every = "1m"', "remind_every is 1m; it may be 5m to 90d"),
    (
        "a flag in quotes",
        MAIL + '[[route]]\nrecovered = "yes"',
        "recovered is neither true nor false; write recovered = true",
    ),
    ("a digest route without digest", MAIL + "[[route]]\ndigest = true", "is left to the digest, and there is none"),
    (
        "a digest route with channels",
        MAIL + '[digest]\nevery = "daily"\n[[route]]\ndigest = true\nchannels = ["ops"]',
        "is left to the digest, and has channels",
    ),
    (
        "a key of a route",
        MAIL + '[[route]]\nafterr = "5m"',
        "[[route]] 1 has an unknown key 'afterr'; did you mean 'after'?",
    ),
    ("a digest that is none", MAIL + "digest = 3\n".replace("digest", "[[route]]\n[digest]\nevery"), "every is no text"),
    ("a digest at noon and a half", MAIL + '[digest]\nevery = "daily"\nhour = 12.5', "hour is no whole number"),
    ("a daily digest on a day", MAIL + '[digest]\nevery = "daily"\nday = "monday"', "has a day, and comes daily"),
    ("a day", MAIL + '[digest]\nevery = "weekly"\nday = "mon"', "day is 'mon'; did you mean 'monday'?"),
    ("a digest for nobody", '[digest]\nevery = "daily"', "[digest] tells nobody: there is no channel"),
    (
        "a zone",
        MAIL + '[digest]\nevery = "daily"\ntimezone = "Berlin"',
        "timezone is 'Berlin', which this machine does not know",
    ),
    (
        "a zone that is a folder",
        '[[maintenance]]\ncron="* * * * *"\nduration="1h"\ntimezone="Europe"',
        "timezone is 'Europe'",
    ),
    (
        "a zone outside",
        '[[maintenance]]\ncron="* * * * *"\nduration="1h"\ntimezone="../etc/passwd"',
        "which this machine does not",
    ),
    ("four fields", '[[maintenance]]\ncron = "0 2 * *"\nduration = "1h"', "cron is '0 2 * *', which has not five fields"),
    ("an hour of 25", '[[maintenance]]\ncron = "0 25 * * *"\nduration = "1h"', "cron is '0 25 * * *': bad hour"),
    ("the 31st of June", '[[maintenance]]\ncron = "0 0 31 6 *"\nduration = "1h"', "cron is '0 0 31 6 *': bad day-of-month"),
    ("no duration", '[[maintenance]]\ncron = "0 2 * * *"', "[[maintenance]] 1 has no duration"),
    ("half a minute", '[[maintenance]]\ncron = "0 2 * * *"\nduration = "30s"', "duration is 30s; it may be 1m to 14d"),
    ("a target", '[[maintenance]]\ncron="0 2 * * *"\nduration="1h"\ntargets=["192.0.2.300"]', "targets has '192.0.2.300'"),
]


@pytest.mark.parametrize(("mistake", "text", "sentence"), MISTAKES, ids=[row[0] for row in MISTAKES])
def test_a_mistake_gets_a_sentence(mistake: str, text: str, sentence: str) -> None:
    with pytest.raises(FileError) as raised:
        read(text)
    assert str(raised.value).startswith("watch.toml: "), mistake
    assert sentence in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_other_tables_of_the_file_are_for_others() -> None:
    assert read(MAIL + '[store]\nurl = "sqlite:///x"').channels[0].name == "ops"
    assert "store" not in KEYS


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["ops", "email", "1h"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
WORDS = st.sampled_from(
    "name kind host from to port tls argv url secret_file urls_env channels tags after remind_every cron duration timezone "
    "targets groups every hour day digest continue severity timeout user password_env".split()
)
TABLES = st.lists(st.dictionaries(WORDS | st.text(max_size=6), VALUES, max_size=6), max_size=3) | VALUES


def refusal(values: dict[str, object]) -> str:
    try:
        read_alerting(values, "watch.toml")
    except FileError as error:
        return str(error)
    return "watch.toml: well"


@given(st.dictionaries(st.sampled_from(sorted(KEYS)), TABLES))
def test_whatever_is_written_is_read_or_refused_with_one_line(values: dict[str, object]) -> None:
    sentence = refusal(values)
    assert sentence.startswith("watch.toml: ")
    assert sentence.isprintable()


@given(st.sampled_from(["email", "webhook", "command", "apprise"]), st.dictionaries(WORDS, VALUES, max_size=8))
def test_whatever_a_channel_holds_is_read_or_refused(kind: str, values: dict[str, object]) -> None:
    assert refusal({"channel": [values | {"name": "x", "kind": kind}]}).isprintable()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("30m", 1800), ("1h30m", 5400), ("7d", 604800), ("2w", 1209600), ("1d1s", 86401)],
)
def test_a_length_of_time(text: str, seconds: int) -> None:
    assert read_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "0s", "5", "m5", "30m1h", "1.5h", "-5m", "5 m", "5M", "٣m", "9999999999s"])
def test_no_length_of_time(text: str) -> None:
    assert read_duration(text) is None


@given(st.integers(1, 10**9))
def test_a_length_of_time_is_read_as_it_is_written(seconds: int) -> None:
    assert read_duration(write_duration(timedelta(seconds=seconds))) == timedelta(seconds=seconds)


LOCAL = MAIL.replace("smtp.example.net", "localhost")


@pytest.mark.parametrize(
    ("why", "text", "watched", "warned"),
    [
        ("the only channel is mail through a watched server", MAIL, {"smtp.example.net"}, "which is watched"),
        ("names compare as DNS names", MAIL, {"SMTP.Example.NET."}, "which is watched"),
        ("addresses compare as addresses", MAIL.replace("smtp.example.net", "2001:db8::25"), {"2001:DB8:0::25"}, "watched"),
        ("this machine's own server may be watched", LOCAL, set(), "a server of this machine"),
        ("two ways, and both are watched", MAIL + LOCAL.replace("ops", "o2"), {"smtp.example.net"}, "which is watched"),
        ("another server is not watched", MAIL, {"mail.example.net"}, ""),
        ("a webhook is another way", MAIL + HOOK, {"smtp.example.net"}, ""),
        (
            "one of two servers is not watched",
            MAIL + MAIL.replace("smtp.", "relay.").replace("ops", "o2"),
            {"smtp.example.net"},
            "",
        ),
        ("no channel at all is another matter", "", {"smtp.example.net"}, ""),
    ],
)
def test_mail_about_mail_must_not_hang_on_that_mail(why: str, text: str, watched: set[str], warned: str) -> None:
    found = warn_only_watched_mail(read(text).channels, watched)
    assert bool(found) is bool(warned), why
    assert warned in "".join(found)
