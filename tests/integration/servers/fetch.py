"""Gets servers from the distribution's packages without installing them.

Packages are downloaded by `apt-get download` and unpacked by `dpkg -x`, each set into a folder of its own: no post-install
script runs, nothing is written outside the cache, and MTAs that exclude each other can stand side by side. The cache is
`${TRUEHELO_SERVERS}`, or `truehelo-test-servers` below `$XDG_CACHE_HOME` or `~/.cache`, and is used again.

`TRUEHELO_RELEASE` names another release of the distribution to take them from, such as "bookworm-backports" or "trixie",
for a look at other versions of the same servers. A release that is not built for this machine's libraries comes with its
own, down to the C library, and runs with its folder as the root (`alien`).
"""

import fcntl
import os
import re
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_DOWNLOAD_S = 180
_UPDATE_S = 300
_UNPACK_S = 120
_BASE = ("base-files", "coreutils", "dash", "findutils", "grep", "libc-bin", "sed")
"""What a root of its own needs beside the server: packages that every machine has, and that none depends on."""


class FetchError(RuntimeError):
    """A package could not be had; the text says which and what apt said."""


def cache() -> Path:
    """Return the folder that holds downloaded packages and unpacked roots."""
    given = os.environ.get("TRUEHELO_SERVERS")
    if given:
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "truehelo-test-servers"


def release() -> str:
    """Return the release that is asked for, "" for that of this machine."""
    return os.environ.get("TRUEHELO_RELEASE", "")


def alien() -> bool:
    """Tell whether what is fetched brings its own libraries, and so needs its folder as the root."""
    return bool(release()) and not release().startswith(_codename())


def home() -> Path:
    """Return the folder below which the roots of the release in use stand."""
    return cache() / release() if release() else cache()


def fetch(name: str, packages: list[str]) -> Path:
    """Return the root folder `name` with these packages unpacked in it, and whatever they need that this machine lacks.

    Raises:
        FetchError: A package could not be downloaded or unpacked.
    """
    root = home() / name
    marker = root / ".packages"
    packages = [*packages, *(_BASE if alien() else ())]
    wanted = "\n".join(sorted(packages)) + "\n"
    home().mkdir(parents=True, exist_ok=True)
    with _locked(home() / f".{name}.lock"):
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
    command = ["apt-get", *_options(), "-s", "-q", "install", "--no-install-recommends", *packages]
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
    folder = home() / "debs" / package
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(home() / "debs" / f".{package}.lock"):
        held = sorted(folder.glob("*.deb"))
        if held:
            return held[-1]
        command = ["apt-get", *_options(), "download", "-q", "-o", "APT::Sandbox::User=root", package]
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
    with _locked(home() / ".update.lock"):
        _run(["apt-get", *_options(), "update", "-q"], _UPDATE_S, "refresh the package lists (needs root)")


def _options() -> list[str]:
    """Return what leads apt to another release, without a trace in the settings of this machine."""
    if not release():
        return []
    folder = home() / ".apt"
    for sub in ("lists/partial", "archives/partial", "parts"):
        (folder / sub).mkdir(parents=True, exist_ok=True)
    suites = [release()] if alien() else [_codename(), release()]
    keys = "/usr/share/keyrings/debian-archive-keyring.gpg"
    (folder / "sources.list").write_text("".join(f"deb [signed-by={keys}] {_archive()} {suite} main\n" for suite in suites))
    settings = {
        "Dir::Etc::sourcelist": folder / "sources.list",
        "Dir::Etc::sourceparts": folder / "parts",
        "Dir::Etc::preferencesparts": folder / "parts",
        "Dir::State::lists": folder / "lists",
        "Dir::Cache": folder,
        "APT::Default-Release": release(),
    }
    if alien():
        (folder / "status").touch()
        settings |= {"Dir::State::status": folder / "status"}
    return [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]


def _codename() -> str:
    found = re.search(r"^VERSION_CODENAME=(\w+)", Path("/etc/os-release").read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        raise FetchError("this machine does not say which release of the distribution it is")
    return found[1]


def _archive() -> str:
    """Return where this machine takes its packages from: the first archive of its own settings."""
    folder = Path("/etc/apt")
    files = [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*"))]
    text = "\n".join(file.read_text(encoding="utf-8") for file in files if file.is_file())
    found = re.search(r"^(?:URIs:|deb(?: \[[^]]*\])?)\s+(\S+)", text, re.MULTILINE)
    if found is None:
        raise FetchError("this machine does not say where it takes its packages from")
    return found[1]


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
