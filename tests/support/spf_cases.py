"""SPF evaluation by clause of RFC 7208: what is to come of a record, an address and a sender.

A row: the clause, a sentence, the record of example.com, more lines of the zone, who asks, the result word. In a zone a
line "! NAME TYPE WORD" makes a lookup fail. Who asks: an address, then "from" a sender, "helo" a name, "at" another domain.
"""

from dataclasses import dataclass

HOSTS = """
mail.example.com A 192.0.2.25
mail.example.com AAAA 2001:db8::25
near.example.com A 192.0.2.30
near.example.com AAAA 2001:db8::30
far.example.com A 198.51.100.7
example.com MX 10 mail.example.com
192.0.2.25 PTR mail.example.com
192.0.2.25 PTR liar.example.net
2001:db8::25 PTR mail.example.com
"""
"""Every row's zone has these too. example.com itself has no address."""


@dataclass(frozen=True)
class Case:
    """One row, read."""

    clause: str
    sentence: str
    record: str
    more: str
    asks: str
    word: str

    @property
    def ip(self) -> str:
        """The address that asks."""
        return self.asks.split()[0]

    @property
    def domain(self) -> str:
        """The domain whose record is evaluated."""
        return self.said("at", "example.com")

    def said(self, word: str, default: str = "") -> str:
        """Return what follows a word in `asks`."""
        words = self.asks.split()
        return words[words.index(word) + 1] if word in words else default

    @property
    def zone(self) -> str:
        """The table of the world, without the lines that fail."""
        pieces = [self.record[at : at + 200] for at in range(0, len(self.record), 200)]
        record = self.record if len(pieces) < 2 else " ".join(f'"{piece}"' for piece in pieces)
        own = f"example.com TXT {record}\n" if self.record else ""
        return HOSTS + own + "\n".join(line for line in self.more.splitlines() if not line.startswith("!"))

    @property
    def fail(self) -> dict[str, str]:
        """The questions that fail, and how."""
        lines = [line.split() for line in self.more.splitlines() if line.startswith("!")]
        return {f"{name} {rdtype}": how for _, name, rdtype, how in lines}


MAIL, MAIL6, OTHER = "192.0.2.25", "2001:db8::25", "203.0.113.9"
SUB = "sub.example.com TXT v=spf1 "

