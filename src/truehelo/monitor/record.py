"""What a look found, into the store: schedule, states, observations, flips, and incidents. All of it or nothing.

Does not decide what was seen (`look.py`) nor what is one incident (`incidents.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from truehelo.blocklists.read import Listing
from truehelo.blocklists.read import State as ListState
from truehelo.drift.cause import what_of
from truehelo.drift.hidden import hidden_since, may_have_begun
from truehelo.engine.judge import AS_USUAL, Judging
from truehelo.findings import Severity
from truehelo.monitor import incidents, lists
from truehelo.monitor.incidents import Failure, Told
from truehelo.monitor.look import Look, standings_of
from truehelo.monitor.policy import Policy
from truehelo.monitor.story import evidence, story, ttl_of
from truehelo.monitoring import State
from truehelo.store import results, schedule
from truehelo.store.results import Listed
from truehelo.store.schedule import Checked, Due, Held

UNDETERMINED, MAINTENANCE = "undetermined", "maintenance"
SIGHT = "sight"
"""What a flip is about when it tells that nothing could be seen, or that it can be again."""
_ORDER = (State.FAILING, State.RECOVERING, State.SUSPECT, State.OK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """What recording needs beside the look."""

    policy: Policy
    judging: Judging = AS_USUAL


def after(look: Look, policy: Policy) -> Checked:
    """Return what becomes of the schedule: when to look again, and how the subject stands."""
    due, at = look.due, look.at
    blind_since, cause = _blind(look)
    due_at = _regular(due, at)
    times = [due_at]
    rechecks_s = policy.settings.rechecks_s
    hurried = look.next_look(rechecks_s)
    if hurried is not None:
        times.append(hurried)
    if blind_since is not None:
        # What could not be seen is tried again soon, and then at its regular time.
        times += [blind_since + offset for offset in rechecks_s if blind_since + offset > at][:1]
    states = [standing.state for standing in look.standings.values()] or [State(held.state) for held in due.held]
    if not look.unchanged:
        states = [standing.state for standing in look.standings.values()]
    worst = next((state for state in _ORDER if state in states), State.OK)
    hidden: Mapping[str, float] = {}
    if look.unseen or due.hidden:
        hidden = hidden_since(due.hidden, look.unseen, _suspected(look), at)
    began = due.began_at if due.began_at is not None or not look.determined else at
    long_blind = blind_since is not None and (at - blind_since >= rechecks_s[-1] or due.overlay == UNDETERMINED)
    overlay = UNDETERMINED if long_blind else ""
    if not overlay and policy.maintenance(due.subject.ip, due.subject.groups, at) is not None:
        overlay = MAINTENANCE
    return Checked(
        subject_id=due.subject.id,
        tick=due.tick,
        next_run_at=min(times),
        due_at=due_at,
        checked_at=at,
        determined_at=at if look.determined else due.determined_at,
        undetermined_since=blind_since,
        undetermined_cause=cause,
        began_at=began,
        fingerprint=look.fingerprint,
        steady=_steady(look, blind=blind_since is not None or look.cause is not None),
        worst="new" if began is None else worst,
        overlay=overlay,
        listed_at=due.listed_at if look.listings is None else at,
        unseen=",".join(sorted(look.unseen)) if look.unseen else "",
        hidden=hidden,
    )


def _suspected(look: Look) -> list[str]:
    now = {tag: standing.state for tag, standing in look.standings.items()}
    if look.unchanged:
        now = {held.tag: State(held.state) for held in look.due.held}
    return [tag for tag, state in now.items() if state is State.SUSPECT]


def _steady(look: Look, *, blind: bool) -> int | None:
    """Return the fingerprint of how the subject looked when all of it was seen, and everything stood as it stands now.

    What looks like that again is not judged again. Where some tag has moved in the looks since, of which part was hidden,
    it is: what is back as it was has recovered, and what fails as it did once fails anew.
    """
    if not blind:
        return look.fingerprint
    if look.facts is None:
        return look.due.steady
    before = {held.tag: held.state for held in look.due.held}
    moved = {tag: str(standing.state) for tag, standing in look.standings.items()} != before
    return None if moved else look.due.steady


def _blind(look: Look) -> tuple[float | None, str | None]:
    """Since when, and why, the subject cannot be seen; a greeting that was never heard is not missed."""
    if look.determined:
        return None, None
    return look.due.undetermined_since or look.at, look.cause or "nothing could be seen"


def _regular(due: Due, at: float) -> float:
    """The next regular time: whole intervals after the last one, so that the spread of the fleet stays."""
    interval = due.subject.interval_s
    missed = max(0.0, (at - due.due_at) // interval)
    return due.due_at + (missed + 1) * interval if due.due_at <= at else due.due_at


def is_plain(look: Look, checked: Checked, listed: "Mapping[str, Listed] | None" = None) -> bool:
    """Tell whether nothing needs to be written but the schedule; `listed` is what the lists said so far."""
    if look.facts is not None or checked.overlay != look.due.overlay or look.due.worst == "new":
        return False
    if look.listings is None:
        return True
    moved = look.left or look.failed or look.recovered or look.standings != standings_of(look.due)
    return listed is not None and not moved and not _listed_anew(look, listed)


def write_all(connection: Connection, batch: Sequence[tuple[Look, Checked]], writing: Writing, told: Told) -> list[Look]:
    """Write looks, in one transaction of the caller's; return those of which more was written than the schedule.

    What is held against what was kept is read for all of them at once: most looks change nothing.
    """
    listed = results.listed_of(connection, [look.due.subject.id for look, _ in batch if look.listings is not None])
    nothing: dict[str, Listed] = {}
    plain, others = [], []
    for look, checked in batch:
        if is_plain(look, checked, listed.get(look.due.subject.id, nothing)):
            plain.append(checked)
        else:
            others.append((look, checked))
    schedule.record_unchanged(connection, plain)
    for look, checked in others:
        write(connection, look, checked, writing, told, listed.get(look.due.subject.id, nothing))
    return [look for look, _ in others]


def write(
    connection: Connection,
    look: Look,
    checked: Checked,
    writing: Writing,
    told: Told,
    listed: "Mapping[str, Listed] | None" = None,
) -> bool:
    """Write one look; False when its tick was recorded before, and nothing was written."""
    if not schedule.record(connection, checked):
        return False
    due, at = look.due, look.at
    _sight(connection, look, checked)
    if look.unchanged:
        return True
    if look.listings is not None:
        held = results.listed(connection, due.subject.id) if listed is None else listed
        for name, said in _listed_anew(look, held).items():
            results.put_listing(connection, due.subject.id, name, said, at)
    before = {held.tag: held for held in due.held}
    seen_before = {} if look.facts is None else results.observed(connection, due.subject.id)
    changed = {
        what: value for what, value in look.values.items() if what not in seen_before or seen_before[what].value != value
    }
    _states(connection, look, before, {what: seen_before[what].value for what in changed if what in seen_before})
    if changed and (look.sure or look.failed or look.recovered or not seen_before):
        _observe(connection, look, changed, seen_before)
    for tag in look.recovered:
        reason = f"well again, seen {writing.policy.settings.recovering} times"
        results.add_flip(
            connection, due.subject.id, tag, old="failing", new="ok", at=at, reason=reason, evidence=_evidence(look)
        )
    incidents.recover(connection, due.subject.id, look.recovered, writing.policy, at, told)
    _fail(connection, look, before, seen_before, changed, writing, told)
    return True


def _states(connection: Connection, look: Look, before: Mapping[str, Held], old: Mapping[str, str]) -> None:
    for tag in look.left:
        if tag in before:
            results.drop_state(connection, look.due.subject.id, tag)
    for tag, standing in look.standings.items():
        held = before.get(tag)
        what = what_of(tag)
        finding = look.findings.get(tag)
        now = Held(
            tag=tag,
            state=standing.state,
            count=standing.count,
            since=standing.since,
            turned=standing.turned,
            severity=look.severities.get(tag, Severity.WARNING),
            old=held.old if held is not None else old.get(what, ""),
            new=look.values.get(what, "") if finding is not None else (held.new if held is not None else ""),
        )
        if now != held:
            results.put_state(connection, look.due.subject.id, now, _words(look, tag))


def _observe(
    connection: Connection, look: Look, changed: Mapping[str, str], before: Mapping[str, results.Observed]
) -> None:
    facts = look.facts
    if facts is None:
        return
    ttls = ttl_of(facts)
    kept: bytes | None = None
    for what, value in changed.items():
        results.observe(connection, look.due.subject.id, {what: value}, ttls.get(what, 0), look.at)
        if what in before:
            kept = kept or evidence(facts, look.at)
            reason = "the authoritative servers, or two resolvers, say so" if look.sure else "seen several times"
            results.add_flip(
                connection,
                look.due.subject.id,
                what,
                old=before[what].value,
                new=value,
                at=look.at,
                reason=reason,
                evidence=kept,
            )


def _fail(
    connection: Connection,
    look: Look,
    before: Mapping[str, Held],
    seen_before: Mapping[str, results.Observed],
    changed: Mapping[str, str],
    writing: Writing,
    told: Told,
) -> None:
    if not look.failed:
        return
    failures = []
    for tag in look.failed:
        what = what_of(tag)
        held = before.get(tag)
        old = held.old if held is not None else (seen_before[what].value if what in changed and what in seen_before else "")
        standing = look.standings[tag]
        failures.append(
            Failure(
                tag=tag,
                severity=look.severities.get(tag, Severity.WARNING),
                since=standing.since,
                earliest=may_have_begun(tag, standing.since, look.due.hidden),
                old=old,
                new=look.values.get(what, ""),
            )
        )
        results.add_flip(
            connection,
            look.due.subject.id,
            tag,
            old="ok",
            new="failing",
            at=standing.since,
            reason=_words(look, tag),
            evidence=_evidence(look),
        )
    known = incidents.fails_again(connection, look.due.subject.id, look.failed)
    began = look.due.began_at
    ttls = {what: seen.ttl for what, seen in seen_before.items()}
    incidents.fail(
        connection,
        look.due.subject,
        [failure for failure in failures if failure.tag not in known],
        writing.policy,
        look.at,
        from_the_start=began is None or min(failure.since for failure in failures) <= began,
        story=lambda tag: story_of(look, tag, writing, ttls.get(what_of(tag), 0)),
        told=told,
    )


def _sight(connection: Connection, look: Look, checked: Checked) -> None:
    """Keep that nothing could be seen for long, from when on, and that it can be again."""
    was, now = look.due.overlay == UNDETERMINED, checked.overlay == UNDETERMINED
    if was == now:
        return
    if now:
        since = checked.undetermined_since or look.at
        reason = checked.undetermined_cause or ""
        results.add_flip(connection, look.due.subject.id, SIGHT, old="seen", new=UNDETERMINED, at=since, reason=reason)
    else:
        reason = "it can be seen again"
        results.add_flip(connection, look.due.subject.id, SIGHT, old=UNDETERMINED, new="seen", at=look.at, reason=reason)


def _words(look: Look, tag: str) -> str:
    """Return what was found, as a sentence; "" when this look did not find it."""
    finding = look.findings.get(tag)
    if finding is not None:
        return finding.message
    listing = _listing(look, tag)
    return "" if listing is None else lists.message(listing)


def _listing(look: Look, tag: str) -> Listing | None:
    return next((each for each in look.listings or () if lists.PREFIX + each.list == tag), None)


def _evidence(look: Look) -> bytes | None:
    return None if look.facts is None else evidence(look.facts, look.at)


def story_of(look: Look, tag: str, writing: Writing, old_ttl: int) -> dict[str, Any]:
    """Return what is kept with an incident whose story `tag` tells; `old_ttl` in seconds, of the record that is gone."""
    listing = _listing(look, tag)
    if listing is not None:
        fix = [f"Find out why, and stop it: {listing.page}"] if listing.page else []
        fix += [f"Then ask for removal: {listing.delist}"] if listing.delist else []
        return {"message": f"{look.due.subject.ip} is {lists.message(listing)}", "fix": fix}
    if look.facts is None:
        return {"message": _words(look, tag)}
    return story(look.facts, look.findings.get(tag), writing.judging, at=look.at, old_ttl=old_ttl)


def _listed_anew(look: Look, before: Mapping[str, Listed]) -> dict[str, Listed | None]:
    """Return what lists say that they did not say before; None where an address is clean again."""
    anew: dict[str, Listed | None] = {}
    for listing in look.listings or ():
        now = None
        if listing.state is not ListState.CLEAN:
            reason = listing.reason or "; ".join(listing.meanings)
            now = Listed.kept(str(listing.state), ", ".join(listing.codes), reason)
        if before.get(listing.list) != now:
            anew[listing.list] = now
    return anew
