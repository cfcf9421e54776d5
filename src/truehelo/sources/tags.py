"""What the watch can say of reports and records: the tags of its incidents, with their sentences.

Each has a section in docs/watched/domains.md or docs/watched/reports.md, which `truehelo explain` prints. The
arguments of a sentence are text of the network, and are made visible when it is filled in (`told`).
"""

from collections.abc import Mapping

from truehelo.facts.text import visible
from truehelo.findings import Severity, Tag

_MAX_TEXT = 300


def _changed(name: str, what: str, *cites: str) -> Tag:
    return Tag(name=name, severity=Severity.WARNING, message=f"the {what} of {{domain}} changed", cites=cites)


SPF_RECORD_CHANGED = _changed("SPF_RECORD_CHANGED", "SPF record", "RFC 7208 §3")
DMARC_RECORD_CHANGED = _changed("DMARC_RECORD_CHANGED", "DMARC record", "RFC 9989 §4.6")
DKIM_KEY_CHANGED = Tag(
    name="DKIM_KEY_CHANGED",
    severity=Severity.WARNING,
    message="the DKIM key {selector} of {domain} was replaced under the same selector",
    cites=("RFC 6376 §3.6.1",),
)
MX_RECORD_CHANGED = _changed("MX_RECORD_CHANGED", "mail exchangers (MX)", "RFC 5321 §5.1")
NS_RECORD_CHANGED = _changed("NS_RECORD_CHANGED", "name servers (NS)", "RFC 1034 §4.2")
MTA_STS_RECORD_CHANGED = _changed("MTA_STS_RECORD_CHANGED", "MTA-STS record", "RFC 8461 §3.1")
TLS_RPT_RECORD_CHANGED = _changed("TLS_RPT_RECORD_CHANGED", "TLS-RPT record", "RFC 8460 §3")

DMARC_POLICY_WEAKENED = Tag(
    name="DMARC_POLICY_WEAKENED",
    severity=Severity.ERROR,
    message="the DMARC policy of {domain} asks for less than before: {how}",
    cites=("RFC 9989 §4.7",),
)
DKIM_KEY_LOST = Tag(
    name="DKIM_KEY_LOST",
    severity=Severity.ERROR,
    message="the DKIM key {selector} of {domain} is {how}, and reports up to {day} show mail that is signed with it",
    cites=("RFC 6376 §3.6.1",),
)
DKIM_KEY_EXPIRING = Tag(
    name="DKIM_KEY_EXPIRING",
    severity=Severity.WARNING,
    message="the DKIM key {selector} of {domain} is to be replaced: {how}",
    cites=("RFC 6376 §3.6.1", "M3AAWG DKIM Key Rotation Best Common Practices"),
)

SOURCE_UNKNOWN_VOLUME = Tag(
    name="SOURCE_UNKNOWN_VOLUME",
    severity=Severity.WARNING,
    message="{ip}, which is neither in the inventory nor classed, sent {messages} messages as {domain} in {days} days "
    "({share} of all); {passed} of them passed DMARC",
    cites=("RFC 9990 §3.1",),
)
ALIGNMENT_DROPPED = Tag(
    name="ALIGNMENT_DROPPED",
    severity=Severity.ERROR,
    message="of the mail of {domain}, {after} passed DMARC since {day}, and {before} in the four weeks before",
    cites=("RFC 9989 §4.4",),
)
REPORTER_SILENT = Tag(
    name="REPORTER_SILENT",
    severity=Severity.WARNING,
    message="{reporter} reported on {heard} of {within} days up to {day}, and has not for {missing} days",
    cites=("RFC 9990 §3",),
)
TLS_FAILURES = Tag(
    name="TLS_FAILURES",
    severity=Severity.WARNING,
    message="{failed} of {sessions} TLS sessions to {domain} failed in {days}: {how}",
    cites=("RFC 8460 §4.3",),
)
SOURCE_REFUSED = Tag(
    name="SOURCE_REFUSED",
    severity=Severity.ERROR,
    message="mail from {ip} is refused or quarantined since {day}, at {reporters}",
    cites=("RFC 9990 §3.1",),
)

TAGS = {
    tag.name: tag
    for tag in (
        SPF_RECORD_CHANGED,
        DMARC_RECORD_CHANGED,
        DKIM_KEY_CHANGED,
        MX_RECORD_CHANGED,
        NS_RECORD_CHANGED,
        MTA_STS_RECORD_CHANGED,
        TLS_RPT_RECORD_CHANGED,
        DMARC_POLICY_WEAKENED,
        DKIM_KEY_LOST,
        DKIM_KEY_EXPIRING,
        SOURCE_UNKNOWN_VOLUME,
        ALIGNMENT_DROPPED,
        REPORTER_SILENT,
        TLS_FAILURES,
        SOURCE_REFUSED,
    )
}
"""All of them, by their names."""


def told(tag: Tag, args: Mapping[str, str]) -> str:
    """Return the sentence of a tag."""
    return tag.message.format_map({key: visible(value, _MAX_TEXT) for key, value in args.items()})
