"""Messages: their parts, as the standard library finds them where it can, and what they say around a report."""

import email
import email.policy
import gzip
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.reportmail import AGGREGATE, HEADER, PROSE, SAMPLE, aggregate_mail, failure_mail, mail, part, single
from truehelo.reports.mime import Letter, domain_of, fields_in, read_mail, value, when
from truehelo.reports.model import DEFAULT_BUDGET, Budget, BudgetError

PACKED = gzip.compress(AGGREGATE, mtime=0)
GZ = part(PACKED, "application/gzip", "report.xml.gz")


def leaves(octets: bytes) -> list[tuple[str, str, bytes]]:
    return [(leaf.type, leaf.name, b"".join(leaf.chunks())) for leaf in read_mail(octets, DEFAULT_BUDGET).leaves]


def report(octets: bytes) -> bytes:
    """What the last part holds."""
    return leaves(octets)[-1][2]


CRLF = (b"\n", b"\r\n")
WAYS = [
    ("as one of several parts", mail(PROSE, GZ)),
    ("as the body", single(GZ)),
    ("with CRLF", mail(PROSE, GZ).replace(*CRLF)),
    ("as the body with CRLF", single(GZ).replace(*CRLF)),
    ("within another multipart", mail(PROSE, mail(GZ, header=b"", boundary="bound2"))),
    ("within one whose boundary begins alike", mail(mail(GZ, header=b"", boundary="boundary"), boundary="bound")),
    ("without the closing line", mail(PROSE, GZ).removesuffix(b"\n--bound--\n")),
    ("with text after the closing line", mail(PROSE, GZ) + b"\n--\nA mailing list\n"),
    ("with white space after the boundary", mail(PROSE, GZ).replace(b"--bound\n", b"--bound \t\n")),
    ("in an mbox", b"From x@receiver.example Sun Mar  1 10:20:30 2026\n" + mail(PROSE, GZ)),
    ("after empty lines", b"\r\n\n" + mail(PROSE, GZ)),
    ("in quoted-printable", single(part(PACKED, "application/gzip", encoding="quoted-printable"))),
    ("in 8 bit, as it is", single(part(PACKED, "application/gzip", encoding="8bit"))),
    ("with an encoding in capitals", mail(GZ.replace(b"base64", b"BASE64 "))),
    ("with a header that is folded", mail(GZ.replace(b"; name=", b";\n\tname="))),
    ("with a line of spaces for the empty one", mail(GZ.replace(b"base64\n\n", b"base64\n \n"))),
    ("with fields that are none among the header", mail(GZ.replace(b"\n\n", b"\nno field\n\n", 1))),
    ("with a media type that is none", mail(GZ.replace(b"application/gzip", b"gzip"))),
]


@pytest.mark.parametrize(("how", "octets"), WAYS, ids=[row[0] for row in WAYS])
def test_a_report_is_found_and_decoded(how: str, octets: bytes) -> None:
    assert report(octets).startswith(PACKED)
    assert report(octets)[len(PACKED) :].strip() == b""


def test_parts_come_in_their_order_with_their_names() -> None:
    nested = mail(
        PROSE, mail(GZ, part(b"<p>", "text/html", encoding=""), header=b"", boundary="b2"), part(b"{}", "a/b", "c")
    )
    assert [leaf[:2] for leaf in leaves(nested)] == [
        ("text/plain", ""),
        ("application/gzip", "report.xml.gz"),
        ("text/html", ""),
        ("a/b", "c"),
    ]


def test_a_feedback_part_is_decoded_where_no_encoding_may_be() -> None:
    octets = failure_mail(encoding="quoted-printable")
    assert b"Source-IP: 192.0.2.25" in leaves(octets)[1][2]
    assert leaves(octets)[2][0] == "message/rfc822"


NAMES = [
    ("a parameter of the type", b'Content-Type: a/b; name="x.zip"', "x.zip"),
    ("a parameter of the disposition", b"Content-Type: a/b\nContent-Disposition: attachment; filename=x.zip", "x.zip"),
    ("RFC 2231", b"Content-Type: a/b\nContent-Disposition: attachment; filename*=utf-8''x%C3%A9.zip", "xé.zip"),
    ("control characters", b'Content-Type: a/b; name="x\x1b[31m.zip"', "x\\x1b[31m.zip"),
    ("a character set that is none", b"Content-Disposition: attachment; filename*=idna''x%C3%A9.zip", ""),
    ("a character set with a zero in it", b"Content-Disposition: attachment; filename*=a%00b''x.zip", ""),
    (
        "RFC 2231, whole and in pieces at once",
        b"Content-Disposition: attachment; filename*=utf-8''a.zip; filename*0*=utf-8''b.zip",
        "",
    ),
]


