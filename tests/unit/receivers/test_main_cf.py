"""Reading a main.cf: what the model gets out of it, what it notes, and what it says about a file that is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.clients import client
from truehelo.errors import FileError
from truehelo.receivers.model import Config
from truehelo.receivers.mtas._main_cf import read_main_cf
from truehelo.receivers.mtas._main_cf_text import expanded, parameters, words
from truehelo.receivers.mtas.postfix import RECEIVER
from truehelo.reception import Reception

CL, HE = "smtpd_client_restrictions", "smtpd_helo_restrictions"
PLAIN = Config(version="3.7")
CLIENT, REVERSE = "reject_unknown_client_hostname", "reject_unknown_reverse_client_hostname"
INVALID, NON_FQDN, UNKNOWN = (f"reject_{each}_helo_hostname" for each in ("invalid", "non_fqdn", "unknown"))


def read(text: str) -> Config:
    return read_main_cf(text, "main.cf", PLAIN)


RESTRICTIONS = [
    ("nothing about names", "myhostname = mail.example.com\n", ""),
    ("one", f"{CL} = {CLIENT}\n", CLIENT),
    ("commas and spaces", f"{HE} = {INVALID},{NON_FQDN} , {UNKNOWN}\n", f"{INVALID}/{NON_FQDN}/{UNKNOWN}"),
    ("lines that continue", f"{HE} =\n  {INVALID}\n# why\n\n\t{NON_FQDN}\n", f"{INVALID}/{NON_FQDN}"),
    ("the last of two", f"{CL} = {CLIENT}\n{CL} =\n", ""),
    ("no space at the equals sign", f"{CL}={CLIENT}", CLIENT),
    ("lines of another system", f"a = b\r\n{CL} = {CLIENT}\r\n", CLIENT),
    ("the order of the lists", f"smtpd_recipient_restrictions = {UNKNOWN}\n{CL} = {CLIENT}\n", f"{CLIENT}/{UNKNOWN}"),
    ("exceptions for those who are known", f"{CL} = permit_mynetworks, {CLIENT}\n", CLIENT),
    ("what comes after a permit", f"{CL} = permit, {CLIENT}\n", ""),
    ("what comes after a permit in another list", f"{CL} = permit\n{HE} = {UNKNOWN}\n", UNKNOWN),
    ("old names", f"{CL} = reject_unknown_client\n{HE} = reject_invalid_hostname\n", f"{CLIENT}/{INVALID}"),
    ("a name put in", f"mine = {CLIENT}\n{CL} = $mine\n", CLIENT),
    (
        "names put in, in every spelling",
        f"a = {INVALID}\nb = ${{a}}\n{HE} = $(b), ${{no:{UNKNOWN}}}${{a?}}\n",
        f"{INVALID}/{UNKNOWN}",
    ),
    (
        "a restriction class",
        f"smtpd_restriction_classes = names\nnames = {CLIENT}, {UNKNOWN}\n{CL} = names\n",
        f"{CLIENT}/{UNKNOWN}",
    ),
    ("a class in itself", f"smtpd_restriction_classes = c\nc = {CLIENT}, c\n{CL} = c\n", CLIENT),
    ("a table before it", f"{CL} = check_client_access hash:/etc/x, {CLIENT}\n", CLIENT),
    ("a policy service with its settings", f"{CL} = check_policy_service {{ inet:h:1, timeout=1s }}, {CLIENT}\n", CLIENT),
    ("one that only warns", f"{CL} = warn_if_reject {CLIENT}, {REVERSE}\n", REVERSE),
]


@pytest.mark.parametrize(("what", "text", "restrictions"), RESTRICTIONS)
def test_the_restrictions_in_their_order(what: str, text: str, restrictions: str) -> None:
    assert read(text).values.get("restrictions", "") == restrictions


NOTES = [
    ("a table", f"{HE} = check_helo_access pcre:/etc/x\n", f"{HE} has check_helo_access pcre:/etc/x"),
    ("a list", f"{CL} = reject_rbl_client zen.example\n", f"{CL} has reject_rbl_client zen.example"),
    (
        "a policy service",
        "smtpd_data_restrictions = check_policy_service { inet:h:1 }\n",
        "smtpd_data_restrictions has check_policy_service { inet:h:1 }",
    ),
    ("a warning", f"{CL} = warn_if_reject {CLIENT}\n", f"warn_if_reject {CLIENT} only warns"),
    ("a reject", f"{CL} = permit_mynetworks, reject\n", f"{CL} refuses everybody who comes to its end"),
    ("a word that is none", f"{CL} = reject_everything_odd\n", f"{CL} has reject_everything_odd"),
    ("a name that is not set", f"{CL} = $mine\n", f"{CL} uses $mine"),
    ("a name in itself", f"a = $a\n{CL} = $a\n", f"{CL} uses $a"),
    ("an expression", f"{CL} = ${{{{a}} == {{b}} ? {{c}} : {{d}}}}\n", f"{CL} uses an expression that is not read here"),
    ("postscreen", "postscreen_greet_action = enforce\n", "whether postscreen stands in front is said in master.cf"),
]


@pytest.mark.parametrize(("what", "text", "note"), NOTES)
def test_what_the_model_cannot_know_is_noted_and_said(what: str, text: str, note: str) -> None:
    config = read(text)
    assert note in config.values["noted"].split("; ")
    judgement = RECEIVER.build(config)(client())
    assert judgement.verdict is Reception.ACCEPT
    assert note in judgement.rule.words


def test_switches_codes_and_choices() -> None:
    text = """
