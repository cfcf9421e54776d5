"""Facts: what was seen, by whom, when. Frozen, and without opinion.

Nothing here decides whether a thing is good or bad; that is for `checks`.
"""
