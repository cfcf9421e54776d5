"""`--connect-to`: what it accepts, and where it leads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truehelo.errors import InputError
from truehelo.facts.address import parse_address
from truehelo.probes.routes import Routes


@pytest.mark.parametrize(
    ("sentence", "routes", "ip", "port", "reached"),
    [
        ("no rule changes nothing", [], "192.0.2.25", 25, ("192.0.2.25", 25)),
        ("an endpoint is reached elsewhere", ["192.0.2.25:25:127.0.0.1:2525"], "192.0.2.25", 25, ("127.0.0.1", 2525)),
        ("another port is not", ["192.0.2.25:25:127.0.0.1:2525"], "192.0.2.25", 587, ("192.0.2.25", 587)),
        ("another address is not", ["192.0.2.25:25:127.0.0.1:2525"], "192.0.2.26", 25, ("192.0.2.26", 25)),
        ("an empty address means any", [":25:127.0.0.1:2525"], "192.0.2.26", 25, ("127.0.0.1", 2525)),
        ("an empty port means any", ["192.0.2.25::127.0.0.1:2525"], "192.0.2.25", 465, ("127.0.0.1", 2525)),
        ("an empty target port keeps the port", ["192.0.2.25::127.0.0.1:"], "192.0.2.25", 465, ("127.0.0.1", 465)),
        ("an empty target address keeps the address", [":25::2525"], "192.0.2.25", 25, ("192.0.2.25", 2525)),
        ("IPv6 stands in brackets", ["[2001:db8::25]:25:[::1]:2525"], "2001:db8::25", 25, ("::1", 2525)),
        (
            "the first rule that matches decides",
            [":25:127.0.0.1:1", "192.0.2.25:25:127.0.0.1:2"],
            "192.0.2.25",
            25,
            ("127.0.0.1", 1),
        ),
        ("a rule is applied once", [":25:127.0.0.1:26", ":26:127.0.0.1:27"], "192.0.2.25", 25, ("127.0.0.1", 26)),
    ],
)
def test_where_a_route_leads(sentence: str, routes: list[str], ip: str, port: int, reached: tuple[str, int]) -> None:
    asked = parse_address(ip)
    assert asked is not None
    where, at = Routes.parse(routes).to(asked, port)
    assert (str(where), at) == reached, sentence


@pytest.mark.parametrize(
    "text",
    [
        "",
        "192.0.2.25",
        "192.0.2.25:25",
        "192.0.2.25:25:127.0.0.1",
        "192.0.2.25:25:127.0.0.1:2525:1",
        "mail.example:25:127.0.0.1:25",
        "192.0.2.25:0:127.0.0.1:25",
        "192.0.2.25:25:127.0.0.1:65536",
        "192.0.2.25:smtp:127.0.0.1:25",
        "2001:db8::25:25:127.0.0.1:25",
        "[192.0.2.25]:25:127.0.0.1:25",
        "[]:25:127.0.0.1:25",
        "192.0.2.25:٢٥:127.0.0.1:25",
    ],
)
def test_what_is_no_route_is_refused_with_what_would_be(text: str) -> None:
    with pytest.raises(InputError, match="write IP:PORT:IP:PORT"):
        Routes.parse([text])


@given(st.text(max_size=60) | st.text(alphabet="[]:.0123456789abcdef", max_size=60))
def test_any_text_is_a_route_or_is_refused(text: str) -> None:
    try:
        (rule,) = Routes.parse([text]).rules
    except InputError:
        return
    assert text.count(":") >= 3
    assert rule.to_port is None or 1 <= rule.to_port <= 65535


@pytest.mark.parametrize(
    ("ip", "guarded", "allowed"),
    [
        ("127.0.0.1", True, True),
        ("127.53.0.9", True, True),
        ("::1", True, True),
        ("192.0.2.1", True, False),
        ("10.0.0.1", True, False),
        ("2001:db8::1", True, False),
        ("192.0.2.1", False, True),
    ],
)
def test_the_guard_lets_only_loopback_be_contacted(ip: str, guarded: bool, allowed: bool) -> None:
    asked = parse_address(ip)
    assert asked is not None
    assert Routes.parse([], loopback_only=guarded).allowed(asked) is allowed
