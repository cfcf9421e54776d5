"""The DNS server of one world at a time: over UDP and TCP, in a thread, at 127.0.0.1 port 53 of the namespace.

Everything that a client is known to have is served as it stands, in its order: answers, denials with an SOA (RFC 2308
§2), SERVFAIL, REFUSED, silence, and replies that cannot be read. Whatever else is asked for does not exist. `extra` are
records that stay from world to world. It also keeps what was asked, so that a trap can be understood.
"""

import select
import socket
import struct
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from truehelo.facts.address import reverse_name
from truehelo.facts.dns import Outcome
from truehelo.lab.dns_wire import Query, Rrset, UnreadableQueryError, build_reply, parse_query, udp_limit
from truehelo.receivers.client import Client, Hosts, Names

WHERE = ("127.0.0.1", 53)
_SOA = Rrset.of("example", "SOA", 1, ("ns.dns.example hostmaster.dns.example 1 3600 900 604800 1",))
_RCODES = {
    Outcome.NXDOMAIN: "NXDOMAIN",
    Outcome.SERVFAIL: "SERVFAIL",
    Outcome.REFUSED: "REFUSED",
}


@dataclass(frozen=True, slots=True)
class Said:
    """What is said to one question: the outcome, the values of the records, and the alias on the way to them."""

    outcome: Outcome
    values: tuple[str, ...] = ()
    alias: str = ""


def alias_of(name: str) -> str:
    """Return the name at the end of the CNAME that a world puts at `name`."""
    return f"a{zlib.crc32(name.encode()):08x}.aliases.example"


def zone_of(client: Client, *, shouted: bool = False) -> dict[tuple[str, str], Said]:
    """Return what is said in the world of a client. `shouted`: some names of PTR records come in capital letters."""
    said: dict[tuple[str, str], Said] = {}
    _put(said, reverse_name(client.ip), "PTR", _names(client.ptr, "PTR", shouted), client.ptr.alias)
    for (name, family), hosts in client.forwards.items():
        _put(said, name, "A" if family == 4 else "AAAA", _hosts(hosts), hosts.alias)
    for name, names in client.mx.items():
        _put(said, name, "MX", _names(names, "MX", shouted), names.alias or _is_alias(client, name))
    return said


def _is_alias(client: Client, name: str) -> bool:
    return any(client.hosts(name, family).alias for family in (4, 6))


def _put(said: dict[tuple[str, str], Said], name: str, rdtype: str, what: Said, alias: bool) -> None:
    if not alias:
        said[name, rdtype] = what
        return
    target = alias_of(name)
    said[target, rdtype] = what
    said[name, rdtype] = Said(what.outcome, what.values, target)


def _names(names: Names, rdtype: str, shouted: bool) -> Said:
    if rdtype == "MX":
        return Said(names.outcome, tuple(f"{10 * i} {name}" for i, name in enumerate(names.names)))
    return Said(names.outcome, tuple(_shout(name or ".") if shouted else name or "." for name in names.names))


def _shout(name: str) -> str:
    return name.upper() if zlib.crc32(name.encode()) % 8 == 0 else name


def _hosts(hosts: Hosts) -> Said:
    return Said(hosts.outcome, tuple(map(str, hosts.addresses)))


