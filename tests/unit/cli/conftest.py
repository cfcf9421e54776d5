"""The command line over an `app` that looks nothing up."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from support.audits import audits
from truehelo import app
from truehelo.cli.main import run
from truehelo.findings import Audit


@dataclass
class FakeApp:
    """What the commands asked for, and the audit that they get."""

    name: str = "pair"
    settings: app.Settings | None = None
    targets: list[str] = field(default_factory=list)
    raises: BaseException | None = None

    async def check(self, targets: Sequence[app.TargetLine], settings: app.Settings, progress: Any = None) -> Audit:
        self.settings, self.targets = settings, [target.text for target in targets]
        if self.raises is not None:
            raise self.raises
        for number, target in enumerate(targets, start=1):
            if progress is not None:
                progress(number, len(targets), target.text)
        return audits()[self.name]


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeApp:
    made = FakeApp()

    def run_here(coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run(coroutine)

    monkeypatch.setattr(app, "check", made.check)
    monkeypatch.setattr(app, "run", run_here)
    monkeypatch.delenv("TRUEHELO_DEBUG", raising=False)
    return made


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run a command line; return its exit code, stdout and stderr."""

    def call(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run(arguments)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call
