"""The other clock: what its replies tell, and that nothing else is taken for one."""

import asyncio
import struct
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truehelo.probes.routes import Routes
from truehelo.probes.sntp import SntpServer, read_offset

FROM_1900 = 2208988800


def reply(at: float, *, mode: int = 4, stratum: int = 2) -> bytes:
    seconds = int(at)
    return bytes([0x20 | mode, stratum]) + bytes(38) + struct.pack("!II", seconds + FROM_1900, int((at - seconds) * 2**32))


@pytest.mark.parametrize(
    ("why", "octets", "offset"),
    [
        ("it tells our time", reply(1000.5), 0.0),
        ("we are ten seconds behind", reply(1010.5), 10.0),
        ("we are ahead", reply(940.5), -60.0),
        ("a client's message is no reply", reply(1000.5, mode=3), None),
        ("a kiss of death has stratum 0", reply(1000.5, stratum=0), None),
        ("a clock that is not set has stratum 16", reply(1000.5, stratum=16), None),
        ("a time of zero is none", reply(-FROM_1900), None),
        ("a short message is none", reply(1000.5)[:47], None),
        ("nothing is none", b"", None),
    ],
)
def test_a_reply_tells_the_offset_or_nothing(why: str, octets: bytes, offset: float | None) -> None:
    assert read_offset(octets, 1000.0, 1001.0) == (None if offset is None else pytest.approx(offset, abs=1e-6)), why


@given(st.binary(max_size=80))
def test_any_octets_are_an_offset_or_nothing(octets: bytes) -> None:
    found = read_offset(octets, 1000.0, 1001.0)
    assert found is None or isinstance(found, float)


class _Server(asyncio.DatagramProtocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        assert data[0] & 7 == 3  # a client asks
        self.transport.sendto(reply(time.time() + 120), addr)  # type: ignore[attr-defined]


def test_a_server_two_minutes_ahead_is_told_over_loopback() -> None:
    async def ask() -> float | None:
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(_Server, local_addr=("127.0.0.1", 0))
        port = transport.get_extra_info("sockname")[1]
        routes = Routes.parse([f"192.0.2.123:123:127.0.0.1:{port}"], loopback_only=True)
        try:
            return await SntpServer("192.0.2.123", routes=routes, timeout=2.0).offset()
        finally:
            transport.close()

    assert asyncio.run(ask()) == pytest.approx(120, abs=1)


@pytest.mark.parametrize("name", ["192.0.2.123", "time.example"])
def test_under_the_guard_nobody_else_is_asked(name: str) -> None:
    began = time.monotonic()
    assert asyncio.run(SntpServer(name, routes=Routes.parse([], loopback_only=True)).offset()) is None
    assert time.monotonic() - began < 1
