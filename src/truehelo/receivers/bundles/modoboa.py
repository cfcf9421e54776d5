"""Modoboa: Postfix that demands a fully qualified HELO, SpamAssassin behind it by way of amavis.

`main.cf.tpl` of modoboa-installer. Does not model postscreen, whose deep tests put every new client off once.
"""

from truehelo.receivers.bundles._stack import stacked
from truehelo.receivers.filters.spamassassin import RECEIVER as SPAMASSASSIN
from truehelo.receivers.model import Config, Judge, Receiver
from truehelo.receivers.mtas.postfix import ACCEPTS, NON_FQDN_HELO, SYNTAX


def _build(_config: Config) -> Judge:
    return stacked("postfix+reject_non_fqdn_helo_hostname", "spamassassin+postfix+sa_update")


RECEIVER = Receiver(
    id="modoboa",
    title="Modoboa",
    kind="bundle",
    about=(
        "A mail server with a web panel, set up by its installer. Postfix demands a HELO with a dot (504) and asks "
        "neither for a PTR record nor whether the HELO resolves; amavis asks SpamAssassin. Postscreen greets with a "
        "text of its own before the name of the server comes, and its tests after the greeting put every client off at "
        "first contact (450 4.3.2). It listens over IPv4 alone as installed."
    ),
    rules=(ACCEPTS, SYNTAX, NON_FQDN_HELO, *SPAMASSASSIN.rules),
    build=_build,
)
