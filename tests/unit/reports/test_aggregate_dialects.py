"""Dialects of reporters, of the octets, the namespaces and what is left out: each is accepted and named."""

from pathlib import Path

import pytest

from support.aggregate import IDENTIFIERS, NEW_SCHEMA, REPORT, RESULTS, changed, read
from truehelo.reports.aggregate import dialects

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
UMLAUT = changed("<org_name>Receiver", "<org_name>Empfänger")


def test_a_report_as_the_schema_wants_it_has_no_dialect() -> None:
    found = read(REPORT)
    assert found.head.dialects == ()
    assert found.head.extras == ()
    assert [record[:2] for record in found.records] == [("192.0.2.25", 3)]


def says(text: str) -> bytes:
    return text.encode()


BYTES: list[tuple[str, bytes, tuple[str, ...]]] = [
    ("a byte order mark stands in front", says("\ufeff" + REPORT), (dialects.BYTE_ORDER_MARK,)),
    ("a line end stands before the XML declaration", says("\n" + REPORT), (dialects.LEADING_BLANK,)),
    ("much blank stands before the XML declaration", says(" \r\n" * 5000 + REPORT), (dialects.LEADING_BLANK,)),
    ("blank stands in front, and there is no XML declaration", says("\n" + REPORT.removeprefix(DECLARATION)), ()),
    ("there is no XML declaration", says(REPORT.removeprefix(DECLARATION)), ()),
    ("the XML declaration has no version", says(changed('version="1.0" ', "")), (dialects.ODD_DECLARATION,)),
    ("the XML declaration says version 2", says(changed('version="1.0" ', 'version="2.0" ')), (dialects.ODD_DECLARATION,)),
    ("it is UTF-16 with a byte order mark", changed("UTF-8", "UTF-16").encode("utf-16"), (dialects.UTF_16,)),
    ("it is UTF-16, big end first, without a mark", changed("UTF-8", "UTF-16").encode("utf-16-be"), (dialects.UTF_16,)),
    ("it is UTF-16, little end first, without a mark", changed("UTF-8", "UTF-16").encode("utf-16-le"), (dialects.UTF_16,)),
    ("it is UTF-16 and says UTF-8", REPORT.encode("utf-16"), (dialects.UTF_16, dialects.NOT_AS_DECLARED)),
    ("it is UTF-8 and says UTF-16", says(changed("UTF-8", "utf-16")), (dialects.NOT_AS_DECLARED,)),
    ("it is windows-1252 and says so", UMLAUT.replace("UTF-8", "windows-1252").encode("cp1252"), (dialects.WINDOWS_1252,)),
    ("it is ISO 8859-1 and says so", UMLAUT.replace("UTF-8", "ISO-8859-1").encode("latin-1"), (dialects.WINDOWS_1252,)),
    ("it is windows-1252 and says UTF-8", UMLAUT.encode("cp1252"), (dialects.WINDOWS_1252, dialects.NOT_AS_DECLARED)),
    ("it is UTF-8 and says ISO 8859-1", says(UMLAUT.replace("UTF-8", "iso-8859-1")), (dialects.NOT_AS_DECLARED,)),
    (
        "it is ISO 8859-2 and says so",
        UMLAUT.replace("UTF-8", "ISO-8859-2").encode("iso-8859-2"),
        (dialects.OTHER_ENCODING,),
    ),
    ("it says an encoding that nobody knows", says(changed("UTF-8", "x-receiver")), (dialects.UNKNOWN_ENCODING,)),
    ("a MIME boundary follows the end", says(REPORT + "--boundary--\r\n"), (dialects.TRAILING_TEXT,)),
    ("NULs follow the end", REPORT.encode() + bytes(512), (dialects.TRAILING_TEXT,)),
    ("a comment follows the end", says(REPORT + "<!-- done -->"), ()),
]


@pytest.mark.parametrize(("octets", "named"), [row[1:] for row in BYTES], ids=[row[0] for row in BYTES])
def test_octets(octets: bytes, named: tuple[str, ...]) -> None:
    found = read(octets)
    assert found.head.dialects == tuple(sorted(named))
    assert found.head.metadata.org_name in ("Receiver", "Empfänger")
    assert found.records == read(REPORT).records


