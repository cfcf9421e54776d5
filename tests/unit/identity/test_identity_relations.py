"""The three relations are judged apart: PTR against address, stated name against address, stated name against PTR names."""

import pytest

from support.world import World
from truehelo.facts.names import NameForm
from truehelo.findings import Result
from truehelo.identity import Forward, Identity, StatedBy, addresses

GOOD = "192.0.2.25 PTR mail.example.com\nmail.example.com A 192.0.2.25\n"


def identity(table: str, **words: object) -> Identity:
    fail = words.pop("fail", None)
    return Identity(World(table, fail=fail).facts("192.0.2.25", **words))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("sentence", "table", "fail", "result"),
    [
        ("a name that leads back passes", GOOD, {}, Result.PASS),
        ("no PTR is permerror", "", {}, Result.PERMERROR),
        ("an empty answer is permerror too", "192.0.2.25 TXT x", {}, Result.PERMERROR),
        ("a PTR lookup that fails is temperror", GOOD, {"192.0.2.25 PTR": "servfail"}, Result.TEMPERROR),
        ("a forward lookup that fails is temperror", GOOD, {"mail.example.com A": "timeout"}, Result.TEMPERROR),
        ("a forward denial is fail, not permerror", "192.0.2.25 PTR mail.example.com", {}, Result.FAIL),
        ("another address is fail", "192.0.2.25 PTR m.example\nm.example A 192.0.2.9", {}, Result.FAIL),
    ],
)
def test_iprev_in_the_words_of_rfc_8601(sentence: str, table: str, fail: dict[str, str], result: Result) -> None:
    assert identity(table, fail=fail).iprev is result, sentence


def test_an_interrupted_run_without_a_ptr_lookup_is_temperror() -> None:
    facts = World(GOOD).facts("10.0.0.1")
    assert Identity(facts).iprev is Result.TEMPERROR


def test_a_stated_name_can_fail_one_relation_and_pass_the_other() -> None:
    seen = identity("192.0.2.25 PTR mail.example.com\nmail.example.com A 192.0.2.9", helo="mail.example.com")
    (helo,) = seen.stated_by(StatedBy.HELO)
    assert (helo.in_ptr, helo.in_confirmed, helo.forward) == (True, False, Forward.ELSEWHERE)


def test_a_stated_name_is_in_no_relation_to_ptr_names_that_are_not_known() -> None:
    (helo,) = identity(GOOD, fail={"192.0.2.25 PTR": "refused"}, helo="mail.example.com").stated
    assert helo.in_ptr is None
    assert helo.forward is Forward.CONFIRMED


def test_the_greeting_is_never_taken_for_the_helo() -> None:
    seen = identity(GOOD, smtp={25: "mail.example.com"})
    assert seen.stated_by(StatedBy.HELO) == ()
    assert [stated.by for stated in seen.stated] == [StatedBy.GREETING, StatedBy.EHLO_REPLY]


def test_equal_names_of_several_ports_are_one_stated_name_with_all_evidence() -> None:
    seen = identity(GOOD, smtp={25: "mail.example.com", 587: "MAIL.example.com."})
    (greeting,) = seen.stated_by(StatedBy.GREETING)
    assert greeting.evidence == ("smtp:25", "smtp:587", "dns:A:mail.example.com", "dns:PTR:25.2.0.192.in-addr.arpa")


def test_a_name_in_unicode_is_invalid_as_it_was_said_even_if_its_a_label_is_fine() -> None:
    (helo,) = identity("", helo="mail.bücher.example").stated
    assert (helo.form.form, helo.text) == (NameForm.INVALID, "mail.xn--bcher-kva.example")


def test_only_the_first_ten_names_are_judged() -> None:
    table = "\n".join(f"192.0.2.25 PTR m{i}.example.com" for i in range(12))
    seen = identity(table)
    assert len(seen.ptr_names) == 12
    assert len(seen.forwards) == 10


def test_the_addresses_of_a_lookup_that_was_not_asked_are_none() -> None:
    assert addresses(None) == ()
