"""What the resolver of a Unix system answers to a mail server that asks through it: the file of hosts comes before DNS.

The GNU C library in its usual set-up (nsswitch.conf "hosts: files dns"), as in Debian 12. Other libraries differ.
"""

from ipaddress import ip_address

from truehelo.facts.dns import Outcome
from truehelo.receivers.client import Client, Hosts

DENIED = frozenset((Outcome.NXDOMAIN, Outcome.NODATA))
NO_NAMES = DENIED | {Outcome.MALFORMED}
"""What comes as "no such name": a reply that cannot be read is not one that may come later."""
_LOCALHOST = {family: Hosts(Outcome.ANSWER, (ip_address(ip),)) for family, ip in ((4, "127.0.0.1"), (6, "::1"))}


def hosts(client: Client, name: str, family: int) -> Hosts:
    """Return what the system answers for a name: "localhost" stands in the file of hosts, whatever DNS says."""
    return _LOCALHOST[family] if name == "localhost" else client.hosts(name, family)