class DnsServer:
    """The server. `serve` changes the world; `asked` are the questions since then."""

    def __init__(self) -> None:
        """Serve an empty world; nothing is listened on yet."""
        self.extra: dict[tuple[str, str], Said] = {}
        self.asked: list[str] = []
        self._zone: dict[tuple[str, str], Said] = {}
        self._names: set[str] = set()
        self._over = threading.Event()
        self._fault: Exception | None = None

    def serve(self, client: Client, *, shouted: bool = False) -> None:
        """Be the DNS of this client's world from now on.

        Raises:
            RuntimeError: It could not say something of the world before.
        """
        if self._fault is not None:
            raise RuntimeError("the DNS server of the harness failed") from self._fault
        zone = {**self.extra, **zone_of(client, shouted=shouted)}
        self._zone, self.asked = zone, []
        # Below a name that exists, its parents exist too (RFC 8020); nobody here asks for those alone.
        self._names = {name for (name, _), what in zone.items() if what.outcome is not Outcome.NXDOMAIN}

    @contextmanager
    def listening(self) -> Iterator["DnsServer"]:
        """Listen, in a thread, until the end."""
        with socket.socket(type=socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            udp.bind(WHERE)
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tcp.bind(WHERE)
            tcp.listen(64)
            thread = threading.Thread(target=self._loop, args=(udp, tcp), daemon=True)
            thread.start()
            try:
                yield self
            finally:
                self._over.set()
                thread.join(5)

    def _loop(self, udp: socket.socket, tcp: socket.socket) -> None:
        while not self._over.is_set():
            ready, _, _ = select.select([udp, tcp], [], [], 0.2)
            if udp in ready:
                octets, sender = udp.recvfrom(4096)
                reply = self.reply(octets, udp=True)
                if reply:
                    udp.sendto(reply, sender)
            if tcp in ready:
                # In a thread of its own: whoever asks may keep the connection, and others ask meanwhile.
                threading.Thread(target=self._over_tcp, args=(tcp.accept()[0],), daemon=True).start()

    def _over_tcp(self, connection: socket.socket) -> None:
        """Answer what comes over one connection."""
        with connection, connection.makefile("rb") as stream:
            connection.settimeout(2)
            try:
                while head := stream.read(2):
                    reply = self.reply(stream.read(struct.unpack("!H", head)[0]), udp=False)
                    if reply is None:
                        return
                    connection.sendall(struct.pack("!H", len(reply)) + reply)
            except (OSError, struct.error):
                return

    def reply(self, octets: bytes, *, udp: bool) -> bytes | None:
        """Return the reply to a query; None where the world is silent."""
        try:
            query = parse_query(octets)
        except UnreadableQueryError:
            return None
        self.asked.append(f"{query.rdtype} {query.name}")
        try:
            return self._reply(query, udp=udp)
        except ValueError as error:  # a record that no wire holds: a fault of the world, shown when the next one is served
            self._fault = error
            return None

    def _reply(self, query: Query, *, udp: bool) -> bytes | None:
        what = self._said(query)
        if what.outcome is Outcome.TIMEOUT:
            return None
        if what.outcome is Outcome.MALFORMED:
            return _malformed(query)
        reply = _written(query, what)
        if udp and len(reply) > udp_limit(query):
            return build_reply(query, rcode="NOERROR", aa=True, ra=True, tc=True)
        return reply

    def _said(self, query: Query) -> Said:
        held = self._zone.get((query.name, query.rdtype))
        if held is not None:
            return held
        cname = next((what.alias for (name, _), what in self._zone.items() if name == query.name and what.alias), "")
        if cname:
            if query.rdtype == "CNAME":
                return Said(Outcome.ANSWER, (cname,))
            return Said(Outcome.NODATA, (), cname)
        failing = {what.outcome for (name, _), what in self._zone.items() if name == query.name}
        if len(failing) == 1 and (only := failing.pop()).is_undetermined:
            return Said(only)
        return Said(Outcome.NODATA if query.name in self._names else Outcome.NXDOMAIN)


def _written(query: Query, what: Said) -> bytes:
    rcode = _RCODES.get(what.outcome, "NOERROR")
    if rcode in ("SERVFAIL", "REFUSED"):
        return build_reply(query, rcode=rcode, ra=True)
    answer: tuple[Rrset, ...] = ()
    owner = query.name
    if what.alias:
        answer = (Rrset.of(owner, "CNAME", 1, (what.alias,)),)
        owner = what.alias
    if what.outcome is Outcome.ANSWER:
        answer += (Rrset.of(owner, query.rdtype, 1, what.values),)
        return build_reply(query, rcode=rcode, aa=True, ra=True, sections=(answer, (), ()))
    return build_reply(query, rcode=rcode, aa=True, ra=True, sections=(answer, (_SOA,), ()))


def _malformed(query: Query) -> bytes:
    """A reply that promises one record more than it holds."""
    whole = build_reply(query, rcode="NOERROR", aa=True, ra=True)
    return whole[:6] + struct.pack("!H", 1) + whole[8:]
