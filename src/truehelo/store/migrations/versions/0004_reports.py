"""Reports: what receivers say, record by record, and rolled up by day and week."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    _dimensions()
    _facts()
    _roll_ups()
    _others()


def _dimensions() -> None:
    """Make the tables of what is named again and again."""
    op.create_table(
        "reporters",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("email", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reporters")),
        sa.UniqueConstraint("key", name=op.f("uq_reporters_key")),
    )
    op.create_table(
        "report_domains",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_domains")),
        sa.UniqueConstraint("name", name=op.f("uq_report_domains_name")),
    )
    op.create_table(
        "report_sources",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("ip", sa.Text(), nullable=False),
        sa.Column("family", sa.SmallInteger(), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_sources")),
        sa.UniqueConstraint("ip", name=op.f("uq_report_sources_ip")),
    )
    op.create_table(
        "report_shapes",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("outcome", sa.SmallInteger(), nullable=False),
        sa.Column("disposition", sa.Text(), server_default="", nullable=False),
        sa.Column("dkim", sa.Text(), server_default="", nullable=False),
        sa.Column("spf", sa.Text(), server_default="", nullable=False),
        sa.Column("header_from", sa.Text(), server_default="", nullable=False),
        sa.Column("envelope_from", sa.Text(), nullable=True),
        sa.Column("envelope_to", sa.Text(), server_default="", nullable=False),
        sa.Column("rest", sa.Text(), server_default="{}", nullable=False),
        sa.Column("last_day", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_shapes")),
        sa.UniqueConstraint("key", name=op.f("uq_report_shapes_key")),
    )
    op.create_table(
        "report_policies",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_policies")),
        sa.UniqueConstraint("key", name=op.f("uq_report_policies_key")),
    )
    op.create_table(
        "report_signatures",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("domain", sa.Text(), server_default="", nullable=False),
        sa.Column("selector", sa.Text(), server_default="", nullable=False),
        sa.Column("result", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_signatures")),
        sa.UniqueConstraint("key", name=op.f("uq_report_signatures_key")),
    )
    op.create_table(
        "report_dkim_uses",
        sa.Column("shape_id", _ID, nullable=False),
        sa.Column("signature_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["shape_id"], ["report_shapes.id"], name=op.f("fk_report_dkim_uses_shape_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["signature_id"], ["report_signatures.id"], name=op.f("fk_report_dkim_uses_signature_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("shape_id", "signature_id", name=op.f("pk_report_dkim_uses")),
        sqlite_with_rowid=False,
    )


def _facts() -> None:
    """Make the tables of what came in."""
    op.create_table(
        "reports",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("identity", sa.LargeBinary(), nullable=False),
        sa.Column("reporter_id", _ID, nullable=False),
        sa.Column("domain_id", _ID, nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("begins", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("policy_id", _ID, nullable=True),
        sa.Column("records", sa.BigInteger(), nullable=False),
        sa.Column("messages", sa.BigInteger(), nullable=False),
        sa.Column("bad", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.Text(), server_default="{}", nullable=False),
        sa.Column("faults", sa.Text(), server_default="[]", nullable=False),
        sa.Column("received_at", sa.Double(), nullable=False),
        sa.Column("origin", sa.Text(), server_default="", nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("sender", sa.Text(), server_default="", nullable=False),
        sa.Column("flagged", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("pruned", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("seen_again", sa.Integer(), server_default="0", nullable=False),
        sa.Column("seen_at", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["domain_id"], ["report_domains.id"], name=op.f("fk_reports_domain_id")),
        sa.ForeignKeyConstraint(["policy_id"], ["report_policies.id"], name=op.f("fk_reports_policy_id")),
        sa.ForeignKeyConstraint(["reporter_id"], ["reporters.id"], name=op.f("fk_reports_reporter_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
    )
    op.create_index(
        "ix_reports_domain_id_day", "reports", ["domain_id", "day", "reporter_id", "policy_id", "flagged", "pruned"]
    )
    op.create_index("ix_reports_origin", "reports", ["origin", "kind", "flagged", "seen_again", "received_at"])
    op.create_index(
        "uq_reports_identity",
        "reports",
        ["identity"],
        unique=True,
        sqlite_where=sa.text("flagged = 0"),
        postgresql_where=sa.text("flagged = 0"),
    )
    op.create_index(
        "uq_reports_identity_digest",
        "reports",
        ["identity", "digest"],
        unique=True,
        sqlite_where=sa.text("flagged = 1"),
        postgresql_where=sa.text("flagged = 1"),
    )
    op.create_table(
        "report_records",
        sa.Column("report_id", _ID, nullable=False),
        sa.Column("source_id", _ID, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("outcome", sa.SmallInteger(), nullable=False),
        sa.Column("shape_id", _ID, nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("report_id", "source_id", "position", name=op.f("pk_report_records")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "report_refusals",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("origin", sa.Text(), server_default="", nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("place", sa.Text(), server_default="", nullable=False),
        sa.Column("sender", sa.Text(), server_default="", nullable=False),
        sa.Column("digest", sa.Text(), server_default="", nullable=False),
        sa.Column("kept", sa.Text(), server_default="", nullable=False),
        sa.Column("seen_again", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_refusals")),
    )
    op.create_index(op.f("ix_report_refusals_at"), "report_refusals", ["at"], unique=False)
    op.create_index("ix_report_refusals_digest_name", "report_refusals", ["digest", "name"], unique=False)


def _roll_ups() -> None:
    """Make the tables of the sums."""
    op.create_table(
        "report_days",
        sa.Column("domain_id", _ID, nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("source_id", _ID, nullable=False),
        sa.Column("reporter_id", _ID, nullable=False),
        sa.Column("outcome", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("messages", sa.BigInteger(), nullable=False),
        sa.Column("records", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("domain_id", "day", "source_id", "reporter_id", "outcome", name=op.f("pk_report_days")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "report_weeks",
        sa.Column("domain_id", _ID, nullable=False),
        sa.Column("week", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("source_id", _ID, nullable=False),
        sa.Column("messages", sa.BigInteger(), nullable=False),
        sa.Column("passed", sa.BigInteger(), nullable=False),
        sa.Column("dkim", sa.BigInteger(), nullable=False),
        sa.Column("spf", sa.BigInteger(), nullable=False),
        sa.Column("quarantined", sa.BigInteger(), nullable=False),
        sa.Column("rejected", sa.BigInteger(), nullable=False),
        sa.Column("last_day", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("domain_id", "week", "source_id", name=op.f("pk_report_weeks")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_report_weeks_messages", "report_weeks", ["domain_id", "week", "messages"], unique=False)
    op.create_table(
        "report_reporter_days",
        sa.Column("domain_id", _ID, nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("reporter_id", _ID, nullable=False),
        sa.Column("reports", sa.BigInteger(), nullable=False),
        sa.Column("records", sa.BigInteger(), nullable=False),
        sa.Column("messages", sa.BigInteger(), nullable=False),
        sa.Column("passed", sa.BigInteger(), nullable=False),
        sa.Column("dkim", sa.BigInteger(), nullable=False),
        sa.Column("spf", sa.BigInteger(), nullable=False),
        sa.Column("quarantined", sa.BigInteger(), nullable=False),
        sa.Column("rejected", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("domain_id", "day", "reporter_id", name=op.f("pk_report_reporter_days")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "report_selector_days",
        sa.Column("domain_id", _ID, nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("signature_id", _ID, nullable=False),
        sa.Column("reporter_id", _ID, nullable=False),
        sa.Column("messages", sa.BigInteger(), nullable=False),
        sa.Column("aligned", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("domain_id", "day", "signature_id", "reporter_id", name=op.f("pk_report_selector_days")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "report_firsts",
        sa.Column("source_id", _ID, nullable=False),
        sa.Column("domain_id", _ID, nullable=False),
        sa.Column("first_day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("messages", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source_id", "domain_id", name=op.f("pk_report_firsts")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_report_firsts_first_day", "report_firsts", ["domain_id", "first_day", "messages", "source_id"])


def _others() -> None:
    """Make the tables of TLS reports and failure reports."""
    op.create_table(
        "tls_policies",
        sa.Column("report_id", _ID, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("domain_id", _ID, nullable=False),
        sa.Column("type", sa.Text(), server_default="", nullable=False),
        sa.Column("strings", sa.Text(), server_default="[]", nullable=False),
        sa.Column("mx_hosts", sa.Text(), server_default="[]", nullable=False),
        sa.Column("successful", sa.BigInteger(), nullable=False),
        sa.Column("failed", sa.BigInteger(), nullable=False),
        sa.Column("bad", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failures", sa.Text(), server_default="[]", nullable=False),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"], name=op.f("fk_tls_policies_report_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("report_id", "position", name=op.f("pk_tls_policies")),
    )
    op.create_table(
        "tls_days",
        sa.Column("domain_id", _ID, nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("reporter_id", _ID, nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("reports", sa.BigInteger(), nullable=False),
        sa.Column("successful", sa.BigInteger(), nullable=False),
        sa.Column("failed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("domain_id", "day", "reporter_id", "type", name=op.f("pk_tls_days")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "tls_failure_days",
        sa.Column("domain_id", _ID, nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("reporter_id", _ID, nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("mx", sa.Text(), nullable=False),
        sa.Column("sessions", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "domain_id", "day", "reporter_id", "type", "result", "mx", name=op.f("pk_tls_failure_days")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "failure_reports",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("domain_id", _ID, nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("arrived", sa.Double(), nullable=True),
        sa.Column("source_ip", sa.Text(), server_default="", nullable=False),
        sa.Column("reporter", sa.Text(), server_default="", nullable=False),
        sa.Column("incidents", sa.Integer(), server_default="1", nullable=False),
        sa.Column("redacted", sa.SmallInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("received_at", sa.Double(), nullable=False),
        sa.Column("origin", sa.Text(), server_default="", nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("seen_again", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["domain_id"], ["report_domains.id"], name=op.f("fk_failure_reports_domain_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_failure_reports")),
        sa.UniqueConstraint("digest", name=op.f("uq_failure_reports_digest")),
    )
    op.create_index("ix_failure_reports_day", "failure_reports", ["day"], unique=False)
    op.create_index("ix_failure_reports_domain_id_day", "failure_reports", ["domain_id", "day"], unique=False)
    op.create_index("ix_failure_reports_source_ip_day", "failure_reports", ["source_ip", "day"], unique=False)
