"""The tables [domains] and [report_alerts]: what is read, and what is refused with a sentence."""

from pathlib import Path

import pytest

from truehelo.configuration.domains import DomainSettings, ReportAlertSettings
from truehelo.configuration.read import read_configuration
from truehelo.errors import FileError

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "configuration.md"


def test_without_the_tables_the_defaults_hold() -> None:
    found = read_configuration("", "truehelo.toml").beside
    assert (found.domains, found.alerts) == (DomainSettings(), ReportAlertSettings())


def test_everything_can_be_said() -> None:
    text = """
    [domains]
    names = ["Shop.Example.", "bücher.example"]
    groups = ["mail"]
    owner = "Ann"
    inventory = false
    reports = false
    most = 10
    selectors = ["S1", "mail.2026"]
    interval = "2h"
    changed_for = "3d"
    key_max_age = "180d"
    key_dates = true
    key_warn = "7d"
    [report_alerts]
    late_days = 3
    unknown_messages = 50
    unknown_percent = 2
    aligned_percent = 10
    aligned_messages = 100
    silent_days = 5
    tls_percent = 3
    tls_sessions = 20
    key_messages = 9
    """
    found = read_configuration(text, "truehelo.toml").beside
    assert found.domains.names == ("shop.example", "xn--bcher-kva.example")
    assert found.domains.selectors == ("s1", "mail.2026")
    assert (found.domains.interval_s, found.domains.key_max_age_s) == (7200.0, 180 * 86_400.0)
    assert (found.alerts.unknown_share, found.alerts.aligned_fall, found.alerts.tls_share) == (0.02, 0.10, 0.03)


BAD = [
    ("[domains]\nnames = ['shop']", "names has 'shop', which is no domain"),
    ("[domains]\nnames = ['a b.example']", "names has 'a b.example', which is no domain"),
    ("[domains]\nselectors = ['']", "selectors is empty"),
    ("[domains]\nselectors = ['a..b']", "selectors has 'a..b', which is no selector"),
    ("[domains]\ninterval = '1s'", "it may be 5m to 30d"),
    ("[domains]\nkey_max_age = 'soon'", "which is no length of time"),
    ("[domains]\nname = 'x'", "did you mean 'names'?"),
    ("[report_alerts]\nunknown_percent = 0", "unknown_percent is a whole number from 1 to 99"),
    ("[report_alerts]\nsilent_days = 31", "silent_days is a whole number from 1 to 30"),
    ("domains = 3", "domains is no table; begin it with a line [domains]"),
]


@pytest.mark.parametrize(("text", "sentence"), BAD, ids=[row[0] for row in BAD])
def test_a_mistake_is_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(FileError, match=r"truehelo\.toml") as caught:
        read_configuration(text, "truehelo.toml")
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_every_key_is_described() -> None:
    text = PAGE.read_text(encoding="utf-8")
    section = text[text.index("## `[domains]`") : text.index("## `[retention]`")]
    keys = "enabled names groups owner inventory reports most selectors interval changed_for key_max_age key_dates key_warn"
    more = (
        "late_days unknown_messages unknown_percent aligned_percent aligned_messages silent_days tls_percent tls_sessions"
    )
    for key in f"{keys} {more} key_messages".split():
        assert f"`{key}`" in section, key
