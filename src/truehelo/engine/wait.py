"""Waiting for a change: what each authoritative server and each resolver says of one record, round by round.

Resolvers are asked once at the start, to learn what they hold and for how long, and then only when the authoritative
servers are all new: asking earlier would make a resolver fetch the old record again and keep it for a whole TTL.
Nothing here decides whether the change is a good one.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from truehelo.engine.targets import Kind, Target, checked_name, parse_target
from truehelo.errors import InputError
from truehelo.facts.address import parse_address, reverse_name
from truehelo.facts.dns import Exchange, Outcome, Question, Record
from truehelo.facts.names import canonical
from truehelo.ports import Clock, Resolver
from truehelo.records.txt import quoted, txt_text, zone_file_form

REDISCOVER_S = 600.0
"""How long the zone cut that was found is taken to hold, in seconds."""
TYPES = ("PTR", "A", "AAAA", "CNAME", "MX", "NS", "TXT")


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitRow:
    """What one server says now. `state` is "new", "old" or "failed"; `ttl` in seconds is how long a resolver keeps it."""

    server: str
    kind: str
    outcome: Outcome
    data: tuple[str, ...]
    ttl: int | None
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitRound:
    """One look at all servers. `latest` is when the last cached old answer ends; None while it cannot be said.

    `detail` says why the authoritative servers could not be found, where they could not.
    """

    question: Question
    wanted: tuple[str, ...]
    rows: tuple[WaitRow, ...]
    at: datetime
    latest: datetime | None
    detail: str = ""

    @property
    def everywhere(self) -> bool:
        """Every server that there is says the new, and at least one of them is authoritative or all that was asked."""
        return bool(self.rows) and all(row.state == "new" for row in self.rows)

    @property
    def undetermined(self) -> bool:
        """No server holds the old, and some cannot be heard."""
        return not self.everywhere and not any(row.state == "old" for row in self.rows)


def waited_target(text: str, wanted: str) -> Target:
    """Read the target of `--for TYPE=VALUE`: an address, or a name that is asked for as it stands.

    What a TXT record or an alias stands at may have labels with an underscore before them, as `_dmarc` has (RFC 8552 §1.1).

    Raises:
        InputError: It is neither.
    """
    word, colon, rest = text.strip().partition(":")
    name = rest if colon and word.lower() in ("host", "domain") else text
    if "_" in name and wanted.partition("=")[0].strip().upper() in ("TXT", "CNAME"):
        return Target(kind=Kind.NAME, text=text, name=checked_name(name, underscored=True))
    parsed = parse_target(text)
    if parsed.kind in (Kind.HOST, Kind.DOMAIN):
        return Target(kind=Kind.NAME, text=parsed.text, name=parsed.name)
    return parsed


def wanted_record(target: Target, wanted: str) -> tuple[Question, tuple[str, ...]]:
    """Read `--for TYPE=VALUE` for a target.

    Raises:
        InputError: The type or the value cannot be waited for with this target.
    """
    rdtype, equals, value = wanted.partition("=")
    rdtype, value = rdtype.strip().upper(), value.strip()
    if not equals or not value or rdtype not in TYPES:
        raise InputError(
            f"--for {wanted}", "is not TYPE=VALUE", f"types are {', '.join(TYPES)}, as in --for PTR=mail.example.com"
        )
    if rdtype == "PTR":
        if target.ip is None:
            raise InputError(
                target.text, "is no address", "a PTR is waited for at an address: truehelo wait 192.0.2.25 --for PTR=NAME"
            )
        return Question(name=reverse_name(target.ip), rdtype="PTR"), (checked_name(value),)
    if target.kind in (Kind.ADDRESS, Kind.NETWORK) or target.name is None:
        raise InputError(target.text, "is no name", f"a record of type {rdtype} is waited for at a name")
    if rdtype in ("A", "AAAA"):
        ip = parse_address(value)
        if ip is None or ip.version != (4 if rdtype == "A" else 6):
            raise InputError(value, f"is not an address for a record of type {rdtype}", "")
        value = str(ip)
    if rdtype == "TXT":
        value = zone_file_form(value)
    return Question(name=target.name, rdtype=rdtype), (_plain(Record(owner=target.name, ttl=0, rdtype=rdtype, data=value)),)


def _plain(record: Record) -> str:
    """Return record data as it compares; how a text is cut into strings makes no difference (RFC 7208 §3.3)."""
    if record.rdtype == "TXT":
        return quoted(txt_text(record))
    if record.rdtype in ("A", "AAAA"):
        return str(parse_address(record.data) or record.data)
    return " ".join(canonical(word) for word in record.data.split())


@dataclass(slots=True)
class Wait:
    """One wait. `interval` is seconds between rounds, `give_up` seconds until the last one (None: never)."""

    resolver: Resolver
    clock: Clock
    question: Question
    wanted: tuple[str, ...]
    interval: float = 10.0
    give_up: float | None = None
    _caches: tuple[WaitRow, ...] = ()
    _seen_at: datetime | None = None
    _cut_at: float | None = None

    async def run(self, on_round: Callable[[WaitRound], None]) -> WaitRound:
        """Look, tell, sleep, until the change is everywhere or the time is up. Returns the last round."""
        end = None if self.give_up is None else self.clock.monotonic() + self.give_up
        while True:
            seen = await self.look()
            on_round(seen)
            pause = self._pause(seen)
            if seen.everywhere or (end is not None and self.clock.monotonic() + pause > end):
                return seen
            await asyncio.sleep(pause)

    async def look(self) -> WaitRound:
        """Make one round."""
        now = self.clock.monotonic()
        if self._cut_at is None or now - self._cut_at >= REDISCOVER_S:
            self.resolver.forget()
            self._cut_at = now
        view = await self.resolver.authoritative(self.question)
        owners = [self._row(exchange, "authoritative") for exchange in _reachable(view.exchanges)]
        if not self._caches or all(row.state == "new" for row in owners):
            self._caches = tuple(self._row(x, "resolver") for x in await self.resolver.ask_each(self.question))
            self._seen_at = self.clock.now()
        at = self.clock.now()
        caches = tuple(self._aged(row, at) for row in self._caches)
        return WaitRound(
            question=self.question,
            wanted=self.wanted,
            rows=(*owners, *caches),
            at=at,
            latest=self._latest(owners, caches, at),
            detail=view.detail,
        )

    def _row(self, exchange: Exchange, kind: str) -> WaitRow:
        data = tuple(sorted(_plain(record) for record in exchange.records))
        said = "new" if set(self.wanted) <= set(data) else "old"
        state = "failed" if exchange.outcome.is_undetermined else said
        return WaitRow(
            server=exchange.server, kind=kind, outcome=exchange.outcome, data=data, ttl=_ttl(exchange), state=state
        )

    def _aged(self, row: WaitRow, at: datetime) -> WaitRow:
        if row.ttl is None or self._seen_at is None:
            return row
        return replace(row, ttl=max(0, row.ttl - int((at - self._seen_at).total_seconds())))

    @staticmethod
    def _latest(owners: list[WaitRow], caches: tuple[WaitRow, ...], at: datetime) -> datetime | None:
        if not owners or any(row.state != "new" for row in owners) or any(row.state == "failed" for row in caches):
            return None
        return max((at + timedelta(seconds=row.ttl or 0) for row in caches if row.state == "old"), default=at)

    def _pause(self, seen: WaitRound) -> float:
        """Sleep no longer than until the next cached answer ends."""
        ends = [row.ttl for row in seen.rows if row.kind == "resolver" and row.state == "old" and row.ttl]
        return max(0.2, min([self.interval, *(end + 0.5 for end in ends)]))


def _reachable(exchanges: tuple[Exchange, ...]) -> list[Exchange]:
    """Leave out what this machine has no way to (IPv6, mostly), of servers that were reached at another address."""
    reached = {_name(exchange) for exchange in exchanges if not exchange.unsent}
    return [exchange for exchange in exchanges if not exchange.unsent or _name(exchange) not in reached]


def _name(exchange: Exchange) -> str:
    return exchange.server.partition("@")[0]


def _ttl(exchange: Exchange) -> int | None:
    """How long, in seconds, this answer or denial may still be kept (RFC 2308 §5 for denials)."""
    if exchange.outcome is Outcome.ANSWER:
        return min((record.ttl for record in (*exchange.chain, *exchange.records)), default=None)
    if exchange.outcome.is_denial and exchange.soa is not None:
        fields = exchange.soa.data.split()
        minimum = int(fields[6]) if len(fields) > 6 and fields[6].isdigit() else exchange.soa.ttl
        return min(exchange.soa.ttl, minimum)
    return None
