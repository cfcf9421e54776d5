"""What a deliverability engineer would say to each of these worlds: who does what, with which record, and no more."""

import shlex
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from support.world import World
from truehelo.advice import advise
from truehelo.advice.guides import Need, packaged
from truehelo.advice.guides.need import UNKNOWN_MTA, UNKNOWN_PROVIDER
from truehelo.cli.main import cli
from truehelo.engine.judge import judge
from truehelo.findings import Guidance, Step, SubjectAudit, Sureness, Way

IP, CLOUD = "192.0.2.25", "198.51.100.4"
GOOD = "192.0.2.25 PTR mail.example.com\nmail.example.com A 192.0.2.25\n"
NO_PTR = "192.0.2.9 PTR x.example\n"
GENERIC = "198.51.100.4 PTR 198-51-100-4.dynamic.cloudhost.example\n198-51-100-4.dynamic.cloudhost.example A 198.51.100.4\n"
OWN = "mail.business.example A 198.51.100.4\n"
DEFAULT = "198-51-100-4.dynamic.cloudhost.example"
REVERSE, DNS, SERVER, YOU = "reverse zone", "dns zone", "mail server", "you"

World_ = dict[str, Any]
# sentence, world, the steps: owner, a part of what is to be done, the records
PLANS: list[tuple[str, World_, list[tuple[str, str, tuple[str, ...]]]]] = [
    (
        "a generic PTR that the server states too: a name of its own, on all three sides",
        {"zone": GENERIC, "ip": CLOUD, "smtp": {"greeting": f"220 {DEFAULT} ESMTP", "ehlo": f"250 {DEFAULT}"}},
        [
            (DNS, "Choose a name of your own", ("NAME. 3600 IN A 198.51.100.4",)),
            (REVERSE, f"to NAME instead of {DEFAULT}", ("4.100.51.198.in-addr.arpa. 3600 IN PTR NAME.",)),
            (SERVER, "call itself NAME in its greeting and its reply to EHLO", ()),
        ],
    ),
    (
        "the placeholder is told by example where the organisation is known",
        {"zone": GENERIC + "business.example TXT v=spf1 a:x.example ip4:198.51.100.4 -all", "ip": CLOUD}
        | {"spf": ["organisation business.example"]},
        [
            (DNS, "such as mail.business.example", ("NAME. 3600 IN A 198.51.100.4",)),
            (REVERSE, "to NAME", ("4.100.51.198.in-addr.arpa. 3600 IN PTR NAME.",)),
        ],
    ),
    (
        "nothing is known of the server's name: first the HELO, then the name",
        {"zone": NO_PTR, "smtp": {"ended": "unreachable"}},
        [
            (YOU, "Declare the HELO", ()),
            (DNS, "or take the HELO that it sends", ("NAME. 3600 IN A 192.0.2.25",)),
            (REVERSE, "Set the PTR of 192.0.2.25 to NAME", ("25.2.0.192.in-addr.arpa. 3600 IN PTR NAME.",)),
        ],
    ),
    (
        "one of two PTR names leads astray: the other one stays alone",
        {"zone": GOOD + "192.0.2.25 PTR old.example.com", "smtp": "mail.example.com"},
        [(REVERSE, "remove old.example.com", ("25.2.0.192.in-addr.arpa. 3600 IN PTR mail.example.com.",))],
    ),
    (
        "each port states a PTR name that confirms: only the third name, which does not, goes",
        {"zone": GOOD + "192.0.2.25 PTR out.example.com\nout.example.com A 192.0.2.25\n192.0.2.25 PTR old.example.com"}
        | {"smtp": {25: "mail.example.com", 587: "out.example.com"}},
        [(REVERSE, "remove old.example.com", ("25.2.0.192.in-addr.arpa. 3600 IN PTR mail.example.com.",))],
    ),
    (
        "a malformed PTR name beside a good one goes, although it confirms",
        {"zone": GOOD + "192.0.2.25 PTR mail_1.example.com\nmail_1.example.com A 192.0.2.25", "smtp": "mail.example.com"},
        [(REVERSE, "remove mail_1.example.com", ("25.2.0.192.in-addr.arpa. 3600 IN PTR mail.example.com.",))],
    ),
    (
        "the zone already says the right name: nobody is asked again, it takes time",
        {"zone": GENERIC + OWN, "ip": CLOUD, "smtp": "mail.business.example"}
        | {"authority": {"ns1.cloudhost.example": ["mail.business.example"]}},
        [(YOU, "Wait: every name server of the reverse zone already says mail.business.example", ())],
    ),
    (
        "one of the zone's servers has the new name: one step, on every server",
        {"zone": GENERIC + OWN, "ip": CLOUD, "smtp": "mail.business.example"}
        | {"authority": {"ns1.cloudhost.example": ["mail.business.example"], "ns2.cloudhost.example": [DEFAULT]}},
        [(REVERSE, "on every name server", ("4.100.51.198.in-addr.arpa. 3600 IN PTR mail.business.example.",))],
    ),
    (
        "the zone's servers disagree and the name that is seen is right: they are to say the same",
        {"zone": GOOD, "smtp": "mail.example.com"}
        | {"authority": {"ns1.example": ["mail.example.com"], "ns2.example": ["old.example.com"]}},
        [(REVERSE, "Have all name servers of the reverse zone say the same", ())],
    ),
    (
        "the PTR cannot be looked up and the greeting leads elsewhere: which is wrong is open, so no name moves",
        {"zone": GOOD + "mx.example.com A 192.0.2.9", "smtp": "mx.example.com", "fail": {"192.0.2.25 PTR": "servfail"}},
        [(REVERSE, "Have the name servers of the reverse zone answer", ())],
    ),
    (
        "the resolvers were silent: that is no fault of the reverse zone",
        {"zone": GOOD, "smtp": "mail.example.com", "fail": {"192.0.2.25 PTR": "timeout"}},
        [(YOU, "Ask again for the PTR of 192.0.2.25", ())],
    ),
    (
        "the PTR cannot be looked up and the greeting is a single word: that one is wrong in any case",
        {"zone": GOOD, "smtp": "localhost", "fail": {"192.0.2.25 PTR": "servfail"}},
        [(REVERSE, "answer", ()), (SERVER, "by its PTR name (here: NAME), once that can be seen", ())],
    ),
    (
        "the PTR name's address is not known: the PTR stays, whatever the greeting says",
        {
            "zone": GOOD + "mx.example.com A 192.0.2.25",
            "smtp": "mx.example.com",
            "fail": {"mail.example.com A": "servfail"},
        },
        [(DNS, "See why the A record of mail.example.com could not be looked up", ())],
    ),
    (
        "the greeting's own lookup fails, and the PTR confirms: the greeting changes and nobody looks after its zone",
        {"zone": GOOD, "smtp": "mx.example.com", "fail": {"mx.example.com A": "servfail"}},
        [(SERVER, "call itself mail.example.com", ())],
    ),
    (
        "a name that is a dangling alias gets a record of its own, since nothing may stand beside a CNAME",
        {"zone": "192.0.2.25 PTR mail.example.com\nmail.example.com CNAME gone.example.com", "smtp": "mail.example.com"},
        [(DNS, "Replace the alias mail.example.com", ("mail.example.com. 3600 IN A 192.0.2.25",))],
    ),
    (
        "the PTR names an alias of the name that the server states: the PTR moves",
        {"zone": "192.0.2.25 PTR mail.example.com\nmail.example.com CNAME real.example.com\nreal.example.com A 192.0.2.25"}
        | {"smtp": "real.example.com"},
        [(REVERSE, "to real.example.com", ("25.2.0.192.in-addr.arpa. 3600 IN PTR real.example.com.",))],
    ),
    (
        "the server states the bare domain of its web site: no address is added there",
        {"zone": NO_PTR + "example.com A 192.0.2.80\nexample.com TXT v=spf1 ip4:192.0.2.25 -all", "smtp": "example.com"}
        | {"spf": ["organisation example.com"]},
        [
            (DNS, "such as mail.example.com", ("NAME. 3600 IN A 192.0.2.25",)),
            (REVERSE, "to NAME", ("25.2.0.192.in-addr.arpa. 3600 IN PTR NAME.",)),
            (SERVER, "call itself NAME", ()),
        ],
    ),
    (
        "of two addresses in the other family only the failing one is named",
        {
            "zone": GOOD
            + "mail.example.com AAAA 2001:db8::25\nmail.example.com AAAA 2001:db8::26\n2001:db8::26 PTR mail.example.com"
        }
        | {"smtp": "mail.example.com"},
        [
            (
                REVERSE,
                "Set the PTR of 2001:db8::25 to mail.example.com too",
                ("5.2" + ".0" * 22 + ".8.b.d.0.1.0.0.2.ip6.arpa. 3600 IN PTR mail.example.com.",),
            )
        ],
    ),
    (
        "the other family gets the name that is to come, not the provider's",
        {"zone": GENERIC + OWN + f"{DEFAULT} AAAA 2001:db8::25", "ip": CLOUD, "smtp": "mail.business.example"},
        [
            (REVERSE, "to mail.business.example", ("4.100.51.198.in-addr.arpa. 3600 IN PTR mail.business.example.",)),
            (
                REVERSE,
                "Set the PTR of 2001:db8::25 to mail.business.example too",
                (
                    "mail.business.example. 3600 IN AAAA 2001:db8::25",
                    "5.2" + ".0" * 22 + ".8.b.d.0.1.0.0.2.ip6.arpa. 3600 IN PTR mail.business.example.",
                ),
            ),
        ],
    ),
    (
        "two domains omit the address: each owner is told",
        {"zone": GOOD + "a.example 600 TXT v=spf1 -all\nb.example 600 TXT v=spf1 ~all", "smtp": "mail.example.com"}
        | {"spf": ["organisation a.example", "organisation b.example"]},
        [
            (DNS, "mail of a.example", ('a.example. 600 IN TXT "v=spf1 ip4:192.0.2.25 -all"',)),
            (DNS, "mail of b.example", ('b.example. 600 IN TXT "v=spf1 ip4:192.0.2.25 ~all"',)),
        ],
    ),
    (
        "an SPF record that nobody can evaluate is to be mended",
        {"zone": GOOD + "a.example TXT v=spf1 -all\na.example TXT v=spf1 a -all", "smtp": "mail.example.com"}
        | {"spf": ["organisation a.example"]},
        [(DNS, "Mend the SPF record of a.example", ())],
    ),
    (
        "a web server on port 25 is the operator's to look at",
        {"zone": GOOD, "smtp": {"ended": "http"}},
        [(SERVER, "does not speak SMTP", ())],
    ),
    (
        "an IPv6 address whose name has an A record alone needs the AAAA record",
        {"zone": "2001:db8::25 PTR mail.example.com\nmail.example.com A 192.0.2.25", "ip": "2001:db8::25"}
        | {"smtp": "mail.example.com"},
        [(DNS, "which has no AAAA record", ("mail.example.com. 3600 IN AAAA 2001:db8::25",))],
    ),
    (
        "an SPF record without an MX host is a note and asks for nothing",
        {
            "zone": GOOD + "a.example TXT v=spf1 -all",
            "smtp": "mail.example.com",
            "spf": ["organisation a.example"],
            "sources": ["mx"],
        },
        [],
    ),
]


