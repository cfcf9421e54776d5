"""Unit tests open no socket: what they test is plain functions, or asyncio over fakes."""

import pytest
from pytest_socket import disable_socket, enable_socket


@pytest.fixture(autouse=True)
def _no_sockets() -> object:
    disable_socket(allow_unix_socket=True)  # an asyncio loop wakes itself over a socket pair
    yield
    enable_socket()
