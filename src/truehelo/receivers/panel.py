"""The panel: every chosen receiver asked about one subject. What an audit holds of the receivers comes from here."""

from truehelo.facts.address import judgeable
from truehelo.identity import Identity
from truehelo.receivers.model import Configured
from truehelo.receivers.sight import client_of
from truehelo.receivers.unseen import Sighting
from truehelo.reception import Judgement, Opinion


def opinions(identity: Identity, receivers: tuple[Configured, ...]) -> tuple[Opinion, ...]:
    """Return what each receiver does with mail of this address, in the order given; nothing where nobody can see it."""
    if not receivers or not judgeable(identity.facts.ip):
        return ()
    client = client_of(identity)
    sighting = Sighting(client)
    # Everything is known of most of a fleet: then nothing stands between the models and the client.
    known = client.helo is not None and not sighting.missing
    judgements = [each.judge(client) if known else sighting.judgement(each.judge) for each in receivers]
    # Most judgements of a receiver are one and the same acceptance, and so is the opinion.
    return tuple(
        [
            last if (last := each.last[0]) is not None and last.judgement is judgement else _opinion(each, judgement)
            for each, judgement in zip(receivers, judgements, strict=True)
        ]
    )


def _opinion(receiver: Configured, judgement: Judgement) -> Opinion:
    made = receiver.last[0] = Opinion(receiver.id, receiver.receiver.title, receiver.receiver.kind, judgement)
    return made
