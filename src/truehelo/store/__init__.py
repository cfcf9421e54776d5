"""The store: tables, migrations and the queries of the watch, over SQLAlchemy Core (SQLite, PostgreSQL)."""
