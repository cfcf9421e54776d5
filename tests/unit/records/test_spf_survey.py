"""An SPF record seen as a whole: rows of a table, and any record at all."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.zone import Zone
from truehelo.facts.address import parse_address
from truehelo.facts.dns import Exchange, Lookup, Outcome, Question
from truehelo.records.spf import SpfResult, SpfWord, Why, drive, evaluate, expand
from truehelo.records.spf.survey import MAX_FAILED, MAX_QUESTIONS, MAX_TERMS, SpfFault, SpfSurvey, survey


def lookup(zone: Zone, question: Question, failing: tuple[str, ...] = ()) -> Lookup:
    found = zone.resolve(question)
    outcome = Outcome.SERVFAIL if question.name in failing else found.outcome
    exchange = Exchange(
        server="192.0.2.53:53",
        transport="udp",
        vantage="test",
        at=datetime(2026, 1, 1, tzinfo=UTC),
        took_s=0.0,
        outcome=outcome,
        records=found.records if outcome is Outcome.ANSWER else (),
    )
    return Lookup(question=question, exchanges=(exchange,))


def surveyed(table: str, *failing: str) -> SpfSurvey:
    zone = Zone.parse(table)
    return drive(survey("example.com"), lambda question: lookup(zone, question, failing))


@pytest.mark.parametrize(
    ("words", "table", "lookups", "voids", "ends", "faults"),
    [
        ("no record at all", "example.com A 192.0.2.1", 0, (), "", ()),
        ("addresses cost nothing", "example.com TXT v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 -all", 0, (), "-", ()),
        ("what stands behind all costs nothing", "example.com TXT v=spf1 -all include:gone.example a mx", 0, (), "-", ()),
        (
            "an exists term costs one, whatever it leads to",
            "example.com TXT v=spf1 exists:%{i}.example.com ~all",
            1,
            (),
            "~",
            (),
        ),
        (
            "a name with one family is not void",
            "example.com TXT v=spf1 a -all\nexample.com AAAA 2001:db8::1",
            1,
            (),
            "-",
            (),
        ),
        ("a name with none is", "example.com TXT v=spf1 a:gone.example.com -all", 1, ("gone.example.com A",), "-", ()),
        ("an mx without MX records is", "example.com TXT v=spf1 mx -all", 1, ("example.com MX",), "-", ()),
        (
            "a redirect costs one, and gives the end",
            "example.com TXT v=spf1 redirect=b.example.com\nb.example.com TXT v=spf1 ?all",
            1,
            (),
            "?",
            (),
        ),
        (
            "an include gives no end but where everybody passes",
            "example.com TXT v=spf1 include:b.example.com\nb.example.com TXT v=spf1 -all",
            1,
            (),
            "",
            (),
        ),
        (
            "an include that lets everybody pass ends with its own qualifier",
            "example.com TXT v=spf1 -include:b.example.com ~all\nb.example.com TXT v=spf1 +all",
            1,
            (),
            "-",
            (),
        ),
        (
            "an include of what is no name",
            "example.com TXT v=spf1 include:%{d}..x -all",
            1,
            (),
            "-",
            (SpfFault.LEADS_NOWHERE,),
        ),
        (
            "eleven MX records",
            "example.com TXT v=spf1 mx -all\n"
            + "\n".join(f"example.com MX 10 m{number}.example.com" for number in range(11))
            + "\n"
            + "\n".join(f"m{number}.example.com A 192.0.2.1" for number in range(11)),
            1,
            (),
            "-",
            (SpfFault.TOO_MANY_MX,),
        ),
        ("two records", "example.com TXT v=spf1 -all\nexample.com TXT v=spf1 ~all", 0, (), "", (SpfFault.MULTIPLE,)),
        ("a syntax error", "example.com TXT v=spf1 ip4:x -all", 0, (), "", (SpfFault.SYNTAX,)),
    ],
)
def test_a_record_comes_to(
    words: str, table: str, lookups: int, voids: tuple[str, ...], ends: str, faults: tuple[SpfFault, ...]
) -> None:
    found = surveyed(table)
    assert (found.lookups, found.voids, found.ends) == (lookups, voids, ends), words
    assert tuple(problem.fault for problem in found.problems) == faults, words


def test_a_lookup_that_failed_is_no_fault() -> None:
    found = surveyed("example.com TXT v=spf1 include:b.example.com -all", "b.example.com")
    assert (found.problems, found.voids) == ((), ())
    assert [str(question) for question in found.failed] == ["b.example.com TXT"]


def test_a_record_that_leads_on_for_ever_is_cut() -> None:
    chain = "\n".join(f"n{number}.example.com TXT v=spf1 include:n{number + 1}.example.com -all" for number in range(99))
    found = surveyed(f"example.com TXT v=spf1 include:n0.example.com -all\n{chain}")
    assert found.cut
    assert found.lookups == MAX_TERMS + 1


def hostile(hosts: int) -> str:
    """A record of as many mx terms as are followed, each with ten hosts."""
    terms = [f"mx:m{term}.example.com " for term in range(MAX_TERMS - 1)]
    parts = ["v=spf1 ", *("".join(terms[at : at + 10]) for at in range(0, len(terms), 10)), "-all"]
    lines = ["example.com TXT " + " ".join(f'"{part}"' for part in parts)]
    lines += [
        f"m{term}.example.com MX 10 h{host}.m{term}.example.com" for term in range(MAX_TERMS) for host in range(hosts)
    ]
    return "\n".join(lines)


def test_no_record_is_asked_more_of_than_one_within_the_limits_could_need() -> None:
    found = surveyed(hostile(10))
    assert found.cut
    assert len(found.questions) == MAX_QUESTIONS


def test_a_record_that_nobody_answers_for_is_given_up() -> None:
    zone = hostile(10)
    hosts = [f"h{host}.m{term}.example.com" for term in range(MAX_TERMS) for host in range(10)]
    found = surveyed(zone, *hosts)
    assert found.cut
    assert len(found.failed) == MAX_FAILED


def test_the_most_that_ten_lookups_can_need_is_read_to_its_end() -> None:
    terms = " ".join(f"mx:m{term}.example.com" for term in range(10))
    hosts = [f"m{term}.example.com MX 10 h{host}.m{term}.example.com" for term in range(10) for host in range(10)]
    found = surveyed("\n".join([f"example.com TXT v=spf1 {terms} -all", *hosts]))
    assert (found.cut, found.lookups, found.ends) == (False, 10, "-")


@pytest.mark.parametrize(
    ("words", "term", "wide"),
    [
        ("the whole Internet around an address", "a/0", True),
        ("an eighth of it", "a/7", True),
        ("a network that somebody may have", "a/8", False),
        ("around each MX host", "mx/0", True),
        ("IPv6 alone", "a//0", True),
        ("a family that the name does not have", "a:four.example.com//0", False),
        ("a term that refuses", "-a/0", False),
        ("a name without address", "a:gone.example.com/0", False),
    ],
)
def test_a_network_around_an_address_is_as_wide_as_one_that_is_written(words: str, term: str, wide: bool) -> None:
    table = (
        f"example.com TXT v=spf1 {term} -all\nexample.com A 192.0.2.1\nexample.com AAAA 2001:db8::1\n"
        "example.com MX 10 example.com\nfour.example.com A 192.0.2.1"
    )
    assert surveyed(table).wide == ((f"{term} in the record of example.com",) if wide else ())


TERMS = st.sampled_from(
    (
        "a mx ptr ip4:192.0.2.0/24 ip4:0.0.0.0/1 ip6:2001:db8::/15 include:b.example.com include:example.com "
        "a:gone.example.com exists:%{i}.x.example a:%{l}.example.com redirect=b.example.com -all +all ?all nonsense"
    ).split()
)
RECORDS = st.lists(TERMS, max_size=7).map(lambda terms: " ".join(["v=spf1", *terms]))


@given(RECORDS, RECORDS)
def test_where_an_evaluation_is_an_error_for_a_stranger_the_survey_says_so(own: str, other: str) -> None:
    """The survey never calls a record sound that a receiver stops at, for an address that nothing in it names."""
    zone = Zone.parse(
        f"example.com TXT {own}\nb.example.com TXT {other}\nexample.com A 192.0.2.1\nexample.com MX 10 example.com"
    )
    found = drive(survey("example.com"), lambda question: lookup(zone, question))
    stranger = parse_address("203.0.113.9")
    assert stranger is not None
    result: SpfResult = drive(evaluate(stranger, "example.com"), lambda question: lookup(zone, question))
    if result.result is SpfWord.PERMERROR:
        told = bool(found.problems) or found.lookups > 10 or len(found.voids) > 2
        # Names that hang on who sends cannot be known to be void.
        assert told or result.why is Why.TOO_MANY_VOIDS
    if result.why is Why.NO_MATCH:
        assert found.ends in ("", "?")


@given(st.text(max_size=200), st.text(max_size=80))
def test_any_text_is_surveyed_and_expanded(own: str, other: str) -> None:
    clean = ("v=spf1 " + own.replace("\n", " ").replace('"', "")).strip()
    zone = Zone()
    for name, text in (("example.com", clean), ("b.example.com", "v=spf1 " + other.replace("\n", " "))):
        record = Zone.parse("x.example TXT y").records[Question(name="x.example", rdtype="TXT")][0]
        octets = text.encode("utf-8", "backslashreplace")
        raw = b"".join(bytes([len(octets[i : i + 255])]) + octets[i : i + 255] for i in range(0, len(octets), 255)).hex()
        zone.records[Question(name=name, rdtype="TXT")] = [type(record)(owner=name, ttl=1, rdtype="TXT", data="", raw=raw)]
    found = drive(survey("example.com"), lambda question: lookup(zone, question))
    assert found.lookups <= MAX_TERMS + 1
    drive(expand("example.com", lambda _: True), lambda question: lookup(zone, question))
