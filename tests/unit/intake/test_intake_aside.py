"""What was refused is kept aside: whole, once, for its owner alone, and within bounds."""

import io
import os
import stat
from pathlib import Path

import pytest

from truehelo.intake.aside import Aside
from truehelo.intake.item import IntakeError


def keep(aside: Aside, digest: str, octets: bytes) -> Path | None:
    place = aside.place(digest)
    if place is not None:
        aside.keep(io.BytesIO(octets), place, f"mail\nsmtp\nwhy {digest}\n")
    return place


def test_octets_and_reason_are_kept_for_the_owner_alone(tmp_path: Path) -> None:
    place = keep(Aside(tmp_path / "refused"), "a" * 64, b"rubbish")
    assert place is not None
    assert place.read_bytes() == b"rubbish"
    assert place.with_suffix(".txt").read_text() == f"mail\nsmtp\nwhy {'a' * 64}\n"
    assert place.stat().st_mode & 0o077 == 0
    assert place.parent.stat().st_mode & 0o077 == 0


def test_the_name_is_on_the_disk_too_before_it_is_said_to_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[tuple[bool, bool]] = []
    sync = os.fsync

    def seen(handle: int) -> None:
        sync(handle)
        synced.append((stat.S_ISDIR(os.fstat(handle).st_mode), bool(list(tmp_path.glob("*.bin")))))

    monkeypatch.setattr(os, "fsync", seen)
    keep(Aside(tmp_path), "a" * 64, b"rubbish")
    assert synced == [(False, False), (True, True)]


def test_the_same_octets_are_kept_once(tmp_path: Path) -> None:
    aside = Aside(tmp_path)
    assert keep(aside, "a" * 64, b"rubbish") == keep(aside, "a" * 64, b"rubbish")
    assert len(list(tmp_path.glob("*.bin"))) == 1


def test_the_oldest_go_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    aside = Aside(tmp_path, files=3)
    for number in range(5):
        monkeypatch.setattr("time.strftime", lambda *_, number=number: f"2026112{number}T000000Z")
        keep(aside, f"{number}" * 64, b"rubbish")
    kept = sorted(file.name[:8] for file in tmp_path.iterdir())
    assert kept == ["20261122", "20261122", "20261123", "20261123", "20261124", "20261124"]


def test_the_folder_holds_no_more_octets_than_it_may_but_the_newest_stays(tmp_path: Path) -> None:
    aside = Aside(tmp_path, octets=10)
    keep(aside, "a" * 64, b"123456")
    keep(aside, "b" * 64, b"123456")
    keep(aside, "c" * 64, b"x" * 50)
    assert [file.name.partition("-")[2][:1] for file in tmp_path.glob("*.bin")] == ["c"]


@pytest.mark.parametrize(("files", "octets"), [(0, 100), (100, 0)])
def test_nothing_is_kept_where_nothing_may_be(tmp_path: Path, files: int, octets: int) -> None:
    assert keep(Aside(tmp_path / "refused", files, octets), "a" * 64, b"x") is None
    assert not (tmp_path / "refused").exists()


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "refused").write_text("in the way")
    with pytest.raises(IntakeError, match="what was refused cannot be kept there"):
        keep(Aside(tmp_path / "refused"), "a" * 64, b"x")
