"""How an operator names a receiver, and what a name that there is not gets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truehelo.errors import InputError
from truehelo.receivers import KINDS, all_receivers
from truehelo.receivers.model import Receiver
from truehelo.receivers.selection import chosen, configured, standard
from truehelo.receivers.worlds import standard_worlds
from truehelo.reception import Grade, Reception


def test_a_name_carries_version_settings_and_values() -> None:
    found = configured("postfix+reject_unknown_client_hostname+unknown_client_reject_code=550")
    assert found.receiver.id == "postfix"
    assert found.config.on == {"reject_unknown_client_hostname"}
    assert found.config.values == {"unknown_client_reject_code": "550"}
    assert configured("exim@4.96").config.version == "4.96"


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("exim@4.96", "4.96"),
        ("exim@4.96.2", "4.96"),
        ("exim@4.97", "4.97"),
        ("exim@4.98.2", "4.97"),
        ("exim@4.100.1", "4.97"),
        ("opensmtpd@7.4.0", "6.8"),
        ("opensmtpd@7.9", "7.6"),
        ("postfix@3.10.3", "3.7"),
        ("rspamd@3.8", "3.4"),
        ("rspamd@4.1.5", "4.1"),
    ],
)
def test_a_release_is_judged_by_the_newest_model_that_is_not_newer(name: str, model: str) -> None:
    assert configured(name).config.version == model


def test_a_preset_stands_for_its_settings() -> None:
    assert configured("postfix+strict").config.on >= {"reject_unknown_client_hostname", "reject_unknown_helo_hostname"}


def test_the_same_name_twice_is_asked_once() -> None:
    assert [each.id for each in chosen(["gmail", "postfix", "gmail"])] == ["gmail", "postfix"]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("postfx", "did you mean postfix"),
        ("", "is none that truehelo knows"),
        ("postfix@1.0", "has no version '1.0'"),
        ("exim@", "has no version ''"),
        ("postfix+reject_unknown_client", "did you mean reject_unknown_client_hostname"),
        ("postfix+strict=yes", "has no setting 'strict=yes'"),
        ("gmail@7", "it has one model"),
        ("postfix+unknown_client_reject_code=999x", "cannot be '999x'"),
    ],
)
def test_an_unknown_name_is_an_error_that_lists_what_there_is(name: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        configured(name)
    assert says in str(caught.value)


@given(st.text(max_size=60))
def test_any_text_is_a_receiver_or_an_error_in_one_sentence(name: str) -> None:
    try:
        assert configured(name).receiver.id in all_receivers()
    except InputError as error:
        assert "\n" not in error.problem  # noqa: PT017


@pytest.mark.parametrize("receiver", all_receivers().values(), ids=lambda receiver: receiver.id)
def test_every_receiver_is_declared_in_full(receiver: Receiver) -> None:
    assert receiver.kind in KINDS
    assert receiver.title
    assert len(receiver.about.split()) > 15, "its page says what it is"
    assert receiver.rules
    for rule in receiver.rules:
        assert all((rule.id, rule.words, rule.source)), rule
        assert not rule.words.endswith(".")
        assert rule.grade in Grade
        year, _, month = rule.seen.partition("-")
        assert (2000 <= int(year) <= 2026, 1 <= int(month) <= 12) == (True, True), rule
    for preset in receiver.presets.values():
        assert set(preset) <= {*receiver.settings, *receiver.presets} | {
            each for each in preset if each.partition("=")[0] in receiver.values
        }


@pytest.mark.parametrize("receiver", all_receivers().values(), ids=lambda receiver: receiver.id)
def test_every_rule_that_judges_is_on_the_receivers_page(receiver: Receiver) -> None:
    for text in receiver.shown or (receiver.id,):
        for world, client in standard_worlds().items():
            judgement = configured(text).judge(client)
            for outcome in judgement.possible():
                assert outcome.rule in receiver.rules, f"{text} in the world {world!r}"


@pytest.mark.parametrize("receiver", standard(), ids=lambda each: each.id)
def test_who_is_right_in_every_name_is_accepted_by_everybody(receiver) -> None:
    worlds = standard_worlds()
    for world in ("right in every name", "over IPv6, right in every name"):
        judgement = receiver.judge(worlds[world])
        assert judgement.verdict is Reception.ACCEPT, f"{world}: {judgement}"


@pytest.mark.parametrize(
    "receiver", [each for each in standard() if each.receiver.kind == "provider"], ids=lambda each: each.id
)
def test_a_provider_that_minds_is_told_as_a_band_and_never_as_one_outcome(receiver) -> None:
    """Nobody outside sees how a provider decides."""
    for world, client in standard_worlds().items():
        judgement = receiver.judge(client)
        if judgement.verdict is not Reception.ACCEPT:
            assert len(set(judgement.possible())) > 1, f"{world}: {judgement}"
            assert judgement.depends, world


@pytest.mark.parametrize("receiver", standard(), ids=lambda each: each.id)
@pytest.mark.parametrize("world", standard_worlds())
def test_a_judgement_holds_together(receiver, world: str) -> None:
    """The word, the code of the reply and the points say the same."""
    for each in receiver.judge(standard_worlds()[world]).possible():
        code = each.reply[:1]
        if each.verdict is Reception.REFUSE:
            assert code in ("5", ""), each
        if each.verdict is Reception.TEMPFAIL:
            assert code in ("4", ""), each
        if each.verdict is Reception.ACCEPT:
            assert code in ("2", ""), each
        if each.symbols:
            assert each.score == pytest.approx(sum(symbol.points for symbol in each.symbols))
        assert each.verdict is not Reception.UNKNOWN, "models take facts at their face"
