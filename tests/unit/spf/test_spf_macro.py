"""SPF macros: the examples of the RFC, and every text gives a macro-string or a fault (RFC 7208 §7)."""

import time
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truehelo.records.spf.macro import (
    MacroFault,
    MacroString,
    address_text,
    expand,
    parse_domain_spec,
    parse_macro_string,
    shorten,
)

# The sender, address and domain of RFC 7208 §7.4.
VALUES = {
    "s": "strong-bad@email.example.com",
    "l": "strong-bad",
    "o": "email.example.com",
    "d": "email.example.com",
    "i": "192.0.2.3",
    "p": "mx.example.org",
    "v": "in-addr",
    "h": "mx.example.org",
}

RFC_EXAMPLES = [
    ("%{s}", "strong-bad@email.example.com"),
    ("%{o}", "email.example.com"),
    ("%{d}", "email.example.com"),
    ("%{d4}", "email.example.com"),
    ("%{d3}", "email.example.com"),
    ("%{d2}", "example.com"),
    ("%{d1}", "com"),
    ("%{dr}", "com.example.email"),
    ("%{d2r}", "example.email"),
    ("%{l}", "strong-bad"),
    ("%{l-}", "strong.bad"),
    ("%{lr}", "strong-bad"),
    ("%{lr-}", "bad.strong"),
    ("%{l1r-}", "strong"),
    ("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"),
    ("%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"),
    ("%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"),
    ("%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com"),
    ("%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"),
]

OWN_EXAMPLES = [
    (
        "an upper-case letter escapes what a URL may not hold",
        "%{S}.example.com",
        "strong-bad%40email.example.com.example.com",
    ),
    ("a number above the parts means all of them", "%{d99999999999999999999999}.test", "email.example.com.test"),
    ("several delimiters split at each of them", "%{s-.}.test", "strong.bad@email.example.com.test"),
    ("two percent signs are one", "a%%b.example", "a%b.example"),
    ("a percent sign with an underscore is a space", "a%_b.example", "a b.example"),
    ("a percent sign with a hyphen is an escaped space", "a%-b.example", "a%20b.example"),
]


def expanded(text: str) -> str:
    read = parse_macro_string(text)
    assert isinstance(read, MacroString), read
    return expand(read, VALUES)


@pytest.mark.parametrize(("text", "outcome"), RFC_EXAMPLES)
def test_the_examples_of_rfc_7208_hold(text: str, outcome: str) -> None:
    assert expanded(text) == outcome


@pytest.mark.parametrize(("why", "text", "outcome"), OWN_EXAMPLES, ids=[row[0] for row in OWN_EXAMPLES])
def test_transformers_and_escapes(why: str, text: str, outcome: str) -> None:
    assert expanded(text) == outcome


def test_an_at_sign_is_no_delimiter() -> None:
    assert isinstance(parse_macro_string("%{s@}"), MacroFault)


def test_an_ipv6_address_is_its_nibbles_with_dots() -> None:
    assert address_text(ip_address("2001:db8::cb01")) == "2.0.0.1.0.d.b.8" + ".0" * 20 + ".c.b.0.1"


BAD_MACRO_STRINGS = [
    ("a lone percent sign", "a%b.example.com"),
    ("a percent sign at the end", "example.com%"),
    ("an open brace", "%{d.example.com"),
    ("round brackets", "%(d).example.com"),
    ("an unknown letter", "%{a}.example.com"),
    ("a letter of explanations", "%{c}.example.com"),
    ("no letter", "%{}.example.com"),
    ("no parts at all", "%{d0}.example.com"),
    ("no parts in many digits", "%{d000}.example.com"),
    ("digits behind the r", "%{dr2}.example.com"),
    ("a space", "a b.example.com"),
    ("a character outside of ASCII", "b\u00fccher.example"),
]


@pytest.mark.parametrize(("why", "text"), BAD_MACRO_STRINGS, ids=[row[0] for row in BAD_MACRO_STRINGS])
def test_a_fault_tells_its_position(why: str, text: str) -> None:
    fault = parse_macro_string(text)
    assert isinstance(fault, MacroFault)
    assert 0 <= fault.position < len(text)


DOMAIN_SPECS = [
    ("a name of two labels", "example.com", True),
    ("a name with a final dot", "example.com.", True),
    ("a name that ends in a macro", "_spf.%{d}", True),
    ("a name that ends in an escape", "example.com%%", True),
    ("a dot and a top label alone", ".com", True),
    ("a top label with digits and hyphens", "example.x1-2", True),
    ("one label", "example", False),
    ("a top label of digits", "192.0.2.1", False),
    ("a top label that ends in a hyphen", "example.com-", False),
    ("a port", "example.com:8080", False),
    ("nothing", "", False),
    ("a macro with a label hung on", "%{d}com", False),
    ("two final dots", "example.com..", False),
]


