"""Which names and addresses a scenario may hold: those that belong to nobody.

RFC 5737, RFC 3849, RFC 9637 (documentation addresses), RFC 6890 (private ones), RFC 6761, RFC 6762 §3, RFC 8375
(names). A laboratory that names a real host could, by one slip, ask that host.
"""

from ipaddress import ip_network

from truehelo.facts.address import Address, Scope, parse_address, scope

NAMES = "names under .example, .test, .invalid, .localhost, .local, .internal, home.arpa, example.com, .net or .org"
ADDRESSES = "192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24, 2001:db8::/32, 3fff::/20, and private or loopback addresses"
_SUFFIXES = (
    *("example", "test", "invalid", "localhost", "local", "internal", "home.arpa"),
    *("example.com", "example.net", "example.org"),
)


def name_allowed(name: str) -> bool:
    """Tell whether a name belongs to nobody: a reserved one, the reverse of a reserved address, or a single label."""
    plain = name.lower().removesuffix(".")
    if plain.endswith(("in-addr.arpa", "ip6.arpa")):
        return _reverse_allowed(plain)
    if "." not in plain:
        return True
    return any(plain == suffix or plain.endswith("." + suffix) for suffix in _SUFFIXES)


def address_allowed(ip: Address) -> bool:
    """Tell whether an address belongs to nobody on the public internet."""
    return scope(ip) is not Scope.PUBLIC


def network_of(text: str) -> str | None:
    """Return the reverse zone of a network written as CIDR, None when `text` is none.

    Raises:
        ValueError: The prefix does not end where a label of the reverse tree does.
    """
    if "/" not in text or text.endswith(".arpa"):
        return None
    network = ip_network(text)
    step = 8 if network.version == 4 else 4
    if network.prefixlen % step:
        raise ValueError(f"the prefix length of a reverse zone is a multiple of {step}")
    labels = network.network_address.reverse_pointer.split(".")
    return ".".join(labels[(network.max_prefixlen - network.prefixlen) // step :])


def _reverse_allowed(name: str) -> bool:
    """Judge the reverse name of a whole address; the name of a network, or of an RFC 2317 zone, is served and no more."""
    labels = name.split(".")[:-2]
    if name.endswith("ip6.arpa"):
        digits = "".join(reversed(labels))
        whole = ":".join(digits[i : i + 4] for i in range(0, 32, 4)) if len(labels) == 32 else ""
    else:
        whole = ".".join(reversed(labels)) if len(labels) == 4 else ""
    ip = parse_address(whole)
    return ip is None or address_allowed(ip)
