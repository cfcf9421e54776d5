"""What is read of the values, also where a reporter writes them in a way of its own, which is then named."""

from collections.abc import Callable

import pytest

from support.aggregate import (
    IDENTIFIERS,
    METADATA,
    NEW_SCHEMA,
    OPENING,
    POLICY,
    RECORD,
    REPORT,
    RESULTS,
    ROW,
    Read,
    changed,
    read,
)
from truehelo.reports.aggregate import dialects
from truehelo.reports.model import DkimResult, Extra, Reason, SpfCheck

Check = Callable[[Read], object]

READ: list[tuple[str, str, tuple[str, ...], Check, object]] = [
    (
        "a result word has a capital",
        changed("<dkim>pass", "<dkim>Pass"),
        (dialects.CAPITALS,),
        lambda r: r.records[0][2].dkim,
        "pass",
    ),
    (
        "SPF says hardfail",
        changed("<result>pass</result>\n   </spf>", "<result>hardfail</result>\n   </spf>"),
        ('legacy word "hardfail"',),
        lambda r: r.records[0][2].spf_results[0].result,
        "hardfail",
    ),
    (
        "a signature says softfail",
        changed("<result>pass</result>\n   </dkim>", "<result>softfail</result>\n   </dkim>"),
        ('legacy word "softfail"',),
        lambda r: r.records[0][2].dkim_results[0].result,
        "softfail",
    ),
    (
        "SPF says a word of the reporter's own",
        changed("<result>pass</result>\n   </spf>", "<result>mostly</result>\n   </spf>"),
        (dialects.UNKNOWN_WORD,),
        lambda r: r.records[0][2].spf_results[0].result,
        "mostly",
    ),
    (
        "the disposition is one of SPF",
        changed("<disposition>none", "<disposition>softfail"),
        ('legacy word "softfail"',),
        lambda r: r.records[0][2].disposition,
        "softfail",
    ),
    (
        "the disposition is pass, which RFC 7489 does not know",
        changed("<disposition>none", "<disposition>pass"),
        (dialects.UNKNOWN_WORD,),
        lambda r: r.records[0][2].disposition,
        "pass",
    ),
    (
        "blank stands around a word",
        changed("<disposition>none", "<disposition> none\n"),
        (),
        lambda r: r.records[0][2].disposition,
        "none",
    ),
    (
        "a reason is its type alone",
        changed("</spf>\n   </policy", "</spf><reason>sampled_out</reason>\n   </policy"),
        (dialects.BARE_REASON,),
        lambda r: r.records[0][2].reasons,
        (Reason(type="sampled_out"),),
    ),
    (
        "a reason is empty",
        changed("</spf>\n   </policy", "</spf><reason><type/><comment></comment></reason>\n   </policy"),
        (dialects.BARE_REASON,),
        lambda r: r.records[0][2].reasons,
        (),
    ),
    (
        "SPF has no domain, but a result",
        changed("<domain>bounce.sender.example</domain>", "<domain></domain>"),
        (),
        lambda r: r.records[0][2].spf_results,
        (SpfCheck(domain="", scope="mfrom", result="pass"),),
    ),
    (
        "a signature is empty",
        changed("<auth_results>", "<auth_results><dkim/>"),
        (dialects.EMPTY_RESULT,),
        lambda r: len(r.records[0][2].dkim_results),
        1,
    ),
    (
        "the reverse-path was empty",
        changed("<envelope_from>bounce.sender.example", "<envelope_from>"),
        (),
        lambda r: r.records[0][2].envelope_from,
        "",
    ),
    (
        "the reverse-path is left out",
        changed("   <envelope_from>bounce.sender.example</envelope_from>\n", ""),
        (dialects.missing("identifiers/envelope_from"),),
        lambda r: r.records[0][2].envelope_from,
        None,
    ),
    (
        "identifiers are called identities, as in drafts",
        REPORT.replace("identifiers>", "identities>"),
        (dialects.IDENTITIES,),
        lambda r: r.records[0][2].header_from,
        "sender.example",
    ),
    (
        "names are in capitals, with a final dot",
        changed("<header_from>sender.example", "<header_from>Sender.EXAMPLE."),
        (),
        lambda r: r.records[0][2].header_from,
        "sender.example",
    ),
    ("the count is nought", changed("<count>3", "<count>0"), (dialects.NO_MESSAGES,), lambda r: r.records[0][1], 0),
    ("the count has noughts in front", changed("<count>3", "<count>007"), (), lambda r: r.records[0][1], 7),
    (
        "the address is IPv4 in IPv6",
        changed("192.0.2.25", "::ffff:192.0.2.25"),
        (),
        lambda r: r.records[0][0],
        "192.0.2.25",
    ),
    (
        "the address is not as RFC 5952 wants it",
        changed("192.0.2.25", "2001:DB8:0:0::01"),
        (),
        lambda r: r.records[0][0],
        "2001:db8::1",
    ),
    (
        "blank stands around the address",
        changed("192.0.2.25", "\n 192.0.2.25 "),
        (),
        lambda r: r.records[0][0],
        "192.0.2.25",
    ),
    (
        "times have fractions",
        changed("1780000000", "1780000000.75"),
        (dialects.FRACTIONS,),
        lambda r: r.head.metadata.begin,
        1780000000,
    ),
    (
        "times are in milliseconds",
        changed("1780000000", "1780000000123"),
        (dialects.MILLISECONDS,),
        lambda r: r.head.metadata.begin,
        1780000000,
    ),
    (
        "times are in ISO 8601",
        changed("1780000000", "2026-05-28T20:26:40Z"),
        (dialects.ISO_TIMES,),
        lambda r: r.head.metadata.begin,
        1780000000,
    ),
    (
        "times are in ISO 8601, of another zone",
        changed("1780000000", "2026-05-28 22:26:40+02:00"),
        (dialects.ISO_TIMES,),
        lambda r: r.head.metadata.begin,
        1780000000,
    ),
    (
        "times are in ISO 8601, of no zone",
        changed("1780000000", "2026-05-28 20:26:40"),
        (dialects.ISO_TIMES,),
        lambda r: r.head.metadata.begin,
        1780000000,
    ),
    (
        "the range ends before it begins",
        changed("1780086399", "1779999999"),
        (dialects.BACKWARDS,),
        lambda r: r.head.metadata.end,
        1779999999,
    ),
    (
        "there are several policies",
        changed(POLICY, POLICY + POLICY.replace("reject", "none")),
        (dialects.SEVERAL_POLICIES,),
        lambda r: [policy.p for policy in r.head.policies],
        ["reject", "none"],
    ),
    (
        "records stand before the metadata",
        f"{OPENING}{RECORD}{METADATA}{POLICY}</feedback>",
        (dialects.RECORD_FIRST,),
        lambda r: r.head.metadata.report_id,
        "4711",
    ),
    (
        "an element is doubled: the first with something in it counts",
        changed("<p>reject</p>", "<p></p><p>reject</p><p>none</p>"),
        (dialects.DOUBLED,),
        lambda r: (r.head.policy.p, r.head.extras),
        ("reject", (Extra(path="policy_published/p", text=""), Extra(path="policy_published/p[3]", text="none"))),
    ),
    (
        "the address comes twice, the same each time",
        changed("<source_ip>192.0.2.25</source_ip>", "<source_ip>192.0.2.25</source_ip>" * 2),
        (dialects.DOUBLED,),
        lambda r: r.records[0][0],
        "192.0.2.25",
    ),
    (
        "authentication results come in two parts",
        changed(RESULTS, RESULTS.replace("s1", "s0") + RESULTS),
        (dialects.DOUBLED,),
        lambda r: [one.selector for one in r.records[0][2].dkim_results],
        ["s0", "s1"],
    ),
    ("a comment stands between records", changed(" <record>", "<!-- one --> <record>"), (), lambda r: len(r.records), 1),
    (
        "text stands between records",
        changed(" <record>", "one <record>"),
        (dialects.STRAY_TEXT,),
        lambda r: r.head.extras,
        (Extra(path="text()", text="one"),),
    ),
    (
        "a value is a CDATA section",
        changed("<header_from>sender.example", "<header_from><![CDATA[sender.example]]>"),
        (),
        lambda r: r.records[0][2].header_from,
        "sender.example",
    ),
    (
        "the name of the reporter has references in it",
        changed("Receiver", "R&amp;D &#71;mbH"),
        (),
        lambda r: r.head.metadata.org_name,
        "R&D GmbH",
    ),
    (
        "there are several errors",
        changed("</report_id>", "</report_id><error>one</error><error/><error>two</error>"),
        (),
        lambda r: r.head.metadata.errors,
        ("one", "two"),
    ),
]