def audited(world: World_) -> SubjectAudit:
    given = dict(world)
    made = World(given.pop("zone"), fail=given.pop("fail", None), authority=given.pop("authority", None))
    smtp = given.pop("smtp", None)
    ports = smtp if smtp is None or (isinstance(smtp, Mapping) and 25 in smtp) else {25: smtp}
    return judge(made.facts(given.pop("ip", IP), smtp=ports, **given))


@pytest.mark.parametrize(("why", "world", "wanted"), PLANS, ids=[plan[0] for plan in PLANS])
def test_the_plan(why: str, world: World_, wanted: list[tuple[str, str, tuple[str, ...]]]) -> None:
    steps = audited(world).advice
    assert [(step.owner, step.records) for step in steps] == [(owner, records) for owner, _, records in wanted], why
    assert all(part in step.what for step, (_, part, _) in zip(steps, wanted, strict=True)), why


@pytest.mark.parametrize(("why", "world", "wanted"), PLANS, ids=[plan[0] for plan in PLANS])
def test_each_step_resolves_findings_that_were_made_and_says_how_to_see_it(why: str, world: World_, wanted: object) -> None:
    audit = audited(world)
    tags = {finding.tag.name for finding in audit.findings}
    for step in audit.advice:
        assert step.resolves, why
        assert set(step.resolves) <= tags, why
        assert step.who
        for command in (step.verify, *step.commands):
            _runs(command)


