"""The configuration file of the watch, read from TOML. Pure: no secret is read here, only where it stands."""
