"""What a resolver and an authoritative server of the lab say, for each shape of zone (RFC 1034 §4.3.2, RFC 2308)."""

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdatatype
import pytest
from hypothesis import given
from hypothesis import strategies as st

from truehelo.lab import load, parse, scenario_names
from truehelo.lab.dns_server import DnsService, FaultBook, Memory
from truehelo.lab.dns_wire import UnreadableQueryError, encode_name, encode_rdata, parse_query
from truehelo.lab.scenario import Scenario
from truehelo.lab.zones import World

SCENARIO = """
[zone."business.example"]
ns = ["ns1.dns.example"]
[zone."business.example".records]
"@" = { MX = ["10 mail.business.example", "20 backup.business.example"], TXT = "v=spf1 -all" }
mail = { A = ["198.51.100.4", "198.51.100.5"], AAAA = "2001:db8::4", ttl = 60 }
alias = { CNAME = "mail.business.example" }
far = { CNAME = "mail.other.example" }
loop = { CNAME = "loop2.business.example" }
loop2 = { CNAME = "loop.business.example" }
dangling = { CNAME = "nothing.business.example" }
"deep.below" = { A = "198.51.100.6" }
"*.wild" = { A = "198.51.100.7" }
lame = { NS = "ns1.nowhere.example" }
long = { TXT = "LONG" }
"odd\\\\.dot" = { A = "198.51.100.8" }

[zone."sub.business.example"]
ns = ["ns1.other.example"]
[zone."sub.business.example".records]
mail = { A = "198.51.100.9" }

[zone."other.example"]
ns = ["ns1.other.example"]
[zone."other.example".records]
mail = { A = "203.0.113.4" }

[zone."abandoned.example"]
ns = ["ns1.nowhere.example"]

[zone."198.51.100.0/24"]
ns = ["ns1.dns.example"]
[zone."198.51.100.0/24".records]
4 = { CNAME = "4.0-63.100.51.198.in-addr.arpa" }
"0-63" = { NS = "ns1.other.example" }
[zone."0-63.100.51.198.in-addr.arpa"]
ns = ["ns1.other.example"]
[zone."0-63.100.51.198.in-addr.arpa".records]
4 = { PTR = "mail.business.example" }
[zone."2001:db8::/32"]
ns = ["ns1.dns.example"]
[ptr]
"2001:db8::4" = "mail.business.example"

[nameserver]
"ns1.dns.example" = "192.0.2.53"
"ns1.other.example" = ["192.0.2.54", "2001:db8::54"]
""".replace("LONG", "v=spf1 " + "x" * 600)


def world_of(text: str) -> tuple[Scenario, World]:
    scenario = parse(text)
    return scenario, World(scenario)


_, WORLD = world_of(SCENARIO)


def said(answer: object) -> tuple[str, list[str], str]:
    """Return rcode, the data of the last RRset, and the zone that denies."""
    rrsets = answer.answers  # type: ignore[attr-defined]
    soa = [rrset.name for rrset in answer.authority if rrset.rdtype == "SOA"]  # type: ignore[attr-defined]
    return answer.rcode, list(rrsets[-1].data) if rrsets else [], soa[0] if soa else ""  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("question", "rcode", "data", "denied_by"),
    [
        ("mail.business.example A", "NOERROR", ["198.51.100.4", "198.51.100.5"], ""),
        ("business.example MX", "NOERROR", ["10 mail.business.example", "20 backup.business.example"], ""),
        ("mail.business.example MX", "NOERROR", [], "business.example"),
        ("none.business.example A", "NXDOMAIN", [], "business.example"),
        ("below.business.example A", "NOERROR", [], "business.example"),
        ("alias.business.example A", "NOERROR", ["198.51.100.4", "198.51.100.5"], ""),
        ("far.business.example A", "NOERROR", ["203.0.113.4"], ""),
        ("dangling.business.example A", "NXDOMAIN", ["nothing.business.example"], "business.example"),
        ("loop.business.example A", "SERVFAIL", [], ""),
        ("any.wild.business.example A", "NOERROR", ["198.51.100.7"], ""),
        ("wild.business.example A", "NOERROR", [], "business.example"),
        ("x.lame.business.example A", "SERVFAIL", [], ""),
        ("mail.sub.business.example A", "NOERROR", ["198.51.100.9"], ""),
        ("abandoned.example A", "SERVFAIL", [], ""),
        ("ns1.other.example AAAA", "NOERROR", ["2001:db8::54"], ""),
        ("4.100.51.198.in-addr.arpa PTR", "NOERROR", ["mail.business.example"], ""),
        ("5.100.51.198.in-addr.arpa PTR", "NXDOMAIN", [], "100.51.198.in-addr.arpa"),
        ("odd\\.dot.business.example A", "NOERROR", ["198.51.100.8"], ""),
        ("example A", "NOERROR", [], ""),
        ("com A", "NXDOMAIN", [], ""),
        (" SOA", "NOERROR", ["root.invalid hostmaster.invalid 1 7200 900 1209600 300"], ""),
    ],
)
def test_a_resolver_of_the_lab_says_of(question: str, rcode: str, data: list[str], denied_by: str) -> None:
    name, _, rdtype = question.rpartition(" ")
    assert said(WORLD.resolve(name, rdtype)) == (rcode, data, denied_by)


