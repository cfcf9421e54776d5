"""Advice about SPF that is obeyed: no server that passed before fails or is marked afterwards (RFC 7208 §2.6)."""

from hypothesis import given
from hypothesis import strategies as st

from support.domaintable import judged, published, spf_word, tags, text_of
from truehelo.records.spf import SpfRecord, SpfWord, parse

WORSE = (SpfWord.FAIL, SpfWord.SOFTFAIL)


TERMS = (
    "a mx a:gone.example.com mx:gone.example.com ptr ?ptr ip4:192.0.2.0/24 -ip4:192.0.2.9 ?ip4:192.0.2.10 ~a:b.example.com "
    "include:b.example.com ?include:b.example.com ~include:c.example.com include:open.example.com exists:b.example.com "
    "ip4:128.0.0.0/1 a/0 redirect=b.example.com redirect=open.example.com exp=x.example.com -all ~all ?all +all"
).split()
ADDRESSES = ("192.0.2.1", "192.0.2.9", "192.0.2.10", "192.0.2.25", "198.51.100.7", "203.0.113.9", "2001:db8::25")
REMAINS = {
    "b.example.com TXT": "v=spf1 ip4:198.51.100.7 ?all",
    "b.example.com A": "192.0.2.1",
    "c.example.com TXT": "v=spf1 ip4:192.0.2.25 ip4:203.0.113.9",
    "open.example.com TXT": "v=spf1 +all",
    "mail.example.com A": "192.0.2.25",
    "mail.example.com AAAA": "2001:db8::25",
}
WIDE = {"DOMAIN_SPF_ALLOWS_ALL"}
"""Who passes by a hole alone is not to pass afterwards."""


@given(
    st.lists(st.lists(st.sampled_from(TERMS), max_size=6), min_size=0, max_size=2),
    st.booleans(),
    st.booleans(),
    st.sampled_from(ADDRESSES),
)
def test_no_step_turns_a_pass_into_a_refusal(records: list[list[str]], apex: bool, mx: bool, ip: str) -> None:
    lines = [f"{name} {data}" for name, data in REMAINS.items()]
    lines += ["example.com A 192.0.2.1"] if apex else []
    lines += ["example.com MX 10 mail.example.com"] if mx else []
    lines += [f"example.com TXT {' '.join(['v=spf1', *terms])}" for terms in records]
    table = "\n".join(lines)
    audit = judged(table, ips=[ip])
    assert len(records) != 1 or tags(audit) & {each for each in tags(audit) if each.startswith("DOMAIN_SPF_")}
    for step in audit.advice:
        for record in step.records:
            if "v=spf1" not in record or "ADDRESS" in record:
                continue
            assert record.startswith("example.com. ")
            assert isinstance(parse(text_of(record)), SpfRecord)
            if set(step.resolves) & WIDE:
                continue
            before, after = spf_word(table, ip), spf_word(published(table, record), ip)
            assert not (before is SpfWord.PASS and after in WORSE), (step.what, record)
            if set(step.resolves) == {"DOMAIN_SPF_OMITS"}:
                assert after is SpfWord.PASS, record
