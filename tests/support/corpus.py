"""Corpora of aggregate reports, made by seed: a dozen reporters, each with its own dialect, layout and packing.

Sizes have a long tail (most reports hold a handful of records, a few hold `largest`), a few shapes of record repeat and
some are rare, as in a real mailbox. Addresses are those of documentation (RFC 5737, RFC 3849) and, for the many that are
seen once, of benchmarks (RFC 2544); names end in .example (RFC 6761). The same arguments give the same octets.
"""

import gzip
import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from random import Random

from support.corpus_shapes import DOMAINS, Addresses, Shape, shapes_of
from support.corpus_xml import NUMBER, SOURCE, Layout, Tree, serialise

FIRST_DAY = 20_454
"""1 January 2026, in days since the epoch."""
DAY = 86_400


@dataclass(frozen=True)
class Truth:
    """What a reader must find in a file. `dialect` is "" where every reader of XML manages, else what is odd about it."""

    reporter: str
    id: str
    domain: str
    begin: int
    end: int
    records: int
    messages: int
    dialect: str = ""

    @property
    def day(self) -> int:
        """The UTC day (since the epoch) that holds the middle of the range."""
        return (self.begin + self.end) // 2 // DAY


@dataclass(frozen=True)
class CorpusFile:
    """One file as it would arrive, its XML before it was packed, and the truth about it."""

    name: str
    octets: bytes
    xml: bytes
    truth: Truth


@dataclass(frozen=True)
class Reporter:
    """Who reports, and how: the layout of its XML, its packing ("gz", "zip", "xml"), and how its day lies in UTC."""

    name: str
    email: str
    layout: Layout
    packing: str
    weight: int
    offset: int = 0
    inclusive: bool = True


_RFC9990 = 'xmlns="urn:ietf:params:xml:ns:dmarc-2.0"'
_SCHEMA = 'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
_DECLARED = '<?xml version="1.0" encoding="UTF-8" ?>'

REPORTERS = (
    Reporter("bigmail.example", "noreply-dmarc@bigmail.example", Layout(_DECLARED, "  ", contact=True, np=True), "zip", 30),
    Reporter(
        "Enterprise Outbox",
        "dmarcreport@outbox.example",
        Layout('<?xml version="1.0"?>', "  ", attributes=_SCHEMA, version="1.0", fo=True, envelopes=True, scope=True),
        "gz",
        24,
        inclusive=False,
    ),
    Reporter("Portal Mail", "dmarc@portal.example", Layout('<?xml version="1.0"?>', " "), "gz", 10),
    Reporter("post.example", "dmarc_support@corp.post.example", Layout(_DECLARED, None, scope=True), "zip", 8),
    Reporter(
        "Swift Mail", "reports@swift.example", Layout(_DECLARED, "\t", version="1.0", envelopes=True, scope=True), "gz", 6
    ),
    Reporter(
        "office.example",
        "noreply-dmarc@office.example",
        Layout(
            '<?xml version="1.0" encoding="UTF-8" standalone="no"?>',
            "    ",
            result_first=True,
            scope=True,
            fo=True,
            sp=False,
        ),
        "zip",
        5,
        inclusive=False,
    ),
    Reporter(
        "modern.example",
        "dmarc@modern.example",
        Layout(_DECLARED, "  ", attributes=_RFC9990, version="1.0", rfc9990=True, envelopes=True, scope=True, fo=True),
        "gz",
        6,
    ),
    Reporter(
        "Nouveau Courrier", "dmarc@nouveau.example", Layout("", None, attributes=_RFC9990, rfc9990=True, lang=True), "gz", 3
    ),
    Reporter("club-relay.example", "postmaster@club-relay.example", Layout(_DECLARED, " ", selector=False), "zip", 3),
    Reporter(
        "Filter R&D",
        "dmarc@filter.example",
        Layout(_DECLARED, "  ", newline="\r\n", version="1.0", envelopes=True, human=True, contact=True, scope=True),
        "zip",
        4,
        offset=-5 * 3600,
    ),
    Reporter(
        "isp.example",
        "abuse@isp.example",
        Layout(_DECLARED, "  ", version="1.0", comments=True, scope=True),
        "xml",
        3,
        3600,
    ),
    Reporter(
        "university.example",
        "postmaster@university.example",
        Layout('<?xml version="1.0"?>', "\t", newline="\r\n"),
        "gz",
        2,
    ),
)


def corpus(seed: int, files: int, *, largest: int = 10_000, odd: float = 0.02) -> Iterator[CorpusFile]:
    """Make a corpus. `largest` is the most records that a report holds, `odd` the share of files in a difficult dialect."""
    random = Random(f"corpus {seed}")  # noqa: S311 - made up by seed
    for number in range(files):
        records = min(int(random.paretovariate(0.6)), largest)
        dialect = random.choice(list(_ODD)) if random.random() < odd else ""
        reporter = random.choices(REPORTERS, [reporter.weight for reporter in REPORTERS])[0]
        yield report(random.getrandbits(48), records, reporter=reporter, number=number, dialect=dialect)


