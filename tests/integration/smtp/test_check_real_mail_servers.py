"""A whole check of Postfix, Exim and OpenSMTPD: match when every name is right, mismatch behind a provider's PTR."""

import asyncio

import pytest

from integration.servers.smtp import Mta
from truehelo import app
from truehelo.engine.targets import TargetLine
from truehelo.findings import SubjectAudit, Verdict
from truehelo.lab import Lab, parse

pytestmark = pytest.mark.integration

ZONES = """
[zone."192.0.2.0/24"]
[zone."cloudhost.example".records]
"192-0-2-25.dynamic" = {{ A = "192.0.2.25" }}
[zone."{domain}".records]
"{host}" = {{ A = "192.0.2.25" }}
"{greeting_host}" = {{ A = "192.0.2.25" }}
[ptr]
"192.0.2.25" = {ptr}
"""


def check(server: Mta, ptr: list[str]) -> SubjectAudit:
    host, _, domain = server.name.partition(".")
    greeting_host = server.greeting_name.partition(".")[0]
    text = ZONES.format(domain=domain, host=host, greeting_host=greeting_host, ptr=ptr)
    if host == greeting_host:
        text = text.replace(f'"{host}" = {{ A = "192.0.2.25" }}\n', "", 1)

    async def main() -> SubjectAudit:
        async with Lab(parse(text)) as lab:
            settings = app.Settings(
                resolvers=lab.resolvers, connect_to=(server.route("192.0.2.25"), *lab.connect_to), loopback_only=True
            )
            audit = await app.check([TargetLine(text="192.0.2.25", where="argument 1")], settings)
            return audit.subjects[0]

    return asyncio.run(main())


def tags(subject: SubjectAudit) -> set[str]:
    return {finding.tag.name for finding in subject.findings}


def test_a_server_whose_names_are_all_in_the_ptr_matches(server: Mta) -> None:
    subject = check(server, sorted({server.name, server.greeting_name}))
    assert subject.verdict is Verdict.MATCH, tags(subject)
    assert {"IPREV_CONFIRMED", "GREETING_MATCHES", "GREETING_FORWARD_CONFIRMED"} <= tags(subject)


def test_a_server_behind_its_providers_default_name_is_a_mismatch(server: Mta) -> None:
    subject = check(server, ["192-0-2-25.dynamic.cloudhost.example"])
    assert subject.verdict is Verdict.MISMATCH, tags(subject)
    assert {"IPREV_CONFIRMED", "PTR_GENERIC", "GREETING_DIFFERS", "GREETING_FORWARD_CONFIRMED"} <= tags(subject)


def test_a_server_whose_ptr_name_leads_elsewhere_is_a_mismatch(server: Mta) -> None:
    subject = check(server, ["ns1.dns.example"])
    assert subject.verdict is Verdict.MISMATCH, tags(subject)
    assert "IPREV_MISMATCH" in tags(subject)
