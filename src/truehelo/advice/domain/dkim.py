"""The steps about DKIM keys (RFC 6376, RFC 8301). Keys themselves are made by whoever signs."""

from dataclasses import replace

from truehelo.advice.domain._step import TTL, Advice, step, txt
from truehelo.advice.owner import MAIL_SERVER
from truehelo.domains import DomainView
from truehelo.findings import Finding, Step
from truehelo.records.dkim import DkimKey, format_key, key_name


def _short(view: DomainView, finding: Finding) -> Step:
    what = (
        f"Make a key of 2048 bits under a new selector (below: NEW), publish it, sign with it, and revoke selector "
        f"{finding.args['selector']} a week later"
    )
    record = f'{key_name("NEW", view.name)}. {TTL} IN TXT "v=DKIM1; k=rsa; p=PUBLIC-KEY-IN-BASE64"'
    made = step(view, finding, what, record, who="the operator of the server that signs, and the owner of the zone")
    commands = (
        "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out NEW.key",
        "openssl pkey -in NEW.key -pubout -outform DER | openssl base64 -A",
    )
    return replace(made, owner=MAIL_SERVER, commands=commands, verify=f"truehelo domain {view.name} --selector NEW")


def _tested(view: DomainView, finding: Finding) -> Step | None:
    selector = finding.args["selector"]
    found = next((each for each in view.dkim if each.selector.name == selector), None)
    if found is None or not isinstance(found.key, DkimKey):
        return None
    text = format_key(replace(found.key, flags=tuple(flag for flag in found.key.flags if flag != "y")))
    what = f"Take the flag y away from the key of selector {selector} when signing works"
    return step(view, finding, what, txt(key_name(selector, view.name), text), verify=_verify(view, selector))


def _broken(view: DomainView, finding: Finding) -> Step:
    selector = finding.args["selector"]
    what = f"Publish the key of selector {selector} anew, as the server that signs gives it: {finding.args['detail']}"
    return step(view, finding, what, verify=_verify(view, selector))


def _revoked(view: DomainView, finding: Finding) -> Step | None:
    selector = finding.args["selector"]
    if finding.severity is finding.tag.severity:  # one that nobody named: revoked on purpose, as far as anybody can tell
        return None
    what = f"If mail is still signed by selector {selector}, change the signer to another key"
    return replace(step(view, finding, what, verify=_verify(view, selector)), owner=MAIL_SERVER)


def _dangling(view: DomainView, finding: Finding) -> Step:
    args = finding.args
    what = f"Have the owner of {args['target']} publish the key there, or remove the alias of selector {args['selector']}"
    return step(view, finding, what, verify=_verify(view, args["selector"]))


def _absent(view: DomainView, finding: Finding) -> Step:
    selector = finding.args["selector"]
    record = f'{key_name(selector, view.name)}. {TTL} IN TXT "v=DKIM1; k=rsa; p=PUBLIC-KEY-IN-BASE64"'
    what = f"Publish the key of selector {selector}, or sign with a selector that has one"
    return step(view, finding, what, record, verify=_verify(view, selector))


def _verify(view: DomainView, selector: str) -> str:
    return f"truehelo domain {view.name} --selector {selector}"


STEPS: dict[str, Advice] = {
    "DKIM_KEY_SHORT": _short,
    "DKIM_KEY_TESTING": _tested,
    "DKIM_KEY_BROKEN": _broken,
    "DKIM_KEY_REVOKED": _revoked,
    "DKIM_ALIAS_DANGLING": _dangling,
    "DKIM_SELECTOR_MISSING": _absent,
}
