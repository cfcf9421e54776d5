"""What the last look of a subject could not see, so that vantage points can be held against each other."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what has not been looked at since counts as seen."""
    op.add_column("schedule", sa.Column("unseen", sa.Text(), server_default="", nullable=False))
