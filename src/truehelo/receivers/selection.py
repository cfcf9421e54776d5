"""How an operator names a receiver: "postfix", "exim@4.96+helo_verify_hosts", "postfix+strict+soft_bounce".

NAME, then "@" and a version, then "+" and a setting, a preset, or SETTING=VALUE, as many as wanted.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from functools import lru_cache

from truehelo.errors import InputError
from truehelo.receivers import all_receivers
from truehelo.receivers.model import Config, Configured, Receiver


@lru_cache(maxsize=512)
def configured(text: str) -> Configured:
    """Read the name of one receiver.

    Raises:
        InputError: There is no such receiver, version, setting or value; the error lists what there is.
    """
    head, *settings = text.split("+")
    name, at, version = head.partition("@")
    receiver = all_receivers().get(name)
    if receiver is None:
        raise InputError(f"receiver {name!r}", "is none that truehelo knows", _listing(name, all_receivers()))
    if at:
        version = _modelled(receiver, text, version)
    on: set[str] = set()
    values: dict[str, str] = {}
    for setting in settings:
        _set(receiver, text, setting, on, values)
    return configure(receiver, text, Config(version=version or receiver.versions[0], on=frozenset(on), values=values))


def _modelled(receiver: Receiver, text: str, version: str) -> str:
    """Return the version of the model that holds for a release: the newest that is not newer than it.

    Models name only the releases between which they differ, so that "3.10.3" may be a 3.7 like any other.
    """
    asked = _numbers(version)
    known = [each for each in receiver.versions if each]
    for each in known:
        if each == version or (asked and (_numbers(each) or asked) <= asked):
            return each
    listed = ", ".join(known)
    accepted = f"models of {receiver.id} are {listed}; a later release is taken for the one before it"
    raise InputError(f"receiver {text!r}", f"has no version {version!r}", accepted if known else "it has one model")


def _numbers(version: str) -> tuple[int, ...]:
    """Return a version as numbers, none where it is not written in numbers."""
    parts = version.split(".")
    short = all(part.isascii() and part.isdigit() and len(part) < 9 for part in parts)
    return tuple(map(int, parts)) if short else ()


def configure(receiver: Receiver, label: str, config: Config) -> Configured:
    """Set a receiver up; `label` is what its verdicts are called."""
    return Configured(label, receiver, config, receiver.build(config))


def _set(receiver: Receiver, text: str, setting: str, on: set[str], values: dict[str, str]) -> None:
    """Read one setting into `on` or `values`."""
    name, equals, value = setting.partition("=")
    if not equals and name in receiver.presets:
        for each in receiver.presets[name]:
            _set(receiver, text, each, on, values)
    elif equals and name in receiver.values:
        if receiver.values[name] and value not in receiver.values[name]:
            accepted = ", ".join(receiver.values[name])
            raise InputError(f"receiver {text!r}", f"{name} cannot be {value!r}", f"accepted are {accepted}")
        values[name] = value
    elif not equals and name in receiver.settings:
        on.add(name)
    else:
        known = [*receiver.settings, *receiver.presets, *(f"{each}=..." for each in receiver.values)]
        raise InputError(f"receiver {text!r}", f"has no setting {setting!r}", _listing(setting, known))


def _listing(wrong: str, known: Iterable[str]) -> str:
    """Say what there is, the nearest first."""
    names = list(known)
    near = get_close_matches(wrong, names, n=3)
    listed = ", ".join(names) or "none: it has no settings"
    return f"did you mean {' or '.join(near)}? There are {listed}" if near else f"there are {listed}"


def chosen(names: Iterable[str]) -> tuple[Configured, ...]:
    """Read several names, each once, in order.

    Raises:
        InputError: One cannot be read.
    """
    return tuple(configured(name) for name in dict.fromkeys(names))


@lru_cache(maxsize=1)
def standard() -> tuple[Configured, ...]:
    """Return the receivers that a check judges by itself."""
    return chosen(name for receiver in all_receivers().values() for name in receiver.shown or (receiver.id,))
