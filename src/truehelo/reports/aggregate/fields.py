"""The children of an element by name, and nothing lost: what is unknown, doubled or stray is kept as it came.

Decides what counts when an element comes twice (the first with something in it), not what its text means.
"""

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from truehelo.reports.aggregate import dialects
from truehelo.reports.aggregate.tree import Node
from truehelo.reports.model import Extra


class Gathered:
    """What is gathered beside the values of a record or a head: names of dialects, and what the schema does not know."""

    __slots__ = ("extras", "notes", "schema")

    def __init__(self, schema: dialects.Schema) -> None:
        """Begin with nothing, for a report that claims this schema."""
        self.schema = schema
        self.notes: set[str] = set()
        self.extras: list[Extra] = []

    def keep(self, path: str, node: Node) -> None:
        """Keep an element: its text where it has nothing else, else its XML."""
        bare = not node.children and not node.attributes
        self.extras.append(Extra(path=path, text=node.text.strip() if bare else xml_of(node)))


class Fields:
    """The children of `node` that are in `known`, by name. All others are kept. `path` is where the element stands."""

    __slots__ = ("_children", "_gathered", "_path", "text")

    def __init__(self, node: Node, path: str, known: frozenset[str], gathered: Gathered) -> None:
        """Sort the children."""
        self._path, self._gathered = path, gathered
        self._children: dict[str, list[Node]] = {}
        seen: dict[str, int] = {}
        for child in node.children:
            if not child.foreign and child.name in known:
                self._children.setdefault(child.name, []).append(child)
            else:
                seen[child.raw] = number = seen.get(child.raw, 0) + 1
                gathered.keep(self._at(child.raw, number), child)
        for name, value in node.attributes.items():
            self._attribute("", name, value)
        self.text = node.text.strip()
        """Text of the element itself, beside its children."""

    def stray(self) -> None:
        """Keep text that stands between the children, where none belongs."""
        if self.text:
            self._gathered.notes.add(dialects.STRAY_TEXT)
            self._gathered.extras.append(Extra(path=self._at("text()"), text=self.text))

    def one(self, name: str) -> Node | None:
        """Return the child that counts; others of its name are kept."""
        children = self._children.get(name)
        if children is None:
            self._missing(name)
            return None
        chosen = children[0]
        if len(children) > 1:
            self._gathered.notes.add(dialects.DOUBLED)
            chosen = next((child for child in children if child.children or child.text.strip()), chosen)
            for number, child in enumerate(children, 1):
                if child is not chosen:
                    self._gathered.keep(self._at(name, number), child)
        return chosen

    def all(self, name: str) -> list[Node]:
        """Return all children of a name."""
        children = self._children.get(name)
        if children is None:
            self._missing(name)
            return []
        return children

    def renamed(self, old: str, name: str, note: str) -> Node | None:
        """Return the child of a name, or of the one that it had in drafts."""
        if old in self._children and name not in self._children:
            self._gathered.notes.add(note)
            return self.one(old)
        for number, child in enumerate(self._children.get(old, ()), 1):
            self._gathered.keep(self._at(old, number), child)
        return self.one(name)

    def value(self, name: str) -> str | None:
        """Return the text of a child, without blank around it; None where there is no such child."""
        node = self.one(name)
        return None if node is None else self.text_of(name, node)

    def text_of(self, name: str, node: Node) -> str:
        """Return the text of a child that should hold nothing else."""
        for child in node.children:
            self._gathered.keep(f"{self._at(name)}/{child.raw}", child)
        for attribute, value in node.attributes.items():
            self._attribute(name, attribute, value)
        return node.text.strip()

    def word(self, name: str, known: frozenset[str]) -> str:
        """Return a word in lower case, "" where it is left out; name it where the schema does not have it."""
        return self.as_word(self.value(name) or "", known)

    def as_word(self, value: str, known: frozenset[str]) -> str:
        """Return a text as a word in lower case; name it where the schema does not have it."""
        word = value.lower()
        if word != value:
            self._gathered.notes.add(dialects.CAPITALS)
        if word and word not in known:
            self._gathered.notes.add(dialects.legacy(word))
        return word

    def name(self, name: str) -> str:
        """Return a domain name in lower case and without a final dot, "" where it is left out."""
        return as_name(self.value(name) or "")

    def _missing(self, name: str) -> None:
        path = self._at(name).removeprefix("record/")
        if path in self._gathered.schema.required:
            self._gathered.notes.add(dialects.missing(path))

    def _attribute(self, name: str, attribute: str, value: str) -> None:
        if attribute != "xmlns" and not attribute.startswith("xmlns:"):
            at = self._at(f"{name}/@{attribute}" if name else f"@{attribute}")
            self._gathered.extras.append(Extra(path=at, text=value))

    def _at(self, name: str, number: int = 1) -> str:
        path = f"{self._path}/{name}" if self._path else name
        return path if number == 1 else f"{path}[{number}]"


def as_name(text: str) -> str:
    """Return a domain name as names are compared (RFC 4343): in lower case, without a final dot."""
    return bare(text.lower())


def bare(name: str) -> str:
    """Return a name without the final dot that names the root."""
    return name[:-1] if name.endswith(".") else name


def xml_of(node: Node) -> str:
    """Write an element as XML again: attributes in their order, blank text between elements left out."""
    return "".join(_written(node))


def _written(node: Node) -> Iterator[str]:
    attributes = "".join(f" {name}={quoteattr(value)}" for name, value in node.attributes.items())
    text = node.text if node.text.strip() or not node.children else ""
    if not text and not node.children:
        yield f"<{node.raw}{attributes}/>"
        return
    yield f"<{node.raw}{attributes}>{escape(text)}"
    for child in node.children:
        yield from _written(child)
    yield f"</{node.raw}>"
