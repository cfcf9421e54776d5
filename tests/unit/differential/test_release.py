"""The harness in other releases: which names are releases, what is said when one cannot be had, and which model is held."""

from pathlib import Path

import pytest

from differential import __main__ as command_line
from differential.daemons._process import model_of
from differential.root import Root
from integration.servers.fetch import FetchError

APT = "refresh the package lists: W: unsandboxed\nE: The repository 'x nosuch Release' does not have a Release file.\n"
REFUSED = [
    ("../x", "", "--release '../x' is no name of a release: write it as in --release bookworm-backports"),
    ("Trixie", "", "--release 'Trixie' is no name of a release: write it as in --release bookworm-backports"),
    ("a b", "", "--release 'a b' is no name of a release: write it as in --release bookworm-backports"),
    ("nosuch", APT, "--release nosuch cannot be had: The repository 'x nosuch Release' does not have a Release file."),
    ("nosuch", "download exim: apt is not there", "--release nosuch cannot be had: download exim: apt is not there"),
]


@pytest.mark.parametrize(("release", "failure", "said"), REFUSED)
def test_a_release_that_cannot_be_had_is_one_sentence(
    release: str, failure: str, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(name: str, packages: list[str]) -> Path:
        raise FetchError(failure)

    monkeypatch.setenv("TRUEHELO_RELEASE", "")
    monkeypatch.setattr(command_line, "fetch", fails)
    assert command_line.main(["--daemon", "exim", "--release", release]) == 2
    assert capsys.readouterr().err == f"differential: {said}\n"


MODELS = [
    ("exim", "4.96", "exim@4.96"),
    ("exim", "4.98.2", "exim@4.97"),
    ("exim", "5.1", "exim@4.97"),
    ("exim", "4.94.2", "exim@4.96"),  # older than every model
    ("opensmtpd", "6.8.0p2", "opensmtpd@6.8"),
    ("opensmtpd", "7.4.0-portable", "opensmtpd@6.8"),
    ("opensmtpd", "7.6.0-portable", "opensmtpd@7.6"),
    ("opensmtpd", "8.0", "opensmtpd@7.6"),
    ("sendmail", "8.18.1", "sendmail@8.17"),
]


@pytest.mark.parametrize(("receiver", "version", "model"), MODELS)
def test_the_model_that_holds_for_a_daemon(receiver: str, version: str, model: str) -> None:
    assert model_of(receiver, version) == model


def test_programs_of_this_release_are_run_where_they_stand(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    (tmp_path / "usr/lib").mkdir(parents=True)
    root = Root(tmp_path, str(tmp_path))
    assert root.command("usr/sbin/exim4", "-oX", 25) == [f"{tmp_path}/usr/sbin/exim4", "-oX", "25"]
    assert root.environment("usr/lib/postfix")["LD_LIBRARY_PATH"] == f"{tmp_path}/usr/lib/postfix:{tmp_path}/usr/lib"


def test_programs_of_another_release_have_their_folder_as_the_root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", "/elsewhere")
    root = Root(tmp_path, "")
    assert root.command("usr/sbin/exim4", "-bV") == ["chroot", str(tmp_path), "/usr/sbin/exim4", "-bV"]
    assert root.environment("usr/lib/postfix")["LD_LIBRARY_PATH"] == "/usr/lib/postfix", "not the libraries of outside"
