"""How long the command line takes to start, as a ratio to a bare `python -c pass`, measured alternately in the same run."""

import subprocess
import sys
import time

ROUNDS = 25
COMMANDS = {
    "truehelo --version": ["-m", "truehelo", "--version"],
    "truehelo check --help": ["-m", "truehelo", "check", "--help"],
    "truehelo explain PTR_GENERIC": ["-m", "truehelo", "explain", "PTR_GENERIC"],
    "import click": ["-c", "import click"],
    "import dns.asyncquery": ["-c", "import dns.asyncquery"],
}


def _once(arguments: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def measure(rounds: int = ROUNDS) -> dict[str, float]:
    """Return for each command the ratio of its best time to the best time of the bare interpreter."""
    bare = 9.0
    best = dict.fromkeys(COMMANDS, 9.0)
    for _ in range(rounds):
        bare = min(bare, _once(["-c", "pass"]))
        for name, arguments in COMMANDS.items():
            best[name] = min(best[name], _once(arguments))
    return {name: value / bare for name, value in best.items()}


if __name__ == "__main__":
    for name, ratio in measure().items():
        sys.stdout.write(f"{name:32} {ratio:5.2f} x python -c pass\n")
