"""rspamd: hfilter, the check of reverse DNS, and once_received, with the actions that their points lead to.

Run as 3.4 (Debian 12), 3.12 (Debian 13) and 4.1; hfilter.lua, rules/misc.lua, once_received.lua. Does not decide what
content, SPF, DKIM, DMARC, lists and reputation add or take away.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite, nan
from typing import NamedTuple

from truehelo.errors import InputError
from truehelo.facts.address import parse_address
from truehelo.generic.rspamd import rspamd_class
from truehelo.receivers.client import Client
from truehelo.receivers.filters._front import exim_names, postfix_names
from truehelo.receivers.filters._rspamd_helo import FAILED, read, records_of
from truehelo.receivers.filters._rspamd_rules import ACCEPTS, POINTS, RULES
from truehelo.receivers.filters._rspamd_words import ABOUT, SETTINGS
from truehelo.receivers.filters._score import Weigh, by_points, weigher
from truehelo.receivers.model import Config, Judge, Receiver
from truehelo.reception import Judgement, Reception, either

GREYLIST, ADD_HEADER, REJECT = 4.0, 6.0, 15.0
_REJECTED = "554 5.7.1 Spam message rejected"
_TRY_AGAIN = "451 4.7.1 Try again later"
_BAD_WORDS = ("static", "dynamic")
_LEADING_ZEROS = re.compile(r"(?<!\d)0+(?=\d)", re.ASCII)
_ONCE, _STRICT = ("ONCE_RECEIVED",), ("ONCE_RECEIVED", "ONCE_RECEIVED_STRICT")
_STRICT_TWICE = _STRICT * 2
_NO_RDNS, _NO_RDNS_FAILED, _UNKNOWN = ("RDNS_NONE",), ("RDNS_NONE", "RDNS_DNSFAIL"), ("HFILTER_HOSTNAME_UNKNOWN",)
HEADERS_CAP = 7.8
"""No more of ONCE_RECEIVED_STRICT: with ONCE_RECEIVED it is in a group that may cost 8.0 in all."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Points of the symbols, and the points from which each action is taken."""

    points: dict[str, float]
    greylist: float
    add_header: float
    reject: float


def weights(version: str, values: Mapping[str, str], changed: Mapping[str, float] | None = None) -> Weights:
    """Return the points and thresholds of a release, with those that a configuration changes.

    Raises:
        InputError: A threshold is no number.
    """

    def value(name: str, default: float) -> float:
        text = values.get(name)
        if text is None:
            return default
        try:
            number = float(text)
        except ValueError:
            number = nan
        if not isfinite(number):
            raise InputError(
                f"{name}={text!r} of rspamd", "is not a number of points", f"write it as in {name}={default:g}"
            )
        return number

    points = {**POINTS[version], **(changed or {})}
    return Weights(points, value("greylist", GREYLIST), value("add_header", ADD_HEADER), value("reject", REJECT))


class _Host(NamedTuple):
    """What rspamd takes for the name of the client: from the mail server, or from its own PTR query ("" for none)."""

    handed: str
    found: str
    failed: bool = False


