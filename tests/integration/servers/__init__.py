"""Real servers for the integration tests, from the distribution's packages, started on loopback."""
