"""The errors that this program raises on purpose. Everything else that is raised is a bug.

What the network does is never an error: it is a fact (`facts`). Errors are about input: what the user wrote, a file, an
option. Each says what it was about, what is wrong, and what would be accepted, so that it can be printed as it is.
"""


class TrueheloError(Exception):
    """The root of our errors."""


class InputError(TrueheloError):
    """Something that the user gave cannot be used."""

    def __init__(self, given: str, problem: str, accepted: str = "") -> None:
        """Say what was given, what is wrong with it (words that follow it), and what is accepted."""
        self.given, self.problem, self.accepted = given, problem, accepted
        super().__init__(f"{given}: {problem}" + (f"; {accepted}" if accepted else ""))


class FileError(InputError):
    """A file cannot be read, written or understood; `line` is 1-based, where it is known."""

    def __init__(self, path: str, problem: str, accepted: str = "", line: int | None = None) -> None:
        """Say which file, which line, what is wrong, and what is accepted."""
        self.path, self.line = path, line
        super().__init__(path if line is None else f"{path}:{line}", problem, accepted)
