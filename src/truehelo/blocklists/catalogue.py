"""All lists there are, and those that somebody wants asked.

Ours are read on first use from `lists/`; those of others by an entry point of the group `truehelo.blocklists`, which names
a package whose TOML files are lists. A list with the id of an earlier one takes its place.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

from truehelo.blocklists.keys import Keys
from truehelo.blocklists.model import KEY_PLACE, KEY_STANDIN, Blocklist
from truehelo.blocklists.parse import MAX_BYTES, parse_lists
from truehelo.errors import FileError, InputError
from truehelo.facts.text import visible

GROUP = "truehelo.blocklists"
ALL = "all"
DEFAULT = "default"


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """A list as it is asked here: with a key or without. The key is in no repr."""

    entry: Blocklist
    key: str | None = field(default=None, repr=False)

    @cached_property
    def _keyed(self) -> bool:
        return self.key is not None and bool(self.entry.keyed_zone)

    @property
    def zone(self) -> str:
        """The zone to ask, key and all. A secret where there is a key: not to be kept."""
        return self.entry.keyed_zone.replace(KEY_PLACE, (self.key or "").lower()) if self._keyed else self.entry.zone

    @property
    def shown(self) -> str:
        """The zone with a stand-in for the key, to be kept and shown."""
        return self.entry.keyed_zone.replace(KEY_PLACE, KEY_STANDIN) if self._keyed else self.entry.zone


@lru_cache(maxsize=1)
def catalogue() -> Mapping[str, Blocklist]:
    """Return every list by its id, in the order of the ids.

    Raises:
        FileError: A list that somebody added cannot be read.
    """
    found = {entry.id: entry for name, text in (*_ours(), *_foreign()) for entry in parse_lists(text, name)}
    return dict(sorted(found.items()))


def _ours() -> Iterator[tuple[str, str]]:
    # By path: importlib.resources costs more time to import than the files take to read.
    for path in sorted((Path(__file__).parent / "lists").glob("*.toml")):
        yield path.name, path.read_text("utf-8")


def _foreign() -> Iterator[tuple[str, str]]:
    from importlib.metadata import entry_points  # late: 20 ms
    from importlib.resources import files

    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        for file in sorted(files(point.load()).iterdir(), key=lambda each: each.name):
            if file.name.endswith(".toml"):
                octets = file.read_bytes()
                if len(octets) > MAX_BYTES:
                    raise FileError(file.name, "is larger than 64 KiB", "split it")
                yield file.name, octets.decode("utf-8", "backslashreplace")


def subscribe(names: Sequence[str] | None = None, keys: Keys | None = None) -> tuple[Subscription, ...]:
    """Return the lists to ask, each once, in the order in which they are named.

    None stands for the default ones and for those with a key; so does the name "default". "all" is every list that can be
    asked with what there is. A dead list may be named: it is then asked, and told to be dead.

    Raises:
        InputError: There is no such list; it needs a key and there is none; or there is a key for a list that takes none.
    """
    known, keys = catalogue(), keys or Keys()
    for name in keys:
        if name not in known or not known[name].keyed_zone:
            taking = ", ".join(entry.id for entry in known.values() if entry.keyed_zone)
            raise InputError(f"the key for {visible(name, 60)}", "is of no list that takes one", f"those are {taking}")
    wanted: dict[str, Subscription] = {}
    for name in names or (DEFAULT,):
        for entry in _named(name, known, keys):
            wanted[entry.id] = Subscription(entry=entry, key=keys.get(entry.id))
    return tuple(wanted.values())


def _named(name: str, known: Mapping[str, Blocklist], keys: Keys) -> list[Blocklist]:
    if name == DEFAULT:
        return [entry for entry in known.values() if entry.default or entry.id in keys]
    if name == ALL:
        return [entry for entry in known.values() if entry.askable and (entry.zone or entry.id in keys)]
    entry = known.get(name)
    if entry is None:
        accepted = f"accepted are {DEFAULT}, {ALL} and {', '.join(known)}"
        raise InputError(f"the blocklist {visible(name, 60)!r}", "is not known", accepted)
    if not entry.zone and entry.id not in keys:
        raise InputError(
            f"the blocklist {entry.id}", "is asked with a key only", f'give one: {entry.id} = "KEY" in the file of keys'
        )
    return [entry]
