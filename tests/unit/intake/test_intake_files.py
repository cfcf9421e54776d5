"""Files and folders: which of them are read, in which order, and what is told of those that cannot be."""

import gzip
import io
import os
from pathlib import Path
from typing import Any

import pytest

from truehelo.intake import files
from truehelo.intake.item import IntakeError, Item, spooled

DENIED = "cannot be read (permission denied)"


def names(path: Path) -> list[str]:
    return [str(Path(item.name).relative_to(path)) for item in files.items(path)]


def octets(item: Item) -> bytes:
    with item.open() as stream:
        return stream.read()


def write(path: Path, *names: str) -> None:
    for name in names:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(name.encode())


@pytest.mark.parametrize(
    ("found", "read"),
    [
        (["b.xml", "a.xml.gz", "c.zip"], ["a.xml.gz", "b.xml", "c.zip"]),
        (["z/a.xml", "a/z.xml", "m.xml"], ["a/z.xml", "m.xml", "z/a.xml"]),
        ([".hidden.xml", ".git/a.xml", "a.xml"], ["a.xml"]),
        (["a.xml.part", "b.xml.crdownload", "c.xml.TMP", "d.xml~", ".e.xml.swp", "f.xml"], ["f.xml"]),
        (["deep/er/and/er/a.xml"], ["deep/er/and/er/a.xml"]),
        (["a b\n.xml", "ä.xml"], ["a b\n.xml", "ä.xml"]),
    ],
)
def test_a_folder_is_read_in_the_order_of_its_names(tmp_path: Path, found: list[str], read: list[str]) -> None:
    write(tmp_path, *found)
    assert names(tmp_path) == read


def test_an_item_is_the_file(tmp_path: Path) -> None:
    write(tmp_path, "a.xml")
    (item,) = files.items(tmp_path / "a.xml")
    assert (item.name, item.origin, item.path) == (str(tmp_path / "a.xml"), "file", tmp_path / "a.xml")
    assert octets(item) == octets(item) == b"a.xml"
    assert not item.by_mail


def test_a_link_is_followed_within_the_folder_alone(tmp_path: Path) -> None:
    write(tmp_path, "outside/secret.xml", "inside/real/..data.xml", "inside/real/a.xml")
    inside = tmp_path / "inside"
    (inside / "within.xml").symlink_to(inside / "real" / "a.xml")
    (inside / "out.xml").symlink_to(tmp_path / "outside" / "secret.xml")
    (inside / "folder").symlink_to(tmp_path / "outside")
    (inside / "broken.xml").symlink_to(inside / "nothing")
    (inside / "circle.xml").symlink_to(inside / "circle.xml")
    assert names(inside) == ["real/a.xml", "within.xml"]


def test_a_link_that_is_named_is_followed(tmp_path: Path) -> None:
    write(tmp_path, "outside/a.xml")
    (tmp_path / "link").symlink_to(tmp_path / "outside")
    assert names(tmp_path / "link") == ["a.xml"]


def test_what_is_no_file_is_passed_over_in_a_folder(tmp_path: Path) -> None:
    write(tmp_path, "a.xml")
    os.mkfifo(tmp_path / "pipe")
    assert names(tmp_path) == ["a.xml"]


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(IntakeError, match=r"missing: there is no such file or folder$"):
        list(files.items(tmp_path / "missing"))


def test_a_name_that_can_be_none_is_told() -> None:
    with pytest.raises(IntakeError, match=r"cannot be read|there is no such file"):
        list(files.items(Path("a\0b")))


def test_a_file_that_vanishes_meanwhile_is_an_error_of_the_item(tmp_path: Path) -> None:
    write(tmp_path, "a.xml", "b.xml")
    first, second = files.items(tmp_path)
    (tmp_path / "a.xml").unlink()
    with pytest.raises(OSError, match="No such file"):
        first.open()
    assert octets(second) == b"b.xml"