def report(seed: int, records: int, *, reporter: Reporter = REPORTERS[0], number: int = 0, dialect: str = "") -> CorpusFile:
    """Make one report of exactly so many records. Its id is unique for `number`."""
    random = Random(f"report {seed}")  # noqa: S311 - made up by seed
    domain = random.choices(DOMAINS, [1 / place for place in range(1, len(DOMAINS) + 1)])[0]
    begin = (FIRST_DAY + random.randrange(180)) * DAY + reporter.offset
    end = begin + DAY - (1 if reporter.inclusive else 0)
    identity = f"{random.getrandbits(64):016x}.{number}"
    body, messages = _records(random, reporter.layout, domain, records)
    before, after = _frame(reporter, domain, identity, begin, end)
    text = before + "".join(body) + after
    xml = _ODD[dialect](text) if dialect else text.encode()
    truth = Truth(reporter.name, identity, domain, begin, end, records, messages, dialect)
    host = reporter.email.rpartition("@")[2]
    name = f"{host}!{domain}!{begin}!{end}!{number}.xml"
    return CorpusFile(*_packed(name, xml, reporter.packing), xml, truth)


def _records(random: Random, layout: Layout, domain: str, wanted: int) -> tuple[list[str], int]:
    pool = shapes_of(domain)
    weights = list(accumulate(shape.weight for shape in pool))
    addresses = Addresses(random)
    written: dict[Shape, tuple[str, str, str]] = {}
    body, messages = [], 0
    for shape in random.choices(pool, cum_weights=weights, k=wanted):
        varied = shape.varied(random, layout.envelopes)
        pieces = written.get(varied) or written.setdefault(varied, _pieces(varied, layout))
        count = min(int(random.paretovariate(0.9)), 250_000)
        messages += count
        body.append(f"{pieces[0]}{addresses.of(varied.sender)}{pieces[1]}{count}{pieces[2]}")
    return body, messages


def _pieces(shape: Shape, layout: Layout) -> tuple[str, str, str]:
    text = serialise(shape.tree(layout), layout, 1)
    before, rest = text.split(SOURCE)
    between, after = rest.split(NUMBER)
    return before, between, after


def _frame(reporter: Reporter, domain: str, identity: str, begin: int, end: int) -> tuple[str, str]:
    layout = reporter.layout
    contact = (
        [("extra_contact_info", f"https://{reporter.email.rpartition('@')[2]}/dmarc?a=1&b=2")] if layout.contact else []
    )
    generator = [("generator", "Aggregator 1.2")] if layout.rfc9990 else []
    times: Tree = ("date_range", [("begin", str(begin)), ("end", str(end))])
    who = [("org_name", reporter.name), ("email", reporter.email), *contact, ("report_id", identity), times, *generator]
    policy: list[Tree] = [("domain", domain), ("adkim", "r"), ("aspf", "r"), ("p", "reject" if len(domain) % 2 else "none")]
    policy += [("sp", "none")] * layout.sp
    if layout.rfc9990:
        policy += [("np", "reject"), ("testing", "n"), ("discovery_method", "treewalk")]
    else:
        policy += [("pct", "100")] + [("np", "none")] * layout.np
    policy += [("fo", "0")] * layout.fo
    version = [serialise(("version", layout.version), layout, 1)] if layout.version else []
    root = f"<feedback {layout.attributes}>" if layout.attributes else "<feedback>"
    head = [serialise(("report_metadata", who), layout, 1), serialise(("policy_published", policy), layout, 1)]
    prolog = layout.declaration + (layout.end if layout.declaration else "") + root + layout.end
    comment = f"<!-- records of {domain} -->{layout.end}" if layout.comments else ""
    return prolog + "".join(version + head) + comment, "</feedback>" + layout.end


def _prefixed(text: str) -> bytes:
    """Make every element one of a prefix."""
    prefixed = (
        text.replace("</", "\0")
        .replace("<", "<ns0:")
        .replace("\0", "</ns0:")
        .replace("<ns0:?", "<?")
        .replace("<ns0:!", "<!")
    )
    return prefixed.replace("<ns0:feedback", '<ns0:feedback xmlns:ns0="http://dmarc.org/dmarc-xml/0.1"', 1).encode()


def _utf16(text: str) -> bytes:
    return ("\ufeff" + text.replace("UTF-8", "UTF-16")).encode("utf-16-le")


_ODD: dict[str, Callable[[str], bytes]] = {
    "byte order mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "blank before the XML declaration": lambda text: b"\n" + text.encode(),
    "UTF-16": _utf16,
    "prefix": _prefixed,
    "windows-1252": lambda text: text.replace("<org_name>", "<org_name>Société ", 1).encode("cp1252"),
    "text after the end": lambda text: text.encode() + b"\r\n--boundary--\r\n",
}


def _packed(name: str, xml: bytes, packing: str) -> tuple[str, bytes]:
    if packing == "gz":
        return f"{name}.gz", gzip.compress(xml, 6, mtime=0)
    if packing == "zip":
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), xml, zipfile.ZIP_DEFLATED)
        return name.removesuffix(".xml") + ".zip", buffer.getvalue()
    return name, xml