@pytest.mark.parametrize(("why", "text", "well"), DOMAIN_SPECS, ids=[row[0] for row in DOMAIN_SPECS])
def test_what_a_domain_spec_is(why: str, text: str, well: bool) -> None:
    assert isinstance(parse_domain_spec(text), MacroString) is well


def test_a_name_that_is_too_long_loses_labels_on_the_left() -> None:
    name = ".".join(["label"] * 60 + ["example", "com"])
    assert len(name) > 253
    short = shorten(name)
    assert name.endswith("." + short)
    assert len(short) <= 253 < len(short) + len("label.")
    assert shorten("x" * 300) == "x" * 300  # one label: it is no name, which whoever asks for it will see


LONG_TEXTS = [
    ("a name that repeats itself by the thousand", "%{d}." * 3000 + "%{d}"),
    ("a name of parts in reverse", "%{dr}." * 3000 + "%{d1r}"),
    ("a name with literals in it", "x.%{d}." * 2000 + "example.com"),
    ("a name with a final dot", "%{d}." * 3000),
    ("a name with two final dots", "%{d}." * 3000 + "%{d1+}.."),
    ("a last label that is too long", "%{d}." + "%{d1}" * 3000),
    ("a literal that is too long", "x." * 7000 + "%{d}"),
    ("labels that are empty", "%{d}..." * 2000 + "%{d}"),
    ("a name that is short for all its macros", "%{l1-}" * 3000 + "%{d}"),
]


def whole(text: str, values: dict[str, str]) -> str:
    """All of an expansion, piece by piece, however long it becomes."""
    read = parse_macro_string(text)
    assert isinstance(read, MacroString), read
    tokens = (MacroString(text="", tokens=(token,)) for token in read.tokens)
    return "".join(token.tokens[0] if isinstance(token.tokens[0], str) else expand(token, values) for token in tokens)


def without_left_labels(name: str) -> str:
    """One label cut after the other, as RFC 7208 §7.3 tells it."""
    labels = name.removesuffix(".").split(".")
    length, cut = len(name.removesuffix(".")), 0
    while length > 253 and cut < len(labels) - 1:
        length, cut = length - len(labels[cut]) - 1, cut + 1
    return ".".join(labels[cut:])


@pytest.mark.parametrize(("why", "text"), LONG_TEXTS, ids=[row[0] for row in LONG_TEXTS])
def test_a_name_that_is_made_to_grow_is_never_made_whole_and_ends_as_it_would(why: str, text: str) -> None:
    values = VALUES | {"d": "a." * 110 + "evil.example", "l": "strong-"}
    read = parse_macro_string(text)
    assert isinstance(read, MacroString)
    began = time.process_time()
    end = expand(read, values)
    short = shorten(end)
    assert time.process_time() - began < 0.5
    assert len(end) < len(text) + 500
    wanted = without_left_labels(whole(text, values))
    # Where the last label alone is too long, the outcome is no name, and only that counts.
    assert short == wanted or (min(len(short), len(wanted)) > 253 and "." not in short + wanted and wanted.endswith(short))


@given(st.text(alphabet=st.sampled_from("ab."), max_size=700))
def test_a_name_loses_no_more_labels_than_it_has_to(name: str) -> None:
    assert shorten(name) == without_left_labels(name)


def test_a_name_of_many_labels_is_shortened_at_once() -> None:
    began = time.process_time()
    assert len(shorten("a." * 300_000 + "example.com")) == 253
    assert time.process_time() - began < 0.5


@given(st.text(alphabet=st.sampled_from("%{}dslr0129-+,/_=.aZ \u00e4"), max_size=40) | st.text(max_size=40))
def test_any_text_is_a_macro_string_or_a_fault(text: str) -> None:
    read = parse_macro_string(text)
    if isinstance(read, MacroString):
        assert read.text == text
        assert isinstance(expand(read, VALUES), str)
    else:
        assert 0 <= read.position <= len(text)


@given(st.text(alphabet=st.sampled_from("%{}dslr0129-+,/_=.aZ"), max_size=40))
def test_a_domain_spec_is_a_macro_string(text: str) -> None:
    if isinstance(parse_domain_spec(text), MacroString):
        assert isinstance(parse_macro_string(text), MacroString)
