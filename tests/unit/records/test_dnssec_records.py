"""DS and DNSKEY: key tags and digests against dnspython, and any record at all."""

import base64

import dns.dnssec
import dns.name
import dns.rdata
from hypothesis import given
from hypothesis import strategies as st

from truehelo.facts.dns import Record
from truehelo.records.dnssec import ds_records, read_ds, read_keys, vouched

KEYS = st.tuples(st.sampled_from([256, 257]), st.sampled_from([8, 13, 15]), st.binary(min_size=4, max_size=90))


def record(rdtype: str, data: str) -> Record:
    made = dns.rdata.from_text("IN", rdtype, data)
    return Record(owner="example.com", ttl=60, rdtype=rdtype, data=made.to_text(), raw=(made.to_wire() or b"").hex())


@given(KEYS)
def test_the_tag_and_the_ds_are_those_that_dnspython_works_out(key: tuple[int, int, bytes]) -> None:
    flags, algorithm, octets = key
    data = f"{flags} 3 {algorithm} {base64.b64encode(octets).decode()}"
    made = record("DNSKEY", data)
    theirs = dns.rdata.from_text("IN", "DNSKEY", data)
    (ours,) = read_keys([made])
    assert (ours.tag, ours.algorithm, ours.flags) == (dns.dnssec.key_id(theirs), algorithm, flags)  # type: ignore[arg-type]
    ds = dns.dnssec.make_ds(dns.name.from_text("example.com"), theirs, "SHA256")  # type: ignore[arg-type]
    expected = (ds.to_text().upper(),) if flags == 257 else ()
    assert ds_records("example.com", [made]) == expected
    assert vouched(read_ds([record("DS", ds.to_text())]), [ours])


def test_a_ds_of_another_key_or_algorithm_and_a_revoked_key_vouch_for_nothing() -> None:
    made = record("DNSKEY", f"257 3 13 {base64.b64encode(bytes(64)).decode()}")
    (key,) = read_keys([made])
    digest = "00" * 32
    assert vouched(read_ds([record("DS", f"{key.tag} 13 2 {digest}")]), [key])
    assert not vouched(read_ds([record("DS", f"{key.tag} 8 2 {digest}")]), [key])
    assert not vouched(read_ds([record("DS", f"{(key.tag or 0) ^ 1} 13 2 {digest}")]), [key])
    revoked = read_keys([record("DNSKEY", f"385 3 13 {base64.b64encode(bytes(64)).decode()}")])
    assert not vouched(read_ds([record("DS", f"{revoked[0].tag} 13 2 {digest}")]), revoked)


@given(st.text(max_size=80), st.text(max_size=40))
def test_what_is_no_such_record_is_passed_over(data: str, raw: str) -> None:
    strange = Record(owner="example.com", ttl=60, rdtype="DS", data=data, raw=raw)
    read_ds([strange])
    read_keys([strange])
    ds_records("example.com", [strange])