@pytest.mark.parametrize(
    ("ip", "question", "rcode", "aa", "answers", "authority"),
    [
        ("192.0.2.53", "mail.business.example A", "NOERROR", True, ["A"], []),
        ("192.0.2.53", "none.business.example A", "NXDOMAIN", True, [], ["SOA"]),
        ("192.0.2.53", "mail.other.example A", "REFUSED", False, [], []),
        ("192.0.2.54", "mail.business.example A", "REFUSED", False, [], []),
        ("192.0.2.53", "mail.sub.business.example A", "NOERROR", False, [], ["NS"]),
        ("192.0.2.54", "mail.sub.business.example A", "NOERROR", True, ["A"], []),
        ("192.0.2.53", "far.business.example A", "NOERROR", True, ["CNAME"], []),
        ("192.0.2.53", "4.100.51.198.in-addr.arpa PTR", "NOERROR", True, ["CNAME"], []),
        ("192.0.2.54", "4.0-63.100.51.198.in-addr.arpa PTR", "NOERROR", True, ["PTR"], []),
        ("192.0.2.53", "4.0-63.100.51.198.in-addr.arpa PTR", "NOERROR", False, [], ["NS"]),
    ],
)
def test_a_name_server_of_the_lab_says_of(
    ip: str, question: str, rcode: str, aa: bool, answers: list[str], authority: list[str]
) -> None:
    name, _, rdtype = question.rpartition(" ")
    answer = WORLD.serve(WORLD.nameservers[ip].apexes, name, rdtype)
    assert (answer.rcode, answer.aa) == (rcode, aa)
    assert [rrset.rdtype for rrset in answer.answers] == answers
    assert [rrset.rdtype for rrset in answer.authority] == authority


def test_a_referral_carries_the_addresses_of_the_servers_it_names() -> None:
    answer = WORLD.serve(WORLD.nameservers["192.0.2.53"].apexes, "mail.sub.business.example", "A")
    assert {(rrset.name, rrset.rdtype) for rrset in answer.additional} == {
        ("ns1.other.example", "A"),
        ("ns1.other.example", "AAAA"),
    }


def service(text: str, label: str = "resolver", *, cache: bool = False) -> DnsService:
    scenario, world = world_of(text)
    resolver = label == "resolver"
    spec = scenario.resolvers[0]
    memory = Memory(spec.holds, cache=cache, resolver=resolver, started=0.0)
    ask = world.resolve
    return DnsService(world, ask, FaultBook(scenario.faults, {label, spec.name}), memory)


def query(name: str, rdtype: str, payload: int | None = 1232) -> dns.message.Message:
    if payload is None:
        return dns.message.make_query(name, rdtype)
    return dns.message.make_query(name, rdtype, use_edns=0, payload=payload)


