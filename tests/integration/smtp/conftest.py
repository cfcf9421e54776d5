"""The three mail servers, each started once for all tests here, each under two names where it can have two."""

from collections.abc import Iterator

import pytest

from integration.servers.smtp import Mta, mta

NAMES = {
    "postfix": ("mail.postfix.example", "mx.postfix.example"),
    "exim": ("mail.exim.example", "mx.exim.example"),
    "opensmtpd": ("mail.opensmtpd.example", "mail.opensmtpd.example"),
}
"""What each calls itself to EHLO, and in its greeting."""


@pytest.fixture(scope="session", params=sorted(NAMES))
def server(request: pytest.FixtureRequest) -> Iterator[Mta]:
    kind: str = request.param
    name, greeting_name = NAMES[kind]
    with mta(kind, name, greeting_name) as started:
        yield started
