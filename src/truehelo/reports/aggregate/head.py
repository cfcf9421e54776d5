"""All of an aggregate report but its records: who reports, about when, and the policy that was seen (RFC 9990 §3.1.1).

RFC 7489 appendix C differs in what is required. Metadata and policy may come after the records, and twice: the first policy
counts.
"""

from truehelo.reports.aggregate import dialects
from truehelo.reports.aggregate.fields import Fields, Gathered
from truehelo.reports.aggregate.tree import Node, Root
from truehelo.reports.aggregate.values import time
from truehelo.reports.model import AggregateHead, Extra, Metadata, Policy, ReportError

_METADATA = frozenset({"org_name", "email", "report_id", "date_range", "extra_contact_info", "error", "generator"})
_RANGE = frozenset({"begin", "end"})
_POLICIES, _MODES = frozenset({"none", "quarantine", "reject"}), frozenset({"r", "s"})
_WORDS = {
    **dict.fromkeys(("p", "sp", "np"), _POLICIES),
    **dict.fromkeys(("adkim", "aspf"), _MODES),
    "testing": frozenset({"y", "n"}),
    "discovery_method": frozenset({"psl", "treewalk"}),
}
_POLICY = frozenset(_WORDS) | {"domain", "pct", "fo"}


class Head:
    """Takes the elements below the root that are no records, and is asked for the head once all of them are there."""

    def __init__(self, root: Root) -> None:
        """Begin with what the root says."""
        self.gathered = Gathered(dialects.schema_of(root.namespace))
        self.gathered.notes |= root.notes()
        self._namespace = root.namespace
        self._version = ""
        self._metadata: Metadata | None = None
        self._policies: list[Policy] = []
        self._doubt = ""
        for name, value in root.attributes.items():
            if name != "xmlns" and not name.startswith("xmlns:"):
                self.gathered.extras.append(Extra(path=f"@{name}", text=value))

    def take(self, node: Node) -> None:
        """Take an element."""
        if node.foreign:
            self.gathered.keep(node.raw, node)
        elif node.name == "report_metadata" and self._metadata is None:
            self._metadata = self._read_metadata(node)
        elif node.name == "policy_published":
            self._policies.append(self._read_policy(node))
        elif node.name == "version" and not self._version:
            self._version = node.text.strip()
        else:
            if node.name in ("report_metadata", "version"):
                self.gathered.notes.add(dialects.DOUBLED)
            self.gathered.keep(node.raw, node)

    def stray(self, text: str) -> None:
        """Take text that stands between the elements."""
        self.gathered.notes.add(dialects.STRAY_TEXT)
        self.gathered.extras.append(Extra(path="text()", text=text))

    @property
    def begun(self) -> bool:
        """The metadata has come."""
        return self._metadata is not None

    def finish(self, notes: set[str]) -> AggregateHead:
        """Put the head together; `notes` are the dialects of everything else.

        Raises:
            ReportError: It does not say who reports, about what, or when.
        """
        metadata = self._metadata
        if metadata is None:
            raise ReportError("it has no report_metadata")
        if self._doubt:
            raise ReportError(self._doubt)
        if not (metadata.org_name or metadata.email):
            raise ReportError("it does not say who reports: org_name and email are missing")
        if not self._policies:
            raise ReportError("it has no policy_published")
        if not self._policies[0].domain:
            raise ReportError("it does not say which domain it is about: policy_published has no domain")
        if len(self._policies) > 1:
            self.gathered.notes.add(dialects.SEVERAL_POLICIES)
        if not self._version and "version" in self.gathered.schema.required:
            self.gathered.notes.add(dialects.missing("version"))
        return AggregateHead(
            metadata=metadata,
            policies=tuple(self._policies),
            version=self._version,
            namespace=self._namespace,
            dialects=tuple(sorted(self.gathered.notes | notes)),
            extras=tuple(self.gathered.extras),
        )

    def _read_metadata(self, node: Node) -> Metadata:
        fields = Fields(node, "report_metadata", _METADATA, self.gathered)
        fields.stray()
        begin, end = self._range(fields.one("date_range"))
        errors = [fields.text_of("error", error) for error in fields.all("error")]
        return Metadata(
            org_name=fields.value("org_name") or "",
            email=fields.value("email") or "",
            report_id=fields.value("report_id") or "",
            begin=begin,
            end=end,
            extra_contact_info=fields.value("extra_contact_info") or "",
            errors=tuple(error for error in errors if error),
            generator=fields.value("generator") or "",
        )

    def _range(self, node: Node | None) -> tuple[int, int]:
        """Read the range. What is wrong with it is said at the end, when nothing worse is found."""
        if node is None:
            self._doubt = "it does not say which time it is about: report_metadata has no date_range"
            return 0, 0
        fields = Fields(node, "report_metadata/date_range", _RANGE, self.gathered)
        fields.stray()
        try:
            begin, end = (time(fields.value(name) or "", self.gathered.notes.add) for name in ("begin", "end"))
        except ValueError as error:
            self._doubt = f"it does not say which time it is about: {error}"
            return 0, 0
        if end < begin:
            self.gathered.notes.add(dialects.BACKWARDS)
        return begin, end

    def _read_policy(self, node: Node) -> Policy:
        fields = Fields(node, "policy_published", _POLICY, self.gathered)
        fields.stray()
        words = {name: fields.word(name, known) for name, known in _WORDS.items()}
        pct, fo = fields.value("pct") or "", (fields.value("fo") or "").lower()
        return Policy(domain=fields.name("domain"), pct=pct, fo=fo, **words)
