"""What sends for a domain, by numbers: classes, change points, and which changes are more than chance.

Plain functions over frozen facts; nothing here reads the store (`monitor.sources`).
"""
