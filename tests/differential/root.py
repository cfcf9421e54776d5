"""The folder that a daemon's packages stand in, and how what is in it is run.

The packages of this machine's release are programs like any other, told where their libraries are. Those of a release that
is built for other libraries (`integration.servers.fetch.alien`) have their folder as the root: there they find their own
libraries down to the C library, the accounts and the resolver of the place, and the folders of the place under the names
that they have outside. What is written there is gone with the place.
"""

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from integration.servers.fetch import alien, fetch, libs

_OF_THE_PLACE = (
    *("passwd", "group", "shadow", "hosts", "resolv.conf", "nsswitch.conf", "services", "protocols"),
    "ssl/certs/ca-certificates.crt",
)


@dataclass(frozen=True, slots=True)
class Root:
    """Packages that are ready to run: `folder` is where they stand, `name` what they call it ("" for the root)."""

    folder: Path
    name: str

    def command(self, program: str, *arguments: object) -> list[str]:
        """Return the command that runs a program of the packages ("usr/sbin/exim4"), arguments as they are inside."""
        before = [] if self.name else ["chroot", str(self.folder)]
        return [*before, f"{self.name}/{program}", *map(str, arguments)]

    def environment(self, *folders: str) -> dict[str, str]:
        """Return an environment in which libraries are found; `folders` of the packages come first."""
        held = libs(self.folder) if self.name else {**os.environ, "LD_LIBRARY_PATH": ""}
        paths = [*(f"{self.name}/{folder}" for folder in folders), held["LD_LIBRARY_PATH"]]
        return {**held, "LD_LIBRARY_PATH": ":".join(filter(None, paths))}


def unpacked(work: Path, name: str, packages: Sequence[str]) -> Root:
    """Have the packages of a folder of `fetch` below the folder of a daemon, as root/."""
    fetched, folder = fetch(name, list(packages)), work / "root"
    if not alien():
        shutil.copytree(fetched, folder, symlinks=True)
        return Root(folder, str(folder))
    folder.mkdir()
    for sub in (".changes", ".workings"):
        (work / sub).mkdir()
    # Too large to be copied each time: what changes is kept apart, the fetched folder stays as it is.
    layers = f"lowerdir={fetched},upperdir={work / '.changes'},workdir={work / '.workings'}"
    _mount("-t", "overlay", "overlay", "-o", layers, str(folder))
    for outside in ("/dev", "/proc", str(work.parent)):
        inside = folder / outside.lstrip("/")
        inside.mkdir(parents=True, exist_ok=True)
        _mount("--bind", outside, str(inside))
    (folder / "tmp").chmod(0o1777)
    for file in _OF_THE_PLACE:
        if Path("/etc", file).is_file():
            (folder / "etc" / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(f"/etc/{file}", folder / "etc" / file)
    return Root(folder, "")


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, timeout=30)
