"""The registry, the public suffix list, the clock."""

import asyncio
import time
from ipaddress import ip_address, ip_network

import pytest

from truehelo.facts.address import Address
from truehelo.facts.holder import Holder, HolderOutcome
from truehelo.ports import NOT_CONTACTED
from truehelo.probes.clock import SystemClock
from truehelo.probes.rdap import NotRegisteredError, RdapRegistry, Registration, RegistryError
from truehelo.probes.routes import Routes
from truehelo.probes.suffixes import PublicSuffixes

IP = ip_address("192.0.2.25")
FOUND: Registration = {
    "handle": "NET-192-0-2-0",
    "name": "TEST-NET-1",
    "network": ip_network("192.0.2.0/24"),
    "country": "ZZ",
    "entities": {
        "registrant": [{"name": "Example Hosting\x1b[31m", "email": "noc@hosting.example"}],
        "abuse": [{"email": "abuse@hosting.example"}, {"email": "abuse@hosting.example"}, {"name": "no mail"}],
    },
}


def holder(
    result: Registration | Exception, *, timeout_s: float = 5, delay_s: float = 0, routes: Routes | None = None
) -> Holder:
    def fetch(_: Address) -> Registration:
        time.sleep(delay_s)
        if isinstance(result, Exception):
            raise result
        return result

    registry = RdapRegistry(clock=SystemClock(), routes=routes or Routes(), timeout_s=timeout_s, fetch=fetch)
    return asyncio.run(registry.holder(IP))


def test_a_registration_is_read_and_its_text_made_harmless() -> None:
    found = holder(FOUND)
    assert (found.outcome, found.handle, found.name, found.network, found.country) == (
        HolderOutcome.FOUND,
        "NET-192-0-2-0",
        "TEST-NET-1",
        "192.0.2.0/24",
        "ZZ",
    )
    assert found.organisation == "Example Hosting\\x1b[31m"
    assert found.abuse == ("abuse@hosting.example",)


@pytest.mark.parametrize(
    ("sentence", "result", "outcome", "detail"),
    [
        ("no registration", NotRegisteredError(), "not_found", "the registry has no registration for it"),
        ("the registry failed", RegistryError("too many questions\x07"), "failed", "too many questions\\x07"),
        ("its reply broke the parser", KeyError("x"), "failed", "the registry's reply could not be read (KeyError)"),
        ("its reply has another shape", {"entities": []}, "found", ""),
        (
            "its reply has odd entities",
            {"entities": {"abuse": ["x"]}},
            "failed",
            "the registry's reply could not be read (AttributeError)",
        ),
    ],
)
def test_whatever_goes_wrong_is_a_fact(sentence: str, result: Registration | Exception, outcome: str, detail: str) -> None:
    found = holder(result)
    assert (found.outcome, found.detail) == (outcome, detail), sentence


def test_a_registry_that_keeps_silent_is_given_up_in_time() -> None:
    began = time.monotonic()
    found = holder(FOUND, timeout_s=0.05, delay_s=1)
    assert (found.outcome, found.detail) == ("failed", "the registry did not reply in 0.05 s")
    assert time.monotonic() - began < 0.9


def test_the_guard_keeps_the_registry_from_being_contacted() -> None:
    assert holder(FOUND, routes=Routes(loopback_only=True)).detail == NOT_CONTACTED


@pytest.mark.parametrize(
    ("name", "organisation"),
    [
        ("mail.business.example", "business.example"),
        ("business.example", "business.example"),
        ("MAIL.Business.Example.", "business.example"),
        ("example", None),
        ("mail.example.co.uk", "example.co.uk"),
        ("co.uk", None),
        ("vm1.customer.dyndns.org", "customer.dyndns.org"),  # of the private section: each customer is another organisation
        ("", None),
        ("a..example", None),
    ],
)
def test_the_organisation_of_a_name(name: str, organisation: str | None) -> None:
    assert PublicSuffixes().organisation(name) == organisation


def test_the_clock_tells_utc_and_never_goes_back() -> None:
    clock = SystemClock()
    assert clock.now().utcoffset() is not None
    assert clock.now().tzname() == "UTC"
    assert clock.monotonic() <= clock.monotonic()
