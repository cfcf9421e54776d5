"""Failure reports: what RFC 6591 and RFC 9991 say, what reporters really send, and that nothing personal stays."""

import base64
import contextlib
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.reportmail import FEEDBACK, HEADER, PROSE, SAMPLE, aggregate_mail, failure_mail, mail, part, single
from truehelo.reports import failure
from truehelo.reports.failure import failures_in, holds_failure, read_failure
from truehelo.reports.mime import read_mail
from truehelo.reports.model import DEFAULT_BUDGET, ReportError

ARRIVED = 1772356830.0


def test_a_report_as_the_rfcs_have_it() -> None:
    report = read_failure(failure_mail())
    assert (report.source_ip, report.reported_domain, report.arrived) == ("192.0.2.25", "business.example", ARRIVED)
    assert (report.auth_failure, report.delivery_result, report.identity_alignment) == (("dmarc",), "delivered", "none")
    assert (report.dkim_domain, report.dkim_selector) == ("business.example", "s2026")
    assert (report.reporter, report.report_id, report.incidents) == ("receiver.example", "m1@receiver.example", 1)
    assert (report.original_mail_from, report.redacted, report.dialects) == ("***@business.example", True, ())
    assert len(report.digest) == 64


def test_fields_are_kept_in_their_order_without_local_parts() -> None:
    assert read_failure(failure_mail()).fields == (
        ("feedback-type", "auth-failure"),
        ("user-agent", "ReceiverReports/1.0"),
        ("version", "1"),
        ("original-mail-from", "***@business.example"),
        ("original-rcpt-to", "***@receiver.example"),
        ("arrival-date", "Sun, 01 Mar 2026 10:20:30 +0100"),
        ("source-ip", "192.0.2.25"),
        ("reported-domain", "Business.Example."),
        (
            "authentication-results",
            "receiver.example; spf=fail smtp.mailfrom=***@business.example; "
            "dmarc=fail (p=none) header.from=business.example",
        ),
        ("auth-failure", "dmarc"),
        ("delivery-result", "delivered"),
        ("identity-alignment", "none"),
        ("dkim-domain", "business.example"),
        ("dkim-selector", "s2026"),
    )


def test_of_the_message_is_kept_how_it_was_sent() -> None:
    received = "from mail.business.example (mail.business.example [192.0.2.25]) by mx.receiver.example with ESMTPS"
    assert read_failure(failure_mail()).headers == (
        ("return-path", "business.example"),
        ("received", received + "; Sun, 1 Mar 2026 10:20:30 +0100"),
        ("dkim-signature", "d=business.example; s=s2026"),
        ("from", "business.example"),
    )


def test_without_redaction_addresses_stay_and_texts_still_go() -> None:
    report = read_failure(failure_mail(), redact=False)
    assert report.original_mail_from == "alice.secret@business.example"
    assert ("original-rcpt-to", "bob.secret@receiver.example") in report.fields
    assert dict(report.headers)["from"] == '"Alice Secret" <alice.secret@business.example>'
    assert not report.redacted
    assert {"subject", "to", "cc"} & {name for name, _ in report.fields + report.headers} == set()
    assert "secret text" not in repr(report)


def without(*names: str) -> bytes:
    lines = FEEDBACK.split(b"\n")
    return b"\n".join(line for line in lines if not line.startswith(tuple(name.encode() for name in names)))


def changed(name: str, value: str) -> bytes:
    return without(name) + f"{name}: {value}\n".encode()


