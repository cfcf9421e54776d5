"""iRedMail: a table of HELOs, then Postfix's rules for a HELO that is full and resolves, and SpamAssassin behind.

`samples/postfix/main.cf` and `samples/postfix/helo_access.pcre` of iRedMail. Does not model postscreen's lists and the
policy server iRedAPD (greylisting among it).
"""

from truehelo.generic.iredmail import Refusal, iredmail_table
from truehelo.receivers.bundles._stack import stacked
from truehelo.receivers.client import Client
from truehelo.receivers.filters.spamassassin import RECEIVER as SPAMASSASSIN
from truehelo.receivers.model import Config, Judge, Receiver
from truehelo.receivers.mtas._postfix_names import said
from truehelo.receivers.mtas.postfix import ACCEPTS, NON_FQDN_HELO, SYNTAX, UNKNOWN_HELO
from truehelo.reception import Grade, Judgement, Reception, Rule

_TABLE = Rule(
    id="check_helo_access",
    words="the HELO is refused by iRedMail's table: a bare address, four numbers as of an address, a dial-up word or name",
    grade=Grade.SOURCE,
    source="iRedMail, samples/postfix/helo_access.pcre",
    seen="2026-08",
)
_SPAMASSASSIN = "spamassassin+postfix+sa_update"


def _build(_config: Config) -> Judge:
    by_rules = stacked("postfix+reject_non_fqdn_helo_hostname+reject_unknown_helo_hostname", _SPAMASSASSIN)
    let_pass = stacked("postfix", _SPAMASSASSIN)

    def judge(client: Client) -> Judgement:
        helo = client.helo_said
        verdict = iredmail_table(helo) if helo else False
        if isinstance(verdict, Refusal):
            reply = f"554 5.7.1 <{said(helo)}>: Helo command rejected: {verdict.text} ({verdict.part})"
            return Judgement(Reception.REFUSE, _TABLE, reply)
        return let_pass(client) if verdict else by_rules(client)

    return judge


RECEIVER = Receiver(
    id="iredmail",
    title="iRedMail",
    kind="bundle",
    about=(
        "A mail server set up by one script. Strict about the HELO, silent about the PTR record. First comes a table of "
        "its own: localhost, names under .local, a bare address, any four numbers that dots or hyphens join, whether "
        "they are the address or not, words such as dialup and dhcp, and the names of some access networks are refused "
        "for good (554 5.7.1). A literal of IPv4 and the names of SendGrid, of Microsoft's outbound servers and of "
        "Amazon EC2 outside us-east-1 are let pass, even if they do not resolve. What is left must be fully qualified "
        "(504) and resolve (450). Then amavis asks SpamAssassin."
    ),
    rules=(_TABLE, ACCEPTS, SYNTAX, NON_FQDN_HELO, UNKNOWN_HELO, *SPAMASSASSIN.rules),
    build=_build,
)
