"""A program of the operator's: the message as JSON on its standard input, its exit status as the answer.

Never a shell: the program and its arguments are a list, and nothing of the message is among them. 0 means told; 75
(EX_TEMPFAIL of sysexits.h) try again; anything else is believed after a few tries. The program has a process group of
its own, which is ended with it. Does not interpret what it prints.
"""

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Mapping
from pathlib import Path

from truehelo.alerts._kind import ChannelKind, Place, said
from truehelo.configuration.channels import CommandSettings
from truehelo.facts.text import visible
from truehelo.monitoring import Message
from truehelo.ports import ChannelError

EX_TEMPFAIL = 75
TRIES = 3
"""After so many tries another exit status is believed."""
MAX_OUTPUT = 2048
_GRACE_S = 2.0
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR")
_PATH = "/usr/local/bin:/usr/bin:/bin"


class CommandChannel:
    """Runs one program for each message."""

    def __init__(self, settings: CommandSettings, folder: Path, environment: Mapping[str, str]) -> None:
        """Take the settings, the folder to run in, and the variables that the program is to see."""
        self._settings, self._folder, self._environment = settings, folder, dict(environment)
        self._secrets = tuple(value for key in settings.pass_env if len(value := environment.get(key, "")) > 3)

    def __repr__(self) -> str:
        return f"<command channel {self.name}>"

    @property
    def name(self) -> str:
        """The name that the operator gave it."""
        return self._settings.name

    async def send(self, message: Message, key: str) -> str:
        """Run the program.

        Raises:
            ChannelError: It could not be started, took too long, or ended otherwise than with 0.
        """
        run = _Run(self._settings.argv, self._folder, self._environment | variables(message, key, self.name))
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                status = await run.status(standard_input(message, key))
        except TimeoutError:
            await run.end()
            raise self._error(f"took longer than {self._settings.timeout_s:g} s", tries=TRIES) from None
        except OSError as error:
            raise self._error(f"cannot be started: {error.strerror or type(error).__name__}", tries=TRIES) from None
        finally:
            run.kill()
        if status == 0:
            return said(run.output or "ended with 0", self._secrets)
        how = f"ended with {status}" if status > 0 else f"was ended by signal {-status}"
        raise self._error(f"{how} {run.output}", tries=None if status == EX_TEMPFAIL else TRIES)

    async def aclose(self) -> None:
        """Nothing is kept open."""

    def _error(self, detail: str, *, tries: int | None) -> ChannelError:
        program = Path(self._settings.argv[0]).name
        return ChannelError(said(f"{program} {detail}", self._secrets), temporary=True, tries=tries)


class _Run:
    """One run of a program. Its output goes over a pipe of our own, which what it leaves behind may hold open in vain."""

    def __init__(self, argv: tuple[str, ...], folder: Path, environment: Mapping[str, str]) -> None:
        self._argv, self._folder, self._environment = argv, folder, environment
        self._process: asyncio.subprocess.Process | None = None
        self._over = False
        self._octets = b""

    @property
    def output(self) -> str:
        """The beginning of what it printed."""
        return self._octets.decode("utf-8", "replace").strip()

    async def status(self, octets: bytes) -> int:
        """Start it, hand it its input, and return its exit status, negative for a signal."""
        reading, writing = os.pipe()
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._argv,
                stdin=asyncio.subprocess.PIPE,
                stdout=writing,
                stderr=writing,
                cwd=self._folder,
                env=self._environment,
                start_new_session=True,
            )
        except BaseException:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        reader = asyncio.create_task(self._read(reading))
        try:
            await self._feed(octets)
            status = await self._process.wait()
            # Whoever else holds the pipe is of its process group; it has a moment to finish, and is ended then.
            await asyncio.wait([reader], timeout=_GRACE_S)
            self._over = reader.done()
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)
        return status

    async def _feed(self, octets: bytes) -> None:
        stdin = self._process.stdin if self._process is not None else None
        if stdin is None:
            return
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it need not read
            stdin.write(octets)
            await stdin.drain()
        stdin.close()

    async def _read(self, descriptor: int) -> None:
        """Keep the beginning of the output, and drop the rest of it, so that the program is never held up."""
        stream = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(descriptor, "rb", buffering=0)
        )
        try:
            while some := await stream.read(65_536):
                self._octets = (self._octets + some)[:MAX_OUTPUT]
        finally:
            transport.close()

    async def end(self) -> None:
        """Ask the process group to end, and give it a moment."""
        if self._process is not None:
            self._signal(signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_GRACE_S):
                    await self._process.wait()

    def kill(self) -> None:
        """End whatever is left of the process group; nothing when all of it is known to have ended."""
        if not self._over:
            self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)


def standard_input(message: Message, key: str) -> bytes:
    """Return what the program reads: one JSON object in ASCII, and a line break."""
    whole = {
        "key": key,
        "thread": message.thread,
        "subject": message.subject,
        "text": message.text,
        "html": message.html,
        "notice": message.data,
    }
    return json.dumps(whole).encode("ascii") + b"\n"


def variables(message: Message, key: str, channel: str) -> dict[str, str]:
    """Return what the program sees of the message in its environment, made visible; the rest is on its standard input."""
    values = {
        "KEY": key,
        "CHANNEL": channel,
        "KIND": str(message.kind),
        "SEVERITY": str(message.severity),
        "TAG": message.tag,
        "THREAD": message.thread,
        "SUBJECT": message.subject,
    }
    return {f"TRUEHELO_{name}": visible(value, 500) for name, value in values.items()}


def build(settings: CommandSettings, place: Place) -> CommandChannel:
    """Make the channel; the program sees a few variables of ours, and those that `pass_env` names."""
    wanted = (*_INHERITED, *settings.pass_env)
    environment = {"PATH": _PATH} | {key: place.environment[key] for key in wanted if key in place.environment}
    return CommandChannel(settings, place.folder.absolute(), environment)


KIND = ChannelKind(name="command", build=build)
