"""The steps about DMARC: the record as it should read, at the name where it belongs (RFC 9989, RFC 9990)."""

from dataclasses import replace

from truehelo.advice.domain._step import Advice, step, txt
from truehelo.domains import DomainView
from truehelo.findings import Finding, Step
from truehelo.records.dmarc import Disposition, DmarcRecord, Place, Standing, format_record, mailto, parse
from truehelo.records.dmarc.effective import effective
from truehelo.records.dmarc.model import DmarcUri

LOCAL_PART = "dmarc-reports"
"""Where reports could go: any mailbox will do that somebody reads, or `truehelo reports listen`."""


def _organisation(view: DomainView) -> str:
    return view.facts.organisation or view.name


def _missing(view: DomainView, finding: Finding) -> Step:
    if view.sends_no_mail:
        # Of the name alone: what stands above it may well send mail.
        what = f"Say that mail of {view.name} is forged whatever it says, as the name sends none"
        return step(view, finding, what, txt(f"_dmarc.{view.name}", "v=DMARC1; p=reject"))
    domain = _organisation(view)
    text = f"v=DMARC1; p=none; rua=mailto:{LOCAL_PART}@{domain}"
    what = (
        f"Publish a DMARC record for {domain}: with p=none and reports first, which change nothing and show who sends in "
        "its name, then p=quarantine and p=reject"
    )
    return step(view, finding, what, txt(f"_dmarc.{domain}", text))


def _enforce(view: DomainView, finding: Finding) -> Step | None:
    record = view.dmarc.record
    if record is None or view.dmarc.place is not Place.OWN:
        return None
    sp = None if record.sp is Disposition.NONE else record.sp
    what = "Once the reports show that all of your own mail passes, let receivers put the rest aside; then p=reject"
    return _changed(view, finding, what, p=Disposition.QUARANTINE, sp=sp)


def _tested(view: DomainView, finding: Finding) -> Step | None:
    return _changed(view, finding, "Take t=y away when the reports show that all of your own mail passes", testing=False)


def _weaker(view: DomainView, finding: Finding) -> Step | None:
    what = "Let the policy hold for the names below too, unless one of them needs a weaker one"
    return _changed(view, finding, what, sp=None, np=None)


def _changed(view: DomainView, finding: Finding, what: str, **changes: object) -> Step | None:
    """The record that applies, changed; None where it is a registry's, which the domain cannot change."""
    found = view.dmarc.found
    if found is None or found.record is None or view.dmarc.place is Place.SUFFIX:
        return None
    record: DmarcRecord = replace(found.record, **changes)  # type: ignore[arg-type]
    if record.p is None or record.standing is not Standing.SOUND:
        # It counts as none at most now, and older receivers apply nothing without a p: it is not to become more by the way.
        record = replace(record, p=Disposition.NONE, sp=None, np=None)
    return _published(view, finding, what, f"_dmarc.{found.domain}", format_record(record))


def _published(view: DomainView, finding: Finding, what: str, place: str, text: str) -> Step:
    """A record at its place; beside an alias nothing can stand (RFC 1034 §3.6.2), so that it is for the target's owner."""
    lookup = view.lookup(place, "TXT")
    target = lookup.owner if lookup is not None and lookup.chain else ""
    records = [txt(target or place, text)] if text else []
    if not target:
        return step(view, finding, what, *records)
    what = f"{what}; {place} is an alias of {target}, where the record stands"
    return step(view, finding, what, *records, who=f"the owner of the zone that holds {target}")


def _broken(view: DomainView, finding: Finding) -> Step:
    place = finding.args["place"]
    what = f"Correct the DMARC record at {place}: {finding.args['detail']}"
    asked = next((each for each in view.dmarc.asked if f"_dmarc.{each.domain}" == place), None)
    meant = asked.meant[0] if asked is not None and asked.meant and not asked.texts else ""
    return _published(view, finding, what, place, _mended(meant))


def _mended(text: str) -> str:
    """A text that was meant to be a record, with a right beginning; "" where more than that is wrong."""
    rest = text.strip('" \t').partition(";")[2].strip(" ;")
    read = parse(f"v=DMARC1; {rest}") if rest else None
    return format_record(read) if isinstance(read, DmarcRecord) and read.p is not None else ""


