"""How each mail server writes the client into `Received:` (RFC 5321 §4.4): the clause from "from" up to "by".

Filters read the client's names out of it, and each server writes it in its own way. `daemons/received.py` holds this
against the real servers. Dates, queue ids and what follows "by" are not decided here.
"""

from differential.daemons import _received
from truehelo.receivers.client import Client

MTAS = ("postfix", "exim", "sendmail", "opensmtpd")


def received(mta: str, client: Client) -> str:
    """Return the clause that a server writes, white space as single spaces; PTR names in the order they are served."""
    line = _received.received(mta, client, "")[0]
    return clause(line.removeprefix("Received:"))


def clause(value: str) -> str:
    """Return the "from" clause of the value of a Received line."""
    return " ".join(value.split()).partition(" by ")[0]
