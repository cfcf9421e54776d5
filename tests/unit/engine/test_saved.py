"""Saved evidence: it comes back as it was, and anything else is refused in a sentence."""

import json
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from truehelo.engine.judge import judge
from truehelo.engine.saved import SCHEMA, dump, load
from truehelo.errors import FileError
from truehelo.facts.dns import Exchange, Lookup, Outcome, Question, Record
from truehelo.facts.smtp import SmtpSession
from truehelo.facts.subject import SubjectFacts
from truehelo.findings import Audit

AT = datetime(2026, 11, 23, 16, 10, 4, tzinfo=UTC)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
st.register_type_strategy(datetime, st.just(AT))
st.register_type_strategy(str, TEXT)
st.register_type_strategy(float, st.floats(0, 100, allow_nan=False))
st.register_type_strategy(int, st.integers(0, 2**31))
ADDRESSES = st.one_of(
    st.builds(IPv4Address, st.integers(0, 2**32 - 1)), st.builds(IPv6Address, st.integers(2**100, 2**128 - 1))
)


def _audit(*facts: SubjectFacts) -> Audit:
    return Audit(asked=("x",), started=AT, elapsed_s=1.5, resolvers=("r",), subjects=tuple(judge(fact) for fact in facts))


@settings(max_examples=60)
@given(
    st.builds(
        SubjectFacts,
        ip=ADDRESSES,
        lookups=st.lists(st.from_type(Lookup), max_size=2).map(tuple),
        sessions=st.lists(st.from_type(SmtpSession), max_size=1).map(tuple),
        reverse_zone=st.none(),
        siblings=st.just(()),
        holder=st.none(),
    )
)
def test_any_facts_come_back_as_they_were(facts: SubjectFacts) -> None:
    saved = dump(_audit(facts))
    loaded = load(saved, "evidence.json")
    assert loaded.subjects[0].facts == facts
    assert dump(loaded) == saved


@pytest.mark.parametrize(
    ("document", "says"),
    [
        (b"", "is not JSON"),
        (b"\xff\xfe\x00", "is not JSON"),
        (b"[1, 2]", "is not evidence of truehelo"),
        (b'{"schema": "truehelo/evidence/9"}', "has the schema 'truehelo/evidence/9'"),
        (b"[" * 100_000, "is nested too deeply"),
        (json.dumps({"schema": SCHEMA}).encode(), "is damaged"),
        (
            json.dumps(
                {"schema": SCHEMA, "asked": [], "started": "x", "elapsed_s": 1, "resolvers": [], "subjects": []}
            ).encode(),
            "started",
        ),
    ],
)
def test_what_is_no_evidence_is_refused_in_a_sentence(document: bytes, says: str) -> None:
    with pytest.raises(FileError) as caught:
        load(document, "evidence.json")
    assert "evidence.json" in str(caught.value)
    assert says in str(caught.value)


def test_a_wrong_value_is_refused_with_its_place() -> None:
    question = Question(name="25.2.0.192.in-addr.arpa", rdtype="PTR")
    record = Record(owner=question.name, ttl=300, rdtype="PTR", data="mail.example.com.")
    seen = Exchange(
        server="s", transport="udp", vantage="here", at=AT, took_s=0.1, outcome=Outcome.ANSWER, records=(record,)
    )
    facts = SubjectFacts(ip=IPv4Address("192.0.2.25"), lookups=(Lookup(question=question, exchanges=(seen,)),))
    broken = dump(_audit(facts)).replace(b'"ttl": 300', b'"ttl": "soon"')
    with pytest.raises(FileError) as caught:
        load(broken, "evidence.json")
    assert "lookups[0].exchanges[0].records[0].ttl" in str(caught.value)


@given(st.binary())
def test_arbitrary_bytes_are_refused_by_our_error_alone(document: bytes) -> None:
    with pytest.raises(FileError):
        load(document, "evidence.json")
