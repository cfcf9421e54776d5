"""What is watched beside addresses: domains with their records, keys, reporters and sources, as rows."""
