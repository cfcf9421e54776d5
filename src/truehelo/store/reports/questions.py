"""What is asked of the reports that are stored: `(connection, ...)` -> frozen rows, never an opinion.

Days are numbers since the epoch (UTC), ranges of days hold both ends, a domain that is None means all of them, one that no
report is about has an empty answer. Whatever is asked is answered from roll-ups, but for `source_shapes`, which reads the
records of one address, and `looks_of`, which reads some records of many.
"""

from truehelo.store.reports.answers import (
    DaySums,
    DomainSums,
    OriginCounts,
    PolicySeen,
    RefusedFile,
    ReporterDay,
    ReporterSums,
    SelectorReporter,
    SelectorSums,
    Silence,
    SourceDay,
    SourceShape,
    SourceSums,
    StoredReport,
    Sums,
    TlsDay,
    TlsFailureSums,
    Total,
)
from truehelo.store.reports.intake_questions import origins, refusals, stored_reports, totals, week_totals
from truehelo.store.reports.lately import looks_of
from truehelo.store.reports.record_questions import (
    failures,
    policies,
    selector_at,
    selectors,
    tls_by_day,
    tls_failures,
)
from truehelo.store.reports.reporter_questions import dispositions, domains, silent_reporters, told_by, told_messages, trend
from truehelo.store.reports.source_questions import (
    count_new,
    count_sources,
    messages_by_day,
    new_sources,
    source,
    source_domains,
    source_shapes,
    sources,
)

reporters = told_by

__all__ = [
    "DaySums",
    "DomainSums",
    "OriginCounts",
    "PolicySeen",
    "RefusedFile",
    "ReporterDay",
    "ReporterSums",
    "SelectorReporter",
    "SelectorSums",
    "Silence",
    "SourceDay",
    "SourceShape",
    "SourceSums",
    "StoredReport",
    "Sums",
    "TlsDay",
    "TlsFailureSums",
    "Total",
    "count_new",
    "count_sources",
    "dispositions",
    "domains",
    "failures",
    "looks_of",
    "messages_by_day",
    "new_sources",
    "origins",
    "policies",
    "refusals",
    "reporters",
    "selector_at",
    "selectors",
    "silent_reporters",
    "source",
    "source_domains",
    "source_shapes",
    "sources",
    "stored_reports",
    "tls_by_day",
    "tls_failures",
    "told_messages",
    "totals",
    "trend",
    "week_totals",
]
