"""Inventory lines for property tests: anything that a file can say, in its one form."""

from hypothesis import strategies as st

from truehelo.errors import InputError
from truehelo.inventory.fields import build
from truehelo.inventory.model import Line

_LABEL = st.text(alphabet="abcxyz0123456789", min_size=1, max_size=8)
NAMES = st.lists(_LABEL, min_size=1, max_size=3).map(lambda labels: ".".join([*labels, "example"]))
_V4 = st.tuples(st.just(203), st.just(0), st.just(113), st.integers(0, 255)).map(lambda octets: ".".join(map(str, octets)))
_V6 = st.integers(0, 2**64 - 1).map(
    lambda low: f"2001:db8::{low >> 48:x}:{low >> 32 & 0xFFFF:x}:{low >> 16 & 0xFFFF:x}:{low & 0xFFFF:x}"
)
ADDRESSES = _V4 | _V6
NETWORKS = st.sampled_from(["198.51.100.0/24", "198.51.100.64/26", "192.0.2.0/31", "2001:db8:1::/112", "2001:db8:2::/120"])
# What spreadsheets, TOML and JSON could trip over: quotes, formulas, escapes, line ends, separators, the whole of Unicode.
TEXTS = st.text(
    alphabet=st.sampled_from("=+-@'\"\\,;\t#[]{}=äß￿\U0001f4e7＝\u2028\xa0 abc") | st.characters(exclude_categories=["Cs"]),
    max_size=40,
)
_WORDS = st.from_regex(r"[a-zä0-9][a-zA-Z0-9.:/@+_-]{0,10}", fullmatch=True)


@st.composite
def lines(draw: st.DrawFn) -> Line:
    """One line, any of its values given or not."""
    kind = draw(st.sampled_from(["address", "network", "host", "domain"]))
    target = draw({"address": ADDRESSES, "network": NETWORKS}.get(kind, NAMES.map(lambda name: f"{kind}:{name}")))
    names = NAMES | NAMES.map(lambda name: "out-{n}." + name) if kind == "network" else NAMES
    wanted = {
        "expected": st.lists(names, max_size=3),
        "helo": NAMES | st.just("[192.0.2.1]") | st.just("=cmd") | st.just("-"),
        "domains": st.lists(NAMES, max_size=2),
        "groups": st.lists(_WORDS, max_size=3),
        "owner": TEXTS.map(lambda text: " ".join(text.split("\n"))),
        "vantage": _WORDS,
        "interval": st.integers(10, 86_400),
        "ports": st.lists(st.integers(1, 65_535), max_size=3),
        "pool": _WORDS,
        "note": TEXTS,
    }
    if kind == "domain":
        wanted["discover"] = st.lists(st.sampled_from(["mx", "spf"]), max_size=2)
    keys = draw(st.sets(st.sampled_from(sorted(wanted))))
    values: dict[str, object] = {"target": target}
    for key in sorted(keys):
        value = draw(wanted[key])
        try:
            build({"target": target, key: value})
        except InputError:  # control characters and their like, which no line may hold
            continue
        values[key] = value
    return build(values)


def inventories(max_size: int = 4) -> st.SearchStrategy[list[Line]]:
    """Lines of different places."""
    return st.lists(lines(), max_size=max_size, unique_by=lambda line: line.place)
