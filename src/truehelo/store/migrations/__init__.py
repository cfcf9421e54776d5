"""Migrations of the schema, one file a version; run by `store/migrate.py`."""
