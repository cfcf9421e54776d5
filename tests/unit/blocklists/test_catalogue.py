"""The catalogue: every row can be asked as it says, and who is asked is what was wanted."""

import re
from pathlib import Path

import pytest

from truehelo.blocklists import Blocklist, Keys, Purpose, Status, Weight, catalogue, subscribe
from truehelo.blocklists.model import KEY_STANDIN
from truehelo.blocklists.query import entry_name, name_in
from truehelo.errors import InputError
from truehelo.facts.address import parse_address

LISTS = list(catalogue().values())
KEY = "abcdefghijklmnopqrstuvwxyz012345"


@pytest.mark.parametrize("entry", LISTS, ids=lambda entry: entry.id)
def test_a_row_says_what_a_person_needs(entry: Blocklist) -> None:
    assert re.fullmatch(r"20[0-9]{2}-[0-9]{2}", entry.seen)
    assert entry.grade in "SDOU"
    assert entry.source
    assert entry.about[0].islower() or entry.about.startswith(("SBL", "(")), "it is a clause"
    assert not entry.about.endswith(".")
    if entry.askable:
        assert entry.terms, "who may ask"
    else:
        assert entry.since
        assert not entry.default


@pytest.mark.parametrize("entry", LISTS, ids=lambda entry: entry.id)
def test_its_names_fit_into_the_dns_with_the_longest_address_and_key(entry: Blocklist) -> None:
    ip = parse_address("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff")
    assert ip is not None
    for zone in (entry.zone, entry.keyed_zone.replace("{key}", "k" * 63)):
        assert len(name_in(ip, zone)) <= 253


@pytest.mark.parametrize("entry", LISTS, ids=lambda entry: entry.id)
def test_no_code_of_a_listing_is_taken_for_a_refusal(entry: Blocklist) -> None:
    for meaning in entry.meanings:
        code = re.sub(r"\*|(\d+)-\d+", lambda found: found[1] or "77", meaning.codes.text)
        assert entry.refusal(code) is None, code
        assert entry.meaning(code) == meaning, f"{code} means something else further up"


def test_what_is_asked_by_default_needs_neither_key_nor_registration() -> None:
    wanted = subscribe()
    assert len(wanted) >= 10
    assert all(each.entry.status is Status.ACTIVE and each.key is None and each.zone for each in wanted)
    assert {each.entry.id for each in wanted} >= {"spamhaus-zen", "spamcop", "dnswl"}


def test_a_key_takes_the_place_of_the_public_zone_and_is_not_shown() -> None:
    (zen,) = (each for each in subscribe(None, Keys({"spamhaus-zen": KEY})) if each.entry.id == "spamhaus-zen")
    assert zen.zone == f"{KEY}.zen.dq.spamhaus.net"
    assert zen.shown == f"{KEY_STANDIN}.zen.dq.spamhaus.net"
    assert KEY not in repr(zen)


def test_a_list_with_a_key_is_asked_without_being_named() -> None:
    assert "abusix" in {each.entry.id for each in subscribe(None, Keys({"abusix": KEY}))}
    assert "abusix" not in {each.entry.id for each in subscribe()}


def test_all_means_all_that_can_be_asked() -> None:
    named = {each.entry.id for each in subscribe(["all"])}
    assert "barracuda" in named
    assert not named & {"sorbs", "abusix", "spamhaus-authbl"}


def test_names_are_asked_once_in_their_order_and_may_be_joined_with_the_usual_ones() -> None:
    assert [each.entry.id for each in subscribe(["psbl", "barracuda", "psbl"])] == ["psbl", "barracuda"]
    ids = [each.entry.id for each in subscribe(["barracuda", "default"])]
    assert ids[0] == "barracuda"
    assert "spamcop" in ids


@pytest.mark.parametrize(
    ("names", "keys", "said"),
    [
        (["spamhouse"], {}, "the blocklist 'spamhouse': is not known; accepted are default, all and 0spam"),
        (["abusix"], {}, "the blocklist abusix: is asked with a key only"),
        (["psbl"], {"psbl": KEY}, "the key for psbl: is of no list that takes one; those are"),
        (None, {"nobody": KEY}, "the key for nobody: is of no list that takes one"),
    ],
)
def test_what_cannot_be_asked_is_told(names: list[str] | None, keys: dict[str, str], said: str) -> None:
    with pytest.raises(InputError, match=re.escape(said)) as raised:
        subscribe(names, Keys(keys))
    assert KEY not in str(raised.value)


def test_every_file_of_the_catalogue_is_read_and_no_list_takes_the_place_of_another() -> None:
    folder = Path(__file__).parents[3] / "src" / "truehelo" / "blocklists" / "lists"
    ids = [found for path in folder.glob("*.toml") for found in re.findall(r'^id = "(.*)"$', path.read_text("utf-8"), re.M)]
    assert sorted(ids) == sorted(catalogue())


def test_the_catalogue_holds_the_lists_that_people_ask_about() -> None:
    wanted = "spamhaus-zen barracuda spamcop sorbs uceprotect-1 uceprotect-2 uceprotect-3 psbl mailspike mailspike-wl"
    wanted += " mailspike-rep dnswl abusix spamrats dronebl s5h 0spam gbudb-truncate justspam hostkarma nordspam njabl"
    wanted += " ahbl ordb senderscore"
    assert set(f"{wanted} invaluement-sip".split()) <= set(catalogue())


def test_purposes_and_weights_agree() -> None:
    for entry in LISTS:
        weights = {meaning.weight for meaning in entry.meanings} or {entry.weight}
        if entry.purpose is Purpose.ALLOW:
            assert weights == {Weight.OK}, entry.id
        if entry.purpose is Purpose.BLOCK and entry.askable:
            assert weights & {Weight.ERROR, Weight.WARNING, Weight.NOTE}, entry.id


def test_a_test_entry_for_ipv6_stays_in_its_nibbles() -> None:
    assert entry_name("::ffff:7f00:2", "z") == "2.0.0.0.0.0.f.7.f.f.f.f." + "0." * 20 + "z"
    assert entry_name("127.0.0.2", "z") == "2.0.0.127.z"
