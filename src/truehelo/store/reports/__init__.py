"""Reports in the store: what they said, record by record, and rolled up by day, so that questions are answered at once.

`importing` brings them in, `questions` and its neighbours answer, `retention` removes, `export` hands out. ADR 15.
"""
