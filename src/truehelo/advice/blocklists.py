"""The step about a blocklist: end the cause, then ask for removal where the list takes requests. One step for all lists."""

from truehelo.advice.owner import MAIL_SERVER
from truehelo.findings import Finding, Step
from truehelo.identity import Identity

_SHOWN = 5
"""So many lists are told by name; the findings tell all."""


def listed_step(identity: Identity, listings: list[Finding]) -> Step:
    """The operator of the mail server finds why it is listed, ends that, and only then asks for removal."""
    ip = str(identity.facts.ip)
    told = [_told(finding) for finding in listings[:_SHOWN]]
    more = f"; and {len(listings) - _SHOWN} more" if len(listings) > _SHOWN else ""
    return Step(
        step=0,
        owner=MAIL_SERVER,
        who=f"the operator of the mail server at {ip}",
        what=f"Find out why {ip} is listed, end that, and then have it removed: {'; '.join(told)}{more}",
        verify=f"truehelo check {ip} --dnsbl={','.join(finding.args['id'] for finding in listings[:_SHOWN])}",
        leave="Ask for no removal before the cause has ended: who is listed again waits longer. Pay nobody for it.",
        resolves=("DNSBL_LISTED",),
    )


def _told(finding: Finding) -> str:
    name, page, delist = finding.args["list"], finding.args["page"], finding.args["delist"]
    if delist:
        return f"{name} at {delist}"
    return f"{name} removes it by itself after a time ({page})" if page else f"{name} removes it by itself after a time"
