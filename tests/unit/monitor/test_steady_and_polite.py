"""A clock that does not jump, and mail servers that are not all asked at once."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.talk import session
from truehelo.facts.address import Address
from truehelo.facts.smtp import SmtpSession
from truehelo.monitor.polite import PoliteSmtp
from truehelo.monitor.steady import SteadyClock

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC).timestamp()


@dataclass
class Machine:
    """A machine's clock: time passes (`mono`), and somebody sets the time of day (`off`)."""

    mono: float = 1000.0
    off: float = 0.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(NOON + self.mono - 1000.0 + self.off, UTC)

    def monotonic(self) -> float:
        return self.mono


def test_it_tells_the_time_of_day_and_how_much_has_passed() -> None:
    machine = Machine()
    clock = SteadyClock(machine)
    assert clock.now() == datetime(2026, 11, 26, 12, tzinfo=UTC)
    machine.mono += 90
    assert clock.seconds() == pytest.approx(NOON + 90)
    assert clock.monotonic() == machine.mono
    assert clock.follow() == 0.0


@pytest.mark.parametrize("jump", [3600.0, -3600.0, 2.0, -2.0, 400 * 86_400.0])
def test_a_clock_that_is_set_is_seen_when_it_is_asked_for_and_only_then(jump: float) -> None:
    machine = Machine()
    clock = SteadyClock(machine)
    machine.mono += 10
    machine.off = jump
    assert clock.seconds() == pytest.approx(NOON + 10), "in the middle of something time goes on as it did"
    assert clock.follow() == pytest.approx(jump)
    assert clock.seconds() == pytest.approx(NOON + 10 + jump)
    assert clock.follow() == 0.0, "told once"


@given(st.lists(st.floats(-1.9, 1.9), max_size=20))
def test_a_clock_that_is_slewed_is_followed_without_a_word(drifts: list[float]) -> None:
    machine = Machine()
    clock = SteadyClock(machine)
    for drift in drifts:
        machine.mono += 15
        machine.off += drift
        assert clock.follow() == 0.0
        assert clock.seconds() == pytest.approx(machine.now().timestamp())


@dataclass
class Slow:
    """A probe that keeps how many conversations were held at once, over all and by network."""

    running: dict[str, int] = field(default_factory=dict)
    most: dict[str, int] = field(default_factory=dict)

    async def converse(self, ip: Address, port: int, on_name: Callable[[str], None] | None = None) -> SmtpSession:
        network = str(ip).rpartition("." if ip.version == 4 else ":")[0]
        for key in (network, "all"):
            self.running[key] = self.running.get(key, 0) + 1
            self.most[key] = max(self.most.get(key, 0), self.running[key])
        await asyncio.sleep(0.001)
        for key in (network, "all"):
            self.running[key] -= 1
        if ip == ip_address("192.0.2.13"):
            raise RuntimeError("a fault of the probe")
        return session(ip, port, "mail.example.com")


def test_few_conversations_at_once_with_one_network_and_many_with_many() -> None:
    probe = Slow()

    async def play() -> None:
        polite = PoliteSmtp(probe, 2)
        ips = [ip_address(f"{net}.{host}") for net in ("198.51.100", "203.0.113") for host in range(1, 30)]
        ips += [ip_address(f"2001:db8:1::{host:x}") for host in range(1, 30)]
        sessions = await asyncio.gather(*(polite.converse(ip, 25) for ip in ips))
        assert [each.ip for each in sessions] == [str(ip) for ip in ips]

    asyncio.run(play())
    assert probe.most == {"198.51.100": 2, "203.0.113": 2, "2001:db8:1:": 2, "all": 6}


def test_a_fault_gives_its_place_away() -> None:
    async def play() -> None:
        polite = PoliteSmtp(Slow(), 1)
        for _ in range(3):
            with pytest.raises(RuntimeError):
                await polite.converse(ip_address("192.0.2.13"), 25)
        await asyncio.wait_for(polite.converse(ip_address("192.0.2.14"), 25), 5)

    asyncio.run(play())


def test_networks_of_long_ago_take_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("truehelo.monitor.polite._MAX_KEPT", 10)

    async def play() -> None:
        polite = PoliteSmtp(Slow(), 1)
        for number in range(50):
            await polite.converse(ip_address(f"2001:db8:{number:x}::1"), 25)
            assert len(polite._gates) <= 10

    asyncio.run(play())
