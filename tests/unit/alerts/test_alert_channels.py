"""What channels are made of: kinds, secrets, headers, signatures, waits. Nothing here is sent."""

import asyncio
import email
import email.policy
import importlib.metadata
import json
import sys
import tomllib
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from support.messages import EVIL, KEY, OPENED
from support.notices import DIGEST, TEST
from truehelo.alerts import ChannelKind, DuplicateKindError, Place, all_kinds, build_channels
from truehelo.alerts._kind import Outstanding, Withheld, said
from truehelo.alerts.apprise_ import SCHEMAS, unmentioned, weight
from truehelo.alerts.command import standard_input, variables
from truehelo.alerts.email import compose
from truehelo.alerts.webhook import MAX_WAIT_S, read_key, signed, wait, webhook_id
from truehelo.configuration.alerting import read_alerting
from truehelo.configuration.channels import EmailSettings, OtherSettings, Secret
from truehelo.errors import FileError, InputError
from truehelo.findings import Severity
from truehelo.monitoring import Message, NoticeKind
from truehelo.ports import Channel, ChannelError
from truehelo.render.notice import message

WHSEC = "whsec_" + b64encode(bytes(range(32))).decode()
MAIL = """
[[channel]]
name = "ops"
kind = "email"
host = "smtp.example.net"
from = "alerts@example.net"
to = ["a@example.net", "b@example.net"]
user = "watch"
password_env = "SMTP_PASSWORD"
"""
HOOK = '[[channel]]\nname = "hook"\nkind = "webhook"\nurl = "https://hooks.example.net/t"\nsecret_file = "key"\n'
CHAT = '[[channel]]\nname = "chat"\nkind = "apprise"\nurls_file = "urls"\n'
PASSWORD = {"SMTP_PASSWORD": "hunter2"}
NOW = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)


def build(text: str, folder: Path, **environment: str) -> dict[str, Channel]:
    return build_channels(read_alerting(tomllib.loads(text), "watch.toml").channels, folder, environment)


def test_every_file_of_the_folder_is_a_kind() -> None:
    assert set(all_kinds()) == {"email", "webhook", "command", "apprise"}
    assert all(name == kind.name for name, kind in all_kinds().items())


@dataclass
class Point:
    kind: ChannelKind
    name: str = "other"

    def load(self) -> ChannelKind:
        return self.kind


@pytest.fixture
def with_foreign(monkeypatch: pytest.MonkeyPatch) -> Callable[[ChannelKind], None]:
    def load(kind: ChannelKind) -> None:
        monkeypatch.setattr(importlib.metadata, "entry_points", lambda **_: [Point(kind)])
        all_kinds.cache_clear()

    return load


@pytest.fixture(autouse=True)
def _kinds_anew() -> object:
    yield
    all_kinds.cache_clear()


class Pigeon:
    def __init__(self, settings: OtherSettings) -> None:
        self.name, self.colour = settings.name, settings.options["colour"]

    async def send(self, message: Message, key: str) -> str:
        return "coo"

    async def aclose(self) -> None:
        return None


def pigeon(settings: OtherSettings, place: Place) -> Pigeon:
    return Pigeon(settings)


def test_a_kind_of_another_package_is_built_from_its_own_keys(
    with_foreign: Callable[[ChannelKind], None], tmp_path: Path
) -> None:
    with_foreign(ChannelKind(name="pigeon", build=pigeon))
    channel = build('[[channel]]\nname = "x"\nkind = "pigeon"\ncolour = "grey"', tmp_path)["x"]
    assert isinstance(channel, Pigeon)
    assert channel.colour == "grey"


def test_a_kind_of_another_package_must_not_take_our_name(with_foreign: Callable[[ChannelKind], None]) -> None:
    with_foreign(ChannelKind(name="email", build=pigeon))
    with pytest.raises(DuplicateKindError, match="declared twice"):
        all_kinds()


def test_a_kind_that_there_is_not_is_named_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="channel x: is of a kind that there is not: 'emial'; did you mean 'email'"):
        build('[[channel]]\nname = "x"\nkind = "emial"', tmp_path)


def file(folder: Path, name: str, octets: bytes) -> None:
    (folder / name).write_bytes(octets)