RECORDS = [
    ("§2.4", "the domain of the sender is judged, whatever the HELO", "v=spf1 -all", "", f"{MAIL} helo mail.example.com",
     "fail"),
    ("§2.3", "a HELO name is judged by its own record", "", "mail.example.com TXT v=spf1 a -all",
     f"{MAIL} at mail.example.com", "pass"),
    ("§2.6.1", "no record is none", "", "", MAIL, "none"),
    ("§2.6.2", "a neutral all is neutral", "v=spf1 ?all", "", OTHER, "neutral"),
    ("§2.6.3", "an authorised address passes", "v=spf1 ip4:192.0.2.25 -all", "", MAIL, "pass"),
    ("§2.6.4", "an address that is not authorised fails", "v=spf1 ip4:192.0.2.25 -all", "", OTHER, "fail"),
    ("§2.6.5", "a soft all is softfail", "v=spf1 ip4:192.0.2.25 ~all", "", OTHER, "softfail"),
    ("§2.6.6", "a failing lookup is temperror", "v=spf1 a:far.example.com -all", "! far.example.com A servfail", MAIL,
     "temperror"),
    ("§2.6.7", "a record that cannot be read is permerror", "v=spf1 foo -all", "", MAIL, "permerror"),
    ("§3.1", "a record of another type does not count", "", "example.com MX 20 far.example.com", MAIL, "none"),
    ("§3.2", "two records are permerror", "v=spf1 -all", "example.com TXT v=spf1 +all", MAIL, "permerror"),
    ("§3.2", "two records that say the same are permerror", "v=spf1 -all", "example.com TXT v=spf1 -all", MAIL,
     "permerror"),
    ("§3.2", "other TXT records may stand beside", "v=spf1 -all", "example.com TXT google-site-verification=x", MAIL,
     "fail"),
    ("§3.3", "strings are joined without a space", '"v=spf1 ip4:192.0." "2.25 -all"', "", MAIL, "pass"),
    ("§3.3", "a space that is missing at the join is missing", '"v=spf1" "-all"', "", MAIL, "none"),
    ("§3.3", "a space at the join counts", '"v=spf1 " "-all"', "", MAIL, "fail"),
    ("§3.3", "an empty string adds nothing", '"v=spf1 -" "" "all"', "", MAIL, "fail"),
    ("§3.4", "a long record is read whole", "v=spf1 " + "ip4:198.51.100.1 " * 100 + "ip4:192.0.2.25 -all", "", MAIL,
     "pass"),
    ("§4.3", "a domain of one label is none", "", "localhost TXT v=spf1 -all", f"{MAIL} at localhost", "none"),
    ("§4.3", "a domain with an empty label is none", "v=spf1 -all", "", f"{MAIL} at a..example.com", "none"),
    ("§4.3", "a domain with a label of 64 is none", "v=spf1 -all", "", f"{MAIL} at {'a' * 64}.example.com", "none"),
    ("§4.3", "a domain with a label of 63 is asked", "", f"{'a' * 63}.example.com TXT v=spf1 -all",
     f"{MAIL} at {'a' * 63}.example.com", "fail"),
    ("§4.3", "a final dot does not matter", "v=spf1 -all", "", f"{MAIL} at example.com.", "fail"),
    ("§4.3", "case does not matter", "v=spf1 -all", "", f"{MAIL} at EXAMPLE.Com", "fail"),
    ("§4.3", "a sender without a local part is postmaster", "v=spf1 exists:%{l}.x.example.com -all",
     "postmaster.x.example.com A 127.0.0.2", f"{MAIL} from @example.com", "pass"),
    ("§4.3", "an internationalised domain is asked as A-labels", "", "xn--bcher-kva.example TXT v=spf1 -all",
     f"{MAIL} at b\u00fccher.example", "fail"),
    ("§4.4", "NXDOMAIN is none", "", "! example.com TXT nxdomain", MAIL, "none"),
    ("§4.4", "no data is none", "", "! example.com TXT nodata", MAIL, "none"),
    ("§4.4", "SERVFAIL is temperror", "v=spf1 -all", "! example.com TXT servfail", MAIL, "temperror"),
    ("§4.4", "a timeout is temperror", "v=spf1 -all", "! example.com TXT timeout", MAIL, "temperror"),
    ("§4.4", "REFUSED is temperror", "v=spf1 -all", "! example.com TXT refused", MAIL, "temperror"),
    ("§4.4", "an alias leads to the record", "", "example.com CNAME other.test\nother.test TXT v=spf1 -all", MAIL, "fail"),
    ("§4.4", "a record above the name is not looked for", "v=spf1 -all", "", f"{MAIL} at near.example.com", "none"),
    ("§4.5", "the version ends in a space", "v=spf10 -all", "", MAIL, "none"),
    ("§4.5", "a tab does not end the version", "v=spf1\t-all", "", MAIL, "none"),
    ("§4.5", "the version alone is a record", "v=spf1", "", MAIL, "neutral"),
    ("§4.5", "the version knows no case", "V=SPF1 -all", "", MAIL, "fail"),
    ("§4.5", "a space before the version makes it none", '" v=spf1 -all"', "", MAIL, "none"),
    ("§4.5", "another version is none", "v=spf2.0/pra -all", "", MAIL, "none"),
    ("§4.5", "two records of which one is broken are permerror", "v=spf1 -all", "example.com TXT v=spf1 foo", MAIL,
     "permerror"),
    ("§4.6", "an error behind the match is permerror", "v=spf1 ip4:192.0.2.25 -all foo", "", MAIL, "permerror"),
    ("§4.6", "an error behind all is permerror", "v=spf1 -all a:", "", MAIL, "permerror"),
    ("§4.6.1", "spaces may be many", "v=spf1    ip4:192.0.2.25     -all   ", "", MAIL, "pass"),
    ("§4.6.1", "an unknown mechanism is permerror", "v=spf1 ipv4:192.0.2.25 -all", "", MAIL, "permerror"),
    ("§4.6.1", "a mechanism that is cut is permerror", "v=spf1 ip -all", "", MAIL, "permerror"),
    ("§4.6.1", "two qualifiers are permerror", "v=spf1 +-all", "", MAIL, "permerror"),
    ("§4.6.1", "a qualifier alone is permerror", "v=spf1 - all", "", MAIL, "permerror"),
    ("§4.6.1", "a tab between terms is permerror", "v=spf1 a\t-all", "", MAIL, "permerror"),
    ("§4.6.1", "an octet outside of ASCII is permerror", "v=spf1 a:\u00fc.example.com -all", "", MAIL, "permerror"),
    ("§4.6.1", "typographic quotes are permerror", "v=spf1 \u201c-all\u201d", "", MAIL, "permerror"),
    ("§4.6.2", "terms count from left to right", "v=spf1 -ip4:192.0.2.25 +all", "", MAIL, "fail"),
    ("§4.6.2", "without a qualifier a match passes", "v=spf1 ip4:192.0.2.25 -all", "", MAIL, "pass"),
    ("§4.6.2", "a match with a question mark is neutral", "v=spf1 ?ip4:192.0.2.25 -all", "", MAIL, "neutral"),
    ("§4.6.2", "a match with a tilde is softfail", "v=spf1 ~ip4:192.0.2.25 -all", "", MAIL, "softfail"),
    ("§4.6.2", "a term behind the match is not asked for", "v=spf1 ip4:192.0.2.25 a:far.example.com",
     "! far.example.com A servfail", MAIL, "pass"),
    ("§4.6.2", "names of mechanisms know no case", "v=spf1 IP4:192.0.2.25 -ALL", "", MAIL, "pass"),
    ("§4.6.3", "an unknown modifier is passed over", "v=spf1 moo=cow -all", "", MAIL, "fail"),
    ("§4.6.3", "an unknown modifier may come twice", "v=spf1 moo=1 moo=2 -all", "", MAIL, "fail"),
    ("§4.6.3", "a modifier may stand anywhere", "v=spf1 moo.x-y_z=1 ip4:192.0.2.25 -all", "", MAIL, "pass"),
    ("§4.7", "a record that says nothing is neutral", "v=spf1 ip4:198.51.100.1", "", MAIL, "neutral"),
    ("§4.7", "a record of modifiers alone is neutral", "v=spf1 moo=1", "", MAIL, "neutral"),
    ("§4.8", "a domain may end in a dot", "v=spf1 a:mail.example.com. -all", "", MAIL, "pass"),
    ("§4.8", "a domain of one label is permerror", "v=spf1 a:museum -all", "", MAIL, "permerror"),
    ("§4.8", "a domain of one label and a dot is permerror", "v=spf1 a:museum. -all", "", MAIL, "permerror"),
    ("§4.8", "a domain that ends in digits is permerror", "v=spf1 a:mail.123 -all", "", MAIL, "permerror"),
    ("§4.8", "a domain that ends in a hyphen is permerror", "v=spf1 a:mail.example- -all", "", MAIL, "permerror"),
    ("§4.8", "a domain that ends in letters and digits is a domain", "v=spf1 a:mail.xn--zckzah -all",
     "mail.xn--zckzah A 192.0.2.25", MAIL, "pass"),
    ("§4.8", "a domain may hold what no host name holds", "v=spf1 a:_x!y.example.com -all", "_x!y.example.com A 192.0.2.25",
     MAIL, "pass"),
    ("§4.8", "a domain with two dots exists nowhere", "v=spf1 a:a..example.com ?all", "", MAIL, "neutral"),
    ("§4.8", "a domain with a port is permerror", "v=spf1 a:mail.example.com:25 -all", "", MAIL, "permerror"),
    ("§4.8", "an empty domain is permerror", "v=spf1 a: -all", "", MAIL, "permerror"),
]  # fmt: skip