PREFIXED = REPORT.replace("</", "\0").replace("<", "<d:").replace("\0", "</d:").replace("<d:?", "<?")

NAMESPACES: list[tuple[str, str, tuple[str, ...]]] = [
    ("no element has a namespace", changed(' xmlns="http://dmarc.org/dmarc-xml/0.1"', ""), (dialects.NO_NAMESPACE,)),
    ("the namespace is nobody's", changed("dmarc-xml/0.1", "dmarc-xml/9"), (dialects.WRONG_NAMESPACE,)),
    ("all elements have a prefix", PREFIXED.replace("xmlns=", "xmlns:d="), (dialects.PREFIX,)),
    (
        "all elements have a prefix that is not declared",
        PREFIXED.replace(' xmlns="http://dmarc.org/dmarc-xml/0.1"', ""),
        (dialects.UNDECLARED_PREFIX, dialects.NO_NAMESPACE),
    ),
    (
        "the root alone has a prefix",
        changed("feedback xmlns=", "d:feedback xmlns:d=").replace("</feedback", "</d:feedback"),
        (dialects.PREFIX,),
    ),
    (
        "other namespaces are declared and not used",
        changed("<feedback", '<feedback xmlns:xsd="http://www.w3.org/2001/XMLSchema"'),
        (),
    ),
]


@pytest.mark.parametrize(("text", "named"), [row[1:] for row in NAMESPACES], ids=[row[0] for row in NAMESPACES])
def test_namespaces(text: str, named: tuple[str, ...]) -> None:
    found = read(text)
    assert found.head.dialects == tuple(sorted(named))
    assert found.records == read(REPORT).records


MISSING = [
    ("version", " <version>1.0</version>\n", "version"),
    ("email", "  <email>dmarc@receiver.example</email>\n", "report_metadata/email"),
    ("org_name", "  <org_name>Receiver</org_name>\n", "report_metadata/org_name"),
    ("report_id", "  <report_id>4711</report_id>\n", "report_metadata/report_id"),
    ("p", "  <p>reject</p>\n", "policy_published/p"),
    ("sp", "  <sp>none</sp>\n", "policy_published/sp"),
    ("pct", "  <pct>100</pct>\n", "policy_published/pct"),
    ("fo", "  <fo>0</fo>\n", "policy_published/fo"),
    ("disposition", "    <disposition>none</disposition>\n", "row/policy_evaluated/disposition"),
    ("identifiers", IDENTIFIERS, "identifiers"),
    ("envelope_from", "   <envelope_from>bounce.sender.example</envelope_from>\n", "identifiers/envelope_from"),
    ("auth_results", RESULTS, "auth_results"),
    ("the domain of a signature", "    <domain>sender.example</domain>\n", "auth_results/dkim/domain"),
    ("the scope of SPF", "    <scope>mfrom</scope>\n", "auth_results/spf/scope"),
]


@pytest.mark.parametrize(("part", "path"), [row[1:] for row in MISSING], ids=[row[0] for row in MISSING])
def test_what_is_left_out_is_named_and_not_filled_in(part: str, path: str) -> None:
    found = read(changed(part, ""))
    assert found.head.dialects == (dialects.missing(path),)
    assert [record[:2] for record in found.records] == [("192.0.2.25", 3)]


def test_what_rfc_9990_does_not_demand_is_no_dialect_there() -> None:
    for part in ("version", "sp", "pct", "fo", "the scope of SPF", "envelope_from"):
        text = next(row[1] for row in MISSING if row[0] == part)
        assert read(NEW_SCHEMA.replace(text, "")).head.dialects == ()
    assert read(NEW_SCHEMA.replace("    <selector>s1</selector>\n", "")).head.dialects == ("no auth_results/dkim/selector",)


def test_every_dialect_is_in_the_documentation() -> None:
    page = (Path(__file__).parents[3] / "docs/reference/reports-and-parsedmarc.md").read_text()
    names = [
        value
        for name, value in vars(dialects).items()
        if name.isupper() and isinstance(value, str) and name != "RFC_9990_NAMESPACE"
    ]
    assert len(names) > 20
    assert [name for name in names if f"`{name}`" not in page] == []
