"""What reports and records together tell of DKIM keys: one that is gone while mail is signed with it, one that is too old.

A key expires by no record of its own: the x= tag is of signatures, not of keys (RFC 6376 §3.5). So a key is called due only
by rules of the operator: its age since it was first seen, or a date in its note. Does not look anything up
(`monitor/domains.py`).
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy import func, select

from truehelo.drift.records import KEY, key_trouble, noted_date
from truehelo.monitor.sources.judging import DAY_S, Asking, Whom, date, keep, over, standing
from truehelo.monitor.sources.reach import KEY_DAYS, key_name
from truehelo.sources import tags
from truehelo.store.things import domains, reported, rows
from truehelo.store.things.domains import Seen
from truehelo.store.things.rows import Thing, ThingState
from truehelo.store.things.tables import domain_records

USE_DAYS = 3
"""A key counts as used while mail of one of the last so many days was signed with it."""


def judge(asking: Asking) -> None:
    """Judge the keys of every watched domain."""
    # A domain and one below it that are both watched have the same key, each with reports of its own.
    held = {(thing.domain, thing.name, state.tag): thing for thing, state in standing(asking, _TAGS)}
    for domain, _ in domains.watched(asking.connection):
        records = domains.records_of(asking.connection, [domain.id]).get(domain.id, {})
        keys = {what.removeprefix(KEY): seen for what, seen in records.items() if what.startswith(KEY)}
        if not keys:
            continue
        seen = reported.keys_seen(asking.connection, domain.name, asking.today - KEY_DAYS)
        used = {key_name(each.selector, each.domain): each for each in seen}
        for name, record in keys.items():
            _gone(asking, domain, name, record, used.get(name), held.get((domain.name, name, tags.DKIM_KEY_LOST.name)))
            _due(asking, domain, name, record, held.get((domain.name, name, tags.DKIM_KEY_EXPIRING.name)))


_TAGS = (tags.DKIM_KEY_LOST.name, tags.DKIM_KEY_EXPIRING.name)


def _gone(
    asking: Asking, domain: Thing, name: str, record: Seen, used: reported.KeySeen | None, held: Thing | None
) -> None:
    tag, trouble = tags.DKIM_KEY_LOST, key_trouble(record.value)
    if held is not None and not trouble:
        over(asking, held, tag.name)
        return
    is_used = used is not None and used.last_day >= asking.last - USE_DAYS
    if held is not None and not is_used and _has_news(asking, domain):
        over(asking, held, tag.name, "no mail is signed with it any more")
        return
    if held is not None or not trouble or used is None or not is_used or used.messages < asking.alerts.key_messages:
        return
    args = {
        "selector": name.partition("._domainkey.")[0],
        "domain": domain.name,
        "how": "gone" if trouble == "gone" else "revoked (its p= is empty)",
        "day": date(used.last_day),
    }
    old = _value_before(asking, domain, name)
    if not old and not used.aligned:
        return  # nobody ever saw it: a stranger can sign with a selector that there is not
    fix = ["Whoever signs with it has to use a key that is published, or this one has to stand there again:"]
    fix += [f"    {name}. TXT ..."] if not old else [f'    {name}. TXT "{old[:200]}"']
    fix += ["A key stays published until what was signed with it is delivered: a week after the last signature."]
    _keep(asking, domain, name, tag.name, args, record.since, fix=fix, old=old[:500], new=record.value or "nothing")


def _has_news(asking: Asking, domain: Thing) -> bool:
    """Tell whether there are reports on the days on which it was not used."""
    number = reported.domain_ids(asking.connection).get(domain.name)
    if number is None:
        return False
    whole, _ = reported.sent(asking.connection, number, asking.last - USE_DAYS + 1, asking.last, 10**12)
    return whole > 0


def _value_before(asking: Asking, domain: Thing, name: str) -> str:
    """Return the last value of a key that could verify anything, "" where none was seen."""
    wanted = (
        select(domain_records.c.value)
        .where(
            domain_records.c.thing_id == domain.id,
            domain_records.c.what == KEY + name,
            func.length(domain_records.c.value) > 0,
        )
        .order_by(domain_records.c.since.desc())
    )
    return next((value for value in asking.connection.scalars(wanted) if not key_trouble(value)), "")


def _due(asking: Asking, domain: Thing, name: str, record: Seen, held: Thing | None) -> None:
    tag = tags.DKIM_KEY_EXPIRING
    how = "" if key_trouble(record.value) else _why_due(asking, record)
    if not how:
        if held is not None:
            over(asking, held, tag.name)
        return
    if held is not None:
        return
    args = {"selector": name.partition("._domainkey.")[0], "domain": domain.name, "how": how}
    fix = [
        "Publish a new key under a new selector, sign with that, and take the old one away a week later:",
        f'    NEW._domainkey.{name.partition("._domainkey.")[2]}. TXT "v=DKIM1; k=rsa; p=..."',
    ]
    _keep(asking, domain, name, tag.name, args, asking.now, fix=fix)


def _why_due(asking: Asking, record: Seen) -> str:
    settings = asking.domains
    if settings.key_max_age_s is not None and asking.now - record.since >= settings.key_max_age_s - settings.key_warn_s:
        days, most = int((asking.now - record.since) // DAY_S), int(settings.key_max_age_s // DAY_S)
        return f"it has been the same for {days} days at least, and may be {most} days old (key_max_age)"
    noted = noted_date(record.value) if settings.key_dates else None
    if noted is None:
        return ""
    try:
        at = datetime(*noted, tzinfo=UTC).timestamp()
    except ValueError:  # such as 2027-02-30: no day, so no date of its end
        return ""
    return f"its note (n=) says {date(int(at // DAY_S))}" if asking.now >= at - settings.key_warn_s else ""


def _keep(  # noqa: PLR0913  each is a part of what is told
    asking: Asking,
    domain: Thing,
    name: str,
    tag: str,
    args: Mapping[str, str],
    since: float,
    *,
    fix: list[str],
    old: str = "",
    new: str = "",
) -> None:
    declared = tags.TAGS[tag]
    state = ThingState(
        tag=tag,
        since=since,
        severity=declared.severity,
        key=f"{tag} {domain.name}",
        cause=f"{tag} of {domain.name}",
        message=tags.told(declared, args),
        old=old,
        new=new,
        details={"fix": fix},
    )
    keep(asking, Whom(kind=rows.KEY, name=name, domain=domain.name, groups=domain.groups, owner=domain.owner), state)
