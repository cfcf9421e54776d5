"""Haraka: the plugins fcrdns (reverse and forward, at the greeting) and helo.checks (at HELO), off as shipped.

Read in haraka-plugin-fcrdns 1.2, haraka-plugin-helo.checks 1.1 and haraka-net-utils 1.9 under Haraka 3.3, and run. Both
plugins only note what they find until a `reject` of theirs is set; each such key is a setting here. Does not model karma,
which may add the notes up, nor checks of a second HELO.
"""

from dataclasses import replace

from truehelo.receivers.client import Client
from truehelo.receivers.model import Config, Judge, Receiver
from truehelo.receivers.mtas._haraka_fcrdns import FCRDNS, FCRDNS_RULES, Fcrdns
from truehelo.receivers.mtas._haraka_helo import HELO_CHECKS, HELO_RULES, HeloChecks
from truehelo.reception import Grade, Judgement, Reception, Rule, either

_STOCK = Rule(
    id="stock",
    words="no reject is set: what fcrdns and helo.checks find is noted at most",
    grade=Grade.SOURCE,
    source="Haraka 3.3.4, config/plugins; fcrdns.ini, helo.checks.ini",
    seen="2026-11",
)
_PASSES = Rule(
    id="pass",
    words="no check whose reject is set fails",
    grade=Grade.SOURCE,
    source="haraka-plugin-fcrdns 1.2.1, haraka-plugin-helo.checks 1.1.3, run under Haraka 3.3.4",
    seen="2026-11",
)
_NO_NAME = Rule(
    id="EHLO syntax",
    words="EHLO has no argument",
    grade=Grade.SOURCE,
    source="Haraka 3.3.4, connection.js",
    seen="2026-11",
)
_STOCK_ACCEPT = Judgement(Reception.ACCEPT, _STOCK)
_ACCEPT = Judgement(Reception.ACCEPT, _PASSES)
_EMPTY = Judgement(Reception.REFUSE, _NO_NAME, "501 EHLO requires domain/address - see RFC-2821 4.1.1.1")


class _Haraka:
    """One configuration with a reject set."""

    def __init__(self, config: Config) -> None:
        self.fcrdns = Fcrdns(config.on)
        self.helo = HeloChecks(config.on, config.values.get("check.literal_mismatch", "2"))

    def judge(self, client: Client) -> Judgement:
        if self.fcrdns.on:
            judgement = self.fcrdns.judge(client)
            if judgement is not None:
                return judgement
        if not self.helo.on:
            return _ACCEPT if client.helo != "" else _EMPTY
        if not client.helo_said:
            return _EMPTY
        if " " in client.helo_said:  # the first word is the name
            client = replace(client, helo=client.helo_said.partition(" ")[0])
        # remote.host is the first PTR name, whether it leads back or not.
        names = client.ptr.names
        if len(names) < 2 or not self.helo.looks_at_ptr:
            return self.helo.judge(client, names[0] if names else "") or _ACCEPT
        outcomes = tuple(self.helo.judge(client, name) or _ACCEPT for name in names)
        return outcomes[0] if len(set(map(id, outcomes))) == 1 else either(outcomes, "record order")


def _stock(client: Client) -> Judgement:
    return _EMPTY if client.helo == "" else _STOCK_ACCEPT


def _build(config: Config) -> Judge:
    return _Haraka(config).judge if config.on else _stock


RECEIVER = Receiver(
    id="haraka",
    title="Haraka",
    kind="mta",
    about=(
        "A mail server in JavaScript made of plugins. As shipped neither of the two that look at names is loaded, and "
        "loaded they only take notes; each of their rejects is a setting here, and fcrdns and helo.checks stand for all "
        "of one plugin. fcrdns looks at all PTR names and both families; it also passes a name whose IPv4 address lies "
        "in the same /24. Its resolver, that of Node.js, reports every failed PTR query as no such record: an outage of "
        "DNS is answered like a missing record, 554 for good, and 421 comes only when the query outlasts the plugin's "
        "29 seconds. A forward lookup that fails counts as no address, and so as a mismatch. No PTR record is refused "
        "by reject.no_rdns alone: reject.no_fcrdns is not asked then. generic_rdns wants two octets of the address "
        "anywhere below the registered domain, and two short ones are found by accident; it refuses at the first PTR "
        "name that looks so, even where another leads back. A name that is itself a public suffix, as the default names "
        "of Amazon EC2 in us-east-1 are, has no registered domain: reject.invalid_tld refuses it, and the others do not "
        "count it. helo.checks answers at EHLO with 550: rdns_match takes the first PTR name, unconfirmed, and refuses "
        "for good even where its query failed; forward_dns does not mind a name that has no address at all, only one "
        "that has others; literal_mismatch compares the /24, and refuses every literal of IPv6, right ones too. "
        "Documentation addresses are private to Haraka and are not checked; here they are judged like public ones, and "
        "the top-level names for examples as if they existed."
    ),
    rules=(_STOCK, _PASSES, _NO_NAME, *FCRDNS_RULES, *HELO_RULES),
    build=_build,
    versions=("3.3",),
    settings={**FCRDNS, **HELO_CHECKS},
    values={"check.literal_mismatch": ("1", "2", "3")},
    presets={"fcrdns": tuple(FCRDNS), "helo.checks": tuple(HELO_CHECKS)},
    shown=("haraka", "haraka+fcrdns", "haraka+fcrdns+helo.checks"),
)