EXIM = """A message claiming to be from you has failed the published DMARC
policy for your domain.

  Sender Domain: business.example
  Sender IP Address: 192.0.2.25
  Received Date: Sun, 01 Mar 2026 10:20:30 +0100
  SPF Alignment: no
  DKIM Alignment: no
  DMARC Results: Reject

------ This is a copy of the headers that were received before the error
       was detected.

"""
# What reporters really send: what each is called, and what it is read as.
DIALECTS = [
    ("the feedback part in base64 (Netease)", failure_mail(encoding="base64"), (), "source_ip", "192.0.2.25"),
    (
        "empty lines before its fields (Netease)",
        failure_mail(b"\r\n\r\n" + FEEDBACK, encoding="base64"),
        (),
        "source_ip",
        "192.0.2.25",
    ),
    ("the feedback part in quoted-printable", failure_mail(encoding="quoted-printable"), (), "source_ip", "192.0.2.25"),
    (
        "parts of a multipart/mixed (Netease)",
        failure_mail().replace(b"multipart/report;", b"multipart/mixed;"),
        (),
        "source_ip",
        "192.0.2.25",
    ),
    (
        "the headers of the message alone",
        failure_mail(sample_type="text/rfc822-headers"),
        (),
        "reported_domain",
        "business.example",
    ),
    (
        "no message at all",
        failure_mail().replace(b"message/rfc822", b"text/plain"),
        ("no header of the message",),
        "headers",
        (),
    ),
    ("CRLF", failure_mail().replace(b"\n", b"\r\n"), (), "dkim_selector", "s2026"),
    (
        "a null reverse-path left empty (LinkedIn)",
        failure_mail(changed("Original-Mail-From", "")),
        (),
        "original_mail_from",
        "",
    ),
    ("a null reverse-path", failure_mail(changed("Original-Mail-From", "<>")), (), "original_mail_from", ""),
    (
        "a result of its own (Symantec)",
        failure_mail(changed("Delivery-Result", "SMG-Policy-Action")),
        ("a delivery-result of its own",),
        "delivery_result",
        "smg-policy-action",
    ),
    (
        "several failures",
        failure_mail(changed("Auth-Failure", "dmarc, SPF (checked),dkim")),
        (),
        "auth_failure",
        ("dmarc", "spf", "dkim"),
    ),
    ("alignment of both", failure_mail(changed("Identity-Alignment", "spf,dkim")), (), "identity_alignment", "spf, dkim"),
    (
        "no Identity-Alignment (before RFC 9991)",
        failure_mail(without("Identity")),
        ("no identity-alignment",),
        "identity_alignment",
        "",
    ),
    ("no Auth-Failure", failure_mail(without("Auth-F")), ("no auth-failure",), "auth_failure", ()),
    ("no Feedback-Type", failure_mail(without("Feedback")), ("no feedback-type",), "source_ip", "192.0.2.25"),
    (
        "no Reported-Domain",
        failure_mail(without("Reported")),
        ("no reported-domain",),
        "reported_domain",
        "business.example",
    ),
    ("no Source-IP", failure_mail(without("Source")), ("no source-ip",), "source_ip", ""),
    (
        "a Source-IP that is no address",
        failure_mail(changed("Source-IP", "unknown")),
        ("a source-ip that is no address",),
        "source_ip",
        "",
    ),
    (
        "a Source-IP with a name behind it",
        failure_mail(changed("Source-IP", "192.0.2.25 (mail.example)")),
        (),
        "source_ip",
        "192.0.2.25",
    ),
    (
        "a Source-IP as a literal",
        failure_mail(changed("Source-IP", "[IPv6:2001:DB8::25]")),
        (),
        "source_ip",
        "2001:db8::25",
    ),
    ("an IPv4-mapped Source-IP", failure_mail(changed("Source-IP", "::ffff:192.0.2.25")), (), "source_ip", "192.0.2.25"),
    (
        "Received-Date (RFC 5965)",
        failure_mail(without("Arrival") + b"Received-Date: 1 Mar 2026 10:20:30 +0100\n"),
        (),
        "arrived",
        ARRIVED,
    ),
    ("no date", failure_mail(without("Arrival")), ("no arrival-date",), "arrived", None),
    (
        "a date that is none",
        failure_mail(changed("Arrival-Date", "now")),
        ("an arrival-date that is none",),
        "arrived",
        None,
    ),
    ("several incidents", failure_mail(changed("Incidents", "17")), (), "incidents", 17),
    ("incidents that are no number", failure_mail(changed("Incidents", "many")), (), "incidents", 1),
    (
        "SPF-DNS",
        failure_mail(changed("SPF-DNS", 'txt : business.example : "v=spf1 -all"')),
        (),
        "spf_dns",
        'txt : business.example : "v=spf1 -all"',
    ),
    (
        "no From around it",
        failure_mail(changed("Reporting-MTA", "dns; MX.receiver.example")).replace(b"From: Reports", b"X: "),
        (),
        "reporter",
        "mx.receiver.example",
    ),
    ("the feedback part alone, as a file", FEEDBACK, ("no header of the message",), "source_ip", "192.0.2.25"),
]


@pytest.mark.parametrize(("what", "octets", "dialects", "member", "value"), DIALECTS, ids=[row[0] for row in DIALECTS])
def test_dialects_are_read_and_named(
    what: str, octets: bytes, dialects: tuple[str, ...], member: str, value: object
) -> None:
    report = read_failure(octets)
    assert report.dialects == dialects
    assert getattr(report, member) == value