A10 = " ".join(["a:far.example.com"] * 10)
LIMITS = [
    ("§4.6.4", "ten terms with lookups are borne", f"v=spf1 {A10} ?all", "", MAIL, "neutral"),
    ("§4.6.4", "eleven are not", f"v=spf1 {A10} a:far.example.com ?all", "", MAIL, "permerror"),
    ("§4.6.4", "a match before the eleventh stands", f"v=spf1 {A10} ip4:192.0.2.25 a:far.example.com", "", MAIL, "pass"),
    ("§4.6.4", "ip4, ip6 and all cost nothing", "v=spf1 " + "ip4:198.51.100.1 ip6:2001:db8:1::1 " * 20 + "?all", "", MAIL,
     "neutral"),
    ("§4.6.4", "an include costs one, and its terms too", "v=spf1 include:sub.example.com ?all", SUB + A10, MAIL,
     "permerror"),
    ("§4.6.4", "a redirect costs one", f"v=spf1 {A10} redirect=sub.example.com", SUB + "?all", MAIL, "permerror"),
    ("§4.6.4", "mx costs one, whatever it leads to", "v=spf1 " + "mx " * 10 + "?all", "", OTHER, "neutral"),
    ("§4.6.4", "exists counts", f"v=spf1 exists:no.test {A10} ?all", "", MAIL, "permerror"),
    ("§4.6.4", "ptr counts", f"v=spf1 ptr:no.test {A10} ?all", "", MAIL, "permerror"),
    ("§4.6.4", "the macro p does not count",
     "v=spf1 exists:%{p}.no.test " + " ".join(["a:far.example.com"] * 9) + " ?all", "", MAIL, "neutral"),
    ("§4.6.4", "two empty answers are borne", "v=spf1 a:no1.test a:no2.test ?all", "", MAIL, "neutral"),
    ("§4.6.4", "three are not", "v=spf1 a:no1.test a:no2.test a:no3.test ?all", "", MAIL, "permerror"),
    ("§4.6.4", "a name without records of the type is an empty answer", "v=spf1 mx:far.example.com mx:far.example.com "
     "mx:far.example.com ?all", "", MAIL, "permerror"),
    ("§4.6.4", "the same empty answer thrice is three", "v=spf1 exists:no.test exists:no.test exists:no.test ?all", "",
     MAIL, "permerror"),
    ("§4.6.4", "a record that includes itself ends", "v=spf1 include:example.com -all", "", MAIL, "permerror"),
    ("§4.6.4", "a record that redirects to itself ends", "v=spf1 redirect=example.com", "", MAIL, "permerror"),
    ("§4.6.4", "two records that include each other end", "v=spf1 include:sub.example.com",
     SUB + "include:example.com", MAIL, "permerror"),
    ("§4.6.4", "ten MX records are followed", "v=spf1 mx:m.test -all",
     "".join(f"m.test MX {i} h{i}.test\nh{i}.test A 198.51.100.{i}\n" for i in range(9)) + "m.test MX 99 mail.example.com",
     MAIL, "pass"),
    ("§4.6.4", "eleven MX records are permerror", "v=spf1 mx:m.test ?all",
     "".join(f"m.test MX {i} h{i}.test\nh{i}.test A 198.51.100.{i}\n" for i in range(11)), MAIL, "permerror"),
    ("§4.6.4", "of PTR names the eleventh is not looked at", "v=spf1 ptr:right.test ?all",
     "".join(f"203.0.113.9 PTR n{i}.test\nn{i}.test A 203.0.113.1\n" for i in range(10))
     + "203.0.113.9 PTR right.test\nright.test A 203.0.113.9", OTHER, "neutral"),
]  # fmt: skip

