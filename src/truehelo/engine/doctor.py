"""What this machine can and cannot see, told before it is blamed on somebody else's names.

Resolvers that answer, that rewrite denials, or that a blocklist refuses; port 25 to the outside; the clock.
"""

import asyncio
import secrets
from dataclasses import dataclass

from truehelo.facts.blocklist import Doubt
from truehelo.facts.dns import Outcome, Question
from truehelo.facts.smtp import Ended
from truehelo.identity import addresses
from truehelo.ports import Ports, TimeServer

PROBE_DOMAIN = "gmail.com"
"""A domain whose mail exchangers let anybody connect to port 25; only the greeting is read."""
DNSBL = "spamhaus-zen"
"""The list that is asked for its test entries."""
MAX_OFFSET = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorLine:
    """One thing looked at. `state` is "ok", "warning", "problem" or "unknown"; `way_out` says what to do."""

    what: str
    state: str
    detail: str
    way_out: str = ""


async def examine(ports: Ports, time_server: TimeServer, domain: str = PROBE_DOMAIN) -> tuple[DoctorLine, ...]:
    """Look at everything at once."""
    parts = await asyncio.gather(
        _resolvers(ports), _rewriting(ports), _port_25(ports, domain), _blocklist(ports), _clock(time_server)
    )
    return tuple(line for lines in parts for line in lines)


async def _resolvers(ports: Ports) -> list[DoctorLine]:
    lines = []
    for exchange in await ports.resolver.ask_each(Question(name="", rdtype="NS")):
        what = f"resolver {exchange.server}"
        if exchange.outcome is Outcome.ANSWER:
            lines.append(DoctorLine(what=what, state="ok", detail=f"answers in {exchange.took_s * 1000:.0f} ms"))
        else:
            said = exchange.detail or str(exchange.outcome)
            lines.append(
                DoctorLine(
                    what=what,
                    state="problem",
                    detail=f"does not answer: {said}",
                    way_out="name another one with --resolver",
                )
            )
    return lines


async def _rewriting(ports: Ports) -> list[DoctorLine]:
    """A resolver that answers for a name that cannot exist turns denials into answers (RFC 6761 §6.4)."""
    name = f"{secrets.token_hex(12)}.invalid"
    lines = []
    for exchange in await ports.resolver.ask_each(Question(name=name, rdtype="A")):
        what = f"denials by {exchange.server}"
        if exchange.outcome is Outcome.ANSWER:
            found = ", ".join(record.data for record in exchange.records)
            lines.append(
                DoctorLine(
                    what=what,
                    state="problem",
                    detail=f"rewritten: a name that cannot exist has {found}",
                    way_out="use a resolver that does not, with --resolver",
                )
            )
        elif exchange.outcome.is_denial:
            lines.append(DoctorLine(what=what, state="ok", detail="passed on as they are"))
        else:
            lines.append(DoctorLine(what=what, state="unknown", detail=f"could not be seen: {exchange.outcome}"))
    return lines


async def _port_25(ports: Ports, domain: str) -> list[DoctorLine]:
    what = "port 25 to the outside"
    if ports.smtp is None:
        return [DoctorLine(what=what, state="unknown", detail="not looked at (--no-smtp)")]
    mx = await ports.resolver.lookup(Question(name=domain, rdtype="MX"))
    hosts = [record.data.split()[-1].removesuffix(".").lower() for record in mx.records if record.data]
    if not hosts:
        return [DoctorLine(what=what, state="unknown", detail=f"no MX host of {domain} to try ({mx.outcome})")]
    forward = await asyncio.gather(*(ports.resolver.lookup(Question(name=hosts[0], rdtype=t)) for t in ("A", "AAAA")))
    ips = [found[0] for lookup in forward if (found := addresses(lookup))]  # one of each family: either may be blocked
    if not ips:
        return [DoctorLine(what=what, state="unknown", detail=f"no address of {hosts[0]} to try")]
    sessions = await asyncio.gather(*(ports.smtp.converse(ip, 25) for ip in ips))
    session = next((session for session in sessions if session.greeting is not None), sessions[0])
    if session.greeting is not None:
        return [DoctorLine(what=what, state="ok", detail=f"open: {hosts[0]} greets with {session.greeting.code}")]
    closed = all(session.ended in (Ended.UNREACHABLE, Ended.CONNECT_TIMEOUT) for session in sessions)
    state = "problem" if closed else "unknown"
    return [
        DoctorLine(
            what=what,
            state=state,
            detail=f"no greeting from {hosts[0]}: {session.detail or session.ended}",
            way_out="many networks block it: run from the mail server itself, or use --no-smtp and declare --helo",
        )
    ]


async def _blocklist(ports: Ports) -> list[DoctorLine]:
    """Whether a list that is used by most can be asked through each resolver, by its test entries (RFC 5782 §5)."""
    from truehelo.blocklists import subscribe
    from truehelo.engine.blocklists import Blocklists

    lists = subscribe([DNSBL])
    trial = await Blocklists(resolver=ports.resolver, clock=ports.clock, lists=lists).trial(lists[0], 4)
    what, way_out = "blocklists through these resolvers", "use a resolver of your own: lists refuse public and shared ones"
    if trial.doubt is Doubt.UNREACHABLE:
        return [DoctorLine(what=what, state="unknown", detail=f"could not be seen: {trial.detail}")]
    if trial.doubt is Doubt.DEAD:
        detail = f"the test entry is denied: the resolver or the list hides it ({trial.detail})"
        return [DoctorLine(what=what, state="warning", detail=detail, way_out="use a resolver of your own")]
    if trial.doubt is not None:
        return [DoctorLine(what=what, state="warning", detail=f"{lists[0].entry.name}: {trial.detail}", way_out=way_out)]
    if trial.bad:
        detail = f"the test entry is there, but not through {', '.join(sorted(trial.bad))}"
        return [DoctorLine(what=what, state="warning", detail=detail, way_out=way_out)]
    return [DoctorLine(what=what, state="ok", detail="the test entry is there")]


async def _clock(time_server: TimeServer) -> list[DoctorLine]:
    offset = await time_server.offset()
    if offset is None:
        return [DoctorLine(what="clock", state="unknown", detail=f"{time_server.name} did not answer")]
    if abs(offset) > MAX_OFFSET:
        return [
            DoctorLine(
                what="clock",
                state="problem",
                detail=f"{abs(offset):.0f} s {'behind' if offset > 0 else 'ahead'}",
                way_out="set it: evidence carries its times, and DNSSEC and TLS depend on it",
            )
        ]
    return [DoctorLine(what="clock", state="ok", detail=f"within {max(abs(offset), 0.01):.2f} s of {time_server.name}")]
