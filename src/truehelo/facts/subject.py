"""All facts about one audited address: the unit that checks judge, and that is saved and replayed."""

from dataclasses import dataclass
from functools import cached_property

from truehelo.facts.address import Address, forward_type, reverse_name
from truehelo.facts.blocklist import BlocklistLook
from truehelo.facts.dns import AuthoritativeView, Lookup, Outcome, Question
from truehelo.facts.holder import Holder
from truehelo.facts.names import canonical
from truehelo.facts.smtp import SmtpSession


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Why an address is audited: `kind` is "argument", "host", "mx", "spf" or "network"; `asked` is what the user wrote.

    `detail` says how the one led to the other, such as "MX 10 mail.example.com".
    """

    kind: str
    asked: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpfQuestion:
    """A domain whose SPF record should authorise the address, and why: `identity` is "organisation" or "helo"."""

    identity: str
    domain: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sibling:
    """An address of the other family that a confirmed name of this server has, with its own PTR lookup."""

    ip: Address
    name: str
    ptr: Lookup


@dataclass(frozen=True, kw_only=True)
class SubjectFacts:
    """What was seen of one address. `lookups` holds every question asked for it, each once."""

    ip: Address
    sources: tuple[Source, ...] = ()
    expected_name: str | None = None
    helo: str | None = None
    """The HELO that the server sends, as declared by the operator; never inferred from a greeting."""
    helo_source: str = "declared"
    smtp_asked: bool = True
    """False under --no-smtp: a missing greeting is then not a missing fact."""
    lookups: tuple[Lookup, ...] = ()
    sessions: tuple[SmtpSession, ...] = ()
    reverse_zone: AuthoritativeView | None = None
    siblings: tuple[Sibling, ...] = ()
    spf: tuple[SpfQuestion, ...] = ()
    holder: Holder | None = None
    blocklists: tuple[BlocklistLook, ...] = ()

    def lookup(self, name: str, rdtype: str) -> Lookup | None:
        """Return the lookup of a question, or None when it was not asked."""
        return self.answered.get(Question(name=canonical(name), rdtype=rdtype))

    @cached_property
    def answered(self) -> dict[Question, Lookup]:
        """The lookups by their question."""
        return {lookup.question: lookup for lookup in self.lookups}

    @cached_property
    def ptr(self) -> Lookup | None:
        """The PTR lookup; None when it was not asked (an address that is not public)."""
        return self.lookup(reverse_name(self.ip), "PTR")

    @cached_property
    def ptr_names(self) -> tuple[str, ...]:
        """The names in the PTR answer, unverified, in the order of the answer, each once."""
        ptr = self.ptr
        if ptr is None or ptr.outcome is not Outcome.ANSWER:
            return ()
        return tuple(dict.fromkeys(canonical(record.data) for record in ptr.records))

    def forward(self, name: str) -> Lookup | None:
        """Return the lookup of a name's addresses in the family of the audited address (A or AAAA)."""
        return self.lookup(name, forward_type(self.ip))
