"""`domain --reported`: which selectors stored reports name, on a SQLite file."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.domainruns import audits
from support.storedreports import came, reading, shape
from truehelo.app import Settings, domains
from truehelo.app.domains import DomainSettings
from truehelo.domains import DomainRun
from truehelo.reports.model import DkimResult
from truehelo.store.database import Database
from truehelo.store.migrate import upgrade
from truehelo.store.reports.importing import Importer

Cli = Callable[..., tuple[int, str, str]]
GOOD = audits()["good"]
TODAY = int(datetime.now(UTC).timestamp()) // 86_400


def signed(domain: str, selector: str, result: str = "pass") -> object:
    return shape(domain="shop.example", dkim_results=(DkimResult(domain=domain, selector=selector, result=result),))


def test_selectors_that_verified_mail_of_the_domain_of_late_are_looked_at(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "truehelo.db"
    store = Database(str(file))
    upgrade(store)
    importer = Importer(store)
    late = [("192.0.2.1", 5, signed("shop.example", "s2026")), ("192.0.2.1", 1, signed("service.example", "k1"))]
    late.append(("192.0.2.1", 2, signed("shop.example", "never", "permerror")))
    importer.store(reading(1, late, domain="shop.example", day=TODAY - 1), came("new.xml"))  # type: ignore[arg-type]
    before = [("192.0.2.1", 9, signed("shop.example", "s2019"))]
    importer.store(reading(2, before, domain="shop.example", day=TODAY - 60), came("old.xml"))  # type: ignore[arg-type]
    store.close()
    told: dict[str, list[str]] = {}

    async def look(found: dict[str, str], settings: Settings, wanted: DomainSettings, progress: object = None) -> DomainRun:
        assert wanted.reported is not None
        told.update({name: list(wanted.reported(name)) for name in found})
        return GOOD

    monkeypatch.setattr(domains, "look", look)
    code, _, err = cli("domain", "shop.example", "bakery.example", "--reported", "--database", str(file))
    assert (code, err) == (0, "")
    assert told == {"shop.example": ["s2026"], "bakery.example": []}
