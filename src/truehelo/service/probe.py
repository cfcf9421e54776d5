"""Asks a watch on this machine how it is, for the health check of a container: `python -m truehelo.service.probe PORT`.

Exit code 0: alive (ready); 1: not, or nobody is there; 2: usage. Standard library alone, so that it starts quickly.
"""

import http.client
import json
import sys

USAGE = "usage: python -m truehelo.service.probe [--ready] PORT"
TIMEOUT_S = 5.0
MAX_OCTETS = 65_536


def main(arguments: list[str]) -> int:
    """Ask once, and print what was said."""
    ready = "--ready" in arguments
    rest = [each for each in arguments if each != "--ready"]
    if len(rest) != 1 or not (
        rest[0].isascii() and rest[0].isdigit() and 1 <= len(rest[0]) <= 5 and 0 < int(rest[0]) < 65536
    ):
        sys.stderr.write(f"{USAGE}\n")
        return 2
    asked = "ready" if ready else "alive"
    connection = http.client.HTTPConnection("127.0.0.1", int(rest[0]), timeout=TIMEOUT_S)
    try:
        connection.request("GET", "/readyz" if ready else "/healthz")
        said = json.loads(connection.getresponse().read(MAX_OCTETS))
        well = said[asked] is True
    except (OSError, http.client.HTTPException, ValueError, TypeError, KeyError, RecursionError) as error:
        sys.stderr.write(f"127.0.0.1:{rest[0]}: no answer of a watch ({type(error).__name__})\n")
        return 1
    finally:
        connection.close()
    sys.stdout.write(json.dumps(said, indent=1) + "\n")  # ASCII alone, whatever it says
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
