"""The facts of one domain and what the records in them say, each read when it is first asked for.

The parsers and evaluations are those of `records`, run over the facts, so that facts are judged alike wherever they come
from. What follows from them is for the checks.
"""

import re
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from truehelo.facts.address import Address
from truehelo.facts.dns import Lookup, Outcome, Question
from truehelo.facts.domain import DomainFacts, Fetched, Selector, SelectorSource
from truehelo.facts.names import canonical
from truehelo.records import bimi, caa, dkim, mta_sts, tls_rpt, tlsa
from truehelo.records.caa import CaaSet
from truehelo.records.dkim import DkimKey
from truehelo.records.dmarc import DmarcDiscovery, External, Place, discover, discover_psl, external
from truehelo.records.dmarc.effective import EffectivePolicy, effective
from truehelo.records.errors import RecordError
from truehelo.records.mta_sts import MtaStsPolicy
from truehelo.records.spf import SpfExpansion, SpfRecord, SpfResult, evaluate, expand
from truehelo.records.spf import parse as parse_spf
from truehelo.records.spf.survey import SpfSurvey, survey
from truehelo.records.talk import drive
from truehelo.records.tlsa import TlsaRecord
from truehelo.records.txt import txt_text

MAX_MX = 20
"""So many MX hosts are looked at: a stranger's zone may name a thousand."""
MAX_TARGETS = 10
"""So many hosts of report addresses are asked whether they take the reports."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """The TXT records at one name that claim to be of one kind: `lookup` is None where nobody asked.

    `meant` are texts that were plainly meant to be of that kind, and that nobody takes for it.
    """

    name: str
    lookup: Lookup | None
    texts: tuple[str, ...]
    meant: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        """Nothing is known of them."""
        return self.lookup is None or self.lookup.outcome.is_undetermined

    @property
    def outcome(self) -> Outcome:
        """What came of the lookup."""
        return Outcome.TIMEOUT if self.lookup is None else self.lookup.outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectorKey:
    """A DKIM selector, what came of its lookup, and the texts that stand there."""

    selector: Selector
    lookup: Lookup | None
    texts: tuple[str, ...]

    @property
    def outcome(self) -> Outcome:
        """What came of the lookup."""
        return Outcome.TIMEOUT if self.lookup is None else self.lookup.outcome

    @property
    def failed(self) -> bool:
        """Nothing is known of it."""
        return self.outcome.is_undetermined

    @property
    def denied(self) -> bool:
        """There is no record."""
        return self.outcome.is_denial

    @property
    def chain(self) -> str:
        """The name that the selector is an alias of; "" where it is none."""
        return self.lookup.owner if self.lookup is not None and self.lookup.chain else ""

    @property
    def key(self) -> DkimKey | RecordError | None:
        """The key in the first record; None where there is no record."""
        return dkim.parse(self.texts[0]) if self.texts else None


@dataclass(frozen=True, slots=True, kw_only=True)
class DaneHost:
    """An MX host, its TLSA lookup (None where nobody asked), and the records that can be read, or why they cannot."""

    host: str
    lookup: Lookup | None
    records: tuple[TlsaRecord, ...] = ()
    errors: tuple[RecordError, ...] = ()

    @property
    def failed(self) -> bool:
        """Nothing is known of it."""
        return self.lookup is None or self.lookup.outcome.is_undetermined


@dataclass(frozen=True)
class DomainView:
    """The facts of one domain, and what they say."""

    facts: DomainFacts

    @property
    def name(self) -> str:
        """The domain."""
        return self.facts.name

    def lookup(self, name: str, rdtype: str) -> Lookup | None:
        """Return a lookup by its name and type, None where it was not asked."""
        return self.facts.lookup(name, rdtype)

    def answered(self, question: Question) -> Lookup | None:
        """Return a lookup by its question, None where it was not asked."""
        return self.facts.answered.get(question)

    def outcome(self, question: Question) -> Outcome:
        """Return what came of a question; one that was not asked is undetermined."""
        return self.outcome_of(self.answered(question))

    @staticmethod
    def outcome_of(lookup: Lookup | None) -> Outcome:
        """Return what came of a lookup; one that was not made is undetermined."""
        return Outcome.TIMEOUT if lookup is None else lookup.outcome

    def drive(self, talk: Generator[Question, Lookup, T]) -> T:
        """Run an evaluation over the facts."""
        return drive(talk, self.answered)

    def texts(self, name: str, claims: Callable[[str], bool], version: str = "") -> Texts:
        """Return the TXT records of a name whose text `claims` to be of a kind, and those meant for that `version`."""
        lookup = self.lookup(name, "TXT")
        read = () if lookup is None else tuple(txt_text(record) for record in lookup.records)
        texts = tuple(text for text in read if claims(text))
        begins = re.compile(rf'["\s]*v\s*=\s*"?{re.escape(version)}', re.ASCII | re.IGNORECASE)
        meant = tuple(text for text in read if version and text not in texts and begins.match(text))
        return Texts(name=name, lookup=lookup, texts=texts, meant=meant)

    # The name itself

    @cached_property
    def exists(self) -> bool:
        """Nothing says that the name does not exist, or something speaks against it.

        NXDOMAIN behind an alias is said of what it is an alias of (RFC 6604 §3, RFC 8020 §2): the alias itself is there.
        """
        return self.answers or any(lookup.chain for lookup in self._own_lookups)

    @cached_property
    def answers(self) -> bool:
        """No lookup ends in NXDOMAIN, or something speaks against it: what DMARC calls existent (RFC 9989 §3.2.13).

        A receiver goes by the code of the reply there, and so takes an alias of nothing for a name that does not exist.
        """
        outcomes = {lookup.outcome for lookup in self._own_lookups}
        return Outcome.NXDOMAIN not in outcomes or bool(outcomes & {Outcome.ANSWER, Outcome.NODATA})

    @cached_property
    def _own_lookups(self) -> tuple[Lookup, ...]:
        asked = (self.lookup(self.name, rdtype) for rdtype in ("MX", "A", "AAAA", "TXT", "NS"))
        return tuple(lookup for lookup in asked if lookup is not None)

    @cached_property
    def all_mx_hosts(self) -> tuple[tuple[int, str], ...]:
        """The preference and host of each MX record, best first; a null MX names none (RFC 7505 §3)."""
        lookup = self.lookup(self.name, "MX")
        return () if lookup is None else mx_hosts(lookup)

    @property
    def mx_hosts(self) -> tuple[tuple[int, str], ...]:
        """Those of them that are looked at."""
        return self.all_mx_hosts[:MAX_MX]

    @property
    def unseen_mx_hosts(self) -> tuple[str, ...]:
        """The hosts beyond them, of which nothing is known but that mail may go there."""
        return tuple(host for _, host in self.all_mx_hosts[MAX_MX:])

    @cached_property
    def null_mx(self) -> bool:
        """One of the MX records is null: the domain takes no mail (RFC 7505 §3)."""
        lookup = self.lookup(self.name, "MX")
        return lookup is not None and any(record.data.partition(" ")[2].strip() == "." for record in lookup.records)

    @property
    def takes_no_mail(self) -> bool:
        """The null MX stands alone; beside another it does not count (RFC 7505 §3)."""
        return self.null_mx and not self.mx_hosts

    @cached_property
    def sends_no_mail(self) -> bool:
        """The name takes no mail, and neither SPF nor a key that was found lets anybody send it.

        A null MX alone does not say so: a name for notices that nobody can reply to has one as well (RFC 7505 §4.2).
        """
        if not self.takes_no_mail or self.spf.failed or self.spf.problems:
            return False
        record = None if self.spf.text is None else parse_spf(self.spf.text)
        if isinstance(record, SpfRecord) and (record.redirect or any(each.qualifier == "+" for each in record.mechanisms)):
            return False
        return not any(isinstance(each.key, DkimKey) and each.key.verifies for each in self.dkim)

    # SPF

    @cached_property
    def spf(self) -> SpfSurvey:
        """The SPF record of the domain with all that it leads to."""
        return self.drive(survey(self.name))

    @cached_property
    def spf_sources(self) -> SpfExpansion:
        """The networks that the SPF record authorises, each with the records that lead to it."""
        return self.drive(expand(self.name, lambda _: True))

    @cached_property
    def spf_results(self) -> dict[Address, SpfResult]:
        """What SPF comes to for each address that the operator asked about."""
        return {ip: self.drive(evaluate(ip, self.name)) for ip in self.facts.ips}

    # DKIM

    @cached_property
    def dkim(self) -> tuple[SelectorKey, ...]:
        """The selectors that were asked for, in order, and what stands there."""
        found = []
        for selector in self.facts.selectors:
            texts = self.texts(dkim.key_name(selector.name, self.name), lambda _: True)
            found.append(SelectorKey(selector=selector, lookup=texts.lookup, texts=texts.texts))
        return tuple(found)

    @cached_property
    def dkim_wildcard(self) -> SelectorKey | None:
        """What answers for a selector that nobody has; None where nothing does."""
        return next((each for each in self.dkim if each.selector.source is SelectorSource.PROBE and each.texts), None)

    def dkim_hearsay(self, each: SelectorKey) -> bool:
        """Tell whether the texts of a selector may be a wildcard's, and so say nothing of the selector.

        They are those of a name that nobody has, in whatever order the records came (RFC 2181 §5). Where it could not be
        looked up, they are so at a selector that was only tried, and where nothing in them is of DKIM.
        """
        if self.dkim_wildcard is not None:
            return sorted(each.texts) == sorted(self.dkim_wildcard.texts)
        blind = any(probe.selector.source is SelectorSource.PROBE and probe.failed for probe in self.dkim)
        tried = each.selector.source is SelectorSource.WELL_KNOWN
        return blind and tried and bool(each.texts) and not any(map(dkim.is_meant, each.texts))

    # DMARC

    @cached_property
    def dmarc(self) -> DmarcDiscovery:
        """The record that applies by the tree walk (RFC 9989 §4.10)."""
        return self.drive(discover(self.name))

    @cached_property
    def dmarc_unsure(self) -> tuple[Question, ...]:
        """The failed lookups that the record which applies hangs on: its own name's above all.

        What stands above the organisation by the public suffix list is a registry's, and changes nothing for a record that
        was found below it.
        """
        found = self.dmarc
        return found.unsure if found.found is None else self._within(found.unsure)

    @cached_property
    def dmarc_organisation_unsure(self) -> tuple[Question, ...]:
        """The failed lookups that the organisational domain hangs on (RFC 9989 §4.10.2)."""
        return self._within(self.dmarc.organisation_unsure)

    def _within(self, asked: tuple[Question, ...]) -> tuple[Question, ...]:
        """Those of the questions for DMARC records that ask at the organisation or below it."""
        top = self.facts.organisation or self.name
        return tuple(each for each in asked if f".{dmarc_domain(each)}".endswith(f".{top}"))

    @cached_property
    def dmarc_psl(self) -> DmarcDiscovery:
        """The record that applies by the public suffix list (RFC 7489 §6.6.3)."""
        return self.drive(discover_psl(self.name, self.facts.organisation))

    @cached_property
    def dmarc_policy(self) -> EffectivePolicy | None:
        """What is asked for at the domain; None where DMARC is not applied, or nobody knows the record."""
        record = self.dmarc.record
        if record is None or self.dmarc_unsure:
            return None
        return effective(record, own=self.dmarc.place is Place.OWN, exists=self.answers)

    @cached_property
    def report_hosts(self) -> tuple[str, ...]:
        """The hosts that the record sends reports to, in the order of the record (RFC 9990 §4)."""
        record = self.dmarc.record
        found = () if record is None else (*record.rua, *record.ruf)
        hosts = dict.fromkeys(uri.host for uri in found if uri.scheme == "mailto" and uri.host)
        return tuple(hosts)[:MAX_TARGETS]

    def is_own(self, host: str) -> bool:
        """Tell whether a host lies at or below the organisational domain, so that it needs no word of consent."""
        own = self.dmarc.organisation
        return host == own or host.endswith(f".{own}")

    def may_be_own(self, host: str) -> tuple[Question, ...]:
        """Return the failed lookups by which a host could lie at or below the organisational domain after all."""
        return tuple(each for each in self.dmarc_organisation_unsure if f".{host}".endswith(f".{dmarc_domain(each)}"))

    @cached_property
    def dmarc_externals(self) -> tuple[External, ...]:
        """Whether each host of another organisation takes the reports (RFC 9990 §4)."""
        found = self.dmarc.found
        if found is None:
            return ()
        others = [host for host in self.report_hosts if not self.is_own(host)]
        return tuple(self.drive(external(found.domain, host)) for host in others)

    # Transport and marks

    @cached_property
    def mta_sts(self) -> Texts:
        """The announcement of an MTA-STS policy (RFC 8461 §3.1)."""
        return self.texts(f"{mta_sts.PREFIX}.{self.name}", mta_sts.is_mta_sts, mta_sts.VERSION)

    @cached_property
    def sts_policy(self) -> MtaStsPolicy | RecordError | None:
        """The policy that was fetched; None where there is no text of one."""
        fetch = self.facts.policy
        return mta_sts.parse_policy(fetch.text) if fetch is not None and fetch.outcome is Fetched.ANSWER else None

    @cached_property
    def tls_rpt(self) -> Texts:
        """Where TLS reports are to go (RFC 8460 §3)."""
        return self.texts(f"{tls_rpt.PREFIX}.{self.name}", tls_rpt.is_tls_rpt, tls_rpt.VERSION)

    @cached_property
    def bimi(self) -> Texts:
        """The mark of the brand, at the default selector."""
        return self.texts(bimi.name(self.name), bimi.is_bimi, bimi.VERSION)

    @cached_property
    def caa(self) -> CaaSet:
        """Who may issue certificates for the name (RFC 8659 §3)."""
        return self.drive(caa.relevant(self.name))

    @cached_property
    def dane(self) -> tuple[DaneHost, ...]:
        """Each MX host and the certificates that it is to show (RFC 7672 §2.2)."""
        return tuple(self._dane(host) for _, host in self.mx_hosts)

    def _dane(self, host: str) -> DaneHost:
        lookup = self.lookup(tlsa.name(host), "TLSA")
        read = [] if lookup is None else [tlsa.parse(record.data) for record in lookup.records]
        return DaneHost(
            host=host,
            lookup=lookup,
            records=tuple(each for each in read if isinstance(each, TlsaRecord)),
            errors=tuple(each for each in read if isinstance(each, RecordError)),
        )


def dmarc_domain(asked: Question) -> str:
    """Return the domain whose DMARC record a question asks for."""
    return asked.name.removeprefix("_dmarc.")


def mx_hosts(lookup: Lookup) -> tuple[tuple[int, str], ...]:
    """Return the preference and host of each MX record, best first, each once."""
    hosts: list[tuple[int, str]] = []
    for record in lookup.records:
        preference, _, host = record.data.partition(" ")
        if preference.isdecimal() and len(preference) <= 5 and host.strip(". "):
            hosts.append((int(preference), canonical(host.strip())))
    return tuple(sorted(dict.fromkeys(hosts)))
