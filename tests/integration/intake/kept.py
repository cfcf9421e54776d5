"""What the intake tests share: a database made and looked into, reports as mail, a memory that is a dictionary."""

from email.message import EmailMessage

from sqlalchemy import func, select

from support.corpus import CorpusFile, report
from truehelo.store import migrate
from truehelo.store.database import Database
from truehelo.store.reports.tables import report_refusals, reports


class Remembered(dict[str, str]):
    """Keeps the place of a mailbox as long as the test lasts."""

    def put(self, key: str, value: str) -> None:
        self[key] = value


def made(url: str) -> Database:
    """Return a database with its tables."""
    database = Database(url)
    migrate.upgrade(database)
    return database


def counts(database: Database) -> tuple[int, int, int]:
    """Return how many reports are stored, of how many messages, and how much was refused."""
    with database.read() as connection:
        number, messages = connection.execute(
            select(func.count(), func.coalesce(func.sum(reports.c.messages), 0)).where(reports.c.flagged == 0)
        ).one()
        refused = connection.execute(select(func.count()).select_from(report_refusals)).scalar_one()
    return int(number), int(messages), int(refused)


def numbered(number: int) -> CorpusFile:
    """Return a small report of its own."""
    return report(1000 + number, 5, number=number)


def mail(file: CorpusFile, recipient: str = "dmarc@example.com") -> bytes:
    """Return the mail that brings a report."""
    message = EmailMessage()
    message["From"] = "noreply@reporter.example"
    message["To"] = recipient
    message["Subject"] = f"Report Domain: {file.truth.domain} Submitter: {file.truth.reporter} Report-ID: {file.truth.id}"
    message["Message-ID"] = f"<{abs(hash(file.truth.id))}@reporter.example>"
    message.set_content("A report is attached.")
    subtype = "zip" if file.name.endswith(".zip") else "gzip" if file.name.endswith(".gz") else "xml"
    message.add_attachment(file.octets, maintype="application", subtype=subtype, filename=file.name)
    return message.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
