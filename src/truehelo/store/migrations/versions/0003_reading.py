"""Indexes for what is read of many subjects at once, and for how often one failed before."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_UNWELL = sa.text("worst <> 'ok' OR overlay <> ''")
_NOW = sa.text("until IS NULL")


def upgrade() -> None:
    """Make them; two that they replace go."""
    op.create_index("ix_schedule_unwell", "schedule", ["worst", "overlay"], sqlite_where=_UNWELL, postgresql_where=_UNWELL)
    op.drop_index("ix_schedule_worst_overlay", table_name="schedule")
    op.create_index("ix_listings_now", "listings", ["list", "state", "since"], sqlite_where=_NOW, postgresql_where=_NOW)
    op.create_index("ix_members_incident_id_closed_subject_id", "members", ["incident_id", "closed", "subject_id"])
    op.drop_index(op.f("ix_members_incident_id"), table_name="members")
    op.create_index("ix_members_subject_id_tag_joined", "members", ["subject_id", "tag", "joined"])
