"""Guides: how this provider's panel sets a PTR, how this mail server is told its name. Data with text, one file each.

A guide adds panel paths, commands and configuration lines to a step that the plan made. It is chosen by what is known of
the owner (`pick`); it makes no step of its own and changes none. Files in `providers/` and `mtas/` come with truehelo;
others add theirs as one file by an entry point of the group `truehelo.guides` that names a package, or from a folder.
"""

from truehelo.advice.guides.library import Library, packaged
from truehelo.advice.guides.model import MtaGuide, ProviderGuide
from truehelo.advice.guides.need import Guides, Need, guided
from truehelo.advice.guides.parse import parse_guide

__all__ = ["Guides", "Library", "MtaGuide", "Need", "ProviderGuide", "guided", "packaged", "parse_guide"]
