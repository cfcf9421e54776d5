"""SPF evaluation as tables: a row is a sentence, a small zone, an address, and the word (RFC 7208 §4 to §6)."""

from ipaddress import ip_address

import pytest

from support.world import World
from truehelo.facts.dns import Question
from truehelo.records.spf import Match, SpfResult, SpfWord, Why, drive, evaluate

IP4, IP6 = "192.0.2.25", "2001:db8::25"

HOSTS = """
mail.example.com A 192.0.2.25
mail.example.com AAAA 2001:db8::25
near.example.com A 192.0.2.30
near.example.com AAAA 2001:db8::30
example.com MX 10 mail.example.com
192.0.2.25 PTR mail.example.com
192.0.2.25 PTR liar.example.net
2001:db8::25 PTR mail.example.com
"""


def judged(
    zone: str, ip: str = IP4, domain: str = "example.com", fail: dict[str, str] | None = None, **known: str
) -> SpfResult:
    return drive(evaluate(ip_address(ip), domain, **known), World(HOSTS + zone, fail=fail).lookup)


def record(text: str) -> str:
    return f"example.com TXT {text}\n"


MECHANISMS = [
    ("all matches whatever comes", "v=spf1 -all", IP4, "fail"),
    ("without a match the outcome is neutral", "v=spf1 ip4:198.51.100.1", IP4, "neutral"),
    ("an empty record is neutral", "v=spf1", IP4, "neutral"),
    ("ip4 matches its address", "v=spf1 ip4:192.0.2.25 -all", IP4, "pass"),
    ("ip4 matches within its network", "v=spf1 ip4:192.0.2.200/24 -all", IP4, "pass"),
    ("ip4 never matches an IPv6 address", "v=spf1 ip4:0.0.0.0/0 -all", IP6, "fail"),
    ("ip6 matches within its network", "v=spf1 ip6:2001:db8::/64 -all", IP6, "pass"),
    ("ip6 never matches an IPv4 address", "v=spf1 ip6:::/0 -all", IP4, "fail"),
    ("an IPv4-mapped address is judged as IPv4", "v=spf1 ip4:192.0.2.25 -all", "::ffff:192.0.2.25", "pass"),
    ("an ip6 of mapped addresses does not match IPv4", "v=spf1 ip6:::ffff:192.0.2.25 -all", "::ffff:192.0.2.25", "fail"),
    ("the first match decides", "v=spf1 ?ip4:192.0.2.25 ip4:192.0.2.0/24 -all", IP4, "neutral"),
    ("a says A of the name", "v=spf1 a:mail.example.com -all", IP4, "pass"),
    ("a says AAAA for an IPv6 address", "v=spf1 a:mail.example.com -all", IP6, "pass"),
    ("a of another host does not match", "v=spf1 a:near.example.com -all", IP4, "fail"),
    ("a with a prefix length matches its neighbours", "v=spf1 a:near.example.com/28 -all", IP4, "pass"),
    ("the prefix length of IPv4 does not count for IPv6", "v=spf1 a:near.example.com/28 -all", IP6, "fail"),
    ("the prefix length of IPv6 counts for IPv6", "v=spf1 a:near.example.com/32//64 -all", IP6, "pass"),
    ("a without a domain means the current one", "v=spf1 a -all", IP4, "fail"),
    ("mx says the addresses of the MX hosts", "v=spf1 mx -all", IP4, "pass"),
    ("mx says AAAA for an IPv6 address", "v=spf1 mx -all", IP6, "pass"),
    ("mx of a domain without MX does not fall back to A", "v=spf1 mx:mail.example.com -all", IP4, "fail"),
    ("ptr matches a validated name below the domain", "v=spf1 ptr -all", IP4, "pass"),
    ("ptr does not believe a name that leads elsewhere", "v=spf1 ptr:example.net -all", IP4, "fail"),
    ("ptr matches whole labels only", "v=spf1 ptr:ample.com -all", IP4, "fail"),
    ("exists asks for A", "v=spf1 exists:mail.example.com -all", IP4, "pass"),
    ("exists asks for A for an IPv6 address too", "v=spf1 exists:mail.example.com -all", IP6, "pass"),
    ("exists of nothing does not match", "v=spf1 exists:no.example.com -all", IP4, "fail"),
    ("a malformed name from a macro matches nothing", "v=spf1 a:%{o}..example.com -all", IP4, "fail"),
    ("names of mechanisms know no case", "V=SPF1 IP4:192.0.2.25 -ALL", IP4, "pass"),
    ("softfail is told", "v=spf1 ~all", IP4, "softfail"),
    ("names are compared without case", "v=spf1 a:MAIL.Example.COM -all", IP4, "pass"),
    ("a name with a final dot is the name", "v=spf1 a:mail.example.com. -all", IP4, "pass"),
    ("redirect beside all is passed over", "v=spf1 redirect=no.example.com ?all", IP4, "neutral"),
    ("exp is not fetched", "v=spf1 exp=no.example.com -all", IP4, "fail"),
    ("a modifier that nobody knows means nothing", "v=spf1 moo=cow ip4:192.0.2.25 -all", IP4, "pass"),
    ("an error behind the match is an error", "v=spf1 ip4:192.0.2.25 -all moo", IP4, "permerror"),
    ("an error behind all is an error", "v=spf1 ?all a:", IP4, "permerror"),
]


