"""truehelo: whether a mail server's names are true, proven, and how to make them so."""

__version__ = "0.1.0"
