"""The loader finds our checks and those of others, and refuses two that claim the same word."""

import importlib.metadata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from truehelo.checks import DuplicateTagError, all_checks, all_tags
from truehelo.findings import Check, Finding, Severity, Tag
from truehelo.identity import Identity


def nothing(identity: Identity) -> Iterator[Finding]:
    return iter(())


def foreign(check_id: str, tag: str) -> Check:
    tags = (Tag(name=tag, severity=Severity.NOTE, message="x"),)
    return Check(id=check_id, title="another's", cites=("RFC 5321 §4.2",), tags=tags, run=nothing)


@dataclass
class Point:
    check: Check
    name: str = "other"

    def load(self) -> Check:
        return self.check


@pytest.fixture
def with_foreign(monkeypatch: pytest.MonkeyPatch) -> Callable[[Check], tuple[Check, ...]]:
    def load(check: Check) -> tuple[Check, ...]:
        monkeypatch.setattr(importlib.metadata, "entry_points", lambda **_: [Point(check)])
        return all_checks.__wrapped__()

    return load


def test_every_file_of_the_folder_is_a_check_of_its_own_name() -> None:
    ids = [check.id for check in all_checks()]
    assert ids == sorted(ids)
    assert {"iprev", "ptr_names", "ptr_generic", "greeting", "ehlo_reply", "helo", "address", "family"} <= set(ids)
    assert len(all_tags()) == sum(len(check.tags) for check in all_checks())


def test_a_check_of_others_comes_after_ours(with_foreign: Callable[[Check], tuple[Check, ...]]) -> None:
    assert with_foreign(foreign("aaa", "AAA_TAG"))[-1].id == "aaa"


@pytest.mark.parametrize(("check_id", "tag"), [("iprev", "NEW_TAG"), ("new", "PTR_MISSING")])
def test_two_checks_must_not_claim_the_same_id_or_tag(
    with_foreign: Callable[[Check], tuple[Check, ...]], check_id: str, tag: str
) -> None:
    with pytest.raises(DuplicateTagError, match="declared twice"):
        with_foreign(foreign(check_id, tag))