def _multiple(view: DomainView, finding: Finding) -> Step:
    """The mildest is kept: none of them counted, so that nothing is enforced yet."""
    place = finding.args["place"]
    asked = next(each for each in view.dmarc.asked if f"_dmarc.{each.domain}" == place)
    read = [record for text in asked.texts if isinstance(record := parse(text), DmarcRecord)]
    sound = [record for record in read if record.p is not None and record.standing is Standing.SOUND]
    kept = min(sound, key=lambda record: (_strength(record), not record.rua, record.text), default=None)
    what = f"Keep one of the DMARC records at {place}, the mildest to begin with, and remove the others"
    return _published(view, finding, what, place, "" if kept is None else kept.text)


_STRENGTH = list(Disposition)


def _strength(record: DmarcRecord) -> tuple[int, int]:
    """How much a record asks for at its name, then at names below it."""
    policies = [effective(record, own=own) for own in (True, False)]
    own, below = (0 if each is None else _STRENGTH.index(each.policy) for each in policies)
    return own, below


def _faulty(view: DomainView, finding: Finding) -> Step | None:
    what = "Correct what does not count; without it the record reads"
    return _changed(view, finding, what)


def _differs(view: DomainView, finding: Finding) -> Step | None:
    """A record at the name itself is found by both, and read alike without what only one of them knows."""
    found, policy = view.dmarc.found, view.dmarc_policy
    if found is None or found.record is None:
        return None
    record = found.record
    if view.dmarc.place is Place.OWN:
        what = "Write what both editions read alike: a policy without t and pct"
        if record.testing or record.pct not in (None, 100):
            # A policy that is tested, or meant for a part, is not to become one for all before the reports allow it.
            record = replace(record, p=_milder(record.p), sp=_milder(record.sp), np=_milder(record.np))
            what += ", one step milder until the reports show that all of your own mail passes"
        record = replace(record, p=record.p or Disposition.NONE, pct=None, testing=False)
        if format_record(record) == format_record(found.record):
            return None
        return _published(view, finding, what, f"_dmarc.{found.domain}", format_record(record))
    asked = Disposition.NONE if policy is None else policy.policy
    record = replace(record, p=asked, sp=None, np=None, psd="u", pct=None, testing=False)
    if view.dmarc.place is Place.SUFFIX:  # a registry's record sends its reports to the registry
        uri = mailto(f"{LOCAL_PART}@{_organisation(view)}")
        record = DmarcRecord(p=asked, rua=(uri,) if isinstance(uri, DmarcUri) else ())
    what = f"Publish a record at {view.name} itself, which every receiver finds"
    return _published(view, finding, what, f"_dmarc.{view.name}", format_record(record))


def _milder(policy: Disposition | None) -> Disposition | None:
    return None if policy is None else policy.one_below


def _reports(view: DomainView, finding: Finding) -> Step | None:
    uri = mailto(f"{LOCAL_PART}@{_organisation(view)}")
    if not isinstance(uri, DmarcUri):
        return None
    return _changed(view, finding, "Ask for aggregate reports, at a mailbox that somebody reads", rua=(uri,))


def _external(view: DomainView, finding: Finding) -> Step:
    host, domain = finding.args["host"], finding.args["domain"]
    found = next((each for each in view.dmarc_externals if each.host == host), None)
    records = [] if found is None or found.too_long else [txt(found.question.name, "v=DMARC1")]
    return step(
        view,
        finding,
        f"Have {host} say that it takes reports about {domain}, or send them to a mailbox of your own domain",
        *records,
        who=f"the owner of the zone that holds {host}",
    )


STEPS: dict[str, Advice] = {
    "DMARC_MISSING": _missing,
    "DMARC_POLICY_NONE": _enforce,
    "DMARC_TESTING": _tested,
    "DMARC_BROKEN": _broken,
    "DMARC_MULTIPLE": _multiple,
    "DMARC_FAULTY": _faulty,
    "DMARC_SUBDOMAINS_WEAKER": _weaker,
    "DMARC_PSL_DIFFERS": _differs,
    "DMARC_NO_REPORTS": _reports,
    "DMARC_EXTERNAL_UNAUTHORISED": _external,
}
