"""The loader finds our checks of domains and those of others, and refuses two that claim the same word."""

import importlib.metadata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from truehelo.domains import DomainCheck, DomainView, DuplicateTagError, all_checks
from truehelo.findings import Finding, Severity, Tag


def nothing(view: DomainView) -> Iterator[Finding]:
    return iter(())


def foreign(check_id: str, tag: str) -> DomainCheck:
    tags = (Tag(name=tag, severity=Severity.NOTE, message="x"),)
    return DomainCheck(id=check_id, title="another's", cites=("RFC 7208 §4",), tags=tags, run=nothing)


@dataclass
class Point:
    check: DomainCheck
    name: str = "other"

    def load(self) -> DomainCheck:
        return self.check


@pytest.fixture
def with_foreign(monkeypatch: pytest.MonkeyPatch) -> Callable[[DomainCheck], tuple[DomainCheck, ...]]:
    def load(check: DomainCheck) -> tuple[DomainCheck, ...]:
        asked: list[dict[str, str]] = []
        monkeypatch.setattr(importlib.metadata, "entry_points", lambda **group: asked.append(group) or [Point(check)])
        found = all_checks.__wrapped__()
        assert asked == [{"group": "truehelo.domains"}]
        return found

    return load


def test_our_checks_come_in_the_order_of_their_ids_and_one_of_others_after_them(
    with_foreign: Callable[[DomainCheck], tuple[DomainCheck, ...]],
) -> None:
    ids = [check.id for check in with_foreign(foreign("aaa", "AAA_TAG"))]
    assert ids[-1] == "aaa"
    assert ids[:-1] == sorted(ids[:-1])
    assert {"spf", "dkim", "dmarc", "mta_sts", "tls_rpt", "bimi", "caa", "dane", "dnssec", "mx", "ns"} == set(ids[:-1])


@pytest.mark.parametrize(("check_id", "tag"), [("spf", "NEW_TAG"), ("new", "DMARC_MISSING")])
def test_two_checks_must_not_claim_the_same_id_or_tag(
    with_foreign: Callable[[DomainCheck], tuple[DomainCheck, ...]], check_id: str, tag: str
) -> None:
    with pytest.raises(DuplicateTagError, match="declared twice"):
        with_foreign(foreign(check_id, tag))
