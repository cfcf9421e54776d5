"""Mail servers. One file each; names with a leading underscore are helpers."""