@pytest.mark.parametrize(("what", "header", "name"), NAMES, ids=[row[0] for row in NAMES])
def test_the_name_of_a_part_is_for_people(what: str, header: bytes, name: str) -> None:
    assert leaves(header + b"\n\nbody")[0][1] == name


def test_a_boundary_whole_and_in_pieces_at_once_is_none() -> None:
    octets = b"Content-Type: multipart/mixed; boundary*=utf-8''a; boundary*0=b\n\n--b\n\nx\n--b--\n"
    assert [leaf[0] for leaf in leaves(octets)] == ["multipart/mixed"]


def test_a_letter_says_who_reports_about_whom() -> None:
    assert read_mail(aggregate_mail(), DEFAULT_BUDGET).letter == Letter(
        sender="receiver.example",
        message_id="m1@receiver.example",
        report_domain="business.example",
        submitter="receiver.example",
        report_id="2026.1",
        date=1772413323.0,
    )


SUBJECTS = [
    ("folded", b"Report domain: business.example\n Submitter: receiver.example Report-ID:\n 2026.1"),
    ("encoded", b"=?utf-8?q?Report_Domain:_business.example_Submitter:_receiver.example?= =?utf-8?q?_Report-ID:_2026.1?="),
    ("in capitals, with points", b"REPORT DOMAIN: Business.Example. SUBMITTER: RECEIVER.example. REPORT-ID: <2026.1>"),
]


@pytest.mark.parametrize(("what", "subject"), SUBJECTS, ids=[row[0] for row in SUBJECTS])
def test_subjects_of_reports_are_read(what: str, subject: bytes) -> None:
    letter = read_mail(b"Subject: " + subject + b"\n\n", DEFAULT_BUDGET).letter
    assert (letter.report_domain, letter.submitter, letter.report_id) == ("business.example", "receiver.example", "2026.1")


NO_WORDS = [
    ("base64 that is none", b"=?utf-8?b?Y?="),
    ("a character set that is none", b"=?klingon?q?a?="),
    ("a character set that is not ASCII", "=?\u00e9?b?YQ==?=".encode()),
    ("a character set with a zero in it", b"=?a\0b?b?YQ==?="),
]


@pytest.mark.parametrize(("what", "word"), NO_WORDS, ids=[row[0] for row in NO_WORDS])
def test_a_subject_that_cannot_be_decoded_is_read_as_it_stands(what: str, word: bytes) -> None:
    octets = b"Subject: " + word + b" Report domain: business.example\n\n"
    assert read_mail(octets, DEFAULT_BUDGET).letter.report_domain == "business.example"


def test_fields_of_rfc_8460_go_before_the_subject() -> None:
    octets = b"TLS-Report-Domain: a.example\nTLS-Report-Submitter: b.example\nSubject: Report Domain: c.example\n\n"
    letter = read_mail(octets, DEFAULT_BUDGET).letter
    assert (letter.report_domain, letter.submitter) == ("a.example", "b.example")


def test_a_message_that_says_nothing_around() -> None:
    assert read_mail(b"\n\nbody", DEFAULT_BUDGET).letter == Letter()


ADDRESSES = [
    ("bare", "a@Business.Example", "business.example"),
    ("with a name", '"A, B" <a@business.example>', "business.example"),
    ("with an @ in the name", '"a@other.example" <a@business.example>', "business.example"),
    ("international", "a@münchen.example", "xn--mnchen-3ya.example"),
    ("none", "undisclosed", ""),
    ("the empty reverse-path", "<>", ""),
    ("after comments in each other", "((a (comment))) a@business.example", "business.example"),
    ("after a thousand comments in each other", "(" * 900 + ")" * 900 + " a@business.example", ""),
    ("after comments that never end", "(" * 1900 + " a@business.example", ""),
]


@pytest.mark.parametrize(("what", "address", "domain"), ADDRESSES, ids=[row[0] for row in ADDRESSES])
def test_the_domain_of_an_address(what: str, address: str, domain: str) -> None:
    assert domain_of(address) == domain