@pytest.mark.parametrize(("text", "named", "look", "expected"), [row[1:] for row in READ], ids=[row[0] for row in READ])
def test_what_is_read(text: str, named: tuple[str, ...], look: Check, expected: object) -> None:
    found = read(text)
    assert look(found) == expected
    assert found.head.dialects == tuple(sorted(named))


NEW = (
    NEW_SCHEMA.replace(
        "  <adkim>", "  <np>reject</np>\n  <testing>y</testing>\n  <discovery_method>treewalk</discovery_method>\n  <adkim>"
    )
    .replace("</date_range>", "</date_range>\n  <generator>Aggregator 1.2</generator>")
    .replace("<disposition>none", "<disposition>pass")
    .replace(
        "</spf>\n   </policy",
        "</spf><reason><type>policy_test_mode</type><comment xml:lang='en'>t=y</comment></reason>\n   </policy",
    )
    .replace("  <pct>100</pct>\n", "")
    .replace(" <record>", ' <extension><e:note xmlns:e="urn:e" level="2">file</e:note></extension>\n <record>')
    .replace(" </record>", ' <e:tls xmlns:e="urn:e"><e:cipher>x</e:cipher></e:tls></record>')
)


def test_rfc_9990_is_read_whole() -> None:
    found = read(NEW)
    assert found.head.dialects == ()
    assert found.head.metadata.generator == "Aggregator 1.2"
    policy = found.head.policy
    assert (policy.np, policy.testing, policy.discovery_method, policy.pct) == ("reject", "y", "treewalk", "")
    assert found.head.extras == (
        Extra(path="extension", text='<extension><e:note xmlns:e="urn:e" level="2">file</e:note></extension>'),
    )
    (_, _, record) = found.records[0]
    assert (record.disposition, record.reasons) == ("pass", (Reason(type="policy_test_mode", comment="t=y"),))
    assert record.extras == (
        Extra(path="record/e:tls", text='<e:tls xmlns:e="urn:e"><e:cipher>x</e:cipher></e:tls>'),
        Extra(path="record/row/policy_evaluated/reason/comment/@xml:lang", text="en"),
    )


