"""What Haraka's and iRedMail's rules say about a name, and which registered domain a name has."""

from ipaddress import IPv4Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truehelo.generic.haraka import haraka_generic, holds_octets
from truehelo.generic.iredmail import Refusal, iredmail_helo, iredmail_table
from truehelo.generic.registered import registered, same_registered

HARAKA = [
    # Names and addresses of providers, as they are given by default.
    ("ec2-54-211-9-8.compute-1.amazonaws.com", "54.211.9.8", False),  # a public suffix itself, without a domain
    ("ec2-54-211-9-8.eu-west-1.compute.amazonaws.com", "54.211.9.8", True),
    ("8.9.211.54.bc.googleusercontent.com", "54.211.9.8", True),
    ("54-211-9-8.ip.linodeusercontent.com", "54.211.9.8", True),
    ("static.8.9.211.54.clients.your-server.de", "54.211.9.8", False),  # exempt by "static"
    ("static-54-211-9-8.isp.example.net", "54.211.9.8", False),
    ("8.9.211.54.static.isp.example.net", "54.211.9.8", True),  # too far behind to exempt
    ("a.b.c.d.e.54-211.static-pool.isp.net", "54.211.9.8", True),
    ("54-211-9-8.business.isp.net", "54.211.9.8", False),
    ("vmi123456.contaboserver.net", "54.211.9.8", False),
    ("p36d30908.dip0.t-ipconnect.de", "54.211.9.8", True),  # in hex
    ("c-54-211-9-8.hsd1.ca.comcast.net", "54.211.9.8", True),
    # Good names that are found all the same, by accident.
    ("mta-100-25.example.com", "198.51.100.25", True),
    ("a8-1.smtp-out.amazonses.com", "54.240.8.1", True),
    ("mx4.eu100.example.com", "198.51.100.4", True),
    # And those that are not.
    ("mail.example.com", "198.51.100.25", False),
    ("mx25.example.com", "198.51.100.25", False),
    ("mail.100-25.com", "198.51.100.25", False),  # the registered domain is not looked at
    ("2001-db8--25.isp.net", "2001:db8::25", False),  # addresses of IPv6 are never found
    ("mail-51-198.lan", "198.51.100.25", False),  # a name without registered domain is not judged
]


@pytest.mark.parametrize(("name", "ip", "generic"), HARAKA)
def test_haraka_calls_a_name_generic(name: str, ip: str, generic: bool) -> None:
    assert haraka_generic(name, ip_address(ip)) is generic


def test_octets_must_both_stand_in_the_name_apart_from_each_other() -> None:
    assert not holds_octets("mx100.example.com", IPv4Address("198.51.10.100"))
    assert holds_octets("mx10.eu100.example.com", IPv4Address("198.51.10.100"))


@given(st.text(alphabet="0123456789abcdef.-", max_size=60), st.ip_addresses(v=4))
def test_the_address_written_out_below_a_domain_is_always_found(rest: str, ip: IPv4Address) -> None:
    assert holds_octets(f"{rest}x{str(ip).replace('.', '-')}.isp.com", ip)


