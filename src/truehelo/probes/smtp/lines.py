"""Octets from a server to SMTP replies, line by line, with no I/O (RFC 5321 §4.2, §4.2.1, §4.5.3.1).

Whatever arrives becomes lines, replies, or the word for what it is instead: HTTP, binary, some other text, or too much.
Nothing raises. What a reply means for the conversation is decided in `client`.
"""

import re
from dataclasses import dataclass

from truehelo.facts.smtp import Ended, Reply
from truehelo.facts.text import decode

_REPLY = re.compile(rb"([1-5][0-9][0-9])(?:([ \t-])(.*))?", re.DOTALL)
_MAY_BECOME_REPLY = re.compile(rb"[1-5]?[0-9]{0,2}|[1-5][0-9][0-9][ \t-].*", re.DOTALL)
_HTTP = re.compile(rb"\s*(?:HTTP/[0-9]|<!DOCTYPE|<html|(?:GET|POST|HEAD) \S+ HTTP/)", re.IGNORECASE)
_TLS_RECORD = re.compile(rb"[\x14-\x17]\x03[\x00-\x04]", re.DOTALL)
# Controls that no text protocol sends; ESC is left out, since a hostile greeting may well hold one.
_CONTROL = re.compile(rb"[\x00-\x06\x0e-\x1a\x1c-\x1f\x7f]")
_SHOWN_OF_RUBBISH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds on what a server may say. RFC 5321 §4.5.3.1.5 has 512 octets a line; real servers go beyond it.

    `octets` counts the whole conversation before TLS and after it. `total_s` bounds its time, in seconds.
    """

    line_octets: int = 4096
    reply_lines: int = 100
    octets: int = 65536
    total_s: float = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One line, with the reply that it completes, or with what is wrong (`ended`, `detail`)."""

    text: str
    reply: Reply | None = None
    ended: Ended | None = None
    detail: str = ""


class ReplyLines:
    """Takes octets as they come, in pieces of any size, and yields what was heard. After trouble it hears no more."""

    def __init__(self, limits: Limits) -> None:
        """Begin a conversation within `limits`."""
        self._limits = limits
        self._buffer = b""
        self._octets = 0
        self._lines: list[str] = []
        self._over = False

    @property
    def pending(self) -> bool:
        """A reply has begun and is not complete."""
        return bool(self._buffer or self._lines)

    def feed(self, octets: bytes) -> list[Heard]:
        """Take octets; return the lines that are complete now."""
        if self._over:
            return []
        self._octets += len(octets)
        self._buffer += octets
        heard: list[Heard] = []
        while not self._over and b"\n" in self._buffer:
            line, _, self._buffer = self._buffer.partition(b"\n")
            heard.append(self._line(line.removesuffix(b"\r")))
        if not self._over:
            heard += self._unfinished()
        return heard

    def end(self) -> list[Heard]:
        """The server stopped in the middle of a line: say what that line is, if it is no part of a reply."""
        line, self._buffer = self._buffer, b""
        if self._over or not line:
            return []
        if _MAY_BECOME_REPLY.fullmatch(line):
            return [Heard(text=decode(line))]
        return [self._trouble(line, *_kind(line))]

    def _line(self, line: bytes) -> Heard:
        if len(line) > self._limits.line_octets:
            return self._trouble(line, Ended.TOO_MUCH, f"a line of more than {self._limits.line_octets} octets")
        match = _REPLY.fullmatch(line)
        if match is None:
            return self._trouble(line, *_kind(line))
        self._lines.append(decode(match[3] or b""))
        if match[2] == b"-":
            if len(self._lines) >= self._limits.reply_lines:
                return self._trouble(line, Ended.TOO_MUCH, f"a reply of more than {self._limits.reply_lines} lines")
            return Heard(text=decode(line))
        # All lines should have one code (RFC 5321 §4.2.1); where they differ, the one that ends the reply counts.
        reply = Reply(code=int(match[1]), lines=tuple(self._lines))
        self._lines = []
        return Heard(text=decode(line), reply=reply)

    def _unfinished(self) -> list[Heard]:
        """Do not wait for the end of a line that can already be seen to be none, or to have none."""
        limits = self._limits
        if self._octets > limits.octets:
            return [self._trouble(self._buffer, Ended.TOO_MUCH, f"more than {limits.octets} octets")]
        if len(self._buffer) > limits.line_octets:
            return [self._trouble(self._buffer, Ended.TOO_MUCH, f"a line of more than {limits.line_octets} octets")]
        if self._buffer and not _MAY_BECOME_REPLY.fullmatch(self._buffer) and _CONTROL.search(self._buffer):
            return [self._trouble(self._buffer, *_kind(self._buffer))]
        return []

    def _trouble(self, line: bytes, ended: Ended, detail: str) -> Heard:
        self._over, self._buffer, self._lines = True, b"", []
        return Heard(text=decode(line[:_SHOWN_OF_RUBBISH]), ended=ended, detail=detail)


def _kind(line: bytes) -> tuple[Ended, str]:
    """Say what a line is that is no reply."""
    if _TLS_RECORD.match(line):
        return Ended.BINARY, "a TLS record"
    if _HTTP.match(line):
        return Ended.HTTP, "HTTP"
    if _CONTROL.search(line):
        return Ended.BINARY, "control characters"
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return Ended.BINARY, "octets that are no text"
    return Ended.NOT_SMTP, "text without a reply code"
