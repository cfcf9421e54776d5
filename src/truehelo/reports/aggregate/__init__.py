"""Aggregate reports: octets to records and a head (RFC 7489 §7.2 and appendix C, RFC 9990), streaming and bounded."""

from truehelo.reports.aggregate.reading import AggregateReading, read_aggregate

__all__ = ["AggregateReading", "read_aggregate"]
