"""The door for guides: how this provider's panel sets a PTR, how this mail server is told its name.

A guide adds the exact commands or configuration lines to a step that the plan made. It chooses itself by what is known of
the owner; it makes no step of its own and changes none. The guides come with a later part; without any, steps carry
records and questions only.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol

from truehelo.advice.choose import right_name
from truehelo.advice.owner import reverse_owner
from truehelo.facts.address import Address
from truehelo.findings import Step
from truehelo.identity import Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a step is to bring about, and what is known of who takes it.

    `owner` is the role ("reverse zone", "dns zone", "mail server"). `name` is a well-formed host name, safe in a command,
    or None while the reader has to choose one. `provider` is an id of `generic/providers.toml`; `zone` the apex of the
    reverse zone. `greetings` are the texts of the greetings, by which a mail server may be known: text from the network.
    """

    owner: str
    ip: Address
    name: str | None
    provider: str | None
    zone: str | None
    greetings: tuple[str, ...]


class Guides(Protocol):
    """Whatever knows providers and mail servers."""

    def commands(self, need: Need) -> tuple[str, ...]:
        """Return the commands or configuration lines for a step, none when nothing is known."""
        ...


def guided(identity: Identity, steps: Iterable[Step], guides: Guides) -> tuple[Step, ...]:
    """Return the steps with the commands that the guides know for them."""
    owner = reverse_owner(identity)
    sessions = identity.facts.sessions
    greetings = tuple(session.greeting.lines[-1] for session in sessions if session.greeting and session.greeting.lines)

    def need(step: Step) -> Need:
        return Need(
            owner=step.owner,
            ip=identity.facts.ip,
            name=right_name(identity),
            provider=owner.provider,
            zone=owner.apex,
            greetings=greetings,
        )

    return tuple(replace(step, commands=step.commands + guides.commands(need(step))) for step in steps)
