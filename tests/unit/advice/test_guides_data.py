"""Every guide that comes with truehelo: read, complete, filled with nothing but well-formed names, and true to its file."""

import re
import shlex
from pathlib import Path

import pytest

from truehelo.advice import guides
from truehelo.advice.guides import MtaGuide, ProviderGuide, packaged
from truehelo.advice.guides.fill import STANDINS, for_family, places, way
from truehelo.advice.guides.library import fewest
from truehelo.advice.guides.model import NAMES, Guide, WayText
from truehelo.generic.providers import providers

FOLDER = Path(guides.__file__).parent
LIBRARY = packaged()
GUIDES = LIBRARY.everyone
FILLED = {
    4: places(name="mail.example.com", ip="192.0.2.25", zone="2.0.192.in-addr.arpa"),
    6: places(name="mail.example.com", ip="2001:db8::25", zone="8.b.d.0.1.0.0.2.ip6.arpa"),
}
SUBSETS = [frozenset(name for i, name in enumerate(NAMES) if bits >> i & 1) for bits in range(1, 8)]


def ways(guide: Guide) -> tuple[WayText, ...]:
    return guide.ways if isinstance(guide, ProviderGuide) else guide.settings


def test_there_are_twenty_providers_and_twenty_mail_servers_at_least() -> None:
    assert len(LIBRARY.providers) >= 20
    assert len(LIBRARY.mtas) >= 20


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*/*.toml")), ids=lambda path: path.name)
def test_a_file_is_named_like_its_guide_and_lies_in_the_folder_of_its_kind(path: Path) -> None:
    (guide,) = [each for each in GUIDES if each.origin.file.endswith(f"{path.parent.name}/{path.name}")]
    assert path.stem == guide.id
    assert path.parent.name == ("providers" if isinstance(guide, ProviderGuide) else "mtas")


@pytest.mark.parametrize("guide", LIBRARY.providers, ids=lambda guide: guide.id)
def test_a_default_name_that_a_guide_is_known_by_is_one_of_the_table(guide: ProviderGuide) -> None:
    assert set(guide.defaults) <= {provider.id for provider in providers()}


@pytest.mark.parametrize("guide", LIBRARY.providers, ids=lambda guide: guide.id)
@pytest.mark.parametrize("family", [4, 6])
def test_a_provider_has_a_way_for_each_family(guide: ProviderGuide, family: int) -> None:
    only_v4 = {"alibaba"}
    assert for_family(guide.ways, family) or guide.id in only_v4


@pytest.mark.parametrize("guide", LIBRARY.mtas, ids=lambda guide: guide.id)
def test_a_bundle_is_based_on_a_guide_that_there_is(guide: MtaGuide) -> None:
    assert guide.based_on is None or guide.based_on in {each.id for each in LIBRARY.mtas}


@pytest.mark.parametrize("guide", LIBRARY.mtas, ids=lambda guide: guide.id)
@pytest.mark.parametrize("wanted", SUBSETS, ids=lambda wanted: "+".join(sorted(wanted)))
def test_the_fewest_settings_make_what_is_wanted_and_none_is_idle(guide: MtaGuide, wanted: frozenset[str]) -> None:
    chosen = fewest(guide.settings, wanted)
    made = frozenset().union(*(setting.makes for setting in chosen))
    assert wanted <= made
    for setting in chosen:
        others = frozenset().union(*(other.makes for other in chosen if other is not setting))
        assert not wanted <= others, setting.key


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.id)
@pytest.mark.parametrize("family", [4, 6])
def test_once_filled_no_place_is_left_and_every_command_is_one_for_a_shell(guide: Guide, family: int) -> None:
    for text in for_family(ways(guide), family):
        made = way(text, FILLED[family])
        for line in (*made.commands, *made.lines, made.where, made.note):
            assert not re.search(r"\{(" + "|".join(STANDINS) + r")\}", line)
        for command in made.commands:
            assert shlex.split(command)


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.id)
def test_a_guide_says_where_it_is_from(guide: Guide) -> None:
    assert all(len(source) >= 8 for source in guide.origin.sources)
    named_general = any("general knowledge" in source for source in guide.origin.sources)
    assert not named_general or guide.origin.grade == "U" or len(guide.origin.sources) > 1


NASTY = [
    "$(reboot).example.com",
    "`id`.example.com",
    "a;rm.example.com",
    "mail.example.com'",
    'mail.example.com"',
    "mail.example.com\nroot",
    "\x1b[31m.example.com",
    "mail example.com",
    "-o.example.com",
    "a|b.example.com",
    "a&b.example.com",
    "a>b.example.com",
    "mail_1.example.com",
    "mail",
    "[192.0.2.25]",
    "",
]


@pytest.mark.parametrize("nasty", NASTY)
@pytest.mark.parametrize("place", ["name", "ip", "reverse", "zone"])
def test_nothing_but_a_well_formed_name_or_address_fills_a_place(nasty: str, place: str) -> None:
    values = {"name": "mail.example.com", "ip": "192.0.2.25"} | {place: nasty}
    made = dict(places(**values).values)
    assert all(shlex.quote(value) == value for value in made.values())
    if place != "reverse":
        assert made[place] == STANDINS[place]
    else:
        assert made["reverse"] == "25.2.0.192.in-addr.arpa"


@pytest.mark.parametrize(
    ("why", "given", "place", "value"),
    [
        ("a classless owner name", {"ip": "192.0.2.25", "reverse": "25.0/26.2.0.192.in-addr.arpa"}, "reverse", None),
        ("the label below the zone", {"ip": "192.0.2.25", "zone": "2.0.192.in-addr.arpa"}, "label", "25"),
        ("a zone elsewhere", {"ip": "192.0.2.25", "zone": "100.51.198.in-addr.arpa"}, "label", "LABEL"),
        ("the host's first label", {"name": "Mail.Example.COM."}, "host", "mail"),
        ("the domain behind it", {"name": "Mail.Example.COM."}, "domain", "example.com"),
        ("the record type of IPv6", {"ip": "2001:db8::25"}, "type", "AAAA"),
        ("a mapped address is an IPv4 one", {"ip": "::ffff:192.0.2.25"}, "ip", "192.0.2.25"),
        ("a zone that is no reverse zone", {"zone": "example.com"}, "zone", "REVERSE-ZONE"),
    ],
)
def test_what_fills_a_place(why: str, given: dict[str, str], place: str, value: str | None) -> None:
    assert dict(places(**given).values)[place] == (given.get(place) if value is None else value), why
