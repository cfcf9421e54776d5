"""A small fleet that has seen everything, and an address of which every word is hostile, as reading commands find them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection

from support.audits import audits
from support.watched import DAY, HOUR, MINUTE, NOW, Watched
from truehelo.monitor.policy import Policy
from truehelo.monitor.reading.history import history
from truehelo.monitor.reading.report import report
from truehelo.monitor.reading.status import status
from truehelo.monitor.story import evidence
from truehelo.render.reading import Asked, History, Report, Status
from truehelo.store import upkeep
from truehelo.store.database import Database
from truehelo.store.migrate import upgrade

BLIND = "zone 8.b.d.0.1.0.0.2.ip6.arpa: SERVFAIL"
EVIL = "\x1b[31m<script>alert(1)</script>|`x`\u202e [a](http://evil.example) @all\n=1+1"


def fleet(watched: Watched) -> dict[str, int]:
    """Fill in a small fleet that has seen everything; return the number of each of its parts by name."""
    n = _addresses(watched)
    _failing(watched, n)
    _past(watched, n)
    watched.state(n["suspect"], "GREETING_DIFFERS", "suspect", 60.0, "warning", "the greeting names another host")
    for number, ago in ((n["north"], 6 * DAY), (n["bulk 1"], 3 * DAY)):
        watched.listing(number, "spamhaus-zen", "listed", ago)
        watched.state(number, "DNSBL_LISTED:spamhaus-zen", "failing", ago, "error", "listed by Spamhaus ZEN: spam source")
        watched.flip(number, "DNSBL_LISTED:spamhaus-zen", "ok", "failing", ago, "listed by Spamhaus ZEN: spam source")
    watched.listing(n["well"], "dnswl", "listed", 30 * DAY, codes="127.0.5.2")
    watched.listing(n["new"], "spamhaus-zen", "unknown", 3 * HOUR, "the resolver is refused")
    watched.domain("well.example")
    watched.domain("blind.example", blind=2 * HOUR, cause="_dmarc.blind.example TXT: servfail")
    watched.letter("pager", "pending", 20 * MINUTE, incident=n["#bulk"], detail="connection refused")
    watched.letter("pager", "failed", 2 * DAY, incident=n["#listed"], detail="no reply within 60 s")
    watched.letter("mail", "delivered", 5 * MINUTE, incident=n["#north"], detail="250 ok")
    n["silence"] = watched.silence("silence", "the range is being moved", HOUR, 7 * HOUR, groups=["bulk"])
    watched.silence("maintenance", "new disks", 2 * HOUR, HOUR, ip="192.0.2.32")
    watched.silence("maintenance", "new kernel", 50 * HOUR, -46 * HOUR, ip="192.0.2.25")
    watched.gap(30 * HOUR, 29 * HOUR)
    watched.heartbeat(8.0)
    return n


def _addresses(watched: Watched) -> dict[str, int]:
    n = {
        "north": watched.subject(
            "198.51.100.4",
            expected=("mail.business.example",),
            groups=("customers-north",),
            owner="anna",
            worst="failing",
        ),
        "well": watched.subject("192.0.2.25", expected=("mail.example.com",), groups=("eu",), owner="bert"),
        "blind": watched.subject(
            "2001:db8::25", groups=("eu",), worst="failing", overlay="undetermined", blind=3 * HOUR, cause=BLIND
        ),
        "new": watched.subject("192.0.2.30", began=None, groups=("eu",)),
        "suspect": watched.subject("192.0.2.31", worst="suspect", groups=("eu",)),
        "planned": watched.subject("192.0.2.32", overlay="maintenance", groups=("eu",)),
        "oslo": watched.subject("192.0.2.40", vantage="oslo", expected=("twin.example.com",)),
        "rome": watched.subject("192.0.2.40", vantage="rome", expected=("twin.example.com",), worst="failing"),
        "gone": watched.subject("192.0.2.99", expected=("old.example.com",), removed=9 * DAY),
    }
    for number in range(1, 21):
        name = (f"m{number}.bulk.example",)
        n[f"bulk {number}"] = watched.subject(
            f"203.0.113.{number}", expected=name, groups=("bulk",), worst="failing" if number > 5 or number == 1 else "ok"
        )
    return n


def _failing(watched: Watched, n: dict[str, int]) -> None:
    facts = audits()["fail"].subjects[0].facts
    kept = evidence(facts, watched.now - 5 * MINUTE)
    old, new = "mail.business.example", "198-51-100-4.dynamic.cloudhost.example"
    message = f"198.51.100.4 is called {new}, not {old}"
    watched.state(n["north"], "PTR_UNEXPECTED", "failing", 6 * MINUTE, "error", message, old=old, new=new)
    n["north flip"] = watched.flip(n["north"], "PTR_UNEXPECTED", "ok", "failing", 6 * MINUTE, message, kept)
    watched.flip(n["north"], "ptr", old, new, 5 * MINUTE, "the authoritative servers, or two resolvers, say so", kept)
    watched.seen(n["north"], "ptr", new, 5 * MINUTE)
    watched.seen(n["north"], "greeting", "mail.business.example", 200 * DAY)
    n["#north"] = watched.incident(
        "PTR_UNEXPECTED",
        5 * MINUTE,
        members=(n["north"],),
        old=old,
        new=new,
        message=message,
        receivers=["gmail: refuse, 550 5.7.25", "postfix+strict: refuse, 450 4.7.25"],
        served_by=["ns1.cloudhost.example (198.51.100.53)"],
        fix=[
            "1. Set the PTR of 198.51.100.4 to mail.business.example (who: Cloudhost)",
            "    4.100.51.198.in-addr.arpa. 3600 IN PTR mail.business.example.",
            "    $ truehelo wait 198.51.100.4 --for PTR=mail.business.example",
        ],
    )
    n["#listed"] = watched.incident(
        "DNSBL_LISTED:spamhaus-zen",
        6 * DAY,
        members=(n["north"], n["bulk 1"]),
        acknowledged=5 * DAY,
        by="bert@host",
        note="asked for removal",
        cause="DNSBL_LISTED:spamhaus-zen in 2 networks",
    )
    bulk = [n[f"bulk {number}"] for number in range(1, 21)]
    for number in bulk[:5]:
        watched.flip(number, "PTR_MISSING", "ok", "failing", 2 * DAY, "the address has no PTR record")
        watched.flip(number, "PTR_MISSING", "failing", "ok", DAY, "well again, seen 3 times")
    for number in bulk[5:]:
        watched.state(number, "PTR_MISSING", "failing", 2 * DAY, "error", "the address has no PTR record")
        watched.flip(number, "PTR_MISSING", "ok", "failing", 2 * DAY, "the address has no PTR record")
    n["#bulk"] = watched.incident(
        "PTR_MISSING", 2 * DAY, members=bulk[5:], well=bulk[:5], cause="PTR_MISSING in 203.0.113.0/24", flapping=True
    )
    n["#blind"] = watched.incident(
        "CANNOT_SEE", 2 * HOUR, severity="note", cause=f"nothing can be seen of 1 address: {BLIND}", count=1
    )


def _past(watched: Watched, n: dict[str, int]) -> None:
    watched.flip(n["blind"], "sight", "seen", "undetermined", 3 * HOUR, BLIND)
    watched.state(n["rome"], "GREETING_DIFFERS", "failing", 20 * HOUR, "warning", "the greeting names another host")
    watched.flip(n["rome"], "GREETING_DIFFERS", "ok", "failing", 20 * HOUR)
    watched.flip(n["well"], "PTR_MISSING", "ok", "failing", 15 * DAY, "the address has no PTR record")
    watched.flip(n["well"], "PTR_MISSING", "failing", "ok", 15 * DAY - 2 * HOUR, "well again, seen 3 times")
    watched.flip(n["well"], "sight", "seen", "undetermined", 5 * DAY, "resolver 192.0.2.53: timeout")
    watched.flip(n["well"], "sight", "undetermined", "seen", 5 * DAY - 3 * HOUR, "it can be seen again")
    watched.flip(n["well"], "GREETING_DIFFERS", "ok", "failing", 10 * HOUR, "the greeting names another host")
    watched.flip(n["well"], "greeting", "mail.example.com", "localhost", 10 * HOUR)
    watched.flip(n["well"], "greeting", "localhost", "mail.example.com", 9 * HOUR)
    watched.flip(n["well"], "GREETING_DIFFERS", "failing", "ok", 9 * HOUR, "well again, seen 3 times")
    watched.incident("GREETING_DIFFERS", 10 * HOUR, severity="warning", well=(n["well"],), closed=9 * HOUR)
    watched.seen(n["well"], "ptr", "mail.example.com", 300 * DAY)
    watched.seen(n["well"], "forward", "mail.example.com leads back", 300 * DAY)
    watched.seen(n["well"], "greeting", "mail.example.com", 9 * HOUR)
    # Of this one the flips are gone but for the last 20 days, and some days before them are kept in sums.
    watched.rolled_up(20)
    watched.day(n["suspect"], 25, failing=6 * HOUR, undetermined=HOUR)
    watched.day(n["suspect"], 60, unwatched=DAY)
    watched.day(n["suspect"], 200, failing=DAY)


def hostile(watched: Watched) -> int:
    """Fill in one address of which every text is hostile; return its number."""
    facts = audits()["hostile"].subjects[0].facts
    number = watched.subject(
        "192.0.2.66", expected=("=cmd.example",), groups=(EVIL,), owner=EVIL, worst="failing", vantage=EVIL
    )
    watched.state(number, "PTR_UNEXPECTED", "failing", HOUR, "error", EVIL, old=EVIL, new=EVIL)
    watched.flip(number, "PTR_UNEXPECTED", "ok", "failing", HOUR, EVIL, evidence(facts, watched.now))
    watched.flip(number, "greeting", EVIL, f"failing {EVIL}", HOUR, EVIL)
    watched.seen(number, "greeting", EVIL, HOUR)
    watched.domain(EVIL, blind=HOUR, cause=EVIL)
    watched.seen(number, "ptr", EVIL, HOUR)
    watched.incident(
        "PTR_UNEXPECTED",
        HOUR,
        members=(number,),
        acknowledged=60.0,
        by=EVIL,
        note=EVIL,
        old=EVIL,
        new=EVIL,
        cause=EVIL,
        message=EVIL,
        receivers=[EVIL],
        served_by=[EVIL],
        fix=[EVIL, f"    {EVIL}"],
    )
    watched.listing(number, EVIL, "unknown", HOUR, EVIL)
    watched.letter(EVIL, "failed", HOUR, detail=EVIL)
    watched.silence("silence", EVIL, HOUR, HOUR, by=EVIL, groups=[EVIL])
    watched.heartbeat(5.0, EVIL)
    watched.subject("192.0.2.67", overlay="undetermined", blind=HOUR, cause=EVIL)
    return number


# Reading it


@dataclass(frozen=True)
class Fleet:
    """A filled store, read at `NOW`."""

    database: Database
    numbers: object

    @contextmanager
    def _reading(self, policy: Policy | None = None) -> Iterator[tuple[Connection, Policy]]:
        with self.database.read() as connection:
            yield (
                connection,
                policy
                or Policy(
                    silences=upkeep.silences_now(connection, "silence", NOW),
                    windows=upkeep.silences_now(connection, "maintenance", NOW),
                ),
            )

    def status(self, asked: Asked = Asked(), policy: Policy | None = None) -> Status:  # noqa: B008  frozen
        with self._reading(policy) as (connection, rules):
            return status(connection, asked, rules, NOW, database="fleet.db", warnings=("nobody will be told",))

    def history(self, target: str, *, most: int | None = 20, since: float = 365 * DAY) -> History:
        with self._reading() as (connection, rules):
            return history(connection, target, rules, NOW, since=NOW - since, most=most)

    def report(self, targets: Sequence[str] = (), *, days: int = 30, asked: Asked = Asked()) -> Report:  # noqa: B008  frozen
        with self._reading() as (connection, rules):
            return report(connection, asked, targets, rules, NOW, days=days, warnings=("nobody will be told",))


@contextmanager
def opened(url: str, fill: Callable[[Watched], object]) -> Iterator[Fleet]:
    """A new store, filled."""
    database = Database(url)
    upgrade(database)
    try:
        yield Fleet(database, fill(Watched(database)))
    finally:
        database.close()
