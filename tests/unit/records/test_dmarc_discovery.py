"""Which DMARC record applies, and which name is the organisation (RFC 9989 §4.10, RFC 7489 §6.6.3, RFC 9990 §4)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.world import World
from truehelo.facts.dns import Lookup, Outcome, Question
from truehelo.records.dmarc import DmarcDiscovery, External, Place, aligned, discover, discover_psl, external, walked
from truehelo.records.talk import drive


def found(domain: str, zone: str, fail: dict[str, str] | None = None) -> DmarcDiscovery:
    return drive(discover(domain), World(zone, fail=fail).lookup)


def at(name: str, rest: str = "p=none") -> str:
    return f"_dmarc.{name} TXT v=DMARC1; {rest}\n"


DEEP = "a.b.c.d.e.f.g.h.i.j.mail.example.com"

WALKS = [
    ("a name of two labels", "example.com", "example.com com"),
    ("a name of seven labels", "a.b.c.d.e.f.com", "a.b.c.d.e.f.com b.c.d.e.f.com c.d.e.f.com d.e.f.com e.f.com f.com com"),
    ("a name of eight labels is asked eight times", "a.b.c.d.e.f.g.com",
     "a.b.c.d.e.f.g.com b.c.d.e.f.g.com c.d.e.f.g.com d.e.f.g.com e.f.g.com f.g.com g.com com"),
    ("a name of nine labels leaves one out", "a.b.c.d.e.f.g.h.com",
     "a.b.c.d.e.f.g.h.com c.d.e.f.g.h.com d.e.f.g.h.com e.f.g.h.com f.g.h.com g.h.com h.com com"),
    ("a name of thirteen labels leaves five out", DEEP,
     f"{DEEP} g.h.i.j.mail.example.com h.i.j.mail.example.com i.j.mail.example.com j.mail.example.com mail.example.com "
     "example.com com"),
    ("a name of one label", "localhost", "localhost"),
]  # fmt: skip


@pytest.mark.parametrize(("why", "domain", "names"), WALKS, ids=[row[0] for row in WALKS])
def test_the_names_of_a_walk(why: str, domain: str, names: str) -> None:
    assert walked(domain) == tuple(names.split())
    result = found(domain, "")
    assert [each.domain for each in result.asked] == names.split()
    assert (result.found, result.place, result.organisation) == (None, Place.NONE, domain)
    assert (result.unsure, result.organisation_unsure) == ((), ())


A = "a.mail.example.com"
SELECTION = [
    ("its own record applies", A, at(A, "p=reject"), A, Place.OWN, A),
    ("its own record applies, and the organisation is above it", A, at(A) + at("example.com"), A, Place.OWN, "example.com"),
    ("the highest name with a record is the organisation", A, at("mail.example.com") + at("example.com"),
     "example.com", Place.ORGANISATION, "example.com"),
    ("psd=n ends the walk", A, at("mail.example.com", "p=none; psd=n") + at("example.com"),
     "mail.example.com", Place.ORGANISATION, "mail.example.com"),
    ("psd=n at the name itself ends the walk", A, at(A, "p=none; psd=n") + at("example.com"), A, Place.OWN, A),
    ("below a suffix lies the organisation", A, at("com", "p=reject; psd=y"), "com", Place.SUFFIX, "example.com"),
    ("below a suffix lies the organisation, with a record", A, at("com", "p=none; psd=y") + at("example.com"),
     "example.com", Place.ORGANISATION, "example.com"),
    ("a record between the name and its organisation does not apply", A,
     at("com", "p=reject; psd=y") + at("mail.example.com"), "com", Place.SUFFIX, "example.com"),
    ("a suffix of two labels", "a.example.co.test", at("co.test", "p=none; psd=y") + at("example.co.test"),
     "example.co.test", Place.ORGANISATION, "example.co.test"),
    ("a suffix itself is its own organisation", "com", at("com", "p=none; psd=y"), "com", Place.OWN, "com"),
    ("a suffix that sends ends its own walk", "co.test", at("co.test", "p=none; psd=y") + at("test"),
     "co.test", Place.OWN, "co.test"),
    ("a top-level name with an ordinary record is the organisation", A, at("com") + at("example.com"),
     "com", Place.ORGANISATION, "com"),
    ("two records at one name are none", A, at("example.com") + at("example.com", "p=reject") + at("mail.example.com"),
     "mail.example.com", Place.ORGANISATION, "mail.example.com"),
    ("two records at the name itself are none, and the walk goes on", A, at(A) + at(A, "p=reject") + at("example.com"),
     "example.com", Place.ORGANISATION, "example.com"),
    ("other TXT records do not count", A, "_dmarc.a.mail.example.com TXT v=spf1 -all\n" + at("example.com"),
     "example.com", Place.ORGANISATION, "example.com"),
    ("a record with a tag twice is none", A, at(A, "p=none; p=none") + at("example.com"),
     "example.com", Place.ORGANISATION, "example.com"),
    ("an alias leads to the record", "example.com", "_dmarc.example.com CNAME d.test\nd.test TXT v=DMARC1; p=none\n",
     "example.com", Place.OWN, "example.com"),
    ("a long name jumps over names with a record", DEEP, at("b.c.d.e.f.g.h.i.j.mail.example.com") + at("example.com"),
     "example.com", Place.ORGANISATION, "example.com"),
    ("case and a final dot do not matter", "A.Mail.EXAMPLE.com.", at("example.com"),
     "example.com", Place.ORGANISATION, "example.com"),
    ("an organisation of many labels below a suffix", DEEP, at("example.com", "p=none; psd=y"),
     "example.com", Place.SUFFIX, "mail.example.com"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("why", "domain", "zone", "name", "place", "organisation"), SELECTION, ids=[row[0] for row in SELECTION]
)
def test_what_applies(why: str, domain: str, zone: str, name: str, place: Place, organisation: str) -> None:
    result = found(domain, zone)
    assert result.found is not None
    assert (result.found.domain, result.place, result.organisation) == (name, place, organisation)
    assert result.record is result.found.record
    assert (result.unsure, result.organisation_unsure) == ((), ())


def test_a_stop_asks_no_further() -> None:
    zone = at("mail.example.com", "p=none; psd=n")
    assert [each.domain for each in found(A, zone).asked] == [A, "mail.example.com"]


@pytest.mark.parametrize("outcome", ["servfail", "timeout", "refused", "malformed"])
def test_a_failure_is_not_no_record(outcome: str) -> None:
    failing = Question(name="_dmarc.example.com", rdtype="TXT")
    alone = found("example.com", "", {"_dmarc.example.com TXT": outcome})
    assert (alone.record, alone.unsure, alone.organisation_unsure) == (None, (failing,), (failing,))
    above = found(A, at("mail.example.com"), {"_dmarc.example.com TXT": outcome})
    assert above.record is not None
    assert above.unsure == (failing,)
    own = found(A, at(A, "p=reject"), {"_dmarc.example.com TXT": outcome})
    assert (own.place, own.unsure, own.organisation_unsure) == (Place.OWN, (), (failing,))


def test_what_was_meant_to_be_a_record_is_told() -> None:
    asked = found("example.com", "_dmarc.example.com TXT v=DMARC1 p=none\n").asked[0]
    assert (asked.record, asked.texts, asked.meant) == (None, (), ("v=DMARC1 p=none",))
    broken = found("example.com", at("example.com", "p=none; p=none")).asked[0]
    assert broken.error is not None
    assert found("example.com", at("example.com") + at("example.com", "p=reject")).asked[0].several


@pytest.mark.parametrize(
    "domain", ["", "a..example.com", "x" * 64 + ".example.com", ".".join(["label"] * 45), "a\\b.example"]
)
def test_a_name_that_cannot_be_asked_has_no_record(domain: str) -> None:
    result = found(domain, "")
    assert result.asked[0].outcome is Outcome.NXDOMAIN
    assert result.found is None


PSL = [
    ("its own record applies", A, "example.com", at(A) + at("example.com"), A, Place.OWN),
    ("the organisation's applies", A, "example.com", at("example.com"), "example.com", Place.ORGANISATION),
    ("names between are not asked", A, "example.com", at("mail.example.com"), None, Place.NONE),
    ("two at the name end the search", A, "example.com", at(A) + at(A, "p=reject") + at("example.com"), None, Place.NONE),
    (
        "two at the organisation end it too",
        A,
        "example.com",
        at("example.com") + at("example.com", "p=reject"),
        None,
        Place.NONE,
    ),
    ("the suffix is not asked", "example.com", "example.com", at("com", "p=none; psd=y"), None, Place.NONE),
    ("a suffix has none above it", "com", None, at("com"), "com", Place.OWN),
    ("psd means nothing there", A, "example.com", at("example.com", "p=none; psd=y"), "example.com", Place.ORGANISATION),
]


@pytest.mark.parametrize(("why", "domain", "org", "zone", "name", "place"), PSL, ids=[row[0] for row in PSL])
def test_by_the_list(why: str, domain: str, org: str | None, zone: str, name: str | None, place: Place) -> None:
    result = drive(discover_psl(domain, org), World(zone).lookup)
    assert (None if result.found is None else result.found.domain, result.place) == (name, place)
    assert (result.organisation, result.unsure) == (org or domain, ())


def test_by_the_list_a_failure_is_not_no_record() -> None:
    for zone in ("", at("example.com")):
        result = drive(discover_psl(A, "example.com"), World(zone, fail={f"_dmarc.{A} TXT": "servfail"}).lookup)
        assert [question.name for question in result.unsure] == [f"_dmarc.{A}"]


def reports(zone: str, domain: str = "blue.example.com", host: str = "red.example.net", **fail: str) -> External:
    failing = {f"{domain}._report._dmarc.{host} TXT": word for word in fail.values()}
    return drive(external(domain, host), World(zone, fail=failing).lookup)


WILLING = "blue.example.com._report._dmarc.red.example.net TXT "
EXTERNAL = [
    ("a record with the version says yes", WILLING + "v=DMARC1", True, False),
    ("a semicolon at the end is fine", WILLING + "v=DMARC1;", True, False),
    ("no record says no", "", False, False),
    ("another TXT record says no", WILLING + "hello", False, False),
    ("a record that is broken says no", WILLING + "v=DMARC1; a=1; a=1", False, False),
    ("one of several says yes", WILLING + "hello\n" + WILLING + "v=DMARC1", True, False),
    ("it may put in another address of its own", WILLING + "v=DMARC1; rua=mailto:x@red.example.net", True, False),
    ("it may not lead to a third", WILLING + "v=DMARC1; rua=mailto:x@third.example", True, True),
]


@pytest.mark.parametrize(("why", "zone", "yes", "misled"), EXTERNAL, ids=[row[0] for row in EXTERNAL])
def test_reports_that_go_to_another(why: str, zone: str, yes: bool, misled: bool) -> None:
    result = reports(zone)
    assert (result.authorised, result.misled) == (yes, misled)
    assert result.question.name == "blue.example.com._report._dmarc.red.example.net"


def test_reports_that_go_to_another_cannot_be_known_after_a_failure() -> None:
    assert reports(WILLING + "v=DMARC1", how="servfail").authorised is None
    long = reports("", domain=".".join(["label"] * 30), host=".".join(["label"] * 20))
    assert (long.authorised, long.too_long) == (False, True)


ALIGNED = [
    ("the same name", "example.com", "Example.COM.", "s", True),
    ("below, relaxed", "example.com", "mail.example.com", "r", True),
    ("below, strict", "example.com", "mail.example.com", "s", False),
    ("beside each other, relaxed", "news.example.com", "foo.example.com", "r", True),
    ("another organisation", "news.example.com", "foo.example.net", "r", False),
    ("an organisation that is not known", "news.example.com", "unknown.test", "r", None),
    ("strict needs no organisation", "news.example.com", "unknown.test", "s", False),
]


@pytest.mark.parametrize(("why", "author", "other", "mode", "expected"), ALIGNED, ids=[row[0] for row in ALIGNED])
def test_alignment(why: str, author: str, other: str, mode: str, expected: bool | None) -> None:
    def organisation(name: str) -> str | None:
        return None if name.endswith(".test") else ".".join(name.split(".")[-2:])

    assert aligned(author, other, mode, organisation) is expected


NAMES = [".".join(DEEP.split(".")[-count:]) for count in range(1, 14)]
ZONES = st.dictionaries(
    st.sampled_from(NAMES),
    st.lists(st.sampled_from(["v=DMARC1", "v=DMARC1; psd=y", "v=DMARC1; psd=n", "v=DMARC1; p=x", "hello"]), max_size=2),
)
FAILS = st.dictionaries(st.sampled_from([f"_dmarc.{name} TXT" for name in NAMES]), st.just("servfail"), max_size=2)


@given(st.sampled_from(NAMES), ZONES, FAILS)
def test_every_walk_ends_within_eight_questions_and_says_what_it_hangs_on(
    domain: str, zone: dict[str, list[str]], fail: dict[str, str]
) -> None:
    world = World("".join(f"_dmarc.{name} TXT {text}\n" for name, texts in zone.items() for text in texts), fail=fail)
    asked: list[Question] = []

    def answer(question: Question) -> Lookup:
        asked.append(question)
        return world.lookup(question)

    result = drive(discover(domain), answer)
    assert len(asked) <= 8
    assert [each.question for each in result.asked] == asked
    assert domain == result.organisation or domain.endswith("." + result.organisation)
    # What is sure holds whatever the failed lookups would have said.
    for said in ("", "v=DMARC1", "v=DMARC1; psd=y", "v=DMARC1; psd=n"):
        mended = {name.split()[0].removeprefix("_dmarc."): said for name in fail}
        table = {name: [mended[name]] if name in mended else zone.get(name, []) for name in NAMES}
        text = "".join(f"_dmarc.{name} TXT {text}\n" for name, texts in table.items() for text in texts if text)
        other = drive(discover(domain), World(text).lookup)
        if not result.unsure:
            assert (other.place, other.record) == (result.place, result.record)
        if not result.organisation_unsure:
            assert other.organisation == result.organisation
