"""Selectors that are tried where nobody names any: each can be asked for, once, and says where it is known from."""

import re

from truehelo.records.dkim import KNOWN_SELECTORS, key_name, services_of
from truehelo.records.talk import can_be_asked


def test_each_selector_stands_there_once_and_can_be_asked_for() -> None:
    names = [known.selector for known in KNOWN_SELECTORS]
    assert len(names) == len(set(names)) > 60
    assert all(can_be_asked(key_name(name, "example.com")) and name == name.lower() for name in names)


def test_each_selector_has_a_service_and_a_source() -> None:
    for known in KNOWN_SELECTORS:
        assert known.service, known.selector
        assert re.search(r"[a-z0-9-]+\.[a-z]+|RFC", known.source), known.selector


def test_who_uses_a_selector() -> None:
    assert services_of("Selector1") == "Microsoft 365"
    assert services_of("s20260101") == ""
