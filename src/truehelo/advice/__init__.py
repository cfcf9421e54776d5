"""Advice: findings and owners to steps. The smallest change that makes the names agree, at the owner who can make it.

`plan.advise` is the only door. It does not decide whether something is wrong; findings and verdict did that.
"""

from truehelo.advice.plan import advise

__all__ = ["advise"]