def _runs(command: str) -> None:
    """Our own command line takes it, once the reader has put in what stands for something."""
    program, name, *rest = shlex.split(command.replace("NAME", "mail.example.com").replace("ADDRESS", IP))
    assert program == "truehelo"
    found = cli.get_command(cli.make_context("truehelo", [name]), name)
    assert found is not None
    found.make_context(name, rest)


def test_a_new_name_is_told_to_be_sent_as_helo_too_unless_the_helo_is_known() -> None:
    world: World_ = {"zone": GOOD, "smtp": "mx.example.net"}
    assert "the HELO that it sends is often another setting" in audited(world).advice[0].what
    assert "another setting" not in audited(world | {"helo": "mail.example.com"}).advice[0].what


def test_the_question_to_tidy_up_names_what_goes() -> None:
    (step,) = audited({"zone": GOOD + "192.0.2.25 PTR old.example.com", "smtp": "mail.example.com"}).advice
    assert step.ask.startswith(
        "Please keep mail.example.com as the only PTR record of 192.0.2.25, and remove old.example.com."
    )


def test_a_step_resolves_what_it_changes_and_not_what_another_step_changes() -> None:
    world: World_ = {
        "zone": NO_PTR + "mail.example.com A 192.0.2.25",
        "smtp": "mail.example.com",
        "helo": "old.example.net",
    }
    ptr, server = audited(world).advice
    assert (ptr.owner, ptr.resolves) == (REVERSE, ("PTR_MISSING",))
    assert (server.owner, server.resolves) == (SERVER, ("HELO_FORWARD_MISSING",))


