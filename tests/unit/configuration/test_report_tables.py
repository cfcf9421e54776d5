"""The tables of reports: their defaults, their bounds, and what is said of a mistake."""

import contextlib
import re
import tomllib
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truehelo.configuration.channels import Secret
from truehelo.configuration.mailboxes import ImapSettings, MaildirSettings
from truehelo.configuration.read import read_configuration
from truehelo.configuration.reports import ListenSettings, ReportSettings, overridden, read_reports
from truehelo.configuration.table import Table
from truehelo.errors import FileError
from truehelo.facts.address import parse_address
from truehelo.reports.model import DEFAULT_BUDGET, Refused
from truehelo.reports.read import reports_in

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "configuration.md").read_text("utf-8")
GUIDE = (Path(__file__).parents[3] / "docs" / "how-to" / "reports.md").read_text("utf-8")
LISTEN = '[reports.listen]\nrecipients = ["dmarc@example.com"]\n'
IMAP = '[[reports.mailbox]]\nname = "a"\nkind = "imap"\nhost = "imap.example.com"\nuser = "u"\npassword_env = "P"\n'
MAILDIR = '[[reports.mailbox]]\nname = "b"\nkind = "maildir"\npath = "/var/mail/b"\n'


def read(text: str) -> ReportSettings:
    return read_configuration(text, "truehelo.toml").reports


def test_without_a_table_nothing_comes_in_by_itself() -> None:
    assert read("") == ReportSettings()
    assert not read("").anything
    assert not read("[reports]\nredact = false").anything


def test_the_defaults_of_a_listener() -> None:
    found = read(LISTEN).listen
    assert found is not None
    assert found.place == "127.0.0.1:8926"
    assert found.recipients == ("dmarc@example.com",)
    assert read(LISTEN).anything


def test_the_defaults_of_mailboxes() -> None:
    imap, maildir = read(IMAP + MAILDIR).mailboxes
    assert isinstance(imap, ImapSettings)
    assert (imap.port, imap.tls, imap.folder, imap.after, imap.secret) == (993, "tls", "INBOX", "seen", Secret(env="P"))
    assert isinstance(maildir, MaildirSettings)
    assert (maildir.path, maildir.after) == ("/var/mail/b", "seen")


@pytest.mark.parametrize(
    ("text", "what", "value"),
    [
        ("[reports]\nredact = false", "redact", False),
        ("[reports]\nrefused_mib = 1", "refused_octets", 2**20),
        (LISTEN + 'listen = "[::1]:25"', "listen.port", 25),
        (LISTEN + "max_mib = 3", "listen.max_octets", 3 * 2**20),
        (LISTEN + 'networks = ["192.0.2.0/24"]', "listen.networks", ("192.0.2.0/24",)),
        ('[reports.listen]\nrecipients = "DMARC@Example.COM"', "listen.recipients", ("dmarc@example.com",)),
        ('[reports.listen]\nrecipients = "@example.com"', "listen.recipients", ("@example.com",)),
    ],
)
def test_a_key_is_read(text: str, what: str, value: object) -> None:
    found: object = read(text)
    for part in what.split("."):
        found = getattr(found, part)
    assert found == value


