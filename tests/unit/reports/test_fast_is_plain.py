"""The fast way reads what the plain way reads and refuses what it refuses, whatever is written and however it arrives.

Reports are put together from records in many ways of writing, mutated, and cut into pieces; small budgets make every bound
a matter of a few octets.
"""

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from support.corpus import REPORTERS, corpus, report
from truehelo.reports.aggregate import cut, read_aggregate
from truehelo.reports.model import DEFAULT_BUDGET, Budget, ReportError


def outcome(octets: bytes, budget: Budget = DEFAULT_BUDGET, piece: int = 1 << 20, *, plain: bool) -> object:
    """All that there is to see of a reading."""
    reading = read_aggregate([octets[at : at + piece] for at in range(0, len(octets), piece)], budget, plain=plain)
    try:
        records = [record for batch in reading.batches() for record in batch]
    except ReportError as error:
        return type(error).__name__, error.reason
    return reading.head, records, list(reading.faults), reading.bad, reading.messages, reading.digest


HEAD = (
    "<report_metadata><org_name>a.example</org_name><email>p@a.example</email><report_id>1</report_id>"
    "<date_range><begin>1780000000</begin><end>1780086399</end></date_range></report_metadata>"
    "<policy_published><domain>b.example</domain><p>none</p></policy_published>"
)
ADDRESSES = (
    "2001:DB8::0:1",
    "::ffff:192.0.2.7",
    " 192.0.2.1",
    "192.0.2.999",
    "192.0.2.01",
    "",
    "abc",
    "fe80::1%eth0",
    "1::2::3",
    "192.0.2.1\n",
    "&#49;92.0.2.1",
    "1.2.3.4.5",
    "::",
    "0:0:0:0:0:0:0:1",
    "<a/>192.0.2.1",
    "192.0.2.1</source_ip><source_ip>192.0.2.1",
)
COUNTS = (
    "0",
    "007",
    "-1",
    "",
    " 4",
    "1e3",
    str(2**63 - 1),
    str(2**63),
    "9" * 23,
    "&#50;",
    "٣",
    "1</count><count>1",
    "1</count><count>2",
)
NAMES = (
    "B.Example.",
    "",
    " c.example ",
    "<![CDATA[d.example]]>",
    "é.example",
    "x&amp;y",
    "a\r\nb",
    "a\nb",
    "\n e.example\n ",
    "]]",
    "a>b",
)
WORDS = (
    "Pass",
    "hardfail",
    "none",
    "",
    "softfail",
    " pass",
    "<b/>pass",
    "policy",
    "strange",
    "&#112;ass",
    "\x0bpass",
    "HARDFAIL",
)
BLANKS = (
    "\n",
    "\r\n  ",
    "\t",
    " " * 63,
    " " * 65,
    "<!-- c -->",
    "stray",
    "<?p?>",
    "<x>1</x>",
    "&#32;",
    "<!-- <record> -->",
    "<row/>",
)
STARTS = (
    "<record >",
    '<record a="1">',
    "<record\n>",
    "<Record>",
    "<ns:record>",
    '<record xmlns="urn:other">',
    "<record><record>",
)
REASONS = (
    "<reason><type>other</type><comment>c</comment></reason>",
    "<reason>bare</reason>",
    "<reason/>",
    "<disposition>none</disposition>",
    "<reason><type></type><comment/></reason>",
    "<reason><type>forwarded</type></reason>" * 2,
    "<reason>a<type/>b</reason>",
)
CHECKS = (
    "",
    "<spf/>",
    "<spf><domain></domain></spf>",
    "<spf><domain>e.example</domain><scope>helo</scope><result>pass</result></spf>" * 2,
    "<spf><domain>e.example</domain><result>pass</result><human_result xml:lang='en'>h</human_result></spf>",
    "<spf>stray</spf>",
)
OPENINGS = (
    '<feedback xmlns="urn:ietf:params:xml:ns:dmarc-2.0">',
    '<feedback xmlns="urn:other">',
    '<feedback xmlns:ns="urn:x" a="&lt;&quot;">',
    '<ns:feedback xmlns:ns="urn:ietf:params:xml:ns:dmarc-2.0" xmlns="urn:other">',
    "<ns:feedback>",
    "<feedback><extension>",
    "<feedback a='<record>'>",
    "<feedback>text",
    "<feedback><!-- <record> -->",
    "<feedback><![CDATA[ <record>]]>",
    "<?x <record> ?><feedback>",
    "<feedback><x><record></record></x>",
    "<feed>",
)
PROLOGS = (
    '<?xml version="1.0"?>',
    '\n<?xml version="1.0" encoding="UTF-8"?>',
    "\ufeff",
    '<?xml version="1.0" encoding="iso-8859-1"?>',
    "<!-- c -->",
    "<!DOCTYPE feedback>",
    "<!-- <record> -->",
)
ENDS = ("\n", "garbage", "<feedback>", "<!-- end -->", "\0", "<record></record>", "</feedback>")
SNIPPETS: tuple[bytes, ...] = (
    b"<record>",
    b"</record>",
    b"<!--",
    b"-->",
    b"<![CDATA[",
    b"]]>",
    b"<?x",
    b"?>",
    b"&",
    b"&amp;",
    b"<",
    b">",
    b"\0",
    b"\xe9",
    b"\xc3",
    b"</feedback>",
    b"<row>",
    b'"',
    b"<count>",
    b"\r",
    b" ",
    b"<!DOCTYPE x>",
    b"\xef\xbb\xbf",
    b"<x",
    b"\x01",
    b"\xef\xbf\xbe",
)


