"""OpenSMTPD: its settings and preset in words, and the prose of its page."""

PRESETS = {"strict": ("rdns", "fcrdns")}
SETTINGS = {
    "rdns": "a filter that matches !rdns: refuse a client without a PTR name",
    "fcrdns": "a filter that matches !fcrdns: refuse a client whose first PTR name does not lead back to its address",
}
VALUES: dict[str, tuple[str, ...]] = {
    "reply": (),
    "phase": ("connect", "ehlo", "mail-from", "rcpt-to"),
    "action": ("disconnect", "reject"),
}
"""`reply`: the text of the filter with its code, "550 no reverse DNS"."""
SHOWN = ("opensmtpd", "opensmtpd+fcrdns", "opensmtpd+rdns")
ABOUT = """OpenSMTPD, with the conditions of its built-in filters that look at names. 6.8 is that of Debian 12, and
7.4 was run too and does the same; 7.6 (Debian 13) and 7.9 differ in one thing: the PTR name "localhost", and every
name that ends in ".localhost", is not looked up and so does not lead back. The smtpd.conf that it comes with holds no
filter and accepts every client whose HELO can be read.

`fcrdns` and `rdns` stand for a filter that matches `!fcrdns` or `!rdns` and then refuses. The text is the
administrator's: `reply=550 no reverse DNS` gives it as in smtpd.conf, and its code decides whether the refusal is
temporary; without one it is taken for permanent, as in the examples that go around, and no reply is shown. `phase` is
the phase of the filter (connect where none is named), `action` whether it says disconnect or reject, which makes no
difference to the mail.

What it looks at: the first PTR name that is a host name, so that with several the outcome hangs on the order of the
answer; its forward records in the address's own family alone; the HELO for its shape. What it does not look at: whether
HELO and PTR are the same, whether the HELO exists, whether an address literal is the client's own.

Traps. A lookup that fails makes `!fcrdns` true, and a failed reverse lookup `!rdns` too, so that an outage of DNS
becomes whatever the administrator wrote, most often a permanent refusal. Of a PTR name 64 characters are kept: a longer
one is cut before it is looked up, and so does not lead back. A PTR name that is the client's own IPv4 address written
out passes `fcrdns` without any record of that name, but fails `rdns`, as does every name that reads as an IPv4 network
("10", "1.2.3"). PTR names that are no host names are skipped, and the next one counts; underscores do no harm, and
hyphens only at the very beginning. A PTR record that names the root is a name for `rdns`, and a dot within a label one
between two. The file of hosts is not read, since smtpd is locked into an empty folder.

A HELO with a final dot is refused (501), and so are a bare IPv6 address and a literal with the tag "IPv4:", while a
literal of either family passes with the tag "IPv6:" or without. A filter of the connect phase comes before that, any
other after it.

The time limits in resolv.conf do not count: a reverse lookup that meets silence keeps the client waiting for its
greeting for 75 seconds and a forward one for 150, with a filter or without. Received lines carry the PTR name even
where it does not lead back.

Tables, filter processes and the other conditions of filters are not known to the model."""
