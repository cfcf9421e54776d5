"""Reads files in worker processes, ahead of whoever stores them: `--jobs` of `reports import`.

A worker gives back what a file holds as a whole; a file with more records than that is good for is left to the caller, who
reads it as a stream. No more is read ahead than a few files per worker. Nothing is decided here about what is found.
"""

import signal
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context, resource_tracker
from typing import BinaryIO

from truehelo.app.reporting import Named, Read
from truehelo.intake.item import Item
from truehelo.reports.aggregate import AggregateReading
from truehelo.reports.model import AggregateHead, FailureReport, Fault, Record, Refused, ReportError, TlsReport
from truehelo.reports.read import pieces_in

MOST_RECORDS = 50_000
"""Of one file: what is sent from one process to another is in the memory of both."""
MOST_OCTETS = 4 * 2**20
"""Of these records, where they differ, and of what is kept of other reports."""
AHEAD = 3
"""How many files are read ahead for each worker."""


@dataclass(slots=True)
class Whole:
    """An aggregate report that has been read: `Reading` of the store."""

    head: AggregateHead | None
    faults: Sequence[Fault]
    bad: int
    digest: str
    messages: int
    octets: int
    held: list[list[Record]]

    def batches(self) -> Iterator[list[Record]]:
        """Yield the records."""
        yield from self.held


def ahead(items: Iterable[Item], jobs: int, *, redact: bool) -> Iterator[tuple[Item, Read | None]]:
    """Yield items in their order, each with what reads it: None where the caller is to read it itself."""
    resource_tracker.ensure_running()  # it would open the ears of whoever starts it
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("forkserver"))
    try:
        with _deaf(), suppress(BrokenProcessPool):
            for started in [pool.submit(_ready) for _ in range(jobs)]:
                started.result()
        waiting: deque[tuple[Item, Future[list[Named] | None] | None]] = deque()
        for item in items:
            waiting.append((item, _begin(pool, item, redact=redact)))
            if len(waiting) > AHEAD * jobs:
                yield _ended(*waiting.popleft())
        while waiting:
            yield _ended(*waiting.popleft())
    finally:  # whoever stores may have been interrupted: what is not begun is not read any more
        pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _deaf() -> Iterator[None]:
    """Hold back an interruption from the keyboard; a process that is started meanwhile never hears one.

    An interruption is for the process that stores, which ends the workers. One that came while a worker is started would
    leave a half of it, and a worker that closed its ears by itself would hear one before it does.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _ready() -> None:
    """Do nothing, in a worker that has started."""


def _begin(pool: ProcessPoolExecutor, item: Item, *, redact: bool) -> "Future[list[Named] | None] | None":
    if item.path is None:
        return None
    try:
        return pool.submit(read_whole, str(item.path), item.name, redact)
    except BrokenProcessPool:  # a worker was killed: what is left is read here
        return None


def _ended(item: Item, future: "Future[list[Named] | None] | None") -> tuple[Item, Read | None]:
    try:
        found = None if future is None else future.result()
    except BrokenProcessPool:
        found = None
    if found is None:
        return item, None

    def ready(_stream: BinaryIO, _item: Item) -> Iterable[Named]:
        return found

    return item, ready


def read_whole(path: str, name: str, redact: bool) -> list[Named] | None:
    """Read a file, in a worker; None where the caller is to do it: it is too large, or cannot be read."""
    found: list[Named] = []
    left, octets = MOST_RECORDS, MOST_OCTETS
    try:
        with open(path, "rb") as stream:  # noqa: PTH123  (a text comes from the other process)
            for piece in pieces_in(stream, name, clock=time.process_time, redact=redact):
                sender = "" if piece.letter is None else piece.letter.sender
                got = piece.found
                whole = _whole(got, piece.name, left, octets) if isinstance(got, AggregateReading) else got
                if whole is None:
                    return None
                records, taken = _weight(whole)
                left, octets = left - records, octets - taken
                if left < 0 or octets < 0:
                    return None
                found.append((piece.name, sender, whole))
    except OSError:
        return None
    return found


def _weight(found: Whole | TlsReport | FailureReport | Refused) -> tuple[int, int]:
    """How many records, or entries that are like them, something has, and about how many octets of its own."""
    if isinstance(found, Whole):
        return sum(map(len, found.held)), found.octets
    if isinstance(found, TlsReport):
        texts = [text for policy in found.policies for text in (*policy.strings, *policy.mx_hosts)]
        failures = sum(len(policy.failures) for policy in found.policies)
        return len(found.policies) + failures + len(texts), sum(map(len, texts)) + sum(
            len(each.text) for each in found.extras
        )
    if isinstance(found, FailureReport):
        return 1, sum(len(text) for _, text in (*found.fields, *found.headers))
    return 1, len(found.reason) + len(found.where)


def _whole(reading: AggregateReading, name: str, most: int, octets: int) -> Whole | Refused | None:
    held: list[list[Record]] = []
    try:
        for batch in reading.batches():
            held.append(batch)
            most -= len(batch)
            if most < 0 or reading.octets > octets:
                return None
    except ReportError as error:
        return Refused(name=name, reason=error.reason, where=error.where)
    return Whole(reading.head, reading.faults, reading.bad, reading.digest, reading.messages, reading.octets, held)
