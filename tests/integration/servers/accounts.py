"""Accounts that mail servers insist on: made where they are missing, and removed again only if they were made here."""

import grp
import pwd
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def account(user: str, group: str | None = None) -> Iterator[None]:
    """Have a system user without a home, and a group of its own or the one given."""
    group = group or user
    made: list[list[str]] = []
    if not _known(grp.getgrnam, group):
        _run(["groupadd", "--system", group])
        made.append(["groupdel", group])
    if not _known(pwd.getpwnam, user):
        _run(
            ["useradd", "--system", "--no-create-home", "-d", "/nonexistent", "-s", "/usr/sbin/nologin", "-g", group, user]
        )
        made.append(["userdel", user])
    try:
        yield
    finally:
        for command in reversed(made):
            # userdel takes the user's own group along on some systems.
            subprocess.run(command, capture_output=True, check=False, timeout=30)


def _known(look: object, name: str) -> bool:
    assert callable(look)
    try:
        look(name)
    except KeyError:
        return False
    return True


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    # 9: it exists by now, since another run made it.
    if done.returncode not in (0, 9):
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
