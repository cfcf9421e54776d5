"""Which receivers an operator names: lists, profile files, and what bad ones get."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truehelo.errors import FileError, InputError
from truehelo.receivers.profile import Wanted, read_list, read_profile


def test_a_list_names_receivers_between_commas() -> None:
    found = read_list("gmail, postfix+strict,,postfix+main_cf=/etc/postfix/main.cf")
    assert found == (
        Wanted(label="gmail", name="gmail"),
        Wanted(label="postfix+strict", name="postfix+strict"),
        Wanted(label="postfix+main_cf=/etc/postfix/main.cf", name="postfix", main_cf="/etc/postfix/main.cf"),
    )


def test_a_profile_names_receivers_of_its_own() -> None:
    text = 'receivers = ["gmail", "office"]\n[receiver.office]\nis = "postfix"\nmain_cf = "main.cf"\n'
    assert read_profile(text, "x.toml") == (
        Wanted(label="gmail", name="gmail"),
        Wanted(label="office", name="postfix", main_cf="main.cf"),
    )


def test_a_profile_without_a_list_means_all_its_own() -> None:
    text = '[receiver.office]\nis = "exim@4.96"\nsettings = ["helo_verify_hosts"]\n'
    assert read_profile(text, "x.toml") == (Wanted(label="office", name="exim@4.96+helo_verify_hosts"),)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("receivers = [", "is not TOML"),
        ("colour = 1\n", "unknown key 'colour'"),
        ("receivers = []\n", "is no list of names"),
        ("receivers = [1]\n", "is no list of names"),
        ("", "is no list of names"),
        ("receiver = 3\n", "receiver is no table"),
        ("[receiver.office]\n", "does not say what it is"),
        ('[receiver.office]\nis = "postfix"\nport = 25\n', "unknown key 'port'"),
        ('[receiver.office]\nis = "postfix"\nsettings = "strict"\n', "settings is no list"),
        ('[receiver.office]\nis = "postfix"\nmain_cf = 7\n', "main_cf is no path"),
        ("receivers = [" + ", ".join(f'"r{n}"' for n in range(501)) + "]\n", "501 receivers"),
    ],
)
def test_a_broken_profile_is_named_with_its_fault_and_what_is_accepted(text: str, says: str) -> None:
    with pytest.raises(FileError) as caught:
        read_profile(text, "mine.toml")
    assert says in str(caught.value)
    assert str(caught.value).startswith("mine.toml: ")
    assert "give " in caught.value.accepted or "at once are the most" in caught.value.accepted


@given(st.text(max_size=200))
def test_any_text_is_a_profile_or_an_error_in_one_sentence(text: str) -> None:
    try:
        assert read_profile(text, "mine.toml")
    except FileError as error:
        assert str(error)  # noqa: PT017


@given(st.text(max_size=100))
def test_any_text_is_a_list_or_an_error_in_one_sentence(text: str) -> None:
    try:
        assert read_list(text)
    except InputError as error:
        assert str(error).startswith("--receivers")  # noqa: PT017
