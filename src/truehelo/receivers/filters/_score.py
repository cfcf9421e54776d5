"""Points: what the symbols of a filter add up to, and what its actions make of that. For the filters alone.

A filter's verdict here is about the points that names cost by themselves, as if nothing else spoke for or against the
message. No RFC defines any of it.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache

from truehelo.reception import Judgement, Reception, Rule, Symbol

NOTEWORTHY = 1.0
"""From so many points on, names are a risk although no action follows from them alone."""

Weigh = Callable[[tuple[str, ...]], Judgement]
"""Symbols that fired, one perhaps more than once -> judgement."""
Cost = Callable[[str, int], float]
"""A symbol and how often it fired -> its points."""


def weigher(
    accepts: Rule, rules: Mapping[str, Rule], cost: Cost, action: Callable[[float], tuple[Reception, str]]
) -> Weigh:
    """Return what makes a judgement of symbols, each set of them once.

    Args:
        accepts: The rule of a client whose names cost nothing.
        rules: The rule of each symbol that may fire.
        cost: What a symbol costs.
        action: Points -> what the filter does with a message of so many, and the reply ("" where there is none).
    """
    nothing = Judgement(Reception.ACCEPT, accepts, score=0.0)

    @lru_cache(maxsize=4096)
    def weighed(fired: tuple[str, ...]) -> Judgement:
        symbols = tuple(Symbol(name, cost(name, fired.count(name))) for name in dict.fromkeys(fired))
        score = round(sum(symbol.points for symbol in symbols), 3)
        verdict, reply = action(score)
        telling = max(symbols, key=lambda symbol: symbol.points).name
        return Judgement(verdict, rules[telling] if verdict is not Reception.ACCEPT else accepts, reply, score, symbols)

    def weigh(fired: tuple[str, ...]) -> Judgement:
        return weighed(fired) if fired else nothing

    return weigh


def by_points(score: float) -> Reception:
    """Return the verdict of points from which no action follows."""
    return Reception.AT_RISK if score >= NOTEWORTHY else Reception.ACCEPT
