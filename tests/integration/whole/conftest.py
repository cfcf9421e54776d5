"""Real name servers, two real resolvers and three real mail servers: an internet in miniature on loopback."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from integration.servers.dns import Server, Servers, recursing_bind, running
from integration.servers.smtp import PACKAGES, Mta, mta

GATE = "gate.business.example"
"""What each mail server calls itself, wherever it does."""


@dataclass(frozen=True)
class Internet:
    """The name servers, unbound as the first resolver and bind as the second."""

    servers: Servers
    bind: Server

    def truehelo(self, *arguments: str, routes: tuple[str, ...] = ()) -> "subprocess.CompletedProcess[str]":
        """Run the command line in a process of its own, with these resolvers and routes."""
        options = [f"--resolver={self.servers.unbound.resolver}", f"--resolver={self.bind.resolver}"]
        options += [f"--connect-to={route}" for route in (*self.servers.rules, *routes)]
        return subprocess.run(
            [sys.executable, "-m", "truehelo", *arguments, *options],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "TRUEHELO_LOOPBACK_ONLY": "1", "PYTHONIOENCODING": "utf-8"},
            timeout=60,
        )

    def check(self, *arguments: str, routes: tuple[str, ...] = ()) -> tuple[int, dict[str, Any]]:
        """Return the exit code and the JSON document of a check."""
        done = self.truehelo("check", *arguments, "--json", routes=routes)
        assert done.stdout, done.stderr
        return done.returncode, json.loads(done.stdout)


@pytest.fixture(scope="session")
def internet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Internet]:
    work = tmp_path_factory.mktemp("whole")
    with running(work) as servers, recursing_bind(servers, work) as bind:
        yield Internet(servers, bind)


@pytest.fixture(scope="session", params=sorted(PACKAGES))
def gate(request: pytest.FixtureRequest) -> Iterator[Mta]:
    with mta(request.param, GATE) as started:
        yield started
