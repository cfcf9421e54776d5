"""The simulated year: the whole watch over a scripted world and a clock that runs as fast as the work is done."""