ZONE = '[zone."a.example".records]\nx = { A = "192.0.2.1", ttl = 100 }\ny = { CNAME = "x.a.example" }\n'


@pytest.mark.parametrize(
    ("fault", "rcodes"),
    [
        ("servfail", ["SERVFAIL", "SERVFAIL", "SERVFAIL"]),
        ("servfail x2", ["SERVFAIL", "SERVFAIL", "NOERROR"]),
        ("refused once", ["REFUSED", "NOERROR", "NOERROR"]),
        ("nxdomain once", ["NXDOMAIN", "NOERROR", "NOERROR"]),
        ("formerr", ["FORMERR", "FORMERR", "FORMERR"]),
        ("drop x1", [None, "NOERROR", "NOERROR"]),
        ("servfail on authoritative", ["NOERROR", "NOERROR", "NOERROR"]),
        ("servfail on resolver-1", ["SERVFAIL", "SERVFAIL", "SERVFAIL"]),
    ],
)
@pytest.mark.parametrize("key", ["x.a.example A", "x.a.example", "*.a.example A", "*"])
def test_a_fault_shows_itself_as_often_as_it_says(fault: str, rcodes: list[str | None], key: str) -> None:
    made = service(f'{ZONE}[fault]\n"{key}" = "{fault}"\n')
    seen = []
    for _ in rcodes:
        _, octets = made.reply(query("x.a.example", "A").to_wire(), tcp=False, now=0.0)
        seen.append(None if octets is None else dns.rcode.to_text(dns.message.from_wire(octets).rcode()))
    assert seen == rcodes


def test_a_fault_of_an_alias_target_is_met_through_the_alias() -> None:
    made = service(f'{ZONE}[fault]\n"x.a.example A" = "servfail"\n')
    _, octets = made.reply(query("y.a.example", "A").to_wire(), tcp=False, now=0.0)
    assert octets is not None
    assert dns.message.from_wire(octets).rcode() == dns.rcode.SERVFAIL


def test_delays_add_up_and_the_reply_is_still_right() -> None:
    made = service(f'{ZONE}[fault]\n"*" = "delay 0.05"\n"x.a.example A" = ["delay 0.2", "servfail once"]\n')
    asked = query("x.a.example", "A").to_wire()
    seconds, _ = made.reply(asked, tcp=False, now=0.0)
    assert seconds == pytest.approx(0.25)
    _, octets = made.reply(asked, tcp=False, now=0.0)
    assert octets is not None
    assert dns.message.from_wire(octets).answer


def test_a_wrong_id_is_all_that_is_wrong() -> None:
    made = service(f'{ZONE}[fault]\n"x.a.example A" = "wrong-id"\n')
    asked = query("x.a.example", "A")
    _, octets = made.reply(asked.to_wire(), tcp=False, now=0.0)
    assert octets is not None
    reply = dns.message.from_wire(octets)
    assert reply.id != asked.id
    assert reply.question == asked.question
    assert reply.answer


def test_garbage_answers_the_question_and_cannot_be_read() -> None:
    made = service(f'{ZONE}[fault]\n"x.a.example A" = "garbage"\n')
    asked = query("x.a.example", "A")
    _, octets = made.reply(asked.to_wire(), tcp=False, now=0.0)
    assert octets is not None
    assert octets[:2] == asked.to_wire()[:2]
    with pytest.raises(dns.exception.DNSException):
        dns.message.from_wire(octets)


def test_truncation_over_udp_is_whole_over_tcp() -> None:
    made = service(f'{ZONE}[fault]\n"x.a.example A" = "truncate"\n')
    asked = query("x.a.example", "A").to_wire()
    udp, tcp = (made.reply(asked, tcp=tcp, now=0.0)[1] for tcp in (False, True))
    assert udp is not None
    assert tcp is not None
    assert dns.message.from_wire(udp).flags & dns.flags.TC
    assert dns.message.from_wire(tcp).answer


