"""Mailu: nginx takes the connection and hands it to Postfix; rspamd behind it with stock points and greylisting.

`core/postfix/conf/main.cf` and `core/rspamd/conf/` of Mailu. Does not model its rate limits.
"""

from truehelo.receivers.bundles._stack import stacked
from truehelo.receivers.filters.rspamd import RECEIVER as RSPAMD
from truehelo.receivers.model import Config, Judge, Receiver
from truehelo.receivers.mtas.postfix import ACCEPTS, SYNTAX


def _build(_config: Config) -> Judge:
    return stacked("postfix", "rspamd+greylisting")


RECEIVER = Receiver(
    id="mailu",
    title="Mailu",
    kind="bundle",
    about=(
        "A mail server in containers. nginx answers on port 25 and looks up the reverse name, which it hands to Postfix "
        "only when it leads back; Postfix has no rule about PTR records or the HELO, but demands one. Names are left to "
        "rspamd with its stock points. Redis is part of the set, so greylisting works: 4 points put the first try off "
        "(451)."
    ),
    rules=(ACCEPTS, SYNTAX, *RSPAMD.rules),
    build=_build,
)
