"""One small aggregate report without any fault, as text to be changed, and what is read of one."""

from dataclasses import dataclass

from truehelo.reports.aggregate import AggregateReading, read_aggregate
from truehelo.reports.model import DEFAULT_BUDGET, AggregateHead, Budget, Record

ROW = """
  <row>
   <source_ip>192.0.2.25</source_ip>
   <count>3</count>
   <policy_evaluated>
    <disposition>none</disposition>
    <dkim>pass</dkim>
    <spf>fail</spf>
   </policy_evaluated>
  </row>"""
IDENTIFIERS = """
  <identifiers>
   <envelope_from>bounce.sender.example</envelope_from>
   <header_from>sender.example</header_from>
  </identifiers>"""
RESULTS = """
  <auth_results>
   <dkim>
    <domain>sender.example</domain>
    <selector>s1</selector>
    <result>pass</result>
   </dkim>
   <spf>
    <domain>bounce.sender.example</domain>
    <scope>mfrom</scope>
    <result>pass</result>
   </spf>
  </auth_results>"""
RECORD = f" <record>{ROW}{IDENTIFIERS}{RESULTS}\n </record>\n"
METADATA = """ <report_metadata>
  <org_name>Receiver</org_name>
  <email>dmarc@receiver.example</email>
  <report_id>4711</report_id>
  <date_range>
   <begin>1780000000</begin>
   <end>1780086399</end>
  </date_range>
 </report_metadata>
"""
POLICY = """ <policy_published>
  <domain>sender.example</domain>
  <adkim>r</adkim>
  <aspf>r</aspf>
  <p>reject</p>
  <sp>none</sp>
  <pct>100</pct>
  <fo>0</fo>
 </policy_published>
"""
OPENING = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<feedback xmlns="http://dmarc.org/dmarc-xml/0.1">\n <version>1.0</version>\n'
)
REPORT = f"{OPENING}{METADATA}{POLICY}{RECORD}</feedback>\n"
NEW_SCHEMA = REPORT.replace("http://dmarc.org/dmarc-xml/0.1", "urn:ietf:params:xml:ns:dmarc-2.0")
"""The same as one of RFC 9990."""


@dataclass(frozen=True)
class Read:
    """What was read of a report."""

    head: AggregateHead
    records: list[Record]
    reading: AggregateReading


def read(octets: bytes | str, budget: Budget = DEFAULT_BUDGET) -> Read:
    """Read a report to its end. Raises: ReportError."""
    reading = read_aggregate([octets.encode() if isinstance(octets, str) else octets], budget)
    records = [record for batch in reading.batches() for record in batch]
    assert reading.head is not None
    return Read(reading.head, records, reading)


def changed(old: str, new: str) -> str:
    """Return the report with one part of it changed."""
    assert old in REPORT
    return REPORT.replace(old, new, 1)
