"""What is advised about a DMARC record: nothing stronger than what counts now, and where its owner can publish it."""

import pytest

from support.domaintable import judged, step_for, text_of
from truehelo.records.dmarc import DmarcRecord, parse
from truehelo.records.dmarc.effective import effective, effective_7489

RUA = "rua=mailto:d@example.com"
PLACE = "_dmarc.example.com"
DIFFERENT = [
    ("reject that is tested", f"v=DMARC1; p=reject; t=y; {RUA}", f"v=DMARC1; p=quarantine; {RUA}"),
    ("quarantine that is tested", f"v=DMARC1; p=quarantine; t=y; {RUA}", f"v=DMARC1; p=none; {RUA}"),
    ("reject that is tested, with a policy for names below", f"v=DMARC1; p=reject; sp=quarantine; t=y; {RUA}",
     f"v=DMARC1; p=quarantine; sp=none; {RUA}"),
    ("quarantine for a part", f"v=DMARC1; p=quarantine; pct=20; {RUA}", f"v=DMARC1; p=none; {RUA}"),
    ("quarantine for nobody", f"v=DMARC1; p=quarantine; pct=0; {RUA}", f"v=DMARC1; p=none; {RUA}"),
    ("no policy", f"v=DMARC1; {RUA}", f"v=DMARC1; p=none; {RUA}"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "text", "advised"), DIFFERENT, ids=[row[0] for row in DIFFERENT])
def test_what_both_editions_read_alike_is_no_stronger_than_before(words: str, text: str, advised: str) -> None:
    audit = judged(f"example.com A 192.0.2.25\n{PLACE} TXT {text}")
    step = step_for(audit, "DMARC_PSL_DIFFERS") or step_for(audit, "DMARC_FAULTY")
    assert step is not None
    assert [text_of(record) for record in step.records] == [advised]
    before, after = parse(text), parse(advised)
    assert isinstance(before, DmarcRecord)
    assert isinstance(after, DmarcRecord)
    new, old, was = effective(after, own=True), effective_7489(after, own=True), effective(before, own=True)
    assert new is not None
    assert old is not None
    assert was is not None
    order = ["none", "quarantine", "reject"]
    assert new.policy is old.policy
    assert order.index(new.policy) <= order.index(was.policy)


MANY = [
    ("the mildest", "p=reject", "p=none", "v=DMARC1; p=none"),
    ("one that is tested is one step milder", "p=reject", "p=reject; t=y", "v=DMARC1; p=reject; t=y"),
    ("one with reports among equals", "p=none", f"p=none; {RUA}", f"v=DMARC1; p=none; {RUA}"),
    ("the mildest, be it without reports", f"p=reject; {RUA}", "p=none", "v=DMARC1; p=none"),
    ("the one that can be read", "p=strict", "p=quarantine", "v=DMARC1; p=quarantine"),
    ("none that can be read", "p=strict", "p=none; p=none", ""),
]


@pytest.mark.parametrize(("words", "one", "two", "advised"), MANY, ids=[row[0] for row in MANY])
def test_of_several_the_mildest_is_kept(words: str, one: str, two: str, advised: str) -> None:
    for first, second in ((one, two), (two, one)):
        table = f"example.com A 192.0.2.25\n{PLACE} TXT v=DMARC1; {first}\n{PLACE} TXT v=DMARC1; {second}"
        step = step_for(judged(table), "DMARC_MULTIPLE")
        assert step is not None
        assert [text_of(record) for record in step.records] == ([advised] if advised else [])


def test_a_policy_that_is_absent_is_written() -> None:
    step = step_for(judged(f"example.com A 192.0.2.25\n{PLACE} TXT v=DMARC1; {RUA}"), "DMARC_FAULTY")
    assert step is not None
    assert [text_of(record) for record in step.records] == [f"v=DMARC1; p=none; {RUA}"]


@pytest.mark.parametrize("text", ["v=DMARC1; p=reject; sp=strict", "v=DMARC1; p=strict"])
def test_a_policy_that_does_not_count_does_not_come_to_count_by_the_way(text: str) -> None:
    step = step_for(judged(f"example.com A 192.0.2.25\n{PLACE} TXT {text}"), "DMARC_NO_REPORTS")
    assert step is not None
    assert [text_of(record) for record in step.records] == ["v=DMARC1; p=none; rua=mailto:dmarc-reports@example.com"]


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("DMARC_POLICY_NONE", f"v=DMARC1; p=none; {RUA}"),
        ("DMARC_TESTING", f"v=DMARC1; p=reject; t=y; {RUA}"),
        ("DMARC_PSL_DIFFERS", f"v=DMARC1; p=reject; t=y; {RUA}"),
        ("DMARC_NO_REPORTS", "v=DMARC1; p=reject"),
        ("DMARC_SUBDOMAINS_WEAKER", f"v=DMARC1; p=reject; sp=none; {RUA}"),
        ("DMARC_BROKEN", f"v=dmarc1; p=reject; {RUA}"),
    ],
)
def test_a_record_behind_an_alias_is_changed_by_the_owner_of_its_target(tag: str, text: str) -> None:
    table = (
        f"example.com A 192.0.2.25\n{PLACE} CNAME example-com.dmarc.example.net\nexample-com.dmarc.example.net TXT {text}"
    )
    step = step_for(judged(table), tag)
    assert step is not None
    assert step.who == "the owner of the zone that holds example-com.dmarc.example.net"
    assert all(record.startswith("example-com.dmarc.example.net. ") for record in step.records)
    assert f"{PLACE} is an alias of example-com.dmarc.example.net" in step.what


def test_the_record_of_a_registry_is_not_the_domains_to_change() -> None:
    table = "example.com A 192.0.2.25\n_dmarc.com TXT v=DMARC1; p=reject; t=y; psd=y; ruf=mailto:d@registry.example"
    audit = judged(table)
    assert not any(record.startswith("_dmarc.com.") for step in audit.advice for record in step.records)
    step = step_for(audit, "DMARC_PSL_DIFFERS")
    assert step is not None
    assert step.records == (
        '_dmarc.example.com. 3600 IN TXT "v=DMARC1; p=quarantine; rua=mailto:dmarc-reports@example.com"',
    )


def test_a_record_that_only_the_tree_finds_is_published_as_it_counts() -> None:
    table = f"a.b.example.com A 192.0.2.25\n_dmarc.b.example.com TXT v=DMARC1; p=reject; t=y; {RUA}"
    step = step_for(judged(table, asked="a.b.example.com"), "DMARC_PSL_DIFFERS")
    assert step is not None
    assert step.records == (f'_dmarc.a.b.example.com. 3600 IN TXT "v=DMARC1; p=quarantine; {RUA}"',)
