"""Receivers on the command line: who is asked, from where, what is shown, and what bad input gets."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from support.audits import audits
from truehelo import app

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def evidence(tmp_path: Path) -> str:
    """The textbook pair, saved."""
    path = tmp_path / "pair.evidence"
    app.save(audits()["pair"], path)
    return str(path)


def asked(out: str) -> list[list[str]]:
    return [[each["receiver"] for each in subject["receivers"]] for subject in json.loads(out)["subjects"]]


def test_receivers_are_asked_in_the_order_of_the_list(evidence: str, cli: Cli) -> None:
    _, out, _ = cli("replay", evidence, "--json", "--receivers", "gmx,postfix+strict,gmail")
    assert asked(out) == [["gmx", "postfix+strict", "gmail"]] * 2


def test_none_asks_none(evidence: str, cli: Cli) -> None:
    _, out, _ = cli("replay", evidence, "--json", "--receivers", "none")
    assert asked(out) == [[], []]
    assert "Receivers" not in cli("replay", evidence, "--receivers", "none")[1]


def test_a_profile_names_the_receivers_and_a_main_cf_beside_it(evidence: str, cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "office.cf").write_text(
        "smtpd_client_restrictions = permit_mynetworks,\n    reject_unknown_client_hostname\n"
        "smtpd_helo_required = yes\nunknown_client_reject_code = 550\n"
    )
    profile = tmp_path / "receivers.toml"
    profile.write_text('receivers = ["gmail", "office"]\n[receiver.office]\nis = "postfix"\nmain_cf = "office.cf"\n')
    _, out, _ = cli("replay", evidence, "--json", "--profile", str(profile), "--what-if", "ptr=none")
    document = json.loads(out)["subjects"][0]
    assert [each["receiver"] for each in document["receivers"]] == ["gmail", "office"]
    office = document["what_if"]["receivers"][1]
    assert (office["verdict"], office["reply"][:10]) == ("refuse", "550 5.7.25")


def test_a_main_cf_may_stand_in_the_list(evidence: str, cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "main.cf"
    path.write_text("smtpd_helo_restrictions = reject_unknown_helo_hostname\n")
    _, out, _ = cli(
        "replay", evidence, "--json", "--receivers", f"postfix+main_cf={path}", "--what-if", "helo=nowhere.example"
    )
    assert asked(out) == [[f"postfix+main_cf={path}"]] * 2


def test_the_matrix_is_a_row_a_receiver_and_a_column_an_address(evidence: str, cli: Cli) -> None:
    _, out, _ = cli("replay", evidence, "--matrix", "--receivers", "postfix,gmx")
    head, *rows = out.splitlines()
    assert head.split() == ["receiver", "198.51.100.4", "192.0.2.25"]
    assert [row.split() for row in rows] == [["postfix", "accept", "accept"], ["gmx", "at", "risk", "accept"]]


def test_verbose_shows_rule_reply_grade_and_source(evidence: str, cli: Cli) -> None:
    _, out, _ = cli("replay", evidence, "-v", "--receivers", "gmx")
    told = " ".join(out.split())
    assert "grade" in told
    assert "postmaster" in told.lower()


def test_what_if_shows_the_difference(evidence: str, cli: Cli) -> None:
    code, out, _ = cli("replay", evidence, "--receivers", "gmx,gmail", "--what-if", "ptr=mail.business.example")
    assert code == 1, "the exit code is that of what is, not of what might be"
    assert "What if ptr=mail.business.example" in out
    assert "mismatch → match" in out
    assert "gmx: at risk → accept" in out


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--receivers", "gmial"), "did you mean gmail"),
        (("--receivers", ","), "names none"),
        (("--receivers", "postfix+nothing"), "has no setting 'nothing'"),
        (("--receivers", "exim+main_cf=main.cf"), "only postfix takes one"),
        (("--receivers", "postfix+main_cf=no/such/main.cf"), "cannot be read"),
        (("--profile", "no/such.toml"), "cannot be read"),
        (("--profile", "x.toml", "--receivers", "gmail"), "exclude each other"),
        (("--what-if", "ptr=none", "--what-if", "ptr=a.example"), "contradict each other"),
        (("--what-if", "moon=full"), "is no change of a fact"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(evidence: str, cli: Cli, options: tuple[str, ...], says: str) -> None:
    code, out, err = cli("replay", evidence, *options)
    assert (code, out) == (2, "")
    assert says in err
    assert err.count("\n") == 1


def test_a_main_cf_that_is_none_is_named_with_its_line(evidence: str, cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "main.cf"
    path.write_text("myhostname = mail.example.com\n<html>\n")
    code, _, err = cli("replay", evidence, "--receivers", f"postfix+main_cf={path}")
    assert code == 2
    assert f"{path}:2" in err


def test_all_receivers_are_listed_with_their_settings(cli: Cli) -> None:
    code, out, _ = cli("receivers")
    assert code == 0
    assert "+reject_unknown_client_hostname" in out
    assert all(len(line) <= 80 for line in out.splitlines())


def test_one_receiver_is_told_in_full(cli: Cli) -> None:
    code, out, _ = cli("receivers", "gmail")
    assert code == 0
    assert "STANDARD WORLDS" in out


def test_an_unknown_receiver_lists_what_there_is(cli: Cli) -> None:
    code, _, err = cli("receivers", "gmial")
    assert code == 2
    assert "did you mean gmail" in err