@pytest.mark.parametrize(
    ("why", "octets", "sentence"),
    [
        ("there is no file", None, "key: cannot be read (No such file or directory); the channel hook needs it"),
        ("it is empty", b"\n", "key: is empty"),
        ("it is too long", b"x" * 70_000, "key: is longer than 65536 octets"),
        ("it is no text", b"\xff\xfe", "key: is no text in UTF-8"),
        (
            "it is no key",
            b"hunter2hunter2",
            "key: does not begin with whsec_; it is whsec_ and base64 of 24 to 64 random octets",
        ),
        ("it is no base64", b"whsec_hunter2!", "key: is no base64"),
        ("it is short", b"whsec_aHVudGVyMg==", "key: is a key of 7 octets"),
    ],
)
def test_a_secret_that_cannot_be_used_gets_a_sentence_without_it(
    why: str, octets: bytes | None, sentence: str, tmp_path: Path
) -> None:
    if octets is not None:
        file(tmp_path, "key", octets)
    with pytest.raises(InputError) as raised:
        build(HOOK, tmp_path)
    assert sentence in str(raised.value), why
    assert "hunter2" not in str(raised.value)


def test_a_home_directory_that_is_not_known_gets_a_sentence(tmp_path: Path) -> None:
    place = Place(folder=tmp_path, environment={})
    with pytest.raises(
        FileError, match=r"~nosuchuser9/key: is in a home directory that is not known; write the whole path"
    ):
        place.secret("hook", Secret(file="~nosuchuser9/key"))


def test_a_variable_that_is_not_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match="environment variable SMTP_PASSWORD: is not set, or empty; the channel ops needs it"
    ):
        build(MAIL, tmp_path)


@pytest.mark.parametrize("url", ["ftp://a.example/x", "https://u:hunter2@a.example/", "nothing"])
def test_a_secret_url_that_cannot_be_used_is_not_told(url: str, tmp_path: Path) -> None:
    file(tmp_path, "key", WHSEC.encode())
    with pytest.raises(InputError) as raised:
        build(HOOK.replace('url = "https://hooks.example.net/t"', 'url_env = "U"'), tmp_path, U=url)
    assert "environment variable U" in str(raised.value)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    ("octets", "sentence"), [(None, "ca.pem: cannot be read"), (b"no certificate", "ca.pem: holds no certificates in PEM")]
)
def test_certificates_that_cannot_be_read(octets: bytes | None, sentence: str, tmp_path: Path) -> None:
    if octets is not None:
        file(tmp_path, "ca.pem", octets)
    with pytest.raises(InputError, match=sentence):
        build(MAIL + 'ca_file = "ca.pem"', tmp_path, **PASSWORD)


def test_no_channel_shows_its_secrets(tmp_path: Path) -> None:
    file(tmp_path, "key", WHSEC.encode())
    file(tmp_path, "urls", b"slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#ops\n")
    channels = build(MAIL + HOOK + CHAT, tmp_path, **PASSWORD)
    assert repr(channels) == (
        "{'ops': <email channel ops>, 'hook': <webhook channel hook>, 'chat': <apprise channel chat>}"
    )
    assert "hunter2" not in repr(Place(folder=tmp_path, environment=PASSWORD))


def mail_settings(**changed: object) -> EmailSettings:
    (settings,) = read_alerting(tomllib.loads(MAIL), "watch.toml").channels
    assert isinstance(settings, EmailSettings)
    return replace(settings, **changed)  # type: ignore[arg-type]


def read_mail(made: Message, key: str = KEY) -> email.message.EmailMessage:
    octets = compose(mail_settings(), made, key).as_bytes()
    assert max(map(len, octets.split(b"\r\n"))) <= 998
    octets.decode("ascii")
    return email.message_from_bytes(octets, policy=email.policy.default)


