"""docker-mailserver: Postfix that refuses an invalid HELO, and one that is not fully qualified; filters are off as shipped.

`target/postfix/main.cf` of docker-mailserver. Does not model the lists that its postscreen asks.
"""

from truehelo.receivers.bundles._stack import stacked
from truehelo.receivers.model import Config, Judge, Receiver
from truehelo.receivers.mtas.postfix import ACCEPTS, INVALID_HELO, NON_FQDN_HELO, SYNTAX

_POSTFIX = "postfix+reject_invalid_helo_hostname+reject_non_fqdn_helo_hostname"
_FILTERS = {"spamassassin": "spamassassin+postfix", "rspamd": "rspamd"}


def _build(config: Config) -> Judge:
    return stacked(_POSTFIX, *(part for setting, part in _FILTERS.items() if setting in config.on))


RECEIVER = Receiver(
    id="docker-mailserver",
    title="docker-mailserver",
    kind="bundle",
    about=(
        "Postfix, Dovecot and filters in one container. Its main.cf demands a HELO that is a well-formed name of two "
        "labels or a literal (501 and 504), and asks neither for a PTR record nor whether the HELO resolves. "
        "SpamAssassin and rspamd are off until the operator turns one of them on (settings spamassassin, rspamd). "
        "Postscreen refuses listed addresses and clients that speak too early, which is not about names."
    ),
    rules=(ACCEPTS, SYNTAX, INVALID_HELO, NON_FQDN_HELO),
    build=_build,
    settings={
        "spamassassin": "ENABLE_SPAMASSASSIN=1: what SpamAssassin behind Postfix says counts too",
        "rspamd": "ENABLE_RSPAMD=1: what rspamd says counts too",
    },
)
