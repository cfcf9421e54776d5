"""Exit codes of the program and states of the monitoring plugin interface, as numbers alone."""

GOOD, FINDINGS, USAGE, UNDETERMINED, BUG, INTERRUPTED = 0, 1, 2, 3, 70, 130
"""BUG is EX_SOFTWARE of sysexits: the fault is ours, and it is none of the codes that say something about a server."""

OK, WARNING, CRITICAL, UNKNOWN = 0, 1, 2, 3
"""Nagios and its kin have codes of their own; a usage error is UNKNOWN there."""
