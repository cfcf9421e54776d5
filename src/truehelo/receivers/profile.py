"""A profile: the receivers that matter to this operator, in a TOML file, each perhaps set up as it really is.

    receivers = ["gmail", "exim@4.96+helo_verify_hosts", "office"]

    [receiver.office]
    is = "postfix"
    main_cf = "/etc/postfix/main.cf"

Reads text; the file that `main_cf` names is read by whoever may read files.
"""

import tomllib
from dataclasses import dataclass

from truehelo.errors import FileError, InputError

_KEYS = {"receivers", "receiver"}
_ENTRY_KEYS = {"is", "settings", "main_cf"}
MAX_RECEIVERS = 500
SEPARATOR = "+main_cf="
"""How the restriction lists of a Postfix are named on the command line: "postfix+main_cf=/etc/postfix/main.cf"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A receiver that an operator wants asked: what its verdicts are called, what it is, the main.cf that sets it up."""

    label: str
    name: str
    main_cf: str | None = None


def read_list(text: str) -> tuple[Wanted, ...]:
    """Read the value of --receivers: names between commas.

    Raises:
        InputError: There is no name in it.
    """
    found = tuple(_wanted(part.strip()) for part in text.split(",") if part.strip())
    if not found:
        raise InputError("--receivers", "names none", "give names between commas, as in gmail,postfix+strict")
    return found


def _wanted(text: str) -> Wanted:
    name, separator, main_cf = text.partition(SEPARATOR)
    return Wanted(label=text, name=name, main_cf=main_cf if separator else None)


def read_profile(text: str, path: str) -> tuple[Wanted, ...]:
    """Read a profile file; `path` names it in errors.

    Raises:
        FileError: It is not TOML, or a key or value in it is wrong.
    """
    accepted = 'give receivers = ["gmail", "postfix+strict"], and a table [receiver.NAME] for each of your own'
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise FileError(path, f"is not TOML ({error})", accepted) from None
    unknown = sorted(set(table) - _KEYS)
    if unknown:
        raise FileError(path, f"has an unknown key {unknown[0]!r}", accepted)
    own = table.get("receiver", {})
    if not isinstance(own, dict):
        raise FileError(path, "receiver is no table", accepted)
    entries = {name: _entry(path, name, entry) for name, entry in own.items()}
    names = table.get("receivers", list(entries))
    if not isinstance(names, list) or not names or not all(isinstance(name, str) and name for name in names):
        raise FileError(path, "receivers is no list of names", accepted)
    if len(names) > MAX_RECEIVERS:
        raise FileError(path, f"names {len(names)} receivers", f"{MAX_RECEIVERS} at once are the most")
    return tuple(entries.get(name) or _wanted(name) for name in dict.fromkeys(names))


def _entry(path: str, name: str, entry: object) -> Wanted:
    accepted = 'give is = "postfix", and settings = ["reject_unknown_client_hostname"] or main_cf = "/etc/postfix/main.cf"'
    if not isinstance(entry, dict) or not isinstance(entry.get("is"), str):
        raise FileError(path, f"[receiver.{name}] does not say what it is", accepted)
    unknown = sorted(set(entry) - _ENTRY_KEYS)
    if unknown:
        raise FileError(path, f"[receiver.{name}] has an unknown key {unknown[0]!r}", accepted)
    settings, main_cf = entry.get("settings", []), entry.get("main_cf")
    if not isinstance(settings, list) or not all(isinstance(each, str) for each in settings):
        raise FileError(path, f"[receiver.{name}] settings is no list of names", accepted)
    if main_cf is not None and not isinstance(main_cf, str):
        raise FileError(path, f"[receiver.{name}] main_cf is no path", accepted)
    return Wanted(label=name, name="+".join([entry["is"], *settings]), main_cf=main_cf)
