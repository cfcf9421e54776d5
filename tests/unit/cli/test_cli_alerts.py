"""`alerts channels`, `routes` and what bad input gets: where channels lead without a secret, who is told of what."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

Cli = Callable[..., tuple[int, str, str]]
SOON = "after 1m, what has the same cause in one message"

CONFIG = """
[[channel]]
name = "ops"
kind = "email"
host = "smtp.example.net"
from = "truehelo@example.net"
to = ["ops@example.net", "night@example.net"]
user = "truehelo"
password_file = "/etc/truehelo/very-secret"

[[channel]]
name = "hook"
kind = "webhook"
url = "https://hooks.example.net:8443/t0ken-of-ours?also=secret"
secret_env = "HOOK_KEY"

[[channel]]
name = "pager"
kind = "command"
argv = ["/usr/local/bin/page", "--token", "s3cret"]

[[channel]]
name = "chat"
kind = "apprise"
urls_file = "/etc/truehelo/chat-urls"

[[channel]]
name = "own"
kind = "carrier-pigeon"
loft = "s3cret-roof"

[[route]]
tags = ["PTR_GENERIC"]
digest = true

[[route]]
groups = ["office"]
channels = ["own"]
recovered = false

[[route]]
channels = ["ops", "hook"]
remind_every = "1d"
continue = true

[[route]]
severity = "error"
owners = ["Ann"]
channels = ["pager"]
after = "30m"

[digest]
every = "weekly"
channels = ["chat"]
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TRUEHELO_CONFIG", raising=False)
    (tmp_path / "truehelo.toml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


@pytest.mark.usefixtures("here")
def test_channels_are_listed_without_a_secret(cli: Cli) -> None:
    code, out, err = cli("alerts", "channels")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "ops    email           mail to ops@example.net, night@example.net through smtp.example.net:587, tls starttls "
        "with a login",
        "hook   webhook         signed POST to hooks.example.net:8443",
        "pager  command         runs /usr/local/bin/page with 2 arguments",
        "chat   apprise         Apprise, URLs in /etc/truehelo/chat-urls",
        "own    carrier-pigeon  set by loft",
    ]
    both = out + cli("alerts", "channels", "--json")[1]
    assert [word for word in ("s3cret", "t0ken", "also=") if word in both] == []


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("PTR_GENERIC",), ["route 1: in the digest alone, to chat"]),
        (
            ("ptr-missing", "--group", "office"),
            [f"route 2: own {SOON}; not of the end"],
        ),
        (
            ("PTR_MISSING",),
            [
                f"route 3: ops {SOON}; again every 1d while it is so; of the end too",
                f"route 3: hook {SOON}; again every 1d while it is so; of the end too",
            ],
        ),
        (
            ("DNSBL_LISTED:spamcop", "--severity", "error", "--owner", "Ann"),
            [
                f"route 3: ops {SOON}; again every 1d while it is so; of the end too",
                f"route 3: hook {SOON}; again every 1d while it is so; of the end too",
                "route 4: pager after 30m, if it is open and not acknowledged then; of the end too",
            ],
        ),
    ],
)
def test_who_is_told_of_what(cli: Cli, words: tuple[str, ...], said: list[str]) -> None:
    code, out, err = cli("alerts", "routes", *words)
    assert (code, err) == (0, "")
    assert out.splitlines() == said
    document = json.loads(cli("alerts", "routes", *words, "--json")[1])
    assert sorted({each["route"] for each in document["told"]}) == sorted(
        {int(line.split()[1].rstrip(":")) for line in said}
    )


@pytest.mark.usefixtures("here")
def test_what_nobody_is_told_of_is_said(cli: Cli) -> None:
    code, out, err = cli("alerts", "routes", "NAME_SHARED")
    assert (code, out) == (1, "nobody is told: no route fits\n")
    assert err == "truehelo: NAME_SHARED (note) is not watched at all, by [watch] severity, which is warning\n"


def test_that_nothing_can_be_seen_counts_as_a_warning(here: Path, cli: Cli) -> None:
    assert "route 3: ops" in cli("alerts", "routes", "CANNOT_SEE")[1]


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("routes",), "Missing argument 'TAG'"),
        (("routes", "PTR_*"), "PTR_*: fits several tags; name one"),
        (("routes", "DNSBL_LISTED"), "DNSBL_LISTED: fits several tags; name one"),
        (("routes", "NONSENSE"), "tag 'NONSENSE': is no tag, and fits none"),
        (("test", "nobody"), "channel 'nobody': is not configured; there are chat, hook, ops, own, pager"),
        (("deliveries", "--failed", "--pending"), "--failed and --pending exclude each other"),
        (("deliveries", "3", "--failed"), "NUMBER names one message, and excludes what chooses among them"),
        (("redeliver",), "Missing argument 'NUMBER...'"),
        (("preview", "x"), "'x' is not a valid integer range"),
    ],
)
def test_bad_input_gets_a_sentence(cli: Cli, words: tuple[str, ...], said: str) -> None:
    code, out, err = cli("alerts", *words)
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) == 1


def test_without_a_channel_that_is_said(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRUEHELO_CONFIG", str(tmp_path / "empty.toml"))
    (tmp_path / "empty.toml").write_text("", encoding="utf-8")
    assert cli("alerts", "channels") == (
        0,
        "no channels\n",
        "truehelo: no channel is configured: docs/how-to/alerts.md shows how\n",
    )
    code, out, err = cli("alerts", "test")
    assert (code, out) == (2, "")
    assert err == "truehelo: a test: has nowhere to go; no channel is configured: docs/how-to/alerts.md shows how\n"
    assert cli("alerts", "routes", "PTR_MISSING")[0] == 1
