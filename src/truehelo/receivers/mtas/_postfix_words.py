"""Postfix: its settings and presets in words, and the prose of its page."""

PRESETS = {
    "strict": (
        "reject_unknown_reverse_client_hostname",
        "reject_unknown_client_hostname",
        "reject_invalid_helo_hostname",
        "reject_non_fqdn_helo_hostname",
        "reject_unknown_helo_hostname",
    ),
    "usual": (
        "reject_unknown_reverse_client_hostname",
        "reject_invalid_helo_hostname",
        "reject_non_fqdn_helo_hostname",
        "smtpd_helo_required",
    ),
}
SETTINGS = {
    "reject_unknown_client_hostname": "refuse a client whose first PTR name is missing or does not lead back",
    "reject_unknown_reverse_client_hostname": "refuse a client that has no PTR name, whatever it leads to",
    "reject_invalid_helo_hostname": "refuse a HELO that is neither a host name nor an address",
    "reject_non_fqdn_helo_hostname": "refuse a HELO that is no host name with a dot",
    "reject_unknown_helo_hostname": "refuse a HELO that has no A, AAAA or MX record",
    "smtpd_helo_required": "refuse MAIL before HELO or EHLO (503 5.5.1); a client that says either does not notice",
    "soft_bounce": "turn every refusal for good into a temporary one",
    "postscreen": "postscreen stands in front; none of its tests looks at a name",
}
VALUES = {
    "restrictions": (),
    "unknown_client_reject_code": ("450", "550", "554", "521"),
    "unknown_hostname_reject_code": ("450", "550", "554", "521"),
    "invalid_hostname_reject_code": ("501", "450", "550", "554", "521"),
    "non_fqdn_reject_code": ("504", "450", "550", "554", "521"),
    "unknown_helo_hostname_tempfail_action": ("defer_if_permit", "defer"),
    "smtpd_delay_reject": ("yes", "no"),
    "smtpd_peername_lookup": ("yes", "no"),
}
NOTED = "noted"
"""The value of a configuration that holds what the model cannot know of a main.cf; none that an operator gives."""
SHOWN = (
    "postfix",
    "postfix+reject_unknown_client_hostname",
    "postfix+reject_unknown_reverse_client_hostname",
    "postfix+reject_invalid_helo_hostname",
    "postfix+reject_non_fqdn_helo_hostname",
    "postfix+reject_unknown_helo_hostname",
)
ABOUT = """Postfix as its smtpd judges a client, in the restrictions of its lists (smtpd_client_restrictions,
smtpd_helo_restrictions, and the same names in a later list). The model is of Postfix 3.7, as in Debian 12, with the
GNU C library as resolver; 3.10 and 3.11 were run too, and do the same. A stock main.cf holds none of these
restrictions and accepts every name.

`strict` are all five of them, `usual` those that guides recommend. `restrictions=A/B/C` gives them in another order:
the first that objects makes the reply. The codes are settings of the same name as in main.cf.

What it looks at: the first PTR name alone, so that with several the outcome hangs on the order of the answer; the
forward records in the address's own family alone; the HELO for its shape, and with reject_unknown_helo_hostname for
A, AAAA and MX records. What it does not look at: whether HELO and PTR are the same, whether the HELO leads back to
the address, whether an address literal is the client's own.

Traps. A PTR name counts when it consists of letters, digits, hyphens and underscores and not of digits alone; any
other is as good as none. The default codes of the client restrictions and of reject_unknown_helo_hostname are 450, so
that mail waits in the sender's queue until it expires; a reverse or forward lookup that fails keeps 450 even where
the code is set to 550. When the HELO's lookup fails, the reply is kept back: another restriction that refuses comes
first. A null MX is as good as an address, but not where the lookup of A or AAAA fails, and an exchanger that is no
host name is as good as none ("Malformed DNS server reply"). A HELO with a final dot is unknown to
reject_unknown_helo_hostname, though the name exists. An IPv4 address without brackets passes
reject_invalid_helo_hostname. A malformed address literal is refused by each of the three HELO restrictions, and an
IPv6 literal needs the tag "IPv6:". Refusals come at RCPT (smtpd_delay_reject). Characters that mean something in a
header are shown as question marks in the reply. A PTR name of "localhost" is looked up in the file of hosts, not in
DNS.

Access tables, policy services, milters and DNS lists are not known to the model, and neither are exceptions such as
permit_mynetworks and permit_sasl_authenticated: it is about a stranger."""
