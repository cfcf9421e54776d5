"""NXDOMAIN behind an alias speaks of the end of the chain, and not of the name (RFC 6604 §3, RFC 8020 §2)."""

import pytest

from support.domains import facts
from truehelo.domains import DomainView
from truehelo.engine.domain_run import judge_domain

ABOVE = '_dmarc TXT "v=DMARC1; p=reject; sp=quarantine; np=none; rua=mailto:d@s.example"\n'
GONE = "is an alias of gone.s.example, which does not exist"
NAMES = [
    # the name a.s.example, whether it exists, what is said of its mail, the tag that decides for DMARC
    ("a name that is not there", "", False, None, "np"),
    ("an alias of a name that is not there", "a CNAME gone", True, GONE, "np"),
    ("an alias of an alias of a name that is not there", "a CNAME b\nb CNAME gone", True, GONE, "np"),
    ("an alias of a name without mail", 'a CNAME b\nb TXT "x"', True, "(NODATA)", "sp"),
    ("a name with a text alone", 'a TXT "x"', True, "(NODATA)", "sp"),
]


@pytest.mark.parametrize(("why", "zone", "exists", "mail", "tag"), NAMES, ids=[row[0] for row in NAMES])
def test_what_is_missing_is_the_name_or_what_it_is_an_alias_of(
    why: str, zone: str, exists: bool, mail: str | None, tag: str
) -> None:
    seen = facts({"zone": ABOVE + zone, "asked": "a.s.example"})
    view, found = DomainView(seen), {each.tag.name: each.message for each in judge_domain(seen).findings}
    assert view.exists is exists
    assert ("DOMAIN_MISSING" in found) is not exists
    assert ("MX_MISSING" in found, "DOMAIN_SPF_MISSING" in found) == (exists, exists)
    assert mail is None or mail in found["MX_MISSING"]
    # A receiver goes by the code of the reply, which is that of the end of the chain (RFC 9989 §3.2.13).
    assert view.dmarc_policy is not None
    assert view.dmarc_policy.tag == tag


def test_what_is_advised_for_an_alias_takes_the_place_of_the_alias() -> None:
    audit = judge_domain(facts({"zone": "a CNAME gone", "asked": "a.s.example"}))
    step = next(step for step in audit.advice if "MX_MISSING" in step.resolves)
    assert "in the place of its CNAME" in step.what
    assert step.records == ("a.s.example. 3600 IN MX 0 .",)
