"""`[metrics]` and `[ping]` as the configuration writes them, and what each mistake is told."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truehelo.configuration.channels import Secret
from truehelo.configuration.service import KEYS, MetricsSettings, PingSettings, ServiceSettings, read_service
from truehelo.errors import FileError


def read(text: str) -> ServiceSettings:
    return read_service(tomllib.loads(text), "truehelo.toml")


def test_without_tables_there_is_neither() -> None:
    assert read("[other]\nkey = 1") == ServiceSettings()


@pytest.mark.parametrize(
    ("text", "place", "token", "per_target"),
    [
        ("[metrics]", "127.0.0.1:8925", None, True),
        ('[metrics]\nlisten = "[::1]:9000"\nper_target = false', "[::1]:9000", None, False),
        ('[metrics]\nlisten = "0.0.0.0:80"\ntoken_file = "/t"', "0.0.0.0:80", Secret(file="/t"), True),
        ('[metrics]\nlisten = "[::]:80"\ntoken_env = "TOKEN"', "[::]:80", Secret(env="TOKEN"), True),
        ('[metrics]\nlisten = "127.9.9.9:65535"', "127.9.9.9:65535", None, True),
    ],
)
def test_metrics_are_read(text: str, place: str, token: Secret | None, per_target: bool) -> None:
    found = read(text).metrics
    assert found is not None
    assert (found.place, found.token, found.per_target) == (place, token, per_target)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('url = "https://hc.example/abc"', PingSettings(interval_s=60, url="https://hc.example/abc")),
        (
            'url_file = "/u"\ninterval = "5m"\nmethod = "POST"\nfail = true',
            PingSettings(interval_s=300, url_secret=Secret(file="/u"), method="POST", fail=True),
        ),
        ('file = "/run/t/alive"\ninterval = "5s"', PingSettings(interval_s=5, file="/run/t/alive")),
        (
            'url_env = "PING"\nfile = "/run/t/alive"',
            PingSettings(interval_s=60, url_secret=Secret(env="PING"), file="/run/t/alive"),
        ),
    ],
)
def test_ping_is_read(text: str, expected: PingSettings) -> None:
    assert read(f"[ping]\n{text}").ping == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("metrics = 1", "truehelo.toml: metrics is no table; begin it with a line [metrics]"),
        ("[metrics]\nlisten = 8925", "[metrics] listen is no text"),
        ('[metrics]\nlisten = "8925"', "[metrics] listen is '8925', which is no address with a port; it is written"),
        ('[metrics]\nlisten = "localhost:8925"', "which is no address with a port"),
        ('[metrics]\nlisten = "127.0.0.1:0"', "which is no address with a port"),
        ('[metrics]\nlisten = "127.0.0.1:65536"', "which is no address with a port"),
        ('[metrics]\nlisten = "127.0.0.256:80"', "which is no address with a port"),
        ('[metrics]\nlisten = "0.0.0.0:8925"', "others can reach, and there is no token; name a file that holds a secret"),
        ('[metrics]\nlisten = "192.0.2.1:8925"', "listen is 192.0.2.1:8925, which others can reach"),
        ('[metrics]\ntoken_file = "/a"\ntoken_env = "B"', "[metrics] has both token_file and token_env"),
        ('[metrics]\nper_target = "yes"', "[metrics] per_target is neither true nor false"),
        ('[metrics]\nlitsen = "127.0.0.1:1"', "[metrics] has an unknown key 'litsen'; did you mean 'listen'?"),
        ("[ping]", "[ping] names nobody to tell"),
        ('[ping]\nurl = "https://a.example"\nurl_file = "/u"', "[ping] has two addresses; keep one of them"),
        ('[ping]\nurl = "ftp://a.example"', "[ping] url is no URL of http"),
        ('[ping]\nurl = "https://"', "[ping] url is no URL of http"),
        ('[ping]\nurl = "https://a.example"\ninterval = "1s"', "[ping] interval is 1s; it may be 5s to 1d"),
        ('[ping]\nurl = "https://a.example"\ninterval = 60', "[ping] interval"),
        ('[ping]\nurl = "https://a.example"\ninterval = "often"', "[ping] interval is 'often', which is no length of time"),
        ('[ping]\nurl = "https://a.example"\nmethod = "PUT"', "[ping] method is 'PUT'"),
        ('[ping]\nfile = "/f"\nfail = true', "[ping] has fail = true, and no url to say it to"),
        ('[ping]\nfile = "a\\u0000b"', "[ping] file holds a control or invisible character"),
        ('[ping]\nfile = "/f"\nfille = "/g"', "[ping] has an unknown key 'fille'; did you mean 'file'?"),
    ],
)
def test_a_mistake_is_named_with_its_table_its_key_and_a_way_out(text: str, said: str) -> None:
    with pytest.raises(FileError) as caught:
        read(text)
    assert str(caught.value).startswith("truehelo.toml: ")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_refused_url_is_not_repeated_for_it_may_be_a_secret() -> None:
    with pytest.raises(FileError) as caught:
        read('[ping]\nurl = "gopher://ping.example/5f6c0b"')
    assert "5f6c0b" not in str(caught.value)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | st.just("127.0.0.1:80"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
keys = st.sampled_from(
    ["listen", "token_file", "token_env", "per_target", "url", "url_file", "file", "interval", "method", "fail", "x"]
)


@given(
    st.fixed_dictionaries({}, optional={key: values | st.dictionaries(keys, values, max_size=5) for key in sorted(KEYS)})
)
def test_any_tables_are_read_or_refused_in_one_sentence(tables: dict[str, object]) -> None:
    try:
        found = read_service(tables, "truehelo.toml")
    except FileError as error:
        found, said = ServiceSettings(), str(error)
    else:
        said = ""
    assert said.isprintable()
    if isinstance(found.metrics, MetricsSettings):
        assert found.metrics.ip.is_loopback or found.metrics.token is not None
        assert 1 <= found.metrics.port <= 65535
    if found.ping is not None:
        assert found.ping.url or found.ping.url_secret or found.ping.file
        assert 5 <= found.ping.interval_s <= 86400
