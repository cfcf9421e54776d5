"""Bundles: mail servers and filters as somebody ships them. One file each; names with a leading underscore are helpers."""
