"""The index over the largest sources of a week holds their numbers: on PostgreSQL no row is read for them any more."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index anew; SQLite has the key of the table in it as it is."""
    if op.get_context().dialect.name != "postgresql":
        return
    op.drop_index("ix_report_weeks_messages", "report_weeks")
    op.create_index(
        "ix_report_weeks_messages", "report_weeks", ["domain_id", "week", "messages"], postgresql_include=["source_id"]
    )
