"""The DNS adapter: implements `truehelo.ports.Resolver` over UDP, TCP, TLS and HTTPS."""

from truehelo.probes.dns.resolver import DnsResolver
from truehelo.probes.dns.upstream import Upstream, parse_resolver, system_resolvers

__all__ = ["DnsResolver", "Upstream", "parse_resolver", "system_resolvers"]
