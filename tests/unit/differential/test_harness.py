"""The differential harness by itself: worlds that come again, rows that can be pasted, shrinking, and what its DNS says."""

from random import Random

import dns.message
import dns.rcode
import dns.rdatatype
import pytest
from hypothesis import given
from hypothesis import strategies as st

from differential.daemons._process import model_of, verdict_of
from differential.dns import DnsServer
from differential.shrink import shrink
from differential.talk import Seen
from differential.worlds import world
from support.clients import client, row
from truehelo.facts.address import reverse_name
from truehelo.facts.dns import Outcome
from truehelo.receivers.client import Client
from truehelo.reception import Reception

_SEEDS = st.integers(min_value=0, max_value=10**9)


def _made(seed: int, dropped: float = 0.01) -> Client:
    return world(Random(seed), dropped=dropped)  # noqa: S311  # nothing is secret here


def _fields(made: Client) -> tuple[object, ...]:
    return made.ip, made.ptr, dict(made.forwards), dict(made.mx), made.helo


@given(_SEEDS)
def test_a_seed_gives_its_world_again(seed: int) -> None:
    assert _fields(_made(seed, 0.5)) == _fields(_made(seed, 0.5))


@given(_SEEDS)
def test_a_row_can_be_pasted_and_is_the_same_world(seed: int) -> None:
    made = _made(seed, 0.2)
    again = eval(row(made), {"client": client})  # noqa: S307  # our own text
    assert (again.ip, again.ptr, again.helo) == (made.ip, made.ptr, made.helo)
    for name, family in made.forwards:
        if (name, family) not in again.forwards:  # a name that is in no DNS, and that no PTR leads to any more
            assert made.hosts(name, family).outcome is Outcome.NXDOMAIN, (name, family)
            continue
        assert again.hosts(name, family).outcome is made.hosts(name, family).outcome, (name, family)
        assert again.hosts(name, family).addresses == made.hosts(name, family).addresses, (name, family)


SMALLEST = [
    ("anything", lambda _: True, 'client("{ip}", ptr="nxdomain", helo="mail.example.com")'),
    ("two names", lambda made: len(made.ptr.names) > 1, None),
    ("a HELO in brackets", lambda made: made.helo.startswith("["), None),
]


@pytest.mark.parametrize(("what", "disagrees", "smallest"), SMALLEST)
def test_a_disagreement_is_shrunk_as_far_as_it_stays(what: str, disagrees: object, smallest: str | None) -> None:
    assert callable(disagrees)
    found = [made for made in (_made(seed) for seed in range(400)) if disagrees(made)][:10]
    assert found
    for made in found:
        small = shrink(made, disagrees)
        assert disagrees(small)
        assert len(row(small)) <= len(row(made))
        assert smallest is None or row(small).startswith(smallest.format(ip=made.ip)[:-1])
        assert len(small.ptr.names) <= 2


def _asked(made: Client, name: str, rdtype: str) -> dns.message.Message | None:
    server = DnsServer()
    server.serve(made)
    octets = server.reply(dns.message.make_query(name, rdtype).to_wire(), udp=False)
    return None if octets is None else dns.message.from_wire(octets)


WORLD = client(
    "192.0.2.25",
    ptr="alias b.example.com a.example.com",
    helo="helo.example.com",
    hosts={
        "a.example.com": "192.0.2.25, AAAA servfail",
        "b.example.com": "timeout",
        "helo.example.com": "alias 2001:db8::1",
    },
    mx={"helo.example.com": "mx2.example.com mx1.example.com"},
)


def test_dns_says_what_the_world_has_in_its_order() -> None:
    reply = _asked(WORLD, reverse_name(WORLD.ip), "PTR")
    assert reply is not None
    cname, names = reply.answer
    assert cname.rdtype is dns.rdatatype.CNAME
    assert [str(name) for name in names] == ["b.example.com.", "a.example.com."]
    reply = _asked(WORLD, "HELO.example.com", "MX")
    assert reply is not None
    assert [str(each) for each in reply.answer[-1]] == ["0 mx2.example.com.", "10 mx1.example.com."]


@pytest.mark.parametrize(
    ("name", "rdtype", "rcode"),
    [
        ("a.example.com", "AAAA", dns.rcode.SERVFAIL),
        ("a.example.com", "TXT", dns.rcode.NOERROR),
        ("helo.example.com", "A", dns.rcode.NOERROR),
        ("mx1.example.com", "A", dns.rcode.NXDOMAIN),
        ("nobody.example.org", "A", dns.rcode.NXDOMAIN),
    ],
)
def test_dns_denies_and_fails_as_the_world_does(name: str, rdtype: str, rcode: dns.rcode.Rcode) -> None:
    reply = _asked(WORLD, name, rdtype)
    assert reply is not None
    assert reply.rcode() is rcode
    assert not any(rrset.rdtype is dns.rdatatype.from_text(rdtype) for rrset in reply.answer)


def test_dns_is_silent_or_unreadable_where_the_world_is() -> None:
    assert _asked(WORLD, "b.example.com", "A") is None
    with pytest.raises(dns.exception.DNSException):
        _asked(client("192.0.2.25", ptr="malformed"), reverse_name(WORLD.ip), "PTR")


def test_a_version_is_held_against_the_model_that_fits() -> None:
    assert model_of("exim", "4.96") == "exim@4.96"
    assert model_of("exim", "4.99.1") == "exim@4.97"
    assert model_of("exim", "4.90") == "exim@4.96", "older than all: the oldest"


def test_a_reply_is_read_by_its_code() -> None:
    assert verdict_of(Seen()) is Reception.ACCEPT
    assert verdict_of(Seen("450 4.7.1 later", "RCPT")) is Reception.TEMPFAIL
    assert verdict_of(Seen("550 no", "EHLO")) is Reception.REFUSE
    assert verdict_of(Seen("hung up", "connect")) is Reception.REFUSE


def test_every_branch_is_likely() -> None:
    worlds = [_made(seed) for seed in range(600)]
    outcomes = {made.ptr.outcome for made in worlds}
    assert outcomes >= {Outcome.ANSWER, Outcome.NXDOMAIN, Outcome.NODATA, Outcome.SERVFAIL, Outcome.REFUSED}
    assert {len(made.ptr.names) for made in worlds} >= {0, 1, 2, 3}
    assert {made.family for made in worlds} == {4, 6}
    assert len({made.helo for made in worlds}) > 200
    assert any(made.confirmed for made in worlds)
    assert any(len(made.ptr.names) > len(made.confirmed) for made in worlds)
