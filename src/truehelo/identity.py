"""The three relations between a server's names, worked out once from its facts (RFC 8601 §3, RFC 5321 §4.1.4).

PTR against address (iprev), each stated name against the address (its forward record), and each stated name against
the PTR names. They are judged apart and never merged; what follows from them is for `checks` and `verdict`.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from truehelo.facts.address import Address, parse_address
from truehelo.facts.dns import Lookup, Outcome
from truehelo.facts.names import NameForm, StatedForm, canonical, stated_form
from truehelo.facts.smtp import Ended, GreetingForm, GreetingName, SmtpSession, ehlo_reply_name, greeting_name
from truehelo.facts.subject import SubjectFacts
from truehelo.findings import Result
from truehelo.generic import Reason, classify

JUDGED_NAMES = 10
"""How many PTR names are examined (RFC 8601 §3 demands a limit and names ten)."""


class Forward(StrEnum):
    """How a name relates to the address by its A or AAAA records."""

    CONFIRMED = "confirmed"
    ELSEWHERE = "elsewhere"
    """It has addresses of this family, none is this one."""
    MISSING = "missing"
    """An authoritative denial: the name has no address of this family."""
    UNKNOWN = "unknown"
    """It could not be looked up."""


class StatedBy(StrEnum):
    """Where a stated name was stated."""

    GREETING = "greeting"
    EHLO_REPLY = "ehlo_reply"
    HELO = "helo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """A name that the server says of itself: in its greeting, in its reply to EHLO, or in the HELO that it sends.

    `forward` is None for a name that has no forward record to speak of (not fully qualified, invalid); a literal is
    CONFIRMED when it is the audited address and ELSEWHERE when it is another. `in_ptr` is None while the PTR names
    are not known. `evidence` are keys of facts.
    """

    by: StatedBy
    text: str
    form: StatedForm
    forward: Forward | None
    in_ptr: bool | None
    in_confirmed: bool
    evidence: tuple[str, ...]


@dataclass(frozen=True)
class Identity:
    """The facts of one address and the relations in them. Each relation is computed when first asked for."""

    facts: SubjectFacts

    @cached_property
    def ptr_names(self) -> tuple[str, ...]:
        """All PTR names, unverified."""
        return self.facts.ptr_names

    @cached_property
    def judged_names(self) -> tuple[str, ...]:
        """The PTR names that are examined: the first ten (RFC 8601 §3)."""
        return self.ptr_names[:JUDGED_NAMES]

    @cached_property
    def forwards(self) -> dict[str, Forward]:
        """Each examined PTR name and how it relates to the address."""
        return {name: self.forward_of(name) for name in self.judged_names}

    @cached_property
    def confirmed_names(self) -> tuple[str, ...]:
        """The PTR names that lead back to the address."""
        return tuple(name for name, forward in self.forwards.items() if forward is Forward.CONFIRMED)

    @cached_property
    def iprev(self) -> Result:
        """The result word of the iprev method (RFC 8601 §2.7.3): pass, fail, temperror or permerror."""
        ptr = self.facts.ptr
        if ptr is None or ptr.outcome.is_undetermined:
            return Result.TEMPERROR
        if ptr.outcome is not Outcome.ANSWER:
            return Result.PERMERROR
        if self.confirmed_names:
            return Result.PASS
        # A name that could not be looked up might still have confirmed the address.
        return Result.TEMPERROR if Forward.UNKNOWN in self.forwards.values() else Result.FAIL

    @cached_property
    def generic(self) -> dict[str, tuple[Reason, ...]]:
        """The examined PTR names that look generated, each with the reasons."""
        reasons = {name: classify(name, self.facts.ip) for name in self.judged_names}
        return {name: why for name, why in reasons.items() if why}

    @cached_property
    def stated(self) -> tuple[Stated, ...]:
        """Every name that the server states, by where it states it; equal names of several ports once."""
        found: dict[tuple[StatedBy, str], list[str]] = {}
        # As it was said: a U-label is no host name in SMTP, although its A-label is (RFC 5321 §2.3.5).
        raw: dict[tuple[StatedBy, str], str] = {}
        for session in self.facts.sessions:
            greeting = self.greeting_of(session)
            if greeting is not None and greeting.name is not None:
                key = StatedBy.GREETING, canonical(greeting.name)
                raw.setdefault(key, greeting.name)
                found.setdefault(key, []).append(session.key)
            reply = ehlo_reply_name(session.ehlo)
            if reply is not None:
                key = StatedBy.EHLO_REPLY, canonical(reply)
                raw.setdefault(key, reply)
                found.setdefault(key, []).append(session.key)
        if self.facts.helo is not None:
            key = StatedBy.HELO, canonical(self.facts.helo)
            raw[key] = self.facts.helo
            found[key] = []
        return tuple(self._state(by, text, raw[by, text], tuple(keys)) for (by, text), keys in found.items())

    def _state(self, by: StatedBy, text: str, raw: str, keys: tuple[str, ...]) -> Stated:
        form = stated_form(raw)
        forward: Forward | None = None
        if form.form is NameForm.LITERAL:
            forward = Forward.CONFIRMED if form.address == self.facts.ip else Forward.ELSEWHERE
        elif form.form is NameForm.FQDN:
            forward = self.forward_of(text)
        ptr = self.facts.ptr
        known = ptr is not None and not ptr.outcome.is_undetermined
        evidence = keys + tuple(x.key for x in (self.facts.forward(text) if form.form is NameForm.FQDN else None, ptr) if x)
        return Stated(
            by=by,
            text=text,
            form=form,
            forward=forward,
            in_ptr=(text in self.ptr_names) if known else None,
            in_confirmed=text in self.confirmed_names,
            evidence=evidence,
        )

    def stated_by(self, by: StatedBy) -> tuple[Stated, ...]:
        """The stated names of one origin."""
        return tuple(stated for stated in self.stated if stated.by is by)

    @staticmethod
    def greeting_of(session: SmtpSession) -> GreetingName | None:
        """What a session's greeting says of the name; None where there was no 220 greeting."""
        if session.greeting is None or session.greeting.code != 220 or session.ended in (Ended.HTTP, Ended.BINARY):
            return None
        return greeting_name(session.greeting)

    @cached_property
    def masked(self) -> bool:
        """Some greeting was overwritten by a middlebox."""
        return any(
            greeting.form is GreetingForm.MASKED
            for session in self.facts.sessions
            if (greeting := self.greeting_of(session)) is not None
        )

    def forward_of(self, name: str) -> Forward:
        """Return how `name` relates to the address, in the address's own family."""
        lookup = self.facts.forward(name)
        if lookup is None or lookup.outcome.is_undetermined:
            return Forward.UNKNOWN
        if lookup.outcome is not Outcome.ANSWER:
            return Forward.MISSING
        return Forward.CONFIRMED if self.facts.ip in addresses(lookup) else Forward.ELSEWHERE


def addresses(lookup: Lookup | None) -> tuple[Address, ...]:
    """Return the addresses in an A or AAAA lookup, in order; none when there is no answer."""
    if lookup is None:
        return ()
    return tuple(ip for record in lookup.records if (ip := parse_address(record.data)) is not None)
