"""Reports joined with identity: what sends for a domain, what it was called then, and what receivers made of it."""
