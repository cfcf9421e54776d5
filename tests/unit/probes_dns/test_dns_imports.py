"""What the DNS adapter does not import until it is needed (docs/adr/0004-dns-transport.md)."""

import subprocess
import sys


def test_the_adapter_and_the_small_ones_bring_no_library_along() -> None:
    code = (
        "import sys, truehelo.probes.dns, truehelo.probes.rdap, truehelo.probes.suffixes, truehelo.probes.clock\n"
        "heavy = {'dns', 'httpx', 'httpx2', 'requests', 'whoisit', 'publicsuffixlist', 'cryptography', 'rich'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
