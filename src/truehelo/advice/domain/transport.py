"""The steps about the way to the MX hosts: MTA-STS, TLS reports, DANE (RFC 8461, RFC 8460, RFC 7672)."""

from dataclasses import replace

from truehelo.advice.domain._step import TTL, Advice, step, txt
from truehelo.domains import DomainView
from truehelo.findings import Finding, Step
from truehelo.records.mta_sts import Mode, MtaStsPolicy, format_policy
from truehelo.records.tlsa import name as tlsa_name

WEEKS = 1_209_600
"""Seconds for which senders are to keep a policy: two weeks (RFC 8461 §3.2 speaks of weeks)."""
LOCAL_PART = "tls-reports"
_DIGEST = "openssl x509 -in CERTIFICATE.pem -noout -pubkey | openssl pkey -pubin -outform DER | openssl sha256"


def _announce(view: DomainView, finding: Finding) -> Step:
    what = f"Announce a policy for {view.name}, and serve it (see below); change the id whenever the policy changes"
    if not view.mx_hosts:
        return step(view, finding, what, txt(f"_mta-sts.{view.name}", "v=STSv1; id=1;"))
    lines = _lines(MtaStsPolicy(mode=Mode.TESTING, max_age=WEEKS, mx=_hosts(view)))
    served = f"https://mta-sts.{view.name}/.well-known/mta-sts.txt"
    what = f"Announce a policy for {view.name}, and serve the lines below at {served}; change the id whenever they change"
    return step(view, finding, what, txt(f"_mta-sts.{view.name}", "v=STSv1; id=1;"), *lines)


def _record(view: DomainView, finding: Finding) -> Step:
    what = f"Correct the record that announces the policy of {view.name}: {finding.args['detail']}"
    return step(view, finding, what, txt(f"_mta-sts.{view.name}", "v=STSv1; id=1;"))


def _serve(view: DomainView, finding: Finding) -> Step:
    served = f"https://mta-sts.{view.name}/.well-known/mta-sts.txt"
    what = (
        f"Serve these lines at {served}, as text/plain, without a redirect, with a certificate that is valid for that host"
    )
    policy = MtaStsPolicy(mode=Mode.TESTING, max_age=WEEKS, mx=_hosts(view))
    return _web(step(view, finding, what, *_lines(policy)), view)


def _changed(view: DomainView, finding: Finding, what: str, **changes: object) -> Step | None:
    policy = view.sts_policy
    if not isinstance(policy, MtaStsPolicy):
        return None
    changed: MtaStsPolicy = replace(policy, **changes)  # type: ignore[arg-type]
    return _web(step(view, finding, f"{what}, and change the id in the record", *_lines(changed)), view)


def _names(view: DomainView, finding: Finding) -> Step | None:
    policy = view.sts_policy
    held = policy.mx if isinstance(policy, MtaStsPolicy) else ()
    missing = policy.uncovered(_hosts(view)) if isinstance(policy, MtaStsPolicy) else ()
    what = "Name every MX host in the policy before mail is to go there"
    return _changed(view, finding, what, mx=(*held, *missing))


def _enforce(view: DomainView, finding: Finding) -> Step | None:
    what = "When the TLS reports show no failures, let senders insist on it"
    return _changed(view, finding, what, mode=Mode.ENFORCE)


def _longer(view: DomainView, finding: Finding) -> Step | None:
    return _changed(view, finding, "Let senders keep the policy for weeks", max_age=WEEKS)


def _web(made: Step, view: DomainView) -> Step:
    return replace(made, who=f"the operator of the web server mta-sts.{view.name}")


def _hosts(view: DomainView) -> tuple[str, ...]:
    return tuple(host for _, host in view.all_mx_hosts)


def _lines(policy: MtaStsPolicy) -> tuple[str, ...]:
    return tuple(format_policy(policy).splitlines())


def _reports(view: DomainView, finding: Finding) -> Step:
    text = f"v=TLSRPTv1; rua=mailto:{LOCAL_PART}@{view.name}"
    what = f"Ask for reports about TLS to {view.name}, at a mailbox that somebody reads"
    return step(view, finding, what, txt(f"_smtp._tls.{view.name}", text))


def _tlsa(view: DomainView, finding: Finding) -> Step:
    hosts = [finding.args["host"]] if "host" in finding.args else _bare(view)
    records = [f"{tlsa_name(host)}. {TTL} IN TLSA 3 1 1 SHA-256-OF-THE-KEY" for host in hosts]
    what = "Publish the digest of the key that the host shows; before the key changes, add that of the next one"
    made = step(
        view, finding, what, *records, who="the operator of the MX host, and the owner of the zone that holds its name"
    )
    return replace(made, commands=(_DIGEST,))


def _bare(view: DomainView) -> list[str]:
    return [each.host for each in view.dane if not each.failed and not (each.records or each.errors)]


def _sign(view: DomainView, finding: Finding) -> Step:
    host = finding.args.get("host", view.name)
    what = f"Have the zone that holds {host} signed, with a DS record at its parent, or remove the TLSA records"
    return step(view, finding, what, who=f"the owner of the zone that holds {host}")


STEPS: dict[str, Advice] = {
    "MTA_STS_MISSING": _announce,
    "MTA_STS_BROKEN": _record,
    "MTA_STS_POLICY_UNFETCHABLE": _serve,
    "MTA_STS_POLICY_BROKEN": _serve,
    "MTA_STS_MX_MISMATCH": _names,
    "MTA_STS_TESTING": _enforce,
    "MTA_STS_SHORT_LIVED": _longer,
    "TLS_RPT_MISSING": _reports,
    "TLS_RPT_BROKEN": _reports,
    "DANE_BROKEN": _tlsa,
    "DANE_PARTIAL": _tlsa,
    "DANE_NOT_SECURE": _sign,
    "DANE_MX_NOT_SECURE": _sign,
}
