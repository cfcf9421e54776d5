"""Sendmail: its settings and presets in words, and the prose of its page."""

PRESETS = {"strict": ("require_rdns", "block_bad_helo", "delay_checks")}
SETTINGS = {
    "require_rdns": "the feature of that name: refuse a client whose first PTR name is missing or does not lead back",
    "block_bad_helo": "the feature of that name: refuse a HELO that is our own name or has no dot (needs delay_checks)",
    "delay_checks": "the feature of that name: look at the client at RCPT instead of MAIL, and let block_bad_helo work",
    "needmailhelo": "the privacy flag: refuse MAIL before HELO or EHLO (503 5.0.0); whoever says either does not notice",
}
VALUES: dict[str, tuple[str, ...]] = {"own": ()}
"""`own`: names and IPv4 addresses of the server itself, with slashes between them."""
SHOWN = ("sendmail", "sendmail+require_rdns", "sendmail+block_bad_helo+delay_checks")
ABOUT = """Sendmail, with the features of its m4 configuration that look at names. The model is of Sendmail 8.17.1
with the GNU C library as resolver, as in Debian 12; 8.18.1 and 8.18.2 were run too, and do the same. A stock
configuration holds none of these features and accepts every name whose HELO can be read; Debian's own sendmail.mc has
delay_checks and needmailhelo. `strict` are the three features together.

What it looks at: with require_rdns the first PTR name alone, so that with several the outcome hangs on the order of the
answer, and the forward records of that name in the address's own family alone; the HELO for its characters, and with
block_bad_helo for a dot and for the server's own names. `own=NAME/NAME/ADDRESS` says which these are: the server's
names, the domains that it takes mail for, its IPv4 addresses; localhost and the loopback addresses are always among
them. What it does not look at: whether HELO and PTR are the same, whether the HELO exists.

Traps. No PTR is refused for good (550), a PTR that does not lead back only for a time (451), the reverse of what many
expect. A forward lookup that fails is "possibly forged" like one that leads elsewhere; "does not resolve" is said of
the reverse lookup alone. A first PTR name that is no host name, or that reads as an IPv4 address ("12345", "1.2.3"), is
as good as none, even where a second name is right. A PTR name of digits and dots that is no address ("1.2.3.4.5") is
never looked up and so never leads back. Underscores do no harm, and hyphens only at the very beginning.

The refusal of require_rdns comes at MAIL, after a greeting and an EHLO reply that look well, or at RCPT with
delay_checks. At RCPT a permanent refusal begins with the recipient, a temporary one does not. IPv6 addresses are
written in full.

Without delay_checks, block_bad_helo does nothing to mail for the server's own domains: it stands behind the decision to
relay, so that only those meet it who are refused anyway. With it, every IPv6 literal is refused, the right one too,
since it has no dot, while "IPv6:2001:db8::1" without brackets passes, and so does a malformed literal with a dot in it.
IPv4 literals and bare IPv4 addresses pass unless they are the server's own. A client that says no HELO at all passes,
since its own name or address takes the place of the HELO.

A HELO may hold letters, digits and "[].-_#:", 256 characters at most; any other is answered with 501 at once. Blanks at
the end are ignored.

The class R of relay clients, the access map, authentication and milters are not known to the model: it is about a
stranger."""
