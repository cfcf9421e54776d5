"""Paths that fsspec knows: what of them is read, and what is told where the library, a package or the path is missing."""

import fnmatch
import io
import sys
import uuid
from collections.abc import Iterator
from importlib import import_module
from typing import ClassVar

import fsspec
import pytest
from fsspec import AbstractFileSystem

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


class Web(AbstractFileSystem):
    """What fsspec makes of web addresses, without a network: files by their whole address, and errors that name it."""

    protocol = "https"
    files: ClassVar[dict[str, bytes]] = {}
    cachable = False

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return path

    def isdir(self, path: str) -> bool:
        assert "?" not in path, "nobody lists what a query names"
        return False

    def exists(self, path: str, **_: object) -> bool:
        if "broken" in path:
            raise OSError(f"403, message='Forbidden', url=URL('{path}')")
        return path in self.files

    def glob(self, path: str, **_: object) -> list[str]:
        return [name for name in self.files if fnmatch.fnmatch(name, path)]

    def open(self, path: str, mode: str = "rb", **_: object) -> io.BytesIO:  # type: ignore[override]
        if path not in self.files:
            raise FileNotFoundError(path)
        return io.BytesIO(self.files[path])


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    monkeypatch.setattr(Web, "files", files)
    monkeypatch.setitem(import_module("fsspec.registry")._registry, "https", Web)
    return files


@pytest.mark.parametrize(
    ("why", "there", "named", "shown"),
    [
        ("a query is no pattern, and is not shown", "/a.xml?sig=S3CRET", "/a.xml?sig=S3CRET", "/a.xml?..."),
        ("whatever stands in it", "/a.xml?S3CRET*[x]?y='", "/a.xml?S3CRET*[x]?y='", "/a.xml?..."),
        ("an address without one is as it is", "/a.xml", "/a.xml", "/a.xml"),
        ("an asterisk before it is a pattern", "/a.xml", "/*.xml", "/a.xml"),
    ],
)
def test_a_web_address_is_one_file_and_its_query_is_kept_to_itself(
    web: dict[str, bytes], why: str, there: str, named: str, shown: str
) -> None:
    web[f"https://reports.example{there}"] = b"<feedback/>"
    (item,) = remote.items(f"https://reports.example{named}")
    assert (item.name, item.origin) == (f"https://reports.example{shown}", "https"), why
    with item.open() as stream:
        assert stream.read() == b"<feedback/>"


@pytest.mark.parametrize(
    ("why", "url", "said"),
    [
        ("of what is not there", "https://x.example/a?S3CRET", "https://x.example/a?...: there is no such file or folder"),
        (
            "of what is forbidden",
            "https://x.example/broken?sig=S3CRET",
            "https://x.example/broken?...: cannot be read (403, message='Forbidden', url=URL('https://x.example/broken?...'))",
        ),
        (
            "of a query with blanks and quotes in it",
            "https://x.example/broken?sig='S3CRET S3CRET",
            "https://x.example/broken?...: cannot be read (403, message='Forbidden', url=URL('https://x.example/broken?...'))",
        ),
        ("behind a cache", "simplecache::https://x.example/a?S3CRET", "simplecache::https://x.example/a?...: there is no"),
        ("of a login", "nonesuch://user:S3CRET@x.example/a", "nonesuch://user:...@x.example/a: cannot be used"),
        ("of a token elsewhere", "nonesuch://x/a?sv=1&sig=S3CRET", "nonesuch://x/a?...: cannot be used"),
        ("but a pattern is shown", "memory://nowhere/2026-??.xml", "memory://nowhere/2026-??.xml: there is no such file"),
    ],
)  # fmt: skip
def test_no_error_tells_what_may_be_a_secret(web: dict[str, bytes], why: str, url: str, said: str) -> None:
    with pytest.raises(IntakeError) as caught:
        list(remote.items(url))
    assert str(caught.value).startswith(said), why
    assert "S3CRET" not in str(caught.value)


def test_nor_does_that_of_a_file_that_has_gone(web: dict[str, bytes]) -> None:
    web["https://x.example/a.xml?sig=S3CRET"] = b""
    (item,) = remote.items("https://x.example/a.xml?sig=S3CRET")
    web.clear()
    with pytest.raises(IntakeError) as caught:
        item.open()
    assert str(caught.value) == "cannot be read (https://x.example/a.xml?...)"
