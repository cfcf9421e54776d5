"""Since when parts of what is looked at are hidden is kept with the schedule."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column: what is hidden already counts as hidden from the next look on."""
    op.add_column("schedule", sa.Column("hidden", sa.Text(), server_default="", nullable=False))
