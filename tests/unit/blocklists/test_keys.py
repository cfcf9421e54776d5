"""A key is in the name that is asked, and in nothing that is kept, shown, logged or raised."""

import json
import pickle
import traceback
from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from truehelo.blocklists import Keys, read_keys, subscribe
from truehelo.blocklists.keys import hide
from truehelo.errors import FileError
from truehelo.facts.dns import Exchange, Lookup, Outcome, Question, Record

KEY = "SecretKey0123456789abcdef"
NAME = f"2.0.0.127.{KEY.lower()}.zen.dq.spamhaus.net"


def test_a_file_of_keys_is_read() -> None:
    keys = read_keys(f'spamhaus-zen = "{KEY}"\nabusix = "0123456789abcdef"\n', "keys.toml")
    assert dict(keys) == {"spamhaus-zen": KEY, "abusix": "0123456789abcdef"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"spamhaus-zen = {KEY}", "keys.toml: is not TOML (at line 1, column"),
        (f'spamhaus-zen = "{KEY}" {KEY}', "keys.toml: is not TOML (at line 1, column"),
        (f'spamhaus-zen = "{KEY}.x"', "keys.toml: the value of spamhaus-zen is no key; give a key for each list"),
        (f'spamhaus-zen = ["{KEY}"]', "the value of spamhaus-zen is no key"),
        ('spamhaus-zen = "short"', "the value of spamhaus-zen is no key"),
        (f'spamhaus-zen = "-{KEY}"', "the value of spamhaus-zen is no key"),
        (f'spamhaus-zen = "{"k" * 64}"', "the value of spamhaus-zen is no key"),
        (f'[spamhaus-zen]\nkey = "{KEY}"', "the value of spamhaus-zen is no key"),
    ],
)
def test_a_wrong_file_is_refused_without_showing_a_key(text: str, said: str) -> None:
    with pytest.raises(FileError) as raised:
        read_keys(text, "keys.toml")
    assert said in str(raised.value)
    told = "".join(traceback.format_exception(raised.value, chain=True)) + repr(raised.value)
    assert KEY not in told.partition("Traceback")[0]
    assert KEY not in str(raised.value)


@given(st.text())
def test_any_text_is_keys_or_refused_in_a_sentence(text: str) -> None:
    said = "keys.toml: "
    try:
        read_keys(text, "keys.toml")
    except FileError as error:
        said = str(error)
    assert said.startswith("keys.toml: ")


def test_neither_keys_nor_what_holds_them_shows_one() -> None:
    keys = Keys({"spamhaus-zen": KEY})
    held = subscribe(["spamhaus-zen"], keys)
    for shown in (repr(keys), str(keys), f"{keys}", repr(held), f"{held}"):
        assert KEY.lower() not in shown.lower()


def answered(name: str = NAME, text: str = "") -> Lookup:
    records = (
        Record(owner=name, ttl=60, rdtype="A", data="127.0.0.2", raw="7f000002"),
        Record(owner=name, ttl=60, rdtype="TXT", data=f'"{text}"', raw=(bytes([len(text)]) + text.encode()).hex()),
    )
    alias = Record(owner=name, ttl=60, rdtype="CNAME", data=f"{name}.", raw=name.encode().hex())
    soa = Record(owner=name.split(".", 4)[4], ttl=60, rdtype="SOA", data=f"ns.{name}. h. 1 2 3 4 5")
    exchange = Exchange(
        server="192.0.2.53:53",
        transport="udp",
        vantage="test",
        at=datetime(2026, 1, 1, tzinfo=UTC),
        took_s=0.0,
        outcome=Outcome.ANSWER,
        chain=(alias,),
        records=records,
        soa=soa,
        detail=f"asked for {name}",
    )
    return Lookup(question=Question(name=name, rdtype="A"), exchanges=(exchange, replace(exchange, server="192.0.2.54:53")))


def everything(lookup: Lookup) -> str:
    return (json.dumps(msgspec.to_builtins(lookup)) + repr(lookup) + repr(pickle.dumps(lookup))).lower()


def test_a_key_is_hidden_in_names_records_octets_and_details() -> None:
    text = f"see https://lists.example/{KEY.upper()}"
    seen = answered(text=text)
    hidden = hide(seen, KEY)
    assert KEY.lower() in everything(seen)
    assert KEY.lower() not in everything(hidden)
    assert KEY.encode().hex() not in everything(hidden)
    assert KEY.lower().encode().hex() not in everything(hidden)
    assert KEY.upper().encode().hex() not in everything(hidden)
    assert hidden.question.name == "2.0.0.127.-key-.zen.dq.spamhaus.net"
    assert hidden.records[0].data == "127.0.0.2"
    assert hidden.records[0].raw == "7f000002"


@given(st.from_regex(r"[0-9A-Za-z][0-9A-Za-z-]{6,40}[0-9A-Za-z]", fullmatch=True), st.booleans())
def test_no_key_survives_in_any_case_of_its_letters(key: str, upper: bool) -> None:
    written = key.upper() if upper else key.lower()
    hidden = hide(answered(f"2.0.0.127.{written}.zen.dq.spamhaus.net", text=f"for {written}!"), key)
    shown = json.dumps(msgspec.to_builtins(hidden)).lower()
    assert f".{key.lower()}." not in shown
    assert f"for {key.lower()}!" not in shown