class Filter:
    """rspamd in one configuration."""

    def __init__(self, config: Config, weigh: Weigh) -> None:
        self._version, self._weigh = config.version, weigh
        self._exim = "exim" in config.on
        self._own_lines = 0 if "single_hop" in config.on else 1
        self._lines = self._own_lines + self._exim

    def judge(self, client: Client) -> Judgement:
        """Return what rspamd does."""
        hosts = self._hosts(client)
        if len(hosts) == 1:
            return self._judged(client, hosts[0])
        return either(tuple([self._judged(client, host) for host in dict.fromkeys(hosts)]), "record order")

    def _hosts(self, client: Client) -> tuple[_Host, ...]:
        """What the name may be, with the order as it stands first: each query may bring another first PTR name."""
        names = client.ptr.names
        if not names:
            return (_Host("", "", client.ptr.outcome in FAILED),)
        handed = exim_names(client) if self._exim else postfix_names(client)
        first = _Host(handed[0], "") if handed[0] else _Host("", names[0])
        if len(names) == 1:
            return (first,)
        others = [_Host(name, "") for name in handed[1:] if name]
        return (first, *others, *([_Host("", name) for name in names] if "" in handed else ()))

    def _judged(self, client: Client, host: _Host) -> Judgement:
        version = self._version
        handed, found, failed = host
        fired: tuple[str, ...] = ()
        if not handed and not found:
            fired = _NO_RDNS_FAILED if failed else _NO_RDNS
        # 3.4 asks for the PTR only after hfilter has looked at the name.
        name = handed if version == "3.4" else handed or found
        if not name:
            fired += _UNKNOWN
        helo = read(client, version)
        weight = rspamd_class(name, helo=False, version=version) if name else 0
        if helo.weight and helo.weight >= weight:
            fired += (f"HFILTER_HELO_{helo.weight}",)
        elif weight:
            fired += (f"HFILTER_HOSTNAME_{weight:.0f}",)
        if helo.name:
            fired += records_of(client, helo.name, version)
        elif helo.symbols:
            fired += helo.symbols
        if client.helo_key == "user" or (self._exim and handed == "user"):
            fired += ("RCVD_HELO_USER",)
        return self._weigh(fired + self._once_received(client, host))

    def _once_received(self, client: Client, host: _Host) -> tuple[str, ...]:
        """The symbols of a message with few Received lines. A name with "mail" in it is let go."""
        name = host.handed or host.found
        if self._version == "3.4":
            if not self._counts_one_line_in_3_4(client, host):
                return ()
            return _STRICT if _is_bad(name) else _ONCE
        if self._lines > 1 or "mail" in name:
            return ()
        # A message with one line is looked at twice, unless the first look told all.
        told = not name or not self._lines
        if _is_bad(name):
            return _STRICT if told or self._version == "4.1" else _STRICT_TWICE
        return _ONCE if told else _ONCE * 2

    def _counts_one_line_in_3_4(self, client: Client, host: _Host) -> bool:
        if self._own_lines:
            return False
        if not host.handed:
            # A literal in Exim's line is taken for the address: where it is another one, a second line is made up.
            return "mail" not in host.found and not (self._exim and _is_another_address(client))
        # Of a client whose name is known, nothing is looked at without any line.
        return self._exim


def _is_another_address(client: Client) -> bool:
    helo = client.helo_said
    if helo[:1] != "[" or helo[-1] != "]":
        return False
    literal = helo[1:-1].partition("%")[0]
    if ":" in literal:
        tagged = literal[:5].lower() == "ipv6:"
        # Behind the tag only IPv6 is read.
        stated = parse_address(literal[5:] if tagged else literal) if literal.count(":") > 1 else None
    else:
        # A zero before a number of an IPv4 address does not count: "192.0.2.05" is 192.0.2.5.
        stated = parse_address(_LEADING_ZEROS.sub("", literal))
    return stated is not None and stated != client.ip


def _is_bad(name: str) -> bool:
    return any(word in name for word in _BAD_WORDS)


def judge_of(config: Config, weight: Weights) -> Judge:
    """Return the judge of a configuration with these points and thresholds."""
    greylisted = (Reception.TEMPFAIL, _TRY_AGAIN) if "greylisting" in config.on else (Reception.AT_RISK, "")

    def action(score: float) -> tuple[Reception, str]:
        if score >= weight.reject:
            return Reception.REFUSE, _REJECTED
        if score >= weight.greylist:
            return greylisted
        return (Reception.AT_RISK if score >= weight.add_header else by_points(score)), ""

    def cost(symbol: str, times: int) -> float:
        points = round(weight.points[symbol] * times, 2)
        return min(points, HEADERS_CAP) if symbol == "ONCE_RECEIVED_STRICT" else points

    return Filter(config, weigher(ACCEPTS, RULES, cost, action)).judge


def _build(config: Config) -> Judge:
    return judge_of(config, weights(config.version, config.values))


RECEIVER = Receiver(
    id="rspamd",
    title="rspamd",
    kind="filter",
    about=ABOUT,
    rules=(ACCEPTS, *RULES.values()),
    build=_build,
    versions=("4.1", "3.12", "3.4"),
    settings=SETTINGS,
    values={"greylist": (), "add_header": (), "reject": ()},
    shown=("rspamd", "rspamd@3.4"),
)