def test_what_the_schema_does_not_know_is_kept() -> None:
    found = read(
        changed("<version>", "<tool x='1'>a &lt; b</tool><version>")
        .replace(
            "<domain>sender.example</domain>\n  <adkim>",
            "<domain>sender.example</domain>\n  <version_published>1</version_published>\n  <adkim>",
        )
        .replace("<count>", "<first_seen>9</first_seen><count>")
        .replace("<feedback ", '<feedback s:loc="x" xmlns:s="urn:s" ')
    )
    assert found.head.extras == (
        Extra(path="@s:loc", text="x"),
        Extra(path="tool", text='<tool x="1">a &lt; b</tool>'),
        Extra(path="policy_published/version_published", text="1"),
    )
    assert found.records[0][2].extras == (Extra(path="record/row/first_seen", text="9"),)
    assert found.records[0][2].dkim_results == (DkimResult(domain="sender.example", selector="s1", result="pass"),)


def test_the_order_within_a_record_is_no_matter() -> None:
    reordered = f"{OPENING}{METADATA}{POLICY}<record>{RESULTS}{IDENTIFIERS}{ROW}</record></feedback>"
    assert read(reordered).records == read(REPORT).records


def test_equal_shapes_have_one_key_and_alike_ones_are_one_object() -> None:
    found = read(REPORT.replace(RECORD, RECORD + RECORD.replace("192.0.2.25", "192.0.2.26") + RECORD.replace("\n", "")))
    first, second, third = (record[2] for record in found.records)
    assert first is second
    assert first == third
    assert first.key == third.key
