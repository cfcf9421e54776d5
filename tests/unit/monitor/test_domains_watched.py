"""Domains are watched like addresses: what changed is believed when those who know say so, told once, and ended."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from sqlalchemy import select

from support.domainscene import DMARC, DOMAIN, SPF, DomainScene, watched
from support.scene import Scene, killed
from truehelo.cli.main import run
from truehelo.configuration.domains import DomainSettings
from truehelo.facts.dns import Outcome
from truehelo.monitor import acting
from truehelo.monitor.reading.status import unseen_domains
from truehelo.monitoring import NoticeKind
from truehelo.store import incidents as rows
from truehelo.store import tables
from truehelo.store.things.tables import domain_flips, domain_records, thing_states

HOUR, DAY = 3600.0, 86_400.0
SCHEMA = Path(__file__).parents[3] / "src" / "truehelo" / "render" / "schema" / "domain-history-1.json"
OTHER = "v=spf1 mx include:spf.provider.example -all"


def told(scene: Scene) -> list[tuple[NoticeKind, str]]:
    return [(message.kind, message.tag) for _, _, message in scene.hands["pager"].got]


def texts(scene: Scene) -> list[str]:
    return [" ".join(message.text.split()) for _, _, message in scene.hands["pager"].got]


def kept(scene: Scene, table: Any, *columns: str) -> list[tuple[Any, ...]]:
    with scene.database.read() as connection:
        return [
            tuple(row)
            for row in connection.execute(select(*(table.c[each] for each in columns)).order_by(table.c[columns[0]]))
        ]


def test_what_stands_there_at_the_beginning_is_kept_and_not_told(tmp_path: Path) -> None:
    async def story(scene: DomainScene) -> None:
        scene.start()
        await scene.until(2 * HOUR)

    scene = watched(tmp_path, story)
    assert told(scene) == []
    held = dict(kept(scene, domain_records, "what", "value"))
    assert held["spf"] == SPF
    assert held["dmarc"] == DMARC
    assert held["mx"] == f"10 mx1.{DOMAIN}.\n20 mx2.{DOMAIN}."
    assert held["tls-rpt"] == ""
    assert kept(scene, domain_flips, "what") == []


def test_a_record_that_changes_is_told_once_and_ends_after_a_while(tmp_path: Path) -> None:
    async def story(scene: DomainScene) -> None:
        scene.start()
        await scene.until(2 * HOUR)
        scene.publish(DOMAIN, "TXT", OTHER)
        await scene.until(9 * HOUR)

    scene = watched(tmp_path, story)
    assert told(scene) == [(NoticeKind.OPENED, "SPF_RECORD_CHANGED"), (NoticeKind.RECOVERED, "SPF_RECORD_CHANGED")]
    assert scene.hands["pager"].got[0][0] < 2 * HOUR + 1800 + 4 * 600
    assert f"from: {SPF}" in texts(scene)[0]
    assert f"to: {OTHER}" in texts(scene)[0]
    assert f'{DOMAIN}. TXT "{SPF}"' in texts(scene)[0]
    assert "Domains" in texts(scene)[0]
    assert "it has stood for 6 hours" in texts(scene)[1]
    assert kept(scene, domain_flips, "what", "old", "new") == [("spf", SPF, OTHER)]
    assert kept(scene, thing_states, "tag") == []


def test_the_history_of_a_domain_tells_what_stands_there_and_each_change(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def story(scene: DomainScene) -> None:
        scene.start()
        await scene.until(2 * HOUR)
        scene.publish(DOMAIN, "TXT", OTHER)
        await scene.until(4 * HOUR)

    watched(tmp_path, story)
    since = ["--since", "2026-12-31", "--database", str(tmp_path / "watched.db")]
    assert run(["history", DOMAIN.upper(), *since]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert f"{DOMAIN}: the records of a domain, watched" in text
    assert "spf, since 2027-01-01 02:" in text
    assert f"from: {SPF} to: {OTHER}" in text
    assert run(["history", DOMAIN, "--json", *since]) == 0
    found = json.loads(capsys.readouterr().out)
    jsonschema.validate(found, json.loads(SCHEMA.read_text("utf-8")))
    assert [(each["what"], each["old"], each["new"]) for each in found["changes"]] == [("spf", SPF, OTHER)]
    assert run(["history", "elsewhere.example", *since]) == 2


def test_what_was_there_before_ends_it_when_it_is_back(tmp_path: Path) -> None:
    async def story(scene: DomainScene) -> None:
        scene.start()
        await scene.until(2 * HOUR)
        scene.publish(DOMAIN, "MX", "10 mx.elsewhere.example.")
        await scene.until(5 * HOUR)
        scene.publish(DOMAIN, "MX", f"20 mx2.{DOMAIN}.", f"10 MX1.{DOMAIN}.")
        await scene.until(7 * HOUR)

    scene = watched(tmp_path, story)
    assert told(scene) == [(NoticeKind.OPENED, "MX_RECORD_CHANGED"), (NoticeKind.RECOVERED, "MX_RECORD_CHANGED")]
    assert "what was there before is back" in texts(scene)[1]


def test_an_acknowledgement_ends_a_change(tmp_path: Path) -> None:
    async def story(scene: DomainScene) -> None:
        scene.start()
        await scene.until(2 * HOUR)
        scene.publish(DOMAIN, "NS", "ns1.elsewhere.example.", "ns2.elsewhere.example.")
        await scene.when(lambda: told(scene), 60)
        with scene.database.write() as connection:
            (incident,) = rows.open_incidents(connection)
            acting.acknowledge(connection, incident, by="ann", note="we moved", now=scene.clock.seconds())
        await scene.until(scene.clock.monotonic() + 1300)

    scene = watched(tmp_path, story)
    assert told(scene) == [(NoticeKind.OPENED, "NS_RECORD_CHANGED"), (NoticeKind.RECOVERED, "NS_RECORD_CHANGED")]
    assert "it was acknowledged by ann" in texts(scene)[1]


def test_a_weaker_policy_is_one_incident_until_it_is_as_strong_again(tmp_path: Path) -> None:
    async def story(scene: DomainScene) -> None:
        scene.start()
        await scene.until(2 * HOUR)
        scene.publish(f"_dmarc.{DOMAIN}", "TXT", "v=DMARC1; p=none")
        await scene.until(6 * HOUR)
        assert told(scene) == [(NoticeKind.OPENED, "DMARC_POLICY_WEAKENED")]
        scene.publish(f"_dmarc.{DOMAIN}", "TXT", DMARC)
        await scene.until(9 * HOUR)

    scene = watched(tmp_path, story)
    assert told(scene) == [(NoticeKind.OPENED, "DMARC_POLICY_WEAKENED"), (NoticeKind.RECOVERED, "DMARC_POLICY_WEAKENED")]
    assert "the policy (p) from reject to none" in texts(scene)[0]
    assert "also: DMARC_RECORD_CHANGED" in texts(scene)[0]
    assert f'_dmarc.{DOMAIN}. TXT "{DMARC}"' in texts(scene)[0]


def test_a_second_change_is_a_second_story(tmp_path: Path) -> None:
    async def story(scene: DomainScene) -> None:
        scene.start()
        await scene.until(2 * HOUR)
        scene.publish(DOMAIN, "TXT", OTHER)
        await scene.until(4 * HOUR)
        scene.publish(DOMAIN, "TXT", "v=spf1 -all")
        await scene.until(6 * HOUR)

    scene = watched(tmp_path, story)
    assert [kind for kind, _ in told(scene)] == [NoticeKind.OPENED, NoticeKind.RECOVERED, NoticeKind.OPENED]
    assert "it has changed again" in texts(scene)[1]


def test_a_record_that_comes_and_goes_is_told_to_flap(tmp_path: Path) -> None:
    async def story(scene: DomainScene) -> None:
        scene.start()
        for turn in range(12):
            await scene.until((2 + turn * 1.5) * HOUR)
            scene.publish(DOMAIN, "TXT", OTHER if turn % 2 == 0 else SPF)
        await scene.until(28 * HOUR)

    scene = watched(tmp_path, story, domains=DomainSettings(names=(DOMAIN,), interval_s=600.0, changed_for_s=4 * DAY))
    kinds = [kind for kind, _ in told(scene)]
    assert kinds.count(NoticeKind.FLAPPING) == 1
    assert kinds[-1] is NoticeKind.STABLE
    assert kinds.count(NoticeKind.OPENED) <= 2


UNSEEN = [
    ("both resolvers fail on it, and so do the servers", ("resolver 0", "resolver 1", "server"), Outcome.SERVFAIL, ()),
    ("nobody answers", ("resolver 0", "resolver 1", "server"), Outcome.TIMEOUT, ()),
    ("both refuse", ("resolver 0", "resolver 1", "server"), Outcome.REFUSED, ()),
    ("one resolver lies about it", ("resolver 0",), Outcome.ANSWER, ('"v=spf1 +all"',)),
    ("one resolver denies it", ("resolver 0",), Outcome.NXDOMAIN, ()),
    ("both resolvers hold something else, and the servers know better", ("resolver 0", "resolver 1"), Outcome.NODATA, ()),
]


@pytest.mark.parametrize(("sentence", "who", "outcome", "data"), UNSEEN, ids=[row[0] for row in UNSEEN])
def test_what_only_seems_so_is_never_told(
    tmp_path: Path, sentence: str, who: tuple[str, ...], outcome: Outcome, data: tuple[str, ...]
) -> None:
    async def story(scene: DomainScene) -> None:
        scene.start()
        await scene.until(2 * HOUR)
        for each in who:
            scene.world.told[each, DOMAIN] = (outcome, data)
        await scene.until(5 * HOUR)
        scene.world.told.clear()
        await scene.until(9 * HOUR)

    scene = watched(tmp_path, story)
    assert told(scene) == [], sentence
    assert kept(scene, domain_flips, "what") == [], sentence


@pytest.mark.parametrize(
    ("outcome", "cause"),
    [(Outcome.SERVFAIL, f"{DOMAIN} TXT: servfail"), (Outcome.TIMEOUT, "timeout"), (Outcome.NXDOMAIN, "")],
    ids=["servfail", "timeout", "denied"],
)
def test_a_domain_that_cannot_be_seen_is_shown_as_unknown(tmp_path: Path, outcome: Outcome, cause: str) -> None:
    shown: list[list[str]] = []

    async def story(scene: DomainScene) -> None:
        def look() -> None:
            with scene.database.read() as connection:
                shown.append([each.cause for each in unseen_domains(connection) if each.name == DOMAIN])

        scene.start()
        await scene.until(2 * HOUR)
        look()
        for each in ("resolver 0", "resolver 1", "server"):
            scene.world.told[each, DOMAIN] = (outcome, ())
        await scene.until(5 * HOUR)
        look()
        scene.world.told.clear()
        await scene.until(9 * HOUR)
        look()

    watched(tmp_path, story)
    before, during, after = shown
    assert before == after == []
    assert len(during) == bool(cause)
    assert all(cause in each for each in during)


@pytest.mark.parametrize("after_s", [0.0, 50.0, 250.0])
def test_a_watcher_that_is_killed_in_the_middle_tells_nothing_twice(tmp_path: Path, after_s: float) -> None:
    async def story(scene: DomainScene) -> None:
        scene.start()
        await scene.until(2 * HOUR)
        scene.publish(DOMAIN, "TXT", OTHER)
        await scene.when(lambda: kept(scene, domain_flips, "what"), 20)
        await scene.until(scene.clock.monotonic() + after_s)
        await killed()
        scene.start("two")
        await scene.until(9 * HOUR)

    scene = watched(tmp_path, story)
    assert told(scene) == [(NoticeKind.OPENED, "SPF_RECORD_CHANGED"), (NoticeKind.RECOVERED, "SPF_RECORD_CHANGED")]


def test_two_watchers_share_the_work_and_tell_it_once(tmp_path: Path) -> None:
    async def story(scene: DomainScene) -> None:
        scene.start("one")
        scene.start("two")
        await scene.until(2 * HOUR)
        scene.publish(DOMAIN, "TXT", OTHER)
        await scene.until(5 * HOUR)

    scene = watched(tmp_path, story)
    assert told(scene) == [(NoticeKind.OPENED, "SPF_RECORD_CHANGED")]
    assert len(kept(scene, domain_flips, "what")) == 1


def test_a_domain_that_is_no_longer_watched_ends_its_incidents(tmp_path: Path) -> None:
    async def story(scene: DomainScene) -> None:
        scene.start()
        await scene.until(2 * HOUR)
        scene.publish(DOMAIN, "TXT", OTHER)
        await scene.when(lambda: told(scene), 60)
        await killed()
        scene.domains = DomainSettings()
        scene.start()
        await scene.until(scene.clock.monotonic() + 1300)

    scene = watched(tmp_path, story)
    assert told(scene) == [(NoticeKind.OPENED, "SPF_RECORD_CHANGED"), (NoticeKind.RECOVERED, "SPF_RECORD_CHANGED")]
    assert "it is no longer watched" in texts(scene)[1]


def test_a_quiet_day_costs_a_handful_of_questions_an_hour(tmp_path: Path) -> None:
    """No question goes to the servers themselves while nothing has changed."""

    async def story(scene: DomainScene) -> None:
        scene.start()
        await scene.until(2 * HOUR)
        scene.world.asked.clear()
        await scene.until(15 * HOUR)

    scene = watched(tmp_path, story)
    mine = [
        (who, question)
        for _, who, question in scene.world.asked
        if question.name.endswith(DOMAIN) and question.rdtype in ("TXT", "MX", "NS")
    ]
    assert not [who for who, _ in mine if who == "server"]
    assert len(mine) <= 26 * 6 * 2  # a denial is put to a second resolver
    with scene.database.read() as connection:
        assert connection.execute(select(tables.incidents.c.id)).all() == []


def test_a_fault_in_one_domain_does_not_end_the_watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ValueError("no such thing")

    monkeypatch.setattr("truehelo.monitor.domains.questions", broken)

    async def story(scene: DomainScene) -> None:
        scene.start()
        await scene.until(2 * HOUR)
        assert not scene._running[0].done()

    scene = watched(tmp_path, story)
    assert f"a fault of truehelo in a look at the domain {DOMAIN}: ValueError: no such thing" in scene.said
