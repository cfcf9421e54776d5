"""The four servers, started once for all tests here."""

from collections.abc import Iterator

import pytest

from integration.servers.dns import Servers, running


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    with running(tmp_path_factory.mktemp("dns")) as started:
        yield started