PLAIN = [
    ("as the body (Baruwa)", single(part(EXIM.encode() + SAMPLE, "text/plain", encoding=""))),
    ("in a multipart/report (Exim)", mail(part(EXIM.encode() + SAMPLE, "text/plain", encoding="7bit"), subtype="report")),
    ("in base64", mail(part(EXIM.encode() + SAMPLE, "text/plain"), subtype="report")),
    ("with CRLF", single(part(EXIM.encode() + SAMPLE, "text/plain", encoding="")).replace(b"\n", b"\r\n")),
    ("without a type", HEADER + b"\n" + EXIM.encode() + SAMPLE),
]


@pytest.mark.parametrize(("how", "octets"), PLAIN, ids=[row[0] for row in PLAIN])
def test_a_report_in_plain_text_alone(how: str, octets: bytes) -> None:
    report = read_failure(octets)
    assert report.dialects == ("plain text alone", "no feedback-type", "no auth-failure", "no identity-alignment")
    assert (report.source_ip, report.reported_domain, report.arrived) == ("192.0.2.25", "business.example", ARRIVED)
    assert report.delivery_result == "reject"
    assert ("spf-alignment", "no") in report.fields
    assert [name for name, _ in report.headers] == ["return-path", "received", "dkim-signature", "from"]
    assert "secret" not in repr(report).lower()


NONE = [
    ("a complaint (RFC 5965)", failure_mail(changed("Feedback-Type", "abuse")), 'type "abuse" is not a report of failed'),
    (
        "neither address nor domain",
        failure_mail(without("Source", "Reported"), b"\n"),
        "neither a source address nor a domain",
    ),
    ("no fields", failure_mail(b"nothing\n", b"\n"), "neither a source address nor a domain"),
    ("another report", aggregate_mail(), "holds no failure report"),
    ("prose", single(PROSE), "holds no failure report"),
    ("nothing", b"", "holds no failure report"),
]


@pytest.mark.parametrize(("what", "octets", "why"), NONE, ids=[row[0] for row in NONE])
def test_what_is_no_failure_report_is_refused(what: str, octets: bytes, why: str) -> None:
    with pytest.raises(ReportError, match=why):
        read_failure(octets)


def test_several_reports_in_one_message_keep_their_own_messages() -> None:
    second = changed("Source-IP", "192.0.2.26")
    parts = [part(FEEDBACK, "message/feedback-report", encoding=""), part(second, "message/feedback-report", encoding="")]
    found = list(failures_in(read_mail(mail(*parts, part(SAMPLE, "message/rfc822", encoding="")), DEFAULT_BUDGET)))
    assert [report.source_ip for report in found] == ["192.0.2.25", "192.0.2.26"]
    assert [len(report.headers) for report in found] == [0, 4]


def test_the_same_report_forwarded_has_the_same_digest() -> None:
    assert read_failure(failure_mail()).digest == read_failure(b"Received: again\n" + failure_mail()).digest
    assert read_failure(failure_mail()).digest != read_failure(failure_mail(changed("Incidents", "2"))).digest


def test_the_same_report_with_other_line_ends_has_the_same_digest() -> None:
    one, other = (read_failure(octets) for octets in (failure_mail(), failure_mail().replace(b"\n", b"\r\n")))
    assert (one.digest, one.digests) == (other.digest, other.digests)
    assert one.digest not in one.digests
    in_base64 = failure_mail(FEEDBACK.replace(b"\n", b"\r\n"), encoding="base64")
    assert read_failure(in_base64).digest == one.digest
    assert one.digests[0] == sha256(FEEDBACK.replace(b"\n", b"\r\n") + b"\0" + SAMPLE.replace(b"\n", b"\r\n")).hexdigest()


