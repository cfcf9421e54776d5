"""Records of tens of thousands of characters, made to cost time: every parser is done with them at once."""

import time
from collections.abc import Callable

import pytest

from truehelo.records import bimi, caa, dkim, dmarc, mta_sts, tls_rpt, tlsa
from truehelo.records.spf import parse as parse_spf

PARSERS: dict[str, tuple[str, Callable[[str], object]]] = {
    "dmarc": ("v=DMARC1; p=none; rua=", dmarc.parse),
    "dkim": ("v=DKIM1; n=", dkim.parse),
    "dkim key": ("v=DKIM1; p=", dkim.parse),
    "mta-sts": ("v=STSv1; id=", mta_sts.parse_record),
    "mta-sts policy": ("version: STSv1\nmode: enforce\nmax_age: 1\nmx: ", mta_sts.parse_policy),
    "tls-rpt": ("v=TLSRPTv1; rua=", tls_rpt.parse),
    "bimi": ("v=BIMI1; l=", bimi.parse),
    "caa": ("0 issue ", caa.parse),
    "tlsa": ("3 1 1 ", tlsa.parse),
    "spf": ("v=spf1 ", parse_spf),
}
SIZE = 30_000
UNITS = (
    ' |a|;|,|a;|a=1;|!1|mailto:a@b.c,|%|=41|expires |:|a:|\n|a:b\n|mx: a\n|"|\\|\x00|\u00fc|( |0|'
    "%{d}|ip4:1.2.3.4 |a b|rua =|/|."
).split("|")
MOST_SECONDS = 1.5
"""A tenth of that is usual; a parser that is quadratic takes many times as much."""


@pytest.mark.parametrize("name", PARSERS)
def test_a_large_record_costs_no_time(name: str) -> None:
    begin, parse = PARSERS[name]
    slowest, worst = 0.0, ""
    for unit in UNITS:
        body = (unit * SIZE)[:SIZE]
        for text in (begin + body, begin + "x" + body + "x", body):
            started = time.process_time()
            assert parse(text) is not None
            took = time.process_time() - started
            if took > slowest:
                slowest, worst = took, unit
    assert slowest < MOST_SECONDS, f"{name} took {slowest:.2f} s over {worst!r}"
