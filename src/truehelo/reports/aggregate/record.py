"""One record of an aggregate report: whose address, how many messages, and what was found (RFC 9990 §3.1.1.7 and after).

RFC 7489 appendix C differs in words and in what is required. A record is usable when it has an address and a count;
everything else may be missing and is then "". Results are kept as they are said: what they mean for DMARC is not
decided here.
"""

from truehelo.reports.aggregate import dialects
from truehelo.reports.aggregate.fields import Fields, Gathered, as_name
from truehelo.reports.aggregate.tree import Node
from truehelo.reports.aggregate.values import address, count
from truehelo.reports.model import DkimResult, Reason, Record, Shape, SpfCheck

_RECORD = frozenset({"row", "identifiers", "identities", "auth_results"})
_ROW = frozenset({"source_ip", "count", "policy_evaluated"})
_EVALUATED = frozenset({"disposition", "dkim", "spf", "reason"})
_REASON = frozenset({"type", "comment"})
_IDENTIFIERS = frozenset({"header_from", "envelope_from", "envelope_to"})
_AUTH = frozenset({"dkim", "spf"})
_DKIM = frozenset({"domain", "selector", "result", "human_result"})
_SPF = frozenset({"domain", "scope", "result", "human_result"})


def read_record(node: Node, gathered: Gathered) -> Record:
    """Read a record.

    Raises:
        ValueError: It cannot be used; the message says why.
    """
    fields = Fields(node, "record", _RECORD, gathered)
    fields.stray()
    rows = fields.all("row")
    if len(rows) != 1:
        raise ValueError("it has no row" if not rows else "it has more than one row")
    row = Fields(rows[0], "record/row", _ROW, gathered)
    row.stray()
    source = address(_certain(row, "source_ip"))
    messages = count(_certain(row, "count"))
    if not messages:
        gathered.notes.add(dialects.NO_MESSAGES)
    disposition, dkim, spf, reasons = _evaluated(row, gathered)
    header_from, envelope_from, envelope_to = _identifiers(fields, gathered)
    signatures, checks = _auth_results(fields, gathered)
    shape = Shape(
        disposition=disposition,
        dkim=dkim,
        spf=spf,
        header_from=header_from,
        envelope_from=envelope_from,
        envelope_to=envelope_to,
        reasons=reasons,
        dkim_results=signatures,
        spf_results=checks,
        extras=tuple(gathered.extras),
    )
    return source, messages, shape


def _certain(row: Fields, name: str) -> str:
    """Return the text of an element that may come twice only if it says the same each time."""
    texts = {node.text.strip() for node in row.all(name)}
    if len(texts) > 1:
        raise ValueError(f"it has more than one {name}")
    if not texts:
        raise ValueError(f"it has no {name}")
    return row.value(name) or ""


def _evaluated(row: Fields, gathered: Gathered) -> tuple[str, str, str, tuple[Reason, ...]]:
    node = row.one("policy_evaluated")
    if node is None:
        return "", "", "", ()
    fields = Fields(node, "record/row/policy_evaluated", _EVALUATED, gathered)
    fields.stray()
    disposition = fields.word("disposition", gathered.schema.dispositions)
    dkim, spf = fields.word("dkim", dialects.ALIGNED), fields.word("spf", dialects.ALIGNED)
    return disposition, dkim, spf, tuple(_reasons(fields, gathered))


def _reasons(evaluated: Fields, gathered: Gathered) -> list[Reason]:
    reasons = []
    for node in evaluated.all("reason"):
        fields = Fields(node, "record/row/policy_evaluated/reason", _REASON, gathered)
        kind, comment = fields.word("type", gathered.schema.reasons), fields.value("comment") or ""
        if fields.text and not kind:
            # Some write the type where its element should stand.
            gathered.notes.add(dialects.BARE_REASON)
            kind = fields.as_word(fields.text, gathered.schema.reasons)
        else:
            fields.stray()
        if kind or comment:
            reasons.append(Reason(type=kind, comment=comment))
        else:
            gathered.notes.add(dialects.BARE_REASON)
    return reasons


def _identifiers(record: Fields, gathered: Gathered) -> tuple[str, str | None, str]:
    node = record.renamed("identities", "identifiers", dialects.IDENTITIES)
    if node is None:
        return "", None, ""
    fields = Fields(node, "record/identifiers", _IDENTIFIERS, gathered)
    fields.stray()
    envelope_from = fields.value("envelope_from")
    return fields.name("header_from"), None if envelope_from is None else as_name(envelope_from), fields.name("envelope_to")


def _auth_results(record: Fields, gathered: Gathered) -> tuple[tuple[DkimResult, ...], tuple[SpfCheck, ...]]:
    signatures: list[DkimResult] = []
    checks: list[SpfCheck] = []
    nodes = record.all("auth_results")
    if len(nodes) > 1:
        gathered.notes.add(dialects.DOUBLED)
    for node in nodes:
        fields = Fields(node, "record/auth_results", _AUTH, gathered)
        fields.stray()
        signatures += [_signature(found, gathered) for found in fields.all("dkim") if _says_something(found, gathered)]
        checks += [_check(found, gathered) for found in fields.all("spf") if _says_something(found, gathered)]
    return tuple(signatures), tuple(checks)


def _says_something(result: Node, gathered: Gathered) -> bool:
    """Tell whether a result has anything in it: some reporters write one that has not for a message without a signature."""
    if result.text.strip() or any(child.text.strip() or child.children for child in result.children):
        return True
    gathered.notes.add(dialects.EMPTY_RESULT)
    return False


def _signature(node: Node, gathered: Gathered) -> DkimResult:
    fields = Fields(node, "record/auth_results/dkim", _DKIM, gathered)
    fields.stray()
    domain, selector = fields.name("domain"), fields.name("selector")
    result, human_result = fields.word("result", dialects.DKIM_RESULTS), fields.value("human_result") or ""
    return DkimResult(domain=domain, selector=selector, result=result, human_result=human_result)


def _check(node: Node, gathered: Gathered) -> SpfCheck:
    fields = Fields(node, "record/auth_results/spf", _SPF, gathered)
    fields.stray()
    domain, scope = fields.name("domain"), fields.word("scope", gathered.schema.scopes)
    result, human_result = fields.word("result", dialects.SPF_RESULTS), fields.value("human_result") or ""
    return SpfCheck(domain=domain, scope=scope, result=result, human_result=human_result)