soft_bounce = yes
smtpd_helo_required = yes
smtpd_delay_reject = no
unknown_client_reject_code = 550
unknown_helo_hostname_tempfail_action = defer
"""
    config = read(text)
    assert config.on == {"soft_bounce", "smtpd_helo_required"}
    assert config.values == {
        "smtpd_delay_reject": "no",
        "unknown_client_reject_code": "550",
        "unknown_helo_hostname_tempfail_action": "defer",
    }


def test_a_switch_that_is_off_is_off_and_what_was_set_besides_stays() -> None:
    plain = Config(version="3.7", on=frozenset({"smtpd_helo_required"}), values={"non_fqdn_reject_code": "550"})
    config = read_main_cf("soft_bounce = no\n", "main.cf", plain)
    assert (config.on, config.values) == (plain.on, plain.values)


def test_the_whole_is_judged_as_it_was_set() -> None:
    text = f"{HE} = {UNKNOWN}\n{CL} = permit_mynetworks {CLIENT}\nunknown_client_reject_code = 550\n"
    judge = RECEIVER.build(read(text))
    assert judge(client("192.0.2.25", ptr="nxdomain")).reply.startswith("550 5.7.25 ")
    right = {"mail.example.com": "192.0.2.25"}
    assert judge(client("192.0.2.25", ptr="mail.example.com", helo="x.example", hosts=right)).rule.id == UNKNOWN
    assert judge(client("192.0.2.25", ptr="mail.example.com", hosts=right)).verdict is Reception.ACCEPT


FAULTS = [
    ("smtpd_client_restrictions\n", "main.cf:1: 'smtpd_client_restrictions' has no equals sign; "),
    ("a = b\n\n  # c\nwhat is this\n", "main.cf:4: 'what is this' has no equals sign; "),
    ("  a = b\n", "main.cf:1: begins with a line that continues another; "),
    (" = b\na = b\n", "main.cf:1: begins with a line that continues another; "),
    ("= b\n", "main.cf:1: '= b' names no parameter; "),
    ("a b = c\n", "main.cf:1: 'a b = c' names no parameter; "),
    ("soft_bounce = perhaps\n", "main.cf:1: soft_bounce cannot be 'perhaps'; give one of yes, no"),
    (
        "a = b\nunknown_client_reject_code = 5x0\n",
        "main.cf:2: unknown_client_reject_code cannot be '5x0'; give a reply code",
    ),
    ("unknown_client_reject_code = 250\n", "main.cf:1: unknown_client_reject_code cannot be '250'; "),
    ("smtpd_delay_reject = maybe\n", "main.cf:1: smtpd_delay_reject cannot be 'maybe'; "),
]


@pytest.mark.parametrize(("text", "error"), FAULTS)
def test_a_file_that_is_none_gets_one_sentence_with_its_line(text: str, error: str) -> None:
    with pytest.raises(FileError) as caught:
        read(text)
    assert str(caught.value).startswith(error)
    assert "\n" not in str(caught.value)


def test_parameters_that_use_each_other_end() -> None:
    doubled = "\n".join(f"a{i} = $a{i + 1} $a{i + 1} $a{i + 1}" for i in range(40))
    value, unknown = expanded(parameters(doubled, "main.cf"), "a0")
    assert not value.strip()
    assert unknown


def test_a_class_that_uses_another_many_times_ends() -> None:
    classes = "\n".join(f"c{i} = c{i + 1}, c{i + 1}, c{i + 1}" for i in range(19))
    names = " ".join(f"c{i}" for i in range(20))
    config = read(f"smtpd_restriction_classes = {names}\n{classes}\nc19 = {CLIENT}\nsmtpd_client_restrictions = c0\n")
    assert "is read up to 1000 restrictions" in config.values["noted"]


@given(st.text(alphabet="ab =$(){}?:,#\n\t\r\\smtpd_client_restrictions", max_size=200))
def test_any_text_is_read_or_refused_in_one_sentence(text: str) -> None:
    fault = ""
    try:
        RECEIVER.build(read(text))(client())
    except FileError as error:
        fault = str(error)
    assert "\n" not in fault


@given(
    st.lists(
        st.text(alphabet="abc_:/.{} ", min_size=1, max_size=8)
        .map(str.split)
        .map("".join)
        .filter(lambda word: word and "{" not in word and "}" not in word),
        max_size=6,
    )
)
def test_words_are_what_stands_between_commas_and_spaces(parts: list[str]) -> None:
    assert words(", ".join(parts)) == parts
    assert words("\n ".join(parts)) == parts


@given(st.dictionaries(st.sampled_from(["a", "b", "soft_bounce_x"]), st.text(alphabet="xyz $$,", max_size=20)))
def test_what_is_written_is_read_again(held: dict[str, str]) -> None:
    text = "".join(f"{name} = {value}\n" for name, value in held.items())
    assert {name: each.value for name, each in parameters(text, "main.cf").items()} == {
        name: value.strip() for name, value in held.items()
    }
