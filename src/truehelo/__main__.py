"""The program's entry: `truehelo` and `python -m truehelo`.

The version is answered here, before anything is imported that takes time: monitoring runs this program often.
"""

import os
import sys


def main() -> None:
    """Run the command line and leave with its exit code."""
    _open_streams()
    arguments = sys.argv[1:]
    if arguments == ["--version"]:
        from truehelo import __version__

        try:
            sys.stdout.write(f"truehelo {__version__}\n")
            sys.stdout.flush()
        except OSError:
            pass  # It cannot be written: the command below fails at the same, and says so.
        else:
            return
    from signal import SIGINT, signal

    # An interruption amid the imports would surface as whatever error the half-imported module makes of it.
    held = signal(SIGINT, lambda *_: os._exit(130))
    from truehelo.cli.main import run

    signal(SIGINT, held)
    code = run(arguments)
    _let_go_of_stderr()
    sys.exit(code)


def _let_go_of_stderr() -> None:
    """Let nothing that nobody takes any more raise at exit, where it would be an exit code of its own (120)."""
    try:
        sys.stderr.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def _open_streams() -> None:
    """Whoever started us may have closed a standard stream (`<&-`); the next file that is opened must not become it."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123  (kept until exit)


if __name__ == "__main__":
    main()
