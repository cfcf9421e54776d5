"""What is watched in the stories, by whom, and with which settings."""

import json
import threading
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from integration.servers.rbldnsd import Rbldnsd
from integration.watching.told import Post, post
from integration.watching.watcher import Watcher
from integration.watching.world import Greeter, Internet
from support.freeport import free_port

MAIL, GATE, LISTED = "192.0.2.25", "203.0.113.25", "203.0.113.26"
POOL = [f"198.51.100.{host}" for host in range(1, 215)]
WORKED_ON, SILENCED, TAKEN = "2001:db8:a::25", "2001:db8:b::25", "2001:db8:c::25"
REVERSE6 = "8.b.d.0.1.0.0.2.ip6.arpa"
SPAMCOP, PSBL = "bl.spamcop.net", "psbl.surriel.com"
GOOD = ":127.0.0.2:test entry\n127.0.0.2\n"


def owner6(ip: str) -> str:
    """The owner of the PTR record in the reverse zone of 2001:db8::/32."""
    expanded = "".join(f"{int(part or '0', 16):04x}" for part in ip.replace("::", ":0:0:0:0:").split(":"))
    return ".".join(reversed(expanded[8:]))


ZONES: dict[str, dict[str, str]] = {
    "business.example": {
        "ns1": "A 192.0.2.53",
        "mail": f"7200 A {MAIL}",  # its TTL says nothing of how long caches hold the PTR
        "gate": f"A {GATE}",
        "old": "A 203.0.113.99",
        "relay": f"A {LISTED}",
        **{f"h{number}": f"A {ip}" for number, ip in enumerate(POOL, 1)},
        **{f"r{number}": f"A 192.0.2.{number}" for number in range(101, 120)},
        **{f"six-{ip.split(':')[2]}": f"AAAA {ip}" for ip in (WORKED_ON, SILENCED, TAKEN)},
    },
    "cloudhost.example": {
        "192-0-2-25.dynamic": f"A {MAIL}",
        **{f"{ip.replace('.', '-')}.dynamic": f"A {ip}" for ip in POOL},
    },
    "2.0.192.in-addr.arpa": {
        "25": "PTR mail.business.example.",
        **{str(number): f"PTR r{number}.business.example." for number in range(101, 120)},
    },
    "113.0.203.in-addr.arpa": {"25": "PTR gate.business.example.", "26": "PTR relay.business.example."},
    "100.51.198.in-addr.arpa": {str(number): f"PTR h{number}.business.example." for number in range(1, 215)},
    REVERSE6: {owner6(ip): f"PTR six-{ip.split(':')[2]}.business.example." for ip in (WORKED_ON, SILENCED, TAKEN)},
}

QUICK = 'rechecks = ["5s", "10s", "20s"]\ngroup = "1m"\n'


@dataclass
class Town:
    """What the stories share: servers, and watchers with those whom they tell. `stack` ends what was begun."""

    work: Path
    net: Internet
    other: Internet
    """For the story whose servers go away."""
    greeter: Greeter
    lists: Rbldnsd
    gone: Rbldnsd
    stack: ExitStack
    metrics: int = field(default_factory=free_port)
    watched: dict[str, tuple[Watcher, Post]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def watch(self, name: str) -> tuple[Watcher, Post]:
        """Return a watch that several stories share, and those whom it tells; the first who asks starts it."""
        with self._lock:
            if name not in self.watched:
                watcher, told = Watcher(self.work / name), self.stack.enter_context(post())
                watcher.folder.mkdir()
                watcher.configure(configuration(self, name) + told.channels)
                watcher.import_(inventory(name))
                self.stack.callback(watcher.end)
                watcher.start()
                self.watched[name] = watcher, told
            return self.watched[name]


def subject(ip: str, expected: str, more: str = "ports = []") -> str:
    return f'[[subject]]\ntarget = "{ip}"\nexpected = "{expected}"\n{more}\n'


def settings(net: Internet, more: str = QUICK, *routes: str) -> str:
    ways = json.dumps([net.route, *routes])
    return f'[watch]\ninterval = "10s"\nresolvers = ["{net.unbound.resolver}"]\nconnect_to = {ways}\n{more}'


def configuration(town: Town, name: str) -> str:
    if name == "quick":
        way = f"{GATE}:25:127.0.0.1:{town.greeter.port}"
        return settings(town.net, QUICK, way) + f'[metrics]\nlisten = "127.0.0.1:{town.metrics}"\n'
    if name == "blind":
        return settings(town.other, QUICK + 'timeout = "1s"\nunseen_after = "150s"\n')
    if name == "listed":
        return settings(town.net) + '[blocklists]\nlists = ["spamcop", "psbl"]\ninterval = "1m"\n'
    return settings(town.net, "")


def inventory(name: str) -> str:
    mail = subject(MAIL, "mail.business.example", 'groups = ["office"]\nowner = "Ann"\nports = []')
    if name == "listed":
        return subject(LISTED, "relay.business.example")
    if name != "quick":
        return mail
    return (
        mail
        + subject(GATE, "gate.business.example", "ports = [25]")
        + "".join(subject(ip, f"h{number}.business.example") for number, ip in enumerate(POOL, 1))
        + "".join(subject(ip, f"six-{ip.split(':')[2]}.business.example") for ip in (WORKED_ON, SILENCED, TAKEN))
    )
