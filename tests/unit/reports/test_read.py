"""What octets hold: reports of any kind, in archives and messages, one or several, and what is none, refused."""

import base64
import gzip
import io
import itertools
from typing import BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.reportmail import (
    AGGREGATE,
    FEEDBACK,
    HEADER,
    ODD_HEADERS,
    PROSE,
    SAMPLE,
    aggregate_mail,
    failure_mail,
    mail,
    part,
    single,
    tls_json,
    zipped,
)
from truehelo.reports import aggregate, faults
from truehelo.reports import read as reading
from truehelo.reports.aggregate import AggregateReading
from truehelo.reports.model import DEFAULT_BUDGET, Budget, FailureReport, Refused, ReportError, TlsReport
from truehelo.reports.read import Piece, pieces_in, reports_in

GZ = gzip.compress(AGGREGATE)
TLS_GZ = gzip.compress(tls_json())
PAGE = b"<div>For any feedback/suggestions, kindly mail to dmarcreportfeedback@reporter.example.</div>"
PREFIXED = AGGREGATE.replace(b"<feedback", b"<d:feedback xmlns:d='urn:ietf:params:xml:ns:dmarc-2.0'").replace(
    b"</feedback", b"</d:feedback"
)


def forwarded(octets: bytes) -> bytes:
    """A message as a part of another, which needs another boundary."""
    return part(octets.replace(b'"bound"', b"inner").replace(b"--bound", b"--inner"), "message/rfc822", encoding="")


def mailbox(*messages: bytes, end: bytes = b"\n") -> bytes:
    """Messages as an mbox (RFC 4155)."""
    line = b"From reporter@receiver.example Tue Jan  6 00:00:00 2026" + end
    return b"".join(line + message.rstrip(b"\r\n") + end + end for message in messages)


class Pipe(io.BytesIO):
    """What is read once and never sought in."""

    def seekable(self) -> bool:
        return False

    def seek(self, *_: int) -> int:
        raise io.UnsupportedOperation


def told(piece: Piece) -> str:
    """A piece in a word: what it is and about whom, or why it was refused."""
    found = piece.found
    if isinstance(found, Refused):
        assert faults.WORDS not in found.reason, found
        return f"refused: {found.reason}"
    if isinstance(found, TlsReport):
        return f"tls {found.policies[0].domain}"
    if isinstance(found, FailureReport):
        return f"failure {found.source_ip}"
    try:
        records = sum(len(batch) for batch in found.batches())
    except ReportError as error:
        return broken(error)
    assert found.head is not None
    return f"aggregate {found.head.policy.domain} {records}"


def broken(error: ReportError) -> str:
    assert faults.WORDS not in error.reason, error
    return f"broken: {error.reason}"


def read(octets: bytes, budget: Budget = DEFAULT_BUDGET, file: type[io.BytesIO] = io.BytesIO) -> list[str]:
    return [told(piece) for piece in pieces_in(file(octets), "in", budget)]


