"""Reads a secret from where the configuration says it stands. Whether it is strong enough is not asked here."""

import os
from pathlib import Path

from truehelo.configuration.channels import Secret
from truehelo.errors import FileError, InputError

MAX_OCTETS = 8192


def read_secret(secret: Secret, what: str) -> str:
    """Return the first line of the file, or the value of the environment variable, without the space around it.

    Raises:
        InputError: It is not there, is empty, or is no text; `what` says what it was to be.
    """
    given, text = (secret.file, _read(secret.file, what)) if secret.file else (secret.env, os.environ.get(secret.env, ""))
    line = text.strip().partition("\n")[0].strip()
    if not line:
        raise InputError(given, f"holds no {what}", "write it there as one line")
    if not line.isascii() or not line.isprintable():
        raise InputError(given, f"holds a {what} with a control character or a letter outside ASCII")
    return line


def _read(path: str, what: str) -> str:
    try:
        with Path(path).open("rb") as stream:
            octets = stream.read(MAX_OCTETS + 1)
    except (OSError, ValueError) as error:
        cause = (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)
        raise FileError(path, f"the {what} in it cannot be read ({cause})") from None
    if len(octets) > MAX_OCTETS:
        raise FileError(path, f"is too large to be a {what}")
    return octets.decode("utf-8", "replace")
