"""TLS-RPT records: where reports about TLS go (RFC 8460 §3)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truehelo.records.errors import Flaw, RecordError
from truehelo.records.tls_rpt import TlsRptRecord, format_record, is_tls_rpt, parse
from truehelo.records.uri import ReportUri

SOUND = [
    ("a mail address", "v=TLSRPTv1; rua=mailto:a@example.com", ["mailto:a@example.com"], []),
    ("an https URI", "v=TLSRPTv1;rua=https://r.example.com/v1;", ["https://r.example.com/v1"], []),
    ("both", "v=TLSRPTv1; rua=mailto:a@b.example , https://r.example/x", ["mailto:a@b.example", "https://r.example/x"], []),
    ("an unknown tag", "v=TLSRPTv1; rua=mailto:a@b.example; x=1", ["mailto:a@b.example"], [Flaw.UNKNOWN]),
    ("one address of two is wrong", "v=TLSRPTv1; rua=a@b.example,mailto:c@d.example", ["mailto:c@d.example"],
     [Flaw.BAD_URI]),
    ("http is passed over", "v=TLSRPTv1; rua=http://a.example/,mailto:c@d.example", ["mailto:c@d.example"],
     [Flaw.BAD_URI]),
    ("a size as in DMARC", "v=TLSRPTv1; rua=mailto:a@b.example!1m,mailto:c@d.example", ["mailto:c@d.example"],
     [Flaw.BAD_URI]),
]  # fmt: skip


@pytest.mark.parametrize(("why", "text", "rua", "flaws"), SOUND, ids=[row[0] for row in SOUND])
def test_records(why: str, text: str, rua: list[str], flaws: list[Flaw]) -> None:
    record = parse(text)
    assert isinstance(record, TlsRptRecord)
    assert [uri.text for uri in record.rua] == rua
    assert [fault.kind for fault in record.faults] == flaws
    assert parse(format_record(record)) == record


BROKEN = [
    ("another record", "v=spf1 -all", Flaw.NOT_ONE, False),
    ("the version in lower case", "v=tlsrptv1; rua=mailto:a@b.example", Flaw.NOT_ONE, False),
    ("a space before", " v=TLSRPTv1; rua=mailto:a@b.example", Flaw.NOT_ONE, False),
    ("another version", "v=TLSRPTv2; rua=mailto:a@b.example", Flaw.NOT_ONE, False),
    ("no address", "v=TLSRPTv1;", Flaw.MISSING, True),
    ("an empty address", "v=TLSRPTv1; rua=", Flaw.BAD_URI, True),
    ("an address without mailto", "v=TLSRPTv1; rua=a@b.example", Flaw.BAD_URI, True),
    ("addresses twice", "v=TLSRPTv1; rua=mailto:a@b.example; rua=mailto:c@d.example", Flaw.DUPLICATE, True),
    ("a missing semicolon", "v=TLSRPTv1 rua=mailto:a@b.example", Flaw.NOT_ONE, False),
]


@pytest.mark.parametrize(("why", "text", "flaw", "claims"), BROKEN, ids=[row[0] for row in BROKEN])
def test_texts_that_are_none(why: str, text: str, flaw: Flaw, claims: bool) -> None:
    error = parse(text)
    assert isinstance(error, RecordError)
    assert (error.kind, is_tls_rpt(text)) == (flaw, claims)
    assert error.cites == ("RFC 8460 §3",) or flaw is Flaw.DUPLICATE


PIECES = st.sampled_from("v=TLSRPTv1|rua=mailto:a@b.example|rua=https://x/|rua=,|rua=\u00fc|x=1|=|".split("|"))


@given(st.lists(PIECES, max_size=6).map(";".join) | st.text(max_size=50).map("v=TLSRPTv1;rua=".__add__))
def test_any_text_is_read(text: str) -> None:
    record = parse(text)
    for error in (record,) if isinstance(record, RecordError) else record.faults:
        assert 0 <= error.position <= error.position + error.length <= len(text)
        assert str(error).isprintable()


URIS = st.sampled_from(["mailto:a@b.example", "mailto:c%21d@e.example", "https://f.example/g"])


@given(st.lists(URIS, min_size=1, max_size=4))
def test_what_is_written_is_read(texts: list[str]) -> None:
    uris = tuple(
        ReportUri(text=text, scheme=scheme, address=text[7:].replace("%21", "!") if scheme == "mailto" else "", host=host)
        for text in texts
        for scheme, host in [(text.partition(":")[0], "f.example" if "//" in text else text.rpartition("@")[2])]
    )
    assert parse(format_record(TlsRptRecord(rua=uris))) == TlsRptRecord(rua=uris)