AGG, TLS, FAIL = "aggregate business.example 1", "tls business.example", "failure 192.0.2.25"
REPORTS = [
    ("XML", AGGREGATE, [AGG]),
    ("XML, gzipped", GZ, [AGG]),
    ("XML, gzipped twice", gzip.compress(GZ), [AGG]),
    ("XML in UTF-16, gzipped", gzip.compress(AGGREGATE.decode().replace("UTF-8", "UTF-16").encode("utf-16")), [AGG]),
    ("XML after empty lines, gzipped", gzip.compress(b"\n\n" + AGGREGATE), [AGG]),
    ("XML in a zip archive", zipped(("a.xml", AGGREGATE)), [AGG]),
    ("an archive of archives", zipped(("a.gz", GZ), ("b.zip", zipped(("c", AGGREGATE)))), [AGG, AGG]),
    ("an archive of all kinds", zipped(("a", AGGREGATE), ("b", tls_json()), ("c", failure_mail())), [AGG, TLS, FAIL]),
    ("an archive of messages", zipped(("a.eml", aggregate_mail()), ("b.eml", failure_mail())), [AGG, FAIL]),
    (
        "a mailbox in an archive",
        zipped(("a.mbox", mailbox(aggregate_mail(), failure_mail(), aggregate_mail()))),
        [AGG, FAIL, AGG],
    ),
    ("a mailbox of one message in an archive", zipped(("a.mbox", mailbox(aggregate_mail()))), [AGG]),
    ("a mailbox with CRLF", zipped(("a", mailbox(aggregate_mail(), failure_mail(), end=b"\r\n"))), [AGG, FAIL]),
    (
        "a message with a line of prose that begins From",
        mail(part(b"Hello\n\nFrom a: b\n", "text/plain", encoding=""), part(GZ, "application/gzip")),
        [AGG],
    ),
    ("base64 of gzip", base64.encodebytes(GZ), [AGG]),
    ("JSON", tls_json(), [TLS]),
    ("JSON, gzipped", TLS_GZ, [TLS]),
    ("JSON in UTF-16", tls_json().decode().encode("utf-16"), [TLS]),
    ("a message with gzip", aggregate_mail(), [AGG]),
    ("a message with zip", mail(PROSE, part(zipped(("a.xml", AGGREGATE)), "application/zip", "a.zip")), [AGG]),
    ("a message that is gzip (Mimecast)", single(part(GZ + b"\r\n", "application/gzip")), [AGG]),
    ("a message that is zip", single(part(zipped(("a.xml", AGGREGATE)), "application/octet-stream")), [AGG]),
    ("a message with XML", mail(PROSE, part(AGGREGATE, "text/xml", "a.xml", "quoted-printable")), [AGG]),
    ("XML as text/plain", mail(PROSE, part(AGGREGATE, "text/plain", "", "7bit")), [AGG]),
    ("an attachment of no known type", mail(PROSE, part(GZ, "application/octet-stream")), [AGG]),
    ("an attachment of the wrong type", mail(PROSE, part(zipped(("a", AGGREGATE)), "application/gzip", "a.gz")), [AGG]),
    ("base64 whose header went missing", mail(PROSE, part(base64.encodebytes(GZ), "application/gzip", "", "")), [AGG]),
    ("a TLS report (RFC 8460)", mail(PROSE, part(TLS_GZ, "application/tlsrpt+gzip"), subtype="report"), [TLS]),
    ("a TLS report as JSON", mail(PROSE, part(tls_json(), "application/tlsrpt+json", "", "8bit")), [TLS]),
    ("a TLS report of the wrong type", mail(PROSE, part(tls_json(), "application/octet-stream")), [TLS]),
    ("a failure report", failure_mail(), [FAIL]),
    ("a failure report alone", FEEDBACK, [FAIL]),
    ("several reports in a message", mail(part(GZ, "application/gzip"), part(TLS_GZ, "application/gzip")), [AGG, TLS]),
    ("a forwarded message", mail(PROSE, forwarded(aggregate_mail())), [AGG]),
    ("a message as attachment", mail(PROSE, part(aggregate_mail(), "application/octet-stream", "a.eml")), [AGG]),
    ("a forwarded failure report", mail(PROSE, forwarded(failure_mail())), [FAIL]),
    ("a forwarded message in an archive", zipped(("a", mail(part(AGGREGATE, "message/rfc822", "", "")))), [AGG]),
    ("an image beside a report", mail(part(b"\x89PNG", "image/png", "a.png"), part(GZ, "application/gzip")), [AGG]),
    ("HTML beside a report", mail(part(b"<html>", "text/html"), part(GZ, "application/gzip")), [AGG]),
    ("HTML that asks for feedback (Microsoft)", mail(part(PAGE, "text/html"), part(GZ, "application/gzip")), [AGG]),
    ("HTML with the name of a report", mail(part(PAGE, "text/html", "a.xml"), part(GZ, "application/gzip")), [AGG]),
    ("XML as text/html", mail(PROSE, part(AGGREGATE, "text/html")), [AGG]),
    ("XML with a prefix as text/plain", mail(PROSE, part(PREFIXED, "text/plain")), [AGG]),
]


@pytest.mark.parametrize(("what", "octets", "found"), REPORTS, ids=[row[0] for row in REPORTS])
@pytest.mark.parametrize("file", [io.BytesIO, Pipe], ids=["file", "pipe"])
def test_reports_are_found(what: str, octets: bytes, found: list[str], file: type[io.BytesIO]) -> None:
    assert read(octets, file=file) == found


