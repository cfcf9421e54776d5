"""What an SPF record authorises, listed as far as it can be (RFC 7208 §5)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.world import World
from truehelo.facts.dns import Lookup, Question
from truehelo.records.spf import SpfExpansion, drive, expand

HOSTS = """
mail.example.com A 192.0.2.25
mail.example.com AAAA 2001:db8::25
example.com A 192.0.2.80
example.com MX 20 mail2.example.com
example.com MX 10 mail.example.com
mail2.example.com A 192.0.2.26
_spf.example.com TXT v=spf1 ip4:198.51.100.0/30 include:relay.example -all
relay.example TXT v=spf1 ip4:203.0.113.0/24 -all
"""


def own(domain: str) -> bool:
    return domain.endswith("example.com")


def expanded(text: str | None, more: str = "", fail: dict[str, str] | None = None) -> SpfExpansion:
    zone = HOSTS + (f"example.com TXT {text}\n" if text is not None else "") + more
    return drive(expand("example.com", own), World(zone, fail=fail).lookup)


def networks(expansion: SpfExpansion) -> list[str]:
    return [str(source.network) for source in expansion.sources]


LISTS = [
    ("networks as written", "v=spf1 ip4:192.0.2.1 ip6:2001:db8::/64 -all", ["192.0.2.1/32", "2001:db8::/64"]),
    ("a in both families", "v=spf1 a:mail.example.com", ["192.0.2.25/32", "2001:db8::25/128"]),
    ("a with prefix lengths", "v=spf1 a:mail.example.com/24//64", ["192.0.2.0/24", "2001:db8::/64"]),
    ("the domain itself", "v=spf1 a -all", ["192.0.2.80/32"]),
    ("the MX hosts by preference", "v=spf1 mx", ["192.0.2.25/32", "2001:db8::25/128", "192.0.2.26/32"]),
    ("an include of the same organisation", "v=spf1 include:_spf.example.com", ["198.51.100.0/30"]),
    ("a redirect of the same organisation", "v=spf1 redirect=_spf.example.com", ["198.51.100.0/30"]),
    ("a macro that stands for the domain", "v=spf1 include:_spf.%{d2}", ["198.51.100.0/30"]),
    ("each network once", "v=spf1 ip4:192.0.2.80 a", ["192.0.2.80/32"]),
    (
        "nothing that a record does not pass",
        "v=spf1 -ip4:192.0.2.1 ~ip4:192.0.2.2 ?ip4:192.0.2.3 ip4:192.0.2.4",
        ["192.0.2.4/32"],
    ),
    ("nothing behind all", "v=spf1 ip4:192.0.2.4 -all ip4:192.0.2.5", ["192.0.2.4/32"]),
    ("no mapped addresses, which no client has", "v=spf1 ip6:::ffff:192.0.2.0/120 ip4:192.0.2.4", ["192.0.2.4/32"]),
]


@pytest.mark.parametrize(("what", "text", "listed"), LISTS, ids=[row[0] for row in LISTS])
def test_the_list_holds(what: str, text: str, listed: list[str]) -> None:
    expansion = expanded(text)
    assert networks(expansion) == listed
    assert expansion.problem == ""


def test_a_source_says_its_term_and_its_domain() -> None:
    source = expanded("v=spf1 include:_spf.example.com").sources[0]
    assert (source.term, source.domain) == ("ip4:198.51.100.0/30", "_spf.example.com")


def test_another_organisations_domains_are_named_and_not_asked() -> None:
    asked: list[Question] = []
    world = World(HOSTS + "example.com TXT v=spf1 include:_spf.example.com include:other.example redirect=third.example\n")

    def answer(question: Question) -> Lookup:
        asked.append(question)
        return world.lookup(question)

    expansion = drive(expand("example.com", own), answer)
    assert expansion.skipped == ("relay.example", "other.example", "third.example")
    assert {question.name for question in asked} == {"example.com", "_spf.example.com"}


def test_what_hangs_on_the_sender_is_named() -> None:
    expansion = expanded("v=spf1 ptr exists:%{i}.x.example a:%{l}.example.com redirect=%{h}.example.com")
    assert expansion.unlisted == ("ptr", "exists:%{i}.x.example", "a:%{l}.example.com", "redirect=%{h}.example.com")
    assert expanded("v=spf1 +all").unlisted == ("+all",)


PROBLEMS = [
    ("the record cannot be looked up", "v=spf1 -all", "", {"example.com TXT": "timeout"}, "TXT could not be looked up"),
    ("an address cannot be looked up", "v=spf1 a ip4:192.0.2.1", "", {"example.com A": "servfail"}, "(servfail)"),
    ("the record is malformed", "v=spf1 moo", "", {}, '"moo" is not a mechanism'),
    ("there are two", "v=spf1 -all", "example.com TXT v=spf1 ?all\n", {}, "example.com has 2 SPF records"),
    ("an include has no record", "v=spf1 include:no.example.com", "", {}, "no.example.com has no SPF record"),
    ("the record includes itself", "v=spf1 include:example.com", "", {}, "more than 10 terms need the DNS"),
    ("a macro leads to no name", "v=spf1 a:%{d}..example.com", "", {}, "does not lead to a name"),
    ("there are too many MX hosts", "v=spf1 mx:m.example.com",
     "".join(f"m.example.com MX {i} h{i}.example.com\n" for i in range(12)), {}, "more than 10 MX hosts"),
    ("there are too many addresses", "v=spf1 a:big.example.com",
     "".join(f"big.example.com A 198.51.{i // 256}.{i % 256}\n" for i in range(1001)), {}, "more than 1000 networks"),
]  # fmt: skip


@pytest.mark.parametrize(("why", "text", "more", "fail", "problem"), PROBLEMS, ids=[row[0] for row in PROBLEMS])
def test_the_list_is_not_whole_when(why: str, text: str, more: str, fail: dict[str, str], problem: str) -> None:
    assert problem in expanded(text, more, fail).problem


def test_a_failing_term_does_not_hide_the_others() -> None:
    expansion = expanded("v=spf1 a ip4:192.0.2.1", fail={"example.com A": "timeout"})
    assert networks(expansion) == ["192.0.2.1/32"]


def test_a_domain_without_a_record_lists_nothing_and_is_no_problem() -> None:
    assert expanded(None) == SpfExpansion()
    assert drive(expand("not a name", own), lambda _: None) == SpfExpansion()


TERM = st.builds(
    "{}{}".format,
    st.sampled_from(["include:", "a:", "mx:", "ptr:", "exists:", "redirect="]),
    st.sampled_from(
        ["example.com", "a.example.com", "no.example.com", "other.example", "%{d}", "%{i}.example.com", "x..test"]
    ),
)


@given(st.lists(TERM, max_size=8), st.lists(TERM, max_size=8), st.sampled_from(["answer", "timeout", "nxdomain"]))
def test_every_expansion_ends_within_its_bounds(one: list[str], other: list[str], mx: str) -> None:
    records = {"example.com": one, "a.example.com": other}
    zone = (
        "".join(f"{name} TXT v=spf1 {' '.join(terms)}\n" for name, terms in records.items())
        + "example.com MX 1 a.example.com"
    )
    world, asked = World(zone, fail={"example.com MX": mx}), []

    def answer(question: Question) -> Lookup:
        asked.append(question)
        return world.lookup(question)

    drive(expand("example.com", own), answer)
    assert len(asked) <= 1 + 10 * (1 + 2 * 10)
