"""What any octets hold: one report, several, or none, in archives and messages at any depth that the budget allows.

By content; names and media types only say what is worth refusing aloud. Content never raises: what cannot be read is
`Refused`, with one sentence, and the rest goes on, also where the fault is ours (`faults`). A bomb ends the whole file.
What the reports say is read by `aggregate`, `tls` and `failure`.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

from truehelo.facts.text import visible
from truehelo.reports.aggregate import AggregateReading, read_aggregate
from truehelo.reports.failure import FEEDBACK, SAMPLES, failures_in, holds_failure
from truehelo.reports.faults import fault
from truehelo.reports.mime import Leaf, Letter, Mail, read_mail
from truehelo.reports.model import DEFAULT_BUDGET, Budget, BudgetError, FailureReport, Refused, ReportError, TlsReport
from truehelo.reports.sniff import HEAD, Kind, plain, sniff
from truehelo.reports.tls import read_tls
from truehelo.reports.unpack import Meter, chunks_of, gunzip, hold, members, peek, unbase64

Found = AggregateReading | TlsReport | FailureReport | Refused
"""One thing found. An aggregate report comes unread: its records stream from the file while they are asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One thing found, its name (for people: a path through archives and messages), and the message that it came in."""

    found: Found
    name: str
    letter: Letter | None = None


def reports_in(
    file: BinaryIO,
    name: str,
    budget: Budget = DEFAULT_BUDGET,
    *,
    clock: Callable[[], float] | None = None,
    redact: bool = True,
) -> Iterator[Found]:
    """Yield the reports in a file; see `pieces_in`, which also says where each was, and which message it came in."""
    for piece in pieces_in(file, name, budget, clock=clock, redact=redact):
        yield piece.found


def pieces_in(
    file: BinaryIO,
    name: str,
    budget: Budget = DEFAULT_BUDGET,
    *,
    clock: Callable[[], float] | None = None,
    redact: bool = True,
) -> Iterator[Piece]:
    """Yield what a file holds, in its order.

    An `AggregateReading` is to be read to its end before the next piece is asked for; reading it raises `ReportError`, also
    for octets that break off or are damaged on the way to it.

    Args:
        file: At its beginning. It need not be seekable; a zip archive that is not is held in memory, within `budget.held`.
        name: What people call it. Anything may be in it.
        budget: What it may cost; octets and seconds count for each report, files and ratio for all of them.
        clock: Seconds of CPU (`time.process_time`); without one, time is not bounded.
        redact: Whether failure reports lose what is personal.

    Raises:
        OSError: Reading the file failed. Nothing else, whatever it holds.
    """
    search = _Search(Meter(budget, clock), redact=redact)
    yield from search.safely(chunks_of(file, search.meter), visible(name, 300), file=file)


class _Search:
    """One search through a file."""

    def __init__(self, meter: Meter, *, redact: bool) -> None:
        self.meter, self._redact = meter, redact
        self._over = False
        """The budget is spent: nothing more is looked at."""

    def safely(
        self,
        chunks: Iterator[bytes],
        name: str,
        depth: int = 0,
        letter: Letter | None = None,
        file: BinaryIO | None = None,
    ) -> Iterator[Piece]:
        """Yield what a stream holds; what cannot be read is refused."""
        return self._guarded(self._inside(chunks, name, depth, letter, file), name, letter)

    def _guarded(self, pieces: Iterator[Piece], name: str, letter: Letter | None) -> Iterator[Piece]:
        """Yield pieces; where it turns out that what they are of cannot be read, that it is refused, and no more."""
        try:
            yield from pieces
        except OSError:
            raise
        except Exception as error:  # noqa: BLE001  (of content: what whoever asks does with a piece is not raised here)
            self._over = self._over or isinstance(error, BudgetError)
            yield _refused(error, name, letter)

    def _inside(
        self, chunks: Iterator[bytes], name: str, depth: int, letter: Letter | None, file: BinaryIO | None
    ) -> Iterator[Piece]:
        head, chunks = peek(chunks)
        kind, words = sniff(head)
        if kind in (Kind.GZIP, Kind.ZIP, Kind.MAIL, Kind.BASE64) and depth >= self.meter.budget.nested:
            raise BudgetError(f"archives and messages lie more than {self.meter.budget.nested} deep in each other")
        # Not while an aggregate report is read: the time of whoever keeps its records would be counted too.
        self.meter.begin(watched=kind is not Kind.XML)
        if kind is Kind.XML:
            reading = read_aggregate(_recording(chunks, self.meter.budget), self.meter.budget, clock=self.meter.clock)
            yield Piece(found=reading, name=name, letter=letter)
        elif kind is Kind.JSON:
            budget = self.meter.budget
            report = read_tls(hold(chunks, budget.held // 4, "the TLS report"), budget)
            yield Piece(found=report, name=name, letter=letter)
        elif kind is Kind.GZIP:
            yield from self.safely(gunzip(chunks, self.meter), name, depth + 1, letter)
        elif kind is Kind.BASE64:
            yield from self.safely(unbase64(chunks), name, depth + 1, letter)
        elif kind is Kind.ZIP:
            yield from self._archive(chunks, name, depth, letter, file)
        elif kind is Kind.MAIL:
            yield from self._mails(hold(chunks, self.meter.budget.held, "the message"), name, depth)
        else:
            raise ReportError(f"it is no report: it is {words}")

    def _archive(
        self, chunks: Iterator[bytes], name: str, depth: int, letter: Letter | None, file: BinaryIO | None
    ) -> Iterator[Piece]:
        outermost = file is not None and file.seekable()
        archive = file if file and outermost else BytesIO(hold(chunks, self.meter.budget.held, "the zip archive"))
        empty = True
        for member, octets in members(archive, self.meter, outermost=outermost):
            empty = False
            yield from self.safely(octets, f"{name}: {visible(member, 200)}", depth + 1, letter)
            if self._over:
                return
        if empty:
            raise ReportError("the zip archive is empty")

    def _mails(self, octets: bytes, name: str, depth: int) -> Iterator[Piece]:
        """Yield what a message holds, or each message of a mailbox that lies in an archive: others come one by one."""
        first, *more = _messages(octets)
        if not more:
            yield from self._mail(octets, name, depth)
            return
        for number, message in enumerate((first, *more), 1):
            if self._over:
                return
            self.meter.file()
            self.meter.begin()
            named = f"{name} message {number}"
            yield from self._guarded(self._mail(message, named, depth), named, None)

    def _mail(self, octets: bytes, name: str, depth: int) -> Iterator[Piece]:
        mail = read_mail(octets, self.meter.budget)
        found = holds_failure(mail)
        if found:
            yield from self._guarded(self._failures(mail, name), name, mail.letter)
        for leaf in mail.leaves:
            if self._over:
                return
            if leaf.type == FEEDBACK or (found and leaf.type in SAMPLES) or not _promises(leaf):
                continue
            found = True
            inner = f"{name}: {leaf.name or leaf.type}"
            yield from self.safely(leaf.chunks(), inner, depth + 1, mail.letter)
        if not found:
            types = ", ".join(dict.fromkeys(leaf.type for leaf in mail.leaves[:10]))
            raise ReportError("the message holds no report", f"its parts are {types}")

    def _failures(self, mail: Mail, name: str) -> Iterator[Piece]:
        for report in failures_in(mail, redact=self._redact):
            yield Piece(found=report, name=name, letter=mail.letter)


_NEXT = re.compile(rb"(?<=\n)\r?\n(?=From [^\n]{1,998}\n[!-9;-~]{1,76}[ \t]*:)")


def _messages(octets: bytes) -> list[bytes]:
    """Return the messages of a mailbox (RFC 4155); what does not begin as one is one message."""
    return _NEXT.split(octets) if plain(octets[:HEAD]).startswith(b"From ") else [octets]


def _refused(error: Exception, name: str, letter: Letter | None) -> Piece:
    why = error if isinstance(error, ReportError) else fault(error)
    return Piece(found=Refused(name=name, reason=why.reason, where=why.where), name=name, letter=letter)


def _recording(chunks: Iterator[bytes], budget: Budget) -> Iterator[bytes]:
    """The octets of an aggregate report, as long as there are records among them: spaces without end are XML, too."""
    most, since = 4 * budget.record, 0
    for chunk in chunks:
        since = 0 if b"record" in chunk or b"r\0e\0c\0o" in chunk else since + len(chunk)
        if since > most:
            raise BudgetError(f"more than {most} octets of it are no record")
        yield chunk


_ENDINGS = (".gz", ".zip", ".xml", ".json", ".gzip")
_ROOT = re.compile(rb"<(?:[\w.-]{1,40}:)?feedback[\s/>]")
"""The tag that an aggregate report begins with (RFC 9990 appendix A), in any namespace."""
_ARCHIVES = frozenset({"application/gzip", "application/x-gzip", "application/zip", "application/x-zip-compressed"})


def _promises(leaf: Leaf) -> bool:
    """Tell whether a part of a message holds a report by its content, or claims to: then it is worth refusing aloud."""
    if leaf.type.startswith("message/"):
        return leaf.type in SAMPLES
    named = leaf.name.lower()
    head = leaf.start(HEAD)
    kind, _ = sniff(head)
    text = plain(head)
    if kind is Kind.XML:
        # A page for people is not one by its name or by what it asks for: many have the word "feedback" in them.
        claims = leaf.type != "text/html" and (named.endswith(_ENDINGS) or leaf.type.endswith("xml"))
        return claims or _ROOT.search(text) is not None
    if kind is Kind.JSON:
        return named.endswith(_ENDINGS) or "json" in leaf.type or b'"policies"' in text or b'"date-range"' in text
    if kind is Kind.MAIL:
        return named.endswith(".eml")
    if kind is Kind.OTHER:
        return named.endswith(_ENDINGS) or leaf.type in _ARCHIVES or "tlsrpt" in leaf.type
    return True