@pytest.mark.parametrize(
    "text",
    [
        IMAP + 'folder = "reports"\nfolder_refused = "Reports"',  # two folders: INBOX alone has no case (RFC 9051 §5.1)
        IMAP + 'after = "move"\nfolder_done = "Done"\nfolder_refused = "Done"',
        MAILDIR + 'after = "move"\nfolder_done = ".Done"',
        MAILDIR + 'after = "move"\nfolder_done = "/var/mail/c"',
    ],
)
def test_another_folder_may_be_named(text: str) -> None:
    assert len(read(text).mailboxes) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[reports]\nredakt = true", "[reports] has an unknown key 'redakt'; did you mean 'redact'?"),
        ("reports = 1", "reports is no table; begin it with a line [reports]"),
        ("[reports]\nlisten = 1", "[reports] listen is no table; begin it with a line [reports.listen]"),
        ("[reports.listen]\n", "[reports.listen] has no recipients"),
        ("[reports.listen]\nrecipients = []", "recipients is an empty list"),
        ('[reports.listen]\nrecipients = ["nobody"]', "recipients names 'nobody'; give addresses"),
        ('[reports.listen]\nrecipients = ["a b@example.com"]', "recipients names 'a b@example.com'"),
        (LISTEN + 'listen = "25"', "listen is '25', which is no address with a port"),
        (LISTEN + 'listen = "::1:25"', "listen is '::1:25', which is no address with a port"),
        (LISTEN + 'listen = "127.0.0.1:0"', "which is no address with a port"),
        (LISTEN + 'listen = "127.0.0.1:99999"', "which is no address with a port"),
        (LISTEN + 'name = "reports"', "name is 'reports', which is no full host name"),
        (LISTEN + 'networks = ["192.0.2.1/24"]', "networks names '192.0.2.1/24'"),
        (LISTEN + 'certificate = "a.pem"', "has a certificate alone"),
        (LISTEN + "require_tls = true", "has require_tls = true, and nothing to offer"),
        (LISTEN + "conections = 3", "unknown key 'conections'; did you mean 'connections'?"),
        ("[reports]\nmailbox = 1", "mailbox is no list of tables"),
        (IMAP + IMAP, "is called a, as an earlier one is; rename one"),
        (MAILDIR.replace("maildir", "pop3"), "kind is 'pop3'"),
        (MAILDIR + 'after = "leave"', "after is 'leave'"),
        (MAILDIR + 'after = "move"', 'is to move messages (after = "move"), and does not say where'),
        (MAILDIR + 'folder_done = "x"', 'names folder_done, and after is "seen"'),
        (IMAP + 'folder_refused = "inbox"', "is 'inbox', where messages are fetched from"),
        (IMAP + 'after = "move"\nfolder_done = "INBOX"', "is 'INBOX', where messages are fetched from"),
        (IMAP + 'folder = "R"\nfolder_refused = "R"', "is 'R', where messages are fetched from"),
        (IMAP + 'folder = "iNBOX"\nafter = "move"\nfolder_done = "Inbox"', "name another folder"),
        (MAILDIR + 'after = "move"\nfolder_done = "/var/mail/b"', "is '/var/mail/b', where messages are fetched from"),
        (MAILDIR + 'after = "move"\nfolder_done = "/var/mail//x/../b/"', "where messages are fetched from"),
        (MAILDIR + 'after = "move"\nfolder_done = "."', "where messages are fetched from"),
        (MAILDIR + 'after = "move"\nfolder_done = "../b"', "name another folder"),
        (IMAP + 'password = "hunter2"', "has a password in it, and a secret does not belong into this file"),
        (IMAP + 'auth = "xoauth2"', "has no token; write token_file, token_env or token_command"),
        (IMAP.replace('password_env = "P"\n', ""), "has no password; write password_file"),
        (IMAP + 'password_command = ["pass"]', "has a password in two places"),
        (IMAP + 'tls = "none"', "would send its login in clear"),
        (IMAP.replace("imap.example.com", "-bad-"), "host is '-bad-'"),
        (IMAP + 'interval = "1s"', "interval is 1s; it may be 5s to 1d"),
        (IMAP + "max_mib = 33", "max_mib is 33"),
        (MAILDIR + "max_mib = 33", "max_mib is 33"),
        (LISTEN + "max_mib = 33", "max_mib is 33"),
    ],
)
def test_a_mistake_is_named_with_the_way_out(text: str, said: str) -> None:
    with pytest.raises(FileError) as caught:
        read(text)
    assert str(caught.value).startswith("truehelo.toml: ")
    assert said in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "most"),
    [(IMAP, 32), (IMAP + "max_mib = 32", 32), (MAILDIR, 32), (MAILDIR + "max_mib = 2", 2), (LISTEN, 32)],
)
def test_no_message_is_let_in_that_the_reader_would_refuse_for_its_size(text: str, most: int) -> None:
    found = read(text)
    taken = found.listen or found.mailboxes[0]
    assert taken.max_octets == most * 2**20 <= DEFAULT_BUDGET.held
    mail = b"Subject: x\n\n".ljust(taken.max_octets, b"x")
    (refused,) = reports_in(BytesIO(mail), "mail")
    assert isinstance(refused, Refused)
    assert refused.reason == "the message holds no report", "it was read to its end"


