"""How aggregate reports depart from the schema that they claim: the names under which a reading says so.

RFC 7489 appendix C for reports without a namespace or with its own, RFC 9990 appendix A for its namespace. A dialect
is accepted and named; what cannot be accepted is a fault or a refusal, and has no name here. The set of names is
bounded: no text of a report becomes part of one.
"""

from dataclasses import dataclass

BYTE_ORDER_MARK = "byte order mark"
LEADING_BLANK = "blank before the XML declaration"
ODD_DECLARATION = "odd XML declaration"
UTF_16 = "UTF-16"
WINDOWS_1252 = "windows-1252"
OTHER_ENCODING = "another encoding than UTF-8"
NOT_AS_DECLARED = "not in the encoding that it declares"
UNKNOWN_ENCODING = "declares an encoding that nobody knows"
TRAILING_TEXT = "text after the end"
STRAY_TEXT = "text between elements"

NO_NAMESPACE = "no namespace"
WRONG_NAMESPACE = "wrong namespace"
PREFIX = "prefixed elements"
UNDECLARED_PREFIX = "undeclared prefix"

MILLISECONDS = "times in milliseconds"
FRACTIONS = "times with fractions"
ISO_TIMES = "times in ISO 8601"
BACKWARDS = "range ends before it begins"
SEVERAL_POLICIES = "several policies"
RECORD_FIRST = "records before the metadata"

IDENTITIES = "identities instead of identifiers"
CAPITALS = "words in capitals"
BARE_REASON = "reason without a type"
EMPTY_RESULT = "empty result"
UNKNOWN_WORD = "unknown word"
NO_MESSAGES = "record of no messages"
DOUBLED = "doubled element"

LEGACY_WORDS = (
    "hardfail",
    "softfail",
    "permfail",
    "tempfail",
    "error",
    "unknown",
    "invalid",
    "neutral",
    "none",
    "failed",
    "passed",
)
"""Words that were seen where the schema has no place for them: named one by one as `legacy word "hardfail"`."""


def legacy(word: str) -> str:
    """Name a word that the schema does not have in its place: itself when it is a known one."""
    return f'legacy word "{word}"' if word in LEGACY_WORDS else UNKNOWN_WORD


def missing(path: str) -> str:
    """Name an element that the schema demands: `path` is "policy_published/sp"."""
    return f"no {path}"


@dataclass(frozen=True, slots=True)
class Schema:
    """What a report claims to follow: which elements it must then have, and which words it may use."""

    name: str
    required: frozenset[str]
    dispositions: frozenset[str]
    reasons: frozenset[str]
    scopes: frozenset[str]


RFC_7489_NAMESPACES = frozenset({"", "http://dmarc.org/dmarc-xml/0.1"})
RFC_9990_NAMESPACE = "urn:ietf:params:xml:ns:dmarc-2.0"
NAMESPACES = RFC_7489_NAMESPACES | {RFC_9990_NAMESPACE}

_METADATA = {f"report_metadata/{name}" for name in ("org_name", "email", "report_id", "date_range")}
_EVALUATED = {"row/policy_evaluated", *(f"row/policy_evaluated/{name}" for name in ("disposition", "dkim", "spf"))}
_RECORD = {"identifiers", "identifiers/header_from", "auth_results"} | _EVALUATED
_RESULTS = {f"auth_results/{kind}/{name}" for kind in ("dkim", "spf") for name in ("domain", "result")}
_REASONS = frozenset({"trusted_forwarder", "mailing_list", "local_policy", "other"})

RFC_7489 = Schema(
    "RFC 7489",
    frozenset(
        _METADATA | _RECORD | _RESULTS
        | {f"policy_published/{name}" for name in ("p", "sp", "pct", "fo")}
        | {"version", "identifiers/envelope_from", "auth_results/spf", "auth_results/spf/scope"}
    ),
    frozenset({"none", "quarantine", "reject"}),
    _REASONS | {"forwarded", "sampled_out"},
    frozenset({"helo", "mfrom"}),
)  # fmt: skip
RFC_9990 = Schema(
    "RFC 9990",
    frozenset(_METADATA | _RECORD | _RESULTS | {"policy_published/p", "auth_results/dkim/selector"}),
    frozenset({"none", "pass", "quarantine", "reject"}),
    _REASONS | {"policy_test_mode"},
    frozenset({"mfrom"}),
)

ALIGNED = frozenset({"pass", "fail"})
DKIM_RESULTS = frozenset({"none", "pass", "fail", "policy", "neutral", "temperror", "permerror"})
SPF_RESULTS = frozenset({"none", "neutral", "pass", "fail", "softfail", "temperror", "permerror"})


def schema_of(namespace: str) -> Schema:
    """Tell what a report claims to follow by its namespace."""
    return RFC_9990 if namespace == RFC_9990_NAMESPACE else RFC_7489
