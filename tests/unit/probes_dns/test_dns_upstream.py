"""What names a resolver, and what does not."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truehelo.errors import FileError, InputError
from truehelo.probes.dns.upstream import conf_resolvers, parse_resolver, system_resolvers


@pytest.mark.parametrize(
    ("text", "scheme", "ip", "port", "name"),
    [
        ("192.0.2.53", "udp", "192.0.2.53", 53, ""),
        ("192.0.2.53:5353", "udp", "192.0.2.53", 5353, ""),
        ("2001:db8::53", "udp", "2001:db8::53", 53, ""),
        ("[2001:db8::53]", "udp", "2001:db8::53", 53, ""),
        ("[2001:db8::53]:5353", "udp", "2001:db8::53", 5353, ""),
        ("[::ffff:192.0.2.53]:53", "udp", "192.0.2.53", 53, ""),
        ("tls://192.0.2.53", "tls", "192.0.2.53", 853, ""),
        ("tls://[2001:db8::53]:8853#Dns.Example", "tls", "2001:db8::53", 8853, "dns.example"),
        ("https://dns.example/dns-query", "https", "None", 443, "dns.example"),
        ("https://192.0.2.53:8443/dns-query", "https", "192.0.2.53", 8443, ""),
    ],
)
def test_a_resolver_is_read(text: str, scheme: str, ip: str, port: int, name: str) -> None:
    found = parse_resolver(f" {text} ")
    assert (found.scheme, str(found.ip), found.port, found.name, found.text) == (scheme, ip, port, name, text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "dns.example",
        "192.0.2.53:",
        "192.0.2.53:0",
        "192.0.2.53:65536",
        "192.0.2.53:53:53",
        "[192.0.2.53]:53",
        "2001:db8::53:53:1:1:1:1:1",
        "192.0.2.999",
        "udp://192.0.2.53",
        "tls://dns.example",
        "tls://192.0.2.53#",
        "tls://192.0.2.53#not a name",
        "https://",
        "https://dns.example:99999/",
        "https://user@dns.example/",
        "https://dns example/",
        "https://dns.example/#x",
        "https://[::1/",
        "fe80::1%eth0",
    ],
)
def test_what_names_no_resolver_is_refused_with_what_would(text: str) -> None:
    with pytest.raises(InputError) as refused:
        parse_resolver(text)
    assert "write ADDR, ADDR:PORT" in str(refused.value)


@given(st.text(max_size=60) | st.text(alphabet="tlshp:/[]0123456789.#", max_size=40))
def test_any_text_is_a_resolver_or_is_refused(text: str) -> None:
    try:
        found = parse_resolver(text)
    except InputError:
        return
    assert 1 <= found.port <= 65535


def test_resolv_conf_is_read_in_order_each_once_and_the_rest_passed_over() -> None:
    text = (
        "# comment\nnameserver 192.0.2.2 # two\n; other\nsearch example\n"
        "nameserver 2001:db8::1\nnameserver\nnameserver nonsense\n"
        "nameserver fe80::1%eth0\nnameserver 192.0.2.2\noptions edns0\n"
    )
    assert [found.text for found in conf_resolvers(text)] == ["192.0.2.2", "2001:db8::1"]


def test_resolv_conf_names_at_most_eight() -> None:
    assert len(conf_resolvers("".join(f"nameserver 192.0.2.{i}\n" for i in range(1, 30)))) == 8


@given(st.text(max_size=400))
def test_any_text_is_a_resolv_conf(text: str) -> None:
    assert len(conf_resolvers(text)) <= 8


@pytest.mark.parametrize(
    ("content", "problem"), [(None, "cannot be read"), (b"search example\n\xff\xfe", "no nameserver line")]
)
def test_a_system_without_resolvers_is_told_the_way_out(tmp_path: Path, content: bytes | None, problem: str) -> None:
    conf = tmp_path / "resolv.conf"
    if content is not None:
        conf.write_bytes(content)
    with pytest.raises(FileError, match=f"{problem}.*--resolver"):
        system_resolvers(str(conf))


def test_the_systems_resolvers_are_those_in_its_file(tmp_path: Path) -> None:
    conf = tmp_path / "resolv.conf"
    conf.write_text("nameserver 192.0.2.53\n")
    assert [(str(found.ip), found.port) for found in system_resolvers(str(conf))] == [("192.0.2.53", 53)]
