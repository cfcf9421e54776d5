"""JSON: one document that holds the whole run ("truehelo/domain/1"), or one domain a line.

The schema ships beside the others (schema/domain-1.json). The output is ASCII, as that of an audit is.
"""

from truehelo import __version__
from truehelo.domains import DomainAudit, DomainRun, DomainView
from truehelo.facts.dns import Lookup, Outcome
from truehelo.facts.domain import Fetched, SelectorSource, secure
from truehelo.identity import addresses
from truehelo.records import bimi, tls_rpt
from truehelo.records.dkim import DkimKey
from truehelo.records.dmarc import DmarcDiscovery
from truehelo.records.dnssec import read_ds, read_keys
from truehelo.records.mta_sts import MtaStsPolicy
from truehelo.records.spf import DEFAULT_LIMITS
from truehelo.render.document import Json, dumps, finding_document, plain, step_document, timestamp
from truehelo.render.look import Look

SCHEMA = "truehelo/domain/1"


def render(run: DomainRun, look: Look) -> str:  # noqa: ARG001  (a renderer's shape; JSON looks the same everywhere)
    """Return the run as one document."""
    return dumps(document(run), indent=2)


def render_lines(run: DomainRun, look: Look) -> str:  # noqa: ARG001
    """Return one line a domain."""
    return "".join(dumps(domain_document(domain)) for domain in run.domains)


def document(run: DomainRun) -> Json:
    """Return the run as plain dicts and lists."""
    return {
        "schema": SCHEMA,
        "tool": {"name": "truehelo", "version": __version__},
        "asked": list(run.asked),
        "started": timestamp(run.started),
        "elapsed_s": round(run.elapsed_s, 3),
        "interrupted": run.interrupted,
        "resolvers": list(run.resolvers),
        "domains": [domain_document(domain) for domain in run.domains],
        "notes": list(run.notes),
        "summary": {str(state): count for state, count in run.counts().items()},
    }


def domain_document(domain: DomainAudit) -> Json:
    """Return one domain, judged."""
    view = DomainView(domain.facts)
    return {
        "name": view.name,
        "organisation": domain.facts.organisation,
        "zone": domain.facts.apex,
        "state": str(domain.state),
        "records": {
            "ns": _names(view.lookup(domain.facts.apex, "NS")),
            "mx": _mx(view),
            "spf": _spf(view),
            "dkim": _dkim(view),
            "dmarc": _dmarc(view),
            "mta_sts": _mta_sts(view),
            "tls_rpt": _tls_rpt(view),
            "bimi": _bimi(view),
            "caa": _caa(view),
            "dane": _dane(view),
            "dnssec": _dnssec(view),
        },
        "findings": [finding_document(finding) for finding in domain.findings],
        "advice": [step_document(step) for step in domain.advice],
        "evidence": evidence(domain),
    }


def evidence(domain: DomainAudit) -> Json:
    """Return every fact of a domain by its key: all that a finding may point at."""
    facts = domain.facts
    found: Json = {lookup.key: {"kind": "dns", "outcome": str(lookup.outcome), **plain(lookup)} for lookup in facts.lookups}
    if facts.zone is not None:
        view = plain(facts.zone)
        view["lookups"] = [lookup.key for lookup in facts.zone.lookups]  # each stands in the evidence itself
        found[facts.zone.key] = {"kind": "zone", **view}
    if facts.policy is not None:
        found[facts.policy.key] = {"kind": "https", **plain(facts.policy)}
    return found


def _outcome(lookup: Lookup | None) -> str:
    return "not-asked" if lookup is None else str(lookup.outcome)


def _names(lookup: Lookup | None) -> Json:
    names = [] if lookup is None else [record.data.removesuffix(".").lower() for record in lookup.records]
    return {"outcome": _outcome(lookup), "names": names}


def _mx(view: DomainView) -> Json:
    hosts = []
    for preference, host in view.mx_hosts:
        found = [str(ip) for rdtype in ("A", "AAAA") for ip in addresses(view.lookup(host, rdtype))]
        hosts.append({"preference": preference, "host": host, "addresses": found})
    return {"outcome": _outcome(view.lookup(view.name, "MX")), "null": view.null_mx, "hosts": hosts}


def _spf(view: DomainView) -> Json:
    survey, sources = view.spf, view.spf_sources
    return {
        "outcome": _outcome(view.lookup(view.name, "TXT")),
        "text": survey.text,
        "lookups": survey.lookups,
        "limit": DEFAULT_LIMITS.lookups,
        "voids": list(survey.voids),
        "ends": survey.ends,
        "domains": list(survey.domains),
        "networks": [
            {"network": str(each.network), "term": each.term, "domain": each.domain, "via": list(each.via)}
            for each in sources.sources
        ],
        "unlisted": list(sources.unlisted),
        "problem": sources.problem,
        "results": [
            {"ip": str(ip), "result": str(result.result), "detail": result.detail, "unsure": list(result.unsure)}
            for ip, result in view.spf_results.items()
        ],
    }