@pytest.mark.parametrize(("payload", "truncated"), [(None, True), (512, True), (1232, False)])
def test_a_reply_that_is_too_long_for_the_asker_is_truncated(payload: int | None, truncated: bool) -> None:
    made = service(SCENARIO)
    _, octets = made.reply(query("long.business.example", "TXT", payload).to_wire(), tcp=False, now=0.0)
    assert octets is not None
    assert bool(dns.message.from_wire(octets).flags & dns.flags.TC) is truncated


def test_a_held_value_runs_down_and_is_forgotten() -> None:
    made = service(f'{ZONE}[[resolver]]\n[resolver.holds]\n"x.a.example A" = {{ data = "192.0.2.9", ttl = 30 }}\n')
    seen = []
    for now in (0.0, 10.0, 30.0):
        _, octets = made.reply(query("x.a.example", "A").to_wire(), tcp=False, now=now)
        assert octets is not None
        (rrset,) = dns.message.from_wire(octets).answer
        seen.append((rrset.ttl, str(rrset[0])))
    assert seen == [(30, "192.0.2.9"), (20, "192.0.2.9"), (100, "192.0.2.1")]


def test_a_resolver_that_caches_counts_the_ttl_down() -> None:
    made = service(ZONE, cache=True)
    ttls = []
    for now in (0.0, 40.0, 99.0, 100.0):
        _, octets = made.reply(query("x.a.example", "A").to_wire(), tcp=False, now=now)
        assert octets is not None
        ttls.append(dns.message.from_wire(octets).answer[0].ttl)
    assert ttls == [100, 60, 1, 100]


@pytest.mark.parametrize("name", scenario_names())
def test_dnspython_reads_every_reply_of_a_shipped_scenario(name: str) -> None:
    scenario = load(name)
    world = World(scenario)
    made = DnsService(world, world.resolve, FaultBook({}, set()), Memory({}, cache=False, resolver=True, started=0.0))
    for zone in world.zones.values():
        for owner, rrsets in zone.records.items():
            for rdtype, rrset in rrsets.items():
                asked = query(owner or ".", rdtype)
                _, octets = made.reply(asked.to_wire(), tcp=True, now=0.0)
                assert octets is not None
                reply = dns.message.from_wire(octets)
                assert reply.is_response(asked) or asked.is_response(reply)
                if (owner, rdtype) in ((owner, "SOA"), (owner, "NS")) and not scenario.zones.get(owner):
                    continue
                assert len(reply.answer[-1]) == len(rrset.data)


@given(st.binary(max_size=80))
def test_arbitrary_queries_never_raise(octets: bytes) -> None:
    made = service(ZONE)
    _, reply = made.reply(octets, tcp=False, now=0.0)
    assert reply is None or reply[:2] == octets[:2]


@given(st.binary(min_size=12, max_size=60), st.integers(0, 59), st.binary(max_size=3))
def test_a_damaged_query_is_read_or_refused(tail: bytes, at: int, put: bytes) -> None:
    octets = query("mail.business.example", "A").to_wire()
    damaged = octets[:at] + put + octets[at + len(put) :] + tail[:0]
    try:
        read = parse_query(damaged)
    except UnreadableQueryError:
        return
    assert encode_name(read.name).lower() == read.question[:-4].lower()


LABELS = st.lists(st.binary(min_size=1, max_size=20), min_size=0, max_size=6)


@given(LABELS)
def test_a_name_is_read_as_dnspython_reads_it(labels: list[bytes]) -> None:
    name = dns.name.Name([*labels, b""])
    asked = dns.message.make_query(name, "A")
    read = parse_query(asked.to_wire())
    assert dns.name.from_wire(encode_name(read.name), 0)[0] == name


@given(
    st.sampled_from(["A", "AAAA", "MX", "PTR", "SRV", "SOA"]),
    st.text("0123456789.abcdef: mail\\-", max_size=40),
)
def test_rdata_is_written_as_dnspython_writes_it(rdtype: str, value: str) -> None:
    try:
        ours = encode_rdata(rdtype, value)
    except ValueError:
        return
    theirs = dns.rdata.from_text("IN", rdtype, value, origin=dns.name.root, relativize=False)
    assert ours.lower() == theirs.to_wire().lower()