@pytest.mark.parametrize(("why", "text", "ip", "word"), MECHANISMS, ids=[row[0] for row in MECHANISMS])
def test_mechanism(why: str, text: str, ip: str, word: str) -> None:
    assert judged(record(text), ip).result == word


SUB = "_spf.example.com TXT v=spf1 "
CHAINS = [
    ("an include that passes matches", "v=spf1 include:_spf.example.com -all", SUB + "ip4:192.0.2.25 -all", "pass"),
    ("the qualifier of the include counts", "v=spf1 ~include:_spf.example.com -all", SUB + "+all", "softfail"),
    ("an include that fails does not match", "v=spf1 include:_spf.example.com ?all", SUB + "-all", "neutral"),
    ("an include that softfails does not match", "v=spf1 include:_spf.example.com ?all", SUB + "~all", "neutral"),
    ("an include that is neutral does not match", "v=spf1 include:_spf.example.com -all", SUB + "?all", "fail"),
    ("an include without a record breaks", "v=spf1 include:no.example.com -all", "", "permerror"),
    ("an include of a malformed name breaks", "v=spf1 include:a..example.com -all", "", "permerror"),
    ("an include with an error breaks", "v=spf1 include:_spf.example.com -all", SUB + "moo", "permerror"),
    ("an error that is not reached is not seen", "v=spf1 ?all include:_spf.example.com", SUB + "moo", "neutral"),
    ("redirect takes the other's outcome", "v=spf1 redirect=_spf.example.com", SUB + "-all", "fail"),
    ("redirect comes last wherever it stands", "v=spf1 redirect=_spf.example.com a:mail.example.com", SUB + "-all", "pass"),
    ("redirect without a record breaks", "v=spf1 redirect=no.example.com", "", "permerror"),
    ("redirect to a malformed name breaks", "v=spf1 redirect=a..example.com", "", "permerror"),
    ("redirect changes what a bare a means", "v=spf1 redirect=mail.example.com", "mail.example.com TXT v=spf1 a", "pass"),
    ("an include changes what a bare a means", "v=spf1 include:mail.example.com", "mail.example.com TXT v=spf1 a", "pass"),
    ("redirect inside an include counts there", "v=spf1 include:_spf.example.com -all", SUB + "redirect=mail.example.com\n"
     "mail.example.com TXT v=spf1 a -all", "pass"),
]  # fmt: skip


@pytest.mark.parametrize(("why", "text", "more", "word"), CHAINS, ids=[row[0] for row in CHAINS])
def test_include_and_redirect(why: str, text: str, more: str, word: str) -> None:
    assert judged(record(text) + more).result == word


SELECTION = [
    ("no TXT record is none", "", "none"),
    ("other TXT records are none", record("hello") + record("v=spf10 -all"), "none"),
    ("one among others counts", record("hello") + record("v=spf1 -all"), "fail"),
    ("two are an error", record("v=spf1 -all") + record("v=spf1 ?all"), "permerror"),
    ("two of which one is malformed are an error", record("v=spf1 -all") + record("v=spf1 moo"), "permerror"),
    ("a record in several strings is one", 'example.com TXT "v=spf1 ip4:192.0." "2.25 -all"\n', "pass"),
    ("a record that is not ASCII is an error", record("v=spf1 a:b\u00fccher.example -all"), "permerror"),
    ("an alias leads to the record", "example.com CNAME other.example\nother.example TXT v=spf1 -all\n", "fail"),
]


@pytest.mark.parametrize(("why", "zone", "word"), SELECTION, ids=[row[0] for row in SELECTION])
def test_selecting_the_record(why: str, zone: str, word: str) -> None:
    assert judged(zone).result == word


DOMAINS = [
    ("one label", "localhost"),
    ("an empty label", "a..example.com"),
    ("a label of 64 characters", "a" * 64 + ".example.com"),
    ("a name of more than 253 characters", ".".join(["label"] * 50)),
    ("nothing", ""),
    ("a backslash", "a\\b.example.com"),
]


@pytest.mark.parametrize(("why", "domain"), DOMAINS, ids=[row[0] for row in DOMAINS])
def test_a_malformed_domain_is_none_and_is_not_asked(why: str, domain: str) -> None:
    result = judged("", domain=domain)
    assert (result.result, result.questions) == (SpfWord.NONE, ())


FAILURES = [
    ("the record", "example.com TXT", "v=spf1 -all"),
    ("the record of an include", "_spf.example.com TXT", "v=spf1 include:_spf.example.com -all"),
    ("the record of a redirect", "_spf.example.com TXT", "v=spf1 redirect=_spf.example.com"),
    ("the address of a", "near.example.com A", "v=spf1 a:near.example.com -all"),
    ("the MX records", "example.com MX", "v=spf1 mx -all"),
    ("the address of an MX host", "mail.example.com A", "v=spf1 mx -all"),
    ("the name of exists", "x.example.com A", "v=spf1 exists:x.example.com -all"),
]


