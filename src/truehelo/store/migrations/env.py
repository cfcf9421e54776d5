"""Runs migrations over the connection that `store/migrate.py` hands in, within its transaction."""

from typing import Any

from alembic import context

from truehelo.store.tables import metadata


def _reached(ctx: object, step: Any, heads: object, run_args: object) -> None:  # noqa: ARG001  as Alembic calls it
    context.config.attributes["told"](str(step.up_revision_id))


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=False,
    on_version_apply=_reached,
)
context.run_migrations()