NONE = [
    ("nothing", b"", "it is no report: it is empty"),
    ("prose", b"Dear postmaster", "it is no report: it is neither XML, JSON, a message, gzip nor zip"),
    ("nothing, gzipped", gzip.compress(b""), "it is no report: it is empty"),
    ("prose, gzipped", gzip.compress(b"Dear postmaster"), "it is no report: it is neither XML"),
    ("a 7z archive", b"7z\xbc\xaf'\x1c\0\4", "it is no report: it is a 7z archive; unpack it first"),
    ("an empty archive", zipped(), "the zip archive is empty"),
    ("an archive of folders", zipped(("a/", b"")), "the zip archive is empty"),
    ("a message without a report", single(PROSE), "the message holds no report"),
    ("a message with a page", mail(PROSE, part(b"<html></html>", "text/html")), "the message holds no report"),
    ("a message with a broken attachment", mail(part(GZ[:-20], "application/gzip")), "refused: the gzip data break off"),
    (
        "a message with an attachment of junk",
        mail(part(b"junk", "application/zip", "a.zip")),
        "it is no report: it is neither",
    ),
    ("a message with a picture for a report", mail(part(b"\x89PNG", "image/png", "a.xml.gz")), "it is an image"),
    ("an archive of prose", zipped(("a.txt", b"Dear postmaster")), "it is no report: it is neither"),
    ("JSON of something else", b'{"a": 1}', "the JSON text is not a TLS report"),
    ("XML of something else", b"<html></html>", "broken: "),
    ("a complaint", failure_mail(FEEDBACK.replace(b"auth-failure", b"abuse")), 'the type "abuse"'),
]


@pytest.mark.parametrize(("what", "octets", "why"), NONE, ids=[row[0] for row in NONE])
def test_what_is_no_report_is_refused_in_one_sentence(what: str, octets: bytes, why: str) -> None:
    (refused,) = read(octets)
    assert why in refused
    assert refused.startswith(("refused: ", "broken: "))


def test_one_bad_file_leaves_the_others() -> None:
    octets = zipped(("a", AGGREGATE), ("b", b"junk"), ("c", GZ[:-20]), ("d.json", b"{"), ("e", tls_json()))
    assert [each.partition(":")[0] for each in read(octets)] == [AGG, "refused", "refused", "refused", TLS]


def test_a_bad_message_of_a_mailbox_leaves_the_others_and_each_has_its_number() -> None:
    octets = zipped(
        ("a.mbox", mailbox(aggregate_mail(), single(PROSE), mail(part(GZ[:-20], "application/gzip")), failure_mail()))
    )
    pieces = list(pieces_in(io.BytesIO(octets), "in"))
    assert [": ".join(piece.name.split(": ")[:2]) for piece in pieces] == [f"in: a.mbox message {n}" for n in (1, 2, 3, 4)]
    assert [told(piece).partition(":")[0] for piece in pieces] == [AGG, "refused", "refused", FAIL]


def test_a_mailbox_of_too_many_messages_ends_the_file() -> None:
    octets = zipped(("a.mbox", mailbox(*[single(PROSE)] * (DEFAULT_BUDGET.files + 5))))
    assert read(octets)[-1] == f"refused: it holds more than {DEFAULT_BUDGET.files} files"


def test_names_lead_through_archives_and_messages() -> None:
    inner = mail(PROSE, part(zipped(("../x\n.xml", AGGREGATE)), "application/zip", "a.zip"))
    pieces = list(pieces_in(io.BytesIO(zipped(("b.eml", inner), ("c.txt", b"junk"))), "in\x1b.zip"))
    assert [piece.name for piece in pieces] == ["in\\x1b.zip: b.eml: a.zip: ../x\\x0a.xml", "in\\x1b.zip: c.txt"]
    assert isinstance(pieces[1].found, Refused)
    assert pieces[1].found.name == pieces[1].name


