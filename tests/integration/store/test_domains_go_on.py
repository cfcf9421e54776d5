"""What strangers publish is kept on both databases, and a domain that cannot be kept holds up no other."""

import asyncio
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from support.alerted import Office
from truehelo.blocklists.read import Listing
from truehelo.blocklists.read import State as ListState
from truehelo.configuration.alerting import Alerting
from truehelo.configuration.domains import DomainSettings
from truehelo.configuration.watch import WatchSettings
from truehelo.drift.records import questions
from truehelo.inventory.model import Line
from truehelo.monitor import domains as watch
from truehelo.monitor import record
from truehelo.monitor.domains import DomainLook, DomainWatch, Watching
from truehelo.monitor.incidents import Told
from truehelo.monitor.look import Look
from truehelo.monitor.policy import Policy
from truehelo.monitor.sources import changes
from truehelo.monitor.sources.incidents import settle
from truehelo.monitor.stored import Inline
from truehelo.store import inventory, results, schedule
from truehelo.store.database import StoreError
from truehelo.store.schedule import Held
from truehelo.store.sources import standings
from truehelo.store.sources.standings import Authorised, Standing
from truehelo.store.tables import subjects, things
from truehelo.store.things import domains, rows
from truehelo.store.things.domains import DueDomain, Wanted
from truehelo.store.things.tables import domain_records, watched_domains

pytestmark = pytest.mark.integration
ODD = [f"odd{number}.example" for number in range(watch.AT_ONCE)]
WELL = "well.example"


@pytest.fixture
def office(store_url: str) -> Iterator[Office]:
    made = Office.opened(store_url)
    yield made
    made.database.close()


class Noon:
    def __init__(self, office: Office) -> None:
        self.office = office

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.office.now, UTC)


def watching(office: Office) -> DomainWatch:
    settings = DomainSettings(names=(*ODD, WELL), inventory=False, reports=False)
    parts: Any = Watching(resolver=None, policy=office.policy, settings=settings)  # type: ignore[arg-type]
    clock: Any = Noon(office)
    return DomainWatch(
        database=office.database, stored=Inline(), clock=clock, watching=parts, worker="one", log=office.said.append
    )


def seen(office: Office) -> dict[str, str]:
    """The SPF record that is believed, by domain."""
    wanted = select(things.c.name, domain_records.c.value).join_from(
        domain_records, things, things.c.id == domain_records.c.thing_id
    )
    with office.database.read() as connection:
        return {row.name: row.value for row in connection.execute(wanted)}


TROUBLES = [
    ("the database does not take it", "unfit"),
    ("it is a fault of this program", "fault"),
]


@pytest.mark.parametrize(("sentence", "kind"), TROUBLES, ids=[row[0] for row in TROUBLES])
def test_domains_that_cannot_be_kept_do_not_hold_up_another(
    office: Office, monkeypatch: pytest.MonkeyPatch, sentence: str, kind: str
) -> None:
    real = domains.observe

    def observe(connection: Any, thing_id: int, what: str, value: str, ttl: int, at: float) -> None:
        if kind == "fault" and "odd" in value:
            raise LookupError("no such thing")
        # A number that is too large is what neither database takes.
        real(connection, thing_id, what, value, 2**70 if "odd" in value else ttl, at)

    async def look(due: DueDomain, keys: object, resolver: object, at: float) -> DomainLook:
        name = due.thing.name
        values = {"spf": f"v=spf1 {name} -all"}
        return DomainLook(due=due, at=at, asked=questions(name), values=values, sure=frozenset({"spf"}))

    monkeypatch.setattr(domains, "observe", observe)
    monkeypatch.setattr(watch, "look", look)
    made = watching(office)
    for _ in range(4):  # more than two rounds of all of them
        asyncio.run(made.turn())
    assert seen(office) == {WELL: f"v=spf1 {WELL} -all"}, sentence
    for name in ODD:
        assert sum(name in line for line in office.said) == 1, "it is told, and not tried again at once"
    with office.database.read() as connection:
        watched = select(watched_domains.c.next_run_at, watched_domains.c.claimed_by)
        held = connection.execute(watched.where(watched_domains.c.next_run_at.is_not(None))).all()
        unseen = [name for name, _, _ in domains.unseen(connection)]
    assert all(row.claimed_by is None and row.next_run_at > office.now for row in held)
    assert unseen == []
    office.day += 1
    for _ in range(2):
        asyncio.run(made.turn())
    with office.database.read() as connection:
        assert [name for name, _, _ in domains.unseen(connection)] == ODD


