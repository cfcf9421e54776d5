"""mailcow: Postfix that refuses a HELO which is no host name, rspamd behind it with points and thresholds of its own.

`data/conf/postfix/main.cf` and `data/conf/rspamd/local.d/` of mailcow-dockerized. Does not model postscreen (a client that
speaks before its turn, DNS lists) and what mailcow's own maps and composites add.
"""

from truehelo.receivers.bundles._stack import stacked
from truehelo.receivers.client import Client
from truehelo.receivers.filters.rspamd import RECEIVER as RSPAMD
from truehelo.receivers.filters.rspamd import Weights, judge_of, weights
from truehelo.receivers.model import Config, Judge, Receiver
from truehelo.receivers.mtas.postfix import ACCEPTS, INVALID_HELO, SYNTAX
from truehelo.reception import Judgement, Reception

_VALUES = {"greylist": "7", "add_header": "8"}
_POINTS = {"HFILTER_HOSTNAME_UNKNOWN": 8.5}


def _weights() -> Weights:
    return weights(RSPAMD.versions[0], _VALUES, _POINTS)


def _build(_config: Config) -> Judge:
    by_postfix = stacked("postfix+reject_invalid_helo_hostname")
    by_rspamd = judge_of(Config(version=RSPAMD.versions[0], on=frozenset({"greylisting"})), _weights())

    def judge(client: Client) -> Judgement:
        judgement = by_postfix(client)
        return by_rspamd(client) if judgement.verdict is Reception.ACCEPT else judgement

    return judge


RECEIVER = Receiver(
    id="mailcow",
    title="mailcow",
    kind="bundle",
    about=(
        "A mail server in containers: Postfix, rspamd, Dovecot. Postfix demands a HELO and refuses one that is no host "
        "name (501); it does not ask for a full name, nor whether the HELO resolves. The PTR record is left to rspamd, "
        "where a missing one costs 8.5 points instead of 2.5, so more than 10 in all: the first try is put off (451), "
        "later ones go to the junk folder. Greylisting begins at 7 points, the junk folder at 8, refusal at 15. A PTR "
        "name that leads elsewhere costs nothing, since rspamd asks for the PTR itself and believes it. Postscreen (not "
        "modelled) drops clients that speak before the greeting has ended, and asks a long list of DNS lists."
    ),
    rules=(ACCEPTS, SYNTAX, INVALID_HELO, *RSPAMD.rules),
    build=_build,
)