def test_a_piece_knows_the_message_that_it_came_in() -> None:
    octets = mail(PROSE, forwarded(aggregate_mail()), header=b"From: me@business.example\n")
    (piece,) = pieces_in(io.BytesIO(octets), "in")
    assert piece.letter is not None
    assert (piece.letter.sender, piece.letter.report_id) == ("receiver.example", "2026.1")
    assert next(pieces_in(io.BytesIO(AGGREGATE), "in")).letter is None


def test_an_aggregate_report_streams_while_it_is_read() -> None:
    records = AGGREGATE.partition(b"<record>")[2].partition(b"</record>")[0]
    head, _, rest = AGGREGATE.partition(b"<record>")
    many = head + b"".join(b"<record>" + records + b"</record>" for _ in range(40_000)) + rest.partition(b"</record>")[2]

    class Watched(io.BytesIO):
        most = 0

        def read(self, size: int | None = -1) -> bytes:
            data = super().read(size)
            self.most = max(self.most, self.tell())
            return data

    file = Watched(gzip.compress(many))
    found = next(reports_in(file, "in"))
    assert isinstance(found, AggregateReading)
    assert file.most < 70_000 < len(file.getvalue()) * 2
    assert sum(count for batch in found.batches() for _, count, _ in batch) == 120_000


def test_a_reading_that_nobody_reads_is_passed_over() -> None:
    kinds = [type(found) for found in reports_in(io.BytesIO(zipped(("a", AGGREGATE), ("b", tls_json()))), "in")]
    assert kinds == [AggregateReading, TlsReport]


def test_failure_reports_are_redacted_unless_told_otherwise() -> None:
    (kept,) = reports_in(io.BytesIO(failure_mail()), "in", redact=False)
    assert isinstance(kept, FailureReport)
    assert kept.original_mail_from == "alice.secret@business.example"
    (hidden,) = reports_in(io.BytesIO(failure_mail()), "in")
    assert "secret" not in repr(hidden)


DEEP = [
    ("gzip in gzip in gzip in gzip", gzip.compress(gzip.compress(gzip.compress(GZ)))),
    ("archives in archives", zipped(("a", zipped(("b", zipped(("c", zipped(("d", AGGREGATE))))))))),
    ("messages in messages", mail(forwarded(mail(part(SAMPLE, "message/rfc822", encoding=""))))),
]


@pytest.mark.parametrize(("what", "octets"), DEEP, ids=[row[0] for row in DEEP])
def test_what_lies_too_deep_is_refused(what: str, octets: bytes) -> None:
    assert read(octets, Budget(nested=2)) == ["refused: archives and messages lie more than 2 deep in each other"]


def test_a_bomb_ends_the_whole_file() -> None:
    bomb = gzip.compress(gzip.compress(gzip.compress(GZ)))
    assert read(zipped(("a", AGGREGATE), ("b", bomb), ("c", AGGREGATE))) == [
        AGG,
        "refused: archives and messages lie more than 3 deep in each other",
    ]


COSTLY = [
    ("a message that is too large", aggregate_mail(), Budget(held=1000), "the message has more than 1000 octets"),
    (
        "an archive in an archive that is too large",
        zipped(("a", zipped(("b", AGGREGATE)))),
        Budget(held=100),
        "the zip archive has more",
    ),
    ("JSON that is too large", tls_json(), Budget(held=2000), "the TLS report has more than 500 octets"),
    ("JSON that is too deep", b"[" * 100, DEFAULT_BUDGET, "24 deep"),
    ("files that are too many", zipped(*((str(at), AGGREGATE) for at in range(9))), Budget(files=8), "more than 8 files"),
    ("content that is too large", GZ, Budget(octets=500), "500 octets"),
]


@pytest.mark.parametrize(("what", "octets", "budget", "why"), COSTLY, ids=[row[0] for row in COSTLY])
def test_what_costs_too_much_is_refused(what: str, octets: bytes, budget: Budget, why: str) -> None:
    (refused,) = read(octets, budget)
    assert why in refused


def test_time_is_bounded_by_the_clock_that_is_given() -> None:
    ticks = itertools.count(0.0, 10.0)
    (found,) = reports_in(io.BytesIO(TLS_GZ * 3), "in", Budget(seconds=15), clock=lambda: next(ticks))
    assert isinstance(found, Refused)
    assert "longer than 15 seconds" in found.reason


