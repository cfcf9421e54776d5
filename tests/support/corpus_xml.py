"""How a reporter of the corpus writes XML: a tree of elements, and a layout to write it in."""

from dataclasses import dataclass
from xml.sax.saxutils import escape

SOURCE, NUMBER = "\ue000", "\ue001"
"""Stand for the source address and the count, until a record is made of its shape."""

Tree = tuple[str, "str | list[Tree]"]
"""An element: its name, and its text or its children. "spf xml:lang='en'" is a name with an attribute."""


@dataclass(frozen=True, kw_only=True)
class _Habits:
    """What a reporter writes beside the least that there is."""

    attributes: str = ""
    newline: str = "\n"
    version: str = ""
    contact: bool = False
    fo: bool = False
    sp: bool = True
    np: bool = False
    rfc9990: bool = False
    envelopes: bool = False
    selector: bool = True
    scope: bool = False
    result_first: bool = False
    human: bool = False
    lang: bool = False
    comments: bool = False


@dataclass(frozen=True)
class Layout(_Habits):
    """The XML declaration ("" for none), one step of indentation (None: all in one line), and habits.

    `envelopes`: envelope_to and envelope_from are reported; `selector`: the selector of a signature is; `lang`: texts for
    people carry a language.
    """

    declaration: str
    indent: str | None

    @property
    def end(self) -> str:
        """What ends a line."""
        return "" if self.indent is None else self.newline


def serialise(tree: Tree, layout: Layout, depth: int) -> str:
    """Write an element and all in it."""
    name, content = tree
    margin = (layout.indent or "") * depth
    closing = name.split(" ", 1)[0]
    if isinstance(content, str):
        return f"{margin}<{name}>{escape(content)}</{closing}>{layout.end}"
    inside = "".join(serialise(child, layout, depth + 1) for child in content)
    return f"{margin}<{name}>{layout.end}{inside}{margin}</{closing}>{layout.end}"
