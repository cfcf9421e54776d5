"""An interruption at any moment: no verdict comes of it that the full audit would not give."""

import asyncio
import random

import pytest

from truehelo import app
from truehelo.engine.saved import dump, load
from truehelo.findings import Audit, Verdict
from truehelo.lab import Lab, parse

WORLD = """
[zone."2.0.192.in-addr.arpa"]
ns = ["ns1.dns.example"]
[zone."100.51.198.in-addr.arpa"]
ns = ["ns1.dns.example"]
[zone."8.b.d.0.1.0.0.2.ip6.arpa"]
ns = ["ns1.dns.example"]
[zone."cloudhost.example".records]
"198-51-100-4.dynamic" = { A = "198.51.100.4" }
[zone."good.example"]
ns = ["ns1.dns.example"]
[zone."good.example".records]
"@" = { MX = "10 mail.good.example", TXT = "v=spf1 a:mail.good.example include:_spf.good.example -all" }
_spf = { TXT = "v=spf1 ip4:192.0.2.26 -all" }
mail = { A = "192.0.2.25", AAAA = "2001:db8::25" }
[ptr]
"192.0.2.25" = "mail.good.example"
"2001:db8::25" = "mail.good.example"
"198.51.100.4" = "198-51-100-4.dynamic.cloudhost.example"
[nameserver]
"ns1.dns.example" = "203.0.113.53"
[fault]
"* *" = "delay 0.02"
[[smtp]]
ip = "192.0.2.25"
greeting = "mail.good.example ESMTP"
delay = 0.04
starttls = true
[[smtp]]
ip = "2001:db8::25"
greeting = "mail.good.example ESMTP"
ehlo_delay = 0.05
[[smtp]]
ip = "198.51.100.4"
greeting = "mail.good.example ESMTP"
tarpit = 0.002
"""
TARGETS = ("192.0.2.25", "198.51.100.4", "192.0.2.26", "2001:db8::25=mail.good.example", "good.example")


def audit_until(moment: float | None) -> Audit:
    """Audit, and interrupt after `moment` seconds."""

    async def run() -> Audit:
        async with Lab(parse(WORLD)) as lab:
            settings = app.Settings(
                resolvers=lab.resolvers,
                connect_to=lab.connect_to,
                helo="mail.good.example",
                loopback_only=True,
                concurrency=3,
                timeout=1.0,
            )
            running = asyncio.ensure_future(
                app.check([app.TargetLine(text=text, where="test") for text in TARGETS], settings)
            )
            if moment is not None:
                asyncio.get_running_loop().call_later(moment, running.cancel)
            return await running

    return asyncio.run(run())


@pytest.fixture(scope="module")
def whole() -> Audit:
    return audit_until(None)


def verdicts(audit: Audit) -> dict[str, Verdict]:
    return {str(subject.facts.ip): subject.verdict for subject in audit.subjects}


@pytest.mark.parametrize("number", range(25))
def test_an_interruption_at_any_moment_never_changes_a_verdict_but_to_undetermined(whole: Audit, number: int) -> None:
    full = verdicts(whole)
    assert set(full.values()) == {Verdict.MATCH, Verdict.MISMATCH}
    moment = random.Random(number).uniform(0, whole.elapsed_s)  # noqa: S311
    seen = audit_until(moment)
    assert seen.interrupted or verdicts(seen) == full
    for ip, verdict in verdicts(seen).items():
        assert verdict in (Verdict.UNDETERMINED, full[ip]), (moment, ip)
    if not seen.subjects:
        assert {each.asked for each in seen.unresolved} == set(TARGETS)
    assert verdicts(load(dump(seen), "evidence")) == verdicts(seen), "and a replay says the same"