def rarely(draw: st.DrawFn, usual: str, odd: tuple[str, ...], one_in: int = 25) -> str:
    """Nearly always the usual."""
    number = draw(st.integers(0, one_in * len(odd) - 1))
    return odd[number] if number < len(odd) else usual


@st.composite
def record(draw: st.DrawFn) -> str:
    """One record, now and then written as no reporter should."""

    def odd(usual: str, choices: tuple[str, ...]) -> str:
        return rarely(draw, usual, choices)

    layout = draw(st.sampled_from(["", "\n ", "\r\n\t"]))
    gaps = [odd(layout, BLANKS) for _ in range(8)]
    address = odd(draw(st.sampled_from(["192.0.2.1", "192.0.2.2", "2001:db8::1"])), ADDRESSES)
    first = [f"<source_ip>{address}</source_ip>", f"<count>{odd(str(draw(st.integers(1, 12))), COUNTS)}</count>"]
    first = first if draw(st.integers(0, 30)) else first[::-1]
    word = draw(st.sampled_from(["pass", "fail"]))
    evaluated = (
        f"<disposition>none</disposition><dkim>{odd(word, WORDS)}</dkim><spf>{odd('fail', WORDS)}</spf>{odd('', REASONS)}"
    )
    evaluated = f"<policy_evaluated>{gaps[3]}{evaluated}</policy_evaluated>"
    row = f"<row>{gaps[1]}{first[0]}{gaps[2]}{first[1]}{evaluated}{gaps[4]}</row>"
    names = draw(st.sampled_from(["b.example", "c.example", "d.example"]))
    sender = rarely(draw, f"<envelope_from>{odd(names, NAMES)}</envelope_from>", ("", "<envelope_from/>"))
    identifiers = f"<identifiers>{gaps[5]}{sender}<header_from>{odd('b.example', NAMES)}</header_from></identifiers>"
    signature = (
        f"<dkim><domain>{odd(names, NAMES)}</domain><selector>S</selector><result>{odd('pass', WORDS)}</result></dkim>"
    )
    usual = f"<spf><domain>{names}</domain><result>{odd('pass', WORDS)}</result></spf>"
    auth = f"<auth_results>{gaps[6]}{signature * draw(st.integers(0, 2))}{odd(usual, CHECKS)}</auth_results>"
    parts = [row, identifiers, auth]
    if draw(st.integers(0, 30)) == 0:
        parts = draw(st.lists(st.sampled_from(parts), max_size=4))
    start = odd("<record>", STARTS)
    closing = "".join(f"</{tag.split()[0]}>" for tag in start.replace("<", "").split(">")[:-1])
    return f"{start}{gaps[0]}{''.join(parts)}{closing}{gaps[7]}"


