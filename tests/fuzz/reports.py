"""Coverage-guided fuzzing of all that reads reports: any octets, in any archive or message, aggregate, failure or TLS.

`reports.py SECONDS [FOLDER]` runs that long; what was found worth keeping, and what failed, goes to FOLDER, with which the
next run begins.
Without atheris (it has no wheel for every Python) the same reports are mutated blindly. What must hold: nothing but
`Refused` and `ReportError` comes out, none for a fault of this program, no input takes more than ten seconds of CPU or
512 MB, and the fast way of reading an aggregate report reads what the plain way reads.
"""

import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from io import BytesIO
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
try:
    import atheris
except ImportError:
    atheris = None

instrumented: AbstractContextManager[object] = nullcontext()
if atheris:
    instrumented = atheris.instrument_imports(include=["truehelo.reports"])
with instrumented:
    from truehelo.reports.aggregate import AggregateReading, read_aggregate
    from truehelo.reports.faults import WORDS
    from truehelo.reports.model import Budget, FailureReport, Refused, ReportError, TlsReport
    from truehelo.reports.read import reports_in

from support.aggregate import NEW_SCHEMA, REPORT  # noqa: E402
from support.corpus import REPORTERS, corpus, report  # noqa: E402
from support.reportmail import ODD_HEADERS, aggregate_mail, failure_mail, tls_json, zipped  # noqa: E402

LONGEST = 6_000
SLOW = 10.0
BUDGET = Budget(octets=2**20, elements=50_000, text=20_000, record=20_000, held=2**20)


def outcome(octets: bytes, *, plain: bool) -> object:
    """All that there is to see of an aggregate report."""
    reading = read_aggregate([octets], BUDGET, plain=plain)
    try:
        records = [record for batch in reading.batches() for record in batch]
    except ReportError as error:
        return error.reason
    return reading.head, records, list(reading.faults), reading.bad, reading.messages


def read(octets: bytes) -> None:
    """Read octets in every way that there is. What comes out is of no interest, how it comes out is."""
    began = time.process_time()
    for found in reports_in(BytesIO(octets), "in", BUDGET, clock=time.process_time):
        if isinstance(found, AggregateReading):
            try:
                for _ in found.batches():
                    pass
            except ReportError as error:
                told(error.reason)
        elif isinstance(found, Refused):
            told(found.reason)
        else:
            assert isinstance(found, TlsReport | FailureReport)
    assert outcome(octets, plain=False) == outcome(octets, plain=True), "the two ways differ"
    assert time.process_time() - began < SLOW, "it took too long"


def told(reason: str) -> None:
    """A reason is one sentence, harmless to look at, and no fault of ours."""
    assert reason
    assert WORDS not in reason, reason
    assert reason.isprintable(), reason


def seeds() -> Iterator[bytes]:
    """Reports to begin with: each reporter's, packed and not, the odd ones, messages, TLS and failure reports."""
    yield from (REPORT.encode(), NEW_SCHEMA.encode())
    for number, reporter in enumerate(REPORTERS):
        yield report(number, 2, reporter=reporter).xml
        yield report(number, 1, reporter=reporter).octets
    yield from (file.xml for file in corpus(3, 12, largest=2, odd=1))
    yield from (header.lstrip() + aggregate_mail() for header in ODD_HEADERS)
    yield from (tls_json(), aggregate_mail(), failure_mail(), zipped(("a.xml", REPORT.encode()), ("b.json", tls_json())))


def blindly(seconds: float, given: list[bytes], test: Callable[[bytes], None]) -> int:
    """Mutate without looking; returns how many inputs were tried."""
    chance = random.Random(1)  # noqa: S311 - not for secrets
    ends, tried = time.monotonic() + seconds, 0
    while time.monotonic() < ends:
        octets = bytearray(chance.choice(given))
        for _ in range(chance.randrange(6)):
            at, length = chance.randrange(len(octets) + 1), chance.randrange(30)
            other = chance.choice(given)
            start = chance.randrange(len(other))
            octets[at : at + length] = chance.choice(
                (b"", chance.randbytes(3), other[start : start + length], b"<record>", b"]]>", *ODD_HEADERS)
            )
        test(bytes(octets[:LONGEST]))
        tried += 1
    return tried


def main() -> None:
    """Fuzz for so many seconds."""
    seconds = float(sys.argv[1])
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(sys.argv[2] if len(sys.argv) > 2 else scratch)
        folder.mkdir(exist_ok=True)
        given = [octets for octets in seeds() if len(octets) <= LONGEST]
        for octets in given:
            read(octets)
        if atheris is None:
            sys.stdout.write(f"{blindly(seconds, given, read)} inputs, without a look at what they reach\n")
            return
        for number, octets in enumerate(given):
            (folder / f"seed-{number}").write_bytes(octets)
        # The peak that the fuzzer looks at holds that of whoever started it: what was there before does not count.
        limit = 512 + resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        options = [f"-max_total_time={seconds:g}", f"-max_len={LONGEST}", "-timeout=30", f"-rss_limit_mb={limit}"]
        options += ["-print_final_stats=1", f"-artifact_prefix={folder}/"]
        options += [] if len(sys.argv) > 2 else ["-seed=1"]  # a short run tries the same each time
        atheris.Setup([sys.argv[0], *options, str(folder)], read)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
