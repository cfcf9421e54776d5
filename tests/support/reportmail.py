"""Reports as they come by mail: small ones of each kind, and the messages and archives around them."""

import base64
import gzip
import io
import json
import quopri
import zipfile
from typing import Any

AGGREGATE = b"""<?xml version="1.0" encoding="UTF-8"?>
<feedback>
  <report_metadata>
    <org_name>receiver.example</org_name>
    <email>dmarc@receiver.example</email>
    <report_id>2026.1</report_id>
    <date_range><begin>1772323200</begin><end>1772409599</end></date_range>
  </report_metadata>
  <policy_published><domain>business.example</domain><p>none</p></policy_published>
  <record>
    <row>
      <source_ip>192.0.2.25</source_ip>
      <count>3</count>
      <policy_evaluated><disposition>none</disposition><dkim>pass</dkim><spf>pass</spf></policy_evaluated>
    </row>
    <identifiers><header_from>business.example</header_from></identifiers>
    <auth_results><spf><domain>business.example</domain><result>pass</result></spf></auth_results>
  </record>
</feedback>
"""

TLS: dict[str, Any] = {
    "organization-name": "Receiver Example",
    "date-range": {"start-datetime": "2026-03-01T00:00:00Z", "end-datetime": "2026-03-01T23:59:59Z"},
    "contact-info": "tls@receiver.example",
    "report-id": "2026-03-01_business.example",
    "policies": [
        {
            "policy": {
                "policy-type": "sts",
                "policy-string": ["version: STSv1", "mode: testing", "mx: *.business.example", "max_age: 86400"],
                "policy-domain": "business.example",
                "mx-host": ["*.business.example"],
            },
            "summary": {"total-successful-session-count": 5326, "total-failure-session-count": 303},
            "failure-details": [
                {
                    "result-type": "certificate-expired",
                    "sending-mta-ip": "2001:db8:abcd:12::1",
                    "receiving-mx-hostname": "mx1.business.example",
                    "failed-session-count": 100,
                },
                {
                    "result-type": "starttls-not-supported",
                    "sending-mta-ip": "2001:db8:abcd:13::1",
                    "receiving-mx-hostname": "mx2.business.example",
                    "receiving-ip": "203.0.113.56",
                    "failed-session-count": 203,
                },
            ],
        }
    ],
}

FEEDBACK = b"""Feedback-Type: auth-failure
User-Agent: ReceiverReports/1.0
Version: 1
Original-Mail-From: <alice.secret@business.example>
Original-Rcpt-To: <bob.secret@receiver.example>
Arrival-Date: Sun, 01 Mar 2026 10:20:30 +0100
Source-IP: 192.0.2.25
Reported-Domain: Business.Example.
Authentication-Results: receiver.example; spf=fail smtp.mailfrom=alice.secret@business.example;
 dmarc=fail (p=none) header.from=business.example
Auth-Failure: dmarc
Delivery-Result: delivered
Identity-Alignment: none
DKIM-Domain: business.example
DKIM-Selector: s2026
"""

SAMPLE = b"""Return-Path: <alice.secret@business.example>
Received: from mail.business.example (mail.business.example [192.0.2.25])
 (Authenticated sender: carol.secret)
 by mx.receiver.example (Postfix) with ESMTPS id 4AbCdEf
 for <bob.secret@receiver.example>; Sun, 1 Mar 2026 10:20:30 +0100
DKIM-Signature: v=1; a=rsa-sha256; d=business.example; s=s2026; h=from:to:subject;
 i=alice.secret@business.example; bh=AAAA; b=BBBB
From: "Alice Secret" <alice.secret@business.example>
To: Bob Secret <bob.secret@receiver.example>
Cc: dave.secret@receiver.example
Subject: A secret matter
Date: Sun, 1 Mar 2026 10:20:29 +0100
Message-ID: <secret-1@business.example>

The secret text.
"""


def tls_json(**changes: Any) -> bytes:
    """The TLS report with members of the report changed; a member set to ... is left out."""
    merged = {**TLS, **changes}
    return json.dumps({name: value for name, value in merged.items() if value is not ...}, indent=1).encode()


def tls_policy(policy: dict[str, Any] | None = None, summary: Any = None, details: Any = None) -> bytes:
    """The TLS report with members of its one policy changed; what is set to ... is left out."""
    first = json.loads(json.dumps(TLS["policies"][0]))
    first["policy"] = {name: value for name, value in {**first["policy"], **(policy or {})}.items() if value is not ...}
    for name, value in (("summary", summary), ("failure-details", details)):
        if value is ...:
            del first[name]
        elif value is not None:
            first[name] = value
    return tls_json(policies=[first])


def zipped(*files: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, octets in files:
            archive.writestr(name, octets)
    return made.getvalue()


def part(octets: bytes, media_type: str, name: str = "", encoding: str = "base64") -> bytes:
    """One part of a message, with its header; without an encoding the octets stand as they are."""
    body = {"base64": base64.encodebytes, "quoted-printable": quopri.encodestring}.get(encoding, bytes)(octets)
    named = f'; name="{name}"' if name else ""
    transfer = f"Content-Transfer-Encoding: {encoding}\n" if encoding else ""
    return f"Content-Type: {media_type}{named}\n{transfer}\n".encode() + body


HEADER = b"""From: Reports <noreply@receiver.example>
To: dmarc@business.example
Subject: Report Domain: business.example Submitter: receiver.example Report-ID: <2026.1>
Date: Mon, 02 Mar 2026 01:02:03 +0000
Message-ID: <m1@receiver.example>
MIME-Version: 1.0
"""

ODD_HEADERS = [
    b"\nContent-Disposition: attachment; filename*=utf-8''a.gz; filename*0*=utf-8''b.gz\n",
    b"\nContent-Type: multipart/mixed; boundary*=utf-8''b; boundary*0=b\n",
    b"\nFrom: " + b"(" * 1500 + b" a@receiver.example\n",
    "\nSubject: =?\u00e9?b?YQ==?=\n".encode(),
]
"""Fields that the standard library falls over, each on lines of its own: no mutation finds them soon."""


def mail(*parts: bytes, subtype: str = "mixed", header: bytes = HEADER, boundary: str = "bound") -> bytes:
    """A message of several parts."""
    line = b"\n--" + boundary.encode()
    content = f'Content-Type: multipart/{subtype}; boundary="{boundary}"\n\nA preamble.'.encode()
    return header + content + b"".join(line + b"\n" + each for each in parts) + line + b"--\n"


def single(one: bytes, header: bytes = HEADER) -> bytes:
    """A message whose only part is its body."""
    return header + one


PROSE = part(b"This is an aggregate report from receiver.example.", "text/plain", encoding="7bit")


def aggregate_mail() -> bytes:
    """An aggregate report as most send it."""
    name = "receiver.example!business.example!1772323200!1772409599.xml.gz"
    return mail(PROSE, part(gzip.compress(AGGREGATE), "application/gzip", name))


def failure_mail(
    feedback: bytes = FEEDBACK, sample: bytes = SAMPLE, *, encoding: str = "", sample_type: str = "message/rfc822"
) -> bytes:
    """A failure report of RFC 6591."""
    parts = [PROSE, part(feedback, "message/feedback-report", encoding=encoding), part(sample, sample_type, encoding="")]
    return mail(*parts, subtype="report; report-type=feedback-report")