@st.composite
def written(draw: st.DrawFn) -> bytes:
    """A report."""
    opening = rarely(draw, "<feedback>", OPENINGS, 12)
    body = "".join(draw(st.lists(record(), min_size=1, max_size=6)) * draw(st.integers(1, 3)))
    head = HEAD if draw(st.integers(0, 20)) else ""
    inside = head + body if draw(st.integers(0, 9)) else body + head
    root = "ns:feedback" if "<ns:" in opening else "feedback"
    extension = "</extension>" if "<extension>" in opening else ""
    text = f"{rarely(draw, '', PROLOGS, 12)}{opening}{inside}{extension}</{root}>{rarely(draw, '', ENDS, 12)}"
    return text.encode(rarely(draw, "utf-8", ("utf-16", "utf-16-be", "iso-8859-15")), "replace")


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A report with octets lost, doubled or put in."""
    octets = draw(written())
    for _ in range(max(0, draw(st.integers(-4, 3)))):
        at, length = draw(st.integers(0, len(octets))), draw(st.integers(0, 40))
        put = draw(st.sampled_from(SNIPPETS) | st.just(octets[at : at + length] * 2) | st.just(b""))
        octets = octets[:at] + put + octets[at + length * draw(st.booleans()) :]
    return octets


BOUNDS = {
    "octets": st.integers(1, 5000),
    "elements": st.integers(1, 200),
    "depth": st.integers(1, 8),
    "attributes": st.integers(0, 2),
    "text": st.integers(1, 10_000),
    "record": st.integers(1, 3000),
}


@st.composite
def budgets(draw: st.DrawFn) -> Budget:
    """The usual budget, or one that is tight in one respect."""
    name = draw(st.none() | st.none() | st.none() | st.sampled_from(sorted(BOUNDS)))
    return replace(DEFAULT_BUDGET, **{name: draw(BOUNDS[name])}) if name else DEFAULT_BUDGET


@settings(max_examples=300, deadline=None)
@given(mutated(), budgets(), st.integers(1, 5000))
@example(b"<feedback><record>" + b"<row>" * 3, DEFAULT_BUDGET, 7)
def test_any_report_is_read_alike(octets: bytes, budget: Budget, piece: int) -> None:
    expected = outcome(octets, budget, plain=True)
    assert outcome(octets, budget, plain=False) == expected
    assert outcome(octets, budget, piece, plain=False) == expected
    assert outcome(octets, budget, piece, plain=True) == expected


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(REPORTERS), st.integers(1, 400), st.integers(1, 200_000))
def test_a_report_of_the_corpus_is_read_alike(seed: int, reporter: object, records: int, piece: int) -> None:
    octets = report(seed, records, reporter=reporter).xml  # type: ignore[arg-type]
    expected = outcome(octets, plain=True)
    assert outcome(octets, piece=piece, plain=False) == expected


@pytest.mark.parametrize("warm", [False, True], ids=["with nothing remembered", "with all remembered"])
def test_a_corpus_is_read_alike(warm: bool) -> None:
    files = list(corpus(11, 120, largest=800, odd=0.2))
    if not warm:
        cut._MEMO.__init__()  # type: ignore[misc]
        cut._PLANS.clear()
    for file in files:
        assert outcome(file.xml, plain=False) == outcome(file.xml, plain=True), file.name
