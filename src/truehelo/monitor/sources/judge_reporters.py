"""Which reporters have fallen silent. When all of them have, it is hardly them: then the way of reports to us is looked at.

Only reports that came in time count: who imports old ones is not told that their reporters are silent since. Does not
decide what is regular (`sources/silence.py`).
"""

from collections import defaultdict

from truehelo.monitor.sources.judging import DAY_S, Asking, Whom, date, keep, over, standing
from truehelo.sources import tags
from truehelo.sources.silence import OLD_DAYS, WITHIN_DAYS, Habit, habit
from truehelo.store.things import reported, rows
from truehelo.store.things.rows import ThingState


def judge(asking: Asking) -> None:
    """Judge every reporter that was heard in time of late."""
    tag = tags.REPORTER_SILENT
    days: dict[str, set[int]] = defaultdict(set)
    for heard in reported.heard(asking.connection, asking.today - OLD_DAYS - WITHIN_DAYS - 10):
        days[heard.reporter].add(heard.day)
    found = {name: habit(theirs, asking.today, asking.alerts.silent_days) for name, theirs in days.items()}
    habits = {name: each for name, each in found.items() if each is not None}
    held = {thing.name: (thing, state) for thing, state in standing(asking, [tag.name])}
    for name, (thing, state) in held.items():
        now = habits.get(name)
        if now is not None and now.last > int(state.details.get("last", 0)):
            over(asking, thing, tag.name)
        elif now is None or now.is_old:  # as `is_silent` ends: else it would be told anew
            over(asking, thing, tag.name, "it has been silent for a month, and is not waited for any more")
    silent = {name: each for name, each in habits.items() if each.is_silent and name not in held}
    regular = [each for each in habits.values() if each.is_regular and not each.is_old]
    everybody = len(regular) > 1 and all(each.missing > 0 for each in regular)
    for name, each in silent.items():
        keep(asking, Whom(kind=rows.REPORTER, name=name), _state(name, each, everybody=everybody))


def _state(name: str, found: Habit, *, everybody: bool) -> ThingState:
    tag = tags.REPORTER_SILENT
    args = {
        "reporter": name,
        "heard": str(found.days),
        "within": str(WITHIN_DAYS),
        "day": date(found.last),
        "missing": str(found.missing),
    }
    fix = [
        "Nobody but the reporter knows whether it still gets mail of yours. If it does, look whether its reports are held",
        "up on their way: in a spam folder, at a size limit, or at another address (rua=).",
    ]
    if everybody:
        fix = [
            "No reporter is heard any more: look at the way of reports to you first, at the mailbox and at what rua= says.",
            "    $ truehelo reports status",
        ]
    return ThingState(
        tag=tag.name,
        since=(found.last + 1) * DAY_S,
        severity=tag.severity,
        key=f"{tag.name} {found.last}",
        cause=f"reports stopped after {date(found.last)}" + (": no reporter is heard" if everybody else ""),
        message=tags.told(tag, args),
        details={"last": found.last, "fix": fix},
    )
