"""Which domains and which DKIM keys reports lead the watch to: bounded, since anybody can write a report."""

from sqlalchemy import Connection

from truehelo.records.talk import can_be_asked
from truehelo.store.things import reported

DAY_S = 86_400.0
DOMAIN_DAYS, KEY_DAYS = 35, 30
"""How old the reports may be that lead to a domain, or to a key."""


def reported_domains(connection: Connection, now: float, most: int) -> list[str]:
    """Return the domains that reports of late are about, those with the most mail first, `most` of them."""
    since = int(now // DAY_S) - DOMAIN_DAYS
    return [name for name in reported.largest_domains(connection, since, most) if _is_askable(name)]


def keys_of(connection: Connection, domain: str, now: float) -> list[str]:
    """Return the names of the keys that mail of a domain passed DMARC by of late, the most used first.

    Anybody may sign with a selector that there is not; such mail does not pass.
    """
    since = int(now // DAY_S) - KEY_DAYS
    seen = (each for each in reported.keys_seen(connection, domain, since) if each.aligned)
    names = (key_name(each.selector, each.domain) for each in seen)
    return [name for name in names if _is_askable(name)]


def key_name(selector: str, domain: str) -> str:
    """Return where a key stands (RFC 6376 §3.6.2.1)."""
    return f"{selector}._domainkey.{domain}".lower()


def _is_askable(name: str) -> bool:
    return "." in name and " " not in name and can_be_asked(name)
