"""Choosing by weight."""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

Chosen = TypeVar("Chosen")


def weighted(random: Random, options: Sequence[tuple[Chosen, float]]) -> Chosen:
    """Return one of the options, each as likely as its weight says."""
    values, weights = zip(*options, strict=True)
    return random.choices(values, weights)[0]