def test_a_login_in_clear_stays_on_this_machine() -> None:
    (box,) = read(IMAP.replace("imap.example.com", "127.0.0.1") + 'tls = "none"').mailboxes
    assert isinstance(box, ImapSettings)
    assert (box.tls, box.port) == ("none", 143)


@pytest.mark.parametrize("text", re.findall(r"^```toml\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL))
def test_a_configuration_of_the_guide_is_read(text: str) -> None:
    assert read(text).anything


OTHER = ListenSettings(ip=parse_address("192.0.2.1"), port=25, name="a.example", recipients=("x@example.com",))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("held", "place", "recipients", "name", "found"),
    [
        (None, None, (), None, None),
        (OTHER, None, (), None, "192.0.2.1:25 a.example x@example.com"),
        (OTHER, "[::1]:26", (), None, "[::1]:26 a.example x@example.com"),
        (OTHER, None, ("Y@example.com",), "b.example", "192.0.2.1:25 b.example y@example.com"),
        (None, None, ("y@example.com",), None, "127.0.0.1:8926  y@example.com"),
    ],
)
def test_options_take_the_place_of_what_is_configured(
    held: ListenSettings | None, place: str | None, recipients: tuple[str, ...], name: str | None, found: str | None
) -> None:
    made = overridden(held, place, recipients, name)
    assert found == (None if made is None else f"{made.place} {made.name} {','.join(made.recipients)}")


@pytest.mark.parametrize(
    ("held", "place", "recipients", "said"),
    [
        (None, "127.0.0.1:1", (), "the command line: option recipient is missing; name whom mail is taken for"),
        (None, "127.0.0.1", ("y@example.com",), "the command line: option on is '127.0.0.1', which is no address"),
        (OTHER, None, ("y",), "the command line: option recipients names 'y'"),
    ],
)
def test_an_option_that_cannot_be_used_is_told(
    held: ListenSettings | None, place: str | None, recipients: tuple[str, ...], said: str
) -> None:
    with pytest.raises(FileError) as caught:
        overridden(held, place, recipients, None)
    assert str(caught.value).startswith(said)


@given(st.text(max_size=200))
def test_no_text_makes_the_reader_fall_over(text: str) -> None:
    for values in ({"listen": text}, {"mailbox": [{"name": text, "kind": "imap", "host": text}]}, {"mailbox": text}):
        with contextlib.suppress(FileError):
            read_reports({"reports": values}, "any.toml")


@pytest.mark.parametrize(
    ("section", "text", "place"),
    [
        ("`[reports]`", "[reports]", "[reports]"),
        ("`[reports.listen]`", LISTEN, "[reports.listen]"),
        ('`[[reports.mailbox]]`, `kind = "imap"`', IMAP, "[[reports.mailbox]]"),
        ('`[[reports.mailbox]]`, `kind = "maildir"`', MAILDIR, "[[reports.mailbox]]"),
    ],
)
def test_every_key_is_described_and_no_other(section: str, text: str, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, set[str]] = {}
    monkeypatch.setattr(Table, "done", lambda table: asked.__setitem__(table.place.split()[0], set(table._asked)))
    read_reports(tomllib.loads(text), "x")
    body = PAGE.split(f"## {section}\n", 1)[1].split("\n## ", 1)[0]
    described = {
        key for line in body.splitlines() if line.startswith("| `") for key in re.findall(r"`([^`]+)`", line.split("|")[1])
    }
    tables = {"listen", "mailbox"} if place == "[reports]" else {"password"}
    also = {"token_file", "token_env", "token_command"} if "imap" in section else set()
    assert described - also == asked[place] - tables
