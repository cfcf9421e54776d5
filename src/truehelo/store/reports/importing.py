"""Reports into the store: one report, one transaction; what came before is counted, what cannot be read is kept as refused.

The same report, by kind, reporter, id, domain and range, with the same octets is a duplicate. With other octets it is kept
and flagged, and stays out of all roll-ups: which of the two is right nobody can tell, and counting both would count
messages twice (ADR 15). Does not read octets (`reports.read`) and does not fetch them (`intake`).
"""

from truehelo.reports.model import FailureReport, Refused, ReportError, TlsReport
from truehelo.store.database import Database, UnfitError
from truehelo.store.reports.aggregates import store_aggregate
from truehelo.store.reports.dimensions import Dimensions
from truehelo.store.reports.failures import store_failure
from truehelo.store.reports.outcomes import Came, Found, Outcome, Reading, Stored
from truehelo.store.reports.refusals import keep_refusal
from truehelo.store.reports.tls import store_tls

__all__ = ["Came", "Found", "Importer", "Outcome", "Reading", "Stored"]


class Importer:
    """Stores what was found in files. Belongs to one thread; several, in several processes, may store at once.

    Args:
        database: One with the schema of this version (`migrate.require`).
    """

    def __init__(self, database: Database) -> None:
        """Begin with nothing remembered."""
        self._database = database
        self._dimensions = Dimensions(database)

    def store(self, found: Found, came: Came) -> Stored:
        """Store one report, or keep why it is none; when this returns, it is on the disk.

        A report that turns out to be none half-way leaves nothing but its refusal, and so does one that the database does
        not take: it would be refused each time it came.

        Raises:
            StoreError: The database failed; nothing of the report stands, and it can be stored again once it is read again.
        """
        if isinstance(found, Refused):
            return self._refused(found.reason, found.where, came)
        try:
            if isinstance(found, TlsReport):
                return store_tls(self._database, self._dimensions, found, came)
            if isinstance(found, FailureReport):
                return store_failure(self._database, self._dimensions, found, came)
            return store_aggregate(self._database, self._dimensions, found, came)
        except ReportError as error:
            return self._refused(error.reason, error.where, came)
        except UnfitError as error:
            return self._refused(f"it holds what the database does not take: {error.reason}", "", came)

    def _refused(self, reason: str, where: str, came: Came) -> Stored:
        with self._database.write() as connection:
            number = keep_refusal(connection, reason, where, came)
        return Stored(outcome=Outcome.REFUSED, kind=None, number=number, reason=reason)
