"""What tests share: a small world in memory, and fakes of the ports over it."""
