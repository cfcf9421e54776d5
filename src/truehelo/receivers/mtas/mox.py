"""mox: iprev is recorded, and weighs against a sender that it does not know yet; HELO (not EHLO) must resolve.

Read in `iprev/iprev.go` and in `analyze.go`, `server.go` and `parse.go` of `smtpserver`. RFC 8601 §3 with all PTR names
and both families. Does not model the reputation of a sender, which outweighs all of this once there is one.
"""

from truehelo.facts.names import NameForm, stated_form
from truehelo.receivers.client import Client
from truehelo.receivers.model import Config, Judge, Receiver
from truehelo.reception import Grade, Judgement, Reception, Rule, either

_SEEN = "2026-11"
_PASSES = Rule(
    id="iprev=pass",
    words="a PTR name leads back; what else mox knows of the sender decides",
    grade=Grade.SOURCE,
    source="mox, iprev/iprev.go",
    seen=_SEEN,
)
_STRICTER = Rule(
    id="junk-content-strict",
    words="iprev is not pass and the sender is not known: content must be clearly no junk (0.25), else 451",
    grade=Grade.SOURCE,
    source="mox, smtpserver/analyze.go",
    seen=_SEEN,
)
_IPREV = Rule(
    id="iprev",
    words="iprev is not pass, and what is known of the sender is a mild junk signal",
    grade=Grade.SOURCE,
    source="mox, smtpserver/analyze.go",
    seen=_SEEN,
)
_SYNTAX = Rule(
    id="ehlo syntax",
    words="the argument of EHLO is neither a name of letters, digits and hyphens nor a literal",
    grade=Grade.SOURCE,
    source="mox, smtpserver/parse.go",
    seen=_SEEN,
)
_HELO = Rule(
    id="helo",
    words="the client says HELO, not EHLO, with a name that has no address",
    grade=Grade.SOURCE,
    source="mox, smtpserver/server.go (RFC 5321 §2.3.5)",
    seen=_SEEN,
)

_ACCEPT = Judgement(Reception.ACCEPT, _PASSES)
_WEIGHED = either(
    (Judgement(Reception.ACCEPT, _STRICTER), Judgement(Reception.TEMPFAIL, _IPREV, "451 4.3.0 error processing")),
    "what mox knows of the sender",
)
_NO_ADDRESS = Judgement(Reception.REFUSE, _HELO, "550 5.5.0 your ehlo domain does not resolve to an IP address")
_BAD_SYNTAX = Judgement(Reception.REFUSE, _SYNTAX, "501 5.5.2")


def _by_reverse(client: Client) -> Judgement:
    return _ACCEPT if client.confirmed else _WEIGHED


def _ehlo(client: Client) -> Judgement:
    return _BAD_SYNTAX if _is_malformed(client.helo_said) else _by_reverse(client)


def _helo(client: Client) -> Judgement:
    helo = client.helo_said
    if helo.startswith("[") or _is_malformed(helo):
        return _BAD_SYNTAX
    if all(client.hosts(client.helo_key, family).outcome.is_denial for family in (4, 6)):
        return _NO_ADDRESS
    return _by_reverse(client)


def _is_malformed(helo: str) -> bool:
    if helo.startswith("["):
        # mox does not insist on the closing bracket.
        closed = helo if helo.endswith("]") else f"{helo}]"
        return stated_form(closed).form is not NameForm.LITERAL
    plain = helo.replace("-", "").replace(".", "")
    if not plain.isascii() or not plain.isalnum():
        return True
    return any(not label or label.startswith("-") or label.endswith("-") for label in helo.split("."))


def _build(config: Config) -> Judge:
    return _helo if "helo" in config.on else _ehlo


RECEIVER = Receiver(
    id="mox",
    title="mox",
    kind="mta",
    about=(
        "A mail server in one program. It looks up all PTR names and, forward, both families, and writes the outcome "
        "into Authentication-Results. It never refuses for that alone. A sender that it does not know and whose iprev "
        "is not pass has to show content that is clearly no junk, and is put off with 451 when what is known of it "
        "already smells of junk; so the verdict depends on what mox knows. EHLO is looked at for its form alone: an "
        "underscore, a final dot, a literal of IPv6 without its tag and a bare IPv6 address are refused. Only a client "
        "that says HELO instead of EHLO (setting helo) has to say a name that resolves; there, DNS trouble counts in "
        "its favour."
    ),
    rules=(_PASSES, _STRICTER, _IPREV, _SYNTAX, _HELO),
    build=_build,
    settings={"helo": "the client says HELO instead of EHLO"},
)
