"""Where reports come from: files, mailboxes, SMTP, object stores. Streams of octets, and word of what became of them.

Adapters: nothing here knows what a report is (`reports`), or keeps one (`store.reports`).
"""
