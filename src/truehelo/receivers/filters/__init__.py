"""Filters that score a message. One file each; names with a leading underscore are helpers."""
