"""What is watched beside addresses: incidents may be about domains, keys, sources and reporters too."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OPEN = sa.text("closed IS NULL")
_WHOM = "(subject_id IS NULL) <> (thing_id IS NULL)"
_MEMBERS = "id, incident_id, subject_id, tag, since, joined, well_since, closed, old, new"  # as 0001 made them


def upgrade() -> None:
    """Make the tables; members are of a subject or of a thing from now on."""
    op.create_table(
        "things",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("domain", sa.Text(), server_default="", nullable=False),
        sa.Column("groups", sa.Text(), server_default="[]", nullable=False),
        sa.Column("owner", sa.Text(), server_default="", nullable=False),
        sa.Column("added_at", sa.Double(), nullable=False),
        sa.Column("removed_at", sa.Double()),
        sa.PrimaryKeyConstraint("id", name="pk_things"),
        sa.UniqueConstraint("kind", "name", "domain", name="uq_things_kind_name_domain"),
    )
    _states()
    _domains()
    if op.get_bind().dialect.name == "sqlite":
        _members_anew()
    else:
        op.alter_column("members", "subject_id", nullable=True)
        op.add_column("members", sa.Column("thing_id", _ID))
        op.create_foreign_key("fk_members_thing_id", "members", "things", ["thing_id"], ["id"], ondelete="CASCADE")
        op.create_check_constraint("ck_members_whom", "members", _WHOM)
    op.create_index(
        "uq_members_open_thing", "members", ["thing_id", "tag"], unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN
    )


def _thing(*, key: bool = False) -> "sa.Column[int]":
    return sa.Column("thing_id", _ID, nullable=False, autoincrement=False if key else "auto")


def _states() -> None:
    op.create_table(
        "thing_states",
        _thing(key=True),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("since", sa.Double(), nullable=False),
        sa.Column("changed_at", sa.Double(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("old", sa.Text(), server_default="", nullable=False),
        sa.Column("new", sa.Text(), server_default="", nullable=False),
        sa.Column("details", sa.Text(), server_default="{}", nullable=False),
        sa.ForeignKeyConstraint(["thing_id"], ["things.id"], name="fk_thing_states_thing_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("thing_id", "tag", name="pk_thing_states"),
    )


def _domains() -> None:
    op.create_table(
        "watched_domains",
        _thing(key=True),
        sa.Column("origins", sa.Text(), server_default="[]", nullable=False),
        sa.Column("interval_s", sa.Double(), nullable=False),
        sa.Column("next_run_at", sa.Double()),
        sa.Column("due_at", sa.Double()),
        sa.Column("claimed_by", sa.Text()),
        sa.Column("claimed_until", sa.Double()),
        sa.Column("checked_at", sa.Double()),
        sa.Column("determined_at", sa.Double()),
        sa.Column("undetermined_since", sa.Double()),
        sa.Column("undetermined_cause", sa.Text()),
        sa.Column("began_at", sa.Double()),
        sa.Column("suspected", sa.Text(), server_default="{}", nullable=False),
        sa.ForeignKeyConstraint(["thing_id"], ["things.id"], name="fk_watched_domains_thing_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("thing_id", name="pk_watched_domains"),
    )
    op.create_index("ix_watched_domains_next_run_at", "watched_domains", ["next_run_at"])
    op.create_table(
        "domain_records",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        _thing(),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("ttl", sa.Integer(), server_default="0", nullable=False),
        sa.Column("since", sa.Double(), nullable=False),
        sa.Column("until", sa.Double()),
        sa.ForeignKeyConstraint(["thing_id"], ["things.id"], name="fk_domain_records_thing_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_domain_records"),
    )
    op.create_index("ix_domain_records_thing_id_what_since", "domain_records", ["thing_id", "what", "since"])
    op.create_table(
        "domain_flips",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        _thing(),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("old", sa.Text(), nullable=False),
        sa.Column("new", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["thing_id"], ["things.id"], name="fk_domain_flips_thing_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_domain_flips"),
    )
    op.create_index("ix_domain_flips_thing_id_at", "domain_flips", ["thing_id", "at"])
    op.create_index("ix_domain_flips_at", "domain_flips", ["at"])


def _members_anew() -> None:
    """SQLite cannot take a NOT NULL back: the table is made anew, and its rows are carried over."""
    op.create_table(
        "members_anew",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("incident_id", _ID, nullable=False),
        sa.Column("subject_id", _ID),
        sa.Column("thing_id", _ID),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("since", sa.Double(), nullable=False),
        sa.Column("joined", sa.Double(), nullable=False),
        sa.Column("well_since", sa.Double()),
        sa.Column("closed", sa.Double()),
        sa.Column("old", sa.Text(), server_default="", nullable=False),
        sa.Column("new", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name="fk_members_incident_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["subject_id"], ["subjects.id"], name="fk_members_subject_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["thing_id"], ["things.id"], name="fk_members_thing_id", ondelete="CASCADE"),
        sa.CheckConstraint(_WHOM, name="ck_members_whom"),
        sa.PrimaryKeyConstraint("id", name="pk_members"),
    )
    op.execute(f"INSERT INTO members_anew ({_MEMBERS}) SELECT {_MEMBERS} FROM members")  # noqa: S608  our own names
    op.drop_table("members")
    op.rename_table("members_anew", "members")
    op.create_index("ix_members_incident_id_closed_subject_id", "members", ["incident_id", "closed", "subject_id"])
    op.create_index("ix_members_subject_id_tag_joined", "members", ["subject_id", "tag", "joined"])
    op.create_index(
        "uq_members_open", "members", ["subject_id", "tag"], unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN
    )
