"""Our reading of DMARC records beside that of checkdmarc, which follows RFC 9989 too, on records that both take."""

import pytest
from checkdmarc import dmarc as peer
from hypothesis import given, settings
from hypothesis import strategies as st

from truehelo.records.dmarc import DmarcRecord, effective, parse
from truehelo.records.errors import RecordError

TAGS = st.fixed_dictionaries(
    {"p": st.sampled_from(["none", "quarantine", "reject", "Reject"])},
    optional={
        "sp": st.sampled_from(["none", "quarantine", "reject"]),
        "np": st.sampled_from(["none", "quarantine", "reject"]),
        "adkim": st.sampled_from(["r", "s", "x"]),
        "aspf": st.sampled_from(["r", "s"]),
        "psd": st.sampled_from(["y", "n", "u"]),
        "t": st.sampled_from(["y", "n"]),
        "fo": st.sampled_from(["0", "1", "d", "1:d:s", "s:d"]),
        "pct": st.sampled_from(["0", "50", "100"]),
    },
)


@settings(deadline=None, max_examples=60)
@given(TAGS.flatmap(lambda tags: st.permutations(list(tags.items()))), st.sampled_from([";", "; ", " ; "]), st.booleans())
def test_both_read_the_same(tags: list[tuple[str, str]], separator: str, ends: bool) -> None:
    text = separator.join(["v=DMARC1", *(f"{name}={value}" for name, value in tags)]) + (";" if ends else "")
    ours = parse(text)
    assert isinstance(ours, DmarcRecord)
    theirs = {name: tag["value"] for name, tag in peer.parse_dmarc_record(text, "example.com")["tags"].items()}
    assert (ours.p, ours.adkim, ours.aspf, ours.psd) == tuple(theirs[name] for name in ("p", "adkim", "aspf", "psd"))
    assert ("y" if ours.testing else "n") == theirs["t"]
    assert set(ours.fo) == set(theirs["fo"].split(":"))
    # The peer fills sp and np in; ours says which of the three counts.
    sub, gone = effective(ours, own=False), effective(ours, own=False, exists=False)
    assert sub is not None
    assert gone is not None
    assert (sub.declared, gone.declared) == (theirs["sp"], theirs["np"])


@pytest.mark.parametrize(
    "text",
    ["v=DMARC1 p=none", "v=dmarc1; p=none", "p=none; v=DMARC1", "v=DMARC1; p=none; p=none", "v=spf1 -all"],
)
def test_both_take_no_record_from(text: str) -> None:
    assert isinstance(parse(text), RecordError)
    with pytest.raises(peer.DMARCError):
        peer.parse_dmarc_record(text, "example.com")
