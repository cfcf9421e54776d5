"""1,000 targets in one command: CPU per target, beside a dnspython loop and checkdmarc's PTR check on the same lab.

The work compared is iprev alone (PTR, and the address of its name). truehelo does more than its peers in that time: it
keeps every exchange as evidence, judges and gives a verdict. `everything` adds greeting, authoritative view and SPF.
"""

import asyncio
import resource
import sys
from collections.abc import Callable

from world import Served, scenario, served

COUNT = 1000


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _ips() -> list[str]:
    return [f"2001:db8::{number:x}" for number in range(1, COUNT + 1)]


def ours(lab: Served, **settings: object) -> None:
    """Check all targets."""
    from truehelo import app

    chosen = app.Settings(resolvers=lab.resolvers, connect_to=lab.connect_to, **settings)  # type: ignore[arg-type]
    audit = asyncio.run(app.check([app.TargetLine(text=ip, where="bench") for ip in _ips()], chosen))
    _expect(sum(subject.identity.iprev == "pass" for subject in audit.subjects))


def dnspython(lab: Served) -> None:
    """Ask PTR and AAAA with dnspython's asynchronous resolver, 200 at once, as a careful script would."""
    import dns.asyncresolver
    import dns.resolver
    import dns.reversename

    async def one(resolver: dns.asyncresolver.Resolver, gate: asyncio.Semaphore, ip: str) -> bool:
        async with gate:
            names = await resolver.resolve(dns.reversename.from_address(ip), "PTR")
            for name in names:
                forward = await resolver.resolve(name.target, "AAAA")
                if any(record.address == ip for record in forward):
                    return True
        return False

    async def everything() -> list[bool]:
        resolver = dns.asyncresolver.Resolver(configure=False)
        host, _, port = lab.resolvers[0].rpartition(":")
        resolver.nameservers, resolver.port = [host], int(port)
        gate = asyncio.Semaphore(200)
        return list(await asyncio.gather(*(one(resolver, gate, ip) for ip in _ips())))

    _expect(sum(asyncio.run(everything())))


def checkdmarc(lab: Served) -> None:
    """Ask with checkdmarc's reverse lookup and its forward check, one after the other, as it does."""
    import dns.resolver
    from checkdmarc.utils import get_a_records, get_reverse_dns

    resolver = dns.resolver.Resolver(configure=False)
    host, _, port = lab.resolvers[0].rpartition(":")
    resolver.nameservers, resolver.port = [host], int(port)
    _expect(
        sum(
            any(ip in get_a_records(name, resolver=resolver) for name in get_reverse_dns(ip, resolver=resolver))
            for ip in _ips()
        )
    )


def _expect(passed: int) -> None:
    if passed != COUNT:
        raise RuntimeError(f"{passed} of {COUNT} passed")


def measure() -> dict[str, float]:
    """Return CPU milliseconds per target for each way."""
    figures = {}
    runs: dict[str, Callable[[Served], None]] = {
        "truehelo, iprev": lambda lab: ours(lab, smtp=False, authoritative=False),
        "dnspython loop": dnspython,
        "checkdmarc": checkdmarc,
        "truehelo, everything": lambda lab: ours(lab, starttls=False),
    }
    with served(scenario(COUNT, smtp=COUNT)) as lab:
        for name, run in runs.items():
            run(lab)  # once for imports and caches of the interpreter
            before = _cpu()
            run(lab)
            figures[name] = (_cpu() - before) / COUNT * 1000
    return figures


if __name__ == "__main__":
    measured = measure()
    base = measured["truehelo, iprev"]
    for name, value in measured.items():
        sys.stdout.write(f"{name:24} {value:6.2f} ms CPU per target  {value / base:5.2f} x\n")
