"""Keys of lists that are asked by name and key. A key is a secret, though the DNS carries it: no fact holds one.

    spamhaus-zen = "..."

`Keys` shows itself without them, and `hide` takes a key out of what was answered before a fact is made of it: out of names,
of records and their octets, and of what an error says.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace

from truehelo.blocklists.model import KEY_STANDIN
from truehelo.errors import FileError
from truehelo.facts.dns import Exchange, Lookup, Question, Record
from truehelo.facts.text import visible

_KEY = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z-]{6,61})[0-9A-Za-z]")
_ACCEPTED = 'give a key for each list, as in spamhaus-zen = "KEY", with KEY 8 to 63 letters, digits and hyphens'


class Keys(Mapping[str, str]):
    """The keys by the id of their list. They are in no repr, so that no log and no traceback shows one."""

    def __init__(self, keys: Mapping[str, str] | None = None) -> None:
        """Keep the keys."""
        self._keys = dict(keys or {})

    def __getitem__(self, key: str) -> str:
        return self._keys[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def __repr__(self) -> str:
        return f"Keys({', '.join(sorted(self._keys))})"


def read_keys(text: str, path: str) -> Keys:
    """Read a file of keys; `path` names it in errors, and no error shows a key.

    Raises:
        FileError: It is not TOML, or a value is no key.
    """
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        # The message of the parser may quote the line; its place is enough.
        place = re.search(r"\(at [^)]*\)", str(error))
        raise FileError(path, f"is not TOML {place[0] if place else ''}".rstrip(), _ACCEPTED) from None
    for name, value in table.items():
        if not isinstance(value, str) or not _KEY.fullmatch(value):
            raise FileError(path, f"the value of {visible(name, 60)} is no key", _ACCEPTED)
    return Keys(table)


def hide(lookup: Lookup, key: str) -> Lookup:
    """Return what was looked up, with a stand-in for the key."""
    veil = _Veil(key)
    asked = Question(name=veil.text(lookup.question.name), rdtype=lookup.question.rdtype)
    return Lookup(question=asked, exchanges=tuple(veil.exchange(each) for each in lookup.exchanges))


class _Veil:
    """Takes one key out of texts, in any case of its letters: names are compared without it (RFC 4343 §2)."""

    def __init__(self, key: str) -> None:
        self._shape = re.compile(re.escape(key), re.IGNORECASE)
        self._octets = key.lower().encode()

    def text(self, text: str) -> str:
        return self._shape.sub(KEY_STANDIN, text)

    def exchange(self, exchange: Exchange) -> Exchange:
        return replace(
            exchange,
            chain=tuple(self.record(each) for each in exchange.chain),
            records=tuple(self.record(each) for each in exchange.records),
            soa=None if exchange.soa is None else self.record(exchange.soa),
            detail=self.text(exchange.detail),
        )

    def record(self, record: Record) -> Record:
        return replace(
            record,
            owner=self.text(record.owner),
            data=self.text(record.data),
            raw="" if self._in(record.raw) else record.raw,
        )

    def _in(self, raw: str) -> bool:
        try:
            return self._octets in bytes.fromhex(raw).lower()
        except ValueError:  # no rdata in hexadecimal: nothing that could be kept for sure
            return True
