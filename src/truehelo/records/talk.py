"""How what needs several lookups speaks with whoever answers: it yields a question and is sent the lookup.

No I/O: the engine answers from a resolver, a check answers from facts, a test answers from a table.
"""

import re
from collections.abc import Callable, Generator
from typing import TypeVar

from truehelo.facts.dns import Lookup, Question
from truehelo.facts.names import MAX_LABEL, MAX_NAME

T = TypeVar("T")
Talk = Generator[Question, Lookup, T]

_ASKABLE = re.compile(r"[ -\[\]-~]+", re.ASCII)


def drive(talk: Talk[T], answer: Callable[[Question], Lookup | None]) -> T:
    """Run `talk` to its end and return what it returns. A question answered with None counts as a timeout."""
    try:
        question = next(talk)
        while True:
            question = talk.send(answer(question) or Lookup(question=question, exchanges=()))
    except StopIteration as stop:
        result: T = stop.value
        return result


def can_be_asked(name: str) -> bool:
    """Tell whether a name can be put into a question: no empty or overlong label, and printable ASCII without backslash.

    Other octets could stand in a label, but nothing that a mail server's name or a record needs has them; such a name
    counts as one that does not exist.
    """
    labels = name.split(".")
    return len(name) <= MAX_NAME and all(0 < len(label) <= MAX_LABEL for label in labels) and bool(_ASKABLE.fullmatch(name))