def test_a_name_that_leads_to_another_machine_is_not_called_right() -> None:
    forward, ptr = audited({"zone": NO_PTR + "mx.example.com A 192.0.2.80", "smtp": "mx.example.com"}).advice
    assert "if that is another machine" in forward.what
    assert ptr.leave == ""


class _Book:
    """A guide book that knows one provider and one mail server."""

    def guidance(self, need: Need) -> tuple[Guidance, ...]:
        aim = need.aim
        if aim.kind == "ptr" and need.clues.default == "hetzner" and aim.name is not None:
            return (_guidance("one", f"set-rdns --ip {aim.ips[0]} --hostname {aim.name}"),)
        if aim.kind == "says" and any("Postfix" in greeting for greeting in need.clues.greetings):
            return (_guidance("all", f"postconf -e myhostname={aim.name}"),)
        return ()


def _guidance(take: str, command: str) -> Guidance:
    ways = (Way(kind="cli", commands=(command,)),)
    return Guidance(
        guide="x", name="X", sureness=Sureness.LIKELY, why="by its name", take=take, self_service=True, ways=ways
    )


def _guided(world: World_) -> tuple[Step, ...]:
    audit = audited(world)
    return advise(audit.identity, audit.findings, audit.verdict, _Book())


def _commands(step: Step) -> list[str]:
    return [command for found in step.guidance for way in found.ways for command in way.commands]


def test_a_guide_finds_its_provider_by_the_default_name_and_adds_the_command_to_the_step_alone() -> None:
    default = "static.4.100.51.198.clients.your-server.de"
    zone = f"198.51.100.4 PTR {default}\n{default} A 198.51.100.4\n{OWN}"
    world: World_ = {"zone": zone, "ip": CLOUD, "smtp": "mail.business.example"}
    (step,) = _guided(world)
    assert _commands(step) == ["set-rdns --ip 198.51.100.4 --hostname mail.business.example"]
    (plain,) = audited(world).advice
    assert plain.guidance == ()
    assert step.what == plain.what


def test_a_guide_finds_its_mail_server_by_the_greeting() -> None:
    (step,) = _guided({"zone": GOOD, "smtp": {"greeting": "220 mail ESMTP Postfix", "ehlo": "mail.example.com"}})
    assert _commands(step) == ["postconf -e myhostname=mail.example.com"]


def test_where_no_guide_is_known_the_step_says_what_to_name() -> None:
    (server,) = _guided({"zone": GOOD, "smtp": "mx.example.net"})
    (ptr,) = _guided({"zone": GENERIC + OWN, "ip": CLOUD, "smtp": "mail.business.example"})
    assert (server.hint, ptr.hint) == (UNKNOWN_MTA, UNKNOWN_PROVIDER)
    assert "--mta NAME" in UNKNOWN_MTA


@pytest.mark.parametrize(("why", "world", "wanted"), PLANS, ids=[plan[0] for plan in PLANS])
def test_guides_add_no_step_and_change_none(why: str, world: World_, wanted: object) -> None:
    audit = audited(world)
    with_guides = advise(audit.identity, audit.findings, audit.verdict, packaged())
    assert tuple(replace(step, guidance=(), hint="") for step in with_guides) == audit.advice, why
