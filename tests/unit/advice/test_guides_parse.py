"""Reading a guide: what is wrong is told with the file, the key and what is accepted."""

import tomllib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truehelo.advice.guides import Library, MtaGuide, ProviderGuide, packaged, parse_guide
from truehelo.advice.guides.library import joined, read_guide
from truehelo.errors import FileError, InputError

PROVIDER = """
kind = "provider"
id = "myhost"
name = "My Host"
sets = "customer"
who = "You set it."
default = "none"
sources = ["their manual"]
grade = "D"
seen = "2026-11"
[recognise]
zone = ["myhost.example."]
[[way]]
kind = "cli"
commands = ["myhost rdns {ip} {name}"]
[[limit]]
text = "IPv4 alone"
family = 4
"""
MTA = """
kind = "mta"
id = "mymta"
name = "My MTA"
greeting = "NAME ESMTP MyMTA"
sources = ["its manual"]
grade = "S"
seen = "2026-11"
[recognise]
greeting = ["ESMTP MyMTA"]
[[setting]]
makes = ["greeting", "ehlo_reply", "helo"]
key = "hostname"
kind = "config"
where = "/etc/mymta.conf"
lines = ["hostname {name}"]
"""


def test_a_provider_is_read() -> None:
    guide = parse_guide(PROVIDER, "x.toml")
    assert isinstance(guide, ProviderGuide)
    assert (guide.id, guide.zone, guide.limits[0].family) == ("myhost", ("myhost.example",), 4)


def test_a_mail_server_is_read() -> None:
    guide = parse_guide(MTA, "x.toml")
    assert isinstance(guide, MtaGuide)
    assert guide.settings[0].makes == {"greeting", "ehlo_reply", "helo"}


WRONG = [
    ("no TOML", PROVIDER + "[[", "x.toml: is no TOML"),
    ("no kind", PROVIDER.replace('kind = "provider"', "", 1), 'kind is missing; accepted is "provider", "mta"'),
    ("another kind", PROVIDER.replace('"provider"', '"isp"', 1), 'kind is \'isp\'; accepted are "provider", "mta"'),
    ("no id", PROVIDER.replace('id = "myhost"', ""), "id is missing"),
    ("an id with blanks", PROVIDER.replace('"myhost"', '"my host"'), "id is 'my host'; accepted is small letters"),
    ("nobody sets it", PROVIDER.replace('"customer"', '"nobody"'), "sets is 'nobody'; accepted are \"customer\""),
    ("no sources", PROVIDER.replace('["their manual"]', "[]"), "sources is no list of texts"),
    ("a source that is no text", PROVIDER.replace('["their manual"]', "[1]"), "sources is no text in one line"),
    ("an unknown grade", PROVIDER.replace('"D"', '"A"'), 'grade is \'A\'; accepted are "S", "D", "O", "U"'),
    ("a day for a month", PROVIDER.replace("2026-11", "2026-11-26"), "seen is '2026-11-26'; accepted is a month"),
    ("an unknown key", PROVIDER.replace("default =", 'colour = "red"\ndefault ='), "colour is no key of a guide"),
    ("an unknown key in a way", PROVIDER.replace("[[limit]]", 'hue = "x"\n[[limit]]'), "way[1].hue is no key of a guide"),
    ("an unknown place", PROVIDER.replace("{ip}", "{address}"), "way[1].commands holds the unknown place {address}"),
    ("a control character", PROVIDER.replace("My Host", "My\\u001bHost"), "name is no text in one line"),
    ("a text without end", PROVIDER.replace("My Host", "x" * 601), "name is no text in one line"),
    ("no way at all", PROVIDER.replace("[[way]]", "[[limit]]"), "way is missing"),
    ("a way that is no table", PROVIDER.replace("[[way]]", "[way]"), "way is no list of tables"),
    (
        "a way without its command",
        PROVIDER.replace('commands = ["myhost rdns {ip} {name}"]', ""),
        "way[1].commands is missing",
    ),
    ("a family of seven", PROVIDER.replace("family = 4", "family = 7"), "limit[1].family is 7; accepted are 4 and 6"),
    ("known by nothing", PROVIDER.replace('zone = ["myhost.example."]', ""), "recognise.defaults is missing"),
    ("recognise is a text", PROVIDER.replace('[recognise]\nzone = ["myhost.example."]', 'recognise = "x"'), "recognise is"),
    ("own is a text", PROVIDER.replace("zone =", 'own = "yes"\nzone ='), "recognise.own is 'yes'; accepted are true"),
    ("a setting that makes tea", MTA.replace('"helo"', '"tea"'), "setting[1].makes holds 'tea'; accepted are greeting"),
    ("no setting for the HELO", MTA.replace(', "helo"', ""), "setting makes no helo"),
    ("lines without a file", MTA.replace('where = "/etc/mymta.conf"', ""), "setting[1].where is missing"),
]


