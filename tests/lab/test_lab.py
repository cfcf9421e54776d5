"""The laboratory over real loopback sockets: up at once, right answers, exchanged while it runs, never away from home."""

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Coroutine
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.rcode
import pytest

from truehelo.errors import InputError
from truehelo.facts.address import reverse_name
from truehelo.facts.smtp import Ended, SmtpSession
from truehelo.lab import Lab, Scenario, load, parse, scenario_names
from truehelo.probes.clock import SystemClock
from truehelo.probes.routes import Routes
from truehelo.probes.smtp import SmtpClient

OLD = '[zone."192.0.2.0/24"]\n[ptr]\n"192.0.2.25" = "old.good.example"\n'
NEW = '[zone."192.0.2.0/24"]\n[ptr]\n"192.0.2.25" = "new.good.example"\n'
PTR = reverse_name(ip_address("192.0.2.25"))


async def ask(
    server: str, name: str, rdtype: str = "PTR", *, tcp: bool = False, seconds: float = 2.0
) -> dns.message.Message:
    host, _, port = server.rpartition(":")
    query = dns.message.make_query(name, rdtype, use_edns=0)
    transport = dns.asyncquery.tcp if tcp else dns.asyncquery.udp
    return await transport(query, host, port=int(port), timeout=seconds)


def first(reply: dns.message.Message) -> str:
    return str(reply.answer[-1][0]) if reply.answer else dns.rcode.to_text(reply.rcode())


