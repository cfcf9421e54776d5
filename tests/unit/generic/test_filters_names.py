"""What rspamd's and SpamAssassin's rules say about a bare name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truehelo.generic.rspamd import VERSIONS, rspamd_class
from truehelo.generic.spamassassin import helo_symbols, rdns_symbols

CLASSES = [
    # name, as a host name, as a HELO
    ("mail.example.com", 0, 0),
    ("mx25.example.com", 0, 0),
    ("host.example.com", 0, 0),
    ("mx.host.example.com", 2, 2),
    ("webhost-1.example.com", 2, 2),
    ("host1.example.com", 0, 0),
    ("my.vps.example", 1, 1),
    ("mail.pool.example.com", 4, 4),
    ("mail1broadcast.example.com", 5, 5),
    ("a12broadband.example.com", 5, 5),
    ("static.4.3.2.101.clients.hoster.example", 5, 5),
    ("static.101.3.2.4.clients.hoster.example", 1, 1),
    ("clients-12.example.com", 5, 5),
    ("clients-1.example.com", 0, 0),
    ("pppoe.example.com", 0, 0),
    ("x.pppoe.example.com", 0, 0),
    ("1.pppoe.example.com", 5, 5),
    ("adsl.example.com", 0, 0),
    ("x.adsl.example.com", 4, 4),
    ("xdsl7.example.com", 4, 4),
    ("adsl-dynamic7.example.com", 5, 5),
    ("dyn-7.example.com", 5, 5),
    ("dyn-7x.example.com", 0, 0),
    ("dyn-77.example.com", 5, 5),
    ("12dyn.example.com", 0, 0),
    ("12.dyn.example.com", 5, 5),
    ("1host.example.com", 0, 0),
    ("11host.example.com", 2, 2),
    ("1fbx.example.com", 4, 4),
    ("INADDR.7.EXAMPLE", 4, 4),
    ("mail", 0, 5),
    ("mail.local", 0, 5),
    ("speedtouch.lan", 0, 5),
    ("", 0, 0),
]


@pytest.mark.parametrize(("name", "host", "helo"), CLASSES)
def test_rspamd(name: str, host: int, helo: int) -> None:
    assert (rspamd_class(name, helo=False), rspamd_class(name, helo=True)) == (host, helo)


def test_releases_of_rspamd_differ() -> None:
    names = ("my.vps.example", "mail.comcast.net", "mail.local", "device.lan")
    classes = {version: [rspamd_class(name, helo=True, version=version) for name in names] for version in VERSIONS}
    assert classes == {"4.1": [1, 0, 5, 5], "3.12": [0, 5, 5, 5], "3.4": [0, 5, 0, 5]}


REVERSE = [
    ("mail.example.com", ""),
    ("node1.mail2.example.com", "RDNS_DYNAMIC"),
    ("acme1x2.example.com", "RDNS_DYNAMIC"),
    ("mail.res.example.com", "RDNS_DYNAMIC"),
    ("res.example.com", ""),
    ("mail.dynamic7.example.com", "RDNS_DYNAMIC"),
    ("1-2-3-4.example.com", "RDNS_DYNAMIC"),
    ("1-2-3-4.example", ""),
    ("1-2-3-4.static.example.com", ""),
    ("smtp.1-2-3-4.example.com", ""),
    ("1-2-3.example.com", ""),
    ("pD9E4F89F.dip.t-dialin.net", "RDNS_DYNAMIC"),
    ("pd9e4f89f.dip.t-dialin.net", ""),
    ("sp1-c700-131.example.ne.jp", "RDNS_DYNAMIC"),
    ("YahooBB7.example.jp", "RDNS_DYNAMIC"),
    ("localhost", "RDNS_LOCALHOST"),
    ("localhost.localdomain", "RDNS_LOCALHOST"),
    ("localhost.example", ""),
    ("mx1.hotmail.com", "FSL_FAKE_HOTMAIL_RVCD"),
    ("", ""),
]


@pytest.mark.parametrize(("name", "symbols"), REVERSE)
def test_reverse_names_to_spamassassin(name: str, symbols: str) -> None:
    assert " ".join(rdns_symbols(name)) == symbols


HELOS = [
    ("mail.example.com", ""),
    ("1-2-3-4.dyn.example.com", "HELO_DYNAMIC_IPADDR2"),
    ("1x2x3x4.example.net.example", "HELO_DYNAMIC_IPADDR2"),
    ("1-2-3-4.mail2.example.com", ""),
    ("1.x2-3-4.x.example.com", "HELO_DYNAMIC_SPLIT_IP"),
    ("ip1-2-3-4.x.example.com", "HELO_DYNAMIC_IPADDR"),
    ("ip1-2-3-4.static.example.com", "CK_HELO_GENERIC"),
    ("ip1-2-3-4.example.com", ""),
    ("ip1-2-3-4x", "HELO_NO_DOMAIN FSL_HELO_NON_FQDN_1 HELO_DYNAMIC_IPADDR"),
    ("pool1-2.example.com", "CK_HELO_GENERIC"),
    ("cable1-2.example.com", "HELO_DYNAMIC_DHCP"),
    ("smtpcm1-2.example.com", ""),
    ("x1-2.dsl.example.com", "HELO_DYNAMIC_HCC"),
    ("a12.upc-a.chello.nl", "HELO_DYNAMIC_CHELLO_NL"),
    ("cp12-a.mill1.nb.home.nl", "HELO_DYNAMIC_HOME_NL"),
    ("pD9E4F89F.dip.t-dialin.net", "HELO_DYNAMIC_DIALIN CK_HELO_GENERIC"),
    ("0xd5aaf40b.example.dk", "HELO_DYNAMIC_HEXIP"),
    ("1-2-3-4-static.hfc.comcastbusiness.net", "HELO_STATIC_HOST CK_HELO_GENERIC"),
    ("[1.2.3.4]", ""),
    ("1.2.3.4", "FSL_HELO_BARE_IP_1"),
    (".home", ""),
    ("a.home", "HELO_LH_HOME"),
    ("device.lan.example.com", "FSL_HELO_DEVICE"),
    ("OEM7", "HELO_NO_DOMAIN FSL_HELO_NON_FQDN_1 HELO_OEM"),
    ("", ""),
]


@pytest.mark.parametrize(("name", "symbols"), HELOS)
def test_helos_to_spamassassin(name: str, symbols: str) -> None:
    assert " ".join(helo_symbols(name)) == symbols


@given(st.text(max_size=80), st.sampled_from(VERSIONS))
def test_any_text_is_judged(text: str, version: str) -> None:
    assert rspamd_class(text, helo=True, version=version) >= rspamd_class(text, helo=False, version=version)
    assert set(helo_symbols(text)).isdisjoint(rdns_symbols(text)) or "FSL_FAKE_HOTMAIL_RVCD" in rdns_symbols(text)


@given(st.from_regex(r"[a-z]{1,8}(\.[a-z]{2,8}){1,3}", fullmatch=True), st.integers(0, 9), st.sampled_from("-."))
def test_words_count_only_between_separators_or_beside_digits(name: str, digit: int, separator: str) -> None:
    assert rspamd_class(f"x{separator}dynamic{separator}{name}", helo=False) == 5
    assert rspamd_class(f"dynamic{separator}{digit}.{name}", helo=False) == 5
