"""TLS reports: how many sessions with a domain's hosts were secure, and why others were not (RFC 8460 §4).

Accepted beside the RFC is what reporters really send: times without a zone, mx-host as one text (as in the example of the
RFC, erratum 6241) or under its other name, empty texts for what is not known, counts as text, members left out. An entry
that cannot be used is a fault, and the rest counts. Does not judge policies or failures.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from operator import attrgetter
from typing import Any

from truehelo.facts.address import parse_address
from truehelo.facts.text import visible
from truehelo.reports.jsontext import Scan, decode, parse
from truehelo.reports.model import DEFAULT_BUDGET, Budget, Extra, Fault, ReportError, TlsFailure, TlsPolicy, TlsReport
from truehelo.reports.text import host_name

DIALECTS = (
    "byte order mark",
    "UTF-16",
    "windows-1252",
    "doubled member",
    "time without a zone",
    "seconds for a time",
    "text that is none",
    "no organization-name",
    "no contact-info",
    "no report-id",
    "policies that are no list",
    "failure-details that are no list",
    "mx-host as one text",
    "mx-host-pattern as one text",
    "mx-host-pattern",
    "policy-string as one text",
    "no policy-domain",
    "no policy-type",
    "a policy-type of its own",
    "no summary",
    "no total-successful-session-count",
    "no total-failure-session-count",
    "no failed-session-count",
    "number as text",
    "number with a fraction",
    "address in brackets",
    "additional-info-uri",
)
"""How reports depart from RFC 8460 and are read all the same: every name that a report can have among its dialects."""
_TYPES = frozenset({"tlsa", "sts", "no-policy-found"})  # RFC 8460 §4.4
_MOST = 2**53
_KEPT = 100
"""Faults and unknown members that are kept; more are counted, and passed over."""
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d(?::\d\d)?)(?:[.,]\d{1,12})?)? ?([Zz]|[+-]\d\d:?\d\d)?")
_EARLIEST, _LATEST = 631_152_000, 7_258_118_400  # 1990, 2200


def read_tls(octets: bytes, budget: Budget = DEFAULT_BUDGET) -> TlsReport:
    """Read a TLS report.

    Args:
        octets: The JSON text, unpacked.
        budget: `depth`, `tokens` and `text` bound it.

    Raises:
        ReportError: It is none, or one that cannot be placed: no JSON, no range of dates, no list of policies.
        BudgetError: It costs more than it may.
    """
    text, dialects = decode(octets)
    scan = Scan(budget, ("policies", "failure-details"))
    scan.run(text)
    root, doubled = parse(text)
    report = _Reading(scan.starts, [*dialects, *(["doubled member"] if doubled else [])], budget)
    if not isinstance(root, dict) or not ({"policies", "date-range", "organization-name"} & root.keys()):
        raise ReportError("the JSON text is not a TLS report")
    begin, end = report.range(root.get("date-range"))
    policies = tuple(report.policies(root.get("policies")))
    if report.faults and not policies:
        raise ReportError(f"none of the policies of the TLS report can be used, {report.faults[0].reason}")
    for name in ("organization-name", "contact-info", "report-id"):
        if not report.text(root, name):
            report.dialect(f"no {name}")
    report.unknown("", root, _ROOT)
    return TlsReport(
        organization_name=report.text(root, "organization-name"),
        contact_info=report.text(root, "contact-info"),
        report_id=report.text(root, "report-id"),
        begin=begin,
        end=end,
        policies=policies,
        digest=sha256(octets).hexdigest(),
        dialects=tuple(dict.fromkeys(report.dialects)),
        faults=_in_octets(report.faults, text),
        extras=tuple(report.extras),
    )


_ROOT = frozenset({"organization-name", "date-range", "contact-info", "report-id", "policies"})
_RESULT = frozenset({"policy", "summary", "failure-details"})
_POLICY = frozenset({"policy-type", "policy-string", "policy-domain", "mx-host", "mx-host-pattern"})
_SUMMARY = frozenset({"total-successful-session-count", "total-failure-session-count"})
_FAILURE = frozenset(
    "result-type sending-mta-ip receiving-mx-hostname receiving-mx-helo receiving-ip failed-session-count"
    " additional-information additional-info-uri failure-reason-code".split()
)


def _in_octets(faults: list[Fault], text: str) -> tuple[Fault, ...]:
    """Faults whose offsets were characters, in the order of the text."""
    octets, characters, found = 0, 0, []
    for fault in sorted(faults, key=attrgetter("offset")):
        octets += len(text[characters : fault.offset].encode("utf-8", "surrogatepass"))
        characters = fault.offset
        found.append(replace(fault, offset=octets))
    return tuple(found)


class _Unusable(Exception):  # noqa: N818  # never leaves this module
    """An entry that cannot be used, and why."""


class _Reading:
    """What is found on the way through one report: dialects, faults, members that nobody knows."""

    def __init__(self, starts: dict[tuple[int, ...], int], dialects: list[str], budget: Budget) -> None:
        self._starts, self._budget = starts, budget
        self.dialects = dialects
        self.faults: list[Fault] = []
        self.extras: list[Extra] = []

    def dialect(self, words: str) -> None:
        self.dialects.append(words)

    def unknown(self, path: str, found: dict[str, Any], known: frozenset[str]) -> None:
        """Keep what the RFC does not know."""
        for name in found.keys() - known:
            if len(self.extras) < _KEPT:
                text = visible(json.dumps(found[name]), self._budget.text)
                self.extras.append(Extra(path=path + visible(name, 200), text=text))

    def text(self, found: dict[str, Any], name: str) -> str:
        """A text, stripped; "" for what is left out, null, or blank."""
        text = found.get(name)
        if text is None or isinstance(text, str):
            return visible((text or "").strip())
        self.dialect("text that is none")
        return visible(json.dumps(text), self._budget.text)

    def range(self, found: Any) -> tuple[int, int]:
        """The seconds of date-range (RFC 8460 §4.1, RFC 3339 §5.6)."""
        if not isinstance(found, dict):
            raise ReportError("the TLS report has no date-range")
        self.unknown("date-range/", found, frozenset({"start-datetime", "end-datetime"}))
        begin, end = self._time(found, "start-datetime"), self._time(found, "end-datetime")
        if end < begin:
            raise ReportError("the TLS report ends before it begins", f"from {begin} to {end}")
        return begin, end

    def _time(self, found: dict[str, Any], name: str) -> int:
        text = found.get(name)
        if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < 12:
            text = int(text)
        if isinstance(text, int | float):
            self.dialect("seconds for a time")
            seconds: float = text
        else:
            seconds = self._moment(text, name)
        if not _EARLIEST <= seconds <= _LATEST:
            raise ReportError(f"the {name} of the TLS report is not of these centuries", _shown(text))
        return int(seconds)

    def _moment(self, text: Any, name: str) -> int:
        parts = _TIME.fullmatch(text.strip()) if isinstance(text, str) else None
        if parts is None:
            raise ReportError(
                f"the TLS report has no {name}" if text in (None, "") else f"the {name} is no time", _shown(text)
            )
        date, clock, zone = parts.groups()
        if not zone or not clock:
            self.dialect("time without a zone")
        try:
            moment = datetime.fromisoformat(f"{date}T{clock or '00:00'}{(zone or 'Z').upper()}")
        except ValueError as error:
            raise ReportError(f"the {name} is no time", _shown(text)) from error
        return int(moment.timestamp())

    def policies(self, found: Any) -> Iterator[TlsPolicy]:
        """The policies that can be used; the others are faults."""
        if isinstance(found, dict):
            self.dialect("policies that are no list")
            found = [found]
        if not isinstance(found, list):
            raise ReportError("the TLS report has no list of policies")
        for number, entry in enumerate(found):
            try:
                yield self._policy(number, entry)
            except _Unusable as why:
                self._fault((number,), str(why))

    def _fault(self, place: tuple[int, ...], why: str) -> None:
        if len(self.faults) < _KEPT:
            offset = self._starts.get(place, 0)
            entry = f"entry {place[1] + 1} of failure-details: " if len(place) > 1 else ""
            self.faults.append(Fault(number=place[0] + 1, offset=offset, reason=entry + why))

    def _policy(self, number: int, entry: Any) -> TlsPolicy:
        entry = self._object(entry, "the policy")
        policy = self._object(entry.get("policy"), "its member policy")
        summary = self._object(entry.get("summary") or {}, "its summary")
        path = f"policies/{number + 1}/"
        for inner, found, known in (("", entry, _RESULT), ("policy/", policy, _POLICY), ("summary/", summary, _SUMMARY)):
            self.unknown(path + inner, found, known)
        kind, domain = self.text(policy, "policy-type").lower(), self.text(policy, "policy-domain")
        if kind not in _TYPES:
            self.dialect("a policy-type of its own" if kind else "no policy-type")
        if not domain:
            self.dialect("no policy-domain")
        if not summary:
            self.dialect("no summary")
        failures, bad = self._failures(number, entry.get("failure-details"))
        return TlsPolicy(
            type=kind,
            domain=host_name(domain),
            strings=self._texts(policy, "policy-string"),
            mx_hosts=tuple(host_name(host) for host in self._hosts(policy)),
            successful=self._count(summary, "total-successful-session-count"),
            failed=self._count(summary, "total-failure-session-count"),
            failures=failures,
            bad=bad,
        )

    def _object(self, found: Any, what: str) -> dict[str, Any]:
        if isinstance(found, dict):
            return found
        raise _Unusable(f"{what} is no object")

    def _hosts(self, policy: dict[str, Any]) -> tuple[str, ...]:
        if "mx-host-pattern" in policy and "mx-host" not in policy:
            self.dialect("mx-host-pattern")
            return self._texts(policy, "mx-host-pattern")
        return self._texts(policy, "mx-host")

    def _texts(self, found: dict[str, Any], name: str) -> tuple[str, ...]:
        texts = found.get(name)
        if isinstance(texts, str):
            if texts:
                self.dialect(f"{name} as one text")
            texts = texts.splitlines()
        if texts is None:
            return ()
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise _Unusable(f"its {name} is no list of texts")
        return tuple(visible(text.strip()) for text in texts if text.strip())

    def _count(self, found: dict[str, Any], name: str) -> int:
        """A number of sessions; 0 for what is left out."""
        count = found.get(name)
        if count is None or count == "":
            self.dialect(f"no {name}")
            return 0
        if isinstance(count, str) and count.strip().isascii() and count.strip().isdigit() and len(count) < 20:
            self.dialect("number as text")
            count = int(count)
        if isinstance(count, float) and count.is_integer():
            self.dialect("number with a fraction")
            count = int(count)
        if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= _MOST:
            raise _Unusable(f"{name} is no number of sessions: {_shown(count)}")
        return count

    def _failures(self, number: int, found: Any) -> tuple[tuple[TlsFailure, ...], int]:
        """The failures of a policy that can be used, and how many cannot."""
        if found is None or found == "":
            return (), 0
        if isinstance(found, dict):
            self.dialect("failure-details that are no list")
            found = [found]
        if not isinstance(found, list):
            raise _Unusable("its failure-details are no list")
        usable: list[TlsFailure] = []
        for at, entry in enumerate(found):
            try:
                usable.append(self._failure(entry, f"policies/{number + 1}/failure-details/{at + 1}/"))
            except _Unusable as why:
                self._fault((number, at), str(why))
        return tuple(usable), len(found) - len(usable)

    def _failure(self, entry: Any, path: str) -> TlsFailure:
        entry = self._object(entry, "it")
        self.unknown(path, entry, _FAILURE)
        kind = self.text(entry, "result-type").lower()
        if not kind:
            raise _Unusable("it has no result-type")
        more = self.text(entry, "additional-information")
        if not more and (more := self.text(entry, "additional-info-uri")):
            self.dialect("additional-info-uri")
        return TlsFailure(
            result_type=kind,
            sessions=self._count(entry, "failed-session-count"),
            sending_mta_ip=self._address(entry, "sending-mta-ip"),
            receiving_mx_hostname=host_name(self.text(entry, "receiving-mx-hostname")),
            receiving_mx_helo=self.text(entry, "receiving-mx-helo"),
            receiving_ip=self._address(entry, "receiving-ip"),
            additional_information=more,
            failure_reason_code=self.text(entry, "failure-reason-code"),
        )

    def _address(self, entry: dict[str, Any], name: str) -> str:
        text = self.text(entry, name)
        if not text:
            return ""
        ip = parse_address(text)
        if ip is None and (ip := parse_address(text.strip("[]").removeprefix("IPv6:"))) is not None:
            self.dialect("address in brackets")
        if ip is None:
            raise _Unusable(f"{name} is no address: {_shown(text)}")
        return str(ip)


def _shown(found: Any) -> str:
    return visible(found if isinstance(found, str) else json.dumps(found), 80)