DATES = [
    ("with a zone", "Sun, 1 Mar 2026 10:20:30 +0100", 1772356830.0),
    ("without a day of the week", "01 Mar 2026 10:20:30 +0100", 1772356830.0),
    ("with a comment", "Sun, 1 Mar 2026 10:20:30 +0100 (CET)", 1772356830.0),
    ("without a zone", "Sun, 1 Mar 2026 10:20:30", 1772360430.0),
    ("a day that is none", "31 Feb 2026 10:20:30 +0100", None),
    ("an hour that is none", "01 Mar 2026 99:20:30 +0100", None),
    ("prose", "yesterday", None),
    ("nothing", "", None),
]


@pytest.mark.parametrize(("what", "text", "seconds"), DATES, ids=[row[0] for row in DATES])
def test_dates_of_messages(what: str, text: str, seconds: float | None) -> None:
    assert when(text) == seconds


def test_fields_are_unfolded_and_end_at_the_empty_line() -> None:
    fields = fields_in(b"\nA: 1\r\n 2\r\n\t3\r\na : 4\r\n\r\nB: 5\r\n")
    assert fields == (("a", "1 2 3"), ("a", "4"))
    assert value(fields, "a") == "1 2 3"
    assert value(fields, "b") == ""


def nest(depth: int) -> bytes:
    octets = GZ
    for level in range(depth):
        octets = mail(octets, header=b"", boundary=f"b{level}")
    return octets


TOO_MUCH = [
    ("more parts than the budget", mail(*[b"\nx"] * 1001), "1000 parts"),
    ("more parts than the budget, in two", mail(*[mail(*[b"\nx"] * 501, header=b"", boundary="c")] * 2), "1000 parts"),
    ("parts too deep in each other", nest(30), "24 deep"),
    ("a header of a megabyte", b"X: " + b"y" * 1_000_000, "262144 octets"),
    ("a header of a megabyte in a part", mail(b"X: " + b"y" * 1_000_000), "262144 octets"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "octets", "why"), TOO_MUCH, ids=[row[0] for row in TOO_MUCH])
def test_a_message_above_its_budget_is_refused(what: str, octets: bytes, why: str) -> None:
    with pytest.raises(BudgetError, match=why):
        read_mail(octets, DEFAULT_BUDGET)


def test_parts_within_the_budget_are_read() -> None:
    assert len(read_mail(mail(*[b"\nx"] * 20), Budget(files=20)).leaves) == 20
    assert report(nest(24)).startswith(PACKED)


@given(st.binary(max_size=2000))
def test_any_octets_can_be_taken_for_a_message(octets: bytes) -> None:
    found = read_mail(octets, DEFAULT_BUDGET)
    assert all(chunk for leaf in found.leaves for chunk in leaf.chunks())


WORDS = [
    b"Content-Type: multipart/mixed; boundary=b\n", b"Content-Type: message/rfc822\n", b"--b\n", b"--b--\n", b"\n", b"\r\n",
    b"Content-Transfer-Encoding: base64\n", b"Content-Transfer-Encoding: quoted-printable\n", b"=\n", b"=4", b"text", b" ",
    b"Content-Disposition: attachment; filename*0*=x'y; filename*99=z\n", b"Subject: =?utf-8?b?/w==?= =?x?q?y?=\n",
    b"From: \"<@\n", b"Date: Fri, 32 Foo 99999 25:61:61 +9999\n", b"\xff\xfe", b"\0",
    b"Content-Disposition: attachment; filename*=utf-8''a; filename*0*=utf-8''b\n", b"From: a@" + b"(" * 1500 + b"\n",
    b"Content-Type: multipart/mixed; boundary*=utf-8''b; boundary*0=b\n", b"Subject: =?\xc3\xa9?b?YQ==?=\n",
]  # fmt: skip


@given(st.lists(st.sampled_from(WORDS), max_size=40))
def test_any_words_of_a_message_can_be_taken_for_one(words: list[bytes]) -> None:
    found = read_mail(b"".join(words), DEFAULT_BUDGET)
    assert all(chunk for leaf in found.leaves for chunk in leaf.chunks())


