"""What a record asks for at one name: which of p, sp and np counts, and what is left of it while it is tested.

RFC 9989 §4.7 and §4.10.1, and for receivers that follow the older edition RFC 7489 §6.3 and §6.6.3. What a receiver then
does is its own choice (RFC 9989 §5.4), and not decided here.
"""

from dataclasses import dataclass

from truehelo.records.dmarc.model import Disposition, DmarcRecord, Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectivePolicy:
    """What is asked for where mail of a name fails.

    `policy` is what is to be applied; `declared` is what is written, one step stronger while `testing`. `tag` is the tag
    that decided: "p", "sp" or "np". `share` is the percentage of the messages that it is meant for (RFC 7489 §6.6.4).
    """

    policy: Disposition
    declared: Disposition
    tag: str
    testing: bool = False
    share: int = 100


def effective(record: DmarcRecord, *, own: bool, exists: bool = True) -> EffectivePolicy | None:
    """Return what a record asks for by RFC 9989 §4.10.1; None where DMARC is not applied at all.

    Args:
        record: The record that applies.
        own: It stands at the name itself, not above it.
        exists: The name exists; only an NXDOMAIN says that it does not (RFC 9989 §3.2.13).
    """
    if record.standing is Standing.IGNORED:
        return None
    if record.standing is Standing.AS_NONE:
        return EffectivePolicy(policy=Disposition.NONE, declared=Disposition.NONE, tag="p")
    tag, declared = _deciding(record, own=own, exists=exists)
    policy = declared.one_below if record.testing else declared
    return EffectivePolicy(policy=policy, declared=declared, tag=tag, testing=record.testing)


def _deciding(record: DmarcRecord, *, own: bool, exists: bool) -> tuple[str, Disposition]:
    if not own:
        if not exists and record.np is not None:
            return "np", record.np
        if record.sp is not None:
            return "sp", record.sp
    return "p", record.p or Disposition.NONE


def effective_7489(record: DmarcRecord, *, own: bool) -> EffectivePolicy | None:
    """Return what a record asks for by the older edition, which knows pct, and neither np nor t (RFC 7489 §6.3).

    None where DMARC is not applied at all.
    """
    if record.standing_7489 is Standing.IGNORED:
        return None
    if record.standing_7489 is Standing.AS_NONE:
        return EffectivePolicy(policy=Disposition.NONE, declared=Disposition.NONE, tag="p")
    tag, declared = _deciding(record, own=own, exists=True)
    share = 100 if record.pct is None else record.pct
    return EffectivePolicy(policy=declared, declared=declared, tag=tag, share=share)
