"""The terminal: width, encoding, progress."""

import io

import pytest

from truehelo.cli import terminal
from truehelo.cli.terminal import ProgressLine, complain, wants_ascii, width


class _Stream(io.TextIOWrapper):
    def __init__(self, *, tty: bool = False, encoding: str = "utf-8") -> None:
        super().__init__(io.BytesIO(), encoding=encoding, write_through=True)
        self._tty = tty

    def isatty(self) -> bool:
        return self._tty

    @property
    def text(self) -> str:
        raw = self.buffer
        assert isinstance(raw, io.BytesIO)
        return raw.getvalue().decode(self.encoding)


@pytest.mark.parametrize(
    ("tty", "columns", "got"), [(False, "200", 80), (True, "200", 100), (True, "90", 90), (True, "10", 40)]
)
def test_width_is_the_terminals_within_bounds(monkeypatch: pytest.MonkeyPatch, tty: bool, columns: str, got: int) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert width(_Stream(tty=tty)) == got


@pytest.mark.parametrize(
    ("encoding", "ascii_only"), [("utf-8", False), ("UTF-16", False), ("latin-1", True), ("ascii", True)]
)
def test_marks_follow_the_encoding(monkeypatch: pytest.MonkeyPatch, encoding: str, ascii_only: bool) -> None:
    monkeypatch.delenv("LC_ALL", raising=False)
    assert wants_ascii(_Stream(encoding=encoding)) is ascii_only


@pytest.mark.parametrize(
    ("environment", "ascii_only"),
    [
        ({"LC_ALL": "C"}, True),
        ({"LC_ALL": "POSIX"}, True),
        ({"LC_ALL": "C.UTF-8"}, False),
        ({"LC_ALL": ""}, False),
        ({"LC_ALL": "C", "PYTHONIOENCODING": "utf-8"}, False),
    ],
)
def test_the_c_locale_asks_for_ascii(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], ascii_only: bool
) -> None:
    monkeypatch.delenv("PYTHONIOENCODING", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert wants_ascii(_Stream()) is ascii_only


def test_a_complaint_fits_any_encoding(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = _Stream(encoding="ascii")
    monkeypatch.setattr(terminal.sys, "stderr", stream)
    complain("no such name: bücher.example\x07")
    assert stream.text == "truehelo: no such name: b\\xfccher.example\\x07\n"


class _Clock:
    now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> _Clock:
    made = _Clock()
    monkeypatch.setattr(terminal.time, "monotonic", made.monotonic)
    return made


def test_without_a_terminal_there_is_a_line_every_ten_seconds(monkeypatch: pytest.MonkeyPatch, clock: _Clock) -> None:
    stream = _Stream()
    monkeypatch.setattr(terminal.sys, "stderr", stream)
    with ProgressLine() as progress:
        for second in range(25):
            clock.now = float(second)
            progress(second, 100, "192.0.2.25\x1b[2J")
    assert stream.text.splitlines() == [
        "truehelo: 10 of 100, the last of them 192.0.2.25\\x1b[2J",
        "truehelo: 20 of 100, the last of them 192.0.2.25\\x1b[2J",
    ]


def test_on_a_terminal_there_is_a_bar_that_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = _Stream(tty=True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(terminal.sys, "stderr", stream)
    monkeypatch.setattr(terminal, "BAR_AFTER", 0.0)
    with ProgressLine() as progress:
        progress(1, 100, "192.0.2.25")
        progress(1, 1, "192.0.2.25")
    assert "targets" in stream.text
    assert "\x1b[?25h" in stream.text


def test_what_is_done_in_a_moment_shows_nothing(monkeypatch: pytest.MonkeyPatch, clock: _Clock) -> None:
    stream = _Stream(tty=True)
    monkeypatch.setattr(terminal.sys, "stderr", stream)
    with ProgressLine() as progress:
        progress(1, 2, "192.0.2.25")
        progress(2, 2, "192.0.2.26")
    assert stream.text == ""
