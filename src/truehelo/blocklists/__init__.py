"""Blocklists and allowlists that are asked by DNS: a catalogue of them as data, and what their answers mean (RFC 5782).

Plain functions over facts. Who asks, and when a list is believed, is for `truehelo.engine.blocklists`.
"""

from truehelo.blocklists.catalogue import Subscription, catalogue, subscribe
from truehelo.blocklists.keys import Keys, read_keys
from truehelo.blocklists.model import Blocklist, Purpose, Status, Weight
from truehelo.blocklists.read import Listing, State, listing

__all__ = [
    "Blocklist",
    "Keys",
    "Listing",
    "Purpose",
    "State",
    "Status",
    "Subscription",
    "Weight",
    "catalogue",
    "listing",
    "read_keys",
    "subscribe",
]
