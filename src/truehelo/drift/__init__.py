"""What a sighting does to a state, which failures are one incident, and who is told when. Pure functions."""
