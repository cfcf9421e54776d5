"""Which guide is chosen, how sure it is, and why: by the clues that a world has."""

import shlex
from dataclasses import replace
from typing import Any

import pytest

from support.audits import NASTY, hostile_facts
from support.world import World
from truehelo.advice.guides import Library, packaged
from truehelo.advice.guides.need import Clues
from truehelo.advice.guides.pick import mtas, providers
from truehelo.engine.judge import Judging, judge
from truehelo.facts.holder import Holder, HolderOutcome
from truehelo.findings import Step, Sureness

LIBRARY = packaged()
LIKELY, POSSIBLE, CERTAIN = Sureness.LIKELY, Sureness.POSSIBLE, Sureness.CERTAIN

# sentence, clues, the ids in order, how sure the first is, a part of why
PROVIDERS: list[tuple[str, dict[str, Any], list[str], Sureness, str]] = [
    ("a default PTR name", {"default": "vultr"}, ["vultr"], LIKELY, "by its default PTR name"),
    (
        "a default name of two products",
        {"default": "hetzner"},
        ["hetzner-cloud", "hetzner-robot"],
        POSSIBLE,
        "fits Hetzner",
    ),
    (
        "a default name of two products, and the zone of one",
        {"default": "hetzner", "zone": (("name servers", "helium.ns.hetzner.com"),)},
        ["hetzner-cloud"],
        LIKELY,
        "by its default PTR name and the reverse zone's name servers (helium.ns.hetzner.com)",
    ),
    (
        "the SOA of the zone",
        {"zone": (("SOA", "ns1.linode.com"),)},
        ["linode"],
        LIKELY,
        "by the reverse zone's SOA (ns1.linode.com)",
    ),
    ("the registration", {"holder": ("UpCloud Ltd", "", "")}, ["upcloud"], POSSIBLE, "by the registry (UpCloud Ltd)"),
    (
        "the default name of one and the zone of another: both are told",
        {"default": "vultr", "zone": (("SOA", "ns1.linode.com"),)},
        ["vultr", "linode"],
        POSSIBLE,
        "by its default PTR name; but the reverse zone's SOA (ns1.linode.com) says Akamai (Linode)",
    ),
    (
        "the zone and the registration of two",
        {"zone": (("SOA", "ns1.linode.com"),), "holder": ("DigitalOcean, LLC", "", "")},
        ["linode", "digitalocean"],
        POSSIBLE,
        "but the registry (DigitalOcean, LLC) says DigitalOcean",
    ),
    (
        "a delegation by CNAME",
        {"delegated": True},
        ["own-zone"],
        LIKELY,
        "by the delegation of its reverse name (RFC 2317)",
    ),
    (
        "name servers of the organisation's own",
        {"zone": (("SOA", "ns1.business.example"),), "domain": "business.example"},
        ["own-zone"],
        LIKELY,
        "which is of your own domain",
    ),
    ("nothing at all", {}, [], LIKELY, ""),
    ("names that nobody knows", {"zone": (("SOA", "ns1.cloudhost.example"),), "holder": ("Cloud Host",)}, [], LIKELY, ""),
    ("a name that only ends like one", {"zone": (("SOA", "ns1.notlinode.com"),)}, [], LIKELY, ""),
    ("a word within a word", {"holder": ("Linodexia Ltd", "", "")}, [], LIKELY, ""),
    (
        "another address of the same server",
        {"default": "vultr", "indirect": True},
        ["vultr"],
        POSSIBLE,
        "this is known of its other address",
    ),
]


@pytest.mark.parametrize(("why", "clues", "ids", "sureness", "part"), PROVIDERS, ids=[row[0] for row in PROVIDERS])
def test_the_provider(why: str, clues: dict[str, Any], ids: list[str], sureness: Sureness, part: str) -> None:
    found = providers(LIBRARY.providers, Clues(**clues))
    assert [picked.guide.id for picked in found] == ids, why
    assert not found or found[0].sureness is sureness
    assert not found or part in found[0].why


