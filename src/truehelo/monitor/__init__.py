"""The watch: schedule, looks, confirmation, incidents, deliveries, retention. Async, over ports and the store."""
