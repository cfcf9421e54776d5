"""Mailbox providers and gateways: bands, from what they publish and what was seen, never one fixed outcome.

One file each; names with a leading underscore are helpers.
"""