@pytest.mark.parametrize("outcome", ["servfail", "refused", "timeout", "malformed"])
@pytest.mark.parametrize(("what", "question", "text"), FAILURES, ids=[row[0] for row in FAILURES])
def test_a_lookup_that_fails_is_temperror_and_neither_pass_nor_fail(
    what: str, question: str, text: str, outcome: str
) -> None:
    result = judged(record(text), fail={question: outcome})
    assert (result.result, result.why) == (SpfWord.TEMPERROR, Why.DNS)
    assert outcome in result.detail


def test_a_match_before_the_failing_lookup_stands() -> None:
    result = judged(record("v=spf1 ip4:192.0.2.25 a:near.example.com"), fail={"near.example.com A": "timeout"})
    assert result.result is SpfWord.PASS


@pytest.mark.parametrize("question", ["192.0.2.25 PTR", "mail.example.com A"])
def test_a_failing_lookup_of_ptr_is_passed_over_and_noted(question: str) -> None:
    result = judged(record("v=spf1 ptr:example.com -all"), fail={question: "timeout"})
    assert result.result is SpfWord.FAIL
    assert any("timeout" in text for text in result.unsure)


MACROS = [
    ("the address", "exists:%{i}.x.test", "192.0.2.25.x.test"),
    ("the address reversed", "exists:%{ir}.%{v}.x.test", "25.2.0.192.in-addr.x.test"),
    ("the domain", "exists:%{d1r}.x.test", "example.x.test"),
    ("the sender, whose local part is postmaster", "exists:%{l}.x.test", "postmaster.x.test"),
    ("the sender's domain", "exists:%{o}.x.test", "example.com.x.test"),
    ("the validated name", "exists:%{p}.x.test", "mail.example.com.x.test"),
]


@pytest.mark.parametrize(("what", "term", "name"), MACROS, ids=[row[0] for row in MACROS])
def test_macros_know(what: str, term: str, name: str) -> None:
    assert judged(record(f"v=spf1 {term} -all") + f"{name} A 192.0.2.2").result is SpfWord.PASS


def test_the_sender_and_the_helo_are_those_that_are_given() -> None:
    zone = record("v=spf1 exists:%{l}.%{o}.%{h}.x.test -all") + "joe.example.net.mail.example.com.x.test A 192.0.2.2"
    result = judged(zone, sender="joe@example.net", helo="mail.example.com")
    assert (result.result, result.unsure) == (SpfWord.PASS, ())


def test_an_outcome_that_hangs_on_an_unknown_helo_says_so() -> None:
    assert judged(record("v=spf1 exists:%{h}.x.test -all")).unsure == ("the HELO that the server sends",)
    assert judged(record("v=spf1 ip4:192.0.2.25 exists:%{h}.x.test -all")).unsure == ()


def test_the_validated_name_prefers_the_domain_then_names_below_it() -> None:
    ptr = "198.51.100.9 PTR other.example\n198.51.100.9 PTR sub.example.org\n198.51.100.9 PTR example.org\n"
    hosts = "other.example A 198.51.100.9\nsub.example.org A 198.51.100.9\nexample.org A 198.51.100.9\n"
    rule = "TXT v=spf1 exists:%{p}.x.test -all\n"
    for domain, name in (
        ("example.org", "example.org"),
        ("sub.example.org", "sub.example.org"),
        ("a.test", "other.example"),
    ):
        zone = ptr + hosts + f"{domain} {rule}{name}.x.test A 192.0.2.2\n"
        assert judged(zone, ip="198.51.100.9", domain=domain).result is SpfWord.PASS
    without = "a.test TXT v=spf1 exists:%{p}.x.test -all\nunknown.x.test A 192.0.2.2\n"
    assert judged(without, ip="198.51.100.9", domain="a.test").result is SpfWord.PASS


def test_the_result_says_what_matched_and_where() -> None:
    zone = record("v=spf1 include:_spf.example.com -all") + SUB + "redirect=mail.example.com\nmail.example.com TXT v=spf1 a"
    result = judged(zone)
    assert result.path == (
        Match(domain="example.com", term="include:_spf.example.com"),
        Match(domain="mail.example.com", term="a"),
    )
    assert (result.mechanism, result.domain, result.lookups) == ("include:_spf.example.com", "example.com", 3)
    assert result.record == "v=spf1 include:_spf.example.com -all"
    assert [str(question) for question in result.questions] == [
        "example.com TXT",
        "_spf.example.com TXT",
        "mail.example.com TXT",
        "mail.example.com A",
    ]


def test_behind_a_redirect_the_target_decided() -> None:
    result = judged(record("v=spf1 redirect=_spf.example.com") + SUB + "-all")
    assert (result.domain, result.mechanism) == ("_spf.example.com", "-all")


def test_a_question_that_nobody_answers_counts_as_a_timeout() -> None:
    result = drive(evaluate(ip_address(IP4), "example.com"), lambda _: None)
    assert (result.result, result.why) == (SpfWord.TEMPERROR, Why.DNS)
    assert result.questions == (Question(name="example.com", rdtype="TXT"),)