def test_a_mail_has_both_forms_and_says_that_no_human_wrote_it() -> None:
    mail = read_mail(OPENED)
    assert [part.get_content_type() for part in mail.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    forms = [part.get_content().replace("\r\n", "\n") for part in mail.iter_parts()]
    assert forms == [OPENED.text, OPENED.html]
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["To"] == "a@example.net, b@example.net"
    assert mail["From"] == "truehelo <alerts@example.net>"
    assert mail["Subject"] == OPENED.subject


def test_the_message_id_follows_from_the_key_alone() -> None:
    ids = [read_mail(made, key)["Message-ID"] for made, key in ((OPENED, "a"), (OPENED, "a"), (EVIL, "a"), (OPENED, "b"))]
    assert ids[0] == ids[1] == ids[2] != ids[3]
    assert ids[0].endswith("@example.net>")


def test_all_mails_of_an_incident_answer_the_same_one_and_no_other_does() -> None:
    reminder = replace(OPENED, kind=NoticeKind.REMINDER)
    first, second, other = read_mail(OPENED), read_mail(reminder, "c"), read_mail(EVIL)
    assert first["References"] == first["In-Reply-To"] == second["References"]
    assert other["References"] != first["References"]
    assert first["Message-ID"] not in first["References"]
    assert all("References" not in read_mail(message(alone)) for alone in (DIGEST, TEST))


def test_hostile_text_makes_no_header_of_a_mail() -> None:
    mail = read_mail(replace(EVIL, subject="x\r\nBcc: all@business.example\r\n\r\nbody"))
    assert "Bcc" not in mail
    assert mail["Subject"] == r"x\x0d\x0aBcc: all@business.example\x0d\x0a\x0d\x0abody"


@pytest.mark.parametrize(
    "word",
    [
        "=?utf-8?q?ok=0d=0aBcc:_x@evil.example=0d=0a=0d=0aAll_well?=",
        "=?utf-8?b?b2sNCkJjYzogeEBldmlsLmV4YW1wbGU=?=",
        "mail.=?utf-8?q?=E2=80=AEmoc?=.example",
        "==??utf-8?q?=0d=0aBcc:_x?=",
        "=?x?q?=0d=0aBcc:_x?= =?utf-8?q?=00?=",
    ],
)
def test_an_encoded_word_in_a_name_is_shown_and_not_decoded(word: str) -> None:
    octets = compose(mail_settings(), replace(OPENED, subject=f"192.0.2.25 is called {word}"), KEY).as_bytes()
    head = octets.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    names = [line.partition(b":")[0] for line in head.splitlines() if line[:1] not in b" \t"]
    wanted = "From To Subject Date Message-ID In-Reply-To References Auto-Submitted MIME-Version Content-Type"
    assert sorted(names) == sorted(wanted.encode().split())
    assert str(read_mail(replace(OPENED, subject=word))["Subject"]) == word.replace("=?", "= ?")


@given(st.text(max_size=300), st.text(max_size=60))
@example("=?utf-8?q?=0d=0aBcc:_x?=", "a")
def test_any_subject_and_key_make_a_mail(subject: str, key: str) -> None:
    mail = read_mail(replace(OPENED, subject=subject), key)
    assert "Bcc" not in mail
    assert len(mail.get_all("Message-ID", [])) == 1


BODY = json.dumps(OPENED.data).encode()


@pytest.mark.parametrize("number", [0, 1], ids=["the present key", "the old key"])
def test_a_signature_is_verified_by_another_implementation_with_either_key(number: int) -> None:
    from standardwebhooks import Webhook

    keys = (bytes(range(32)), bytes(range(32, 64)))
    headers = signed(KEY, BODY, keys, datetime.now(UTC).timestamp())
    assert Webhook("whsec_" + b64encode(keys[number]).decode()).verify(BODY, headers) == json.loads(BODY)


def test_a_signature_is_of_this_body_this_key_and_this_time() -> None:
    from standardwebhooks import Webhook, WebhookVerificationError

    headers = signed(KEY, BODY, (bytes(32),), datetime.now(UTC).timestamp())
    for changed, body in (
        ({}, BODY + b" "),
        ({"webhook-id": "other"}, BODY),
        ({"webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1)}, BODY),
    ):
        with pytest.raises(WebhookVerificationError):
            Webhook("whsec_" + b64encode(bytes(32)).decode()).verify(body, headers | changed)


def test_the_example_of_the_python_library_is_signed_the_same() -> None:
    from standardwebhooks import Webhook

    at = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
    expected = Webhook(WHSEC).sign("17:opened:ops", at, BODY.decode())
    assert signed(KEY, BODY, (bytes(range(32)),), at.timestamp())["webhook-signature"] == expected


@given(st.text(max_size=300), st.text(max_size=300))
def test_a_webhook_id_is_fit_for_a_header_has_no_full_stop_and_tells_keys_apart(one: str, other: str) -> None:
    assert webhook_id(one).isascii()
    assert webhook_id(one).isprintable()
    assert "." not in webhook_id(one)
    assert (webhook_id(one) == webhook_id(other)) is (one == other)


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        ("Wed, 21 Oct 99999999999999999999 07:28:00 GMT", None),
        ("Wed, 21 Oct 2015 07:28:00 +99999999999999", None),
        ("120", 120.0),
        ("0", 0.0),
        ("999999999", MAX_WAIT_S),
        ("Sun, 01 Mar 2026 10:02:00 GMT", 120.0),
        ("Sun, 01 Mar 2026 09:00:00 GMT", 0.0),
        ("Sun, 01 Mar 2099 09:00:00 GMT", MAX_WAIT_S),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("٣", None),
    ],
)
def test_retry_after(retry_after: str, seconds: float | None) -> None:
    assert wait(retry_after, NOW) == seconds


@given(st.text(max_size=60))
def test_any_retry_after_is_a_bounded_wait_or_none(retry_after: str) -> None:
    found = wait(retry_after, NOW)
    assert found is None or 0 <= found <= MAX_WAIT_S


@given(st.text(max_size=120))
def test_any_text_is_a_key_or_refused_without_being_told(text: str) -> None:
    try:
        key = read_key("hook", Secret(env="K"), text)
    except InputError as error:
        key, sentence = b"", str(error)
        assert_does_not_tell(sentence, text)
    assert key == b"" or 24 <= len(key) <= 64


def assert_does_not_tell(sentence: str, text: str) -> None:
    assert len(text.strip()) < 9 or text.strip() not in sentence


def test_the_reply_of_the_other_side_is_bounded_made_visible_and_without_secrets() -> None:
    told = said("250 ok\r\n\x1b[2J hunter2 \u202e" + "x" * 1000, ("hunter2", ""))
    assert told.startswith(r"250 ok \x1b[2J *** \u202e")
    assert len(told) == 300
    assert said("a hunter22 b", ("hunter2", "hunter22")) == "a *** b"


def test_whoever_has_got_a_message_is_not_sent_it_again_until_all_have() -> None:
    outstanding = Outstanding(("a", "b"), deliveries=2)
    outstanding.note("k1", ["a"])
    assert outstanding.left("k1") == ("b",)
    assert outstanding.left("k2") == ("a", "b")
    outstanding.note("k1", ["b"])
    assert outstanding.left("k1") == ("a", "b")  # a redelivery is for everybody
    for key in ("k3", "k4", "k5"):
        outstanding.note(key, ["a"])
    assert [outstanding.left(key) for key in ("k3", "k4", "k5")] == [("a", "b"), ("b",), ("b",)]


def test_a_command_gets_the_whole_message_and_nothing_that_is_no_text() -> None:
    whole = json.loads(standard_input(EVIL, KEY))
    assert whole["notice"]["schema"] == "truehelo/notice/1"
    assert (whole["key"], whole["thread"], whole["text"]) == (KEY, EVIL.thread, EVIL.text)
    values = variables(replace(EVIL, subject="a\0b\nc"), KEY, "ops")
    assert values["TRUEHELO_SUBJECT"] == r"a\x00b\x0ac"
    assert values["TRUEHELO_KIND"] == "opened"
    assert all(value.isprintable() for value in values.values())


LOCAL = {
    "syslog",
    "rsyslog",
    "dbus",
    "glib",
    "gnome",
    "kde",
    "qt",
    "macosx",
    "windows",
    "file",
    "exec",
    "mailto",
    "mailtos",
}


def test_the_services_of_apprise_that_may_be_used_exist_and_have_no_effect_here() -> None:
    import apprise

    services = apprise.Apprise().details()["schemas"]
    known = {word for each in services for words in (each["protocols"], each["secure_protocols"]) for word in words or ()}
    assert known >= SCHEMAS
    assert not SCHEMAS & LOCAL


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("syslog://", "urls:1: syslog is no service that may be used here"),
        ("dbus://", "urls:1: dbus is no service that may be used here"),
        ("slak://hunter2hunter2", "urls:1: slak is no service that may be used here; did you mean 'slack'?"),
        ("hunter2hunter2", "urls:1: what stands there is no service that may be used here"),
        ("https://hooks.slack.com/services/hunter2hunter2", "urls:1: https is no service"),
        ("slack://hunter2hunter2", "urls:1: is no URL that Apprise takes"),
        ("# nothing", "urls: holds 0 URLs; 1 to 50, one a line"),
    ],
)
def test_an_apprise_url_that_cannot_be_used_gets_a_sentence_without_it(line: str, sentence: str, tmp_path: Path) -> None:
    file(tmp_path, "urls", line.encode() + b"\n")
    with pytest.raises(InputError) as raised:
        build(CHAT, tmp_path)
    assert sentence in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_without_apprise_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "apprise" else real(name, *rest))
    file(tmp_path, "urls", b"slack://x\n")
    with pytest.raises(InputError, match=r"Apprise is not installed; install it: pip install 'truehelo\[apprise\]'"):
        build(CHAT, tmp_path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ask @here and @everyone", "ask @ here and @ everyone"),
        ("<!channel> <@U1>", "< !channel> < @U1>"),
        ("a@b.example", "a@b.example"),
    ],
)
def test_a_chat_is_not_made_to_call_everyone(text: str, expected: str) -> None:
    assert unmentioned(text) == expected


