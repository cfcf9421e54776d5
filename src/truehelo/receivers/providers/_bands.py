"""What mailbox providers publish, as bands: of how the PTR names stand to the address follow all outcomes that are known.

Providers do not show their source, and change their minds. So a model holds what a document says or what bounces were
seen to say, each with its month, and where that leaves more than one outcome, all of them (RFC 8601 §3 for the relation).
Does not decide what a provider makes of the message, of its volume and of the reputation of who sends it.
"""

from collections.abc import Mapping

from truehelo.receivers.client import Client, Reverse
from truehelo.receivers.model import Judge
from truehelo.reception import Grade, Judgement, Reception, Rule, either

POLICY = "policy"
Band = Mapping[Reverse, Judgement]


def rule(name: str, words: str, grade: Grade, source: str, seen: str) -> Rule:
    """Return a rule; `name` in the provider's own words."""
    return Rule(id=name, words=words, grade=grade, source=source, seen=seen)


def exceptions(seen: str) -> Rule:
    """Return the rule for whom a provider may exempt; `seen` is the month of what it is an exception from."""
    return Rule(
        id="exceptions",
        words="this is what is documented or was seen; whom the provider exempts from it is not published",
        grade=Grade.UNVERIFIED,
        source="nothing published",
        seen=seen,
    )


def accept(by: Rule) -> Judgement:
    """Return an acceptance, as far as names go."""
    return Judgement(Reception.ACCEPT, by)


def risk(by: Rule) -> Judgement:
    """Return a risk: the spam folder, or reputation."""
    return Judgement(Reception.AT_RISK, by)


def delay(by: Rule, reply: str = "") -> Judgement:
    """Return a temporary refusal. "{ip}" in the reply stands for the address."""
    return Judgement(Reception.TEMPFAIL, by, reply)


def refuse(by: Rule, reply: str = "") -> Judgement:
    """Return a permanent refusal. "{ip}" in the reply stands for the address."""
    return Judgement(Reception.REFUSE, by, reply)


def one_of(*outcomes: Judgement) -> Judgement:
    """Return the band of several outcomes that the provider's own policy decides between."""
    return either(tuple(each for outcome in outcomes for each in outcome.possible()), POLICY)


def several(provider: str) -> Rule:
    """Return the rule for a client with several PTR names of which only some lead back."""
    return Rule(
        id="several PTR names",
        words=f"not every PTR name leads back, and how many of them {provider} looks at is not published",
        grade=Grade.UNVERIFIED,
        source="nothing published",
        seen="2026-11",
    )


def band(
    *,
    confirmed: Judgement,
    none: Judgement,
    partly: Rule,
    elsewhere: Judgement | None = None,
    failed: Judgement | None = None,
    generic: Judgement | None = None,
) -> Band:
    """Return the band of a provider.

    Args:
        confirmed: Every PTR name leads back.
        none: There is no PTR record.
        partly: The rule for several PTR names of which some lead back.
        elsewhere: No PTR name leads back; as without a record, where not said.
        failed: A lookup failed; as without a record, where not said.
        generic: The names lead back but look generated; as any other, where not said.
    """
    none, failed = _never_one(none), None if failed is None else _never_one(failed)
    elsewhere = none if elsewhere is None else _never_one(elsewhere)
    generic = None if generic is None else _never_one(generic)
    some = either(
        (confirmed._replace(rule=partly), *(each._replace(rule=partly) for each in elsewhere.possible())), "record order"
    )
    return {
        Reverse.CONFIRMED: confirmed,
        Reverse.GENERIC: confirmed if generic is None else generic,
        Reverse.PARTLY: some if elsewhere.verdict is not confirmed.verdict else confirmed,
        Reverse.ELSEWHERE: elsewhere,
        Reverse.NONE: none,
        Reverse.FAILED: none if failed is None else failed,
    }


def _never_one(judgement: Judgement) -> Judgement:
    """What is documented or was seen is the rule, not a promise: a single refusal keeps its verdict, and becomes a band."""
    if judgement.outcomes or judgement.verdict is Reception.ACCEPT:
        return judgement
    at_risk = judgement.verdict is Reception.AT_RISK
    milder = accept(judgement.rule) if at_risk else risk(exceptions(judgement.rule.seen))
    return judgement._replace(depends=POLICY, outcomes=(judgement, milder))


def by_reverse(four: Band, six: Band | None = None) -> Judge:
    """Return the judge that looks a client up in the band of its family (`six` is as `four` where not given)."""
    bands = {4: four, 6: four if six is None else six}
    known = {
        (family, each): (judgement, "{ip}" in _replies(judgement))
        for family, table in bands.items()
        for each, judgement in table.items()
    }

    def judge(client: Client) -> Judgement:
        judgement, names_address = known[client.place]
        return filled(judgement, client) if names_address else judgement

    return judge


def filled(judgement: Judgement, client: Client) -> Judgement:
    """Return a judgement with the client's address in its replies."""
    return _filled(judgement, client.address)


def _filled(judgement: Judgement, ip: str) -> Judgement:
    # Written out, since dataclasses.replace takes several times as long.
    outcomes = tuple(_filled(each, ip) for each in judgement.outcomes) if judgement.outcomes else ()
    reply = judgement.reply.replace("{ip}", ip)
    return Judgement(judgement.verdict, judgement.rule, reply, depends=judgement.depends, outcomes=outcomes)


def _replies(judgement: Judgement) -> str:
    return "".join(each.reply for each in judgement.possible()) + judgement.reply


def rules_of(*bands: Band) -> tuple[Rule, ...]:
    """Return every rule of these bands, each once."""
    judgements = [judgement for table in bands for judgement in table.values()]
    return tuple(dict.fromkeys(each.rule for judgement in judgements for each in judgement.possible()))