def run(main: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(main)


def place(lab: Lab, endpoint: str) -> str:
    """Return where `connect_to` leads an endpoint such as "192.0.2.53:53"."""
    return next(route.removeprefix(f"{endpoint}:") for route in lab.connect_to if route.startswith(f"{endpoint}:"))


@pytest.mark.parametrize("name", scenario_names())
def test_a_shipped_scenario_is_up_in_well_under_a_second(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = (
        "import time; began = time.perf_counter()\n"
        "import asyncio\nfrom truehelo.lab import Lab, load\n"
        f"async def main():\n    async with Lab(load({name!r})):\n        print(time.perf_counter() - began)\n"
        "asyncio.run(main())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    with capsys.disabled():
        sys.stdout.write(f"\nlab {name}: imported and up in {float(done.stdout) * 1000:.0f} ms\n")
    assert float(done.stdout) < 1.0


def test_the_textbook_pair_is_answered_by_resolver_and_name_servers() -> None:
    async def main() -> dict[str, str]:
        async with Lab(load("textbook")) as lab:
            asked = {
                "PTR of the rented address": (lab.resolvers[0], reverse_name(ip_address("198.51.100.4")), "PTR"),
                "PTR of the twin": (lab.resolvers[0], reverse_name(ip_address("192.0.2.25")), "PTR"),
                "A of the greeting": (lab.resolvers[0], "mail.business.example", "A"),
                "A of the PTR name": (lab.resolvers[0], "198-51-100-4.dynamic.cloudhost.example", "A"),
                "SPF of the business": (lab.resolvers[0], "business.example", "TXT"),
                "PTR, by authority": (place(lab, "203.0.113.11:53"), reverse_name(ip_address("198.51.100.4")), "PTR"),
                "a zone that it does not serve": (place(lab, "203.0.113.53:53"), "cloudhost.example", "SOA"),
            }
            return {what: first(await ask(*question)) for what, question in asked.items()}

    assert run(main()) == {
        "PTR of the rented address": "198-51-100-4.dynamic.cloudhost.example.",
        "PTR of the twin": "mail.good.example.",
        "A of the greeting": "198.51.100.4",
        "A of the PTR name": "198.51.100.4",
        "SPF of the business": '"v=spf1 ip4:198.51.100.4 -all"',
        "PTR, by authority": "198-51-100-4.dynamic.cloudhost.example.",
        "a zone that it does not serve": "REFUSED",
    }


def test_resolver_and_authority_set_their_flags() -> None:
    async def main() -> tuple[int, int]:
        async with Lab(parse(OLD)) as lab:
            recursive, direct = await ask(lab.resolvers[0], PTR), await ask(place(lab, "192.0.2.53:53"), PTR, tcp=True)
            return recursive.flags, direct.flags

    recursive, direct = run(main())
    assert recursive & dns.flags.RA
    assert not recursive & dns.flags.AA
    assert direct & dns.flags.AA
    assert not direct & dns.flags.RA


def test_many_queries_over_one_tcp_connection_are_answered() -> None:
    async def main() -> list[bytes]:
        async with Lab(parse(OLD)) as lab:
            host, port = lab.resolvers[0].split(":")
            reader, writer = await asyncio.open_connection(host, int(port))
            wires = [dns.message.make_query(PTR, rdtype).to_wire() for rdtype in ("PTR", "A", "TXT")]
            writer.write(b"".join(len(wire).to_bytes(2) + wire for wire in wires))
            replies = [await reader.readexactly(int.from_bytes(await reader.readexactly(2))) for _ in wires]
            writer.close()
            return replies

    assert [first(dns.message.from_wire(octets)) for octets in run(main())] == ["old.good.example.", "NOERROR", "NOERROR"]


def test_a_drop_is_silence_and_a_delay_is_that_long() -> None:
    async def main() -> float:
        text = OLD + f'[fault]\n"{PTR} PTR" = "drop once"\n"*" = "delay 0.15"\n'
        async with Lab(parse(text)) as lab:
            with pytest.raises(dns.exception.Timeout):
                await ask(lab.resolvers[0], PTR, seconds=0.3)
            began = time.monotonic()
            await ask(lab.resolvers[0], PTR)
            return time.monotonic() - began

    assert 0.15 <= run(main()) < 1.0


def test_each_resolver_has_its_own_weather() -> None:
    async def main() -> list[str]:
        text = OLD + (
            '[[resolver]]\nname = "good"\n[[resolver]]\nname = "bad"\n[[resolver]]\nname = "stale"\n'
            '[resolver.holds]\n"192.0.2.25 PTR" = { data = "older.good.example", ttl = 600 }\n'
            '[fault]\n"192.0.2.25 PTR" = "servfail on bad"\n'
        )
        async with Lab(parse(text)) as lab:
            return [first(await ask(resolver, PTR)) for resolver in lab.resolvers]

    assert run(main()) == ["old.good.example.", "SERVFAIL", "older.good.example."]


def test_a_reload_swaps_the_world_and_keeps_the_ports() -> None:
    async def main() -> tuple[list[str], bool, tuple[str, ...]]:
        async with Lab(parse(OLD)) as lab:
            before = lab.options()
            answers = [first(await ask(lab.resolvers[0], PTR))]
            await lab.reload(parse(NEW))
            answers.append(first(await ask(lab.resolvers[0], PTR)))
            same = lab.options() == before
            await lab.reload(parse(NEW + '[[smtp]]\nip = "192.0.2.25"\ngreeting = "new.good.example ESMTP"\n'))
            session = await probe(lab).converse(ip_address("192.0.2.25"), 25)
            assert session.ended is Ended.QUIT
            await lab.reload(parse(OLD))
            return answers, same, lab.connect_to

    answers, same, routes = run(main())
    assert answers == ["old.good.example.", "new.good.example."]
    assert same
    assert not any(route.startswith("192.0.2.25:25:") for route in routes)


def test_a_cache_outlives_a_reload_as_caches_do() -> None:
    async def main() -> tuple[str, str]:
        resolvers = '[[resolver]]\ncache = true\n[[resolver]]\nname = "fresh"\n'
        async with Lab(parse(OLD + resolvers)) as lab:
            await ask(lab.resolvers[0], PTR)
            await lab.reload(parse(NEW + resolvers))
            cached, fresh = [first(await ask(resolver, PTR)) for resolver in lab.resolvers]
            return cached, fresh

    assert run(main()) == ("old.good.example.", "new.good.example.")


def probe(lab: Lab) -> SmtpClient:
    return SmtpClient(routes=Routes.parse(lab.connect_to, loopback_only=True), clock=SystemClock(), timeout=1.0)


def test_an_edited_file_is_followed_and_a_broken_edit_keeps_the_old_world(tmp_path: Path) -> None:
    async def main() -> list[tuple[str, str]]:
        path = tmp_path / "lab.toml"
        path.write_text(OLD)
        events: asyncio.Queue[Scenario | InputError] = asyncio.Queue()
        seen: list[tuple[str, str]] = []
        async with Lab(load(path)) as lab:
            following = asyncio.create_task(lab.follow(path, events.put_nowait, events.put_nowait, every=0.02))
            for text in (NEW, "zone = 3\n", OLD):
                await asyncio.sleep(0.05)
                path.write_text(text)
                event = await asyncio.wait_for(events.get(), 5)
                told = str(event).removeprefix(str(path)) if isinstance(event, InputError) else "taken"
                seen.append((told, first(await ask(lab.resolvers[0], PTR))))
            following.cancel()
        return seen

    assert run(main()) == [
        ("taken", "new.good.example."),
        (":1: 'zone' is a number; a table is accepted", "new.good.example."),
        ("taken", "old.good.example."),
    ]


def test_a_file_that_vanishes_is_told_and_the_lab_goes_on(tmp_path: Path) -> None:
    async def main() -> tuple[InputError, str]:
        path = tmp_path / "lab.toml"
        path.write_text(OLD)
        errors: asyncio.Queue[InputError] = asyncio.Queue()
        async with Lab(load(path)) as lab:
            following = asyncio.create_task(lab.follow(path, on_error=errors.put_nowait, every=0.02))
            await asyncio.sleep(0.05)
            path.unlink()
            error = await asyncio.wait_for(errors.get(), 5)
            following.cancel()
            return error, first(await ask(lab.resolvers[0], PTR))

    error, answer = run(main())
    assert "cannot be read" in str(error)
    assert answer == "old.good.example."


def free_ports(count: int) -> int:
    """Return the first of some ports in a row that are free now."""
    for base in range(20000, 60000, count):
        held = []
        try:
            for port in range(base, base + count):
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                    held.append(socket.socket(socket.AF_INET, kind))
                    held[-1].bind(("127.0.0.1", port))
        except OSError:
            continue
        else:
            return base
        finally:
            for one in held:
                one.close()
    pytest.fail("no free ports in a row")


def test_fixed_ports_follow_one_another() -> None:
    base = free_ports(8)

    async def main() -> tuple[tuple[str, ...], tuple[str, ...]]:
        async with Lab(load("textbook"), base_port=base) as lab:
            return lab.resolvers, lab.connect_to

    resolvers, routes = run(main())
    assert resolvers == (f"127.0.0.1:{base}",)
    assert routes[:5] == (
        f"203.0.113.10:53:127.0.0.1:{base + 1}",
        f"203.0.113.11:53:127.0.0.1:{base + 2}",
        f"203.0.113.53:53:127.0.0.1:{base + 3}",
        f"198.51.100.4:25:127.0.0.1:{base + 4}",
        f"192.0.2.25:25:127.0.0.1:{base + 5}",
    )


def test_a_fixed_port_that_is_taken_is_bad_input() -> None:
    base = free_ports(8)

    async def main() -> None:
        async with Lab(load("textbook"), base_port=base):
            pytest.fail("the lab opened a port that was taken")

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", base + 2))
        taken.listen()
        with pytest.raises(InputError, match=f"127.0.0.1:{base + 2}: cannot be opened"):
            run(main())
    with socket.socket() as again:
        again.bind(("127.0.0.1", base))  # what had been opened is closed again


@pytest.mark.parametrize("base", [65534, -5, 70000])
def test_ports_that_do_not_exist_are_bad_input(base: int) -> None:
    async def main() -> None:
        async with Lab(load("textbook"), base_port=base):
            pytest.fail("there is no such port")

    with pytest.raises(InputError):
        run(main())


@pytest.mark.parametrize("port", [25, 465, 587])
def test_an_address_outside_the_scenario_is_led_to_nobody(port: int) -> None:
    async def main() -> SmtpSession:
        async with Lab(load("textbook")) as lab:
            free = SmtpClient(routes=Routes.parse(lab.connect_to), clock=SystemClock(), timeout=1.0)
            return await free.converse(ip_address("203.0.113.200"), port)

    session = run(main())
    assert (session.ended, session.detail) == (Ended.UNREACHABLE, "connection refused")
    assert session.connected_to.startswith("127.0.0.1:")


def test_the_options_are_words_of_the_command_line() -> None:
    async def main() -> tuple[list[str], Lab]:
        async with Lab(load("propagation")) as lab:
            return lab.options(), lab

    options, _ = run(main())
    assert options[:4:2] == ["--resolver", "--resolver"]
    assert options[4::2] == ["--connect-to"] * (len(options) // 2 - 2)
    assert all(not word.startswith("-") for word in options[1::2])
    assert Routes.parse(options[5::2])


def test_ipv6_endpoints_are_reached_over_ipv4_loopback() -> None:
    async def main() -> tuple[SmtpSession, tuple[str, ...]]:
        text = '[[smtp]]\nip = "2001:db8::25"\ngreeting = "mail.good.example ESMTP"\n'
        async with Lab(parse(text)) as lab:
            return await probe(lab).converse(ip_address("2001:db8::25"), 25), lab.connect_to

    session, routes = run(main())
    assert routes[0].startswith("[2001:db8::25]:25:127.0.0.1:")
    assert session.ended is Ended.QUIT


def test_propagation_shows_old_and_new_side_by_side() -> None:
    async def main() -> list[str]:
        async with Lab(load("propagation")) as lab:
            name = reverse_name(ip_address("198.51.100.4"))
            servers = [*lab.resolvers, place(lab, "203.0.113.10:53"), place(lab, "203.0.113.11:53")]
            return [first(await ask(server, name)) for server in servers]

    new, old = "mail.business.example.", "198-51-100-4.dynamic.cloudhost.example."
    assert run(main()) == [new, old, new, old]


def test_the_lab_leaves_no_task_and_no_socket_behind() -> None:
    async def main() -> tuple[int, str]:
        async with Lab(parse('[[smtp]]\nip = "192.0.2.25"\nspeaks = "nothing"\n')) as lab:
            host, port = place(lab, "192.0.2.25:25").split(":")
            _, writer = await asyncio.open_connection(host, int(port))
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.05)
        left = len(asyncio.all_tasks()) - 1
        writer.close()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(host, int(port))
        return left, port

    left, _ = run(main())
    assert left == 0
