"""Exim: its settings and presets in words, and the prose of its page."""

PRESETS = {"strict": ("reverse_host_lookup", "helo_verify_hosts")}
SETTINGS = {
    "reverse_host_lookup": "an ACL requires `verify = reverse_host_lookup`: a PTR name has to lead back to the address",
    "defer_ok": "with reverse_host_lookup: `verify = reverse_host_lookup/defer_ok`, a failed lookup passes",
    "helo_verify_hosts": "`helo_verify_hosts = *`: the HELO has to belong to the address, or EHLO is refused",
    "verify_helo": "an ACL requires `verify = helo`: the HELO has to belong to the address",
    "helo_accept_junk_hosts": "`helo_accept_junk_hosts = *`: a HELO of any shape is taken",
}
VALUES: dict[str, tuple[str, ...]] = {"helo_allow_chars": ()}
SHOWN = ("exim", "exim+reverse_host_lookup", "exim+helo_verify_hosts", "exim+verify_helo")
ABOUT = """Exim with `host_lookup = *`, as in its default configuration, and with the conditions on names that an
administrator can add. 4.96 is the release of Debian 12; 4.97 stands for every later one, of which 4.98.2 (Debian 13)
and 4.100.1 were run. Nothing of the settings is on in a stock configuration, which refuses a HELO for its shape
alone.

From 4.97 on a PTR name that holds anything but letters, digits, hyphens and dots is ignored, and not looked up. But
where all names are of that kind, the system's resolver is asked as well, and its word counts: it gives the first
name alone, so that the order matters here; with an underscore it leads back as any other name would, and one that is
no host name ("*.example.com") is a temporary failure. A forward reply that cannot be read is no failure there, but as
good as no record.

What it looks at: every PTR name, without a limit, so that the order seldom matters; the A and AAAA records of
each; the HELO for its shape; with helo_verify_hosts and `verify = helo` whether the HELO is one of the PTR names
that lead back or has the address itself. What it does not look at: MX records of the HELO.

Traps. One forward lookup that came to no end defers the whole reverse lookup, even when another name leads back;
but a name of which one of A and AAAA answers counts as answered. A reverse lookup over an alias (RFC 2317) whose
target exists without a PTR is taken for a temporary failure. helo_verify_hosts answers 550 when the HELO's own
lookup failed, and 451 only when the client's reverse lookup was deferred; in an ACL `verify = helo` has no
temporary outcome at all. An address literal is compared by its beginning: 192.0.2.1 is content with "[192.0.2.10]",
and the tag of "[IPv6:...]" is in the way, so that a right IPv6 literal does not verify. A HELO with an underscore
is refused (501) unless `helo_allow_chars = _`; double dots and leading hyphens are taken. A name that is an IPv4
address written out is never looked up. EHLO without a name is refused, and MAIL without EHLO too.

What other conditions of an ACL say (lists, greylisting, rate limits) is not known to the model."""