@pytest.mark.parametrize(
    ("kind", "severity", "expected"),
    [
        (NoticeKind.OPENED, Severity.ERROR, "failure"),
        (NoticeKind.OPENED, Severity.WARNING, "warning"),
        (NoticeKind.RECOVERED, Severity.ERROR, "success"),
        (NoticeKind.TEST, Severity.NOTE, "info"),
    ],
)
def test_the_weight_of_a_message_in_a_chat(kind: NoticeKind, severity: Severity, expected: str) -> None:
    types = SimpleNamespace(FAILURE="failure", WARNING="warning", SUCCESS="success", INFO="info")
    assert weight(replace(OPENED, kind=kind, severity=severity), types) == expected


def test_the_loader_imports_no_library_of_any_channel() -> None:
    import subprocess

    script = "import sys; from truehelo.alerts import all_kinds; all_kinds(); print(*sorted(sys.modules))"
    loaded = set(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split())
    assert "truehelo.alerts.email" in loaded
    assert not loaded & {"aiosmtplib", "httpx", "httpx2", "apprise", "requests", "cronsim"}


@pytest.mark.parametrize(
    ("where", "text", "withheld"),
    [
        ("a mail server elsewhere", MAIL, True),
        ("a mail server here", MAIL.replace("smtp.example.net", "127.0.0.1"), False),
        ("a chat here", CHAT, False),
        ("a chat here, and one whose place its service knows", CHAT.replace('"urls"', '"far"'), True),
        ("a hook elsewhere", HOOK, True),
        ("a hook here", HOOK.replace("hooks.example.net", "localhost:8443"), False),
        (
            "a hook here, by a proxy elsewhere",
            HOOK.replace("hooks.example.net", "[::1]") + 'proxy="http://192.0.2.1"',
            True,
        ),
    ],
)
def test_when_nothing_may_leave_the_machine(where: str, text: str, withheld: bool, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(WHSEC)
    (tmp_path / "urls").write_text("ntfy://localhost/alerts\n")
    (tmp_path / "far").write_text(
        "ntfy://localhost/alerts\ntgram://123456789:abcdefg_hijklmnopqrstuvwxyzABCDEFG/12315544\n"
    )
    settings = read_alerting(tomllib.loads(text), "watch.toml").channels
    (channel,) = build_channels(settings, tmp_path, PASSWORD, loopback_only=True).values()
    assert isinstance(channel, Withheld) is withheld, where
    if withheld:
        with pytest.raises(ChannelError, match="TRUEHELO_LOOPBACK_ONLY is set") as caught:
            asyncio.run(channel.send(OPENED, KEY))
        assert caught.value.temporary
