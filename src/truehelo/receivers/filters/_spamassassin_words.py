"""What the page of SpamAssassin says."""

ABOUT = """SpamAssassin, a filter that adds up points and calls a message spam from 5.0 on. What happens then is up to
the mail server; most often it is the junk folder. The points here are of names alone. The model is of SpamAssassin
4.0.1, run as in Debian 12.

It asks DNS for no PTR record: it reads the reverse name out of the Received line that the mail server in front wrote,
so the same client costs differently behind each. Postfix and Exim write a name only when it leads back, and all else
counts as no reverse name (RDNS_NONE); Postfix looks at the first PTR name, Exim at all, and Exim without host_lookup
never knows one. Sendmail writes the first name down though it may be forged, and RDNS_NONE is left for a client
without PTR record. OpenSMTPD writes "<unknown>" where there is none, which SpamAssassin takes for a name.

The reverse name costs when it looks like one of an access network (RDNS_DYNAMIC): four groups of digits, words such as
dsl, node or dyn, the schemes of many providers; not when it says static, fix, dedicated or smtp. The HELO costs more:
for the same shapes up to 3.6, as a bare address 2.3, as localhost 3.8, below .home and .lan 1.7. A HELO that does not
begin with the reverse name is KHOP_HELO_FCRDNS. A correct address literal is hit by that too, except behind Exim,
which does not write it down; reverse names of 4 to 14 characters and mail that passes SPF or DKIM (`authenticated`)
are let go. Large providers' names cost in the HELO of others.

Points come in four sets: without network tests and Bayes (`set=0`), with network tests (1), with Bayes (2), with both
(3, which is the usual one, and meant where none is named). Debian's package comes without the scores that sa-update
brings; until it has run, rules without a score count 1.0 each, KHOP_HELO_FCRDNS among them. With `sa_update` those
points are the ones seen in headers in list archives from 2020 to 2026; they change from day to day, and where none was
seen it is 1.0 still. Debian 13 packages the same release with later rules (`debian_13`): HELO_LH_HOME, CK_HELO_GENERIC and
PDS_HP_HELO_NORDNS are not among them.

What is said here is of a message with one Received line from within the sender's house and a display name in From;
`single_hop` and `bare_from` stand for one without. Not modelled are the rules about SPF of the HELO (0.7 at most), and
RCVD_ILLEGAL_IP for documentation addresses, which stand for public ones here. A receiving host with fewer than three
labels in its name finds HELO_DYNAMIC_IPADDR a little less often."""
SETTINGS = {
    "postfix": "behind Postfix (so too when none is named)",
    "exim": "behind Exim with host_lookup = *, as in its default configuration",
    "exim_without_host_lookup": "behind Exim without host_lookup, which never knows a reverse name",
    "sendmail": "behind Sendmail",
    "opensmtpd": "behind OpenSMTPD",
    "sa_update": "sa-update has been run: rules that the package leaves at 1.0 have their own points",
    "debian_13": "the rules are those that Debian 13 packages, three fewer than in Debian 12, until sa-update has been run",
    "authenticated": "the message passes SPF or has a valid DKIM signature",
    "single_hop": "the message comes without a Received line, as from a program that speaks SMTP (else with one)",
    "bare_from": "the From header has no display name, as in mail of scripts",
}
