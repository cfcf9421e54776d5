"""The status for machines: JSON ("truehelo/status/1", `schema/status-1.json`), a plugin's line, and metrics."""

from collections import Counter

from truehelo import __version__
from truehelo.facts.text import visible
from truehelo.findings import Severity
from truehelo.monitoring import Dossier, Silence
from truehelo.render.document import Json, dumps, timestamp
from truehelo.render.incidents import headline, state
from truehelo.render.look import Look
from truehelo.render.nagios import MAX_DETAILS, STATES, clean
from truehelo.render.prometheus import family
from truehelo.render.reading import STATES as STANDINGS
from truehelo.render.reading import Status
from truehelo.render.status import is_undetermined, listing_words, plugin_state, summary, wrong

SCHEMA = "truehelo/status/1"


def document(status: Status) -> str:
    """Return the status as one JSON document."""
    return dumps(
        {
            "schema": SCHEMA,
            "tool": {"name": "truehelo", "version": __version__},
            "at": timestamp(status.at),
            "database": status.database,
            "asked": {
                "groups": list(status.asked.groups),
                "owners": list(status.asked.owners),
                "tags": list(status.asked.tags),
            },
            "summary": summary(status),
            "undetermined": is_undetermined(status),
            "addresses": {
                "total": status.subjects,
                "states": {name: status.states.get(name, 0) for name in STANDINGS},
                "maintenance": status.maintenance,
            },
            "incidents": [_incident(each, status) for each in status.incidents],
            "unknown": [
                {"cause": each.cause, "addresses": each.count, "since": timestamp(each.since)} for each in status.unknown
            ],
            "unknown_domains": [
                {"domain": each.name, "cause": each.cause, "since": timestamp(each.since)} for each in status.unseen_domains
            ],
            "blocklists": [
                {
                    "list": each.list,
                    "listed": each.listed,
                    "against": each.against,
                    "unknown": each.unknown,
                    "reason": each.reason,
                    "since": timestamp(each.since),
                }
                for each in status.blocklists
            ],
            "watch": _watch(status),
            "deliveries": [
                {
                    "channel": each.channel,
                    "waiting": each.waiting,
                    "waiting_since": None if each.oldest is None else timestamp(each.oldest),
                    "failed": each.failed,
                    "detail": each.detail,
                }
                for each in status.deliveries
            ],
            "silences": [_silence(each) for each in status.silences],
            "maintenance": [_silence(each) for each in status.windows],
            "warnings": list(status.warnings),
        },
        indent=2,
    )


def _incident(each: Dossier, status: Status) -> Json:
    incident = each.incident
    alone = incident.members[0] if incident.members else None
    return {
        "incident": incident.id,
        "state": state(each),
        "tag": incident.tag,
        "severity": str(incident.severity),
        "summary": headline(incident),
        "cause": incident.cause,
        "opened": timestamp(incident.opened),
        "addresses": incident.count,
        "not_well": incident.open_count,
        "address": None if alone is None else alone.ip,
        "old": None if alone is None else alone.old,
        "new": None if alone is None else alone.new,
        "acknowledged_by": incident.acknowledged_by or None,
        "note": incident.note,
        "silenced_until": None if each.silence is None else timestamp(each.silence.until),
        "flapping": bool(incident.details.get("flapping")),
        "maintenance": incident.id in status.planned,
    }


def _watch(status: Status) -> Json:
    return {
        "alive": status.alive,
        "last_check": None if status.last_check is None else timestamp(status.last_check),
        "lag_s": round(status.lag_s, 3),
        "vantages": [
            {"vantage": each.vantage, "seen": timestamp(each.seen), "alive": each.alive} for each in status.watchers
        ],
    }


def _silence(each: Silence) -> Json:
    return {
        "id": each.id,
        "ip": each.ip,
        "groups": list(each.groups),
        "tags": list(each.tags),
        "since": None if each.since is None else timestamp(each.since),
        "until": timestamp(each.until),
        "by": each.by,
        "reason": each.reason,
    }


def nagios(status: Status, look: Look) -> str:
    """Return the status as the output of a monitoring plugin; its exit code is `plugin_state`."""
    word = STATES[plugin_state(status, look.fail_on)]
    counted = {id(each) for each in wrong(status, look.fail_on)}
    details = [
        f"{each.incident.severity} #{each.incident.id} {each.incident.tag}: {headline(each.incident)}"
        for each in status.incidents
        if id(each) in counted
    ]
    details += [f"unknown: {each.count} because of {each.cause}" for each in status.unknown]
    details += [f"unknown: domain {each.name} because of {each.cause}" for each in status.unseen_domains]
    details += [f"{each.list}: {listing_words(each)}" for each in status.blocklists]
    details += [f"{each.channel}: {each.waiting} wait, {each.failed} given up" for each in status.deliveries]
    if len(details) > MAX_DETAILS:
        details = [*details[:MAX_DETAILS], f"... and {len(details) - MAX_DETAILS} more lines"]
    counts = {name: status.states.get(name, 0) for name in STANDINGS} | {"incidents": len(status.incidents)}
    numbers = " ".join(f"{label}={count};;;0" for label, count in counts.items()) + f" lag={status.lag_s:.3f}s;;;0"
    return "\n".join([f"{word} - {clean(summary(status))} | {numbers}", *(clean(line) for line in details)]) + "\n"


def prometheus(status: Status) -> str:
    """Return the status as metrics, for the textfile collector of node_exporter."""
    incidents = Counter(str(each.incident.severity) for each in status.incidents)
    states = [({"state": name}, float(status.states.get(name, 0))) for name in STANDINGS]
    by_channel = [({"channel": visible(each.channel, 200)}, float(each.failed)) for each in status.deliveries]
    lines = [
        *family(
            "truehelo_subjects", "Subjects by state.", [*states, ({"state": "maintenance"}, float(status.maintenance))]
        ),
        *family(
            "truehelo_undetermined_subjects",
            "Subjects of which nothing can be seen now.",
            [({}, float(status.states.get("undetermined", 0)))],
        ),
        *family(
            "truehelo_incidents_open",
            "Open incidents.",
            [({"severity": str(each)}, float(incidents[str(each)])) for each in Severity if each is not Severity.OK],
        ),
        *family(
            "truehelo_dnsbl_listings",
            "Listed addresses by blocklist.",
            [({"list": visible(each.list, 200)}, float(each.listed)) for each in status.blocklists],
        ),
        *family(
            "truehelo_dnsbl_unknown",
            "Addresses of which a blocklist could not say.",
            [({"list": visible(each.list, 200)}, float(each.unknown)) for each in status.blocklists],
        ),
        *family("truehelo_scheduler_lag_seconds", "How late the oldest check is.", [({}, status.lag_s)]),
        *family(
            "truehelo_outbox_late",
            "Messages that are late, by channel.",
            [({"channel": visible(each.channel, 200)}, float(each.waiting)) for each in status.deliveries],
        ),
        *family("truehelo_outbox_given_up", "Messages that were given up in 7 days, by channel.", by_channel),
        *family(
            "truehelo_last_sign_timestamp_seconds",
            "The last sign of life of the watch, by vantage point.",
            [({"vantage": visible(each.vantage, 200)}, each.seen.timestamp()) for each in status.watchers],
        ),
    ]
    if status.last_check is not None:
        at = status.last_check.timestamp()
        lines += family("truehelo_last_check_timestamp_seconds", "When the last check ended.", [({}, at)])
    return "\n".join(lines) + "\n"