IREDMAIL = [
    ("localhost", "is a name of no server on the Internet"),
    ("localhost.localdomain", "is a name of no server on the Internet"),
    ("mail.local", "is a name of no server on the Internet"),
    ("MAIL.LOCAL", "is a name of no server on the Internet"),
    ("192.0.2.25", "is a bare address or a number"),
    ("12345", "is a bare address or a number"),
    ("gmail.com", "is the domain of a large provider, whose servers say another name"),
    ("ec2-54-211-9-8.compute-1.amazonaws.com", "holds four numbers as of an address"),
    ("8.9.211.54.bc.googleusercontent.com", "holds four numbers as of an address"),
    ("mail-1.2-3.4.example.com", "holds four numbers as of an address"),  # whether they are the address or not
    ("x12345.6.7.8901.example.com", "holds four numbers as of an address"),
    ("adsl-17.isp.example.com", 'holds the word "adsl"'),
    ("pool1.pppoe.example.com", 'holds the dial-up word "pppoe"'),
    ("mydhcpserver.example.com", 'holds the dial-up word "dhcp"'),
    ("dialup.example.com", 'holds the dial-up word "dialup"'),
    ("p36d30908.dip0.t-ipconnect.de", 'ends in "dip0.t-ipconnect.de", names of an access network'),
    ("optim.ro", 'ends in "tim.ro", names of an access network'),  # not a label of its own, and refused
    ("host.speedy.com.ar", 'ends in "speedy.com.ar", names of an access network'),
    ("mail.example.com", None),
    ("mail", None),
    ("", None),
    ("mail1.2.3.example.com", None),
    ("1-2-3-mail-4.example.com", None),
    ("1.2345.6.7.example.com", None),  # an inner number of four digits is none of an address
    ("1--2.3.4.example.com", None),
    ("myadsl2.example.com", None),  # no word of its own
    ("[192.0.2.25]", None),
    ("[IPv6:2001:db8::25]", None),
    ("o167-89-97-77.outbound-mail.sendgrid.net", None),
    ("mail-db3pr0202cu001.outbound.protection.outlook.com", None),
    ("ec2-54-211-9-8.eu-west-1.compute.amazonaws.com", None),
    ("54-211-9-8.mail-campmail.facebook.com", None),
]


@pytest.mark.parametrize(("helo", "reason"), IREDMAIL)
def test_iredmail_refuses_a_helo_for_this_reason(helo: str, reason: str | None) -> None:
    assert iredmail_helo(helo) == reason


@pytest.mark.parametrize(
    ("helo", "part"),
    [
        ("ec2-54-211-9-8.compute-1.amazonaws.com", "2-54-211-9"),
        ("x12345.6.7.8901.example.com", "345.6.7.890"),
        ("mail.local", ".local"),
        ("192.0.2.25", "192.0.2.25"),
    ],
)
def test_the_reply_of_iredmail_points_at_a_part_of_the_helo(helo: str, part: str) -> None:
    verdict = iredmail_table(helo)

    assert isinstance(verdict, Refusal)
    assert verdict.part == part


@pytest.mark.parametrize(
    "helo", ["[192.0.2.25]", "o1-2-3-4.outbound-mail.sendgrid.net", "x.outbound.protection.outlook.com"]
)
def test_iredmail_lets_some_pass_whatever_comes_after(helo: str) -> None:
    assert iredmail_table(helo) is True


@given(st.text(max_size=80))
def test_the_table_of_iredmail_says_something_of_any_text(helo: str) -> None:
    verdict = iredmail_table(helo)

    if isinstance(verdict, Refusal):
        assert verdict.part.lower() in helo.lower()


REGISTERED = [
    ("mail.example.com", "example.com"),
    ("example.com", "example.com"),
    ("a.b.example.co.uk", "example.co.uk"),
    ("com", None),
    ("co.uk", None),
    ("mail.lan", None),
    ("mail", None),
    ("mail..com", None),
    ("192.0.2.25", None),
    ("mail.business.example", "business.example"),  # top-level names for examples count as delegated
    ("x.y.test", "y.test"),
]


@pytest.mark.parametrize(("name", "domain"), REGISTERED)
def test_a_name_has_this_registered_domain(name: str, domain: str | None) -> None:
    assert registered(name) == domain


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("mail.example.com", "mx.a.example.com", True),
        ("mail.example.com", "mail.example.net", False),
        ("one.co.uk", "two.co.uk", False),
        ("mail.lan", "mx.lan", False),
    ],
)
def test_two_names_lie_in_one_registered_domain(one: str, other: str, same: bool) -> None:
    assert same_registered(one, other) is same
    assert same_registered(other, one) is same


@given(st.text(max_size=60))
def test_any_text_has_a_registered_domain_at_its_end_or_none(name: str) -> None:
    domain = registered(name.lower())

    assert domain is None or name.lower().endswith(domain)