# sentence, greeting, --mta, the ids in order, how sure the first is, a part of why
MTAS: list[tuple[str, str, str | None, list[str], Sureness, str]] = [
    ("Postfix", "mx.example ESMTP Postfix (Debian/GNU)", None, ["postfix"], LIKELY, "may come from another machine"),
    ("mailcow is more than Postfix", "mx.example ESMTP Postcow", None, ["mailcow"], LIKELY, "its greeting says so"),
    ("Exim", "mx.example ESMTP Exim 4.96 Thu, 26 Nov 2026", None, ["exim"], LIKELY, ""),
    ("Exim on Ubuntu", "mx.example ESMTP Exim 4.95 Ubuntu Thu, 26 Nov 2026", None, ["exim-debian"], LIKELY, ""),
    (
        "cPanel, whose greeting has three lines",
        "mx ESMTP Exim 4.96 #2 Thu\nWe do not authorize the use of this system to transport unsolicited,\nand/or bulk.",
        None,
        ["cpanel"],
        LIKELY,
        "",
    ),
    ("Sendmail", "mx.example ESMTP Sendmail 8.17.1/8.17.1; Thu", None, ["sendmail"], LIKELY, ""),
    ("OpenSMTPD", "mx.example ESMTP OpenSMTPD", None, ["opensmtpd"], LIKELY, ""),
    ("Exchange", "mx.example Microsoft ESMTP MAIL Service ready at Thu", None, ["exchange"], LIKELY, ""),
    ("Mail-in-a-Box", "box.example ESMTP Hi, I'm a Mail-in-a-Box (Ubuntu/Postfix)", None, ["mail-in-a-box"], LIKELY, ""),
    ("a weak phrase", "mx.example ESMTP Service Ready", None, ["maddy"], POSSIBLE, "reads like it, and like others"),
    ("case does not matter", "mx.example esmtp POSTFIX", None, ["postfix"], LIKELY, ""),
    ("a word within a word", "mx.example ESMTP Postfixer", None, [], LIKELY, ""),
    ("nothing to go by", "mx.example ESMTP", None, [], LIKELY, ""),
    ("named, and nothing to go by", "mx.example ESMTP", "zimbra", ["zimbra"], CERTAIN, "you named it"),
    ("named against the greeting", "mx ESMTP Exim 4.96", "postfix", ["postfix"], CERTAIN, "its greeting says Exim"),
    ("a bundle named, its Postfix in the greeting", "mx ESMTP Postfix", "iredmail", ["iredmail"], CERTAIN, "you named it"),
]


@pytest.mark.parametrize(("why", "greeting", "named", "ids", "sureness", "part"), MTAS, ids=[row[0] for row in MTAS])
def test_the_mail_server(why: str, greeting: str, named: str | None, ids: list[str], sureness: Sureness, part: str) -> None:
    found = mtas(LIBRARY.mtas, Clues(greetings=(greeting,)), named)
    assert [picked.guide.id for picked in found] == ids, why
    assert not found or (found[0].sureness is sureness and part in found[0].why)
    if why.startswith("a bundle named"):
        assert found[0].why == "you named it"


def test_two_greetings_of_two_servers_are_both_told() -> None:
    found = mtas(LIBRARY.mtas, Clues(greetings=("a ESMTP Postfix", "b ESMTP Haraka/3 ready")), None)
    assert [picked.guide.id for picked in found] == ["haraka", "postfix"]
    assert all(picked.sureness is POSSIBLE and "say Haraka and Postfix" in picked.why for picked in found)


# --- Whole worlds

DEFAULT = "static.4.100.51.198.clients.your-server.de"
HETZNER = f"198.51.100.4 PTR {DEFAULT}\n{DEFAULT} A 198.51.100.4\nmail.business.example A 198.51.100.4\n"


def steps(world: World, ip: str, library: Library = LIBRARY, **facts: Any) -> tuple[Step, ...]:
    judging = Judging(receivers=(), guides=library)
    return judge(world.facts(ip, **facts), judging).advice


def test_the_panel_the_command_and_the_api_call_hold_the_readers_own_name_and_address() -> None:
    (step,) = steps(World(HETZNER), "198.51.100.4", smtp={25: "mail.business.example"})
    cloud, robot = step.guidance
    assert [way.kind for way in cloud.ways] == ["panel", "cli", "api"]
    assert cloud.ways[1].commands == ("hcloud server set-rdns SERVER --ip 198.51.100.4 --hostname mail.business.example",)
    assert '"dns_ptr":"mail.business.example"' in cloud.ways[2].commands[0]
    assert robot.ways[1].commands[0].endswith("/rdns/198.51.100.4")


@pytest.mark.parametrize(
    ("why", "helo", "ehlo", "greeting", "lines"),
    [
        (
            "the greeting alone",
            None,
            "mail.example.com",
            "mx.example.net",
            ["smtpd_banner = mail.example.com ESMTP $mail_name"],
        ),
        ("the HELO alone", "localhost", "mail.example.com", "mail.example.com", ["smtp_helo_name = mail.example.com"]),
        (
            "all three",
            "mx.example.net",
            "mx.example.net",
            "mx.example.net",
            [
                "myhostname = mail.example.com",
                "smtpd_banner = mail.example.com ESMTP $mail_name",
                "smtp_helo_name = mail.example.com",
            ],
        ),
    ],
)
def test_exactly_the_settings_of_the_names_that_are_wrong(
    why: str, helo: str | None, ehlo: str, greeting: str, lines: list[str]
) -> None:
    world = World("192.0.2.25 PTR mail.example.com\nmail.example.com A 192.0.2.25")
    script = {"greeting": f"220 {greeting} ESMTP Postfix", "ehlo": ehlo}
    (step,) = steps(world, "192.0.2.25", smtp={25: script}, helo=helo)
    (found,) = step.guidance
    assert [line for way in found.ways for line in way.lines] == lines, why
    assert found.then == ("postfix reload",)
    told = any("smtp_helo_name" in note for note in found.notes)
    assert told is (helo is None)