def _dkim(view: DomainView) -> list[Json]:
    """The selectors that were asked for; of those that were merely tried, the ones that are there."""
    found = []
    for each in view.dkim:
        tried = each.selector.source is SelectorSource.WELL_KNOWN and not each.texts and not each.chain and not each.failed
        if tried or each.selector.source is SelectorSource.PROBE:
            continue
        key = each.key if isinstance(each.key, DkimKey) else None
        found.append(
            {
                "selector": each.selector.name,
                "source": str(each.selector.source),
                "outcome": str(each.outcome),
                "alias_of": each.chain,
                "text": each.texts[0] if each.texts else None,
                "kind": None if key is None else key.kind,
                "bits": None if key is None else key.bits,
                "revoked": None if key is None else key.revoked,
                "testing": None if key is None else key.testing,
            }
        )
    return found


def _dmarc(view: DomainView) -> Json:
    record, policy = view.dmarc.record, view.dmarc_policy
    return {
        **_found(view.dmarc),
        "policy": None if policy is None else str(policy.policy),
        "declared": None if policy is None else str(policy.declared),
        "tag": None if policy is None else policy.tag,
        "testing": policy is not None and policy.testing,
        "rua": [] if record is None else [uri.text for uri in record.rua],
        "ruf": [] if record is None else [uri.text for uri in record.ruf],
        "external": [
            {"host": each.host, "name": each.question.name, "authorised": each.authorised} for each in view.dmarc_externals
        ],
        "psl": _found(view.dmarc_psl),
    }


def _found(discovery: DmarcDiscovery) -> Json:
    found = discovery.found
    return {
        "domain": None if found is None else found.domain,
        "text": None if found is None or found.record is None else found.record.text,
        "place": str(discovery.place),
        "organisation": discovery.organisation,
        "asked": [{"name": each.question.name, "outcome": str(each.outcome)} for each in discovery.asked],
        "unsure": [str(question) for question in discovery.unsure],
    }


def _mta_sts(view: DomainView) -> Json:
    fetch, policy = view.facts.policy, view.sts_policy
    known = policy if isinstance(policy, MtaStsPolicy) else None
    return {
        "outcome": _outcome(view.mta_sts.lookup),
        "texts": list(view.mta_sts.texts),
        "fetched": str(Fetched.NOT_FETCHED if fetch is None else fetch.outcome),
        "mode": None if known is None else str(known.mode),
        "max_age": None if known is None else known.max_age,
        "mx": [] if known is None else list(known.mx),
    }


def _tls_rpt(view: DomainView) -> Json:
    texts = view.tls_rpt.texts
    record = tls_rpt.parse(texts[0]) if texts else None
    rua = [uri.text for uri in record.rua] if isinstance(record, tls_rpt.TlsRptRecord) else []
    return {"outcome": _outcome(view.tls_rpt.lookup), "texts": list(texts), "rua": rua}


def _bimi(view: DomainView) -> Json:
    texts = view.bimi.texts
    record = bimi.parse(texts[0]) if texts else None
    known = record if isinstance(record, bimi.BimiRecord) else None
    return {
        "outcome": _outcome(view.bimi.lookup),
        "texts": list(texts),
        "location": None if known is None else known.location,
        "evidence": None if known is None else known.evidence,
    }


def _caa(view: DomainView) -> Json:
    found, issuers = view.caa, view.caa.issuers()
    return {
        "owner": found.owner or None,
        "records": [{"flags": each.flags, "tag": each.tag, "value": each.value} for each in found.records],
        "issuers": None if issuers is None else list(issuers),
        "unsure": [str(question) for question in found.unsure],
    }


def _dane(view: DomainView) -> list[Json]:
    return [
        {
            "host": each.host,
            "outcome": _outcome(each.lookup),
            "secure": secure(each.lookup),
            "records": [
                {
                    "usage": record.usage,
                    "selector": record.selector,
                    "matching": record.matching,
                    "data": record.data.hex(),
                    "usable": record.usable,
                }
                for record in each.records
            ],
        }
        for each in view.dane
    ]


def _dnssec(view: DomainView) -> Json:
    zone = view.facts.apex
    ds, keys, soa = (view.lookup(zone, rdtype) for rdtype in ("DS", "DNSKEY", "SOA"))
    asked = [lookup for lookup in (ds, keys) if lookup is not None]
    return {
        "zone": zone,
        "ds": [{"tag": each.tag, "algorithm": each.algorithm, "digest": each.digest} for each in read_ds(ds.records)]
        if ds is not None
        else [],
        "keys": [{"tag": each.tag, "algorithm": each.algorithm, "flags": each.flags} for each in read_keys(keys.records)]
        if keys is not None
        else [],
        "known": len(asked) == 2 and not any(lookup.outcome in _FAILED for lookup in asked),
        "validated": secure(keys) or secure(soa),
    }


_FAILED = frozenset(outcome for outcome in Outcome if outcome.is_undetermined)
