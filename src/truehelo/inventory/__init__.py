"""The inventory as code: what is to be watched, read from TOML, CSV and JSON, written, and held against what is kept."""
