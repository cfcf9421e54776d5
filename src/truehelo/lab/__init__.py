"""The laboratory: a small internet on loopback from one scenario file (docs/reference/scenario.md).

DNS resolvers, authoritative name servers and mail servers, each on a loopback port of its own, that stand for
documentation addresses. It needs no root and no network. It judges nothing.
"""

from truehelo.lab.lab import Lab
from truehelo.lab.read import load, parse, scenario_names
from truehelo.lab.scenario import CheckSpec, Scenario
from truehelo.lab.smtp_server import Conversation

__all__ = ["CheckSpec", "Conversation", "Lab", "Scenario", "load", "parse", "scenario_names"]
