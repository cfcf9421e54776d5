"""Lines to entries: what a pattern makes of an address, and which of several lines has its way."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.inventories import inventories
from truehelo.engine import lists
from truehelo.errors import InputError
from truehelo.facts.address import parse_address
from truehelo.facts.names import canonical, name_fault
from truehelo.inventory import expand as expand_module
from truehelo.inventory.expand import MAX_NETWORK, expand
from truehelo.inventory.model import Entry, Line
from truehelo.inventory.pattern import fill, name_pattern
from truehelo.inventory.target import Kind, host_name, read_target

FILE = "file:a.toml"


def entries(*lines: Line, found: dict[str, list[str]] | None = None) -> dict[str, Entry]:
    known = {key: [ip_address(text) for text in texts] for key, texts in (found or {}).items()}
    return {f"{entry.ip}{'@' if entry.vantage else ''}{entry.vantage}": entry for entry in expand(lines, known).entries}


# Targets and patterns


@pytest.mark.parametrize(
    ("written", "kind", "kept"),
    [
        ("192.0.2.25", Kind.ADDRESS, "192.0.2.25"),
        (" [2001:DB8::0:25] ", Kind.ADDRESS, "2001:db8::25"),
        ("::ffff:192.0.2.25", Kind.ADDRESS, "192.0.2.25"),
        ("192.0.2.0/28", Kind.NETWORK, "192.0.2.0/28"),
        ("192.0.2.0/255.255.255.240", Kind.NETWORK, "192.0.2.0/28"),
        ("::ffff:192.0.2.0/124", Kind.NETWORK, "192.0.2.0/28"),
        ("2001:DB8::/120", Kind.NETWORK, "2001:db8::/120"),
        ("Host: Mail.Example.COM.", Kind.HOST, "host:mail.example.com"),
        ("domain:bücher.example", Kind.DOMAIN, "domain:xn--bcher-kva.example"),
    ],
)
def test_a_target_has_one_spelling(written: str, kind: Kind, kept: str) -> None:
    target = read_target(written)
    assert (target.kind, str(target)) == (kind, kept)
    assert read_target(kept) == target


@pytest.mark.parametrize("text", ["2001:db8::%eth0/120", "fe80::1%eth0", "/", "192.0.2.0/", "x" * 400, "host:", "1.2.3"])
def test_what_is_no_target_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        read_target(text)


@pytest.mark.parametrize(
    ("pattern", "network", "ip", "name"),
    [
        ("out-{d}.example.com", "198.51.100.0/24", "198.51.100.7", "out-7.example.com"),
        ("{a}-{b}-{c}-{d}.out.example.com", "198.51.100.0/24", "198.51.100.7", "198-51-100-7.out.example.com"),
        ("{ip}.out.example.com", "198.51.100.0/24", "198.51.100.7", "198-51-100-7.out.example.com"),
        ("MX{n}.Bücher.example.", "198.51.100.64/26", "198.51.100.65", "mx1.xn--bcher-kva.example"),
        ("mail.example.com", "198.51.100.0/24", "198.51.100.7", "mail.example.com"),
        ("h{n}.example.com", "2001:db8::/120", "2001:db8::1f", "h31.example.com"),
        ("{ip}.example.com", "2001:db8::/120", "2001:db8::1", "2001-0db8-0000-0000-0000-0000-0000-0001.example.com"),
    ],
)
def test_a_pattern_names_each_address(pattern: str, network: str, ip: str, name: str) -> None:
    where = ip_network(network)
    assert fill(name_pattern(pattern, where), ip_address(ip), where) == name


@pytest.mark.parametrize(
    ("pattern", "network", "says"),
    [
        ("out-{e}.example.com", "198.51.100.0/24", "has an unknown {e}"),
        ("out-{ips}.example.com", "198.51.100.0/24", "has an unknown {ips}; {ip} may be meant"),
        ("out-{}.example.com", "198.51.100.0/24", "has an unknown {}"),
        ("out-{d.example.com", "198.51.100.0/24", "has a brace without its other half"),
        ("out-{{d}}.example.com", "198.51.100.0/24", "has a brace without its other half"),
        ("out-{d}.example.com", "2001:db8::/120", "an IPv6 address has no such octet; use {ip} or {n}"),
        ("out_{d}.example.com", "198.51.100.0/24", "holds an underscore"),
        ("out-{d}", "198.51.100.0/24", "is a single label"),
        ("{d}.", "198.51.100.0/24", "as a name"),
        ("ü{d}.example.com", "198.51.100.0/24", "has letters outside ASCII beside what is filled in"),
    ],
)
def test_a_pattern_that_names_nothing_is_refused(pattern: str, network: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        name_pattern(pattern, ip_network(network))
    assert says in str(caught.value)


# Merging


def test_a_network_stands_for_each_of_its_addresses() -> None:
    line = Line(target="192.0.2.0/30", expected=("out-{n}.example",), helo="[{ip}]", pool="p", ports=(25,), interval_s=60)
    found = entries(line)
    assert list(found) == ["192.0.2.0", "192.0.2.1", "192.0.2.2", "192.0.2.3"]
    assert found["192.0.2.2"] == Entry(
        ip=ip_address("192.0.2.2"),
        origin=line.key,
        expected=("out-2.example",),
        helo="[192-0-2-2]",
        ports=(25,),
        interval_s=60,
        pool="p",
    )


def test_the_more_specific_line_wins_value_by_value_and_groups_are_united() -> None:
    domain = Line(
        target="domain:example.com", discover=("mx",), groups=("d",), owner="domain", helo="d.example", ports=(465,)
    )
    wide = Line(target="192.0.2.0/30", expected=("w{n}.example",), groups=("w",), owner="wide", interval_s=600, ports=(25,))
    narrow = Line(target="192.0.2.0/31", expected=("n{n}.example",), groups=("n", "w"), pool="n")
    one = Line(target="192.0.2.1", owner="Ann", groups=("a",), ports=(), domains=("example.net",))
    found = entries(one, narrow, domain, wide, found={domain.key: ["192.0.2.1", "192.0.2.9"]})
    assert found["192.0.2.1"] == Entry(
        ip=ip_address("192.0.2.1"),
        origin=one.key,
        expected=("n1.example",),
        helo="d.example",
        domains=("example.net", "example.com"),
        groups=("a", "d", "n", "w"),
        owner="Ann",
        interval_s=600,
        ports=(),
        pool="n",
    )
    assert (found["192.0.2.0"].origin, found["192.0.2.0"].ports) == (narrow.key, (25,))
    assert (found["192.0.2.3"].origin, found["192.0.2.3"].domains) == (wide.key, ())
    assert (found["192.0.2.9"].domains, found["192.0.2.9"].ports) == (("example.com",), (465,))


def test_vantage_points_are_those_of_the_most_specific_lines() -> None:
    everywhere = Line(target="192.0.2.0/31", owner="net", interval_s=60)
    berlin = Line(target="192.0.2.1", vantage="berlin", interval_s=30)
    tokyo = Line(target="192.0.2.1", vantage="tokyo")
    found = entries(everywhere, berlin, tokyo)
    assert list(found) == ["192.0.2.0", "192.0.2.1@berlin", "192.0.2.1@tokyo"]
    assert [entry.interval_s for entry in found.values()] == [60, 30, 60]
    assert {entry.owner for entry in found.values()} == {"net"}


def test_at_one_level_a_line_by_hand_wins_over_a_file() -> None:
    a = Line(target="host:a.example", owner="file", managed_by=FILE)
    b = Line(target="host:b.example", owner="hand")
    assert entries(a, b, found={a.key: ["192.0.2.1"], b.key: ["192.0.2.1"]})["192.0.2.1"].owner == "hand"


@given(lines=inventories(max_size=3))
def test_the_order_of_lines_does_not_matter_and_no_address_comes_twice(lines: list[Line]) -> None:
    small = [line for line in lines if "/112" not in line.target]
    found = {line.key: [parse_address("203.0.113.7")] for line in small if line.aim.name}
    first = expand(small, found)  # type: ignore[arg-type]
    assert expand(reversed(small), found) == first  # type: ignore[arg-type]
    places = [(entry.ip, entry.vantage) for entry in first.entries]
    assert len(set(places)) == len(places)
    assert {entry.origin for entry in first.entries} <= {line.key for line in small}


# Bounds


def test_the_bound_of_a_network_is_that_of_check() -> None:
    assert MAX_NETWORK == lists.MAX_TARGET_ADDRESSES


def test_a_network_too_large_is_left_out_and_told_unless_it_is_meant() -> None:
    large, small = Line(target="198.48.0.0/15"), Line(target="192.0.2.1")
    found = expand([large, small])
    assert [str(entry.ip) for entry in found.entries] == ["192.0.2.1"]
    assert [str(error) for error in found.errors] == ["198.48.0.0/15: holds 131,072 addresses; more than 65,536 need --yes"]
    assert len(expand([large, small], yes=True).entries) == 131_073


def test_all_lines_together_have_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expand_module, "MAX_ENTRIES", 300)
    with pytest.raises(InputError, match="the inventory: holds more than 300 addresses; give smaller networks"):
        expand([Line(target="192.0.2.0/24"), Line(target="198.51.100.0/24")])
    assert len(expand([Line(target="192.0.2.0/24"), Line(target="192.0.2.0/25")]).entries) == 256


@given(
    st.text(alphabet="ab1-._A", min_size=1, max_size=12)
    | st.from_regex(r"([a-z0-9-]{1,5}\.){1,3}[a-z0-9-]{1,5}", fullmatch=True)
)
def test_the_short_way_to_a_name_lets_in_what_the_long_way_does(text: str) -> None:
    fault = name_fault(text)
    if fault is None and "." in canonical(text):
        assert host_name(text) == canonical(text)
    else:
        with pytest.raises(InputError):
            host_name(text)