MECHANISMS = [
    ("§5", "an IPv4-mapped address is judged as IPv4", "v=spf1 ip4:192.0.2.25 -all", "", "::ffff:192.0.2.25", "pass"),
    ("§5", "an address of a network holds by its first bits", "v=spf1 ip4:192.0.2.127/25 -all", "", MAIL, "pass"),
    ("§5", "a lookup that fails is temperror", "v=spf1 mx -all", "! example.com MX timeout", MAIL, "temperror"),
    ("§5", "IPv6 asks for AAAA alone", "v=spf1 a:mail.example.com -all", "! mail.example.com A servfail", MAIL6, "pass"),
    ("§5", "IPv4 asks for A alone", "v=spf1 a:mail.example.com -all", "! mail.example.com AAAA servfail", MAIL, "pass"),
    ("§5.1", "all matches whatever comes", "v=spf1 +all", "", MAIL6, "pass"),
    ("§5.1", "terms behind all are never tried", "v=spf1 -all ip4:192.0.2.25", "", MAIL, "fail"),
    ("§5.1", "all takes no domain", "v=spf1 all:example.com", "", MAIL, "permerror"),
    ("§5.1", "all takes no prefix length", "v=spf1 all/8", "", MAIL, "permerror"),
    ("§5.1", "a redirect beside all is passed over", "v=spf1 ?all redirect=no.test", "", MAIL, "neutral"),
    ("§5.2", "an include that passes matches", "v=spf1 include:sub.example.com -all", SUB + "+all", MAIL, "pass"),
    ("§5.2", "an include that fails does not match", "v=spf1 include:sub.example.com ?all", SUB + "-all", MAIL, "neutral"),
    ("§5.2", "an include that softfails does not match", "v=spf1 include:sub.example.com ?all", SUB + "~all", MAIL,
     "neutral"),
    ("§5.2", "an include that is neutral does not match", "v=spf1 include:sub.example.com -all", SUB + "?all", MAIL,
     "fail"),
    ("§5.2", "an include that is temperror is temperror", "v=spf1 include:sub.example.com -all",
     SUB + "+all\n! sub.example.com TXT servfail", MAIL, "temperror"),
    ("§5.2", "an include that is permerror is permerror", "v=spf1 include:sub.example.com -all", SUB + "foo", MAIL,
     "permerror"),
    ("§5.2", "an include without a record is permerror", "v=spf1 include:no.test -all", "", MAIL, "permerror"),
    ("§5.2", "the qualifier of the include counts", "v=spf1 ~include:sub.example.com -all", SUB + "+all", MAIL, "softfail"),
    ("§5.2", "an include takes a domain", "v=spf1 include -all", "", MAIL, "permerror"),
    ("§5.2", "an include takes no prefix length", "v=spf1 include:sub.example.com/24 -all", SUB + "+all", MAIL,
     "permerror"),
    ("§5.2", "inside an include the domain is the included", "v=spf1 include:mail.example.com -all",
     "mail.example.com TXT v=spf1 a", MAIL, "pass"),
    ("§5.2", "a redirect inside an include stays inside", "v=spf1 include:sub.example.com ?all",
     SUB + "redirect=near.example.com\nnear.example.com TXT v=spf1 -all", MAIL, "neutral"),
    ("§5.2", "an include of a name that cannot be is permerror", "v=spf1 include:a..test -all", "", MAIL, "permerror"),
    ("§5.3", "a says the addresses of the domain", "", "near.example.com TXT v=spf1 a -all",
     "192.0.2.30 at near.example.com", "pass"),
    ("§5.3", "a of another name", "v=spf1 a:mail.example.com -all", "", MAIL, "pass"),
    ("§5.3", "one address of several is enough", "v=spf1 a:two.test -all",
     "two.test A 198.51.100.1\ntwo.test A 192.0.2.25", MAIL, "pass"),
    ("§5.3", "an alias is followed", "v=spf1 a:alias.test -all", "alias.test CNAME mail.example.com", MAIL, "pass"),
    ("§5.3", "a prefix length takes in the neighbours", "v=spf1 a:near.example.com/28 -all", "", MAIL, "pass"),
    ("§5.3", "a longer one does not", "v=spf1 a:near.example.com/30 -all", "", MAIL, "fail"),
    ("§5.3", "a prefix length of 0 takes in all IPv4", "v=spf1 a:far.example.com/0 -all", "", MAIL, "pass"),
    ("§5.3", "a prefix length of IPv6", "v=spf1 a:near.example.com//64 -all", "", MAIL6, "pass"),
    ("§5.3", "that of IPv6 does not count for IPv4", "v=spf1 a:near.example.com//0 -all", "", MAIL, "fail"),
    ("§5.3", "both prefix lengths", "v=spf1 a:near.example.com/24//64 -all", "", MAIL6, "pass"),
    ("§5.3", "without a domain, with a prefix length", "", "near.example.com TXT v=spf1 a/28 -all",
     f"{MAIL} at near.example.com", "pass"),
    ("§5.3", "a prefix length of 33 is permerror", "v=spf1 a:near.example.com/33 -all", "", MAIL, "permerror"),
    ("§5.3", "a prefix length of 129 is permerror", "v=spf1 a:near.example.com//129 -all", "", MAIL, "permerror"),
    ("§5.3", "a prefix length with a zero before is permerror", "v=spf1 a:near.example.com/08 -all", "", MAIL, "permerror"),
    ("§5.3", "a slash alone is permerror", "v=spf1 a/ -all", "", MAIL, "permerror"),
    ("§5.3", "a netmask is permerror", "v=spf1 a:near.example.com/255.255.255.0 -all", "", MAIL, "permerror"),
    ("§5.4", "mx says the addresses of the MX hosts", "v=spf1 mx -all", "", MAIL, "pass"),
    ("§5.4", "mx of another domain", "v=spf1 mx:m.test -all", "m.test MX 5 near.example.com", "192.0.2.30", "pass"),
    ("§5.4", "mx for IPv6", "v=spf1 mx -all", "", MAIL6, "pass"),
    ("§5.4", "mx does not fall back to the address", "v=spf1 mx:mail.example.com -all", "", MAIL, "fail"),
    ("§5.4", "mx with a prefix length", "v=spf1 mx:m.test/28 -all", "m.test MX 5 near.example.com", MAIL, "pass"),
    ("§5.4", "a later host can match", "v=spf1 mx:m.test -all",
     "m.test MX 5 far.example.com\nm.test MX 9 mail.example.com", MAIL, "pass"),
    ("§5.4", "a host that is not there is passed over", "v=spf1 mx:m.test -all",
     "m.test MX 5 no.test\nm.test MX 9 mail.example.com",
     MAIL, "pass"),
    ("§5.4", "a host whose lookup fails is temperror", "v=spf1 mx -all", "! mail.example.com A servfail", MAIL,
     "temperror"),
    ("§5.4", "a null MX names nobody", "v=spf1 mx:m.test -all", "m.test MX 0 .", MAIL, "fail"),
    ("§5.5", "ptr matches a name of the domain that leads back", "v=spf1 ptr -all", "", MAIL, "pass"),
    ("§5.5", "ptr matches for IPv6", "v=spf1 ptr -all", "", MAIL6, "pass"),
    ("§5.5", "a name that leads elsewhere does not count", "v=spf1 ptr:example.net -all",
     "liar.example.net A 198.51.100.1", MAIL, "fail"),
    ("§5.5", "ptr matches whole labels", "v=spf1 ptr:ample.com -all", "", MAIL, "fail"),
    ("§5.5", "ptr matches the name itself", "v=spf1 ptr:mail.example.com -all", "", MAIL, "pass"),
    ("§5.5", "ptr compares without case", "v=spf1 ptr:EXAMPLE.com -all", "", MAIL, "pass"),
    ("§5.5", "no PTR record does not match", "v=spf1 ptr ?all", "", OTHER, "neutral"),
    ("§5.5", "a PTR lookup that fails does not match", "v=spf1 ptr ?all", "! 25.2.0.192.in-addr.arpa PTR servfail", MAIL,
     "neutral"),
    ("§5.5", "a name whose lookup fails is passed over", "v=spf1 ptr ?all", "! mail.example.com A servfail", MAIL,
     "neutral"),
    ("§5.5", "ptr takes no prefix length", "v=spf1 ptr/24 -all", "", MAIL, "permerror"),
    ("§5.5", "ptr takes no empty domain", "v=spf1 ptr: -all", "", MAIL, "permerror"),
    ("§5.6", "ip4 without a length is one address", "v=spf1 ip4:192.0.2.24 -all", "", MAIL, "fail"),
    ("§5.6", "ip4 with a length of 0 is all", "v=spf1 ip4:1.2.3.4/0 -all", "", MAIL, "pass"),
    ("§5.6", "ip4 does not match IPv6", "v=spf1 ip4:0.0.0.0/0 -all", "", MAIL6, "fail"),
    ("§5.6", "ip6 does not match IPv4", "v=spf1 ip6:::/0 -all", "", MAIL, "fail"),
    ("§5.6", "ip6 matches its network", "v=spf1 ip6:2001:db8::/32 -all", "", MAIL6, "pass"),
    ("§5.6", "ip6 knows no case", "v=spf1 ip6:2001:DB8:0::25 -all", "", MAIL6, "pass"),
    ("§5.6", "ip6 may end in a dotted quad", "v=spf1 ip6:2001:db8::0.0.0.37 -all", "", MAIL6, "pass"),
    ("§5.6", "ip4 with three octets is permerror", "v=spf1 ip4:192.0.2 -all", "", MAIL, "permerror"),
    ("§5.6", "ip4 with a length of 33 is permerror", "v=spf1 ip4:192.0.2.0/33 -all", "", MAIL, "permerror"),
    ("§5.6", "ip4 with two slashes is permerror", "v=spf1 ip4:192.0.2.0//24 -all", "", MAIL, "permerror"),
    ("§5.6", "ip4 with a name is permerror", "v=spf1 ip4:mail.example.com -all", "", MAIL, "permerror"),
    ("§5.6", "ip4 with an IPv6 address is permerror", "v=spf1 ip4:2001:db8::25 -all", "", MAIL, "permerror"),
    ("§5.6", "ip4 without an address is permerror", "v=spf1 ip4 -all", "", MAIL, "permerror"),
    ("§5.6", "ip6 with a length of 129 is permerror", "v=spf1 ip6:2001:db8::/129 -all", "", MAIL6, "permerror"),
    ("§5.6", "ip6 with two abbreviations is permerror", "v=spf1 ip6:2001::db8::1 -all", "", MAIL6, "permerror"),
    ("§5.6", "ip6 in brackets is permerror", "v=spf1 ip6:[2001:db8::25] -all", "", MAIL6, "permerror"),
    ("§5.7", "exists matches any A record", "v=spf1 exists:e.test -all", "e.test A 127.0.0.2", MAIL, "pass"),
    ("§5.7", "exists asks for A for IPv6 too", "v=spf1 exists:e.test -all", "e.test A 127.0.0.2", MAIL6, "pass"),
    ("§5.7", "exists does not ask for AAAA", "v=spf1 exists:e.test -all", "e.test AAAA 2001:db8::1", MAIL6, "fail"),
    ("§5.7", "exists of nothing does not match", "v=spf1 exists:no.test -all", "", MAIL, "fail"),
    ("§5.7", "exists whose lookup fails is temperror", "v=spf1 exists:e.test -all", "! e.test A timeout", MAIL,
     "temperror"),
    ("§5.7", "exists takes a domain", "v=spf1 exists -all", "", MAIL, "permerror"),
    ("§5.7", "exists takes no prefix length", "v=spf1 exists:e.test/24 -all", "", MAIL, "permerror"),
]  # fmt: skip