@pytest.mark.parametrize(("forward", "told"), [(True, False), (False, True)])
def test_that_the_forward_record_comes_first_is_told_while_it_is_missing(forward: bool, told: bool) -> None:
    name = "198-51-100-4.ip.linodeusercontent.com"
    zone = f"198.51.100.4 PTR {name}\n{name} A 198.51.100.4\n"
    own = "mail.business.example A 198.51.100.4" if forward else "x.business.example A 198.51.100.9"
    found = steps(World(zone + own), "198.51.100.4", smtp={25: "mail.business.example"}, expect="mail.business.example")
    (guidance,) = next(step for step in found if step.owner == "reverse zone").guidance
    assert any("A record must be visible before" in note for note in guidance.notes) is told


def test_ipv6_has_ways_of_its_own() -> None:
    zone = (
        "mail.business.example AAAA 2001:db8::25\n8.b.d.0.1.0.0.2.ip6.arpa SOA ns1.vultr.com support.vultr.com 1 2 3 4 300"
    )
    (step,) = steps(World(zone), "2001:db8::25", smtp={25: "mail.business.example"})
    (found,) = step.guidance
    commands = [command for way in found.ways for command in way.commands]
    assert any("set-ipv6" in command and "2001:db8::25" in command for command in commands)
    assert not any("ipv4" in command for command in commands)


def test_a_classless_delegation_is_the_readers_own_zone_with_the_record_where_it_stands() -> None:
    zone = """
    25.2.0.192.in-addr.arpa CNAME 25.0/26.2.0.192.in-addr.arpa
    25.0/26.2.0.192.in-addr.arpa PTR wrong.example.com
    mail.example.com A 192.0.2.25
    """
    (step,) = steps(World(zone), "192.0.2.25", smtp={25: "mail.example.com"})
    (found,) = step.guidance
    assert found.guide == "own-zone"
    assert found.ways[0].lines == ("25.0/26.2.0.192.in-addr.arpa. 3600 IN PTR mail.example.com.",)


def test_the_other_family_is_set_at_the_same_provider_as_far_as_is_known() -> None:
    zone = """
    2.0.192.in-addr.arpa SOA ns1.linode.com. admin.linode.com. 1 2 3 4 300
    192.0.2.25 PTR mail.example.com
    mail.example.com A 192.0.2.25
    mail.example.com AAAA 2001:db8::25
    """
    world = World(zone, authority={"ns1.linode.com": ["mail.example.com"]})
    (step,) = steps(world, "192.0.2.25", smtp={25: "mail.example.com"})
    (found,) = step.guidance
    assert (found.guide, found.sureness) == ("linode", POSSIBLE)
    assert found.why.endswith("this is known of its other address")
    assert "linode-cli networking ip-update 2001:db8::25 --rdns mail.example.com" in found.ways[1].commands
    assert not any("must be visible before" in note for note in found.notes)


def _hostile(said: str) -> list[str]:
    """Every line that a shell or a file would get, in a world whose names and texts a stranger chose."""
    holder = Holder(
        outcome=HolderOutcome.FOUND,
        at=hostile_facts(["x"]).sessions[0].at,
        organisation=f"Hetzner Online {said}",
        name=said,
    )
    facts = hostile_facts([said, f"{said} ESMTP Postfix", f"{said}.your-server.de"])
    world = World("", smtp=None)
    found = list(judge(replace(facts, holder=holder), Judging(receivers=(), guides=LIBRARY)).advice)
    one_line = " ".join(said.splitlines())
    greeting = {25: {"greeting": f"220 {one_line} ESMTP Postfix", "ehlo": one_line}}
    found += steps(world, "192.0.2.25", smtp=greeting)
    word = (said.split() or ["x"])[0]
    if word.isprintable():
        soa = f"2.0.192.in-addr.arpa SOA ns1.vultr.com {word}.example 1 2 3 4 300"
        found += steps(World(f"mail.example.com A 192.0.2.25\n{soa}"), "192.0.2.25", smtp=greeting)
    return [
        line
        for step in found
        for guidance in step.guidance
        for way in guidance.ways
        for line in (*way.commands, *way.lines, *guidance.then)
    ]


@pytest.mark.parametrize("said", [*NASTY, "$(reboot)", "`id`", "a;b", "x' ; rm -rf / #", "mail.example.com\\nroot"])
def test_no_text_from_the_network_reaches_a_command_or_a_line(said: str) -> None:
    for line in _hostile(said):
        assert said not in line
        assert line.isprintable()


def test_the_hostile_worlds_reach_a_guide_at_all() -> None:
    lines = _hostile("$(reboot)")
    assert any("postfix" in line for line in lines)
    assert all(shlex.split(line.replace("`", "")) for line in lines if line.startswith(("curl", "hcloud", "postfix")))
