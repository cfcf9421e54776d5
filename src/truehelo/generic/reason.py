"""Why a name counts as generic. A value without rules of its own."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A rule that held, and a fragment of a sentence for people, such as "holds its own address in reversed hex".

    `provider` is the id of the provider whose default it is, where that is the rule.
    """

    rule: str
    detail: str
    provider: str | None = None