def told(path: Path) -> list[tuple[str, str]]:
    """What becomes of each item: "read", or why it cannot be."""
    found = []
    for item in files.items(path):
        try:
            item.open().close()
        except (IntakeError, OSError) as error:
            found.append((str(Path(item.name).relative_to(path)), str(error)))
        else:
            found.append((str(Path(item.name).relative_to(path)), "read"))
    return found


def lock(monkeypatch: pytest.MonkeyPatch, *, stat: Path | None = None, scandir: Path | None = None) -> None:
    """Have a folder that nobody may look at, or list, whoever runs the test."""
    stat_before, scandir_before = Path.stat, os.scandir

    def stat_now(path: Path, **more: bool) -> os.stat_result:
        if stat is not None and path.is_relative_to(stat) and path != stat:
            raise PermissionError(13, "Permission denied")
        return stat_before(path, **more)

    def scandir_now(path: Path) -> Any:
        if scandir is not None and Path(path) == scandir:
            raise PermissionError(13, "Permission denied")
        return scandir_before(path)

    monkeypatch.setattr(Path, "stat", stat_now)
    monkeypatch.setattr(os, "scandir", scandir_now)


@pytest.mark.parametrize(
    ("why", "locked", "found"),
    [
        ("a folder that nobody may list", "m", [("a.xml", "read"), ("m", DENIED), ("z/c.xml", "read")]),
        ("one far below", "z/deep", [("a.xml", "read"), ("m/b.xml", "read"), ("z/c.xml", "read"), ("z/deep", DENIED)]),
        (
            "the half of a Maildir",
            "box/cur",
            [("a.xml", "read"), ("box/cur", DENIED), ("box/new/1", "read"), ("m/b.xml", "read"), ("z/c.xml", "read")],
        ),
    ],
)
def test_a_folder_that_cannot_be_read_is_told_and_stops_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: str, locked: str, found: list[tuple[str, str]]
) -> None:
    write(tmp_path, "a.xml", "m/b.xml", "z/c.xml")
    if locked.startswith("box"):
        write(tmp_path, "box/new/1", "box/cur/2")
        (tmp_path / "box" / "tmp").mkdir()
    (tmp_path / locked).mkdir(parents=True, exist_ok=True)
    lock(monkeypatch, stat=tmp_path / locked, scandir=tmp_path / locked)
    assert told(tmp_path) == found, why


def test_the_folder_that_is_named_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock(monkeypatch, scandir=tmp_path)
    with pytest.raises(IntakeError, match=r"cannot be read \(permission denied\)$"):
        list(files.items(tmp_path))


def test_a_folder_in_a_folder_without_end_is_told_and_stops_no_other(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["d"] * (files.MAX_DEPTH + 2))
    deep.mkdir(parents=True)
    write(tmp_path, "z.xml")
    (first, why), last = told(tmp_path)
    assert first == "/".join(["d"] * (files.MAX_DEPTH + 1))
    assert (why, last) == ("is nested more than 64 folders deep", ("z.xml", "read"))


@pytest.mark.parametrize("packed", [False, True])
def test_a_mailbox_in_a_folder_is_taken_apart(tmp_path: Path, packed: bool) -> None:
    text = b"From a@example.com Thu Nov 26 2026\nSubject: 1\n\none\n\nFrom b@example.com x\nSubject: 2\n\ntwo\n"
    (tmp_path / "all").write_bytes(gzip.compress(text) if packed else text)
    found = list(files.items(tmp_path))
    assert [item.name for item in found] == [f"{tmp_path}/all message 1", f"{tmp_path}/all message 2"]
    assert [octets(item) for item in found] == [b"Subject: 1\n\none\n", b"Subject: 2\n\ntwo\n"]


def test_standard_input_can_be_read_from_any_place(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    os.write(write, b"PK and so on")
    os.close(write)
    monkeypatch.setattr("sys.stdin", os.fdopen(read))
    with files.standard_input().open() as stream:
        stream.seek(-2, os.SEEK_END)
        assert stream.read() == b"on"


def test_a_stream_without_end_is_refused() -> None:
    with pytest.raises(IntakeError, match="is larger than 1 MiB"):
        spooled(io.BytesIO(b"x" * (2**20 + 1)), 2**20)
