"""`check --dnsbl` as people run it, over a real rbldnsd: every format, saved evidence, its replay, and never a key."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest

from integration.servers.rbldnsd import Rbldnsd, rbldnsd
from truehelo.render import FORMATS

pytestmark = pytest.mark.integration

KEY = "s3cretkeyabcdefghijklmn"
GOOD = ":127.0.0.2:test entry\n127.0.0.2\n"
SCHEMA = Path(__file__).parents[3] / "src" / "truehelo" / "render" / "schema" / "audit-1.json"


@pytest.fixture(scope="module")
def server() -> Iterator[Rbldnsd]:
    zones = {
        f"{KEY}.zen.dq.spamhaus.net": {"ip4set": GOOD + f":127.0.0.4:see https://lists.example/{KEY}?$\n192.0.2.25"},
        "bl.spamcop.net": {"ip4set": GOOD},
        "list.dnswl.org": {"ip4set": ":127.0.10.0:test\n127.0.0.2\n:127.0.5.1:\n192.0.2.25"},
        "dnsbl.sorbs.net": {"ip4set": ""},
    }
    with rbldnsd(zones) as started:
        yield started


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    path = tmp_path / "keys.toml"
    path.write_text(f'spamhaus-zen = "{KEY.upper()}"\n', encoding="utf-8")
    path.chmod(0o600)
    return path


def truehelo(*arguments: str, before: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    command = [*before, sys.executable, "-X", "dev", "-m", "truehelo", *arguments]
    environment = {**os.environ, "TRUEHELO_LOOPBACK_ONLY": "1", "TRUEHELO_DEBUG": "1", "PYTHONASYNCIODEBUG": "1"}
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environment)


def check(server: Rbldnsd, keys: Path, *more: str) -> subprocess.CompletedProcess[str]:
    fixed = ("--no-smtp", "--no-authoritative", "--resolver", server.resolver, "--timeout", "1", "--retries", "0")
    lists = ("--dnsbl=spamhaus-zen,spamcop,dnswl,sorbs", "--dnsbl-keys", str(keys))
    return truehelo("check", "192.0.2.25", *fixed, *lists, *more)


def test_the_whole_run_tells_each_list_for_what_it_is(server: Rbldnsd, keys: Path) -> None:
    done = check(server, keys, "--json")
    document = json.loads(done.stdout)
    jsonschema.validate(document, json.loads(SCHEMA.read_text("utf-8")))
    (subject,) = document["subjects"]
    said = {each["list"]: (each["state"], each["severity"]) for each in subject["blocklists"]}
    assert said == {
        "spamhaus-zen": ("listed", "error"),
        "spamcop": ("clean", None),
        "dnswl": ("listed", "ok"),
        "sorbs": ("unknown", None),
    }
    assert subject["blocklists"][0]["zone"] == "-key-.zen.dq.spamhaus.net"
    assert subject["blocklists"][0]["text"] == "see https://lists.example/-key-?192.0.2.25"
    assert {key for each in subject["blocklists"] for key in each["evidence"]} <= set(subject["evidence"])
    assert done.returncode == 1


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("more", [(), ("-vv",)], ids=["plain", "-vv"])
def test_no_output_of_any_format_holds_the_key(
    server: Rbldnsd, keys: Path, format_name: str, more: tuple[str, ...]
) -> None:
    done = check(server, keys, "--format", format_name, *more)
    shown = (done.stdout + done.stderr).lower()
    assert "dnsbl_listed" in shown
    assert KEY not in shown
    assert KEY.encode().hex() not in shown


def test_saved_evidence_holds_no_key_and_is_judged_to_the_same_byte_with_no_network(
    server: Rbldnsd, keys: Path, tmp_path: Path
) -> None:
    evidence = tmp_path / "mail.evidence"
    for form in (("--json",), ("-vv",), ("--format", "csv"), ("--format", "markdown")):
        checked = check(server, keys, *form, "--save", str(evidence))
        unshare = shutil.which("unshare")
        assert unshare is not None
        alone = (unshare, "-n") if os.geteuid() == 0 else (unshare, "-rn")
        replayed = truehelo("replay", str(evidence), *form, before=alone)
        assert replayed.stdout == checked.stdout
        assert replayed.returncode == checked.returncode
        saved = evidence.read_bytes().lower()
        assert KEY.encode() not in saved
        assert KEY.encode().hex().encode() not in saved
        assert b"-key-.zen.dq.spamhaus.net" in saved


def test_a_key_that_is_not_valid_is_told_without_it(server: Rbldnsd, tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    path.write_text(f'spamhaus-zen = "{KEY[::-1]}"\n', encoding="utf-8")
    done = check(server, path, "-vv")
    assert "spamhaus zen could not be determined" in " ".join(done.stdout.lower().split())
    assert KEY[::-1] not in done.stdout + done.stderr


def test_a_wrong_file_of_keys_is_one_sentence_without_the_key(server: Rbldnsd, tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    path.write_text(f"spamhaus-zen = {KEY}\n", encoding="utf-8")
    done = check(server, path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "is not TOML (at line 1" in done.stderr
    assert KEY not in done.stderr
    assert "Traceback" not in done.stderr


def test_lists_that_could_not_say_change_no_exit_code(server: Rbldnsd, keys: Path) -> None:
    """The PTR is refused here, so that the verdict is undetermined with and without the list."""
    fixed = ("check", "192.0.2.77", "--no-smtp", "--resolver", server.resolver, "--timeout", "1", "--retries", "0")
    assert truehelo(*fixed).returncode == truehelo(*fixed, "--dnsbl=sorbs,psbl").returncode == 3
