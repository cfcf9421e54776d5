"""Every scenario of a domain on a real knot, which signs where it says so, through an unbound that validates.

The same table as in tests/scenarios/domains, but for the few scenarios that need a resolver which does not validate.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files

import jsonschema
import pytest

from integration.servers.domains import Domains, running
from support.domains import Scenario, load, placed
from truehelo import app
from truehelo.app.domains import DomainSettings, look
from truehelo.domains import DomainAudit

pytestmark = pytest.mark.integration
SCENARIOS = [scenario for scenario in load() if scenario.get("only") != "memory"]


@pytest.fixture(scope="module")
def domains(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Domains]:
    with running(tmp_path_factory.mktemp("domains"), SCENARIOS) as started:
        yield started


@pytest.fixture(scope="module")
def audits(domains: Domains) -> dict[str, DomainAudit]:
    """Look at every domain as the command does: those with the same options in one run."""
    settings = app.Settings(
        resolvers=(domains.resolver,), connect_to=domains.rules, timeout=2.0, retries=1, loopback_only=True
    )
    runs: dict[tuple[tuple[str, ...], tuple[str, ...]], dict[str, str]] = {}
    for scenario in SCENARIOS:
        told = placed(scenario, domains.domains[scenario["name"]])
        key = tuple(told.get("selectors", ())), tuple(told.get("ips", ()))
        asked = told.get("asked", domains.domains[scenario["name"]])
        runs.setdefault(key, {})[asked] = scenario["name"]
    found: dict[str, DomainAudit] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(domains.trust))
        for (selectors, ips), asked in runs.items():
            run = app.run(look(asked, settings, DomainSettings(selectors=selectors, ips=ips)))
            assert run.notes == ()
            found |= {asked[audit.facts.name]: audit for audit in run.domains}
    return found


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario["name"])
def test_the_scenario_is_judged_as_it_demands(scenario: Scenario, domains: Domains, audits: dict[str, DomainAudit]) -> None:
    told, audit = placed(scenario, domains.domains[scenario["name"]]), audits[scenario["name"]]
    found = {finding.tag.name for finding in audit.findings}
    said = "\n".join(f"{finding.severity} {finding.tag.name}: {finding.message}" for finding in audit.findings)
    fix = "\n".join(record for step in audit.advice for record in step.records)
    assert set(told["expect"]) <= found, said
    assert not set(told["forbid"]) & found, said
    assert told.get("message", "") in said, said
    assert told.get("fix", "") in fix, fix


def command(domains: Domains, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command itself, in a process of its own."""
    routes = [word for rule in domains.rules for word in ("--connect-to", rule)]
    return subprocess.run(
        [sys.executable, "-m", "truehelo", "domain", *words, "--resolver", domains.resolver, *routes, "--timeout", "2"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "TRUEHELO_LOOPBACK_ONLY": "1", "SSL_CERT_FILE": str(domains.trust), "NO_COLOR": "1"},
    )


def test_the_command_tells_good_from_bad_from_unknown(domains: Domains) -> None:
    good = domains.domains["a null MX says that the domain takes no mail, and needs no policy for the way"]
    bad = domains.domains["an enforced policy that leaves out an MX host stops mail"]
    unknown = domains.domains["a zone that nobody answers for leaves everything undetermined, and nothing missing"]
    done = command(domains, good)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    done = command(domains, bad)
    assert (done.returncode, done.stderr) == (1, ""), done.stdout + done.stderr
    assert f"mx: backup.{bad}" in done.stdout
    assert [line for line in done.stdout.splitlines() if len(line) > 80 and " IN " not in line] == []
    done = command(domains, unknown)
    assert (done.returncode, done.stderr) == (3, ""), done.stdout + done.stderr


def test_the_command_prints_a_document_that_fits_its_schema(domains: Domains) -> None:
    names = [
        domains.domains[name]
        for name in ("TLSA records that DNSSEC vouches for", "a signed zone without a DS proves nothing")
    ]
    done = command(domains, *names, "--json", "--no-fetch")
    document = json.loads(done.stdout)
    schema = json.loads((files("truehelo.render") / "schema" / "domain-1.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(document)
    validated = {domain["name"]: domain["records"]["dnssec"]["validated"] for domain in document["domains"]}
    assert validated == {names[0]: True, names[1]: False}


def test_without_the_zones_own_servers_and_without_trying_selectors_little_is_asked(domains: Domains) -> None:
    name = domains.domains["a policy that is enforced and asks for reports"]
    done = command(domains, name, "--no-authoritative", "--no-well-known", "--json")
    document = json.loads(done.stdout)["domains"][0]
    assert {exchange["server"] for fact in document["evidence"].values() for exchange in fact["exchanges"]} == {
        domains.resolver
    }
    assert not [key for key in document["evidence"] if "_domainkey" in key]
    below = command(domains, f"news.{name}", "--no-authoritative", "--no-well-known", "--json")
    assert json.loads(below.stdout)["domains"][0]["zone"] == name
    assert "DKIM_NOT_FOUND" not in {finding["tag"] for finding in document["findings"]}
