"""What one SPF evaluation may cost (RFC 7208 §4.6.4), and that it ends in any world."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.world import World
from truehelo.facts.dns import Lookup, Question
from truehelo.records.spf import Limits, SpfResult, SpfWord, Why, drive, evaluate

IP = ip_address("192.0.2.25")


def judged(zone: str, limits: Limits | None = None) -> SpfResult:
    return drive(evaluate(IP, "example.com", limits=limits or Limits()), World(zone).lookup)


def terms(*each: str) -> str:
    return f"example.com TXT v=spf1 {' '.join(each)}\nexample.com A 198.51.100.1\nexample.com MX 10 example.com\n"


LOOKUPS = [
    ("ten terms that need the DNS are allowed", terms(*["a"] * 10, "?all"), "neutral", Why.MATCHED),
    ("eleven are not", terms(*["a"] * 11, "?all"), "permerror", Why.TOO_MANY_LOOKUPS),
    ("ip4, ip6 and all are free", terms(*["ip4:192.0.2.1"] * 7, *["ip6:2001:db8::1"] * 7, "?all"), "neutral", Why.MATCHED),
    ("mx counts once whatever it leads to", terms(*["mx"] * 10, "?all"), "neutral", Why.MATCHED),
    ("a redirect is the eleventh", terms(*["a"] * 10, "redirect=x.test"), "permerror", Why.TOO_MANY_LOOKUPS),
    ("a redirect beside all costs nothing", terms(*["a"] * 10, "redirect=x.test", "?all"), "neutral", Why.MATCHED),
    ("terms behind the match cost nothing", terms("ip4:192.0.2.25", *["a"] * 30), "pass", Why.MATCHED),
    ("terms of an include count too",
     terms("include:x.test", "?all") + f"x.test TXT v=spf1 {'a:example.com ' * 10}\n", "permerror", Why.TOO_MANY_LOOKUPS),
    ("nine terms of an include and the include are allowed",
     terms("include:x.test", "?all") + f"x.test TXT v=spf1 {'a:example.com ' * 9}\n", "neutral", Why.MATCHED),
    ("a record that includes itself ends", terms("include:example.com"), "permerror", Why.TOO_MANY_LOOKUPS),
    ("a record that redirects to itself ends", terms("redirect=example.com"), "permerror", Why.TOO_MANY_LOOKUPS),
    ("two records that include each other end",
     terms("include:x.test") + "x.test TXT v=spf1 include:example.com", "permerror", Why.TOO_MANY_LOOKUPS),
]  # fmt: skip


@pytest.mark.parametrize(("why", "zone", "word", "reason"), LOOKUPS, ids=[row[0] for row in LOOKUPS])
def test_lookups(why: str, zone: str, word: str, reason: Why) -> None:
    result = judged(zone)
    assert (result.result, result.why) == (word, reason), result.detail


VOIDS = [
    ("two names that do not exist are borne", terms("a:no1.test", "a:no2.test", "?all"), "neutral"),
    ("three are not", terms("a:no1.test", "a:no2.test", "a:no3.test", "?all"), "permerror"),
    ("names without records of the type count", terms(*["mx:x.test"] * 3, "?all") + "x.test A 192.0.2.1", "permerror"),
    ("exists counts", terms("exists:no1.test", "exists:no2.test", "exists:no3.test", "?all"), "permerror"),
    ("the hosts of an mx count",
     terms("mx:m.test", "?all") + "m.test MX 1 no1.test\nm.test MX 2 no2.test\nm.test MX 3 no3.test", "permerror"),
    ("a null MX names no host", terms("mx:m.test", "mx:m.test", "mx:m.test", "?all") + "m.test MX 0 .\n", "neutral"),
    ("a missing explanation does not count", terms("a:no1.test", "a:no2.test", "exp=no3.test", "?all"), "neutral"),
    ("a name that cannot be asked for does not count", terms(*["a:x..test"] * 5, "?all"), "neutral"),
]  # fmt: skip


@pytest.mark.parametrize(("why", "zone", "word"), VOIDS, ids=[row[0] for row in VOIDS])
def test_voids(why: str, zone: str, word: str) -> None:
    assert judged(zone).result == word


def mx(count: int) -> str:
    hosts = "".join(f"m.test MX {i} h{i}.test\nh{i}.test A 198.51.100.{i}\n" for i in range(count))
    return terms("mx:m.test", "?all") + hosts


def test_ten_mx_records_are_followed_and_eleven_are_an_error() -> None:
    assert judged(mx(10)).result is SpfWord.NEUTRAL
    assert judged(mx(11)).why is Why.TOO_MANY_MX


def test_of_the_ptr_names_the_first_ten_are_looked_at() -> None:
    def world(at: int) -> str:
        names = [f"n{i}.test" for i in range(at)] + ["right.test"]
        hosts = "".join(f"{name} A {'192.0.2.25' if name == 'right.test' else '198.51.100.7'}\n" for name in names)
        return terms("ptr:right.test", "-all") + "".join(f"192.0.2.25 PTR {name}\n" for name in names) + hosts

    assert judged(world(9)).result is SpfWord.PASS
    assert judged(world(10)).result is SpfWord.FAIL


def test_the_ptr_names_are_asked_for_once() -> None:
    zone = (
        terms("exists:%{p}.a.test", "exists:%{p}.b.test", "ptr:none.test", "?all")
        + "192.0.2.25 PTR n.test\nn.test A 192.0.2.25"
    )
    asked: list[Question] = []
    world = World(zone)

    def answer(question: Question) -> Lookup:
        asked.append(question)
        return world.lookup(question)

    drive(evaluate(IP, "example.com"), answer)
    assert [question.rdtype for question in asked].count("PTR") == 1


def test_a_caller_can_set_other_limits() -> None:
    assert judged(terms("a", "a", "?all"), Limits(lookups=1)).why is Why.TOO_MANY_LOOKUPS
    assert judged(terms("a:no.test", "?all"), Limits(voids=0)).why is Why.TOO_MANY_VOIDS


NAMES = ("example.com", "a.test", "b.test", "c.test")
DOMAIN = st.sampled_from([*NAMES, "no.test", "%{d}", "%{p}", "%{h}", "%{ir}.a.test", "x..test", "A.Test", "%%.test"])
PLAIN = ["ip4:192.0.2.0/24", "ip6:2001:db8::/32", "all", "a", "mx", "ptr", "moo=cow", "a/24//64", "broken"]
TERM = st.one_of(
    st.builds(
        "{}{}:{}".format,
        st.sampled_from(["", "-", "~", "?"]),
        st.sampled_from(["include", "a", "mx", "ptr", "exists"]),
        DOMAIN,
    ),
    st.builds("redirect={}".format, DOMAIN),
    st.sampled_from(PLAIN),
)
SPF = st.builds(lambda each: "TXT v=spf1 " + " ".join(each), st.lists(TERM, max_size=10))
OTHER = st.sampled_from(
    ["A 192.0.2.25", "A 198.51.100.1", "AAAA 2001:db8::25", "MX 10 a.test", "MX 20 no.test", "TXT hello"]
)
WORLDS = st.fixed_dictionaries({name: st.lists(SPF | OTHER, max_size=5) for name in NAMES} | {
    "192.0.2.25": st.lists(st.builds("PTR {}".format, st.sampled_from([*NAMES, "no.test"])), max_size=12),
})  # fmt: skip
FAILS = st.dictionaries(
    st.builds("{} {}".format, st.sampled_from(NAMES), st.sampled_from(["TXT", "A", "MX"])),
    st.sampled_from(["timeout", "servfail", "refused", "malformed", "nxdomain"]),
    max_size=3,
)


def table(world: dict[str, list[str]]) -> str:
    return "".join(f"{name} {each}\n" for name, records in world.items() for each in records)


@given(WORLDS, FAILS)
def test_every_evaluation_ends_within_its_bounds(zone: dict[str, list[str]], fail: dict[str, str]) -> None:
    world, asked = World(table(zone), fail=fail), []

    def answer(question: Question) -> Lookup:
        asked.append(question)
        return world.lookup(question)

    result = drive(evaluate(IP, "example.com"), answer)
    # The first record, ten terms with one question each, ten MX hosts for each of them, and the PTR names once.
    assert len(asked) <= 1 + 10 + 10 * 10 + 11
    assert result.questions == tuple(dict.fromkeys(asked))
    assert result.lookups <= 11
    assert result.voids <= 3
    assert result.detail


@given(WORLDS, FAILS)
def test_the_outcome_does_not_hang_on_case(zone: dict[str, list[str]], fail: dict[str, str]) -> None:
    def upper(records: list[str]) -> list[str]:
        return [each.upper() if each.startswith("TXT v=spf1") and "%" not in each else each for each in records]

    one = drive(evaluate(IP, "example.com"), World(table(zone), fail=fail).lookup)
    other = drive(
        evaluate(IP, "EXAMPLE.com"), World(table({name: upper(each) for name, each in zone.items()}), fail=fail).lookup
    )
    assert (one.result, one.why, one.lookups, one.voids) == (other.result, other.why, other.lookups, other.voids)


@given(WORLDS, FAILS)
def test_facts_that_were_gathered_are_judged_to_the_same_result(zone: dict[str, list[str]], fail: dict[str, str]) -> None:
    world, facts = World(table(zone), fail=fail), {}

    def answer(question: Question) -> Lookup:
        facts[question] = world.lookup(question)
        return facts[question]

    assert drive(evaluate(IP, "example.com"), answer) == drive(evaluate(IP, "example.com"), facts.get)


@given(WORLDS, FAILS, st.data())
def test_a_lost_answer_makes_the_outcome_undetermined(
    zone: dict[str, list[str]], fail: dict[str, str], data: st.DataObject
) -> None:
    world = World(table(zone), fail=fail)
    whole = drive(evaluate(IP, "example.com"), world.lookup)
    lost = data.draw(st.sampled_from(whole.questions))
    less = drive(evaluate(IP, "example.com"), lambda question: None if question == lost else world.lookup(question))
    assert less.result is SpfWord.TEMPERROR or less.unsure
