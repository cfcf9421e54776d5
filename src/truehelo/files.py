"""Files, read within bounds and written whole or not at all.

What stands in them is for others: target lists (`engine.lists`), evidence (`engine.saved`), output (`render`).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

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
    with written_whole(path) as stream:
        stream.write(content)


@contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """Open a file that is put in its place when it was written to its end, and not at all where that fails.

    Raises:
        FileError: It cannot be written; what stood there before still stands.
    """
    if "\0" in str(path):
        raise FileError(str(path), "cannot be written (a NUL is in its name)", "choose another file")
    try:
        if path.exists() and not path.is_file():  # a pipe or a device cannot be replaced, and need not be
            with path.open("wb") as stream:
                yield stream
        else:
            with _beside(Path(os.path.realpath(path))) as stream:  # a link stays one: what it leads to is replaced
                yield stream
    except OSError as error:
        raise FileError(str(path), f"cannot be written ({_cause(error)})", "choose another file") from None


@contextmanager
def _beside(path: Path) -> Iterator[BinaryIO]:
    import tempfile

    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".truehelo.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
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
