"""The tables of the watch: their defaults, their bounds, and that nothing in a file makes the reader fall over."""

import contextlib
import inspect
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truehelo.configuration import watch
from truehelo.configuration.read import Configuration, read_configuration
from truehelo.errors import FileError
from truehelo.findings import Severity

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "configuration.md").read_text("utf-8")


def test_an_empty_file_is_the_defaults() -> None:
    assert read_configuration("", "truehelo.toml") == Configuration()


@pytest.mark.parametrize(
    ("text", "what", "value"),
    [
        ('[watch]\ninterval = "1h"', "watch.interval_s", 3600.0),
        ('[watch]\nresolvers = ["192.0.2.53", "192.0.2.54"]', "watch.resolvers", ("192.0.2.53", "192.0.2.54")),
        ('[watch]\nseverity = "error"', "watch.severity", Severity.ERROR),
        ("[watch]\nfailing = 5", "watch.failing", 5),
        ('[watch]\nrechecks = ["10s", "1m30s", "1h"]', "watch.rechecks_s", (10.0, 90.0, 3600.0)),
        ('[watch]\nrechecks = "30s"', "watch.rechecks_s", (30.0,)),
        ('[watch]\ngroup = "5s"', "watch.group_s", 5.0),
        ('[store]\ndatabase = "postgresql://truehelo@db/truehelo"', "store.database", "postgresql://truehelo@db/truehelo"),
        ("[blocklists]\nenabled = true", "blocklists.enabled", True),
        ('[blocklists]\nlists = ["spamcop"]', "blocklists.enabled", True),
        ("[retention]\nhistory_days = 30", "retention.history_days", 30),
        ("[retention]\nfailures_days = 7", "retention.failures_days", 7),
        ("[retention]\nrollups_days = 30", "retention.records_days", 30),
        ("[retention]\nrecords_days = 30", "retention.rollups_days", 1200),
    ],
)
def test_a_key_is_read(text: str, what: str, value: object) -> None:
    found: object = read_configuration(text, "truehelo.toml").watching
    for part in what.split("."):
        found = getattr(found, part)
    assert found == value


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[watch]\nintervall = '5m'", "[watch] has an unknown key 'intervall'; did you mean 'interval'?"),
        ("[watch]\ninterval = 5", "interval is no text"),
        ("[watch]\ninterval = '1s'", "interval is 1s; it may be 10s to 30d"),
        ("[watch]\nconcurrency = 0", "concurrency is 0"),
        ("[watch]\nfailing = true", "failing is no whole number"),
        ('[watch]\nrechecks = ["5m", "1m"]', "[watch] rechecks cannot be used; write rechecks = "),
        ('[watch]\nrechecks = ["soon"]', "[watch] rechecks cannot be used; write rechecks = "),
        ('[watch]\nrechecks = ["1s"]', "[watch] rechecks cannot be used; write rechecks = "),
        ('[watch]\nrechecks = ["1m", "2d"]', "[watch] rechecks cannot be used; write rechecks = "),
        ("[watch]\nrechecks = []", "rechecks is an empty list; write rechecks = "),
        ("[watch]\ngroup = '2h'", "group is 2h; it may be 1s to 1h"),
        ("[watch]\nseverity = 'bad'", "severity is 'bad'"),
        ("[wacth]\n", "has an unknown table 'wacth'; did you mean 'watch'?"),
        ("watch = 1", "watch is no table"),
        ("[store]\ndatabase = 'a'\ndatabase_file = 'b'", "names two databases"),
        ("[watch\n", "is no TOML"),
        ("[retention]\nrecords_days = 2000", "keeps records of reports for longer than their sums; set rollups_days to"),
    ],
)
def test_a_mistake_is_named_with_the_way_out(text: str, said: str) -> None:
    with pytest.raises(FileError) as caught:
        read_configuration(text, "truehelo.toml")
    assert str(caught.value).startswith("truehelo.toml: ")
    assert said in str(caught.value)


@given(st.text(max_size=200))
def test_no_text_makes_the_reader_fall_over(text: str) -> None:
    with contextlib.suppress(FileError):
        read_configuration(text, "any.toml")


@pytest.mark.parametrize("name", sorted(watch.KEYS))
def test_every_key_is_described_and_no_other(name: str) -> None:
    body = PAGE.split(f"## `[{name}]`\n", 1)[1].split("\n## ", 1)[0]
    described = {
        key for line in body.splitlines() if line.startswith("| `") for key in re.findall(r"`([^`]+)`", line.split("|")[1])
    }
    source = inspect.getsource(getattr(watch, f"_{name}"))
    read = set(re.findall(r'(?:table, |table\.\w+\()"([a-z_]+)"', source))
    if name == "store":
        read |= {"database_file", "database_env"}
    assert described == read
