"""What a kind of channel is, where its files and secrets are, and what may be said of the other side's reply."""

import logging
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from truehelo.configuration.channels import Secret
from truehelo.errors import FileError, InputError
from truehelo.facts.address import names_loopback
from truehelo.facts.text import visible
from truehelo.monitoring import Message
from truehelo.ports import NOT_CONTACTED, Channel, ChannelError

MAX_SECRET = 65_536
MAX_SAID = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where relative paths begin, and where the variables are that hold secrets (never shown)."""

    folder: Path
    environment: Mapping[str, str] = field(repr=False)
    loopback_only: bool = False
    """Nothing may leave this machine. A command is the operator's own, and is run all the same."""

    def path(self, written: str) -> Path:
        """Return a path of the configuration; "~" is the home directory.

        Raises:
            FileError: It is in the home directory of somebody who has none here.
        """
        try:
            return self.folder / Path(written).expanduser()
        except RuntimeError:
            raise FileError(
                visible(written, 200), "is in a home directory that is not known", "write the whole path"
            ) from None

    def keep_in(self, channel: Channel, host: str) -> Channel:
        """Return the channel, or one in its place that contacts nobody where `host` may not be reached."""
        return Withheld(channel.name, host) if self.loopback_only and not names_loopback(host) else channel

    def secret(self, channel: str, where: Secret) -> str:
        """Read a secret; a final line break does not belong to it.

        Raises:
            InputError: It cannot be read, or is empty.
        """
        accepted = f"the channel {channel} needs it"
        if where.env:
            value = self.environment.get(where.env, "").strip("\r\n")
            if not value:
                raise InputError(f"environment variable {where.env}", "is not set, or empty", accepted)
            return value
        path = self.path(where.file)
        try:
            with path.open("rb") as file:
                octets = file.read(MAX_SECRET + 1)
            value = octets.decode("utf-8").strip("\r\n")
        except OSError as error:
            raise FileError(str(path), f"cannot be read ({error.strerror or type(error).__name__})", accepted) from None
        except ValueError:
            raise FileError(str(path), "is no text in UTF-8", accepted) from None
        if not value or len(octets) > MAX_SECRET:
            raise FileError(str(path), "is empty" if not value else f"is longer than {MAX_SECRET} octets", accepted)
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelKind:
    """A kind of channel: the word for it in the configuration, and how one is made of its settings.

    `build` gets the settings (of the class that belongs to the kind; `OtherSettings` for kinds of other packages) and the
    `Place`; it reads secrets, opens nothing, and raises `InputError` for what cannot be used.
    """

    name: str
    build: Callable[[Any, Place], Channel]


class Withheld:
    """Stands for a channel that would leave this machine when nothing may: it fails, and says why."""

    def __init__(self, name: str, host: str) -> None:
        """Take the channel's name, and whom it would have contacted."""
        self._name, self._host = name, host

    @property
    def name(self) -> str:
        """The name that the operator gave the channel."""
        return self._name

    async def send(self, message: Message, key: str) -> str:  # noqa: ARG002 - as every channel has it
        """Send nothing.

        Raises:
            ChannelError: Always; the outbox keeps the message, and it goes once the variable is gone.
        """
        raise ChannelError(f"{said(self._host)} {NOT_CONTACTED}", temporary=True)

    async def aclose(self) -> None:
        """Nothing is kept open."""


def said(text: str, secrets: Collection[str] = (), limit: int = MAX_SAID) -> str:
    """Return what the other side said, for a log: on one line, bounded, made visible, without any of the secrets."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "***")
    return visible(" ".join(text.split()), limit)


def quieten(*loggers: str) -> None:
    """Let libraries log warnings alone: at lower levels they write the URLs that they ask for, tokens and all."""
    for name in loggers:
        logging.getLogger(name).setLevel(logging.WARNING)


class Outstanding:
    """Who has not got a message yet, remembered between the tries of one delivery, so that nobody gets it twice.

    In memory and bounded: after a restart a recipient may get the same message again, under the same key.
    """

    def __init__(self, everybody: Iterable[str], deliveries: int = 1000) -> None:
        """Take all who are to get each message, and how many deliveries to remember."""
        self._everybody, self._deliveries = tuple(everybody), deliveries
        self._done: OrderedDict[str, set[str]] = OrderedDict()

    def left(self, key: str) -> tuple[str, ...]:
        """Return who is still to get the message of this key."""
        done = self._done.get(key, set())
        return tuple(each for each in self._everybody if each not in done)

    def note(self, key: str, reached: Iterable[str]) -> None:
        """Remember who has got it; once everybody has, nothing needs to be remembered."""
        self._done.setdefault(key, set()).update(reached)
        self._done.move_to_end(key)
        if not self.left(key):
            self.forget(key)
        elif len(self._done) > self._deliveries:
            self._done.popitem(last=False)

    def forget(self, key: str) -> None:
        """Begin anew: the delivery is over, and another of the same key is for everybody."""
        self._done.pop(key, None)