MODIFIERS = [
    ("§6", "redirect twice is permerror", "v=spf1 redirect=a.test redirect=b.test", "", MAIL, "permerror"),
    ("§6", "exp twice is permerror", "v=spf1 exp=a.test exp=b.test -all", "", MAIL, "permerror"),
    ("§6", "names of modifiers know no case", "v=spf1 REDIRECT=sub.example.com", SUB + "-all", MAIL, "fail"),
    ("§6", "a modifier has no qualifier", "v=spf1 -redirect=sub.example.com", SUB + "-all", MAIL, "permerror"),
    ("§6", "a modifier's name begins with a letter", "v=spf1 1x=y -all", "", MAIL, "permerror"),
    ("§6.1", "redirect gives the other's result", "v=spf1 redirect=sub.example.com", SUB + "~all", MAIL, "softfail"),
    ("§6.1", "redirect comes after all mechanisms", "v=spf1 redirect=sub.example.com ip4:192.0.2.25", SUB + "-all", MAIL,
     "pass"),
    ("§6.1", "redirect to a neutral record is neutral", "v=spf1 redirect=sub.example.com", SUB.strip(), MAIL, "neutral"),
    ("§6.1", "redirect to nothing is permerror", "v=spf1 redirect=no.test", "", MAIL, "permerror"),
    ("§6.1", "redirect to a name that cannot be is permerror", "v=spf1 redirect=a..test", "", MAIL, "permerror"),
    ("§6.1", "redirect to a broken record is permerror", "v=spf1 redirect=sub.example.com", SUB + "foo", MAIL, "permerror"),
    ("§6.1", "redirect whose lookup fails is temperror", "v=spf1 redirect=sub.example.com",
     "! sub.example.com TXT timeout", MAIL, "temperror"),
    ("§6.1", "behind a redirect the domain is the target's", "v=spf1 redirect=mail.example.com",
     "mail.example.com TXT v=spf1 a -all", MAIL, "pass"),
    ("§6.1", "redirect of redirect", "v=spf1 redirect=sub.example.com",
     SUB + "redirect=near.example.com\nnear.example.com TXT v=spf1 ip4:192.0.2.25 -all", MAIL, "pass"),
    ("§6.1", "redirect without a domain is permerror", "v=spf1 redirect=", "", MAIL, "permerror"),
    ("§6.1", "redirect may hold macros", "v=spf1 redirect=%{d1r}.test", "example.test TXT v=spf1 -all", MAIL, "fail"),
    ("§6.2", "an explanation changes no result", "v=spf1 exp=why.test -all", "", MAIL, "fail"),
    ("§6.2", "an explanation whose lookup fails changes no result", "v=spf1 exp=why.test -all", "! why.test TXT servfail",
     MAIL, "fail"),
    ("§6.2", "exp without a domain is permerror", "v=spf1 exp= -all", "", MAIL, "permerror"),
    ("§6.2", "exp with a broken macro is permerror", "v=spf1 exp=%{x}.test -all", "", MAIL, "permerror"),
]  # fmt: skip

