"""Runs migrations over the connection that `store/migrate.py` hands in, within its transaction."""

from alembic import context

from truehelo.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=False)
context.run_migrations()
