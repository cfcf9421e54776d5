"""The steps about the zone: its servers, its signatures, where mail goes, and who may issue certificates."""

from truehelo.advice.domain._step import TTL, Advice, step
from truehelo.domains import DomainView
from truehelo.findings import Finding, Step
from truehelo.records.caa import ISSUING
from truehelo.records.dnssec import ds_records


def _null_mx(view: DomainView, finding: Finding) -> Step:
    what = f"Remove the null MX of {view.name} if it takes mail, or else all its other MX records"
    return step(view, finding, what)


def _no_mx(view: DomainView, finding: Finding) -> Step:
    what = f"Say where mail of {view.name} goes; where it takes none, it is this record"
    lookup = view.lookup(view.name, "MX")
    if lookup is not None and lookup.chain:
        # Beside a CNAME no other record may stand (RFC 1034 §3.6.2).
        what = f"{what}, in the place of its CNAME, which leads to {lookup.owner}"
    return step(view, finding, what, f"{view.name}. {TTL} IN MX 0 .")


def _mx_address(view: DomainView, finding: Finding) -> Step:
    host = finding.args["host"]
    what = f"Publish the address of {host}, or remove the MX record that names it"
    return step(view, finding, what, f"{host}. {TTL} IN A ADDRESS", who=f"the owner of the zone that holds {host}")


def _mx_alias(view: DomainView, finding: Finding) -> Step:
    host, target = finding.args["host"], finding.args["target"]
    preference = next((preference for preference, name in view.mx_hosts if name == host), 10)
    what = f"Name {target} itself in the MX record, not its alias"
    return step(view, finding, what, f"{view.name}. {TTL} IN MX {preference} {target}.")


def _mx_wrong(view: DomainView, finding: Finding) -> Step:
    host = finding.args["host"]
    what = f"Name a host that others can reach in place of {host}"
    return step(view, finding, what, f"{view.name}. {TTL} IN MX 10 MAIL-HOST.")


def _server(view: DomainView, finding: Finding) -> Step:
    server = finding.args["server"].partition("@")[0]
    what = f"Let {server} serve the zone {view.facts.apex}, or take it out of the NS records of the zone and of its parent"
    return step(view, finding, what)


def _single(view: DomainView, finding: Finding) -> Step:
    apex = view.facts.apex
    what = f"Have a second server, in another network, serve the zone {apex}, and name it at the parent too"
    return step(view, finding, what, f"{apex}. {TTL} IN NS SECOND-SERVER.")


def _agree(view: DomainView, finding: Finding) -> Step:
    what = f"Bring the servers of {view.facts.apex} to the same version of the zone (transfer, serial number)"
    return step(view, finding, what)


def _registrar(view: DomainView, finding: Finding) -> Step:
    """The DS that the parent should have, worked out from the keys that the zone has (RFC 4034 §5.1.4)."""
    apex = view.facts.apex
    lookup = view.lookup(apex, "DNSKEY")
    records = () if lookup is None else ds_records(apex, lookup.records)
    what = f"Have the parent of {apex} publish the DS of the key that the zone has"
    if not records:
        what = f"Sign the zone {apex} again, or have its parent remove the DS"
    who = f"the registrar of {apex}, or the owner of the zone above it"
    return step(view, finding, what, *(f"{apex}. {TTL} IN DS {record}" for record in records), who=who)


def _sign(view: DomainView, finding: Finding) -> Step:
    apex = view.facts.apex
    what = f"Have {apex} signed where its DNS is run, and its DS published by the registrar"
    return step(view, finding, what)


def _again(view: DomainView, finding: Finding) -> Step:
    what = f"Sign the zone {view.facts.apex} anew: until its signatures hold, those who validate see nothing of it"
    return step(view, finding, what)


def _stronger(view: DomainView, finding: Finding) -> Step:
    what = f"Sign the zone {view.facts.apex} with ECDSAP256SHA256 (13) and a DS of SHA-256 (2)"
    return step(view, finding, what)


def _caa(view: DomainView, finding: Finding) -> Step:
    what = f"Name the authorities that may issue certificates for {view.name}"
    return step(view, finding, what, f'{view.name}. {TTL} IN CAA 0 issue "NAME-OF-THE-AUTHORITY"')


def _caa_wrong(view: DomainView, finding: Finding) -> Step:
    what = f"Correct the CAA record at {finding.args['owner']} ({', '.join(sorted(ISSUING))} name who may issue)"
    return step(view, finding, what)


STEPS: dict[str, Advice] = {
    "MX_NULL_NOT_ALONE": _null_mx,
    "MX_MISSING": _no_mx,
    "MX_ADDRESS_MISSING": _mx_address,
    "MX_ALIAS": _mx_alias,
    "MX_NOT_A_NAME": _mx_wrong,
    "MX_NOT_PUBLIC": _mx_wrong,
    "NS_LAME": _server,
    "NS_ALIAS": _server,
    "NS_ADDRESS_MISSING": _server,
    "NS_SINGLE": _single,
    "NS_DISAGREE": _agree,
    "DNSSEC_NO_DS": _registrar,
    "DNSSEC_DS_MISMATCH": _registrar,
    "DNSSEC_MISSING": _sign,
    "DNSSEC_BOGUS": _again,
    "DNSSEC_WEAK": _stronger,
    "CAA_MISSING": _caa,
    "CAA_BROKEN": _caa_wrong,
}
