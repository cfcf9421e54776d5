"""The panel: every chosen receiver asked about one subject. What an audit holds of the receivers comes from here."""

from truehelo.facts.address import judgeable
from truehelo.identity import Identity
from truehelo.receivers.model import Configured
from truehelo.receivers.sight import client_of
from truehelo.receivers.unseen import Sighting
from truehelo.reception import Opinion


def opinions(identity: Identity, receivers: tuple[Configured, ...]) -> tuple[Opinion, ...]:
    """Return what each receiver does with mail of this address, in the order given; nothing where nobody can see it."""
    if not receivers or not judgeable(identity.facts.ip):
        return ()
    client = client_of(identity)
    sighting = Sighting(client)
    if client.helo is not None and not sighting.missing:
        # Everything is known, as in most of a fleet: nothing stands between the models and the client.
        found = [(each, each.judge(client)) for each in receivers]
    else:
        found = [(each, sighting.judgement(each.judge)) for each in receivers]
    return tuple([Opinion(each.id, each.receiver.title, each.receiver.kind, judgement) for each, judgement in found])
