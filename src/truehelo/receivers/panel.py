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
    # Everything is known of most of a fleet: then nothing stands between the models and the client.
    known = client.helo is not None and not sighting.missing
    found = []
    for each in receivers:
        judgement = each.judge(client) if known else sighting.judgement(each.judge)
        # Most judgements of a receiver are one and the same acceptance, and so is the opinion.
        opinion = each.last[0]
        if opinion is None or opinion.judgement is not judgement:
            opinion = each.last[0] = Opinion(each.id, each.receiver.title, each.receiver.kind, judgement)
        found.append(opinion)
    return tuple(found)