def test_what_spf_and_names_say_is_kept_whatever_a_stranger_writes(office: Office) -> None:
    odd = "\0 and a half \ud800, in the record of odd.example"
    with office.database.write() as connection:
        found = Standing(ip="192.0.2.1", at=office.now, iprev="fail", organisation="odd\0.example", detail=odd)
        standings.keep(connection, [found])
        standings.authorise(
            connection, [Authorised(domain="shop.example", ip="192.0.2.1", at=office.now, word="permerror", detail=odd)]
        )
    with office.database.read() as connection:
        [kept] = standings.standings_of(connection, ["192.0.2.1"])["192.0.2.1"]
        [said] = standings.authorised_of(connection, ["192.0.2.1"], "shop.example")["192.0.2.1"]
    assert kept.detail == said.detail == "\ufffd and a half ?, in the record of odd.example"


def test_what_a_look_at_an_address_saw_is_kept_whatever_a_stranger_writes(office: Office) -> None:
    odd = "m0\0.example and half \ud800"
    with office.database.write() as connection:
        line = Line(target="192.0.2.1", managed_by="file:x")
        inventory.update_inventory(connection, [line], "file:x", office.now, default_interval_s=300.0)
        number = connection.scalar(select(subjects.c.id)) or 0
        held = Held(tag="T", state="failing", count=1, since=1.0, turned=1.0, severity="error", old=odd, new=odd)
        results.put_state(connection, number, held, odd)
        results.observe(connection, number, {"greeting": odd}, 0, office.now)
        results.add_flip(connection, number, "T", old=odd, new=odd, at=office.now, reason=odd)
        results.put_listing(connection, number, "list", results.Listed("listed", odd, odd), office.now)
    with office.database.read() as connection:
        assert results.observed(connection, number)["greeting"].value == "m0\ufffd.example and half ?"


def test_what_a_list_says_at_length_is_kept_once(office: Office) -> None:
    said = "m0\0 " + "very bad " * 100
    listing = Listing(list="zen", name="Zen", zone="zen.example", state=ListState.LISTED, meanings=(said,))
    with office.database.write() as connection:
        line = Line(target="192.0.2.1", managed_by="file:x")
        inventory.update_inventory(connection, [line], "file:x", office.now, default_interval_s=300.0)
        number = connection.scalar(select(subjects.c.id)) or 0
        [due] = schedule.taken(connection, schedule.Subjects(), [number])
        look = Look(due=replace(due, worst="ok"), at=office.now, fingerprint=1, listings=(listing,))
        policy = Policy(settings=WatchSettings(), alerting=Alerting())
        checked, anew = record.after(look, policy), []
        for _ in range(2):
            anew.append(not record.is_plain(look, checked, results.listed(connection, number)))
            results.put_listing(connection, number, "zen", results.Listed(str(listing.state), "", said), office.now)
    assert anew == [True, False]


def test_those_who_end_and_those_who_open_an_incident_do_not_lock_each_other_up(postgres_url: str) -> None:
    """Two end by their time while a third joins: one incident, since the same change of many domains is one."""
    office = Office.opened(postgres_url)
    old, new, changed_for = "v=spf1 mx -all", "v=spf1 -all", 3600.0
    names = (*ODD[:2], WELL)
    with office.database.write() as connection:
        domains.sync(connection, [Wanted(name=name, origins=("configuration",)) for name in names], 600.0, office.now)

    def became(name: str, value: str, at: float) -> None:
        parts = watching(office).watching
        with office.database.write() as connection:
            thing = rows.find(connection, rows.DOMAIN, name)
            assert thing is not None
            held = domains.records_of(connection, [thing.id]).get(thing.id, {})
            tick = connection.scalar(select(watched_domains.c.next_run_at).where(watched_domains.c.thing_id == thing.id))
            due = DueDomain(
                thing=thing, tick=tick or 0.0, due_at=at, interval_s=600.0, began_at=at, undetermined_since=None,
                records=held, suspected={"spf": (value, 5, at)} if held else {},
            )  # fmt: skip
            values = {"spf": value}
            look = DomainLook(due=due, at=at, asked=questions(name), values=values, sure=frozenset({"spf"}))
            assert watch.record(connection, look, parts, Told())

    for name in names:
        became(name, old, office.now)
    for name in names[:2]:
        became(name, new, office.now + 60)
    ending, failed = threading.Event(), []

    def end() -> None:
        try:
            with office.database.write() as connection:
                changes.expire(connection, changed_for, office.now + 2 * changed_for)
                ending.set()
                time.sleep(0.5)
                settle(connection, office.policy, office.now + 2 * changed_for, Told())
        except StoreError as error:
            failed.append(error)

    ender = threading.Thread(target=end)
    ender.start()
    assert ending.wait(10)
    became(names[2], new, office.now + 90)
    ender.join()
    assert failed == []
    assert office.open_tags() == ["SPF_RECORD_CHANGED"]
    office.database.close()