def test_trouble_of_the_file_itself_is_no_refusal() -> None:
    class Torn(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() > 100:
                raise OSError(5, "Input/output error")
            return super().read(50 if size is None or size < 0 else min(size, 50))

    with pytest.raises(OSError, match="Input/output"):
        drained(Torn(AGGREGATE))


OUR_FAULTS = [
    ("a message", aggregate_mail(), "read_mail", [""]),
    (
        "TLS reports beside an aggregate report",
        mail(part(TLS_GZ, "a/b"), part(GZ, "a/b"), part(TLS_GZ, "a/b")),
        "read_tls",
        ["", AGG, ""],
    ),
    (
        "a failure report beside an aggregate report",
        mail(part(FEEDBACK, "message/feedback-report", "", ""), part(GZ, "a/b")),
        "failures_in",
        ["", AGG],
    ),
    ("members of an archive", zipped(("a", tls_json()), ("b", AGGREGATE)), "read_tls", ["", AGG]),
]


@pytest.mark.parametrize("error", [RecursionError("deep"), TypeError("a\nb"), MemoryError(), AssertionError()])
@pytest.mark.parametrize(("what", "octets", "reader", "found"), OUR_FAULTS, ids=[row[0] for row in OUR_FAULTS])
def test_a_fault_of_the_program_refuses_what_it_fails_over_and_is_told(
    what: str, octets: bytes, reader: str, found: list[str], error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **_more: object) -> None:
        raise error

    monkeypatch.setattr(reading, reader, fails)
    pieces = list(pieces_in(io.BytesIO(octets), "in"))
    why = f"this program has a fault and cannot read it ({type(error).__name__})"
    assert [why if isinstance(each.found, Refused) else told(each) for each in pieces] == [text or why for text in found]
    for piece in pieces:
        if isinstance(piece.found, Refused):
            assert piece.found.reason == why
            assert piece.found.where.startswith("read.py, line ")


def test_a_fault_over_records_refuses_the_report_and_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise IndexError

    (found,) = reports_in(io.BytesIO(GZ), "in")
    monkeypatch.setattr(aggregate.reading.Octets, "feed", fails)
    assert isinstance(found, AggregateReading)
    with pytest.raises(
        ReportError, match=r"this program has a fault and cannot read it \(IndexError\) \(reading.py, line "
    ):
        list(found.batches())


class StoreDownError(Exception):
    """Of whoever keeps what was read."""


@pytest.mark.parametrize("octets", [AGGREGATE, aggregate_mail(), zipped(("a", tls_json()))])
def test_errors_of_whoever_asks_are_not_taken_for_faults(octets: bytes) -> None:
    def kept() -> None:
        for piece in pieces_in(io.BytesIO(octets), "in"):
            if isinstance(piece.found, AggregateReading):
                for _ in piece.found.batches():
                    raise StoreDownError
            raise StoreDownError

    with pytest.raises(StoreDownError):
        kept()


def drained(file: BinaryIO) -> None:
    for piece in pieces_in(file, "in", Budget(octets=10**6, held=10**6)):
        assert told(piece)
        piece.name.encode()


@given(st.binary(max_size=500))
def test_any_octets_are_read_or_refused(octets: bytes) -> None:
    drained(io.BytesIO(octets))


WHOLE = [AGGREGATE, GZ, zipped(("a.xml", AGGREGATE), ("b", GZ)), tls_json(), aggregate_mail(), failure_mail(), HEADER]


@given(st.data())
def test_spoilt_reports_are_read_or_refused(data: st.DataObject) -> None:
    octets = bytearray(data.draw(st.sampled_from(WHOLE)))
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(octets)))
        octets[at : at + data.draw(st.integers(0, 5))] = data.draw(
            st.binary(max_size=5) | st.sampled_from([b"<", b"--bound\n", b"PK", *ODD_HEADERS])
        )
    for _ in range(data.draw(st.integers(0, 2))):
        octets = bytearray(data.draw(st.sampled_from([gzip.compress, lambda inner: zipped(("a", inner))]))(bytes(octets)))
    drained(io.BytesIO(bytes(octets)))
