"""How the watch lives on a machine: systemd, the small HTTP listener, the dead-man ping."""
