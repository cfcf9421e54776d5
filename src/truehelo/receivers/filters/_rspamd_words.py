"""What the page of rspamd says."""

ABOUT = """rspamd, a filter that mail servers ask about each message. Of the names it looks at three things, and the
points here are of those alone: content, SPF, DKIM, lists and reputation decide the rest. 4.1 stands for rspamd 4.1.5,
3.12 for 3.12.1 (Debian 13), 3.4 for that of Debian 12; each was run.

hfilter weighs the HELO and the host name. Words of access networks that stand between separators or next to digits put
a name in one of five classes (0.5 to 3 points), and only the worse of the two names counts. A HELO that is an address
costs 3.0, in brackets or not, and 4.5 when nobody on the internet has that address; one that is not fully qualified
2.0, one without a dot 3.0, one in no DNS 1.3. A check of reverse DNS finds the address without PTR record: 2.0, and
2.5 more for a host without name. once_received looks for "static" and "dynamic" in the host name of a message with few
Received lines (4.0); a name with "mail" in it is let go.

What it does not look at: an address written into a name, and whether HELO and PTR name are the same.

The host name comes from the mail server. Postfix hands it over by milter only when it leads back; Exim (`exim`) does
the same over HTTP, and its own Received line is in the message by then. What follows when no name comes differs. From
3.12 on rspamd asks for the PTR by itself, before all else, and believes it unconfirmed: a PTR name that leads
elsewhere costs nothing. 3.4 asks too late for hfilter, and it costs 2.5. Only the first PTR name counts either way.

Releases differ further. 4.1 compares the addresses of the HELO with the client's (1.0), and forgives a HELO whose
lookup fails; until 3.12 only a HELO without any address costs, and a failed lookup is as good as none. 3.4 lets
private top-level names such as .local pass, counts a missing PTR record 1.0, takes a HELO such as 10.example.com for
an address, and counts Received lines so that once_received seldom speaks. 3.12 counts its two symbols twice when there
is one Received line. What is said here is of a message with one Received line from within the sender's house;
`single_hop` stands for one without.

Points lead to actions: greylist at 4, the junk folder (a header) at 6, refusal at 15; `greylist=`, `add_header=` and
`reject=` give others. Without Redis the action greylist has no effect; with it (`greylisting`) a message from that
many points up is put off at first. Clients that log in and private addresses are not checked."""
SETTINGS = {
    "exim": "behind Exim: the name that it confirmed, and its own Received line (else a milter of Postfix)",
    "single_hop": "the message comes without a Received line, as from a program that speaks SMTP (else with one)",
    "greylisting": "Redis is set up, so that the action greylist is a temporary refusal",
}
