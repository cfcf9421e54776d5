"""Adapters of the ports: DNS, SMTP, RDAP, the public suffix list, the clock. They observe and never judge."""
