"""What if: the same judgement on changed facts. `ptr=NAME`, `helo=NAME`, `greeting=NAME`, `forward=ADDRESS` and the like.

A change replaces what was seen by what would be seen after it; all other facts stay. A name that comes in new is looked up
like any other where there is a network, and is a missing fact where there is none. Pure: reads words, changes facts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from truehelo.engine.judge import AS_USUAL, Judging, judge
from truehelo.errors import InputError
from truehelo.facts.address import Address, forward_type, parse_address, reverse_name
from truehelo.facts.dns import Exchange, Lookup, Outcome, Question, Record
from truehelo.facts.names import NameForm, canonical, is_fqdn, name_fault
from truehelo.facts.smtp import Reply, SmtpSession, greeting_name
from truehelo.facts.subject import SubjectFacts
from truehelo.findings import SubjectAudit, WhatIf

ACCEPTED = (
    "give ptr=NAME|none|servfail|timeout, helo=NAME, greeting=NAME, or "
    "forward=ADDRESS[,ADDRESS]|this|none|servfail|timeout (forward:NAME=... for one name)"
)
_FAILURES = {"servfail": Outcome.SERVFAIL, "timeout": Outcome.TIMEOUT}
_MAX = 32
TTL = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Changes of facts, read. `ptr` and `forwards` hold an outcome, or what the answer would be.

    `forwards` leads from a name ("" for all names that are held against the address) to it; None in it stands for the
    audited address.
    """

    texts: tuple[str, ...]
    ptr: Outcome | tuple[str, ...] | None = None
    helo: str | None = None
    greeting: str | None = None
    forwards: tuple[tuple[str, "Outcome | tuple[Address | None, ...]"], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The full host names that come in, to be looked up where there is a network."""
        ptr = self.ptr if isinstance(self.ptr, tuple) else ()
        found = (*ptr, *(each for each in (self.helo, self.greeting) if each is not None))
        return tuple(dict.fromkeys(canonical(name) for name in found if is_fqdn(name)))


def read_changes(words: Sequence[str]) -> Changes:
    """Read the values of --what-if.

    Raises:
        InputError: One cannot be read, or two contradict each other.
    """
    if len(words) > _MAX:
        raise InputError("--what-if", f"is given {len(words)} times", f"{_MAX} changes at once are the most")
    said: dict[str, list[str]] = {}
    for word in words:
        what, equals, value = word.partition("=")
        what, value = what.strip().lower(), value.strip()
        if not equals or not value or not (what in ("ptr", "helo", "greeting", "forward") or what.startswith("forward:")):
            raise InputError(f"--what-if {word}", "is no change of a fact", ACCEPTED)
        said.setdefault(what, []).append(value)
    _contradictions(said)
    forwards = tuple(
        (_forward_name(what, values[0]), _forward(f"--what-if {what}={values[0]}", values[0]))
        for what, values in said.items()
        if what.startswith("forward")
    )
    return Changes(
        texts=tuple(words),
        ptr=_ptr(said.get("ptr", [])),
        helo=_stated("helo", said),
        greeting=_stated("greeting", said),
        forwards=forwards,
    )


def _contradictions(said: dict[str, list[str]]) -> None:
    for what, values in said.items():
        several = list(dict.fromkeys(values))
        if len(several) < 2:
            continue
        words = {"none", *_FAILURES}
        if what != "ptr" or any(value.lower() in words for value in several):
            both = " and ".join(f"{what}={value}" for value in several[:2])
            raise InputError(f"--what-if {both}", "contradict each other", "leave one of them out")


def _ptr(values: list[str]) -> Outcome | tuple[str, ...] | None:
    if not values:
        return None
    word = values[0].lower()
    if word == "none":
        return Outcome.NXDOMAIN
    if word in _FAILURES:
        return _FAILURES[word]
    for value in values:
        if name_fault(value) is not None and not _underscored(value):
            raise InputError(f"--what-if ptr={value}", f"the name {name_fault(value)}", ACCEPTED)
    return tuple(dict.fromkeys(canonical(value) for value in values))


def _underscored(name: str) -> bool:
    """An underscore is what somebody may want to try: receivers differ on it."""
    return "_" in name and name_fault(name.replace("_", "x")) is None


def _stated(what: str, said: dict[str, list[str]]) -> str | None:
    values = said.get(what)
    if values and len(values[0]) > 512:
        raise InputError(f"--what-if {what}={values[0][:40]}...", "is longer than 512 characters", ACCEPTED)
    return values[0] if values else None


def _forward_name(what: str, value: str) -> str:
    """Return the name of `forward:NAME`, "" for `forward`, which is about all names."""
    _, colon, name = what.partition(":")
    name = name.strip()
    fault = name_fault(name)
    if colon and fault is not None and not _underscored(name):
        raise InputError(f"--what-if {what}={value}", f"the name {fault}", ACCEPTED)
    return canonical(name)


def _forward(given: str, value: str) -> "Outcome | tuple[Address | None, ...]":
    word = value.lower()
    if word == "none":
        return Outcome.NXDOMAIN
    if word in _FAILURES:
        return _FAILURES[word]
    found: list[Address | None] = []
    for text in value.split(","):
        ip = parse_address(text.strip())
        if ip is None and text.strip().lower() != "this":
            raise InputError(given, f"{text.strip()!r} is no address", ACCEPTED)
        found.append(ip)
    return tuple(found)


def imagine(subject: SubjectAudit, changes: Changes, at: datetime, judging: Judging = AS_USUAL) -> SubjectAudit:
    """Return the subject with what would be said of it after the changes; `at` dates the facts that were made up."""
    facts = changed(subject.facts, changes, at)
    idle = _idle(subject.facts, facts, changes)
    return replace(subject, what_if=WhatIf(changes=changes.texts, after=judge(facts, judging), idle=idle))


def _idle(before: SubjectFacts, after: SubjectFacts, changes: Changes) -> tuple[str, ...]:
    """Each change that had nothing to apply to, with the reason: an equal verdict would be taken for its effect."""
    found: list[str] = []
    held = {canonical(name) for name in _held_names(after)}
    for text in changes.texts:
        what, name = _what(text)
        if what == "greeting" and not any(_greets(session) for session in before.sessions):
            found.append(f"{text}: no greeting was heard")
        elif what == "forward" and name and name not in held:
            found.append(f"{text}: nobody states that name")
        elif what == "forward" and not name and not held:
            found.append(f"{text}: there is no name to look up")
    return tuple(dict.fromkeys(found))


def _what(text: str) -> tuple[str, str]:
    """What a change is of, and the name that it is about, if any."""
    what, _, name = text.partition("=")[0].strip().lower().partition(":")
    return what, canonical(name.strip())


def _greets(session: SmtpSession) -> bool:
    return session.greeting is not None and session.greeting.code == 220


def changed(facts: SubjectFacts, changes: Changes, at: datetime) -> SubjectFacts:
    """Return the facts as they would be seen after the changes."""
    answered = dict(facts.answered)
    if changes.ptr is not None:
        question = Question(name=reverse_name(facts.ip), rdtype="PTR")
        data = changes.ptr if isinstance(changes.ptr, Outcome) else tuple(f"{name}." for name in changes.ptr)
        answered[question] = _lookup(question, data, at)
    made = replace(facts, lookups=tuple(answered.values()), helo=changes.helo or facts.helo)
    if changes.helo is not None:
        # What an SPF record says of the former HELO is about another name.
        made = replace(made, spf=tuple(each for each in facts.spf if each.identity != "helo"))
    if changes.greeting is not None:
        made = replace(made, sessions=tuple(_greeting(each, changes.greeting) for each in facts.sessions))
    for name, outcome in changes.forwards:
        for each in [name] if name else _held_names(made):
            answered.update(_forwards(facts.ip, each, outcome, at))
    if changes.ptr is not None or changes.forwards:
        # What the zone's own servers and the other family say is about what is there now.
        siblings = tuple(each for each in facts.siblings if each.name in made.ptr_names)
        made = replace(made, reverse_zone=None, siblings=siblings)
    return replace(made, lookups=tuple(answered[question] for question in sorted(answered)))


def _held_names(facts: SubjectFacts) -> tuple[str, ...]:
    """The names that are held against the address: PTR names, and the full names that the server states."""
    from truehelo.identity import Identity

    stated = [each.text for each in Identity(facts).stated if each.form.form is NameForm.FQDN]
    return tuple(dict.fromkeys((*facts.ptr_names, *stated)))


def _forwards(
    ip: Address, name: str, outcome: "Outcome | tuple[Address | None, ...]", at: datetime
) -> dict[Question, Lookup]:
    """The lookups of a name: in both families where it has none or fails, else in those of the addresses given."""
    if isinstance(outcome, Outcome):
        questions = [Question(name=name, rdtype=rdtype) for rdtype in ("A", "AAAA")]
        return {question: _lookup(question, outcome, at) for question in questions}
    found: dict[str, list[str]] = {forward_type(ip): []}
    for each in outcome:
        address = each or ip
        found.setdefault(forward_type(address), []).append(str(address))
    made: dict[Question, Lookup] = {}
    for rdtype, addresses in found.items():
        question = Question(name=name, rdtype=rdtype)
        made[question] = _lookup(question, tuple(addresses) or Outcome.NODATA, at)
    return made


def _lookup(question: Question, outcome: "Outcome | tuple[str, ...]", at: datetime) -> Lookup:
    records: tuple[Record, ...] = ()
    if not isinstance(outcome, Outcome):
        records = tuple(Record(owner=question.name, ttl=TTL, rdtype=question.rdtype, data=data) for data in outcome)
        outcome = Outcome.ANSWER
    made = Exchange(
        server="what-if",
        transport="none",
        vantage="what-if",
        at=at,
        took_s=0.0,
        outcome=outcome,
        records=records,
        detail="made up by --what-if",
    )
    return Lookup(question=question, exchanges=(made,))


def _greeting(session: SmtpSession, name: str) -> SmtpSession:
    """The conversation as it would have been with another name in the greeting and in the reply to EHLO."""
    greeting, ehlo = session.greeting, session.ehlo
    if greeting is None or not _greets(session):
        return session
    last = greeting.lines[-1].split() if greeting.lines else []
    rest = last if greeting_name(greeting).name is None else last[1:]
    greeting = Reply(code=220, lines=(*greeting.lines[:-1], " ".join([name, *rest])))
    if ehlo is not None and ehlo.code == 250 and ehlo.lines:
        ehlo = Reply(code=250, lines=(" ".join([name, *ehlo.lines[0].split()[1:]]), *ehlo.lines[1:]))
    return replace(session, greeting=greeting, ehlo=ehlo)
