"""Paths that fsspec knows: what of them is read, and what is told where the library, a package or the path is missing."""

import sys
import uuid
from collections.abc import Iterator

import fsspec
import pytest

from truehelo.intake import remote
from truehelo.intake.item import IntakeError, Item


@pytest.fixture
def bucket() -> Iterator[str]:
    system = fsspec.filesystem("memory")
    name = f"/bucket-{uuid.uuid4().hex}"
    for path in ("b.xml", "a.xml", "2026/c.zip", "2026/.hidden", ".git/x.xml", "d.xml.part"):
        system.pipe_file(f"{name}/{path}", path.encode())
    yield f"memory:/{name}"
    system.rm(name, recursive=True)


def below(bucket: str, items: Iterator[Item]) -> list[str]:
    return [item.name.removeprefix(f"{bucket}/") for item in items]


def test_a_folder_is_read_in_the_order_of_its_names(bucket: str) -> None:
    assert below(bucket, remote.items(f"{bucket}/")) == ["2026/c.zip", "a.xml", "b.xml"]


def test_a_file_and_a_pattern_are_read(bucket: str) -> None:
    assert below(bucket, remote.items(f"{bucket}/a.xml")) == ["a.xml"]
    assert below(bucket, remote.items(f"{bucket}/*.xml")) == ["a.xml", "b.xml"]


def test_an_item_is_the_file_and_can_be_read_from_any_place(bucket: str) -> None:
    (item,) = remote.items(f"{bucket}/a.xml")
    assert (item.origin, item.path, item.by_mail) == ("memory", None, False)
    with item.open() as stream:
        stream.seek(-3, 2)
        assert stream.read() == b"xml"


def test_what_is_not_there_is_told(bucket: str) -> None:
    with pytest.raises(IntakeError, match="there is no such file or folder"):
        list(remote.items(f"{bucket}/missing"))


def test_a_file_that_vanishes_meanwhile_is_an_error_of_the_item(bucket: str) -> None:
    (item,) = remote.items(f"{bucket}/a.xml")
    fsspec.filesystem("memory").rm(f"{bucket.removeprefix('memory:/')}/a.xml")
    with pytest.raises(IntakeError, match="cannot be read"):
        item.open()


def test_a_kind_of_store_that_there_is_not_is_told() -> None:
    with pytest.raises(IntakeError, match="nonesuch://x: cannot be used"):
        list(remote.items("nonesuch://x"))


def test_a_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(IntakeError, match=r"needs another package .*s3fs"):
        list(remote.items("s3://bucket/reports/"))


def test_the_library_that_is_missing_is_named_with_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(
        IntakeError, match=r"needs fsspec: install truehelo with its extra, pip install 'truehelo\[cloud\]'"
    ):
        list(remote.items("s3://bucket/"))


@pytest.mark.parametrize(
    "url", ["s3://bucket/", "https://example.com/a.xml", "simplecache::s3://bucket/", "zip://a::s3://b"]
)
def test_nothing_leaves_where_nothing_may(url: str) -> None:
    with pytest.raises(IntakeError, match="is not contacted, since nothing may leave this machine"):
        list(remote.items(url, loopback_only=True))


@pytest.mark.parametrize(
    ("text", "one"),
    [
        ("s3://bucket/a", True),
        ("memory://a", True),
        ("zip://a.xml::file:///b.zip", True),
        ("a.xml", False),
        ("C:/x", False),
    ],
)
def test_what_is_such_a_path(text: str, one: bool) -> None:
    assert remote.is_one(text) is one
