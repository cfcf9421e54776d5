"""Bundles are stacks: a mail server in its shipped configuration, and a filter behind it.

Parts are named as an operator names receivers ("postfix+reject_non_fqdn_helo_hostname"). Does not decide anything itself.
"""

from truehelo.receivers.client import Client
from truehelo.receivers.model import Judge
from truehelo.receivers.selection import configured
from truehelo.reception import Judgement, Reception

_FINAL = (Reception.REFUSE, Reception.TEMPFAIL)


def stacked(*parts: str) -> Judge:
    """Return the judge that asks each part in turn: the first refusal ends it, else the worst that any has said stands."""
    judges = [(part, configured(part).judge) for part in parts]

    def judge(client: Client) -> Judgement:
        standing: Judgement | None = None
        for part, each in judges:
            judgement = client.judged.get(part)
            if judgement is None:
                judgement = client.judged[part] = each(client)
            if judgement.verdict in _FINAL:
                return judgement
            if standing is None or judgement.verdict.rank <= standing.verdict.rank:
                standing = judgement
        if standing is None:
            raise ValueError("a stack has a part at least")
        return standing

    return judge
