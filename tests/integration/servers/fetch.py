"""Gets servers from the distribution's packages without installing them.

Packages are downloaded by `apt-get download` and unpacked by `dpkg -x`, each set into a folder of its own: no post-install
script runs, nothing is written outside the cache, and MTAs that exclude each other can stand side by side. The cache is
`${TRUEHELO_SERVERS}`, or `truehelo-test-servers` below `$XDG_CACHE_HOME` or `~/.cache`, and is used again.
"""

import fcntl
import os
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_DOWNLOAD_S = 180
_UPDATE_S = 300
_UNPACK_S = 120


class FetchError(RuntimeError):
    """A package could not be had; the text says which and what apt said."""


def cache() -> Path:
    """Return the folder that holds downloaded packages and unpacked roots."""
    given = os.environ.get("TRUEHELO_SERVERS")
    if given:
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "truehelo-test-servers"


def fetch(name: str, packages: list[str]) -> Path:
    """Return the root folder `name` with these packages unpacked in it, and whatever they need that this machine lacks.

    Raises:
        FetchError: A package could not be downloaded or unpacked.
    """
    root = cache() / name
    marker = root / ".packages"
    wanted = "\n".join(sorted(packages)) + "\n"
    cache().mkdir(parents=True, exist_ok=True)
    with _locked(cache() / f".{name}.lock"):
        if marker.is_file() and marker.read_text() == wanted:
            return root
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir()
        for package in _needed(packages):
            deb = _download(package)
            _run(["dpkg", "-x", str(deb), str(root)], _UNPACK_S, f"unpack {package}")
        marker.write_text(wanted)
    return root


def libs(root: Path) -> dict[str, str]:
    """Return an environment in which programs of `root` find the shared libraries that came with them."""
    triplet = sysconfig.get_config_var("MULTIARCH") or f"{os.uname().machine}-linux-gnu"
    folders = [root / f"usr/lib/{triplet}", root / f"lib/{triplet}", root / "usr/lib", root / "lib"]
    found = [str(folder) for folder in folders if folder.is_dir()]
    held = os.environ.get("LD_LIBRARY_PATH")
    return {**os.environ, "LD_LIBRARY_PATH": ":".join([*found, *([held] if held else [])])}


def _needed(packages: list[str]) -> list[str]:
    """Return the packages and, by a simulated installation, those that they depend on and that are not installed here."""
    command = ["apt-get", "-s", "-q", "install", "--no-install-recommends", *packages]
    try:
        plan = _run(command, _DOWNLOAD_S, f"plan {' '.join(packages)}")
    except FetchError:
        _update()
        plan = _run(command, _DOWNLOAD_S, f"plan {' '.join(packages)}")
    # "Inst NAME (VERSION ...)"; an upgrade has the old version in brackets after the name, and what is installed will do.
    words = [line.split() for line in plan.splitlines() if line.startswith("Inst ")]
    return list(dict.fromkeys([*packages, *(word[1] for word in words if not word[2].startswith("["))]))


def _download(package: str) -> Path:
    """Return the package file, from the cache or from the distribution."""
    folder = cache() / "debs" / package
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(cache() / "debs" / f".{package}.lock"):
        held = sorted(folder.glob("*.deb"))
        if held:
            return held[-1]
        command = ["apt-get", "download", "-q", "-o", "APT::Sandbox::User=root", package]
        try:
            _run(command, _DOWNLOAD_S, f"download {package}", cwd=folder)
        except FetchError:
            # A list that is absent or older than the archive: fetch it once, and try again.
            _update()
            _run(command, _DOWNLOAD_S, f"download {package}", cwd=folder)
        held = sorted(folder.glob("*.deb"))
        if not held:
            raise FetchError(f"download {package}: apt-get left no package file")
        return held[-1]


def _update() -> None:
    with _locked(cache() / ".update.lock"):
        _run(["apt-get", "update", "-q"], _UPDATE_S, "refresh the package lists (needs root)")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock, so that two test runs do not unpack over each other."""
    with path.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _run(command: list[str], timeout_s: float, what: str, cwd: Path | None = None) -> str:
    try:
        done = subprocess.run(
            command, cwd=cwd, timeout=timeout_s, capture_output=True, text=True, errors="replace", check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise FetchError(f"{what}: {error}") from error
    if done.returncode != 0:
        raise FetchError(f"{what}: {(done.stderr or done.stdout).strip()[-500:]}")
    return done.stdout