PARAMETERS = st.lists(
    st.builds(
        "{}{}={}".format,
        st.sampled_from(["filename", "name", "boundary", "charset", ""]),
        st.sampled_from(["", "*", "*0", "*0*", "*1", "*1*", "*x", "**", "*-1", "*" + "9" * 5000]),
        st.sampled_from(["b", '"b', "utf-8''b", "''", "'", "x'y'%", "\u00e9''%ff", "idna'en'%c3%a9", "a%00b''c", ""]),
    ),
    max_size=6,
).map("; ".join)
ENCODED = st.builds(
    "=?{}?{}?{}?=".format,
    st.sampled_from(
        ["utf-8", "\u00e9", "idna", "punycode", "uu", "rot13", "unknown-8bit", "x\0", "utf-7", "hz", "", "us-ascii*en"]
    ),
    st.sampled_from(["b", "q", "Q", "x"]),
    st.sampled_from(["YQ==", "Y", "=ff", "=", "_", "+AAA-", "~{", "\udcff", ""]),
)
ADDRESSED = st.builds(
    "{}{}@{}".format,
    st.sampled_from(["(", "<", '"', "a:", "[", "\\", "@", "<@", "a,", ")(", "(("]).flatmap(
        lambda piece: st.sampled_from([0, 1, 3, 1000]).map(lambda times: piece * times)
    ),
    st.sampled_from(["", "a", '"', ">", ")", "."]),
    st.sampled_from(["b.example", "[", "(", "]", "", "[192.0.2.1]", "\u00e9.example", "xn--a", "." * 300, ";:"]),
)
HEADERS = st.one_of(
    st.builds("Content-Type: multipart/mixed; {}".format, PARAMETERS),
    st.builds("Content-Type: a/b; {}".format, PARAMETERS),
    st.builds("Content-Disposition: attachment; {}".format, PARAMETERS),
    st.builds(
        "{}: {}".format,
        st.sampled_from(["Subject", "From", "Message-ID", "Date", "TLS-Report-Domain"]),
        ENCODED | ADDRESSED,
    ),
)


@given(st.lists(HEADERS, max_size=6))
def test_any_header_can_be_read(lines: list[str]) -> None:
    header = "\n".join(lines).encode("utf-8", "surrogateescape")
    assert read_mail(header + b"\n\n--b\n" + header + b"\n\nx\n--b--\n", DEFAULT_BUDGET).leaves


@given(ADDRESSED)
def test_any_address_has_a_domain_or_none(address: str) -> None:
    assert isinstance(domain_of(address), str)


@given(
    st.lists(
        st.tuples(st.binary(max_size=300), st.sampled_from(["application/gzip", "text/xml"]), st.booleans()),
        min_size=1,
        max_size=4,
    )
)
def test_parts_are_those_that_the_standard_library_finds(parts: list[tuple[bytes, str, bool]]) -> None:
    made = EmailMessage()
    made["From"] = "reports@receiver.example"
    made.set_content("A report.")
    for number, (content, media_type, quoted) in enumerate(parts):
        main, sub = media_type.split("/")
        encoding = "quoted-printable" if quoted else "base64"
        made.add_attachment(content, maintype=main, subtype=sub, filename=f"{number}.gz", cte=encoding)
    octets = made.as_bytes(policy=email.policy.SMTP)
    theirs = [
        (each.get_content_type(), each.get_filename(""), each.get_payload(decode=True))
        for each in email.message_from_bytes(octets).walk()
        if not each.is_multipart()
    ]
    assert leaves(octets) == theirs


@given(st.binary(max_size=200_000).map(lambda octets: octets * 3), st.sampled_from(["base64", "quoted-printable"]))
def test_a_part_of_several_blocks_comes_back(content: bytes, encoding: str) -> None:
    found = b"".join(read_mail(HEADER + part(content, "a/b", encoding=encoding), DEFAULT_BUDGET).leaves[0].chunks())
    assert found == content


def test_quoted_printable_without_a_line_break_is_cut_between_escapes() -> None:
    octets = b"Content-Transfer-Encoding: quoted-printable\n\n" + b"=41=42x" * 60_000
    assert report(octets) == b"ABx" * 60_000


def test_the_first_octets_are_decoded_alone() -> None:
    leaf = read_mail(single(GZ), DEFAULT_BUDGET).leaves[0]
    assert leaf.start(10) == PACKED[:10]
    assert leaf.start(10**6) == PACKED


def test_the_header_of_a_reported_message_is_read() -> None:
    fields = fields_in(SAMPLE)
    assert value(fields, "subject") == "A secret matter"
    assert value(fields, "received").endswith("for <bob.secret@receiver.example>; Sun, 1 Mar 2026 10:20:30 +0100")
    assert "The secret text" not in repr(fields)
