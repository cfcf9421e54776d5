"""From the store to what the reading commands show (`render/reading.py`). Reads only, and asks no network."""
