"""The command line of the harness. `python -m differential` from the folder above; `./differential` sets up all else."""

import argparse
import os
import re
import secrets
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from differential.daemons import kinds
from differential.model import Kind
from differential.place import PlaceError, enter, furnished, is_inside
from differential.run import Result, never_reached, run, say
from integration.servers.fetch import FetchError, fetch

_EXAMPLES = """examples:
  ./differential                                    500 worlds for every daemon, a fresh seed
  ./differential --daemon exim --count 1000         one daemon, more worlds
  ./differential --daemon postfix,sendmail --seed 7 the worlds of a seed again
  ./differential --daemon exim --release trixie     the same daemon in another release of the distribution
  ./differential --daemon exim --seed 7 --first 412 --count 1 --setup helo_verify_hosts
                                                    one world, in the set-ups whose name holds that word

exit codes: 0 every prediction held, 1 one did not, 2 it could not be run"""
_DISAGREED = 10
"""What the process in the namespace says to the one outside: 1 is what Python says when it fails."""
HEADING = (
    "| date | daemon | version | set-ups | seed | worlds | predictions | disagreements | seconds |\n" + "|---" * 9 + "|\n"
)


def parser() -> argparse.ArgumentParser:
    """Return the reader of the arguments."""
    made = argparse.ArgumentParser(
        prog="./differential",
        description="Hold our predictions against the real daemons, in random worlds. Needs root; nothing leaves it.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    known = ", ".join(kinds())
    made.add_argument("--daemon", metavar="NAME[,NAME]", default="", help=f"which ones (default: all): {known}")
    made.add_argument(
        "--release",
        metavar="NAME",
        default="",
        help="take the daemons from this release of the distribution, as in bookworm-backports (default: this machine's)",
    )
    made.add_argument("--count", type=int, default=500, help="worlds for each daemon (default: 500)")
    made.add_argument("--seed", type=int, help="the seed of the worlds (default: a fresh one, which is printed)")
    made.add_argument("--first", type=int, default=0, help="the number of the first world (default: 0)")
    made.add_argument("--setup", metavar="WORD", default="", help="only the set-ups whose name holds this")
    made.add_argument("--log", metavar="FILE", type=Path, help="append a row for each daemon to this Markdown table")
    made.add_argument("--version-info", action="store_true", help="print the daemons' versions and set-ups, and end")
    return made


def _print(text: object) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(arguments: Sequence[str]) -> int:
    """Run; return the exit code."""
    options = parser().parse_args(arguments)
    try:
        if options.release:
            _take_from(options.release)
        chosen = _chosen(options)
        if not is_inside():
            seed = options.seed if options.seed is not None else secrets.randbelow(1_000_000)
            for kind in chosen:
                for folder, packages in kind.packages.items():
                    fetch(folder, list(packages))
            code = enter("differential", [*arguments, "--seed", str(seed)])
            return {0: 0, _DISAGREED: 1, 130: 130}.get(code, 2)
        return _inside(chosen, options)
    except PlaceError as error:
        say(f"differential: {error}")
        return 2
    except FetchError as error:
        # What apt says of a release has many lines; the first error among them is the cause.
        cause = next((line[3:] for line in str(error).splitlines() if line.startswith("E: ")), str(error))
        say(f"differential: {f'--release {options.release} cannot be had: {cause}' if options.release else error}")
        return 2
    except KeyboardInterrupt:
        return 130


def _take_from(release: str) -> None:
    """Have `integration.servers.fetch` take the packages of another release, here and inside."""
    if re.fullmatch(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*", release) is None:
        raise PlaceError(f"--release {release!r} is no name of a release: write it as in --release bookworm-backports")
    os.environ["TRUEHELO_RELEASE"] = release


def _chosen(options: argparse.Namespace) -> list[Kind]:
    if options.count < 1 or options.first < 0:
        raise PlaceError("--count must be 1 or more, --first 0 or more")
    if options.log is not None and not options.log.absolute().parent.is_dir():
        raise PlaceError(f"--log {options.log}: there is no folder {options.log.absolute().parent}")
    known = kinds()
    names = [name for name in options.daemon.split(",") if name] or list(known)
    wrong = [name for name in names if name not in known]
    if wrong:
        raise PlaceError(f"there is no daemon {wrong[0]!r}; there are {', '.join(known)}")
    return [known[name] for name in dict.fromkeys(names)]


def _inside(chosen: list[Kind], options: argparse.Namespace) -> int:
    accounts = sorted({account for kind in chosen for account in kind.accounts})
    results: list[Result] = []
    with furnished(accounts) as place:
        for kind in chosen:
            if options.version_info:
                with kind.start(place) as daemon:
                    _print(f"{kind.name} {daemon.version}: {', '.join(daemon.setups)}")
                continue
            result = run(kind, place, options.seed, options.count, first=options.first, only=options.setup)
            results.append(result)
            _report(result)
    if options.log is not None:
        _log(options.log, results)
    return _DISAGREED if any(result.disagreements for result in results) else 0


def _report(result: Result) -> None:
    _print(
        f"\n{result.daemon} {result.version}, seed {result.seed}: {result.worlds} worlds, {result.held} predictions held, "
        f"{len(result.disagreements)} disagreements, {result.seconds:.0f} s"
    )
    for setup in result.setups:
        counts = [(text, count) for (where, text), count in result.reached.most_common() if where == setup]
        _print(f"  {setup}")
        for text, count in counts:
            _print(f"    {count:6}  {text}")
    missing = never_reached(result)
    if missing:
        _print(f"  rules that no world led to: {'; '.join(missing)}")
    for disagreement in result.disagreements:
        _print(disagreement)


def _log(path: Path, results: list[Result]) -> None:
    if not path.exists():
        path.write_text(HEADING)
    today = datetime.now(UTC).date().isoformat()
    with path.open("a") as log:
        for result in results:
            log.write(
                f"| {today} | {result.daemon} | {result.version} | {len(result.setups)} | {result.seed} | "
                f"{result.worlds} | {result.held} | {len(result.disagreements)} | {result.seconds:.0f} |\n"
            )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