JOE = f"{MAIL} from strong-bad@email.example.com helo mail.example.com"


def macro(text: str, name: str, asks: str = JOE, clause: str = "§7.3", why: str = "") -> tuple[str, ...]:
    """A row in which a macro leads to one name, and to nothing else."""
    return (clause, why or f"{text} is {name}", f"v=spf1 exists:{text} -all", f"{name} A 127.0.0.2", asks, "pass")


MACROS = [
    macro("%{s}.t", "strong-bad@email.example.com.t"),
    macro("%{o}.t", "email.example.com.t"),
    macro("%{d}.t", "example.com.t"),
    macro("%{d3}.t", "example.com.t", why="more parts than there are is all of them"),
    macro("%{d1}.t", "com.t"),
    macro("%{dr}.t", "com.example.t"),
    macro("%{d1r}.t", "example.t"),
    macro("%{l}.t", "strong-bad.t"),
    macro("%{l-}.t", "strong.bad.t"),
    macro("%{lr}.t", "strong-bad.t", why="without its delimiter there is one part, reversed the same"),
    macro("%{lr-}.t", "bad.strong.t"),
    macro("%{l1r-}.t", "strong.t"),
    macro("%{h}.t", "mail.example.com.t"),
    macro("%{i}.t", "192.0.2.25.t"),
    macro("%{ir}.%{v}.t", "25.2.0.192.in-addr.t"),
    macro("%{i}.t", "2.0.0.1.0.d.b.8.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.2.5.t", MAIL6,
          why="an IPv6 address is its nibbles"),
    macro("%{ir}.%{v}.t", "5.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.t", MAIL6,
          why="an IPv6 address reversed"),
    macro("%{p}.t", "mail.example.com.t", why="p is a name that leads back"),
    macro("%{p}.t", "unknown.t", OTHER, why="p without such a name is unknown"),
    macro("%{h}.t", "unknown.t", MAIL, why="h while it is not known is unknown"),
    macro("%{D}.t", "example.com.t", why="letters in capitals escape, and dots are not escaped"),
    macro("%{S}.t", "strong-bad%40email.example.com.t", why="letters in capitals escape what a URI may not hold"),
    macro("%{L}.t", "a%2bb.t", f"{MAIL} from a+b@example.com", why="a plus is escaped; names compare without case"),
    macro("%{l+}.t", "a.b.t", f"{MAIL} from a+b@example.com", why="plus as a delimiter"),
    macro("%{l+-/}.t", "a.b.c.t", f"{MAIL} from a+b-c@example.com", why="several delimiters"),
    macro("%%.t", "%.t", why="two percent signs are one", clause="§7.1"),
    macro("a%-b.t", "a%20b.t", why="percent and hyphen are an escaped space", clause="§7.1"),
    macro("%{i}%{d2}.t", "192.0.2.25example.com.t", why="macros may touch", clause="§7.1"),
    ("§7.1", "a percent sign alone is permerror", "v=spf1 exists:%.t -all", "", MAIL, "permerror"),
    ("§7.1", "a macro without braces is permerror", "v=spf1 exists:%d.t -all", "", MAIL, "permerror"),
    ("§7.1", "an open brace is permerror", "v=spf1 exists:%{d.t -all", "", MAIL, "permerror"),
    ("§7.1", "a letter that is none is permerror", "v=spf1 exists:%{k}.t -all", "", MAIL, "permerror"),
    ("§7.1", "an empty macro is permerror", "v=spf1 exists:%{}.t -all", "", MAIL, "permerror"),
    ("§7.1", "the digits come before the r", "v=spf1 exists:%{dr1}.t -all", "", MAIL, "permerror"),
    ("§7.1", "a delimiter that is none is permerror", "v=spf1 exists:%{d;}.t -all", "", MAIL, "permerror"),
    ("§7.1", "a broken macro in an unknown modifier is permerror", "v=spf1 moo=%{ -all", "", MAIL, "permerror"),
    ("§7.1", "a domain may end in a macro", "v=spf1 a:mail.%{d} -all", "", MAIL, "pass"),
    ("§7.2", "the letter c is for explanations alone", "v=spf1 exists:%{c}.t -all", "", MAIL, "permerror"),
    ("§7.2", "the letter r is for explanations alone", "v=spf1 exists:%{r}.t -all", "", MAIL, "permerror"),
    ("§7.2", "the letter t is for explanations alone", "v=spf1 exists:%{t}.t -all", "", MAIL, "permerror"),
    ("§7.2", "inside an include d is the included domain", "v=spf1 include:sub.example.com -all",
     SUB + "exists:%{d}.t\nsub.example.com.t A 127.0.0.2", MAIL, "pass"),
    ("§7.2", "inside an include o stays the sender's domain", "v=spf1 include:sub.example.com -all",
     SUB + "exists:%{o}.t\nemail.example.com.t A 127.0.0.2", JOE, "pass"),
    ("§7.3", "zero parts are permerror", "v=spf1 exists:%{d0}.t -all", "", MAIL, "permerror"),
    ("§7.3", "a number of any length is read", "v=spf1 exists:%{d" + "9" * 60 + "}.t -all", "example.com.t A 127.0.0.2",
     MAIL, "pass"),
    ("§7.3", "a name of more than 253 characters loses labels on the left",
     "v=spf1 exists:%{l}.%{l}.%{l}.%{l}.%{l}.x.t -all", f"{'.'.join(['b' * 60] * 4)}.x.t A 127.0.0.2",
     f"{MAIL} from {'b' * 60}@example.com", "pass"),
    ("§7.3", "of several names p prefers the domain", "v=spf1 exists:%{p}.t -all",
     "203.0.113.9 PTR z.test\n203.0.113.9 PTR example.com\nz.test A 203.0.113.9\nexample.com A 203.0.113.9\n"
     "example.com.t A 127.0.0.2", OTHER, "pass"),
    ("§7.3", "p passes over a lookup that fails", "v=spf1 exists:%{p}.t -all",
     "! 25.2.0.192.in-addr.arpa PTR servfail\nunknown.t A 127.0.0.2", MAIL, "pass"),
]  # fmt: skip

CASES = tuple(Case(*row) for row in (*RECORDS, *LIMITS, *MECHANISMS, *MODIFIERS, *MACROS))