@pytest.mark.parametrize(("why", "text", "said"), WRONG, ids=[row[0] for row in WRONG])
def test_what_is_wrong_is_said_in_one_sentence(why: str, text: str, said: str) -> None:
    with pytest.raises(FileError) as caught:
        parse_guide(text, "x.toml")
    assert said in str(caught.value), why
    assert str(caught.value).startswith("x.toml: ")
    assert "\n" not in str(caught.value)


def _said(read: Callable[[], object]) -> str:
    """What is said against a guide; nothing where it is one."""
    try:
        read()
    except FileError as error:
        return str(error)
    return ""


@given(st.text(max_size=400))
def test_any_text_is_a_guide_or_is_refused(text: str) -> None:
    assert _said(lambda: parse_guide(text, "x.toml")).isprintable()


@given(st.binary(max_size=200))
def test_any_octets_are_a_guide_or_are_refused(content: bytes) -> None:
    assert _said(lambda: read_guide(content, "x.toml")).isprintable()


values = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=12), st.lists(st.text(max_size=5), max_size=3))


@given(text=st.sampled_from([PROVIDER, MTA]), picked=st.integers(0, 30), instead=values)
def test_any_value_in_place_of_a_right_one_is_taken_or_refused(text: str, picked: int, instead: Any) -> None:
    lines = text.splitlines()
    settings = [i for i, line in enumerate(lines) if " = " in line]
    at = settings[picked % len(settings)]
    key = lines[at].partition(" = ")[0]
    lines[at] = "" if instead is None else f"{key} = {_toml(instead)}"
    changed = "\n".join(lines)
    tomllib.loads(changed)
    assert _said(lambda: parse_guide(changed, "x.toml")).isprintable()


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, int):
        return str(value % 2**60)
    return '"' + "".join(f"\\U{ord(char):08x}" for char in value if not 0xD800 <= ord(char) <= 0xDFFF) + '"'


def test_a_guide_that_is_too_large_or_no_utf8_is_refused() -> None:
    with pytest.raises(FileError, match="larger than 64 KiB"):
        read_guide(b"x" * (64 * 1024 + 1), "x.toml")
    with pytest.raises(FileError, match="not UTF-8"):
        read_guide(b'name = "\xff"', "x.toml")


def test_the_last_of_two_guides_with_one_id_counts() -> None:
    other = parse_guide(MTA.replace("My MTA", "Theirs").replace('"mymta"', '"postfix"'), "x.toml")
    library = joined(packaged().guides, [other])
    assert [guide.name for guide in library.mtas if guide.id == "postfix"] == ["Theirs"]


@pytest.mark.parametrize("named", ["postfix", "Postfix", " POSTFIX "])
def test_a_mail_server_is_named_by_id_or_name(named: str) -> None:
    assert packaged().named(named).mta == "postfix"


def test_an_unknown_mail_server_is_told_with_those_that_there_are() -> None:
    with pytest.raises(InputError, match="--mta groupwise: is no mail server with a guide; accepted are courier, cpanel"):
        packaged().named("groupwise")
    assert Library(()).guides == ()
