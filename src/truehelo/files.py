"""Files, read within bounds and written whole or not at all.

What stands in them is for others: target lists (`engine.lists`), evidence (`engine.saved`), output (`render`).
"""

import os
from pathlib import Path

from truehelo.errors import FileError


def read_whole(path: Path, most: int, accepted: str) -> bytes:
    """Read a file of at most `most` octets.

    Raises:
        FileError: It cannot be read, or is larger; `accepted` then says what would do.
    """
    try:
        if path.is_file() and path.stat().st_size > most:
            raise FileError(str(path), f"is larger than {most // 2**20:,} MiB", accepted)
        with path.open("rb") as stream:
            content = stream.read(most + 1)
    except (OSError, ValueError) as error:
        raise FileError(str(path), f"cannot be read ({_cause(error)})", accepted) from None
    if len(content) > most:  # a pipe does not tell its size before
        raise FileError(str(path), f"is larger than {most // 2**20:,} MiB", accepted)
    return content


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or not at all.

    Raises:
        FileError: It cannot be written; what stood there before still stands.
    """
    try:
        if path.exists() and not path.is_file():  # a pipe or a device cannot be replaced, and need not be
            path.write_bytes(content)
        else:
            _replace(Path(os.path.realpath(path)), content)  # a link stays one: the file that it leads to is replaced
    except (OSError, ValueError) as error:
        raise FileError(str(path), f"cannot be written ({_cause(error)})", "choose another file") from None


def _replace(path: Path, content: bytes) -> None:
    import tempfile

    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".truehelo.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        temporary.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
        temporary.replace(path)
    except BaseException:  # also an interruption leaves nothing behind
        temporary.unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _cause(error: Exception) -> str:
    return (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)
