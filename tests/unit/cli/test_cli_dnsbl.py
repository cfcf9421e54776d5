"""--dnsbl: which lists are asked, what follows the bare option, and keys that no output and no error shows."""

from collections.abc import Callable
from pathlib import Path

import pytest

from truehelo import app
from truehelo.blocklists import Keys

Cli = Callable[..., tuple[int, str, str]]
KEY = "SecretKey0123456789abcdef"


@pytest.mark.parametrize(
    ("arguments", "targets", "lists"),
    [
        (["192.0.2.25"], ["192.0.2.25"], ()),
        (["192.0.2.25", "--dnsbl"], ["192.0.2.25"], ("default",)),
        (["--dnsbl", "192.0.2.25"], ["192.0.2.25"], ("default",)),
        (["--dnsbl", "2001:db8::25", "192.0.2.26"], ["2001:db8::25", "192.0.2.26"], ("default",)),
        (["--dnsbl", "example.com"], ["example.com"], ("default",)),
        (["--dnsbl", "192.0.2.25=mail.example.com"], ["192.0.2.25=mail.example.com"], ("default",)),
        (["--dnsbl", "--no-smtp", "192.0.2.25"], ["192.0.2.25"], ("default",)),
        (["--dnsbl", "spamhaus-zen,barracuda", "192.0.2.25"], ["192.0.2.25"], ("spamhaus-zen", "barracuda")),
        (["--dnsbl=all", "192.0.2.25"], ["192.0.2.25"], ("all",)),
        (["--dnsbl= psbl , default", "192.0.2.25"], ["192.0.2.25"], ("psbl", "default")),
    ],
)
def test_the_option_names_lists_and_takes_no_target_away(
    fake, cli: Cli, arguments: list[str], targets: list[str], lists
) -> None:
    code, _, err = cli("check", *arguments)
    assert err == "", code
    assert (fake.targets, fake.settings.dnsbl) == (targets, lists)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--dnsbl=", "192.0.2.25"], "--dnsbl= names no list"),
        (["--dnsbl=,", "192.0.2.25"], "--dnsbl= names no list"),
        (["--dnsbl-keys", "keys.toml", "192.0.2.25"], "--dnsbl-keys without --dnsbl: no list is asked"),
        (["--dnsbl"], "a target is missing"),
    ],
)
def test_what_cannot_be_meant_is_told(fake, cli: Cli, arguments: list[str], said: str) -> None:
    code, _, err = cli("check", *arguments)
    assert (code, said in err) == (2, True), err


@pytest.mark.parametrize(
    ("lists", "text", "said"),
    [
        (("spamhouse",), None, "the blocklist 'spamhouse': is not known; accepted are default, all and"),
        (("abusix",), None, "the blocklist abusix: is asked with a key only"),
        (("default",), f'spamhaus-zen = "{KEY}.{KEY}"', "the value of spamhaus-zen is no key"),
        (("default",), f"spamhaus-zen = {KEY}", "is not TOML (at line 1"),
        (("default",), f'spamcop = "{KEY}"', "the key for spamcop: is of no list that takes one"),
        (("default",), "x" * 100_000, "keys.toml"),
    ],
)
def test_lists_and_keys_are_read_before_anything_is_asked(tmp_path: Path, lists, text: str | None, said: str) -> None:
    path = tmp_path / "keys.toml"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    settings = app.Settings(dnsbl=lists, dnsbl_keys=None if text is None else str(path))
    with pytest.raises(app.InputError) as raised:
        app.build_lists(settings)
    assert said in str(raised.value)
    assert KEY not in str(raised.value)


def test_a_missing_file_of_keys_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(app.FileError, match=r"cannot be read|does not exist|no such file"):
        app.build_lists(app.Settings(dnsbl=("default",), dnsbl_keys=str(tmp_path / "none.toml")))


def test_keys_are_in_no_repr_of_what_the_program_holds(tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    path.write_text(f'spamhaus-zen = "{KEY}"\n', encoding="utf-8")
    settings = app.Settings(dnsbl=("default",), dnsbl_keys=str(path))
    shown = f"{app.build_lists(settings)!r} {settings!r} {Keys({'spamhaus-zen': KEY})!r}"
    assert KEY.lower() not in shown.lower()
