"""What is kept of sources beside the reports: names observed, what SPF says of them, and what operators say they are."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NOW = sa.text("ended_at IS NULL")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "standings",
        sa.Column("ip", sa.Text(), nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("iprev", "ptr", "confirmed", "generic")),
        *(sa.Column(name, sa.Text(), server_default="", nullable=False) for name in ("organisation", "detail")),
        sa.PrimaryKeyConstraint("ip", "day", name="pk_standings"),
    )
    op.create_index("ix_standings_at", "standings", ["at"])
    op.create_table(
        "authorised",
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("ip", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("sure", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("domain", "ip", name="pk_authorised"),
    )
    op.create_table(
        "classes",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("target", "kind", "reason", "by")),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("ended_at", sa.Double()),
        sa.PrimaryKeyConstraint("id", name="pk_classes"),
    )
    op.create_index("ix_classes_target", "classes", ["target"])
    op.create_index("uq_classes_now", "classes", ["target"], unique=True, sqlite_where=_NOW, postgresql_where=_NOW)
