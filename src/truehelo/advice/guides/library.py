"""All guides there are, and what they know of a step: the `Guides` that the program uses.

Ours are read on first use; those of others by an entry point of the group `truehelo.guides`, which names a package whose
files are guides. A guide with the id of an earlier one takes its place. Folders are read above this floor.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import combinations
from pathlib import Path

from truehelo.advice.guides import fill, pick
from truehelo.advice.guides.model import Guide, MtaGuide, ProviderGuide, WayText
from truehelo.advice.guides.need import Need
from truehelo.advice.guides.parse import MAX_BYTES, parse_guide
from truehelo.errors import FileError, InputError
from truehelo.facts.text import visible
from truehelo.findings import Guidance, Sureness

GROUP = "truehelo.guides"


@dataclass(frozen=True)
class Library:
    """A set of guides. `mta` is the id of the guide that the reader named for the mail server."""

    guides: tuple[Guide, ...]
    mta: str | None = None

    @cached_property
    def providers(self) -> tuple[ProviderGuide, ...]:
        """The guides of providers, by id."""
        return tuple(guide for guide in self.everyone if isinstance(guide, ProviderGuide))

    @cached_property
    def mtas(self) -> tuple[MtaGuide, ...]:
        """The guides of mail servers, by id."""
        return tuple(guide for guide in self.everyone if isinstance(guide, MtaGuide))

    @property
    def everyone(self) -> list[Guide]:
        """All guides, each once, by id."""
        return sorted({guide.id: guide for guide in self.guides}.values(), key=lambda guide: guide.id)

    def named(self, mta: str) -> "Library":
        """Return this library for a mail server that the reader names by id or name.

        Raises:
            InputError: There is no such guide.
        """
        wanted = mta.strip().casefold()
        for guide in self.mtas:
            if wanted in (guide.id, guide.name.casefold()):
                return replace(self, mta=guide.id)
        known = ", ".join(guide.id for guide in self.mtas)
        raise InputError(f"--mta {visible(mta, 60)}", "is no mail server with a guide", f"accepted are {known}")

    def guidance(self, need: Need) -> tuple[Guidance, ...]:
        """Return how the step is taken, the best guess first; nothing when nothing is known."""
        if need.aim.kind == "says":
            return tuple(self._mta(picked, need) for picked in pick.mtas(self.mtas, need.clues, self.mta))
        if need.aim.kind == "ptr":
            return tuple(_provider(picked, need) for picked in pick.providers(self.providers, need.clues))
        return ()

    def _mta(self, picked: pick.Picked[MtaGuide], need: Need) -> Guidance:
        guide, places = picked.guide, _places(need)[0]
        settings = fewest(guide.settings, need.aim.where)
        notes = [*guide.notes, *_of_helo(guide, settings, need)]
        within = [other.id for other in self.mtas if other.based_on == guide.id]
        details = [f"On the machine: {line}" for line in guide.verify] + list(guide.versions)
        if within and picked.sureness is not Sureness.CERTAIN:
            details.append(f"If it is one of these, its settings are made elsewhere, so name it: --mta {', '.join(within)}")
        return Guidance(
            guide=guide.id,
            name=guide.name,
            sureness=picked.sureness,
            why=picked.why,
            take="all",
            self_service=False,
            ways=tuple(fill.way(setting, places) for setting in settings),
            then=tuple(map(places.fill, guide.reload)),
            notes=tuple(map(places.fill, notes)),
            details=(*map(places.fill, details), _origin(guide)),
        )


def fewest(settings: tuple[WayText, ...], wanted: frozenset[str]) -> list[WayText]:
    """Return the fewest settings that make all names wanted; of as many, those that make the least besides."""
    best: list[WayText] = []
    for count in range(1, len(settings) + 1):
        enough = [each for each in combinations(settings, count) if wanted <= frozenset().union(*(s.makes for s in each))]
        if enough:
            best = list(min(enough, key=lambda each: sum(len(setting.makes - wanted) for setting in each)))
            break
    return best


def _of_helo(guide: MtaGuide, settings: list[WayText], need: Need) -> Iterator[str]:
    """A HELO that nobody has seen is often another setting: say which, where it is none of those shown."""
    if need.helo_known or any("helo" in setting.makes for setting in settings):
        return
    for setting in guide.settings:
        if "helo" in setting.makes:
            where = f" ({setting.where})" if setting.where else ""
            yield f"the HELO that it sends is set by {setting.key}{where}"


def _provider(picked: pick.Picked[ProviderGuide], need: Need) -> Guidance:
    guide, filled = picked.guide, _places(need)
    notes: list[str] = []
    details = [guide.who]
    for limit in guide.limits:
        if limit.family not in (None, filled[0].family):
            continue
        told = limit.when == "always" or (limit.when == "forward" and not need.forward_right)
        (notes if told else details).append(limit.text)
    if guide.support:
        details.append(f"Support: {guide.support}")
    return Guidance(
        guide=guide.id,
        name=guide.name,
        sureness=picked.sureness,
        why=picked.why,
        take="one",
        self_service=guide.sets == "customer",
        ways=tuple(fill.way(way, *filled) for way in fill.for_family(guide.ways, filled[0].family)),
        notes=tuple(map(filled[0].fill, notes)),
        details=(*map(filled[0].fill, details), _origin(guide)),
    )


def _places(need: Need) -> list[fill.Places]:
    aim = need.aim
    return [fill.places(name=aim.name, ip=ip, reverse=need.reverse, zone=need.zone) for ip in aim.ips]


def _origin(guide: Guide) -> str:
    grades = {"S": "seen in its source or by running it", "D": "documented", "O": "observed", "U": "general knowledge"}
    return f"{grades[guide.origin.grade]}, {guide.origin.seen}: {'; '.join(guide.origin.sources)}"


@lru_cache(maxsize=1)
def packaged() -> Library:
    """Return the guides that come with truehelo.

    Raises:
        FileError: One of them cannot be read.
    """
    # By path: importlib.resources costs more time to import than a guide takes to read.
    files = sorted(Path(__file__).parent.glob("*/*.toml"))
    return Library(tuple(parse_guide(file.read_text("utf-8"), f"guides/{file.parent.name}/{file.name}") for file in files))


def foreign() -> Iterator[Guide]:
    """Return the guides of other packages: every *.toml beside, or one folder below, what an entry point names.

    Raises:
        FileError: One of them cannot be read.
    """
    from importlib.metadata import entry_points  # late: 20 ms
    from importlib.resources import files

    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        folder = files(point.value.partition(":")[0])
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
            held = entry.iterdir() if entry.is_dir() else [entry]
            for file in sorted(held, key=lambda file: file.name):
                if file.name.endswith(".toml"):
                    yield read_guide(file.read_bytes(), f"{point.name}: {file.name}")


def read_guide(content: bytes, file: str) -> Guide:
    """Read a guide from octets; `file` names it in errors.

    Raises:
        FileError: It is too large, not UTF-8, or no guide.
    """
    if len(content) > MAX_BYTES:
        raise FileError(file, f"is larger than {MAX_BYTES // 1024} KiB", "a guide is one short TOML file")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileError(file, "is not UTF-8", "a guide is one short TOML file") from None
    return parse_guide(text, file)


def joined(*parts: Iterable[Guide]) -> Library:
    """Return a library of several sources; of guides with the same id the last one counts."""
    return Library(tuple(guide for part in parts for guide in part))
