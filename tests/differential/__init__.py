"""The differential harness: random worlds, the real daemon in a network namespace, and our prediction held against it."""
