"""What a receiver is: a family of models, and one of them set up. Decides nothing by itself.

A receiver is a model of somebody who judges: a mail server with a setting, a filter, a bundle, a mailbox provider. It is
given what it can see of a client (`client.Client`) and returns one `Judgement`. A model takes what it is given at its
face: a lookup that failed has failed *for the receiver*. What follows when it only failed for us is for `unseen`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from truehelo.receivers.client import Client
from truehelo.reception import Judgement, Opinion, Rule

Judge = Callable[[Client], Judgement]


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """How a receiver is set up: its version, the settings that are on, and the settings that have a value.

    `version` is one of the receiver's `versions`.
    """

    version: str
    on: frozenset[str] = frozenset()
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """A family of models: one receiver, in each of its versions and with each of its settings.

    A file in a folder of this floor exposes one as `RECEIVER`; so does an entry point of the group `truehelo.receivers`.

    `kind` is "mta", "filter", "bundle" or "provider". `about` is prose for its page. `versions` are those between which the
    model differs, newest first (the first is meant where none is named); `about` says what each stands for. `settings`
    leads from a setting to what it does; one that takes a value has its accepted values in `values` (none: any). `presets`
    name several settings at once. `shown` are the configurations that a check judges by itself, as in
    "postfix+reject_unknown_client_hostname"; none means the bare one. `build` makes the judge of one configuration: what
    does not depend on the client is worked out there, once.
    """

    id: str
    title: str
    kind: str
    about: str
    rules: tuple[Rule, ...]
    build: Callable[[Config], Judge]
    versions: tuple[str, ...] = ("",)
    settings: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    presets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    shown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Configured:
    """A receiver in one configuration, ready to judge. `id` is as the operator writes it.

    `last` holds the opinion that was made last, to be used again.
    """

    id: str
    receiver: Receiver
    config: Config
    judge: Judge
    last: list[Opinion | None] = field(default_factory=lambda: [None], compare=False, repr=False)
