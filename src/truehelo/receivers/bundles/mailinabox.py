"""Mail-in-a-Box: Postfix without a rule about names, SpamAssassin behind it.

`setup/mail-postfix.sh` and `setup/spamassassin.sh` of Mail-in-a-Box v75. Does not model greylisting (postgrey, 180
seconds) and the lists that it asks.
"""

from truehelo.receivers.bundles._stack import stacked
from truehelo.receivers.filters.spamassassin import RECEIVER as SPAMASSASSIN
from truehelo.receivers.model import Config, Judge, Receiver
from truehelo.receivers.mtas.postfix import ACCEPTS, SYNTAX


def _build(_config: Config) -> Judge:
    return stacked("postfix", "spamassassin+postfix+sa_update")


RECEIVER = Receiver(
    id="mailinabox",
    title="Mail-in-a-Box",
    kind="bundle",
    about=(
        "A mail server for one machine, set up by one script. Its Postfix has no rule about PTR or HELO; it greylists, "
        "and asks Spamhaus about address and sender. Behind it SpamAssassin, with sa-update, puts mail of 5 points into "
        "the Spam folder: what names cost there is the verdict here. Its status page holds the operator's own PTR names "
        "against the host name."
    ),
    rules=(ACCEPTS, SYNTAX, *SPAMASSASSIN.rules),
    build=_build,
)
