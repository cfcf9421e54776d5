"""The names that a list is asked for (RFC 5782 §2.1, §2.4), and the group that an IPv6 address is listed with."""

from ipaddress import ip_network

from truehelo.facts.address import Address, parse_address
from truehelo.facts.dns import Question


def name_in(ip: Address, zone: str) -> str:
    """Return the name of an address in a zone: octets reversed for IPv4, 32 nibbles reversed for IPv6."""
    if ip.version == 4:
        octets = ip.packed
        return f"{octets[3]}.{octets[2]}.{octets[1]}.{octets[0]}.{zone}"
    return f"{'.'.join(reversed(ip.packed.hex()))}.{zone}"


def entry_name(text: str, zone: str) -> str:
    """Return the name of a test entry. An IPv4-mapped one stays in its 32 nibbles: it stands for IPv6 there.

    Raises:
        ValueError: The text is no address.
    """
    if ":" in text:
        network = ip_network(text)
        return f"{'.'.join(reversed(network.network_address.packed.hex()))}.{zone}"
    ip = parse_address(text)
    if ip is None:
        raise ValueError(f"{text!r} is no address")
    return name_in(ip, zone)


def question(ip: Address, zone: str, rdtype: str = "A") -> Question:
    """Return the question whether a zone holds an address."""
    return Question(name=name_in(ip, zone), rdtype=rdtype)


def group(ip: Address, length: int) -> str:
    """Return what is listed together with an IPv6 address, as a network; "" where it is listed alone."""
    if ip.version == 4 or length >= 128:
        return ""
    return str(ip_network((ip, length), strict=False))
