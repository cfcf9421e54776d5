"""What is kept of sources beside the reports: names observed at import, authorisations, classes, what the watch knew."""