LOCAL = st.text(alphabet="abcxyz0189.+_-=!#$%&*/?^{|}~é", min_size=1, max_size=12).map(lambda text: f"q9j{text}q9j")
PASS = "spf=pass smtp.mailfrom={0}@a.example; dkim=pass header.i={0}@b.example; auth=pass smtp.auth={0}"
DATE = "; Sun, 1 Mar 2026 10:20:30 +0100"
PLACES = [
    "Original-Mail-From: {0}@business.example",
    "Original-Rcpt-To: {0} <{0}@receiver.example>",
    'DKIM-Identity: "{0}"@business.example',
    "Authentication-Results: mx.example; " + PASS,
    "SPF-DNS: txt : {0}@business.example : v=spf1",
    "Authentication-Results: mx.example; auth=pass smtp.auth = {0}",
    "Subject: {0}",
    "Reported-URI: mailto:{0}@business.example",
    "Message-ID: <{0}@b.example>",
    "X-Recipient: {0}",
    "DKIM-Canonicalized-Body: {0}",
    "Removal-Recipient: {0}@b.example",
]
SENT = [
    "From: {0} <{0}@business.example>",
    "To: {0}@business.example",
    "Subject: {0}",
    "X-User: {0}",
    "\n{0}",
    "Return-Path: <{0}@business.example>",
    "Received: from a.example (a.example [192.0.2.1]) (Authenticated sender: {0}) by b.example for <{0}@c.example>" + DATE,
    "Received: from [192.0.2.1] ({0}@[192.0.2.1] helo=a.example) by b.example (envelope-from <{0}@c.example>) id {0}"
    + DATE,
    "Received: from {0}.x by a.example with local (Exim 4.96) (envelope-from <{0}@a.example>) id {0}" + DATE,
    "Received: by a.example (Authenticated sender: {0}) for {0}",
    "Received: from a.example by b.example; Sun, 1 Mar 2026 10:20:30 +0100 ({0}) {0}",
    "Received-SPF: pass client-ip=192.0.2.1; envelope-from={0}@a.example; helo=b.example",
    "DKIM-Signature: d=a.example; s=s; i={0}@a.example; z=From:{0}",
    "ARC-Authentication-Results: i=1; mx.example; " + PASS,
]


@given(LOCAL, st.lists(st.sampled_from(PLACES), max_size=6), st.lists(st.sampled_from(SENT), max_size=6))
def test_nothing_personal_is_left(local: str, told: list[str], sent: list[str]) -> None:
    feedback = FEEDBACK + "".join(line.format(local) + "\n" for line in told).encode()
    sample = "".join(line.format(local) + "\n" for line in sent).encode() + b"\n" + local.encode()
    assert "q9j" not in repr(read_failure(failure_mail(feedback, sample)))


@pytest.mark.parametrize(
    ("name", "member", "value"),
    [
        ("Delivery-Result", "delivery_result", "rejected for <***@c.example>"),
        ("Identity-Alignment", "identity_alignment", "rejected for <***@c.example>"),
        ("Auth-Failure", "auth_failure", ("rejected for <***@c.example>",)),
    ],
)
def test_words_that_have_a_place_of_their_own_are_redacted_as_the_fields_are(name: str, member: str, value: object) -> None:
    report = read_failure(failure_mail(changed(name, "rejected for <q9j.doe@c.example> (550 q9j@c.example)")))
    assert getattr(report, member) == value
    assert "q9j" not in repr(report)


@given(st.binary(max_size=600), st.binary(max_size=600), st.booleans())
def test_any_octets_in_a_failure_report_are_read_or_refused(told: bytes, sample: bytes, redact: bool) -> None:
    octets = failure_mail(FEEDBACK + told, sample, encoding="base64")
    found = read_mail(octets, DEFAULT_BUDGET)
    assert holds_failure(found)
    with contextlib.suppress(ReportError):
        for report in failures_in(found, redact=redact):
            repr(report).encode()
            assert set(report.dialects) <= set(failure.DIALECTS)
            assert all(text.isprintable() for _, text in report.fields + report.headers)


@given(st.text(max_size=300), st.text(max_size=100))
def test_any_text_after_the_words_of_exim_is_read_or_refused(told: str, sample: str) -> None:
    octets = HEADER + b"\n" + (EXIM.partition("\n\n")[0] + "\n" + told + "\n---\n\n" + sample).encode("utf-8", "replace")
    with contextlib.suppress(ReportError):
        repr(read_failure(octets)).encode()


def test_what_a_report_may_keep_is_bounded() -> None:
    feedback = FEEDBACK + b"Authentication-Results: " + b"x" * 9000 + b"\n" + b"User-Agent: y\n" * 500
    sample = b"Received: from a by b; " + b"z" * 9000 + b"\n" + b"Received: from a by b; now\n" * 500
    report = read_failure(failure_mail(feedback, sample))
    assert len(report.fields) == len(report.headers) == 100
    assert max(len(text) for _, text in report.fields + report.headers) <= 4096


def test_base64_that_says_nothing_of_it_is_decoded_by_its_header_alone() -> None:
    octets = failure_mail(base64.encodebytes(FEEDBACK))
    with pytest.raises(ReportError, match="neither a source address nor a domain"):
        read_failure(octets.replace(b"business.example", b"", 1).replace(SAMPLE, b"\n"))
