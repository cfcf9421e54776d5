"""The records of a domain, one row for each subject: what stands there, in a few words, and how it was judged.

Shows what the parsers of `records` read; judges nothing. Used by text and Markdown.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from truehelo.domains import DomainAudit, DomainView, all_checks
from truehelo.facts.dns import Lookup
from truehelo.facts.domain import Fetched, SelectorSource
from truehelo.facts.text import visible
from truehelo.findings import Finding, Severity
from truehelo.identity import addresses
from truehelo.records.dkim import RSA, DkimKey
from truehelo.records.dnssec import algorithm_name, read_ds, read_keys
from truehelo.records.mta_sts import MtaStsPolicy
from truehelo.records.spf import DEFAULT_LIMITS
from truehelo.render.style import Mark, name
from truehelo.render.words import OUTCOMES

SHOWN = 3
LABELS = {
    "ns": "NS",
    "dnssec": "DNSSEC",
    "mx": "MX",
    "spf": "SPF",
    "dkim": "DKIM",
    "dmarc": "DMARC",
    "mta_sts": "MTA-STS",
    "tls_rpt": "TLS-RPT",
    "dane": "DANE",
    "caa": "CAA",
    "bimi": "BIMI",
}
"""The checks of ours in the order of the rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One subject: `mark` is None where nothing is to be said for or against it; `lines` are what stands there."""

    label: str
    mark: Mark | None
    lines: tuple[str, ...]


def rows(audit: DomainAudit, limit: int | None = SHOWN) -> list[Row]:
    """Return the rows of a domain; of long lists the first `limit` entries."""
    view = DomainView(audit.facts)
    tags = {check.id: {tag.name for tag in check.tags} for check in all_checks()}
    found = []
    for check, label in LABELS.items():
        lines = tuple(visible(line, 600) for line in _cut(_TOLD[check](view), limit))
        mark = _mark(audit.findings, tags.get(check, set()))
        nothing = "could not be looked up" if mark is Mark.UNKNOWN else "none"
        found.append(Row(label=label, mark=mark, lines=lines or (nothing,)))
    return found


def _cut(lines: Iterable[str], limit: int | None) -> list[str]:
    every = list(lines)
    if limit is None or len(every) <= limit + 1:
        return every
    return [*every[:limit], f"and {len(every) - limit} more (-v shows them)"]


def _mark(findings: Iterable[Finding], tags: set[str]) -> Mark | None:
    """The worst that was found of a subject; notes alone are neither for nor against it."""
    found = [finding for finding in findings if finding.tag.name in tags]
    if any(f.severity in (Severity.ERROR, Severity.WARNING) and not f.tag.undetermined for f in found):
        return Mark.NO
    if any(finding.tag.undetermined for finding in found):
        return Mark.UNKNOWN
    return Mark.YES if any(finding.severity is Severity.OK for finding in found) else None


def _failure(lookup: Lookup | None) -> str:
    if lookup is None:
        return "not asked"
    return OUTCOMES[lookup.outcome] if lookup.outcome.is_undetermined else ""


def _ns(view: DomainView) -> Iterator[str]:
    lookup = view.lookup(view.facts.apex, "NS")
    if lookup is not None and lookup.records:
        servers = ", ".join(name(record.data.removesuffix(".")) for record in lookup.records)
        yield servers if view.facts.apex == view.name else f"{servers} (zone {name(view.facts.apex)})"
    elif failure := _failure(lookup):
        yield failure


def _dnssec(view: DomainView) -> Iterator[str]:
    apex = view.facts.apex
    ds, keys = view.lookup(apex, "DS"), view.lookup(apex, "DNSKEY")
    failure = _failure(ds) or _failure(keys)
    if failure:
        yield failure
        return
    tags = [f"{each.tag} ({algorithm_name(each.algorithm)})" for each in read_ds(() if ds is None else ds.records)]
    if tags:
        yield f"DS for key {', '.join(dict.fromkeys(tags))}"
    elif read_keys(() if keys is None else keys.records):
        yield "keys, and no DS at the parent"
    else:
        yield "not signed"


def _mx(view: DomainView) -> Iterator[str]:
    if view.null_mx:
        yield "0 . (takes no mail)"
    for preference, host in view.mx_hosts:
        found = [str(ip) for rdtype in ("A", "AAAA") for ip in addresses(view.lookup(host, rdtype))]
        yield f"{preference} {name(host)}" + (f"  {', '.join(found[:4])}" if found else "")
    if view.unseen_mx_hosts:
        yield f"and {len(view.unseen_mx_hosts)} more, which were not looked at"
    if not view.mx_hosts and (failure := _failure(view.lookup(view.name, "MX"))):
        yield failure


def _spf(view: DomainView) -> Iterator[str]:
    survey, sources = view.spf, view.spf_sources
    if survey.text is not None:
        yield survey.text
        count = len(sources.sources)
        yield f"{survey.lookups} of {DEFAULT_LIMITS.lookups} lookups, {count} network{'' if count == 1 else 's'}"
        for source in sources.sources:
            via = " > ".join([*source.via[1:], source.domain] if source.via else [])
            yield f"{source.network} by {source.term}" + (f" of {via}" if via else "")
    elif survey.failed:
        yield "could not be looked up"


def _dkim(view: DomainView) -> Iterator[str]:
    for each in view.dkim:
        if each.selector.source is SelectorSource.PROBE or not (each.texts or each.chain):
            continue
        key = each.key
        if not isinstance(key, DkimKey):
            said = "no usable key"
        elif key.revoked:
            said = "revoked"
        else:
            said = f"RSA {key.bits}" if key.kind == RSA else key.kind
        yield f"{name(each.selector.name)}: {visible(said, 60)}" + (f" (alias of {name(each.chain)})" if each.chain else "")


def _dmarc(view: DomainView) -> Iterator[str]:
    found = view.dmarc.found
    if found is not None and found.record is not None:
        where = "" if found.domain == view.name else f" (at {name(found.domain)})"
        yield f"{found.record.text}{where}"
    elif view.dmarc.unsure:
        yield "could not be looked up"
    else:
        yield from (text for asked in view.dmarc.asked for text in asked.texts)


def _mta_sts(view: DomainView) -> Iterator[str]:
    yield from view.mta_sts.texts
    fetch, policy = view.facts.policy, view.sts_policy
    if isinstance(policy, MtaStsPolicy):
        yield f"policy: {policy.mode}, {', '.join(policy.mx) or 'no host'}, for {policy.max_age} s"
    elif fetch is not None and fetch.outcome is not Fetched.ANSWER:
        yield f"policy: {fetch.outcome} {fetch.detail}"
    if not view.mta_sts.texts and (failure := _failure(view.mta_sts.lookup)):
        yield failure


def _tls_rpt(view: DomainView) -> Iterator[str]:
    yield from view.tls_rpt.texts
    if not view.tls_rpt.texts and (failure := _failure(view.tls_rpt.lookup)):
        yield failure


def _dane(view: DomainView) -> Iterator[str]:
    if not view.mx_hosts and _failure(view.lookup(view.name, "MX")):
        yield "the MX hosts are not known"
    for each in view.dane:
        for record in each.records:
            yield f"{name(each.host)}: {record.usage} {record.selector} {record.matching} {record.data.hex()[:16]}..."


def _caa(view: DomainView) -> Iterator[str]:
    where = "" if view.caa.owner == view.name else f" (at {name(view.caa.owner)})"
    yield from (f'{record.flags} {record.tag} "{record.value}"{where}' for record in view.caa.records)


def _bimi(view: DomainView) -> Iterator[str]:
    yield from view.bimi.texts


_TOLD = {
    "ns": _ns,
    "dnssec": _dnssec,
    "mx": _mx,
    "spf": _spf,
    "dkim": _dkim,
    "dmarc": _dmarc,
    "mta_sts": _mta_sts,
    "tls_rpt": _tls_rpt,
    "dane": _dane,
    "caa": _caa,
    "bimi": _bimi,
}
